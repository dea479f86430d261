//! Who may use which app: a code from the console, which works once, is exchanged for a cookie of that app's host alone.
//!
//! A permit stands behind each from the moment of the code; it ends with the login, and its end is in the journal.

use crate::fields::Face;
use crate::host::Service;
use crate::signed::Said;
use crate::way::{NoWay, Pool, Tried};
use base::ClusterName;
use parking_lot::Mutex;
use policy::action::WorkspaceProxy;
use policy::{Outcome, Permit, Principal};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use tokio::sync::RwLock;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use workspace::{Key, activity::Meter};

/// The permit of one login, as long as that lasts.
pub(crate) struct Held(RwLock<Option<Permit<WorkspaceProxy>>>);

impl Held {
    pub(crate) fn new(permit: Permit<WorkspaceProxy>) -> Arc<Self> {
        Arc::new(Self(RwLock::new(Some(permit))))
    }

    pub(crate) async fn read(&self) -> tokio::sync::RwLockReadGuard<'_, Option<Permit<WorkspaceProxy>>> {
        self.0.read().await
    }

    /// Ends it, saying what became of it.
    pub(crate) async fn finish(&self, bytes: u64, outcome: Outcome) {
        if let Some(permit) = self.0.write().await.take() {
            permit.count_bytes(bytes);
            permit.finish(outcome);
        }
    }
}

/// A login to one app.
pub(crate) struct Login {
    pub(crate) principal: Principal,
    pub(crate) cluster: ClusterName,
    pub(crate) key: Key,
    pub(crate) decision: String,
    pub(crate) service: Service,
    pub(crate) face: Face,
    pub(crate) pool: Pool,
    pub(crate) held: Arc<Held>,
    pub(crate) end: CancellationToken,
    pub(crate) meter: Meter,
    pub(crate) requests: AtomicU64,
    pub(crate) up: AtomicU64,
    pub(crate) down: AtomicU64,
    /// When it was woken last, in epoch milliseconds.
    pub(crate) woken_ms: AtomicU64,
    /// That of an app, once it is known.
    pub(crate) port: AtomicU16,
    /// Whether it speaks TLS.
    pub(crate) secure: AtomicBool,
    /// What its app was told last of who comes.
    pub(crate) said: Said,
    /// When it was opened.
    pub(crate) opened: Instant,
}

impl Login {
    /// The port in the workspace, and whether what listens there speaks TLS.
    pub(crate) async fn port(&self) -> Result<(u16, bool), NoWay> {
        match (&self.service, self.port.load(Ordering::Relaxed)) {
            (Service::App(app), 0) => {
                let (port, secure) = self.pool.way().app(app).await?;
                self.secure.store(secure, Ordering::Relaxed);
                self.port.store(port, Ordering::Relaxed);
                Ok((port, secure))
            }
            (_, port) => Ok((port, self.secure.load(Ordering::Relaxed))),
        }
    }

    /// It is for a path of the console's own origin.
    pub(crate) fn is_in_place(&self) -> bool {
        self.face.base.is_some()
    }

    /// What is left of it is closed, and its end told.
    pub(crate) async fn close(&self, why: &str) {
        self.end.cancel();
        self.pool.close();
        let requests = self.requests.load(Ordering::Relaxed);
        let (up, down) = (self.up.load(Ordering::Relaxed), self.down.load(Ordering::Relaxed));
        let message = format!("{why}: {requests} requests, {up} bytes to the app, {down} bytes from it");
        self.held.finish(down, Outcome::Done { message }).await;
    }
}

/// What a code is good for.
pub(crate) struct Pending {
    pub(crate) login: Arc<Login>,
    /// The browser that asked for it, by its own words.
    pub(crate) browser: Option<String>,
}

/// All of them, by digests: a memory image of this process holds no usable code or cookie.
#[derive(Default)]
pub(crate) struct Logins {
    codes: Mutex<HashMap<[u8; 32], Pending>>,
    open: Mutex<HashMap<[u8; 32], Arc<Login>>>,
}

impl Logins {
    /// A code for a login.
    ///
    /// # Errors
    /// When the system gives no random bytes; `None` when too many codes are not used yet.
    pub(crate) fn promise(&self, pending: Pending) -> Result<Option<String>, getrandom::Error> {
        let code = random()?;
        let mut codes = self.codes.lock();
        if codes.len() >= MOST_CODES {
            return Ok(None);
        }
        codes.insert(digest(code.as_bytes()), pending);
        Ok(Some(code))
    }

    /// Takes a code back; whether it was still good.
    pub(crate) fn forget(&self, code: &str) -> Option<Arc<Login>> {
        self.codes.lock().remove(&digest(code.as_bytes())).map(|pending| pending.login)
    }

    /// Uses a code up: for this host and this browser.
    pub(crate) fn redeem(&self, code: &str, host: &str, browser: &str) -> Option<Arc<Login>> {
        let pending = self.codes.lock().remove(&digest(code.as_bytes()))?;
        let same = pending.login.face.host == host && pending.browser.is_none_or(|one| one == browser);
        same.then_some(pending.login)
    }

    /// A cookie for a login; the logins that had to make room end.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(crate) fn enter(&self, login: &Arc<Login>) -> Result<Option<String>, getrandom::Error> {
        let cookie = random()?;
        let mut open = self.open.lock();
        open.retain(|_, one| !one.end.is_cancelled());
        if open.len() >= MOST_LOGINS {
            return Ok(None);
        }
        open.insert(digest(cookie.as_bytes()), login.clone());
        Ok(Some(cookie))
    }

    /// A key for a login in place. Of those of one person the first end when there are too many.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(crate) fn enter_in_place(&self, login: &Arc<Login>) -> Result<Option<String>, getrandom::Error> {
        let own = |one: &&Arc<Login>| {
            one.is_in_place() && one.principal.id() == login.principal.id() && !one.end.is_cancelled()
        };
        let mut before: Vec<_> = self.open.lock().values().filter(own).cloned().collect();
        before.sort_by_key(|one| std::cmp::Reverse(one.opened));
        for first in before.iter().skip(MOST_IN_PLACE - 1) {
            first.end.cancel();
        }
        self.enter(login)
    }

    /// The login of a cookie at this host.
    pub(crate) fn find(&self, cookie: &[u8], host: &str) -> Option<Arc<Login>> {
        let login = self.open.lock().get(&digest(cookie))?.clone();
        (login.face.host == host && !login.end.is_cancelled()).then_some(login)
    }

    /// How somebody was led to a workspace last, and what the tries before were like, by any of the logins to it.
    pub(crate) fn led(&self, cluster: &ClusterName, key: &Key) -> (Option<&'static str>, Vec<Tried>) {
        let open = self.open.lock();
        let of = open.values().filter(|one| one.cluster == *cluster && one.key == *key);
        let told = of.map(|one| (one.pool.led(), one.pool.way().tried()));
        told.max_by_key(|(led, tried)| (led.is_some(), tried.len())).unwrap_or_default()
    }

    /// All of them.
    pub(crate) fn drain(&self) -> Vec<Arc<Login>> {
        let codes = std::mem::take(&mut *self.codes.lock()).into_values().map(|pending| pending.login);
        let open = std::mem::take(&mut *self.open.lock()).into_values();
        codes.chain(open).collect()
    }
}

fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

fn digest(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}

const MOST_CODES: usize = 256;
const MOST_LOGINS: usize = 4096;
/// Of one person at once.
const MOST_IN_PLACE: usize = 64;
