//! An answer, as the browser gets it.

use super::{Face, Hop, below, cookies, field, location};
use crate::body::Body;
use head::Head;

/// What becomes of the connection behind an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// More requests may follow.
    Stays,
    /// So they may, and an old client is told.
    StaysOld,
    /// It ends.
    Ends,
    /// It becomes another protocol, or another answer follows at once.
    Goes,
}

/// Writes the head.
pub(crate) fn to_browser(head: &Head, face: &Face, body: &Body, ending: Ending, out: &mut Vec<u8>) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(head.digits());
    out.push(b' ');
    out.extend_from_slice(head.target());
    out.extend_from_slice(b"\r\n");
    let mut policy = false;
    let hop = Hop::of(head);
    for (name, value) in head.fields() {
        if hop.has(name) || face.base.is_some() && below::never(name) {
            continue;
        }
        match What::of(name) {
            What::Same => field(out, name, value),
            What::Never => {}
            What::Url => field(out, name, &location::mapped(value, face).unwrap_or_else(|| value.to_vec())),
            What::Refresh => field(out, name, &location::refresh(value, face).unwrap_or_else(|| value.to_vec())),
            What::Cookie => {
                let cookie = match &face.base {
                    Some(base) => cookies::lowered(value, base, face.framed_by.is_some()),
                    None => cookies::narrowed(value, &face.host),
                };
                if let Some(cookie) = cookie {
                    field(out, name, &cookie);
                }
            }
            What::Frames if face.framed_by.is_some() => {}
            What::Frames => field(out, name, value),
            What::Policy => match &face.framed_by {
                Some(by) => {
                    policy = true;
                    field(out, name, &framed(value, by));
                }
                None => field(out, name, value),
            },
        }
    }
    if let Some(by) = face.framed_by.as_ref().filter(|_| !policy && head.status >= 200) {
        field(out, b"Content-Security-Policy", format!("frame-ancestors 'self' {by}").as_bytes());
    }
    if face.base.is_some() && head.status >= 200 {
        below::seals(out);
    }
    if matches!(body, Body::Chunks(_)) {
        field(out, b"Transfer-Encoding", b"chunked");
    }
    match ending {
        Ending::Stays => {}
        Ending::StaysOld => field(out, b"Connection", b"keep-alive"),
        Ending::Ends => field(out, b"Connection", b"close"),
        Ending::Goes if head.status == 101 => {
            field(out, b"Connection", b"Upgrade");
            if let Some(protocol) = head.all("upgrade").next() {
                field(out, b"Upgrade", protocol);
            }
        }
        Ending::Goes => {}
    }
    out.extend_from_slice(b"\r\n");
}

/// What is done with a field.
enum What {
    Same,
    Never,
    Url,
    Refresh,
    Cookie,
    /// Who may show it in a frame, in the old way.
    Frames,
    /// The same among other things.
    Policy,
}

impl What {
    fn of(name: &[u8]) -> Self {
        let is = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
        if is(&["location", "content-location"]) {
            Self::Url
        } else if is(&["refresh"]) {
            Self::Refresh
        } else if is(&["set-cookie"]) {
            Self::Cookie
        } else if is(&["x-frame-options"]) {
            Self::Frames
        } else if is(&["content-security-policy"]) {
            Self::Policy
        } else if is(WIDE) {
            Self::Never
        } else {
            Self::Same
        }
    }
}

/// The policy with one more that may show it in a frame.
fn framed(value: &[u8], by: &str) -> Vec<u8> {
    let mut named = false;
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for part in value.split(|byte| *byte == b';') {
        let start = part.trim_ascii();
        let is = start.get(..15).is_some_and(|name| name.eq_ignore_ascii_case(b"frame-ancestors"))
            && start.get(15).is_none_or(u8::is_ascii_whitespace);
        if is {
            named = true;
            let sources = start.get(15..).unwrap_or_default().trim_ascii();
            let none = sources.is_empty() || sources.eq_ignore_ascii_case(b"'none'");
            let sources = if none { &b""[..] } else { sources };
            parts.push([&b" frame-ancestors "[..], sources, b" ", by.as_bytes()].concat());
        } else if !start.is_empty() {
            parts.push(part.to_vec());
        }
    }
    if !named {
        parts.push(format!(" frame-ancestors 'self' {by}").into_bytes());
    }
    parts.join(b";".as_slice()).trim_ascii().to_vec()
}

/// Fields that would speak for more hosts than the app's own, or send its users elsewhere.
const WIDE: &[&str] = &["clear-site-data", "strict-transport-security", "public-key-pins", "alt-svc", "alt-used"];
