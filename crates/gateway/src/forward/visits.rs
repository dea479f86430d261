//! The visits that are open and the codes for those that will be, by digests: a memory image of this process holds no usable
//! code or cookie.

use super::Named;
use crate::auth::{digest, random_hex};
use crate::caller::Caller;
use parking_lot::Mutex;
use policy::action::WorkspaceProxy;
use policy::{Decision, Gate, Outcome, Permit, Principal};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_util::sync::CancellationToken;
use workspace::activity::{Activity, Door};

/// Somebody's visits to the host of one workspace.
pub(super) struct Visit {
    pub(super) named: Named,
    host: String,
    principal: Principal,
    permit: Mutex<Option<Permit<WorkspaceProxy>>>,
    /// The permit has ended.
    over: CancellationToken,
    /// What let them into the console has ended.
    end: CancellationToken,
    /// When it ends at the latest, epoch milliseconds.
    until_ms: u64,
    /// When the policy was asked last.
    asked_ms: AtomicU64,
    requests: AtomicU64,
}

impl Visit {
    pub(super) fn new(
        named: Named,
        host: String,
        caller: &Caller,
        permit: Permit<WorkspaceProxy>,
        now_ms: u64,
    ) -> Self {
        Self {
            named,
            host,
            principal: caller.principal.clone(),
            over: permit.end_token(),
            permit: Mutex::new(Some(permit)),
            end: caller.end.clone(),
            until_ms: now_ms + CODE_MS,
            asked_ms: AtomicU64::new(now_ms),
            requests: AtomicU64::new(0),
        }
    }

    fn is_open(&self, now_ms: u64) -> bool {
        now_ms < self.until_ms && !self.over.is_cancelled() && !self.end.is_cancelled()
    }

    /// Whether the policy still allows it: it is asked each minute.
    pub(super) fn is_good(&self, gate: &Gate, now_ms: u64) -> bool {
        let last = self.asked_ms.load(Ordering::Relaxed);
        if now_ms.saturating_sub(last) < ASK_MS {
            return true;
        }
        let asked = self.permit.lock().as_ref().map(|permit| permit.target().clone());
        let Some(asked) = asked else { return false };
        let good = !matches!(gate.preview(&self.principal, &asked), Decision::Deny(_));
        if good {
            self.asked_ms.store(now_ms, Ordering::Relaxed);
        }
        good
    }

    /// A request passes.
    pub(super) fn used(&self, activity: &Activity) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        activity.touch(&self.named.cluster, &self.named.key(), Door::Http, "a visit to its host");
    }

    pub(super) fn finish(&self, outcome: Outcome) {
        let permit = self.permit.lock().take();
        if let Some(permit) = permit {
            permit.finish(outcome);
        }
    }

    fn close(&self, why: &str) {
        let requests = self.requests.load(Ordering::Relaxed);
        self.finish(Outcome::Done { message: format!("{why}: {requests} requests") });
    }
}

/// All of them.
#[derive(Default)]
pub(crate) struct Visits {
    codes: Mutex<HashMap<[u8; 32], Visit>>,
    open: Mutex<HashMap<[u8; 32], Arc<Visit>>>,
}

impl Visits {
    /// A code for a visit; the visit itself back when too many codes are not used yet.
    pub(super) fn promise(&self, visit: Visit, now_ms: u64) -> Result<Result<String, Visit>, getrandom::Error> {
        let code = random_hex()?;
        let mut codes = self.codes.lock();
        let late: Vec<Visit> = codes.extract_if(|_, visit| !visit.is_open(now_ms)).map(|(_, visit)| visit).collect();
        let full = codes.len() >= MOST_CODES;
        let back = if full { Err(visit) } else { Ok(codes.insert(digest(&code), visit)) };
        drop(codes);
        late.iter().for_each(|visit| visit.close("nobody came"));
        Ok(back.map(|_| code))
    }

    /// Uses a code up.
    pub(super) fn redeem(&self, code: &str, host: &str, now_ms: u64) -> Option<Visit> {
        let visit = self.codes.lock().remove(&digest(code))?;
        if visit.host == host && visit.is_open(now_ms) {
            return Some(visit);
        }
        visit.close("its code came late, or to another host");
        None
    }

    /// A cookie for a visit; `None` when too many are open.
    pub(super) fn open(&self, visit: Visit, now_ms: u64) -> Result<Option<String>, getrandom::Error> {
        let cookie = random_hex()?;
        let mut open = self.open.lock();
        let late: Vec<Arc<Visit>> =
            open.extract_if(|_, visit| !visit.is_open(now_ms)).map(|(_, visit)| visit).collect();
        let full = open.len() >= MOST_VISITS;
        let visit = Arc::new(Visit { until_ms: now_ms + VISIT_MS, ..visit });
        if !full {
            open.insert(digest(&cookie), visit.clone());
        }
        drop(open);
        late.iter().for_each(|visit| visit.close("its time is over"));
        if full {
            visit.close("too many are open");
        }
        Ok((!full).then_some(cookie))
    }

    /// The visit of one of these cookies at this host.
    pub(super) fn find<'a>(
        &self,
        cookies: impl Iterator<Item = &'a str>,
        host: &str,
        now_ms: u64,
    ) -> Option<Arc<Visit>> {
        let open = self.open.lock();
        let values = cookies.filter_map(|pair| pair.split_once('=')).filter(|(name, _)| *name == COOKIE);
        let mut found = values.filter_map(|(_, value)| open.get(&digest(value)));
        found.find(|visit| visit.host == host && visit.is_open(now_ms)).cloned()
    }

    pub(super) fn end(&self, visit: &Arc<Visit>, why: &str) {
        self.open.lock().retain(|_, one| !Arc::ptr_eq(one, visit));
        visit.close(why);
    }

    /// Ends all of them.
    pub(crate) fn close(&self) {
        let codes = std::mem::take(&mut *self.codes.lock());
        let open = std::mem::take(&mut *self.open.lock());
        codes.values().for_each(|visit| visit.close("the gateway ends"));
        open.values().for_each(|visit| visit.close("the gateway ends"));
    }
}

/// Of that host alone, not for scripts, not with requests of other sites.
pub(super) fn set_cookie(cookie: &str) -> String {
    format!("{COOKIE}={cookie}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={}", VISIT_MS / 1000)
}

const COOKIE: &str = "__Host-qdvisit";
const CODE_MS: u64 = 30_000;
const VISIT_MS: u64 = 8 * 60 * 60 * 1000;
/// How often the policy is asked again.
const ASK_MS: u64 = 60_000;
const MOST_CODES: usize = 256;
const MOST_VISITS: usize = 4096;
