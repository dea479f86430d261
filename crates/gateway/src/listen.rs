//! Opening the port. The usual one may be taken, then a free one does; one that the user asked for must be had.

use base::{Code, Coded};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;

/// Where to listen.
#[derive(Clone, Copy, Debug)]
pub enum Listen {
    /// `127.0.0.1:5050`, or any free port there when that is taken (EX-01).
    Usual,
    /// Exactly this address.
    At(SocketAddr),
    /// Exactly this address, for others than this machine too: a team's.
    Team(SocketAddr),
}

/// Why no port could be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else has it.
    #[error(
        "port {port} is in use: stop what listens there, or take another (`--listen 127.0.0.1:{free}` is free now)"
    )]
    InUse {
        /// The one that was asked for.
        port: u16,
        /// One that is free.
        free: u16,
    },
    /// Ports below 1024 are the administrator's.
    #[error("port {port} needs administrator rights: take one above 1023")]
    Privileged {
        /// The one that was asked for.
        port: u16,
    },
    /// Only loopback, in desk mode.
    #[error("{address} is not a loopback address: the desk console is for this machine only")]
    NotLoopback {
        /// The one that was asked for.
        address: SocketAddr,
    },
    /// Anything else.
    #[error("cannot listen on {address}")]
    Other {
        /// The one that was asked for.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

impl Coded for ListenError {
    fn code(&self) -> Code {
        match self {
            Self::InUse { .. } => Code::PortInUse,
            Self::Privileged { .. } => Code::PortPrivileged,
            Self::NotLoopback { .. } => Code::ConfigInvalid,
            Self::Other { .. } => Code::Internal,
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::InUse { port, free } => Some(serde_json::json!({ "port": port, "free": free })),
            _ => None,
        }
    }
}

/// Opens the port.
///
/// # Errors
/// As [`ListenError`] says.
pub async fn listen(listen: Listen) -> Result<TcpListener, ListenError> {
    let address = match listen {
        Listen::Usual => SocketAddr::from((Ipv4Addr::LOCALHOST, USUAL_PORT)),
        Listen::At(address) if address.ip().is_loopback() => address,
        Listen::Team(address) => address,
        Listen::At(address) => return Err(ListenError::NotLoopback { address }),
    };
    let any = SocketAddr::new(address.ip(), 0);
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let other = TcpListener::bind(any).await.map_err(|source| ListenError::Other { address: any, source })?;
            let free = other.local_addr().map_err(|source| ListenError::Other { address: any, source })?.port();
            match listen {
                Listen::Usual => Ok(other),
                Listen::At(_) | Listen::Team(_) => Err(ListenError::InUse { port: address.port(), free }),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(ListenError::Privileged { port: address.port() })
        }
        Err(source) => Err(ListenError::Other { address, source }),
    }
}

const USUAL_PORT: u16 = 5050;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::{Listen, ListenError, listen};
    use base::{Code, Coded};

    #[tokio::test]
    async fn exf_20a_a_taken_port_is_named_and_a_free_one_offered() {
        let first = listen(Listen::At("127.0.0.1:0".parse().unwrap())).await.unwrap();
        let address = first.local_addr().unwrap();
        let error = listen(Listen::At(address)).await.unwrap_err();
        assert_eq!(error.code(), Code::PortInUse);
        let ListenError::InUse { port, free } = error else { panic!("{error}") };
        assert_eq!(port, address.port());
        assert_ne!(free, port);
    }

    #[tokio::test]
    async fn ex_01a_when_the_usual_port_is_taken_any_free_one_does() {
        let one = listen(Listen::Usual).await.unwrap();
        let two = listen(Listen::Usual).await.unwrap();
        assert_ne!(one.local_addr().unwrap(), two.local_addr().unwrap());
        assert!(one.local_addr().unwrap().ip().is_loopback());
    }

    #[tokio::test]
    async fn the_desk_console_listens_on_loopback_only() {
        let error = listen(Listen::At("0.0.0.0:0".parse().unwrap())).await.unwrap_err();
        assert_eq!(error.code(), Code::ConfigInvalid);
    }
}
