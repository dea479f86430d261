//! `qd-agent relay`: carries its own standard streams to and from the agent of this pod.
//!
//! It runs by `kubectl exec`'s means in the agent's container, so that captured bytes travel in the exec stream and are
//! written to no log.

use crate::Error;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The address of an agent: in the network namespace's abstract names, so that no file system is needed.
pub(crate) fn address(name: &str) -> io::Result<SocketAddrUnix> {
    Ok(SocketAddrUnix::new_abstract_name(format!("qd-capture-{name}").as_bytes())?)
}

/// Copies until either side ends.
///
/// # Errors
/// When there is no agent of that name, or a stream fails.
pub fn run(name: &str) -> Result<(), Error> {
    let agent = connect(name).map_err(Error::system("reach the agent"))?;
    let (input, output) = (io::stdin(), io::stdout());
    copy(input.as_fd(), output.as_fd(), agent.as_fd()).map_err(Error::system("relay"))
}

pub(crate) fn connect(name: &str) -> io::Result<OwnedFd> {
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    rustix::net::connect(&socket, &address(name)?)?;
    Ok(socket)
}

fn copy(input: BorrowedFd<'_>, output: BorrowedFd<'_>, agent: BorrowedFd<'_>) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let mut fds = [PollFd::from_borrowed_fd(input, PollFlags::IN), PollFd::from_borrowed_fd(agent, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let ready = fds.map(|fd| !fd.revents().is_empty());
        for (from, to, ready) in [(input, agent, ready[0]), (agent, output, ready[1])] {
            if !ready {
                continue;
            }
            let count = rustix::io::read(from, &mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            write_all(to, buffer.get(..count).unwrap_or_default())?;
        }
    }
}

fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
