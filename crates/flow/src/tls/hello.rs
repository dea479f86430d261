//! ClientHello and ServerHello (RFC 8446 section 4.1, RFC 5246 section 7.4.1), without the values of GREASE.

use super::{
    names::is_grease,
    reader::{Reader, numbers},
};

/// What a client offers. Lists are as long as the message, which is bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// The version field, which says 1.2 at most.
    pub legacy_version: u16,
    /// Names the connection in key logs.
    pub random: [u8; 32],
    /// The session to resume, or anything.
    pub session_id: Vec<u8>,
    /// Cipher suites, best first.
    pub ciphers: Vec<u16>,
    /// Extensions, in the order they stand.
    pub extensions: Vec<u16>,
    /// The name of the server.
    pub sni: Option<Vec<u8>>,
    /// Application protocols, best first.
    pub alpn: Vec<Vec<u8>>,
    /// Groups of key exchange, best first.
    pub groups: Vec<u16>,
    /// Formats of points.
    pub points: Vec<u8>,
    /// Signature schemes, best first.
    pub sig_algs: Vec<u16>,
    /// `supported_versions`; empty when it is not there.
    pub versions: Vec<u16>,
    /// Data may follow before the server answers.
    pub early_data: bool,
    /// Another hello is inside, encrypted.
    pub ech: bool,
    /// A session of TLS 1.3 is offered for resumption.
    pub psk: bool,
}

impl ClientHello {
    /// Reads the body of a message of type 1.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let mut hello = Self { legacy_version: reader.u16()?, random: reader.array()?, ..Self::default() };
        if hello.legacy_version >> 8 != 3 {
            return None;
        }
        hello.session_id = session_id(&mut reader)?;
        let ciphers = reader.vec16()?;
        if ciphers.len() % 2 == 1 {
            return None;
        }
        hello.ciphers = numbers(ciphers).filter(|code| !is_grease(*code)).collect();
        reader.vec8().filter(|methods| !methods.is_empty())?;
        if reader.is_empty() {
            return Some(hello);
        }
        let mut extensions = Reader::new(reader.vec16()?);
        while !extensions.is_empty() {
            let (kind, data) = (extensions.u16()?, extensions.vec16()?);
            if !is_grease(kind) {
                hello.extensions.push(kind);
                hello.extension(kind, data);
            }
        }
        Some(hello)
    }

    /// What is wrong inside one extension leaves its fields empty: the rest of the hello still tells much.
    fn extension(&mut self, kind: u16, data: &[u8]) {
        let mut reader = Reader::new(data);
        match kind {
            extension::SERVER_NAME => self.sni = server_name(&mut reader),
            extension::GROUPS => self.groups = list16(&mut reader),
            extension::POINTS => self.points = reader.vec8().unwrap_or_default().to_vec(),
            extension::SIGNATURES => self.sig_algs = list16(&mut reader),
            extension::ALPN => {
                let mut names = Reader::new(reader.vec16().unwrap_or_default());
                while let Some(name) = names.vec8() {
                    let two = name.first_chunk().map(|two| u16::from_be_bytes(*two));
                    if !(name.len() == 2 && two.is_some_and(is_grease)) {
                        self.alpn.push(name.to_vec());
                    }
                }
            }
            extension::VERSIONS => {
                let all = reader.vec8().unwrap_or_default();
                self.versions = numbers(all).filter(|code| !is_grease(*code)).collect();
            }
            extension::EARLY_DATA => self.early_data = true,
            extension::PSK => self.psk = true,
            extension::ECH => self.ech = true,
            _ => {}
        }
    }

    /// The highest version it offers.
    #[must_use]
    pub fn version(&self) -> u16 {
        // Drafts have numbers above all versions.
        let final_ones = self.versions.iter().copied().filter(|version| *version <= 0x0304);
        final_ones.max().or(self.versions.first().copied()).unwrap_or(self.legacy_version)
    }

    /// Bytes of heap it holds.
    #[must_use]
    pub fn heap(&self) -> usize {
        let words = [&self.ciphers, &self.extensions, &self.groups, &self.sig_algs, &self.versions];
        words.iter().map(|list| list.capacity() * 2).sum::<usize>()
            + self.alpn.iter().map(|name| name.capacity() + size_of::<Vec<u8>>()).sum::<usize>()
            + self.points.capacity()
            + self.session_id.capacity()
            + self.sni.as_ref().map_or(0, Vec::capacity)
    }
}

