//! The sign-in page: one field, no script, and the place to which it leads back.

use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};

/// The page. `problem` says why it is shown again.
pub(super) fn form(status: StatusCode, next: &str, problem: &str) -> Response {
    let told = if problem.is_empty() {
        String::new()
    } else {
        format!("<p role=alert><strong>{}</strong></p>", text(problem))
    };
    let page = PAGE.replace("{next}", &text(next)).replace("{problem}", &told);
    let mut response = (status, Html(page)).into_response();
    // The form may be sent here and nowhere else; and it must say where it comes from, which it does not under `no-referrer`.
    for (name, value) in [
        ("content-security-policy", "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
        ("referrer-policy", "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Token and place of a form that was sent.
pub(super) fn taken(body: &[u8]) -> (String, String) {
    let body = String::from_utf8_lossy(body);
    (value(&body, "token").unwrap_or_default(), next_of(&body))
}

/// The place that is wanted; `/` where it is none of ours.
pub(super) fn next_of(query: &str) -> String {
    value(query, "next").filter(|next| is_place(next)).unwrap_or_else(|| "/".to_owned())
}

/// A path of this server, and no other one's: it begins with one `/`, and has nothing that a browser reads as a host.
pub(super) fn is_place(place: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'`');
    place.len() <= 2000 && place.starts_with('/') && !place.starts_with("//") && place.bytes().all(fits)
}

/// So that it stands in a query.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// One value of a form or query (`application/x-www-form-urlencoded`).
fn value(pairs: &str, name: &str) -> Option<String> {
    let (_, raw) = pairs.split('&').filter_map(|pair| pair.split_once('=')).find(|(own, _)| *own == name)?;
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

/// So that it is text in a page.
fn text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

const PAGE: &str = "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
<meta name=color-scheme content='light dark'><title>Sign in – Quarterdeck</title><h1>Quarterdeck</h1>{problem}\
<form method=post action=/sign-in><input type=hidden name=next value=\"{next}\">\
<p><label>Your token<br><input type=password name=token autocomplete=current-password autofocus required size=72></label></p>\
<p><button>Sign in</button></p></form><p>Whoever runs this server gives you a token.</p></html>";

#[cfg(test)]
mod tests {
    use super::{escape, is_place, next_of, taken};

    #[test]
    fn the_way_back_leads_nowhere_else() {
        for ours in ["/", "/?view=pods&ns=a", "/x/y?z=%2F#a"] {
            assert!(is_place(ours), "{ours}");
            assert_eq!(next_of(&format!("next={}", escape(ours))), ours);
        }
        for other in ["", "//evil.test", "/\\evil.test", "https://evil.test", "x", "/a\"b", "/a b", "/<x>"] {
            assert!(!is_place(other), "{other}");
            assert_eq!(next_of(&format!("next={}", escape(other))), "/", "{other}");
        }
    }

    #[test]
    fn a_form_is_taken_apart() {
        assert_eq!(taken(b"next=%2Fa&token=qdt_1"), ("qdt_1".to_owned(), "/a".to_owned()));
        assert_eq!(taken(b"token=%zz"), (String::new(), "/".to_owned()));
        assert_eq!(taken(b"\xff=&token"), (String::new(), "/".to_owned()));
    }
}
