//! Objects as text: YAML as kubectl prints it, and unified diffs. Everything that shows an object goes through here,
//! so that values of Secrets are masked in all of it.

use crate::error::Error;
use api::rest::SecretKey;
use catalog::{Kind, secret};
use serde_json::Value;
use similar::TextDiff;
use std::time::Duration;

/// An object that may be shown: without managedFields, values of a Secret masked.
pub(crate) struct Shown {
    pub(crate) json: Value,
    pub(crate) secret_keys: Vec<SecretKey>,
}

/// Makes an object fit to be shown.
pub(crate) fn shown(kind: &Kind, mut object: Value) -> Shown {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    let keys = if kind.is_secret() { secret::mask(&mut object) } else { Vec::new() };
    let secret_keys = keys.into_iter().map(|(key, bytes)| SecretKey { key, bytes }).collect();
    Shown { json: object, secret_keys }
}

impl Shown {
    /// As YAML: keys sorted, texts of several lines as blocks, nothing folded.
    pub(crate) fn yaml(&self) -> Result<String, Error> {
        let mut text = String::new();
        let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX / 2, min_fold_chars: usize::MAX / 2 };
        serde_saphyr::to_fmt_writer_with_options(&mut text, &self.json, options).map_err(Error::internal)?;
        Ok(text)
    }
}

/// Unified diff of an object before and after; empty when nothing changes.
pub(crate) fn diff(kind: &Kind, before: Value, after: Value) -> Result<String, Error> {
    let (before, after) = (shown(kind, before).yaml()?, shown(kind, after).yaml()?);
    if before == after {
        return Ok(String::new());
    }
    let diff = TextDiff::configure().timeout(DIFF_TIME).diff_lines(&before, &after);
    Ok(diff.unified_diff().context_radius(3).header("before", "after").to_string())
}

/// A coarser diff is given when a finer one takes longer.
const DIFF_TIME: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests;
