//! What an address under `/proxy` means. Pure.

use super::super::wrong::Wrong;
use api::workspace::Workspace;
use axum::http::StatusCode;
use std::net::IpAddr;

/// Where somebody wants to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) whom: Whom,
    /// From `/` on, with its query.
    pub(super) path: String,
}

/// To whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    /// A workspace by its id.
    Server(String),
    /// A port of something that has this name or address.
    Port(String, u16),
}

/// Reads `/proxy?to=…`, `/proxy/server/{id}/{rest}` and `/proxy/{to}/{rest}`, as they stand in a request.
pub(super) fn read(path: &str, query: &str) -> Result<Address, Wrong> {
    let rest = path.strip_prefix("/proxy").unwrap_or_default().trim_start_matches('/');
    let (first, more) = parted(rest);
    match first {
        "" => by_query(query),
        "server" => {
            let (id, more) = parted(more);
            let id = decoded(id).filter(|id| !id.is_empty()).ok_or_else(|| missing("say which: /proxy/server/ID/"))?;
            Ok(Address { whom: Whom::Server(id), path: joined(more, query) })
        }
        to => Ok(Address { whom: target(&decoded(to).unwrap_or_default())?, path: joined(more, query) }),
    }
}

fn by_query(query: &str) -> Result<Address, Wrong> {
    let (mut to, mut path, mut others) = (None, String::new(), Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "to" => to = Some(decoded(&value.replace('+', " ")).unwrap_or_default()),
            "path" => path = decoded(&value.replace('+', " ")).unwrap_or_default(),
            "scheme" if matches!(value, "" | "http" | "https") => {}
            "scheme" => {
                return Err(Wrong::new(StatusCode::BAD_REQUEST, "invalid_target", "scheme is http or https"));
            }
            _ => others.push(pair),
        }
    }
    let to = to.filter(|to| !to.is_empty()).ok_or_else(|| missing("say where to: to=HOST:PORT"))?;
    let separator = if path.contains('?') { "&" } else { "?" };
    let tail = if others.is_empty() { String::new() } else { format!("{separator}{}", others.join("&")) };
    Ok(Address { whom: target(&to)?, path: joined(&format!("{path}{tail}"), "") })
}

/// `host:port`, and nothing that could be understood as anything else.
fn target(text: &str) -> Result<Whom, Wrong> {
    let wrong = || Wrong::new(StatusCode::BAD_REQUEST, "invalid_target", "a target is HOST:PORT");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let digits = !port.starts_with('0') && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse::<u16>().ok().filter(|_| digits).ok_or_else(wrong)?;
    if let Some(v6) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let address = v6.parse::<std::net::Ipv6Addr>().map_err(|_| wrong())?;
        return Ok(Whom::Port(address.to_string(), port));
    }
    let host = host.to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    if host.is_empty() || host.len() > 253 || !host.bytes().all(plain) {
        return Err(wrong());
    }
    Ok(Whom::Port(host, port))
}

/// Whether a host is a workspace: its name, that of its Service, or the address of its pod.
pub(super) fn is_of(host: &str, one: &Workspace) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        let own = one.pod.as_ref().and_then(|pod| pod.ip.parse::<IpAddr>().ok());
        return own == Some(address);
    }
    let (name, namespace) = (&one.row.name, &one.row.namespace);
    let of = |name: &str| {
        let rest = host.strip_prefix(name);
        rest.is_some_and(|rest| {
            rest.is_empty() || rest == format!(".{namespace}") || rest == format!(".{namespace}.svc")
        })
    };
    of(name)
        || (!one.canonical_id.is_empty() && of(&one.canonical_id))
        || (!one.service_dns.is_empty() && host == one.service_dns)
}

/// The first part of a path, and what is behind its slash.
fn parted(path: &str) -> (&str, &str) {
    path.split_once('/').unwrap_or((path, ""))
}

/// A path that begins with one slash, with its query, in characters that a URL has.
fn joined(path: &str, query: &str) -> String {
    let mut out = "/".to_owned();
    for byte in path.trim_start_matches(['/', '\\']).bytes() {
        match byte {
            b'\\' | b'#' | 0..=0x20 | 0x7f..=0xff => out.push_str(&format!("%{byte:02X}")),
            byte => out.push(char::from(byte)),
        }
    }
    if !query.is_empty() {
        out.push('?');
        out.push_str(query);
    }
    out
}

/// Without percent signs; `None` for what is no text then.
fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        out.push(u8::try_from(high << 4 | low).ok()?);
    }
    String::from_utf8(out).ok()
}

fn missing(words: &str) -> Wrong {
    Wrong::new(StatusCode::BAD_REQUEST, "missing_target", words)
}

#[cfg(test)]
mod tests;
