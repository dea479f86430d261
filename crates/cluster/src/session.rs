//! The client of one context with the credentials of the moment. It is made at the first request, so that a broken
//! context costs nothing until then, and again when its credentials end.

use crate::address::{self, Address};
use crate::certificate::day;
use crate::credentials::{self, Credentials};
use crate::error::{Error, chain};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Mutex;

/// A client and who it says it is.
pub(crate) struct Session {
    pub(crate) client: kube::Client,
    pub(crate) credentials: Credentials,
    pub(crate) config: kube::Config,
    made: Instant,
}

impl Session {
    /// Asking for credentials again may help against a 401.
    pub(crate) fn worth_renewing(&self) -> bool {
        self.credentials.renewable && self.made.elapsed() > RENEW_PAUSE
    }

    /// We say who we are, and do not leave it to the server to guess.
    pub(crate) fn has_credentials(&self) -> bool {
        self.credentials.header.is_some() || self.credentials.certificate.is_some()
    }

    /// Why our certificate may not have been taken.
    pub(crate) fn own_certificate_words(&self) -> Option<String> {
        let own = self.credentials.certificate.as_ref()?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let now = i64::try_from(now.as_millis()).ok()?;
        let ended = own.not_after_ms < now;
        let state = if ended { "ended on" } else { "is good until" };
        Some(format!("the client certificate of {} {state} {}", own.subject, day(own.not_after_ms)))
    }
}

/// Makes sessions of one context, one at a time.
pub(crate) struct Sessions {
    kubeconfig: Arc<kube::config::Kubeconfig>,
    context: String,
    server: String,
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    now: Option<Arc<Session>>,
    /// The last failure of the credentials, so that twenty feeds do not run a plugin twenty times.
    failed: Option<(Instant, String)>,
}

impl Sessions {
    pub(crate) fn new(kubeconfig: Arc<kube::config::Kubeconfig>, context: String, server: String) -> Self {
        Self { kubeconfig, context, server, slot: Mutex::default() }
    }

    /// The session of now; another than `spent`, if that is given.
    pub(crate) async fn get(&self, spent: Option<&Arc<Session>>) -> Result<Arc<Session>, Error> {
        let mut slot = self.slot.lock().await;
        let is_spent = |session: &Arc<Session>| spent.is_some_and(|spent| Arc::ptr_eq(spent, session));
        if let Some(session) = slot.now.as_ref().filter(|session| session.credentials.fresh() && !is_spent(session)) {
            return Ok(session.clone());
        }
        if let Some((_, message)) = slot.failed.as_ref().filter(|(at, _)| at.elapsed() < FAILED_PAUSE) {
            return Err(Error::Auth { server: self.server.clone(), message: message.clone() });
        }
        let Address { mut config, cluster, user } = address::read(&self.kubeconfig, &self.context)?;
        let credentials = match credentials::gather(&user, &cluster).await {
            Ok(credentials) => credentials,
            Err(message) => {
                slot.failed = Some((Instant::now(), message.clone()));
                return Err(Error::Auth { server: self.server.clone(), message });
            }
        };
        slot.failed = None;
        config.auth_info = credentials.user.clone();
        config.connect_timeout = Some(CONNECT_TIME);
        config.read_timeout = None;
        config.write_timeout = None;
        config.default_retry = false;
        let client = match config.proxy_url {
            None => crate::direct::client(&config, CONNECT_TIME),
            Some(_) => kube::Client::try_from(config.clone()),
        };
        let client = client.map_err(|error| match error {
            kube::Error::Auth(error) => Error::Auth { server: self.server.clone(), message: chain(&error) },
            other => Error::Kubeconfig { place: format!("context {}", self.context), message: chain(&other) },
        })?;
        let session = Arc::new(Session { client, credentials, config, made: Instant::now() });
        slot.now = Some(session.clone());
        Ok(session)
    }
}

const CONNECT_TIME: Duration = Duration::from_secs(10);
const FAILED_PAUSE: Duration = Duration::from_secs(5);
const RENEW_PAUSE: Duration = Duration::from_secs(10);
