//! `qd ws forward`: ports and unix sockets of a workspace here, and unix sockets there that lead here, until Control-C.

use super::ready::{Way, failed, finish, interruptible, ready};
use super::shell::Lost;
use super::{Which, ask, which};
use crate::Desk;
use crate::error::Error;
use crate::grammar::workspace::{Forward, ForwardArgs, Place};
use crate::signals::Signals;
use base::Code;
use link::{Link, Stream};
use policy::action::{WorkspaceExec, WorkspaceProxy};
use policy::{Action, Permit};
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional_with_sizes};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use workspace::reach::{ReachError, Reaches};

/// Carries what was asked for. Each is a decision of its own.
pub(super) async fn forward(desk: &Desk, args: &ForwardArgs) -> Result<(), Error> {
    let which = which(desk, &args.which).await?;
    let way = interruptible(Box::pin(ready(desk, &which, &args.reach))).await?;
    let mut open = Vec::new();
    for forward in &args.forwards {
        let ear = Ear::open(&forward.here).await?;
        let (namespace, name) = (&which.object.namespace, &which.object.name);
        writeln!(std::io::stdout(), "{} is {} of {namespace}/{name}", ear.name()?, forward.there)?;
        open.push((ear, forward));
    }
    let stop = CancellationToken::new();
    let all = async {
        let mut all: Vec<Carried<'_>> = Vec::new();
        for (ear, forward) in open {
            all.push(Box::pin(carry(desk, &which, &way, ear, forward, &stop)));
        }
        for forward in &args.listen {
            all.push(Box::pin(back(desk, &which, &way, forward, &stop)));
        }
        // the first that ends ends all
        let all = all.into_iter().map(async |one| {
            let result = one.await;
            stop.cancel();
            result
        });
        futures::future::join_all(all).await.into_iter().collect()
    };
    let mut signals = Signals::new()?;
    let told = async {
        tokio::select! {
            () = stop.cancelled() => {}
            () = signals.any() => {}
        }
        stop.cancel();
    };
    tokio::join!(all, told).0
}

type Carried<'a> = std::pin::Pin<Box<dyn Future<Output = Result<(), Error>> + 'a>>;

/// Connections here go there.
async fn carry(
    desk: &Desk,
    which: &Which<'_>,
    way: &Way<'_>,
    ear: Ear,
    forward: &Forward,
    stop: &CancellationToken,
) -> Result<(), Error> {
    match &forward.there {
        Place::Port(port) => {
            let action = WorkspaceProxy { object: which.object.clone(), port: *port, app: String::new() };
            carried(ask::permit(desk, action)?, way, &ear, forward, stop).await
        }
        Place::Socket(path) => {
            let program = format!("connect {}", path.display());
            let action = WorkspaceExec { object: which.object.clone(), program, terminal: false };
            carried(ask::permit(desk, action)?, way, &ear, forward, stop).await
        }
    }
}

async fn carried<A: Action + Reaches>(
    permit: Permit<A>,
    way: &Way<'_>,
    ear: &Ear,
    forward: &Forward,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let (mut count, mut held, mut tasks) = (0, None, JoinSet::new());
    let result = loop {
        let mut near = tokio::select! {
            near = ear.accept() => match near {
                Ok(near) => near,
                Err(error) => break Err(error.into()),
            },
            Some(done) = tasks.join_next(), if !tasks.is_empty() => {
                permit.count_bytes(done.unwrap_or(0));
                continue;
            }
            () = stop.cancelled() => break Ok(()),
            () = permit.ended() => break Err(over()),
        };
        count += 1;
        match dialed(&permit, way, &mut held, &forward.there).await {
            Ok(mut far) => {
                tasks.spawn(async move { passed(&mut near, &mut far).await });
            }
            // the next connection may find somebody
            Err(error) => eprintln!("qd: {}: {error}", forward.there),
        }
    };
    finish(permit, &result, |()| format!("{count} connections"));
    result
}

/// A connection there; over a new link when the one before is lost.
async fn dialed<A: Reaches>(
    permit: &Permit<A>,
    way: &Way<'_>,
    held: &mut Option<Link>,
    there: &Place,
) -> Result<Stream, Error> {
    let mut again = true;
    loop {
        let link = match held {
            Some(link) => link.clone(),
            None => held.insert(way.enter(permit).await?).clone(),
        };
        let made = match there {
            Place::Port(port) => link.tunnel(*port).await.map(Stream::new),
            Place::Socket(path) => link.socket(&path.display().to_string()).await,
        };
        match made {
            Err(error) if !matches!(error, link::Error::Refused { .. }) && std::mem::take(&mut again) => *held = None,
            made => return made.map_err(|error| Error::of(ReachError::from(error))),
        }
    }
}

