//! What an app that is served below a path of the console's origin may say there: the path mode's own part of the table.

use super::{Face, field};
use crate::in_place::SHARES;

/// Whether a field of an app's answer speaks for the whole origin, or against its own pages being of none.
pub(super) fn never(name: &[u8]) -> bool {
    NEVER.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// What stands on every answer.
pub(super) fn seals(out: &mut Vec<u8>) {
    field(out, b"Content-Security-Policy", SANDBOX.as_bytes());
    // the key stands in the path
    field(out, b"Referrer-Policy", b"no-referrer");
    field(out, b"X-Content-Type-Options", b"nosniff");
    out.extend_from_slice(SHARES.as_bytes());
}

/// Tells an app below which path it is seen, in a head that is written.
pub(crate) fn told(face: &Face, out: &mut Vec<u8>) {
    let Some(base) = &face.base else { return };
    // a proxy whose word counts may have said it
    if out.ends_with(b"\r\n\r\n") && memchr::memmem::find(out, b"\r\nX-Forwarded-Prefix: ").is_none() {
        out.truncate(out.len() - 2);
        field(out, b"X-Forwarded-Prefix", base.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// A path of the app as it is seen from outside. One that is below the base already stays.
pub(super) fn path(path: &[u8], base: &str) -> Vec<u8> {
    let inside = path.strip_prefix(base.as_bytes());
    if inside.is_some_and(|rest| rest.first().is_none_or(|byte| matches!(byte, b'/' | b'?' | b'#'))) {
        return path.to_vec();
    }
    let slash: &[u8] = if path.starts_with(b"/") { b"" } else { b"/" };
    [base.as_bytes(), slash, path].concat()
}

/// No `allow-same-origin`: a page of the app is of no origin, and reaches nothing of the console's. Nor may it lead the console's own
/// page away, or open pages that are less bound.
const SANDBOX: &str = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts";

const NEVER: &[&str] = &[
    "accept-ch",
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "activate-storage-access",
    "critical-ch",
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "nel",
    "origin-agent-cluster",
    "referrer-policy",
    "report-to",
    "reporting-endpoints",
    "service-worker-allowed",
    "set-login",
    "use-as-dictionary",
    "x-content-type-options",
];
