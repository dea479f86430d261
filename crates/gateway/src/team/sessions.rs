//! Sessions of browsers. What is kept is the digest of a cookie; a session ends with the token that it was made by, eight hours
//! after it was used last, and a day after it was made. What is open then ends with it. In the store sessions outlive a restart,
//! for as long as their person has the same token and roles.

use crate::auth::{digest, random_hex};
use crate::cookies;
use axum::http::{HeaderMap, HeaderValue, header};
use base::Clock;
use identity::{Known, People};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use store::{KeptSession, Store, StoreError};
use tokio_util::sync::CancellationToken;

/// The sessions of one server.
pub(super) struct Sessions {
    clock: Arc<dyn Clock>,
    store: Store,
    open: Mutex<HashMap<[u8; 32], Session>>,
}

struct Session {
    known: Known,
    made_ms: u64,
    used_ms: u64,
    /// When it was used last, as the store has it.
    told_ms: u64,
    end: CancellationToken,
}

impl Sessions {
    pub(super) fn new(clock: Arc<dyn Clock>, store: Store) -> Self {
        Self { clock, store, open: Mutex::default() }
    }

    /// Takes up those of the server before this one whose people are still the same.
    pub(super) async fn resume(self: &Arc<Self>, people: &People) -> Result<usize, StoreError> {
        let now = self.clock.now_ms();
        let kept = self.store.sessions(signed(now.saturating_sub(DAY_MS))).await?;
        let mut count = 0;
        for KeptSession { cookie, mark, made_ms, used_ms } in kept {
            let (made_ms, used_ms) = (unsigned(made_ms), unsigned(used_ms));
            if is_over(made_ms, used_ms, now) {
                continue;
            }
            // Of others the store says nothing more: another server of the same store may know them.
            let Some(known) = people.find_again(&mark, signed(now)) else { continue };
            let end = known.end.child_token();
            self.open.lock().insert(cookie, Session { known, made_ms, used_ms, told_ms: used_ms, end: end.clone() });
            self.follow(cookie, end, made_ms.saturating_add(DAY_MS).saturating_sub(now));
            count += 1;
        }
        Ok(count)
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
            open.insert(key, Session { known, made_ms: now, used_ms: now, told_ms: now, end: end.clone() });
        }
        self.follow(key, end, DAY_MS);
        Ok(Some(value))
    }

    /// Writes a new session down.
    pub(super) async fn keep(&self, value: &str) -> Result<(), StoreError> {
        let key = digest(value);
        let kept = self.open.lock().get(&key).map(|session| KeptSession {
            cookie: key,
            mark: session.known.mark,
            made_ms: signed(session.made_ms),
            used_ms: signed(session.used_ms),
        });
        match kept {
            Some(kept) => self.store.add_session(&kept, signed(self.clock.now_ms().saturating_sub(DAY_MS))).await,
            None => Ok(()),
        }
    }

    /// Its token, its sign-out or its day: whichever comes first ends it.
    fn follow(self: &Arc<Self>, key: [u8; 32], end: CancellationToken, left_ms: u64) {
        let this = Arc::downgrade(self);
        tokio::spawn(async move {
            let _ = tokio::time::timeout(Duration::from_millis(left_ms), end.cancelled()).await;
            end.cancel();
            if let Some(this) = this.upgrade() {
                this.open.lock().remove(&key);
                this.forget(&key).await;
            }
        });
    }

    async fn forget(&self, key: &[u8; 32]) {
        if let Err(error) = self.store.drop_session(key).await {
            tracing::warn!(%error, "a session that has ended is still in the store");
        }
    }

    /// Whoever has a session by the cookies of a request.
    pub(super) fn of(&self, headers: &HeaderMap) -> Option<Known> {
        let now = self.clock.now_ms();
        let mut open = self.open.lock();
        keys(headers).find_map(|key| {
            let session = open.get_mut(&key)?;
            if is_over(session.made_ms, session.used_ms, now) || session.end.is_cancelled() {
                session.end.cancel();
                open.remove(&key);
                return None;
            }
            session.used_ms = now;
            if now.saturating_sub(session.told_ms) >= TELL_MS {
                session.told_ms = now;
                let store = self.store.clone();
                tokio::spawn(async move {
                    if let Err(error) = store.touch_session(&key, signed(now)).await {
                        tracing::warn!(%error, "the use of a session is not in the store");
                    }
                });
            }
            Some(Known { end: session.end.clone(), ..session.known.clone() })
        })
    }

    /// Ends the session of a request, and what is open by it.
    pub(super) async fn end(&self, headers: &HeaderMap) -> Result<(), StoreError> {
        for key in keys(headers) {
            let session = self.open.lock().remove(&key);
            if let Some(session) = session {
                session.end.cancel();
                // Before its person is told: it does not come back.
                self.store.drop_session(&key).await?;
            }
        }
        Ok(())
    }

    pub(super) fn count(&self) -> usize {
        self.open.lock().len()
    }
}

fn is_over(made_ms: u64, used_ms: u64, now: u64) -> bool {
    made_ms.saturating_add(DAY_MS) <= now || used_ms.saturating_add(IDLE_MS) <= now
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

fn unsigned(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0)
}

/// The digests of our cookies in a request: a browser sends one.
fn keys(headers: &HeaderMap) -> impl Iterator<Item = [u8; 32]> {
    cookies::named(headers, COOKIE).map(digest).take(4)
}

/// The `Set-Cookie` value of a session.
pub(super) fn cookie(value: &str) -> String {
    format!("{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={}", DAY_MS / 1000)
}

/// Takes the cookie away.
pub(super) const NO_COOKIE: (header::HeaderName, HeaderValue) =
    (header::SET_COOKIE, HeaderValue::from_static("__Host-qd=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"));
const COOKIE: &str = "__Host-qd";
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const IDLE_MS: u64 = 8 * 60 * 60 * 1000;
/// That a session is used is written so rarely; after a restart it has rested so much longer at most.
const TELL_MS: u64 = 5 * 60 * 1000;
const MOST: usize = 4096;
