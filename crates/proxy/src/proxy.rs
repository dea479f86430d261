//! The door itself: what all its connections share.

use crate::connection;
use crate::exchange::Times;
use crate::fields::Face;
use crate::host::{AppHost, Domain, Service};
use crate::http2::{self, Streamed};
use crate::limits::{Limits, Taken};
use crate::login::{Held, Login, Logins, Pending};
use crate::signed::{Said, Signer};
use crate::tls;
use crate::way::{Pool, Stream, Tried};
use crate::ways::{By, Ways};
use base::{Clock, ClusterName, Code, Coded};
use bytes::BytesMut;
use http::{Request, Response};
use hyper::body::Incoming;
use ipnet::IpNet;
use mirror::Mirror;
use policy::action::{ObjectTarget, WorkspaceProxy};
use policy::{Answers, Decision, Gate, Outcome, Principal};
use serde_json::Value;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use workspace::activity::Activity;
use workspace::acts::ActError;
use workspace::reach::ReachError;
use workspace::{Calling, Key};

/// What this door composes.
pub struct Services {
    /// Decides.
    pub gate: Gate,
    /// Which clusters there are.
    pub mirror: Mirror,
    /// Is told of use.
    pub activity: Activity,
    /// Calls daemons past the API server.
    pub calling: Calling,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// How this door behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where apps are.
    pub domain: Domain,
    /// The origin of the console, which alone may show apps in frames.
    pub console: String,
    /// How long is waited.
    pub times: Times,
    /// The ways to workspaces, in the order in which they are tried.
    pub ways: Arc<[By]>,
    /// What is bounded.
    pub limits: Limits,
    /// The console signs people in, and leads whoever comes to an app from elsewhere on to it.
    pub signs_in: bool,
    /// Apps are told who comes, and can check it.
    pub tells: Option<Arc<Signer>>,
    /// Who may say who comes through them: what others say in `X-Forwarded-…` and `Forwarded` is dropped.
    pub trusted: Arc<[IpNet]>,
    /// Apps may be served on the console's origin.
    pub in_place: bool,
    /// Workspaces have names of their own here: `{alias}.{apps domain}`.
    pub aliases: bool,
}

impl Inner {
    /// A `Host` of ours as browsers say it.
    pub(crate) fn host(&self, host: &str) -> Option<String> {
        let domain = &self.config.domain;
        if let Some(app) = domain.read(host) {
            return Some(domain.host(&app));
        }
        let host = domain.host_of(&domain.alias(host).filter(|_| self.config.aliases)?);
        // the console may have a name of the same domain
        let console = self.config.console.split_once("://").map_or("", |(_, rest)| rest);
        (!console.trim_end_matches('/').eq_ignore_ascii_case(&host)).then_some(host)
    }

    /// What the app of a login is told of who comes.
    pub(crate) fn told(&self, login: &Login) -> Option<Arc<str>> {
        let signer = self.config.tells.as_ref()?;
        signer.said(login, &self.config.console, self.services.clock.now_ms())
    }
}

/// The ways to a workspace.
#[derive(Clone, Debug, Default)]
pub struct Led {
    /// In the order in which they are tried.
    pub order: Vec<&'static str>,
    /// The one that led there last.
    pub way: Option<&'static str>,
    /// How the last try of each went.
    pub tried: Vec<Tried>,
}

/// The door to apps. Clones are one.
#[derive(Clone)]
pub struct Proxy(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) services: Services,
    pub(crate) config: Config,
    pub(crate) logins: Logins,
    pub(crate) taken: Taken,
    pub(crate) end: CancellationToken,
    tasks: TaskTracker,
}

/// What somebody wants to open.
#[derive(Clone, Debug)]
pub struct Open {
    /// In which cluster.
    pub cluster: ClusterName,
    /// The workspace's namespace.
    pub namespace: String,
    /// The workspace.
    pub name: String,
    /// What of it.
    pub service: Service,
    /// The name that the workspace has for it.
    pub alias: Option<String>,
    /// Where in the app to begin, from `/` on.
    pub path: String,
    /// It is to stand in a frame of the console.
    pub framed: bool,
    /// It is to be served in place: the host of the console, as the browser says it.
    pub in_place: Option<String>,
    /// The browser that asks, by its own words, where it is one.
    pub browser: Option<String>,
    /// What was answered to the policy.
    pub answers: Answers,
}

