//! What becomes of header fields on their way, in both directions: the tables of this door.

mod cookies;
mod location;
mod to_app;
mod to_browser;

pub(crate) use cookies::find as find_cookie;
pub(crate) use to_app::{target, to_app};
pub(crate) use to_browser::{Ending, to_browser};

use head::Head;
use std::net::IpAddr;

/// How an app is seen from outside.
#[derive(Clone, Debug)]
pub(crate) struct Face {
    /// As browsers say it, with its port.
    pub(crate) host: String,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// The port in the workspace.
    pub(crate) port: u16,
    /// What listens there speaks TLS.
    pub(crate) secure: bool,
    /// The one origin that may show the app in a frame.
    pub(crate) framed_by: Option<String>,
}

impl Face {
    /// The origin of the app.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }
}

/// Whether a field belongs to this connection alone (RFC 9110, 7.6.1).
fn is_of_hop(head: &Head, name: &[u8]) -> bool {
    const HOP: &[&str] = &[
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-authentication-info",
        "te",
        "transfer-encoding",
        "upgrade",
        "http2-settings",
    ];
    HOP.iter().any(|hop| name.eq_ignore_ascii_case(hop.as_bytes()))
        || head.all("connection").flat_map(head::words).any(|word| word.eq_ignore_ascii_case(name))
}

fn field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// An address as `Forwarded` has it (RFC 7239).
fn forwarded(peer: IpAddr) -> String {
    match peer {
        IpAddr::V4(four) => four.to_string(),
        IpAddr::V6(six) => format!("\"[{six}]\""),
    }
}

#[cfg(test)]
mod tests;
