//! A request, as the app gets it.

use super::{Face, Hop, cookies, field};
use crate::body::Body;
use head::{Bad, Head};
use std::io::Write as _;
use std::net::IpAddr;

/// The target in the form in which an app expects it. A whole URL must be of the host that the request is for.
///
/// # Errors
/// For what is no path.
pub(crate) fn target<'a>(head: &'a Head, host: &str) -> Result<&'a [u8], Bad> {
    let target = head.target();
    if target.starts_with(b"/") || (target == b"*" && head.method() == b"OPTIONS") {
        return Ok(target);
    }
    let rest = target.strip_prefix(b"http://").or_else(|| target.strip_prefix(b"https://")).ok_or(Bad::Start)?;
    let (authority, path) = rest.split_at_checked(host.len()).ok_or(Bad::Start)?;
    match (authority.eq_ignore_ascii_case(host.as_bytes()), path.first()) {
        (true, None) => Ok(b"/"),
        (true, Some(b'/')) => Ok(path),
        _ => Err(Bad::Ambiguous),
    }
}

/// Writes the head. `upgrade` is what the connection is to become.
pub(crate) fn to_app(
    head: &Head,
    target: &[u8],
    face: &Face,
    peer: IpAddr,
    body: &Body,
    upgrade: Option<&[u8]>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(head.method());
    out.push(b' ');
    out.extend_from_slice(target);
    out.extend_from_slice(if head.old { b" HTTP/1.0\r\n" } else { b" HTTP/1.1\r\n" });
    field(out, b"Host", face.host.as_bytes());
    let hop = Hop::of(head);
    for (name, value) in head.fields() {
        if name.eq_ignore_ascii_case(b"host") || hop.has(name) || is_platform(name) {
            continue;
        }
        if name.eq_ignore_ascii_case(b"cookie") {
            if let Some(rest) = cookies::without_ours(value) {
                field(out, name, &rest);
            }
            continue;
        }
        field(out, name, value);
    }
    if matches!(body, Body::Chunks(_)) {
        field(out, b"Transfer-Encoding", b"chunked");
    }
    if head.says("te", "trailers") {
        field(out, b"TE", b"trailers");
    }
    forwarded(head, face, peer, out);
    if let Some(user) = &face.user {
        field(out, b"X-Qd-User", user.as_bytes());
    }
    if let Some(protocol) = upgrade {
        field(out, b"Connection", b"Upgrade");
        field(out, b"Upgrade", protocol);
    } else if head.old {
        field(out, b"Connection", b"keep-alive");
    }
    out.extend_from_slice(b"\r\n");
}

/// Who comes, and how: by us alone, behind what a proxy said whose word counts.
fn forwarded(head: &Head, face: &Face, peer: IpAddr, out: &mut Vec<u8>) {
    // whoever is not trusted has said nothing: the fields are not even looked through
    let said = face.trusts(peer).then_some(head);
    let before = |name: &'static str, out: &mut Vec<u8>| {
        for one in said.iter().flat_map(|head| head.all(name)) {
            out.extend_from_slice(one);
            out.extend_from_slice(b", ");
        }
    };
    // one that is said twice is said by nobody
    let one = |name: &'static str| {
        let mut all = said?.all(name);
        all.next().filter(|_| all.next().is_none())
    };
    let (host, scheme) = (&face.host, face.scheme);
    out.extend_from_slice(b"X-Forwarded-For: ");
    before("x-forwarded-for", out);
    // a vector takes all that is written
    let _ = write!(out, "{peer}\r\n");
    let plain = |host: &&[u8]| host.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(byte));
    field(out, b"X-Forwarded-Host", one("x-forwarded-host").filter(plain).unwrap_or(host.as_bytes()));
    let schemes = |scheme: &&[u8]| matches!(*scheme, b"http" | b"https");
    field(out, b"X-Forwarded-Proto", one("x-forwarded-proto").filter(schemes).unwrap_or(scheme.as_bytes()));
    if let Some(prefix) = one("x-forwarded-prefix").filter(|prefix| prefix.starts_with(b"/")) {
        field(out, b"X-Forwarded-Prefix", prefix);
    }
    // addresses of version 6 stand in brackets and quotes (RFC 7239)
    let (open, close) = if peer.is_ipv6() { ("\"[", "]\"") } else { ("", "") };
    out.extend_from_slice(b"Forwarded: ");
    before("forwarded", out);
    let _ = write!(out, "for={open}{peer}{close};host=\"{host}\";proto={scheme}\r\n");
}

/// Whether a field is one that this door alone says, or that speaks of us: what a client says there is dropped. Programs
/// that read fields as variables do not tell `-` from `_`.
fn is_platform(name: &[u8]) -> bool {
    let same = |byte: u8, is: u8| byte.eq_ignore_ascii_case(&is) || (byte == b'_' && is == b'-');
    let starts =
        |start: &str| name.len() >= start.len() && name.iter().zip(start.as_bytes()).all(|(byte, is)| same(*byte, *is));
    PREFIXES.iter().any(|start| starts(start)) || WHOLE.iter().any(|is| name.len() == is.len() && starts(is))
}

const PREFIXES: &[&str] = &["x-forwarded-", "x-qd-", "x-quarterdeck-", "x-guild-"];
const WHOLE: &[&str] = &["forwarded", "x-real-ip", "true-client-ip", "x-client-ip", "x-cluster-client-ip"];
