//! Who listens here when a capture begins: what tells the server of a connection that is older than the capture.

use super::diag::Diag;
use crate::links::Link;
use flow::Hint;
use std::io;

/// Tells every TCP socket that is listened on, by each address, and then the addresses themselves: a connection of theirs to
/// none of these sockets was opened from here.
///
/// # Errors
/// The system's, or when the table does not come whole: then nothing is told.
pub(crate) fn tell(diag: &Diag, links: &[Link], mut hint: impl FnMut(Hint)) -> io::Result<()> {
    let (mut listening, mut buffer) = (Vec::new(), vec![0; 32 << 10]);
    for family in [libc::AF_INET as u8, libc::AF_INET6 as u8] {
        diag.ask(family, TCP, LISTEN)?;
        let mut reads = 0;
        while !diag.read(TCP, &mut buffer, |entry| listening.push(entry.local))? {
            reads += 1;
            if reads >= MOST {
                return Err(io::Error::other("the table of listening sockets does not come whole"));
            }
        }
    }
    let all = || links.iter().flat_map(|link| link.interface.ips());
    for (ip, port) in listening {
        let every = ip.is_unspecified();
        for ip in all().filter(|own| every || *own == ip) {
            hint(Hint::Listen { ip, port });
        }
    }
    for ip in all().filter(|own| !own.is_loopback()) {
        hint(Hint::Own { ip });
    }
    Ok(())
}

const TCP: u8 = libc::IPPROTO_TCP as u8;
/// `TCP_LISTEN`, as a set of states.
const LISTEN: u32 = 1 << 10;
/// The kernel has all of it ready.
const MOST: usize = 64;
