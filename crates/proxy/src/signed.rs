//! Who comes, told to apps that are to know it: `X-Qd-User`, a JSON Web Token (ES256) for one app, good for minutes.
//!
//! An app can check that nobody else said it: the public key is at `/.quarterdeck/keys` of its own host (RFC 7517). The key
//! is that of this process and is kept nowhere.

use crate::login::Login;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Signs what apps are told of whoever comes.
pub struct Signer {
    key: EcdsaKeyPair,
    /// Which key it is, by its digest.
    id: String,
    random: SystemRandom,
}

/// What a login was told last, and until when that is said again: epoch seconds.
pub(crate) type Said = Mutex<Option<(u64, Arc<str>)>>;

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Signer {
    /// One with a new key.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new() -> Result<Self, Unspecified> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let digest = Sha256::digest(key.public_key().as_ref());
        let id = hex::encode(digest.get(..8).unwrap_or_default());
        Ok(Self { key, id, random: SystemRandom::new() })
    }

    /// What the app of a login is told; nothing where it cannot be signed.
    pub(crate) fn said(&self, login: &Login, issuer: &str, now_ms: u64) -> Option<Arc<str>> {
        let now = now_ms / 1000;
        let mut said = login.said.lock();
        if let Some((_, token)) = said.as_ref().filter(|(until, _)| now < *until) {
            return Some(token.clone());
        }
        let claims = json!({
            "iss": issuer, "aud": login.face.origin(), "sub": login.principal.id(), "iat": now, "exp": now + GOOD,
            "workspace": login.key.to_string(), "cluster": login.cluster.as_str(),
        });
        let token: Arc<str> = self.token(&claims)?.into();
        *said = Some((now + AGAIN, token.clone()));
        Some(token)
    }

    fn token(&self, claims: &Value) -> Option<String> {
        let head = json!({ "alg": "ES256", "typ": "JWT", "kid": self.id });
        let [head, claims] = [&head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let text = format!("{head}.{claims}");
        let signature = self.key.sign(&self.random, text.as_bytes()).ok()?;
        Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The public key, as a set of one.
    pub(crate) fn keys(&self) -> String {
        // a byte that says its form, and two numbers
        let point = self.key.public_key().as_ref();
        let number = |at: usize| URL_SAFE_NO_PAD.encode(point.get(at..at + 32).unwrap_or_default());
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id, "x": number(1), "y": number(33),
        }] })
        .to_string()
    }
}

/// Seconds that a token is good for.
const GOOD: u64 = 300;
/// Seconds that the same one is said.
const AGAIN: u64 = 60;