/// What a server chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerHello {
    /// The version field.
    pub legacy_version: u16,
    /// With the client's it makes the keys of TLS 1.2.
    pub random: [u8; 32],
    /// The session, or the client's as it was.
    pub session_id: Vec<u8>,
    /// The cipher suite.
    pub cipher: u16,
    /// Extensions, in the order they stand.
    pub extensions: Vec<u16>,
    /// What `supported_versions` says.
    pub version: Option<u16>,
    /// The application protocol (up to TLS 1.2).
    pub alpn: Option<Vec<u8>>,
    /// The group of its key share.
    pub group: Option<u16>,
    /// A session of TLS 1.3 goes on.
    pub psk: bool,
    /// The MAC is over what was encrypted (RFC 7366).
    pub encrypt_then_mac: bool,
}

impl ServerHello {
    /// Reads the body of a message of type 2.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let mut hello = Self { legacy_version: reader.u16()?, random: reader.array()?, ..Self::default() };
        if hello.legacy_version >> 8 != 3 {
            return None;
        }
        hello.session_id = session_id(&mut reader)?;
        hello.cipher = reader.u16()?;
        reader.u8()?;
        if reader.is_empty() {
            return Some(hello);
        }
        let mut extensions = Reader::new(reader.vec16()?);
        while !extensions.is_empty() {
            let (kind, data) = (extensions.u16()?, extensions.vec16()?);
            hello.extensions.push(kind);
            let mut reader = Reader::new(data);
            match kind {
                extension::VERSIONS => hello.version = reader.u16(),
                extension::KEY_SHARE => hello.group = reader.u16(),
                extension::PSK => hello.psk = true,
                extension::ENCRYPT_THEN_MAC => hello.encrypt_then_mac = true,
                extension::ALPN => hello.alpn = chosen_alpn(data),
                _ => {}
            }
        }
        Some(hello)
    }

    /// The version that is spoken.
    #[must_use]
    pub fn version(&self) -> u16 {
        self.version.unwrap_or(self.legacy_version)
    }

    /// Whether it asks for another ClientHello.
    #[must_use]
    pub fn is_retry(&self) -> bool {
        self.random == RETRY
    }
}

/// The one name in an ALPN extension of a server.
pub(crate) fn chosen_alpn(data: &[u8]) -> Option<Vec<u8>> {
    let mut names = Reader::new(Reader::new(data).vec16()?);
    names.vec8().map(<[u8]>::to_vec)
}

fn session_id(reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    reader.vec8().filter(|id| id.len() <= 32).map(<[u8]>::to_vec)
}

fn server_name(reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    let mut names = Reader::new(reader.vec16()?);
    loop {
        let (kind, name) = (names.u8()?, names.vec16()?);
        if kind == 0 {
            return Some(name.to_vec());
        }
    }
}

fn list16(reader: &mut Reader<'_>) -> Vec<u16> {
    numbers(reader.vec16().unwrap_or_default()).filter(|code| !is_grease(*code)).collect()
}

/// Extensions that are read.
pub(crate) mod extension {
    pub(crate) const SERVER_NAME: u16 = 0;
    pub(crate) const GROUPS: u16 = 10;
    pub(crate) const POINTS: u16 = 11;
    pub(crate) const SIGNATURES: u16 = 13;
    pub(crate) const ALPN: u16 = 16;
    pub(crate) const ENCRYPT_THEN_MAC: u16 = 22;
    pub(crate) const PSK: u16 = 41;
    pub(crate) const EARLY_DATA: u16 = 42;
    pub(crate) const VERSIONS: u16 = 43;
    pub(crate) const KEY_SHARE: u16 = 51;
    pub(crate) const ECH: u16 = 0xfe0d;
}

/// The random bytes of a HelloRetryRequest: SHA-256 of that word (RFC 8446 section 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
