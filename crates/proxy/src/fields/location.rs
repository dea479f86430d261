//! URLs in answers: those of the app's own loopback address become those by which it is reached; all others stay.

use super::{Face, below};

/// A URL as the browser may have it; `None` when it stays as it is.
pub(super) fn mapped(url: &[u8], face: &Face) -> Option<Vec<u8>> {
    let Some(base) = &face.base else {
        return own(url, face).map(|path| [face.origin().as_bytes(), path].concat());
    };
    let origin = || url.get(..face.origin().len()).filter(|start| start.eq_ignore_ascii_case(face.origin().as_bytes()));
    let of_origin = || {
        let path = url.get(origin()?.len()..)?;
        path.first().is_none_or(|byte| matches!(byte, b'/' | b'?' | b'#')).then_some(path)
    };
    let rooted = || Some(url).filter(|url| url.starts_with(b"/") && !url.starts_with(b"//"));
    own(url, face).or_else(of_origin).or_else(rooted).map(|path| below::path(path, base))
}

/// What follows the app's own address.
fn own<'a>(url: &'a [u8], face: &Face) -> Option<&'a [u8]> {
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| url.get(..scheme.len())?.eq_ignore_ascii_case(scheme.as_bytes()).then_some(scheme.len()))
        .and_then(|scheme| url.get(scheme..))?;
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#' | b'\\')).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let authority = std::str::from_utf8(authority).ok()?.to_ascii_lowercase();
    let own = ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"].iter().any(|name| {
        let port = authority.strip_prefix(name);
        port.is_some_and(|port| port == format!(":{}", face.port) || port.is_empty() && face.port == 80)
    });
    own.then_some(path)
}

/// A `Refresh` field, likewise.
pub(super) fn refresh(value: &[u8], face: &Face) -> Option<Vec<u8>> {
    let at = value.windows(4).position(|window| window.eq_ignore_ascii_case(b"url="))? + 4;
    let (before, url) = value.split_at_checked(at)?;
    Some([before, &mapped(url, face)?].concat())
}
