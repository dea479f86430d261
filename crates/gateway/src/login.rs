//! Letting people in, and writing down who came and who was turned away.
//!
//! A one-time code is exchanged for a session only after the journal holds it. Refused codes and tokens are written down
//! too: the first at once, further ones of the next seconds together, so that nobody can fill the journal from outside.

use crate::auth::Doorkeeper;
use base::{Clock, Coded, RequestId};
use parking_lot::Mutex;
use policy::action::{SessionKey, SessionOpen, SessionOpenObligations};
use policy::{Answers, Door, Gate, Outcome, Principal};
use std::sync::Arc;
use std::time::Duration;

/// The logins of a desk.
pub(crate) struct Logins {
    gate: Gate,
    door: Arc<Doorkeeper>,
    refusals: Arc<Refusals>,
}

/// Keys that were refused, on their way into the journal.
pub(crate) struct Refusals {
    gate: Gate,
    clock: Arc<dyn Clock>,
    /// What is said of a token.
    token: &'static str,
    refused: Mutex<Refused>,
}

/// Attempts that are not written down yet.
#[derive(Default)]
struct Refused {
    /// Epoch milliseconds of the last entry.
    told_ms: u64,
    codes: u32,
    tokens: u32,
    /// Somebody will write them down.
    promised: bool,
}

/// Why nobody is let in.
pub(crate) enum NotIn {
    /// The key is wrong, used or too old.
    Wrong,
    /// Policy says no, or the journal takes nothing.
    Refused(Box<dyn Coded + Send + Sync>),
    /// The system gives no random bytes.
    NoRandom(getrandom::Error),
}

impl Logins {
    pub(crate) fn new(gate: Gate, door: Arc<Doorkeeper>, clock: Arc<dyn Clock>) -> Self {
        let refusals = Arc::new(Refusals::new(gate.clone(), clock, "the run token is not this server's"));
        Self { gate, door, refusals }
    }

    /// Exchanges a code for the value of a session cookie.
    pub(crate) async fn open(&self, principal: &Principal, request: RequestId, code: &str) -> Result<String, NotIn> {
        if !self.door.knows_code(code) {
            self.turn_away(SessionKey::Code, request);
            return Err(NotIn::Wrong);
        }
        // Somebody else may be quicker with the same code.
        let_in(&self.gate, principal, SessionKey::Code, || self.door.redeem(code)).await
    }

    /// Writes down that a key was refused.
    pub(crate) fn turn_away(&self, key: SessionKey, request: RequestId) {
        self.refusals.turn_away(key, request);
    }
}

/// Makes a session for somebody who has shown their key: only after the journal holds it. `make` gives its cookie's value,
/// unless the key is no longer good.
pub(crate) async fn let_in(
    gate: &Gate,
    principal: &Principal,
    key: SessionKey,
    make: impl FnOnce() -> Result<Option<String>, getrandom::Error>,
) -> Result<String, NotIn> {
    let permit = gate.permit(principal, SessionOpen { key, attempts: 1 }, &Answers::default());
    let permit = permit.map_err(|refusal| NotIn::Refused(Box::new(refusal)))?;
    let SessionOpenObligations {} = permit.obligations();
    if let Err(error) = permit.settled().await {
        let (code, message) = (error.code().as_str().to_owned(), error.to_string());
        permit.finish(Outcome::Failed { code, message });
        return Err(NotIn::Refused(Box::new(error)));
    }
    match make() {
        Ok(Some(session)) => {
            permit.finish(Outcome::Done { message: "signed in".to_owned() });
            Ok(session)
        }
        Ok(None) => {
            let message = "the key was used or ended meanwhile".to_owned();
            permit.finish(Outcome::Failed { code: "token_invalid".to_owned(), message });
            Err(NotIn::Wrong)
        }
        Err(error) => {
            permit.finish(Outcome::Failed { code: "internal".to_owned(), message: error.to_string() });
            Err(NotIn::NoRandom(error))
        }
    }
}

impl Refusals {
    pub(crate) fn new(gate: Gate, clock: Arc<dyn Clock>, token: &'static str) -> Self {
        Self { gate, clock, token, refused: Mutex::default() }
    }

    /// Writes down that a key was refused.
    pub(crate) fn turn_away(self: &Arc<Self>, key: SessionKey, request: RequestId) {
        let wait = {
            let mut refused = self.refused.lock();
            let count = match key {
                SessionKey::Code => &mut refused.codes,
                SessionKey::Token => &mut refused.tokens,
            };
            *count = count.saturating_add(1);
            if refused.promised {
                return;
            }
            let passed = self.clock.now_ms().saturating_sub(refused.told_ms);
            let wait = TOGETHER_MS.saturating_sub(passed);
            refused.promised = wait > 0;
            wait
        };
        if wait == 0 {
            self.tell(request);
            return;
        }
        let this = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            this.tell(request);
        });
    }

    fn tell(&self, request: RequestId) {
        let (codes, tokens) = {
            let mut refused = self.refused.lock();
            let counted = (refused.codes, refused.tokens);
            *refused = Refused { told_ms: self.clock.now_ms(), ..Refused::default() };
            counted
        };
        let told = [
            (SessionKey::Code, codes, "the one-time code is wrong, used or too old"),
            (SessionKey::Token, tokens, self.token),
        ];
        for (key, attempts, reason) in told {
            if attempts == 0 {
                continue;
            }
            let action = SessionOpen { key, attempts };
            if let Err(error) = self.gate.turn_away(Door::Console, request, &action, reason) {
                tracing::error!(%error, attempts, "refused logins are not in the journal");
            }
        }
    }
}

/// Refusals of so many milliseconds are one entry.
const TOGETHER_MS: u64 = 10_000;

#[cfg(test)]
mod tests;