/// Connections to a socket there come here.
async fn back(
    desk: &Desk,
    which: &Which<'_>,
    way: &Way<'_>,
    forward: &Forward,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let path = forward.there.to_string();
    let action = WorkspaceExec { object: which.object.clone(), program: format!("listen on {path}"), terminal: false };
    let permit = ask::permit(desk, action)?;
    let result = async {
        let link = way.enter(&permit).await?;
        let mut listening = link.listen(&path).await.map_err(|error| failed(&which.object, error.into()))?;
        eprintln!("{path} of {}/{} is {} here", which.object.namespace, which.object.name, forward.here);
        let mut tasks = JoinSet::new();
        loop {
            let far = tokio::select! {
                far = listening.accept() => far.map_err(|error| failed(&which.object, error.into()))?,
                Some(done) = tasks.join_next(), if !tasks.is_empty() => {
                    permit.count_bytes(done.unwrap_or(0));
                    continue;
                }
                () = stop.cancelled() => return Ok(()),
                () = permit.ended() => return Err(over()),
            };
            let Some(mut far) = far else { return Err(lost(&path)) };
            match dial(&forward.here).await {
                Ok(mut near) => {
                    tasks.spawn(async move { passed(&mut near, &mut far).await });
                }
                Err(error) => eprintln!("qd: {}: {error}", forward.here),
            }
        }
    }
    .await;
    finish(permit, &result, |()| String::new());
    result
}

async fn passed(near: &mut Near, far: &mut Stream) -> u64 {
    // an end that breaks ends the connection
    let passed = copy_bidirectional_with_sizes(near, far, PIECE, PIECE).await;
    passed.map_or(0, |(there, here)| there.saturating_add(here))
}

/// A connection of this machine.
trait Both: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Both for T {}

type Near = Box<dyn Both>;

async fn dial(place: &Place) -> std::io::Result<Near> {
    Ok(match place {
        Place::Port(port) => Box::new(TcpStream::connect(("127.0.0.1", *port)).await?),
        Place::Socket(path) => Box::new(UnixStream::connect(path).await?),
    })
}

/// What listens here.
enum Ear {
    Port(TcpListener),
    Socket(UnixListener, PathBuf),
}

impl Ear {
    async fn open(place: &Place) -> Result<Self, Error> {
        let taken = |error: std::io::Error| {
            Error::of(Lost(Code::PortInUse, format!("{place} cannot be listened on here: {error}")))
        };
        match place {
            Place::Port(port) => Ok(Self::Port(TcpListener::bind(("127.0.0.1", *port)).await.map_err(taken)?)),
            Place::Socket(path) => {
                forget(path).await;
                let listener = UnixListener::bind(path).map_err(taken)?;
                let ear = Self::Socket(listener, path.clone());
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
                Ok(ear)
            }
        }
    }

    fn name(&self) -> std::io::Result<String> {
        Ok(match self {
            Self::Port(listener) => listener.local_addr()?.to_string(),
            Self::Socket(_, path) => path.display().to_string(),
        })
    }

    async fn accept(&self) -> std::io::Result<Near> {
        Ok(match self {
            Self::Port(listener) => {
                let stream = listener.accept().await?.0;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            Self::Socket(listener, _) => Box::new(listener.accept().await?.0),
        })
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        if let Self::Socket(_, path) = self {
            let _ = std::fs::remove_file(path); // it may be gone
        }
    }
}

/// Takes a socket away on which nobody listens any more.
async fn forget(path: &Path) {
    let socket = std::fs::symlink_metadata(path).is_ok_and(|there| there.file_type().is_socket());
    let refused = std::io::ErrorKind::ConnectionRefused;
    if socket && UnixStream::connect(path).await.is_err_and(|error| error.kind() == refused) {
        let _ = std::fs::remove_file(path); // the one that is made next says so
    }
}

fn over() -> Error {
    Error::of(Lost(Code::PolicyDenied, "the permit for this is over".to_owned()))
}

fn lost(path: &str) -> Error {
    Error::of(Lost(Code::ShellLost, format!("{path} is gone from the workspace")))
}

const PIECE: usize = 64 << 10;
