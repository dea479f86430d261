//! Sessions of browsers. What is kept is the digest of a cookie; a session ends with the token that it was made by, eight hours
//! after it was used last, and a day after it was made. What is open then ends with it.

use crate::auth::{digest, random_hex};
use axum::http::{HeaderMap, header};
use base::Clock;
use identity::Known;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The sessions of one server.
pub(super) struct Sessions {
    clock: Arc<dyn Clock>,
    open: Mutex<HashMap<[u8; 32], Session>>,
}

struct Session {
    known: Known,
    made_ms: u64,
    used_ms: u64,
    end: CancellationToken,
}

impl Sessions {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, open: Mutex::default() }
    }

    /// A new session; its cookie's value. `None` when the token has ended meanwhile.
    pub(super) fn open(self: &Arc<Self>, known: Known) -> Result<Option<String>, getrandom::Error> {
        if known.end.is_cancelled() {
            return Ok(None);
        }
        let (value, now) = (random_hex()?, self.clock.now_ms());
        let (key, end) = (digest(&value), known.end.child_token());
        {
            let mut open = self.open.lock();
            if open.len() >= MOST
                && let Some(oldest) = open.iter().min_by_key(|(_, one)| one.used_ms).map(|(key, _)| *key)
                && let Some(oldest) = open.remove(&oldest)
            {
                oldest.end.cancel();
            }
            open.insert(key, Session { known, made_ms: now, used_ms: now, end: end.clone() });
        }
        let this = Arc::downgrade(self);
        tokio::spawn(async move {
            let day = Duration::from_millis(DAY_MS);
            // Its token, its sign-out or its day: whichever comes first.
            let _ = tokio::time::timeout(day, end.cancelled()).await;
            end.cancel();
            if let Some(this) = this.upgrade() {
                this.open.lock().remove(&key);
            }
        });
        Ok(Some(value))
    }

    /// Whoever has a session by the cookies of a request.
    pub(super) fn of(&self, headers: &HeaderMap) -> Option<Known> {
        let now = self.clock.now_ms();
        let mut open = self.open.lock();
        keys(headers).find_map(|key| {
            let session = open.get_mut(&key)?;
            let over = session.made_ms.saturating_add(DAY_MS) <= now || session.used_ms.saturating_add(IDLE_MS) <= now;
            if over || session.end.is_cancelled() {
                session.end.cancel();
                open.remove(&key);
                return None;
            }
            session.used_ms = now;
            Some(Known { end: session.end.clone(), ..session.known.clone() })
        })
    }

    /// Ends the session of a request, and what is open by it.
    pub(super) fn end(&self, headers: &HeaderMap) {
        let mut open = self.open.lock();
        for session in keys(headers).filter_map(|key| open.remove(&key)) {
            session.end.cancel();
        }
    }

    pub(super) fn count(&self) -> usize {
        self.open.lock().len()
    }
}

/// The digests of our cookies in a request: a browser sends one.
fn keys(headers: &HeaderMap) -> impl Iterator<Item = [u8; 32]> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| digest(value)).take(4)
}

/// The `Set-Cookie` value of a session.
pub(super) fn cookie(value: &str) -> String {
    format!("{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={}", DAY_MS / 1000)
}

/// Takes the cookie away.
pub(super) const NO_COOKIE: &str = "__Host-qd=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0";
const COOKIE: &str = "__Host-qd";
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const IDLE_MS: u64 = 8 * 60 * 60 * 1000;
const MOST: usize = 4096;
