//! The record layer: headers, and how to find them again (RFC 8446 section 5.1).

/// The header of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: u8,
    pub(super) version: u16,
    pub(super) len: usize,
}

/// What stands where a record should begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Head(Head),
    More,
    Bad,
}

impl Head {
    pub(super) fn read(bytes: &[u8]) -> Read {
        let ok = match bytes {
            [] => return Read::More,
            [kind] => is_kind(*kind),
            [kind, major] => is_kind(*kind) && *major == 3,
            [kind, major, minor, ..] => is_kind(*kind) && *major == 3 && *minor <= 4,
        };
        let Some([kind, high, low, a, b]) = bytes.first_chunk::<HEAD>() else {
            return if ok { Read::More } else { Read::Bad };
        };
        let len = usize::from(u16::from_be_bytes([*a, *b]));
        if !ok || len > MOST || (len == 0 && *kind != DATA) {
            return Read::Bad;
        }
        Read::Head(Self { kind: *kind, version: u16::from_be_bytes([*high, *low]), len })
    }

    /// Where the next record may begin after bytes were lost: its place, or how many bytes hold none for certain.
    pub(super) fn search(bytes: &[u8]) -> Result<usize, usize> {
        for (at, kind) in bytes.iter().enumerate() {
            if !is_kind(*kind) {
                continue;
            }
            let here = bytes.get(at..).unwrap_or_default();
            match Self::read(here) {
                Read::Bad => {}
                Read::More => return Err(at),
                // Encrypted bytes look like a header once in millions; another behind it makes it certain.
                Read::Head(head) if head.version == 0x0303 || at == 0 => match here.get(HEAD + head.len..) {
                    None => return Ok(at),
                    Some(next) if Self::read(next) != Read::Bad => return Ok(at),
                    Some(_) => {}
                },
                Read::Head(_) => {}
            }
        }
        Err(bytes.len())
    }
}

/// Whether a stream begins with a record of TLS: a hello, or what stands in the middle of a connection.
pub fn looks(bytes: &[u8]) -> Option<bool> {
    match Head::read(bytes) {
        Read::Bad => Some(false),
        Read::More => None,
        Read::Head(head) => match head.kind {
            HANDSHAKE => match bytes.get(HEAD) {
                None => None,
                Some(1 | 2) => bytes.get(HEAD + 1).map(|high| *high == 0),
                // Encrypted, after a resumption or in the middle.
                Some(_) => Some(head.version >= 0x0301 && head.len >= 16),
            },
            CHANGE => bytes.get(HEAD).map(|one| head.len == 1 && *one == 1),
            ALERT => Some(head.len == 2 || head.len >= 16),
            DATA => Some(head.version >= 0x0301 && head.len >= 16),
            _ => Some(false),
        },
    }
}

fn is_kind(kind: u8) -> bool {
    (CHANGE..=HEARTBEAT).contains(&kind)
}

/// Bytes of a header.
pub(super) const HEAD: usize = 5;
/// Content types.
pub(super) const CHANGE: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const DATA: u8 = 23;
const HEARTBEAT: u8 = 24;
/// The longest body of a record, with what TLS 1.2 allows for encryption.
const MOST: usize = (1 << 14) + 2048;
