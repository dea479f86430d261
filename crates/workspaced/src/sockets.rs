//! Sockets that somebody listens on, from `/proc/net`, and whose they are, from the open files of processes.
//!
//! The daemon may not look at the open files of the user's processes: a process of the user does ([`look`]).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::daemon::Daemon;
use crate::start;
use crate::{Error, processes};

/// A TCP socket that listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listening {
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
    pub(crate) uid: u32,
    pub(crate) inode: u64,
}

/// Whose a socket is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    pub(crate) pid: i32,
    pub(crate) name: String,
}

/// All sockets of this network namespace that listen.
pub(crate) fn listening() -> Vec<Listening> {
    let read = |name: &str| std::fs::read_to_string(name).unwrap_or_default();
    let (four, six) = (read("/proc/self/net/tcp"), read("/proc/self/net/tcp6"));
    four.lines().chain(six.lines()).filter_map(parse).take(MAX_SOCKETS).collect()
}

/// One line of `/proc/net/tcp` or `tcp6`, when it is of a socket that listens.
fn parse(line: &str) -> Option<Listening> {
    let mut words = line.split_ascii_whitespace();
    let (local, state) = (words.nth(1)?, words.nth(1)?);
    if state != "0A" {
        return None;
    }
    let (address, port) = local.split_once(':')?;
    let (uid, inode) = (words.nth(3)?, words.nth(1)?);
    Some(Listening {
        address: address_of(address)?,
        port: u16::from_str_radix(port, 16).ok()?,
        uid: uid.parse().ok()?,
        inode: inode.parse().ok()?,
    })
}

/// Words of four bytes, each written as this machine's number.
fn address_of(text: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(text.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    if text.len() == 8 {
        return word(0).map(|bytes| Ipv4Addr::from(bytes).into());
    }
    let mut all = [0u8; 16];
    for (at, piece) in all.chunks_exact_mut(4).enumerate() {
        piece.copy_from_slice(&word(at)?);
    }
    Some(Ipv6Addr::from(all).to_canonical())
}

/// Who holds these sockets, as far as this process may see it; of several the one that is oldest.
pub(crate) fn owners(wanted: &HashSet<u64>) -> HashMap<u64, Owner> {
    let mut found: HashMap<u64, Owner> = HashMap::new();
    let mut left = MAX_FILES;
    let mut all = processes::all();
    all.sort_by_key(|process| process.pid);
    for process in all {
        let Ok(files) = std::fs::read_dir(format!("/proc/{}/fd", process.pid)) else { continue };
        for file in files.flatten() {
            left -= 1;
            if left == 0 || found.len() == wanted.len() {
                return found;
            }
            let Ok(to) = std::fs::read_link(file.path()) else { continue };
            let inode = to.to_str().and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
            if let Some(inode) = inode.filter(|inode| wanted.contains(inode)) {
                let name = process.name.chars().filter(|one| !one.is_control()).collect();
                found.entry(inode).or_insert(Owner { pid: process.pid, name });
            }
        }
    }
    found
}

/// Who of the user's processes holds these sockets.
///
/// # Errors
/// When it could not be looked for.
pub(crate) async fn look(daemon: &Daemon, wanted: &HashSet<u64>) -> std::io::Result<HashMap<u64, Owner>> {
    let mut words = vec!["/proc/self/exe".to_owned(), "workspaced".to_owned(), "sockets".to_owned()];
    words.extend(wanted.iter().map(ToString::to_string));
    let text = start::output(daemon, &words, MAX_OUTPUT).await?;
    Ok(serde_json::from_slice(&text)?)
}

/// `qd-agent workspaced sockets INODE…`: run as the user.
pub(crate) fn look_by_words(words: &[OsString]) -> Result<(), Error> {
    let wanted: Option<HashSet<u64>> = words.iter().map(|word| word.to_str()?.parse().ok()).collect();
    let found = owners(&wanted.ok_or(Error::Words)?);
    let found: BTreeMap<u64, Owner> = found.into_iter().collect();
    let text = serde_json::to_string(&found).map_err(|error| Error::NotReady(error.to_string()))?;
    println!("{text}");
    Ok(())
}

/// Sockets that are told of.
const MAX_SOCKETS: usize = 512;
/// Open files that are looked at.
const MAX_FILES: usize = 100_000;
const MAX_OUTPUT: usize = 128 << 10;

#[cfg(test)]
mod tests;
