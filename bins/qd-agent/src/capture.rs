//! The words of the capture.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

pub(crate) const USAGE: &str = "\
usage: qd-agent capture NAME OWNER IDLE    capture the packets of this network namespace for one owner
       qd-agent relay NAME                 carry standard streams to the capture of that name
       qd-agent end NAME                   ask the capture of that name to end, and wait until it has

OWNER is the owner's Ed25519 public key in hexadecimal, IDLE the seconds without an owner after which it ends.";

/// Carries out the words; `None` when they are none of the capture's.
pub(crate) fn run(words: &[OsString]) -> Option<ExitCode> {
    let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let done = match words.as_slice() {
        ["capture", name, owner, idle] => capture(name, owner, idle),
        ["relay", name] => packet::relay::run(name),
        ["end", name] => packet::end::run(name),
        _ => return None,
    };
    Some(match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("qd-agent: {error}");
            ExitCode::FAILURE
        }
    })
}

fn capture(name: &str, owner: &str, idle: &str) -> Result<(), packet::Error> {
    let key = hex::decode(owner).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let owner = key.ok_or(packet::Error::OwnerKey)?;
    let idle = Duration::from_secs(idle.parse().unwrap_or(60).clamp(1, 86_400));
    packet::run(&packet::Config { name: name.to_owned(), owner, idle })
}
