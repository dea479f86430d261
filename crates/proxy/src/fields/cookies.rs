//! Cookies: ours never reach an app, an app never sets one of ours, and none leaves the host of its app.

use super::below;

/// The value of a cookie in a `Cookie` field.
pub(crate) fn find<'a>(value: &'a [u8], name: &str) -> Option<&'a [u8]> {
    pairs(value).find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

/// A `Cookie` field without ours; `None` when nothing is left.
pub(super) fn without_ours(value: &[u8]) -> Option<Vec<u8>> {
    if !pairs(value).any(is_ours) {
        return Some(value.to_vec());
    }
    let rest: Vec<&[u8]> = pairs(value).filter(|pair| !is_ours(pair)).collect();
    (!rest.is_empty()).then(|| rest.join(b"; ".as_slice()))
}

/// A `Set-Cookie` field as the browser may have it; `None` when it is for a cookie of ours.
pub(super) fn narrowed(value: &[u8], host: &str) -> Option<Vec<u8>> {
    let mut parts = value.split(|byte| *byte == b';');
    let pair = parts.next().unwrap_or_default();
    if is_ours(pair.trim_ascii()) {
        return None;
    }
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let mut out = pair.to_vec();
    for part in parts {
        if domain(part).is_some_and(|domain| covers(domain, host)) {
            continue;
        }
        out.push(b';');
        out.extend_from_slice(part);
    }
    Some(out)
}

/// The same where the app is below a path: there alone it is for, of whatever host the app says it is.
pub(super) fn lowered(value: &[u8], base: &str, framed: bool) -> Option<Vec<u8>> {
    let mut parts = value.split(|byte| *byte == b';');
    let pair = parts.next().unwrap_or_default();
    if is_ours(pair.trim_ascii()) {
        return None;
    }
    let mut out = pair.to_vec();
    for part in parts {
        let end = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
        let (name, said) = part.split_at_checked(end)?;
        let (name, said) = (name.trim_ascii(), said.get(1..).unwrap_or_default().trim_ascii());
        let is = |attribute: &str| name.eq_ignore_ascii_case(attribute.as_bytes());
        if is("domain") || is("secure") || framed && (is("samesite") || is("partitioned")) {
            continue;
        }
        if !is("path") {
            out.push(b';');
            out.extend_from_slice(part);
        } else if said.starts_with(b"/") {
            // what is no path means that of the request, which is below the base
            out.extend_from_slice(b"; Path=");
            out.extend_from_slice(&below::path(said, base));
        }
    }
    out.extend_from_slice(if framed { b"; Secure; SameSite=None; Partitioned" } else { b"; Secure" });
    Some(out)
}

fn pairs(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty())
}

fn is_ours(pair: &[u8]) -> bool {
    OURS.iter().any(|ours| pair.get(..ours.len()).is_some_and(|start| start.eq_ignore_ascii_case(ours.as_bytes())))
}

fn domain(part: &[u8]) -> Option<&[u8]> {
    let (name, value) = part.split_at_checked(part.iter().position(|byte| *byte == b'=')?)?;
    name.trim_ascii().eq_ignore_ascii_case(b"domain").then(|| value.get(1..).unwrap_or_default().trim_ascii())
}

/// Whether browsers would give the cookie to this host, or to others beside it.
fn covers(domain: &[u8], host: &str) -> bool {
    let domain = domain.strip_prefix(b".").unwrap_or(domain).to_ascii_lowercase();
    let host = host.as_bytes();
    domain.is_empty() || host == domain || host.strip_suffix(domain.as_slice()).is_some_and(|rest| rest.ends_with(b"."))
}

/// How the names of our cookies begin.
const OURS: &[&str] = &["qdapp", "__Host-qd", "__Secure-qdapp", "qd_session"];
