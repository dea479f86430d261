//! `qd-agent workspaced check`: what the kubelet asks to know whether the workspace is ready.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::{Error, ask};

/// Asks the daemon of this pod: `[--socket PATH] [--wait MILLISECONDS]`. With a wait it asks until then.
///
/// # Errors
/// When it does not answer or is not ready.
pub(crate) fn run(words: &[OsString]) -> Result<(), Error> {
    let (mut socket, mut wait) = (Path::new(crate::SOCKET), Duration::ZERO);
    for pair in words.chunks(2) {
        match pair {
            [flag, path] if flag == "--socket" => socket = Path::new(path),
            [flag, most] if flag == "--wait" => wait = most.to_str().and_then(millis).ok_or(Error::Words)?,
            _ => return Err(Error::Words),
        }
    }
    let end = Instant::now() + wait;
    loop {
        match ask::ask(socket, "GET", "health", "") {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() + STEP > end => return Err(error),
            Err(_) => std::thread::sleep(STEP),
        }
    }
}

fn millis(word: &str) -> Option<Duration> {
    word.parse().ok().filter(|most| *most <= LONGEST).map(Duration::from_millis)
}

/// Between two looks.
const STEP: Duration = Duration::from_millis(20);
const LONGEST: u64 = 60_000;

#[cfg(test)]
mod tests;
