//! The key that signs heads: Ed25519 (RFC 8032), made at first use, in a file beside the database.

use crate::error::StoreError;
use crate::file;
use aws_lc_rs::rand;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use evidence::{CheckSignature, Sign};
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// The signing key and every public key the journal ever had: losing the signing key ends signing with it, not the
/// checking of what it signed.
pub(crate) struct Keys {
    pair: Ed25519KeyPair,
    known: Vec<String>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("public", &self.public()).finish_non_exhaustive()
    }
}

impl Keys {
    /// The keys of the store in `path`; makes a key when there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let (key, public) = (file::beside(path, ".key"), file::beside(path, ".pub"));
        let seed = seed(&key).map_err(|error| StoreError::of(&key, error))?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|error| StoreError::of(&key, error))?;
        let own = hex::encode(pair.public_key().as_ref());
        let known = known(&public, &own).map_err(|error| StoreError::of(&public, error))?;
        Ok(Self { pair, known })
    }
}

impl Sign for Keys {
    type Error = aws_lc_rs::error::Unspecified;

    fn public(&self) -> String {
        hex::encode(self.pair.public_key().as_ref())
    }

    fn sign(&self, message: &[u8]) -> Result<String, Self::Error> {
        Ok(hex::encode(self.pair.try_sign(message)?.as_ref()))
    }
}

impl CheckSignature for Keys {
    fn check(&self, key: &str, message: &[u8], signature: &str) -> bool {
        if !self.known.iter().any(|known| known == key) {
            return false;
        }
        let (Ok(key), Ok(signature)) = (hex::decode(key), hex::decode(signature)) else { return false };
        UnparsedPublicKey::new(&ED25519, key).verify(message, &signature).is_ok()
    }
}

/// Reads the seed, or makes one. Of two processes that both find none, one creates the file and the other reads it.
fn seed(path: &Path) -> io::Result<[u8; SEED]> {
    let mut attempts = 0;
    loop {
        match std::fs::read_to_string(path) {
            Ok(text) => match decode(&text) {
                Some(seed) => return Ok(seed),
                // Created by another process a moment ago, not yet written.
                None if attempts < 50 && text.is_empty() => std::thread::sleep(std::time::Duration::from_millis(10)),
                None => return Err(io::Error::new(ErrorKind::InvalidData, "the signing key is damaged")),
            },
            Err(error) if error.kind() == ErrorKind::NotFound && attempts < 50 => {
                let mut seed = [0; SEED];
                rand::fill(&mut seed).map_err(|_| io::Error::other("the system gives no random bytes"))?;
                match file::private(path, OpenOptions::new().write(true).create_new(true)) {
                    Ok(mut file) => {
                        file.write_all(hex::encode(seed).as_bytes()).and_then(|()| file.sync_all())?;
                        return Ok(seed);
                    }
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error),
                }
            }
            Err(error) => return Err(error),
        }
        attempts += 1;
    }
}

fn decode(text: &str) -> Option<[u8; SEED]> {
    hex::decode(text.trim()).ok()?.try_into().ok()
}

/// The public keys of the file; adds the own one when it is not there yet.
fn known(path: &Path, own: &str) -> io::Result<Vec<String>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let mut known: Vec<String> = text.lines().map(|line| line.trim().to_owned()).filter(|l| !l.is_empty()).collect();
    if !known.iter().any(|key| key == own) {
        let mut file = file::private(path, OpenOptions::new().append(true).create(true))?;
        file.write_all(format!("{own}\n").as_bytes())?;
        known.push(own.to_owned());
    }
    Ok(known)
}

/// Bytes of an Ed25519 seed.
const SEED: usize = 32;
