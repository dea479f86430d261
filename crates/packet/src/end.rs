//! `qd-agent end`: asks the agent of this container to end, without being its owner.
//!
//! Who may start a program in the agent's container may do that: the kernel lets it signal the agent, and no program of
//! another container of the pod, unless the agent was placed among that container's processes.

use crate::Error;
use crate::relay::connect;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::io;
use std::time::{Duration, Instant};

/// Asks the agent of this name to end, and waits until it has.
///
/// # Errors
/// When it is not there, is not of this container, or goes on.
pub fn run(name: &str) -> Result<(), Error> {
    let agent = connect(name).map_err(Error::system("reach the agent"))?;
    let peer = getsockopt(&agent, PeerCredentials).map_err(io::Error::from).map_err(Error::system("know the agent"))?;
    drop(agent);
    let elsewhere = || io::Error::other("it is not of this container");
    let pid = Pid::from_raw(peer.pid()).ok_or_else(elsewhere).map_err(Error::system("end the agent"))?;
    kill_process(pid, Signal::TERM).map_err(io::Error::from).map_err(Error::system("end the agent"))?;
    let until = Instant::now() + MOST;
    while test_kill_process(pid).is_ok() {
        if Instant::now() > until {
            return Err(Error::system("end the agent")(io::ErrorKind::TimedOut.into()));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// An agent says its last words within two seconds, and has two more to write them.
const MOST: Duration = Duration::from_secs(8);
const PAUSE: Duration = Duration::from_millis(50);
