//! Who taps: a key that agents are started with, and that signs each start.

use crate::Error;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// The owner of agents.
pub struct Owner {
    pair: Ed25519KeyPair,
    /// The key as PKCS #8.
    bytes: Vec<u8>,
}

impl Owner {
    /// Makes one, for as long as it is kept.
    ///
    /// # Errors
    /// [`Error::Key`] without entropy.
    pub fn new() -> Result<Self, Error> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| Error::Key)?;
        Self::of(pkcs8.as_ref())
    }

    /// The one of this user: made at first use, and kept in this file, which nobody else may read.
    ///
    /// # Errors
    /// The system's; `InvalidData` for a file that is no key, `PermissionDenied` for one that others may read.
    pub fn kept(file: &Path) -> io::Result<Self> {
        match File::open(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return Self::read(other?),
        }
        let made = Self::new().map_err(io::Error::other)?;
        let mark: [u8; 8] = random().map_err(io::Error::other)?;
        let fresh = file.with_extension(hex::encode(mark));
        let mut text = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        let written = text.write_all(made.secret().as_bytes()).and_then(|()| text.sync_all());
        // Whoever comes first makes the key of all.
        let linked = written.and_then(|()| std::fs::hard_link(&fresh, file));
        std::fs::remove_file(&fresh)?;
        match linked {
            Ok(()) => Ok(made),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::read(File::open(file)?),
            Err(error) => Err(error),
        }
    }

    fn read(mut file: File) -> io::Result<Self> {
        if file.metadata()?.mode() & 0o077 != 0 {
            let words = "the key of taps may be read by others: `chmod 600` it, or remove it";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, words));
        }
        let mut text = String::new();
        Read::by_ref(&mut file).take(LONGEST).read_to_string(&mut text)?;
        Self::from_secret(&text).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the key of taps is none"))
    }

    /// The key as text: for the file, and for a process that ends agents in place of this one.
    #[must_use]
    pub fn secret(&self) -> String {
        hex::encode(&self.bytes)
    }

    /// What [`Owner::secret`] gave.
    ///
    /// # Errors
    /// [`Error::Key`] when it is none.
    pub fn from_secret(text: &str) -> Result<Self, Error> {
        Self::of(&hex::decode(text.trim()).map_err(|_| Error::Key)?)
    }

    fn of(bytes: &[u8]) -> Result<Self, Error> {
        let pair = Ed25519KeyPair::from_pkcs8(bytes).map_err(|_| Error::Key)?;
        Ok(Self { pair, bytes: bytes.to_vec() })
    }

    /// Its public half, as an agent is given it.
    #[must_use]
    pub fn public(&self) -> String {
        hex::encode(self.pair.public_key())
    }

    pub(crate) fn key(&self) -> &Ed25519KeyPair {
        &self.pair
    }
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Owner").field(&self.public()).finish()
    }
}

/// Random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Error::Key)?;
    Ok(bytes)
}

/// A key is much shorter.
const LONGEST: u64 = 4096;

#[cfg(test)]
mod tests;
