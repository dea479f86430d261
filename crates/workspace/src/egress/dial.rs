//! Where a name leads, and a connection there.

use blueprint::objects::{Closed, Egress};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// None of its addresses is open.
    #[error("{host} is not open to this workspace: {why}")]
    Closed {
        /// The name.
        host: String,
        /// Why.
        why: Closed,
    },
    /// It has no address.
    #[error("{host} has no address: {why}")]
    Nowhere {
        /// The name.
        host: String,
        /// In words.
        why: String,
    },
    /// It does not answer.
    #[error("{host} does not answer: {why}")]
    Silent {
        /// The name.
        host: String,
        /// The system's.
        why: io::Error,
    },
}

/// A connection to a host, by the first of its addresses that is open and answers.
pub(super) async fn dial(egress: &Egress, host: &str, port: u16) -> Result<TcpStream, Error> {
    let mut last = None;
    for address in open(egress, host, resolve(host, port).await?)? {
        match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = Some(error),
            Err(_) => last = Some(io::ErrorKind::TimedOut.into()),
        }
    }
    let why = last.unwrap_or_else(|| io::ErrorKind::NotFound.into());
    Err(Error::Silent { host: host.to_owned(), why })
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    let nowhere = |why: String| Error::Nowhere { host: host.to_owned(), why };
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    match timeout(PATIENCE, lookup_host((host, port))).await {
        Ok(Ok(found)) => Ok(found.take(MOST).collect()),
        Ok(Err(error)) => Err(nowhere(error.to_string())),
        Err(_) => Err(nowhere("nobody said in time".to_owned())),
    }
}

/// Those that are open to this workspace.
fn open(egress: &Egress, host: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Error> {
    let listed = egress.lists(host);
    let (mut open, mut closed) = (Vec::new(), None);
    for address in found {
        match egress.opens(listed, address.ip()) {
            Ok(()) => open.push(address),
            Err(why) => closed = Some(why),
        }
    }
    match closed {
        Some(why) if open.is_empty() => Err(Error::Closed { host: host.to_owned(), why }),
        _ => Ok(open),
    }
}

/// For a name, and for each of its addresses.
const PATIENCE: Duration = Duration::from_secs(10);
/// Addresses of one name that are tried.
const MOST: usize = 8;
