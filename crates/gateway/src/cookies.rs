//! Cookies of requests, and how a session's is set: the same for a desk and a team.

use crate::error::Refused;
use crate::login::NotIn;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use base::{Code, RequestId};

/// The values of our cookie in a request.
pub(crate) fn named<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(move |(own, _)| *own == name).map(|(_, value)| value)
}

/// Answers somebody who wants to come in: with the page and their session's cookie, or why there is none. `wrong` answers a key that is
/// no good.
pub(crate) fn answer(
    opened: Result<String, NotIn>,
    page: impl FnOnce() -> Response,
    wrong: impl FnOnce() -> Response,
    id: RequestId,
) -> Response {
    let cookie = match opened {
        Ok(cookie) => cookie,
        Err(NotIn::Wrong) => return wrong(),
        Err(NotIn::Refused(error)) => return Refused::of(&*error).page(id),
        Err(NotIn::NoRandom(error)) => {
            tracing::error!(%error, "no random bytes");
            return Refused::new(Code::Internal, "no random bytes from the system").page(id);
        }
    };
    match HeaderValue::from_str(&cookie) {
        Ok(cookie) => {
            let mut response = page();
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            response
        }
        Err(_) => Refused::new(Code::Internal, "the cookie could not be written").page(id),
    }
}
