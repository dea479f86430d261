//! Long headers (RFC 8999, RFC 9000 section 17.2), of the versions whose Initial packets can be opened.

use crate::tls::reader::Reader;

/// A version of QUIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// RFC 9000.
    V1,
    /// RFC 9369.
    V2,
    /// The last draft, which is 1 with other salts.
    Draft29,
}

impl Version {
    pub(super) fn of(number: u32) -> Option<Self> {
        match number {
            0x0000_0001 => Some(Self::V1),
            0x6b33_43cf => Some(Self::V2),
            0xff00_001d => Some(Self::Draft29),
            _ => None,
        }
    }

    /// Its name in records.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V1 => "1",
            Self::V2 => "2",
            Self::Draft29 => "draft-29",
        }
    }

    /// What a packet with a long header is.
    fn kind(self, bits: u8) -> Kind {
        let bits = if self == Self::V2 { (bits + 3) & 3 } else { bits };
        match bits {
            0 => Kind::Initial,
            1 => Kind::ZeroRtt,
            2 => Kind::Handshake,
            _ => Kind::Retry,
        }
    }
}

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Initial,
    ZeroRtt,
    Handshake,
    Retry,
}

/// A packet with a long header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    pub(super) kind: Kind,
    pub(super) version: Version,
    pub(super) dcid: &'a [u8],
    pub(super) scid: &'a [u8],
    /// The whole packet.
    pub(super) bytes: &'a [u8],
    /// Where its packet number begins; only of packets that have one.
    pub(super) number_at: usize,
}

/// What stands at a place of a datagram.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'a> {
    Packet(Packet<'a>),
    /// A list of versions, or a packet of a version that is not known.
    Other {
        version: u32,
    },
    /// A short header, padding, or nothing.
    None,
}

impl<'a> Packet<'a> {
    /// Reads the packet at the begin of `bytes`. A packet that the snap length cut is not read.
    pub(super) fn read(bytes: &'a [u8]) -> Found<'a> {
        Self::long(bytes).unwrap_or(Found::None)
    }

    fn long(bytes: &'a [u8]) -> Option<Found<'a>> {
        let mut reader = Reader::new(bytes);
        let first = reader.u8().filter(|first| first & 0x80 != 0)?;
        let number = reader.u32()?;
        let (dcid, scid) = (reader.vec8()?, reader.vec8()?);
        let Some(version) = Version::of(number) else { return Some(Found::Other { version: number }) };
        // The bit that is fixed may be greased once both sides know each other (RFC 9287), so it is not looked at.
        if dcid.len() > CID || scid.len() > CID {
            return None;
        }
        let kind = version.kind(first >> 4 & 3);
        let mut packet = Packet { kind, version, dcid, scid, bytes, number_at: 0 };
        match kind {
            Kind::Retry => return (reader.len() >= 16).then_some(Found::Packet(packet)),
            Kind::Initial => {
                let token = varint(&mut reader)?;
                reader.take(usize::try_from(token).ok()?)?;
            }
            Kind::ZeroRtt | Kind::Handshake => {}
        }
        let len = usize::try_from(varint(&mut reader)?).ok()?;
        packet.number_at = bytes.len() - reader.len();
        packet.bytes = bytes.get(..packet.number_at.checked_add(len)?)?;
        Some(Found::Packet(packet))
    }
}

/// Bytes of a connection id at most.
pub(super) const CID: usize = 20;

/// A number of one, two, four or eight bytes (RFC 9000 section 16).
pub(super) fn varint(reader: &mut Reader<'_>) -> Option<u64> {
    let first = reader.u8()?;
    let mut value = u64::from(first & 0x3f);
    for _ in 1..1_u8 << (first >> 6) {
        value = value << 8 | u64::from(reader.u8()?);
    }
    Some(value)
}

/// Whether a datagram begins a connection of QUIC, or is of its handshake.
pub fn looks(bytes: &[u8], cut: bool) -> bool {
    let head = |at: usize| bytes.get(at).copied();
    match Packet::read(bytes) {
        Found::Packet(_) if head(0).is_none_or(|first| first & 0x40 == 0) => false,
        Found::Packet(packet) => match packet.kind {
            // Both ends' connection ids are at least eight bytes in what a client begins with; servers choose freely.
            Kind::Initial => packet.bytes.len() >= packet.number_at + 20,
            Kind::Handshake | Kind::Retry | Kind::ZeroRtt => !packet.dcid.is_empty() || !packet.scid.is_empty(),
        },
        Found::Other { version: 0 } => {
            // A list of versions: at least one known, and nothing but whole ones.
            let scid_at = 6 + head(5).map_or(0, usize::from);
            let scid = head(scid_at).map_or(0, usize::from);
            let list = bytes.get(scid_at + 1 + scid..).unwrap_or_default();
            let known =
                |four: &[u8]| four.first_chunk().is_some_and(|four| Version::of(u32::from_be_bytes(*four)).is_some());
            !list.is_empty() && list.len() % 4 == 0 && list.chunks_exact(4).any(known)
        }
        Found::Other { .. } => false,
        Found::None => cut && bytes.first().is_some_and(|first| first & 0xf0 == 0xc0) && cut_initial(bytes),
    }
}

/// The head of a client's first datagram, of which the snap length left only the begin.
fn cut_initial(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    let version = reader.u8().and_then(|_| reader.u32()).and_then(Version::of);
    version.is_some() && reader.vec8().is_some_and(|dcid| (8..=CID).contains(&dcid.len()))
}
