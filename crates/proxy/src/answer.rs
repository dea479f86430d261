//! What this door says itself: a page for people, the error body for programs. Nothing in it comes from elsewhere.

use api::ErrorBody;
use base::{Code, RequestId};
use serde_json::Value;
use std::fmt::Write as _;

/// An answer of our own.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) details: Option<Value>,
    /// Seconds after which to come again.
    pub(crate) again: Option<u32>,
    /// A button: where it posts to, and what it says.
    pub(crate) button: Option<(&'static str, &'static str)>,
    /// The page looks for news of the workspace.
    pub(crate) live: bool,
    /// The app is served in place: nothing of this door's own is there.
    pub(crate) below: bool,
}

impl Answer {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        let (status, message) = (code.http_status(), message.into());
        Self { status, code, message, details: None, again: None, button: None, live: false, below: false }
    }

    /// The same where the app is served in place: a page that is to come again does so by itself.
    pub(crate) fn in_place(self) -> Self {
        Self { button: None, live: false, below: true, ..self }
    }

    /// The whole answer. Whoever wants a page gets one.
    pub(crate) fn bytes(&self, page: bool, head: bool, closes: bool) -> Vec<u8> {
        let id = RequestId::new();
        let (kind, body) =
            if page { ("text/html; charset=utf-8", self.page(id)) } else { ("application/json", self.body(id)) };
        let mut more = String::new();
        if let Some(seconds) = self.again {
            let _ = write!(more, "Retry-After: {seconds}\r\n");
            if self.below && page {
                let _ = write!(more, "Refresh: {seconds}\r\n");
            }
        }
        if self.below {
            more.push_str(crate::in_place::SHARES);
        }
        let _ = write!(more, "X-Request-Id: {id}\r\n");
        written(self.status, kind, &more, &body, head, closes)
    }

    /// The error body for programs.
    pub(crate) fn body(&self, id: RequestId) -> String {
        let (message, details) = (self.message.clone(), self.details.clone());
        let body = ErrorBody { code: self.code, message, details, request_id: id };
        serde_json::to_string(&body).unwrap_or_default()
    }

    fn page(&self, id: RequestId) -> String {
        let message = escaped(&self.message);
        let button = self.button.map_or_else(String::new, |(to, says)| {
            format!("<form method=post action='{to}'><button autofocus>{says}</button></form>")
        });
        let live = if self.live {
            "<p id=stage role=status></p><progress id=progress max=100></progress><script src='/.quarterdeck/wait.js'></script>"
        } else {
            ""
        };
        format!(
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
             <meta name=color-scheme content='light dark'><title>Quarterdeck</title><h1>Quarterdeck</h1>\
             <p>{message}</p>{live}{button}<p><code>{}</code> · request {id}</p></html>",
            self.code
        )
    }
}

/// An answer with everything that this door's own answers have.
pub(crate) fn written(status: u16, kind: &str, more: &str, body: &str, head: bool, closes: bool) -> Vec<u8> {
    let connection = if closes { "Connection: close\r\n" } else { "" };
    let length =
        if status == 304 || status == 204 { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let kind = if body.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
    let mut out =
        format!("HTTP/1.1 {status} {}\r\n{kind}{length}{more}{connection}{SEALS}\r\n", reason(status)).into_bytes();
    if !head {
        out.extend_from_slice(body.as_bytes());
    }
    out
}

pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        303 => "See Other",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        421 => "Misdirected Request",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Error",
    }
}

/// On all of them.
pub(crate) const SEALS: &str = "Cache-Control: no-store\r\n\
X-Content-Type-Options: nosniff\r\n\
Referrer-Policy: no-referrer\r\n\
Content-Security-Policy: default-src 'none'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'\r\n";
