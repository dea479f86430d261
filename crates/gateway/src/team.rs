//! How people of a team come in: `Authorization: Bearer` with a token, or a session cookie for which a token was given on
//! the sign-in page. A token never stands in a URL.

mod page;
mod sessions;

use crate::attempts::Attempts;
use crate::caller::Caller;
use crate::connections::Peer;
use crate::cookies;
use crate::error::Refused;
use crate::figures::Figures;
use crate::guard::{Pass, names_its_origin};
use crate::login::{Refusals, let_in};
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{Clock, Code, RequestId};
use identity::{Known, People};
use policy::action::SessionKey;
use policy::{Door, Gate};
use sessions::Sessions;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use store::Store;

/// The keys of a team.
pub(crate) struct TeamKeys {
    people: Arc<People>,
    gate: Gate,
    clock: Arc<dyn Clock>,
    sessions: Arc<Sessions>,
    attempts: Attempts,
    refusals: Arc<Refusals>,
    figures: Arc<Figures>,
}

impl TeamKeys {
    pub(crate) fn new(
        people: Arc<People>,
        gate: Gate,
        clock: Arc<dyn Clock>,
        store: Store,
        figures: Arc<Figures>,
    ) -> Self {
        let words = "the token is not known, or is no longer good";
        let refusals = Arc::new(Refusals::new(gate.clone(), clock.clone(), words));
        let sessions = Arc::new(Sessions::new(clock.clone(), store));
        Self { people, gate, clock, sessions, attempts: Attempts::default(), refusals, figures }
    }

    /// Takes up who was signed in before a restart.
    pub(crate) async fn resume(&self) {
        match self.sessions.resume(&self.people).await {
            Ok(count) => tracing::info!(count, "sessions go on"),
            Err(error) => tracing::error!(%error, "sessions of before cannot be read: people sign in again"),
        }
    }

    /// How many are signed in.
    pub(crate) fn signed_in(&self) -> usize {
        self.sessions.count()
    }

    /// Lets a request pass, or says why not.
    pub(crate) fn admit(&self, request: &Request, id: RequestId) -> Result<Pass, Refused> {
        let path = request.uri().path();
        if path == SIGN_IN || path == SIGN_OUT {
            return Ok(Pass::SignIn);
        }
        if let Some(value) = request.headers().get(header::AUTHORIZATION) {
            let shown = value.as_bytes();
            let token = shown.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case(b"bearer ")).and(shown.get(7..));
            let known = self.try_token(token.unwrap_or_default(), from(request), id)?;
            return Ok(Pass::Known(caller(known, id, Door::Api)));
        }
        if let Some(session) = self.sessions.of(request.headers()) {
            names_its_origin(request)?;
            return Ok(Pass::Known(caller(session, id, Door::Console)));
        }
        Err(Refused::new(Code::TokenMissing, "sign in, or send a token as `Authorization: Bearer`"))
    }

    /// Where somebody who is not signed in is sent when they ask for a page.
    pub(crate) fn to_sign_in(request: &Request) -> Response {
        let wanted = request.uri().path_and_query().map(|wanted| wanted.as_str()).unwrap_or_default();
        let next = if page::is_place(wanted) && wanted != "/" {
            format!("?next={}", page::escape(wanted))
        } else {
            String::new()
        };
        see(&format!("{SIGN_IN}{next}"))
    }

    /// Answers the sign-in page, what it sends, and signing out.
    pub(crate) async fn sign_in(&self, request: Request, id: RequestId) -> Response {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        match (&method, path.as_str()) {
            (&Method::GET | &Method::HEAD, SIGN_IN) => {
                page::form(StatusCode::OK, &page::next_of(request.uri().query().unwrap_or_default()), "")
            }
            (&Method::POST, SIGN_IN) => self.take_token(request, id).await,
            (&Method::POST, SIGN_OUT) => {
                if let Err(refused) = names_its_origin(&request) {
                    return refused.page(id);
                }
                let ended = self.sessions.end(request.headers()).await;
                let mut response = match ended {
                    Ok(()) => see(SIGN_IN),
                    Err(error) => Refused::of(&error).page(id),
                };
                let (name, value) = sessions::NO_COOKIE;
                response.headers_mut().insert(name, value);
                response
            }
            _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        }
    }

    async fn take_token(&self, request: Request, id: RequestId) -> Response {
        if let Err(refused) = names_its_origin(&request) {
            return refused.page(id);
        }
        let from = from(&request);
        let Ok(body) = to_bytes(request.into_body(), MOST_FORM).await else {
            return Refused::new(Code::TooLarge, "that is no token").page(id);
        };
        let (token, next) = page::taken(&body);
        let known = match self.try_token(token.trim().as_bytes(), from, id) {
            Ok(known) => known,
            Err(refused) => return page::form(refused.status(), &next, refused.message()),
        };
        let principal = known.principal.asking(id, Door::Console);
        let opened = let_in(&self.gate, &principal, SessionKey::Token, || self.sessions.open(known)).await;
        if let Ok(session) = &opened {
            self.figures.signed_in();
            if let Err(error) = self.sessions.keep(session).await {
                tracing::warn!(%error, "a session will not outlive a restart");
            }
        }
        let wrong = || page::form(StatusCode::UNAUTHORIZED, &next, WRONG);
        cookies::answer(opened.map(|session| sessions::cookie(&session)), || see(&next), wrong, id)
    }

    fn try_token(&self, token: &[u8], from: IpAddr, id: RequestId) -> Result<Known, Refused> {
        let now = self.clock.now_ms();
        if let Some(wait) = self.attempts.waits(from, now) {
            let seconds = wait.div_ceil(1000);
            let words = format!("too many wrong tokens came from your address: try again in {seconds} s");
            return Err(Refused::new(Code::LimitReached, words));
        }
        let now_ms = i64::try_from(now).unwrap_or(i64::MAX);
        self.people.find(token, now_ms).ok_or_else(|| {
            self.attempts.failed(from, now);
            self.figures.turned_away();
            self.refusals.turn_away(SessionKey::Token, id);
            Refused::new(Code::TokenInvalid, WRONG)
        })
    }
}

fn caller(known: Known, request: RequestId, door: Door) -> Caller {
    Caller { principal: known.principal.asking(request, door), request, end: known.end }
}

/// Where a request comes from. One that came by no connection has no address of its own: they all share one.
fn from(request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(Peer(peer))| peer.ip())
}

/// 303: whatever was asked, the next is a GET.
fn see(place: &str) -> Response {
    let place = HeaderValue::from_str(place).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

const SIGN_IN: &str = "/sign-in";
const SIGN_OUT: &str = "/sign-out";
const WRONG: &str = "this token is not known, or is no longer good";
const MOST_FORM: usize = 8 * 1024;

#[cfg(test)]
mod tests;
