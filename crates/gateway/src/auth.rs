//! Who may talk to this console: the run token, one-time codes and the session cookies they are exchanged for.
//!
//! The run token is 32 random bytes, new at every start. It never stands in a URL, an argument or the environment:
//! programs read it from the state file (mode 0600) and send it as `X-Quarterdeck-Token`; a browser opens a URL with
//! a code that works once, and gets a cookie for it.

use crate::cookies;
use axum::http::HeaderMap;
use base::{Clock, Secret};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;

/// The header that carries the run token.
pub const TOKEN_HEADER: &str = "x-quarterdeck-token";

/// Checks tokens, codes and cookies. Shared by all requests of one server.
pub struct Doorkeeper {
    token: Secret<String>,
    clock: Arc<dyn Clock>,
    cookie: String,
    issued: Mutex<Issued>,
}

/// Digests of what was handed out, so that a memory image of the server holds no usable code or cookie.
#[derive(Default)]
struct Issued {
    /// Digest of a code → epoch milliseconds at which it dies.
    codes: HashMap<[u8; 32], u64>,
    /// Digest of a cookie → epoch milliseconds at which it dies.
    sessions: HashMap<[u8; 32], u64>,
}

impl Doorkeeper {
    /// A doorkeeper for the server on `port`, with a new run token.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new(port: u16, clock: Arc<dyn Clock>) -> Result<Self, getrandom::Error> {
        Ok(Self {
            token: Secret::new(random_hex()?),
            clock,
            cookie: format!("qd_session_{port}"),
            issued: Mutex::default(),
        })
    }

    /// The run token, for the state file.
    pub fn token(&self) -> &Secret<String> {
        &self.token
    }

    /// The cookie's name: it has the port in it, because cookies do not tell ports apart.
    pub fn cookie_name(&self) -> &str {
        &self.cookie
    }

    /// A code that works once, within ten minutes.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new_code(&self) -> Result<String, getrandom::Error> {
        let code = random_hex()?;
        let now = self.clock.now_ms();
        let mut issued = self.issued.lock();
        issued.codes.retain(|_, dies| *dies > now);
        if issued.codes.len() >= MAX_CODES {
            let oldest = issued.codes.iter().min_by_key(|(_, dies)| **dies).map(|(digest, _)| *digest);
            oldest.map(|digest| issued.codes.remove(&digest));
        }
        issued.codes.insert(digest(&code), now + CODE_MS);
        Ok(code)
    }

    /// Whether this code could be exchanged now.
    pub fn knows_code(&self, code: &str) -> bool {
        let now = self.clock.now_ms();
        self.issued.lock().codes.get(&digest(code)).is_some_and(|dies| *dies > now)
    }

    /// Exchanges a code for the value of a session cookie. `None` when the code is wrong, used or too old.
    ///
    /// # Errors
    /// When the system gives no random bytes; the code is then still good.
    pub fn redeem(&self, code: &str) -> Result<Option<String>, getrandom::Error> {
        let session = random_hex()?;
        let now = self.clock.now_ms();
        let mut issued = self.issued.lock();
        match issued.codes.remove(&digest(code)) {
            Some(dies) if dies > now => {}
            _ => return Ok(None),
        }
        issued.sessions.retain(|_, dies| *dies > now);
        if issued.sessions.len() >= MAX_SESSIONS {
            let oldest = issued.sessions.iter().min_by_key(|(_, dies)| **dies).map(|(digest, _)| *digest);
            oldest.map(|digest| issued.sessions.remove(&digest));
        }
        issued.sessions.insert(digest(&session), now + SESSION_MS);
        Ok(Some(session))
    }

    /// Whether this is the run token.
    pub fn knows_token(&self, token: &[u8]) -> bool {
        self.token.matches(token)
    }

    /// Whether the cookies of a request hold a live session.
    pub(crate) fn knows_cookie(&self, headers: &HeaderMap) -> bool {
        let (now, issued) = (self.clock.now_ms(), self.issued.lock());
        cookies::named(headers, &self.cookie)
            .any(|own| issued.sessions.get(&digest(own)).is_some_and(|dies| *dies > now))
    }

    /// The `Set-Cookie` value for a session: host-only, not for scripts, not from other sites.
    pub fn set_cookie(&self, session: &str) -> String {
        format!("{}={session}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}", self.cookie, SESSION_MS / 1000)
    }
}

/// 32 random bytes in hex.
pub(crate) fn random_hex() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

pub(crate) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

const CODE_MS: u64 = 10 * 60 * 1000;
const SESSION_MS: u64 = 30 * 24 * 60 * 60 * 1000;
const MAX_CODES: usize = 64;
const MAX_SESSIONS: usize = 256;

#[cfg(test)]
mod tests;