/// Why it is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Policy says no, or wants something first.
    #[error(transparent)]
    Refused(#[from] policy::Refusal),
    /// The decision cannot be written down.
    #[error("the journal takes no entries, so nothing was opened")]
    Journal(#[from] policy::AuditUnavailable),
    /// It cannot be looked at.
    #[error(transparent)]
    Workspace(ReachError),
    /// No such cluster.
    #[error(transparent)]
    Mirror(#[from] mirror::Error),
    /// No such workspace.
    #[error("there is no workspace {0}")]
    NotFound(String),
    /// The operator has not seen it yet.
    #[error("workspace {0} has no address yet: its operator has not taken it up")]
    NoRoute(String),
    /// What was asked for is none of its ports.
    #[error("{0:?} is neither a port nor the name of an app")]
    Unknown(String),
    /// Too many codes are not used yet.
    #[error("too many were opened at once: try again in half a minute")]
    Busy,
    /// The system gives no random bytes.
    #[error("no random bytes from the system")]
    Random,
}

impl Coded for OpenError {
    fn code(&self) -> Code {
        match self {
            Self::Refused(error) => error.code(),
            Self::Journal(_) => Code::AuditUnavailable,
            Self::Workspace(error) => error.code(),
            Self::Mirror(error) => error.code(),
            Self::NotFound(_) => Code::WorkspaceNotFound,
            Self::NoRoute(_) => Code::WorkspaceWaking,
            Self::Unknown(_) => Code::ProxyPortUnknown,
            Self::Busy => Code::LimitReached,
            Self::Random => Code::Internal,
        }
    }

    fn details(&self) -> Option<Value> {
        match self {
            Self::Refused(error) => error.details(),
            Self::Workspace(error) => error.details(),
            _ => None,
        }
    }
}

impl Proxy {
    /// A door that nobody has come to yet.
    #[must_use]
    pub fn new(services: Services, config: Config) -> Self {
        let (end, tasks) = (CancellationToken::new(), TaskTracker::new());
        Self(Arc::new(Inner { services, config, logins: Logins::default(), taken: Taken::default(), end, tasks }))
    }

    /// Whether a `Host` is one of ours.
    #[must_use]
    pub fn takes(&self, host: &str) -> bool {
        self.0.host(host).is_some()
    }

    /// Whether apps may be served on the console's origin.
    #[must_use]
    pub fn serves_in_place(&self) -> bool {
        self.0.config.in_place
    }

    /// The origins of our hosts, as a content security policy has them.
    #[must_use]
    pub fn origins(&self) -> String {
        self.0.config.domain.origins()
    }

    /// The ways to a workspace.
    #[must_use]
    pub fn ways(&self, cluster: &ClusterName, key: &Key) -> Led {
        let (way, tried) = self.0.logins.led(cluster, key);
        Led { order: self.0.config.ways.iter().map(|by| by.word()).collect(), way, tried }
    }

    /// What a `Host` of ours asks for.
    #[must_use]
    pub fn named(&self, host: &str) -> Option<AppHost> {
        self.0.config.domain.read(host)
    }

    /// The name of a workspace's main app that a `Host` of ours is.
    #[must_use]
    pub fn alias(&self, host: &str) -> Option<String> {
        self.0.config.domain.alias(&self.0.host(host)?)
    }

    /// Serves a connection whose first request was for one of our hosts, from its first byte on.
    pub async fn serve(&self, stream: Box<dyn Stream>, begun: BytesMut, peer: IpAddr) {
        let door = self.clone();
        tokio::select! {
            () = self.0.tasks.track_future(connection::serve(door, stream, begun, peer)) => {}
            () = self.0.end.cancelled() => {}
        }
    }

    /// Answers one request of HTTP/2 for one of our hosts.
    pub async fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> Response<Streamed> {
        http2::answer(self, request, peer).await
    }

    /// Opens an app for somebody: the URL that lets one browser in, once; in place, the path below which it is. What let them in here ends with `ended`, and the
    /// login to the app with it.
    ///
    /// # Errors
    /// As [`OpenError`] says.
    pub async fn open(&self, who: &Principal, ended: CancellationToken, open: Open) -> Result<String, OpenError> {
        let Inner { services, config, .. } = &*self.0;
        let workspace = format!("{}/{}", open.namespace, open.name);
        let cluster = services.mirror.of(who).cluster(&open.cluster)?;
        let (port, app) = match &open.service {
            Service::Port(port) => (*port, String::new()),
            Service::App(app) => (0, app.clone()),
        };
        let object = ObjectTarget::workspace(&open.cluster, &open.namespace, &open.name);
        let permit = services.gate.permit(who, WorkspaceProxy { object, port, app: app.clone() }, &open.answers)?;
        let policy::action::WorkspaceProxyObligations {} = permit.obligations();
        let route = match services.calling.seen(&cluster, &permit).await {
            Ok(seen) => {
                let route = seen.pointer("/status/routeID").and_then(Value::as_str).map(str::to_owned);
                let port = named(&seen, &open.service);
                let secure = port.is_some_and(|port| tls::said(&seen, port).unwrap_or(tls::usual(port)));
                route.ok_or_else(|| OpenError::NoRoute(workspace)).map(|route| (route, port, secure))
            }
            Err(ReachError::Act(ActError::Journal(error))) => Err(error.into()),
            Err(ReachError::Act(ActError::NotFound(_))) => Err(OpenError::NotFound(workspace)),
            Err(error) => Err(OpenError::Workspace(error)),
        };
        let (route, port, secure) = match route {
            Ok(known) => known,
            Err(error) => {
                permit.finish(Outcome::Failed { code: error.code().as_str().to_owned(), message: error.to_string() });
                return Err(error);
            }
        };
        let host = match (&open.in_place, &open.alias) {
            (Some(console), _) => console.to_ascii_lowercase(),
            (None, Some(alias)) => config.domain.host_of(alias),
            (None, None) => config.domain.host(&AppHost { service: open.service.clone(), route }),
        };
        let face = Face {
            host: host.clone(),
            scheme: config.domain.scheme(),
            port: port.unwrap_or_default(),
            secure,
            framed_by: open.framed.then(|| config.console.clone()),
            user: None,
            base: open.in_place.is_some().then(String::new),
            trusted: config.trusted.clone(),
        };
        let decision = permit.decision_id().to_string();
        let asked = permit.target().clone();
        let held = Held::new(permit);
        let key = Key { namespace: open.namespace, name: open.name };
        let room = self.0.taken.room(&open.cluster, &key);
        let ways =
            Ways::new(cluster, held.clone(), services.calling.clone(), config.ways.clone(), config.times.connect);
        let login = Arc::new(Login {
            principal: who.clone(),
            meter: services.activity.meter(&open.cluster, &key),
            cluster: open.cluster,
            key,
            decision,
            service: open.service,
            face,
            pool: Pool::new(Box::new(ways), room),
            held,
            end: CancellationToken::new(),
            requests: AtomicU64::new(0),
            up: AtomicU64::new(0),
            down: AtomicU64::new(0),
            woken_ms: AtomicU64::new(0),
            port: AtomicU16::new(port.unwrap_or_default()),
            secure: AtomicBool::new(secure),
            said: Said::default(),
            opened: Instant::now(),
        });
        let path = if open.path.starts_with('/') { open.path } else { "/".to_owned() };
        if open.in_place.is_some() {
            let key = self.0.logins.enter_in_place(&login);
            let Ok(Some(key)) = key else {
                login.close("not opened").await;
                return Err(key.map_or(OpenError::Random, |_| OpenError::Busy));
            };
            self.0.tasks.spawn(self.clone().keep(login, String::new(), asked, ended));
            return Ok(format!("{}{key}{path}", crate::in_place::ROOT));
        }
        let code = self.0.logins.promise(Pending { login: login.clone(), browser: open.browser });
        let code = match code {
            Ok(Some(code)) => code,
            given => {
                login.close("not opened").await;
                return Err(given.map_or(OpenError::Random, |_| OpenError::Busy));
            }
        };
        self.0.tasks.spawn(self.clone().keep(login, code.clone(), asked, ended));
        Ok(format!("{}://{host}/.quarterdeck/enter?code={code}&to={}", config.domain.scheme(), escape(path.as_bytes())))
    }

    /// Ends a login when its time has come, and says so.
    async fn keep(self, login: Arc<Login>, code: String, asked: WorkspaceProxy, ended: CancellationToken) {
        let over = match &*login.held.read().await {
            Some(permit) => permit.end_token(),
            None => CancellationToken::new(),
        };
        let mut looks = tokio::time::interval(LOOKS);
        looks.tick().await;
        let unused = tokio::time::sleep(CODE);
        let expires = tokio::time::sleep(LOGIN);
        tokio::pin!(unused, expires);
        let mut promised = true;
        let why = loop {
            tokio::select! {
                () = &mut unused, if promised => {
                    promised = false;
                    let unused = login.is_in_place() && login.requests.load(Ordering::Relaxed) == 0;
                    if unused || self.0.logins.forget(&code).is_some() {
                        break "the code was not used";
                    }
                }
                () = &mut expires => break "the time of the login is over",
                () = over.cancelled() => break "revoked",
                () = ended.cancelled() => break "signed out of the console",
                () = login.end.cancelled() => break "left",
                () = self.0.end.cancelled() => break "the console ended",
                // policy may have changed since
                _ = looks.tick() => {
                    let now = self.0.services.gate.preview(&login.principal, &asked);
                    // what it asks for was answered when this was opened
                    if matches!(now, Decision::Deny(_)) {
                        break "policy allows it no longer";
                    }
                }
            }
        };
        let _ = self.0.logins.forget(&code);
        login.close(why).await;
    }

    /// Ends every login and every connection.
    pub async fn shutdown(&self) {
        self.0.end.cancel();
        for login in self.0.logins.drain() {
            login.end.cancel();
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

/// The number of a port that the workspace names, where that is what is asked for.
fn named(workspace: &Value, service: &Service) -> Option<u16> {
    let name = match service {
        Service::Port(port) => return Some(*port),
        Service::App(name) => name,
    };
    let ports = workspace.pointer("/spec/ports").and_then(Value::as_array)?;
    let port = ports.iter().find(|port| port.get("name").and_then(Value::as_str) == Some(name))?;
    port.get("containerPort").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok())
}

pub(crate) fn escape(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.iter().copied() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// A code works so long.
const CODE: Duration = Duration::from_secs(30);
/// A login lasts so long.
pub(crate) const LOGIN: Duration = Duration::from_secs(8 * 60 * 60);
/// How often policy is asked whether it still allows what is open.
const LOOKS: Duration = Duration::from_secs(60);
