//! Apps served on the console's own origin, below `/proxy/~{key}/`: for places that have no names for apps
//! (`proxy.path_mode = "same-origin"`).
//!
//! Their pages have an origin of their own all the same: `Content-Security-Policy: sandbox` without `allow-same-origin`. What such a
//! page asks for comes from the origin `null` and without the console's cookie, so the key in the path is what lets it in: to this
//! one app, as long as the login lasts. Invariants: nothing that an app says holds for a path outside of its own, no script of an app
//! becomes a service worker, and no token or cookie of the console reaches an app.

use crate::answer::{Answer, written};
use crate::body::Body;
use crate::connection::{malformed, passed, refuse, write};
use crate::exchange::Client;
use crate::fields::field;
use crate::login::Login;
use crate::own::Asked;
use crate::proxy::Proxy;
use crate::way::Stream;
use base::Code;
use bytes::BytesMut;
use head::{Bad, Head};
use std::sync::Arc;

/// What all such paths begin with; the key follows.
pub(crate) const ROOT: &str = "/proxy/~";

/// A target, taken apart.
struct Below<'a> {
    key: &'a str,
    /// What stands before the app's own paths.
    base: &'a str,
    /// As the app has it.
    own: Vec<u8>,
}

fn below(target: &[u8]) -> Option<Below<'_>> {
    let rest = target.strip_prefix(ROOT.as_bytes())?;
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    let key = std::str::from_utf8(rest.get(..end)?).ok()?;
    let base = std::str::from_utf8(target.get(..ROOT.len() + end)?).ok()?;
    let own = rest.get(end..)?;
    let own = if own.starts_with(b"/") { own.to_vec() } else { [b"/", own].concat() };
    Some(Below { key, base, own })
}

/// Whether a request is for an app in place.
pub(crate) fn takes(door: &Proxy, head: &Head) -> bool {
    door.0.config.in_place && head.target().starts_with(ROOT.as_bytes())
}

/// One request; whether another may follow.
pub(crate) async fn request(
    door: &Proxy,
    client: &mut Client<Box<dyn Stream>>,
    head: &Head,
    host: &str,
    body: Body,
    last: bool,
) -> bool {
    let Some(Below { key, base, own }) = below(head.target()) else {
        return refuse(client, head, &malformed(Bad::Start)).await;
    };
    let login = match admitted(door, head, key, host) {
        Ok(login) => login,
        Err(answer) => return refuse(client, head, &answer.in_place()).await,
    };
    if let Some(more) = preflight(head).filter(|_| body.is_over()) {
        return write(client, &written(204, "", &more, "", false, last)).await && !last;
    }
    match inner(head, &own, &login) {
        Ok(inner) => {
            let target = inner.target();
            let asked = Asked { head: &inner, target, host, base: Some(base), bare: body.is_over(), last };
            passed(door, client, &login, asked, body).await
        }
        Err(bad) => refuse(client, head, &malformed(bad)).await,
    }
}

/// Whoever has the key, from a page of the app or from no page.
fn admitted(door: &Proxy, head: &Head, key: &str, host: &str) -> Result<Arc<Login>, Answer> {
    let host = host.to_ascii_lowercase();
    let Some(login) = door.0.logins.find(key.as_bytes(), &host) else {
        let how = "this address is not good any more: open the app again, at its workspace";
        return Err(Answer::new(Code::TokenMissing, how));
    };
    if head.all("service-worker").next().is_some() {
        let words = "an app that is served in place has no service workers";
        return Err(Answer::new(Code::OriginNotAllowed, words));
    }
    let own = |origin: &[u8]| origin == b"null" || origin.eq_ignore_ascii_case(login.face.origin().as_bytes());
    match head.one("origin") {
        Ok(origin) if origin.is_none_or(own) => Ok(login),
        Ok(_) => Err(Answer::new(Code::OriginNotAllowed, "requests from other sites are not passed on to this app")),
        Err(bad) => Err(malformed(bad)),
    }
}

/// What a browser is told that asks whether a page of the app may ask. The app knows nothing of being another origin.
fn preflight(head: &Head) -> Option<String> {
    let asks = head.method() == b"OPTIONS" && matches!(head.one("origin"), Ok(Some(b"null")));
    let method = head.one("access-control-request-method").ok().flatten().filter(|_| asks)?;
    let fields = head.one("access-control-request-headers").ok().flatten().unwrap_or_default();
    let (method, fields) = (String::from_utf8_lossy(method), String::from_utf8_lossy(fields));
    let fields = if fields.is_empty() { String::new() } else { format!("Access-Control-Allow-Headers: {fields}\r\n") };
    Some(format!("{SHARES}Access-Control-Allow-Methods: {method}\r\n{fields}"))
}

/// The request as one for the app's own paths, from the app's own origin, with nothing of the console's.
fn inner(head: &Head, own: &[u8], login: &Login) -> Result<Head, Bad> {
    let mut text = Vec::with_capacity(1024);
    text.extend_from_slice(head.method());
    text.push(b' ');
    text.extend_from_slice(own);
    text.extend_from_slice(if head.old { b" HTTP/1.0\r\n" } else { b" HTTP/1.1\r\n" });
    for (name, value) in head.fields() {
        let is = |field: &str| name.eq_ignore_ascii_case(field.as_bytes());
        // programs show the console's token there, and follow a redirect with it
        let bearer = || value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "));
        if is("referer") || is("authorization") && bearer() {
            continue;
        }
        if is("origin") {
            field(&mut text, name, login.face.origin().as_bytes());
        } else {
            field(&mut text, name, value);
        }
    }
    text.extend_from_slice(b"\r\n");
    Head::request(&mut BytesMut::from(text.as_slice()))?.ok_or(Bad::Start)
}

/// Pages of the app may read its answers. Other pages of no origin do not know the key.
pub(crate) const SHARES: &str = "Access-Control-Allow-Origin: null\r\nAccess-Control-Allow-Credentials: true\r\n";
