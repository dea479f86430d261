//! What becomes of header fields on their way, in both directions: the tables of this door.

mod below;
mod cookies;
mod location;
mod to_app;
mod to_browser;

pub(crate) use below::told as told_below;
pub(crate) use cookies::find as find_cookie;
pub(crate) use to_app::{target, to_app};
pub(crate) use to_browser::{Ending, to_browser};

use head::Head;
use ipnet::IpNet;
use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

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
    /// Who comes, as the app is told; nothing where it is told nothing.
    pub(crate) user: Option<Arc<str>>,
    /// The path below which it is, where it has no host of its own.
    pub(crate) base: Option<String>,
    /// Proxies before this door whose word counts.
    pub(crate) trusted: Arc<[IpNet]>,
}

impl Face {
    /// The same app at the port that it is known to have now, told who comes.
    pub(crate) fn at(&self, port: u16, secure: bool, user: Option<Arc<str>>) -> Cow<'_, Self> {
        if (port, secure) == (self.port, self.secure) && user.is_none() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self { port, secure, user, ..self.clone() })
    }

    /// Whether what this one says of who comes counts.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted.iter().any(|net| net.contains(&peer))
    }

    /// The origin of the app.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }
}

/// The fields that belong to this connection alone (RFC 9110, 7.6.1).
struct Hop<'a> {
    head: &'a Head,
    /// The head names more of them.
    names: bool,
}

impl<'a> Hop<'a> {
    fn of(head: &'a Head) -> Self {
        Self { head, names: head.all("connection").next().is_some() }
    }

    fn has(&self, name: &[u8]) -> bool {
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
            || self.names
                && self.head.all("connection").flat_map(head::words).any(|word| word.eq_ignore_ascii_case(name))
    }
}

pub(crate) fn field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
