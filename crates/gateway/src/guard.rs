//! What every request must pass before a handler sees it: Host, Origin, then token or cookie.

use crate::auth::{Doorkeeper, TOKEN_HEADER};
use crate::error::Refused;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base::{Code, RequestId};
use std::sync::Arc;

/// The names under which this server may be called: `host:port`, lower case.
#[derive(Clone, Debug)]
pub struct Hosts(Arc<[String]>);

impl Hosts {
    /// The loopback names of a desk console on `port`.
    #[must_use]
    pub fn desk(port: u16) -> Self {
        let names = ["qd.localhost", "localhost", "127.0.0.1", "[::1]"];
        Self(names.iter().map(|name| format!("{name}:{port}")).collect())
    }

    fn allows(&self, host: &str) -> bool {
        self.0.iter().any(|name| name.eq_ignore_ascii_case(host))
    }

    /// An Origin is ours when it is `http://` and one of our names. (`null` and anything else is foreign.)
    fn allows_origin(&self, origin: &str) -> bool {
        origin.strip_prefix("http://").is_some_and(|host| self.allows(host))
    }
}

/// State of the guard.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) hosts: Hosts,
    pub(crate) door: Arc<Doorkeeper>,
}

/// The middleware.
pub(crate) async fn guard(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let id = RequestId::new();
    request.extensions_mut().insert(id);
    let head = request.method() == Method::HEAD;
    let mut response = match guard.check(&request) {
        Ok(Pass::Known) => next.run(request).await,
        Ok(Pass::Health) => next.run(request).await,
        Ok(Pass::Code(code)) => guard.exchange(&code, id),
        Err(refused) if wants_page(&request) => refused.page(id),
        Err(refused) => refused.with(id).into_response(),
    };
    if head {
        *response.body_mut() = Body::empty();
    }
    seal(response.headers_mut(), id);
    response
}

/// How a request got past the guard.
enum Pass {
    Known,
    Health,
    Code(String),
}

impl Guard {
    fn check(&self, request: &Request) -> Result<Pass, Refused> {
        let headers = request.headers();
        let host = one(headers, header::HOST).or_else(|| request.uri().authority().map(|a| a.as_str()));
        if !host.is_some_and(|host| self.hosts.allows(host)) {
            return Err(Refused::new(
                Code::HostNotAllowed,
                "this server is not called by that name: use the URL that qd printed",
            ));
        }
        if headers.contains_key(header::ORIGIN)
            && !one(headers, header::ORIGIN).is_some_and(|o| self.hosts.allows_origin(o))
        {
            return Err(Refused::new(Code::OriginNotAllowed, "requests from other sites are not answered"));
        }
        if request.uri().path() == "/healthz" {
            return Ok(Pass::Health);
        }
        if let Some(code) = one_time_code(request) {
            return Ok(Pass::Code(code));
        }
        if let Some(token) = headers.get(TOKEN_HEADER) {
            let known = self.door.knows_token(token.as_bytes());
            return if known {
                Ok(Pass::Known)
            } else {
                Err(Refused::new(Code::TokenInvalid, "the run token is not this server's: it is new at every start"))
            };
        }
        let mut cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        if cookies.any(|value| self.door.knows_cookie(value)) {
            // A cookie rides along with whatever a browser sends, so what changes state must also say where it is from.
            let changes =
                !matches!(*request.method(), Method::GET | Method::HEAD) || headers.contains_key(header::UPGRADE);
            if changes && !headers.contains_key(header::ORIGIN) {
                return Err(Refused::new(
                    Code::OriginNotAllowed,
                    "a browser request that changes something must name its origin",
                ));
            }
            return Ok(Pass::Known);
        }
        Err(Refused::new(Code::TokenMissing, "open the console by its one-time URL: `qd url` prints a new one"))
    }

    /// Answers the one-time URL: sets the cookie and goes on to `/`. By a page and not by a redirect, because a
    /// `SameSite=Strict` cookie is not sent along a redirect that another site started.
    fn exchange(&self, code: &str, id: RequestId) -> Response {
        match self.door.redeem(code) {
            Ok(Some(session)) => {
                let mut response = axum::response::Html(WELCOME).into_response();
                match HeaderValue::from_str(&self.door.set_cookie(&session)) {
                    Ok(value) => response.headers_mut().insert(header::SET_COOKIE, value),
                    Err(_) => return Refused::new(Code::Internal, "the cookie could not be written").page(id),
                };
                response
            }
            Ok(None) => {
                Refused::new(Code::TokenInvalid, "this one-time URL was used or is too old: `qd url` prints a new one")
                    .page(id)
            }
            Err(error) => {
                tracing::error!(%error, "no random bytes");
                Refused::new(Code::Internal, "no random bytes from the system").page(id)
            }
        }
    }
}

/// The code of `GET /?code=…`.
fn one_time_code(request: &Request) -> Option<String> {
    if request.method() != Method::GET || request.uri().path() != "/" {
        return None;
    }
    let mut pairs = request.uri().query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == "code").map(|(_, value)| value.to_owned())
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
fn seal(headers: &mut HeaderMap, id: RequestId) {
    for (name, value) in SEALS {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert("x-request-id", value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

const SEALS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
];

const WELCOME: &str = "<!doctype html><html lang=en><meta charset=utf-8><meta name=color-scheme content='light dark'>\
<meta http-equiv=refresh content='0;url=/'><title>Quarterdeck</title><p><a href='/'>Open the console</a></p></html>";
