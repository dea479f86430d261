//! What every request must pass before a handler sees it: Host, Origin, then token or cookie.

use crate::beside::Beside;
use crate::caller::Caller;
use crate::desk::{self, DeskKeys};
use crate::error::Refused;
use crate::figures::Figures;
use crate::guild::Trusted;
use crate::in_place;
use crate::team::TeamKeys;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base::{Code, RequestId};
use std::sync::Arc;

/// The names under which this server may be called: `host:port`, lower case.
#[derive(Clone, Debug)]
pub struct Hosts {
    names: Arc<[String]>,
    /// What an origin begins with.
    scheme: &'static str,
}

impl Hosts {
    /// The loopback names of a desk console on `port`.
    #[must_use]
    pub fn desk(port: u16) -> Self {
        let names = ["qd.localhost", "localhost", "127.0.0.1", "[::1]"];
        Self { names: names.iter().map(|name| format!("{name}:{port}")).collect(), scheme: "http://" }
    }

    /// The name of a team's server: that of its public URL, with or without the port that is the scheme's own.
    #[must_use]
    pub fn team(public_url: &Uri) -> Option<Self> {
        let host = public_url.host()?.to_ascii_lowercase();
        let (scheme, usual) = match public_url.scheme_str()? {
            "https" => ("https://", 443),
            "http" => ("http://", 80),
            _ => return None,
        };
        let port = public_url.port_u16().unwrap_or(usual);
        let mut names = vec![format!("{host}:{port}")];
        if port == usual {
            names.push(host);
        }
        Some(Self { names: names.into(), scheme })
    }

    fn allows(&self, host: &str) -> bool {
        self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
    }

    /// An Origin is ours when it has our scheme and one of our names. (`null` and anything else is foreign.)
    fn allows_origin(&self, origin: &str) -> bool {
        origin.strip_prefix(self.scheme).is_some_and(|host| self.allows(host))
    }
}

/// State of the guard.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) hosts: Hosts,
    pub(crate) keys: Keys,
    pub(crate) figures: Arc<Figures>,
    /// The content security policy of every answer.
    pub(crate) policy: HeaderValue,
    /// The door to apps, where some are served on this origin.
    pub(crate) in_place: Option<Arc<dyn Beside>>,
}

/// The content security policy of a console that shows these origins in frames.
pub(crate) fn policy(frames: Option<&str>) -> HeaderValue {
    let frames = frames.map(|frames| format!("{POLICY}; frame-src {frames}"));
    let shown = frames.and_then(|policy| HeaderValue::from_str(&policy).ok());
    shown.unwrap_or(HeaderValue::from_static(POLICY))
}

/// How people come in.
#[derive(Clone)]
pub(crate) enum Keys {
    Desk(Arc<DeskKeys>),
    Team(Arc<TeamKeys>),
}

/// The middleware.
pub(crate) async fn guard(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let id = RequestId::new();
    request.extensions_mut().insert(id);
    let head = request.method() == Method::HEAD;
    let began = std::time::Instant::now();
    // What somebody asks for stands in queries and headers: neither is logged.
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut who = String::new();
    let mut response = match guard.check(&request, id) {
        Ok(Pass::Known(caller)) => {
            caller.principal.id().clone_into(&mut who);
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(Pass::InPlace(beside)) => return guard.apart(&*beside, request, id).await,
        Ok(Pass::Health) => next.run(request).await,
        Ok(Pass::Code(code)) => match &guard.keys {
            Keys::Desk(keys) => keys.exchange(&code, desk::tap(&request), id).await,
            Keys::Team(_) => next.run(request).await,
        },
        Ok(Pass::SignIn) => match &guard.keys {
            Keys::Team(keys) => keys.sign_in(request, id).await,
            Keys::Desk(_) => next.run(request).await,
        },
        Err(refused) if refused.is_unknown() && wants_page(&request) && matches!(guard.keys, Keys::Team(_)) => {
            TeamKeys::to_sign_in(&request)
        }
        Err(refused) if wants_page(&request) => refused.page(id),
        Err(refused) => refused.with(id).into_response(),
    };
    if head {
        *response.body_mut() = Body::empty();
    }
    seal(response.headers_mut(), id, &guard.policy);
    let status = response.status().as_u16();
    guard.figures.answered(status);
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request_id = %id, who, %method, path, status, ms, "answered");
    response
}

/// How a request got past the guard.
pub(crate) enum Pass {
    Known(Caller),
    Health,
    /// A one-time code is to be exchanged.
    Code(String),
    /// An app answers it, by the other door.
    InPlace(Arc<dyn Beside>),
    /// It is about signing in or out.
    SignIn,
}

impl Guard {
    /// Has an app answer. Neither its path nor its headers are ours.
    async fn apart(&self, beside: &dyn Beside, request: Request, id: RequestId) -> Response {
        let (method, began) = (request.method().clone(), std::time::Instant::now());
        let response = in_place::answer(beside, request).await;
        let status = response.status().as_u16();
        self.figures.answered(status);
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(request_id = %id, who = "", %method, path = in_place::ROOT, status, ms, "answered");
        response
    }

    fn check(&self, request: &Request, id: RequestId) -> Result<Pass, Refused> {
        let headers = request.headers();
        let host = one(headers, header::HOST).or_else(|| request.uri().authority().map(|a| a.as_str()));
        if !host.is_some_and(|host| self.hosts.allows(host)) {
            return Err(Refused::new(
                Code::HostNotAllowed,
                "this server is not called by that name: use the URL that qd printed",
            ));
        }
        let trusted = request.extensions().get::<Trusted>().is_some();
        // A controller passes on what a visitor's request has, of the visitor's own host.
        if request.uri().path().starts_with(crate::forward::CHECK) {
            return Ok(Pass::Health);
        }
        if let Some(beside) = self.in_place.as_ref().filter(|_| in_place::takes(request.uri().path())) {
            return Ok(Pass::InPlace(beside.clone()));
        }
        if headers.contains_key(header::ORIGIN)
            && !trusted
            && !one(headers, header::ORIGIN).is_some_and(|o| self.hosts.allows_origin(o))
        {
            return Err(Refused::new(Code::OriginNotAllowed, "requests from other sites are not answered"));
        }
        if matches!(request.uri().path(), "/healthz" | "/readyz") {
            return Ok(Pass::Health);
        }
        match &self.keys {
            Keys::Desk(keys) => keys.admit(request, id),
            Keys::Team(keys) => keys.admit(request, id),
        }
    }
}

/// A cookie rides along with whatever a browser sends, so what changes state must also say where it is from.
pub(crate) fn names_its_origin(request: &Request) -> Result<(), Refused> {
    let headers = request.headers();
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD) || headers.contains_key(header::UPGRADE);
    if changes && !headers.contains_key(header::ORIGIN) {
        return Err(Refused::new(
            Code::OriginNotAllowed,
            "a browser request that changes something must name its origin",
        ));
    }
    Ok(())
}

/// The only value of a header; `None` when it is missing, repeated or not text.
fn one(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// A person's browser asks for a page, a program for JSON.
fn wants_page(request: &Request) -> bool {
    let accepts = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains("text/html"));
    request.method() == Method::GET && request.headers().get_all(header::ACCEPT).iter().any(accepts)
}

/// Headers on every answer.
fn seal(headers: &mut HeaderMap, id: RequestId, policy: &HeaderValue) {
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy.clone());
    for (name, value) in SEALS {
        headers.entry(*name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert("x-request-id", value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// WebAssembly comes from here too: the compiler of capture filters.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SEALS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
];
