//! The authority of this machine: where it is, and the console's certificate from it.

use crate::desk;
use crate::error::Failed;
use base::{Code, Coded};
use std::path::PathBuf;
use std::time::SystemTime;

/// Why there is no certificate of this machine's own.
#[derive(Debug, thiserror::Error)]
#[error("the authority of this machine: {0}")]
struct NoCertificate(#[from] pki::Error);

impl Coded for NoCertificate {
    fn code(&self) -> Code {
        Code::ConfigInvalid
    }
}

/// The folder of the authority.
pub(crate) fn folder() -> Result<PathBuf, Failed> {
    Ok(desk::state_dir()?.join("ca"))
}

/// The console's certificate and key, good for these hosts beside this machine's own names. They are made anew where that is
/// due: whether they were.
pub(crate) fn keep(hosts: &[String]) -> Result<([PathBuf; 2], bool), Failed> {
    let now = SystemTime::now();
    let mut all = pki::own_hosts();
    all.extend(hosts.iter().filter(|host| !pki::own_hosts().contains(host)).cloned());
    let kept = pki::Local::open(&folder()?, now).and_then(|local| local.keep(&all, now));
    kept.map_err(|error| Failed::of(NoCertificate(error)))
}
