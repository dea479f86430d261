//! A token: 32 random bytes. It is shown once, when it is made; what is kept is its digest.

use base::Secret;
use sha2::{Digest, Sha256};

/// A token, as its person has it.
pub struct Token(Secret<String>);

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(Secret::new(format!("{PREFIX}{}", hex::encode(bytes)))))
    }

    /// Its text, to be shown to its person.
    #[must_use]
    pub fn text(&self) -> &Secret<String> {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        digest(self.0.expose().as_bytes())
    }
}

/// The digest of what somebody shows. The bytes of a token are random, so that one look-up by their digest tells nothing of
/// the others.
pub(crate) fn digest(shown: &[u8]) -> [u8; 32] {
    Sha256::digest(shown).into()
}

/// So that a token is known for what it is where it should not be: in a log, in a repository.
const PREFIX: &str = "qdt_";
