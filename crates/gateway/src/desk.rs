//! How the one person of a desk console comes in: the run token, a session cookie, or a one-time URL that becomes one.

use crate::auth::{Doorkeeper, TOKEN_HEADER};
use crate::caller::Caller;
use crate::cookies;
use crate::error::Refused;
use crate::guard::{Pass, names_its_origin};
use crate::login::Logins;
use axum::extract::Request;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use base::{Code, RequestId};
use policy::action::SessionKey;
use policy::{Door, Principal};
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The keys of a desk.
pub(crate) struct DeskKeys {
    pub(crate) door: Arc<Doorkeeper>,
    pub(crate) logins: Arc<Logins>,
    /// Whoever sits at this desk.
    pub(crate) person: watch::Receiver<Principal>,
}

impl DeskKeys {
    /// Lets a request pass, or says why not.
    pub(crate) fn admit(&self, request: &Request, id: RequestId) -> Result<Pass, Refused> {
        let headers = request.headers();
        if let Some(code) = one_time_code(request) {
            return Ok(Pass::Code(code));
        }
        if let Some(token) = headers.get(TOKEN_HEADER) {
            if self.door.knows_token(token.as_bytes()) {
                return Ok(Pass::Known(self.caller(id)));
            }
            self.logins.turn_away(SessionKey::Token, id);
            return Err(Refused::new(
                Code::TokenInvalid,
                "the run token is not this server's: it is new at every start",
            ));
        }
        if self.door.knows_cookie(headers) {
            names_its_origin(request)?;
            return Ok(Pass::Known(self.caller(id)));
        }
        Err(Refused::new(Code::TokenMissing, "open the console by its one-time URL: `qd url` prints a new one"))
    }

    /// Answers the one-time URL: sets the cookie and goes on to `/`, or to the tap that the URL names. By a page and not by a redirect, because a
    /// `SameSite=Strict` cookie is not sent along a redirect that another site started.
    pub(crate) async fn exchange(&self, code: &str, tap: Option<String>, id: RequestId) -> Response {
        let principal = self.person.borrow().asking(id, Door::Console);
        let opened = self.logins.open(&principal, id, code).await.map(|session| self.door.set_cookie(&session));
        let page = || axum::response::Html(welcome(tap.as_deref())).into_response();
        let words = "this one-time URL was used or is too old: `qd url` prints a new one";
        cookies::answer(opened, page, || Refused::new(Code::TokenInvalid, words).page(id), id)
    }

    fn caller(&self, request: RequestId) -> Caller {
        let principal = self.person.borrow().asking(request, Door::Console);
        Caller { principal, request, end: CancellationToken::new() }
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

/// The tap of `GET /?code=…&tap=ID`: 32 hexadecimal digits and nothing else, for it goes into a page.
pub(crate) fn tap(request: &Request) -> Option<String> {
    let mut pairs = request.uri().query()?.split('&').filter_map(|pair| pair.split_once('='));
    let (_, id) = pairs.find(|(name, _)| *name == "tap")?;
    (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| id.to_owned())
}

/// The page that goes on.
fn welcome(tap: Option<&str>) -> String {
    let to = tap.map_or_else(|| "/".to_owned(), |tap| format!("/?view=traffic&amp;tap={tap}"));
    WELCOME.replace("TO", &to)
}

const WELCOME: &str = "<!doctype html><html lang=en><meta charset=utf-8><meta name=color-scheme content='light dark'>\
<meta http-equiv=refresh content='0;url=TO'><title>Quarterdeck</title><p><a href='TO'>Open the console</a></p></html>";
