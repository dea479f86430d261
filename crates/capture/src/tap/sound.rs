//! What an agent may say in its records: of itself and its pod alone.
//!
//! Whose a record is stands in front of its own members, and who its ends are is told by the API server. An agent that says
//! either speaks for others: it is one that was tampered with, and nothing more of it is taken.

use crate::Error;
use crate::line::json;

/// Whether these are records of an agent, a line each.
///
/// # Errors
/// With what is wrong, of the first line that is none.
pub(super) fn sound(lines: &[u8]) -> Result<(), Error> {
    match lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).find_map(fault) {
        None => Ok(()),
        Some(fault) => Err(Error::Agent { message: format!("sent a record that {fault}") }),
    }
}

fn fault(line: &[u8]) -> Option<String> {
    // Braces and members: a line that is cut, or two in one, has no end here.
    let mut end = 1;
    let mut at = |value: &[u8]| end = value.as_ptr().addr().saturating_sub(line.as_ptr().addr()) + value.len();
    for (name, value) in json::members(line) {
        at(value);
        match name {
            b"n" | b"pod" | b"tap" | b"agent" => {
                return Some(format!("says whose it is (`{}`)", String::from_utf8_lossy(name)));
            }
            b"src" | b"dst" if names(value) => return Some("says of whom the cluster's addresses are".to_owned()),
            _ => {}
        }
    }
    (line.first() != Some(&b'{') || line.get(end..) != Some(b"}")).then(|| "is no object of JSON".to_owned())
}

/// An end that has members which only the API server gives.
fn names(end: &[u8]) -> bool {
    json::members(end).any(|(name, value)| match name {
        b"ns" | b"pod" | b"uid" | b"workload" | b"service" | b"node" => true,
        b"name_by" => value == b"\"api\"",
        _ => false,
    })
}

#[cfg(test)]
mod tests;
