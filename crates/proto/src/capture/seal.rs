//! Who the owner of an agent is, proved on every frame.
//!
//! The agent is started with the owner's Ed25519 public key among its arguments. Both sides make a fresh X25519 key;
//! the owner signs both of them together with all that it asks for. What they agree on keys an HMAC over each of the owner's frames,
//! so that another container of the pod that reaches the agent's socket gains nothing. It keys AES-128-GCM as well, for
//! the agent's frames on streams that are kept in a log: the keys of a log's readers are not there.

use super::{Body, Frame, Start, Warrant};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::signature::{self, Ed25519KeyPair};
use aws_lc_rs::{constant_time, digest, hkdf, hmac};
use prost::Message;

/// What a peer sent does not prove who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A key has the wrong form.
    #[error("a key has the wrong form")]
    Key,
    /// The signature is not the owner's.
    #[error("the tap is not signed by the owner of this agent")]
    Signature,
    /// A frame's mac does not match.
    #[error("a frame is not the owner's")]
    Mac,
    /// Sealed bytes are not the next ones of the agent.
    #[error("a sealed frame is not the agent's")]
    Lock,
}

/// A fresh key for one stream.
pub struct Fresh(PrivateKey);

impl Fresh {
    /// Makes one from the operating system's randomness.
    ///
    /// # Errors
    /// [`Refused::Key`] when there is none to be had.
    pub fn new() -> Result<Self, Refused> {
        PrivateKey::generate(&X25519).map(Self).map_err(|_| Refused::Key)
    }

    /// Its public half, 32 bytes.
    ///
    /// # Errors
    /// [`Refused::Key`] when it cannot be computed.
    pub fn public(&self) -> Result<Vec<u8>, Refused> {
        Ok(self.0.compute_public_key().map_err(|_| Refused::Key)?.as_ref().to_vec())
    }

    /// What both sides agree on.
    fn agree(&self, theirs: &[u8], transcript: &[u8]) -> Result<Session, Refused> {
        let theirs = UnparsedPublicKey::new(&X25519, theirs);
        agreement::agree(&self.0, theirs, Refused::Key, |secret| {
            let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"qd.capture/1");
            let prk = salt.extract(secret);
            let info: [&[u8]; 2] = [b"owner", transcript];
            let okm = prk.expand(&info, hmac::HMAC_SHA256).map_err(|_| Refused::Key)?;
            let info: [&[u8]; 2] = [b"agent", transcript];
            let lock: UnboundKey = prk.expand(&info, &AES_128_GCM).map_err(|_| Refused::Key)?.into();
            Ok(Session { key: okm.into(), lock: LessSafeKey::new(lock), locked: 0 })
        })
    }
}

/// The words that the owner signs: the agent's key, and all of the start with the owner's: its tap, what may leave, and
/// what is captured.
fn transcript(agent: &[u8], start: &Start) -> Vec<u8> {
    let start = Start { signature: Vec::new(), ..start.clone() }.encode_to_vec();
    let mut text = b"qd.capture/1 start\0".to_vec();
    for part in [agent, &start] {
        text.extend_from_slice(&(part.len() as u32).to_be_bytes());
        text.extend_from_slice(part);
    }
    text
}

/// The owner's side: completes `start` with its fresh key and the signature.
///
/// # Errors
/// [`Refused::Key`] when the agent's key is none.
pub fn sign(owner: &Ed25519KeyPair, agent_key: &[u8], start: &mut Start) -> Result<Session, Refused> {
    let fresh = Fresh::new()?;
    start.key = fresh.public()?;
    let text = transcript(agent_key, start);
    start.signature = owner.sign(&text).as_ref().to_vec();
    fresh.agree(agent_key, &text)
}

/// The agent's side: accepts `start` if the owner, whose public key the agent was started with, signed it.
///
/// # Errors
/// As [`Refused`] says.
pub fn verify(owner: &[u8], mine: &Fresh, start: &Start) -> Result<Session, Refused> {
    let text = transcript(&mine.public()?, start);
    let key = signature::UnparsedPublicKey::new(&signature::ED25519, owner);
    key.verify(&text, &start.signature).map_err(|_| Refused::Signature)?;
    mine.agree(&start.key, &text)
}

/// The digest of obligations: an agent echoes that of what it keeps, and its owner compares it with what it gave.
#[must_use]
pub fn digest(warrant: &Warrant) -> Vec<u8> {
    digest::digest(&digest::SHA256, &warrant.encode_to_vec()).as_ref().to_vec()
}

/// What both sides know after the start.
pub struct Session {
    key: hmac::Key,
    lock: LessSafeKey,
    /// Times the lock was used: the key is of this stream alone, and no number comes twice.
    locked: u64,
}

impl Session {
    /// Puts the mac on a frame of the owner. Set its number first.
    pub fn seal(&self, frame: &mut Frame) {
        frame.mac = self.mac(frame.seq, frame.body.as_ref());
    }

    /// Checks the mac of a frame of the owner.
    ///
    /// # Errors
    /// [`Refused::Mac`] when it does not match.
    pub fn check(&self, frame: &Frame) -> Result<(), Refused> {
        let mac = self.mac(frame.seq, frame.body.as_ref());
        constant_time::verify_slices_are_equal(&mac, &frame.mac).map_err(|_| Refused::Mac)
    }

    /// Makes bytes of the agent unreadable to everybody but the owner, in their order.
    ///
    /// # Errors
    /// [`Refused::Lock`] when there are too many of them.
    pub fn lock(&mut self, bytes: &mut Vec<u8>) -> Result<(), Refused> {
        let nonce = self.nonce();
        self.lock.seal_in_place_append_tag(nonce, Aad::empty(), bytes).map_err(|_| Refused::Lock)
    }

    /// Reads what [`Session::lock`] made, in the same order.
    ///
    /// # Errors
    /// [`Refused::Lock`] when these are other bytes, or not the next ones.
    pub fn unlock<'a>(&mut self, bytes: &'a mut [u8]) -> Result<&'a [u8], Refused> {
        let nonce = self.nonce();
        self.lock.open_in_place(nonce, Aad::empty(), bytes).map(|bytes| &*bytes).map_err(|_| Refused::Lock)
    }

    fn nonce(&mut self) -> Nonce {
        let mut bytes = [0; NONCE_LEN];
        let number = self.locked.to_be_bytes();
        bytes.iter_mut().rev().zip(number.iter().rev()).for_each(|(to, from)| *to = *from);
        self.locked += 1;
        Nonce::assume_unique_for_key(bytes)
    }

    fn mac(&self, seq: u64, body: Option<&Body>) -> Vec<u8> {
        let bare = Frame { seq, mac: Vec::new(), body: body.cloned() };
        hmac::sign(&self.key, &bare.encode_to_vec()).as_ref().get(..16).unwrap_or_default().to_vec()
    }
}
