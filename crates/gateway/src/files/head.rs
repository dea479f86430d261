//! What headers say about the bytes of a file: ranges (RFC 9110, 14), names (RFC 6266, RFC 8187).

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_RANGE, IF_RANGE, RANGE};
use workspace::files::Range;

/// Names one state of a file.
pub(super) fn etag(size: u64, changed: u32) -> String {
    format!("\"{changed:x}-{size:x}\"")
}

/// The one range that is wanted; nothing where all of it is, and where several are.
pub(super) fn wanted(headers: &HeaderMap, etag: &str) -> Option<Range> {
    if headers.get(IF_RANGE).is_some_and(|value| value.as_bytes() != etag.as_bytes()) {
        return None;
    }
    let (first, last) = headers.get(RANGE)?.to_str().ok()?.strip_prefix("bytes=")?.trim().split_once('-')?;
    match (first, last) {
        ("", last) => Some(Range::Last(number(last)?)),
        (first, "") => Some(Range::From(number(first)?)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| Range::Part(first, last.saturating_add(1)))
        }
    }
}

/// Which bytes of a file come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// The first of them.
    pub(super) at: u64,
    /// Of so many.
    pub(super) total: Option<u64>,
}

impl Content {
    /// `Content-Range: bytes 10-19/20`; without it the whole file.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, &'static str> {
        let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(number);
        let Some(range) = headers.get(CONTENT_RANGE) else { return Ok(Self { at: 0, total: length }) };
        Self::range(range.to_str().map_err(|_| FORM)?, length).ok_or(FORM)
    }

    fn range(text: &str, length: Option<u64>) -> Option<Self> {
        let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        let many = last.checked_sub(first)?.checked_add(1)?;
        let total = number(total)?;
        (last < total && length.is_none_or(|length| length == many)).then_some(Self { at: first, total: Some(total) })
    }
}

/// A number of digits alone.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// That a browser keeps it as a file of this name.
pub(super) fn kept_as(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|one| if one.is_ascii_graphic() && !matches!(one, '"' | '\\' | '%') || one == ' ' { one } else { '_' })
        .collect();
    let mut kept = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            kept.push(char::from(byte));
        } else {
            kept.push_str(&format!("%{byte:02X}"));
        }
    }
    kept
}

const FORM: &str = "`Content-Range` is `bytes FIRST-LAST/TOTAL`, of as many bytes as come";
