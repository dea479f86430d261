//! One line of a key log: `LABEL <client random> <secret>`, both in hexadecimal digits.

use std::fmt;

use zeroize::Zeroize;

/// Which secret a line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// The master secret up to TLS 1.2.
    Master,
    /// TLS 1.3: what the client sends before the server has answered.
    ClientEarly,
    /// TLS 1.3: the client's part of the handshake.
    ClientHandshake,
    /// TLS 1.3: the server's part of the handshake.
    ServerHandshake,
    /// TLS 1.3: what the client sends from then on.
    ClientTraffic,
    /// TLS 1.3: what the server sends from then on.
    ServerTraffic,
}

impl Label {
    /// As it stands in key logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Master => "CLIENT_RANDOM",
            Self::ClientEarly => "CLIENT_EARLY_TRAFFIC_SECRET",
            Self::ClientHandshake => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            Self::ServerHandshake => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            Self::ClientTraffic => "CLIENT_TRAFFIC_SECRET_0",
            Self::ServerTraffic => "SERVER_TRAFFIC_SECRET_0",
        }
    }

    fn of(name: &str) -> Option<Self> {
        ALL.into_iter().find(|label| label.name() == name)
    }
}

/// A secret of up to 64 bytes. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    len: u8,
    bytes: [u8; MOST_SECRET],
}

impl Secret {
    /// Copies bytes; none when there are none or too many.
    #[must_use]
    pub fn new(from: &[u8]) -> Option<Self> {
        let mut bytes = [0; MOST_SECRET];
        bytes.get_mut(..from.len()).filter(|room| !room.is_empty())?.copy_from_slice(from);
        Some(Self { len: from.len() as u8, bytes })
    }

    /// The secret.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.len)
    }
}

/// What one line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Which secret.
    pub label: Label,
    /// The random bytes of the connection's ClientHello.
    pub random: [u8; 32],
    /// The secret.
    pub secret: Secret,
}

/// Why a line is no line of a key log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLine {
    /// Longer than any line of a key log.
    TooLong,
    /// Not a label and two words.
    Shape,
    /// The second word is not 32 bytes in hexadecimal digits.
    Random,
    /// The third word is no secret of a length this label can have.
    Secret,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "longer than a line of a key log can be",
            Self::Shape => "not a label, a client random and a secret",
            Self::Random => "the client random is not 64 hexadecimal digits",
            Self::Secret => "the secret has not the length its label asks for",
        })
    }
}

impl std::error::Error for BadLine {}

/// Reads one line, with or without its end. `None`: a line that is in order and tells nothing that is needed: a comment,
/// an exporter secret, a label of another protocol.
pub fn parse(text: &str) -> Result<Option<Key>, BadLine> {
    if text.len() > MOST_LINE {
        return Err(BadLine::TooLong);
    }
    let text = text.trim();
    if text.is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    let mut words = text.split_ascii_whitespace();
    let (Some(label), Some(random), Some(secret), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(BadLine::Shape);
    };
    if !label.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_') {
        return Err(BadLine::Shape);
    }
    let mut bytes = [0; MOST_SECRET];
    let len = unhex(secret, &mut bytes).ok_or(BadLine::Secret)?;
    let known = Label::of(label);
    let mut of = [0; 32];
    if unhex(random, &mut of) != Some(of.len()) {
        // Other labels may name a connection otherwise: `RSA` by eight bytes of the encrypted secret.
        return if known.is_none() && is_hex(random) { Ok(None) } else { Err(BadLine::Random) };
    }
    let Some(label) = known else { return Ok(None) };
    let fits = match label {
        Label::Master => len == 48,
        _ => matches!(len, 32 | 48 | 64),
    };
    let secret = bytes.get(..len).filter(|_| fits).and_then(Secret::new);
    bytes.zeroize();
    Ok(Some(Key { label, random: of, secret: secret.ok_or(BadLine::Secret)? }))
}

/// Decodes hexadecimal digits into the head of `out`; says how many bytes.
fn unhex(text: &str, out: &mut [u8]) -> Option<usize> {
    if text.is_empty() || text.len() % 2 == 1 || text.len() / 2 > out.len() {
        return None;
    }
    for (slot, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *slot = (digit(*high)? << 4) | digit(*low)?;
    }
    Some(text.len() / 2)
}

fn digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|value| value as u8)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

const ALL: [Label; 6] = [
    Label::Master,
    Label::ClientEarly,
    Label::ClientHandshake,
    Label::ServerHandshake,
    Label::ClientTraffic,
    Label::ServerTraffic,
];
/// The longest secret: a hash of 512 bits.
const MOST_SECRET: usize = 64;
/// The longest line that is read.
const MOST_LINE: usize = 512;
