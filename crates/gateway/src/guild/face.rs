//! What these paths have of their own around every request: the client's id of it, one other origin, the form of errors.

use super::wrong::{Told, Wrong};
use super::{Guild, takes};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base::RequestId;
use std::sync::Arc;

/// Put into a request whose `Origin` is the configured one: the guard lets it pass as it does our own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trusted;

/// The id that a client gave its request.
#[derive(Clone, Debug)]
pub(super) struct Given(pub(super) String);

/// The middleware, outside of the guard.
pub(crate) async fn face(State(guild): State<Arc<Guild>>, mut request: Request, next: Next) -> Response {
    if !takes(request.uri().path()) {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let trusted =
        origin.filter(|origin| guild.origin.as_deref().is_some_and(|own| own.as_bytes() == origin.as_bytes()));
    let given = given(request.headers());
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        if trusted.is_some() {
            request.extensions_mut().insert(Trusted);
        }
        if let Some(given) = given.clone() {
            request.extensions_mut().insert(given);
        }
        next.run(request).await
    };
    let own = response.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let own = own.unwrap_or_else(|| RequestId::new().to_string());
    if let Some(Given(given)) = &given {
        tracing::info!(request_id = own, given, "a request that its client names");
    }
    let id = given.map_or(own, |given| given.0);
    let told = response.extensions_mut().remove::<Told>().map(Wrong::from);
    if let Some(wrong) = told.or_else(|| unrouted(response.status())) {
        response = formed(&response, wrong, &id);
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    if guild.origin.is_some() {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = trusted {
        let words = [
            (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE, OPTIONS"),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "Authorization, Content-Type, Last-Event-ID, X-Request-Id, X-Quarterdeck-Token",
            ),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, "X-Request-Id"),
        ];
        headers.extend(words.map(|(name, words)| (name, HeaderValue::from_static(words))));
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

/// What is said where no handler was asked.
fn unrouted(status: StatusCode) -> Option<Wrong> {
    match status {
        StatusCode::NOT_FOUND => Some(Wrong::new(status, "not_found", "there is nothing here")),
        StatusCode::METHOD_NOT_ALLOWED => {
            Some(Wrong::new(status, "method_not_allowed", "this path is not asked in this way"))
        }
        _ => None,
    }
}

/// The same answer with the body of these paths.
fn formed(before: &Response, wrong: Wrong, id: &str) -> Response {
    let mut response = (before.status(), Json(wrong.body(id))).into_response();
    for (name, value) in before.headers() {
        if name != header::CONTENT_LENGTH && name != header::CONTENT_TYPE {
            response.headers_mut().insert(name.clone(), value.clone());
        }
    }
    response
}

/// The id of a request, where its client gave one that can stand in a log.
fn given(headers: &HeaderMap) -> Option<Given> {
    let mut all = headers.get_all(REQUEST_ID).iter();
    let (one, none) = (all.next()?, all.next());
    let text = one.to_str().ok().filter(|_| none.is_none())?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    ((1..=MOST_ID).contains(&text.len()) && text.bytes().all(plain)).then(|| Given(text.to_owned()))
}

const REQUEST_ID: &str = "x-request-id";
const MOST_ID: usize = 64;
