//! tshark, the witness of what is in a capture file.

use std::path::Path;
use std::process::Command;

/// The lines that tshark prints of a capture file.
///
/// # Panics
/// When it is missing, fails, or finds the file malformed.
#[must_use]
pub fn tshark(file: &Path, words: &[&str]) -> Vec<String> {
    let output = Command::new("tshark").arg("-r").arg(file).args(words).output();
    let output = output.expect("tshark is missing: install the Debian package tshark");
    let errors = crate::errors(&output);
    assert!(output.status.success() && !errors.contains("malformed"), "{errors}");
    crate::out(&output).lines().map(str::to_owned).collect()
}
