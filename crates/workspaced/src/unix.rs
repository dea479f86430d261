//! `qd-agent workspaced socket`: unix sockets for callers, by a process of the user: what they may is the system's to say.
//!
//! `dial PATH` carries its standard streams to a socket. `listen PATH` makes one, tells of each connection by a line, and gives
//! the connections to those of its user that dial its door, in their order. Its end takes the socket away.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use rustix::net::sockopt::socket_peercred;

use crate::Error;

/// Carries out the words after `socket`.
///
/// # Errors
/// When there is no such socket, or it cannot be made.
pub(crate) fn run(words: &[OsString]) -> Result<(), Error> {
    let [act, path] = words else { return Err(Error::Words) };
    match (act.to_str(), path.to_str()) {
        (Some("dial"), Some(path)) => dial(path),
        (Some("listen"), Some(path)) => listen(Path::new(path)),
        _ => Err(Error::Words),
    }
}

fn dial(path: &str) -> Result<(), Error> {
    let stream = match path.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name).and_then(|address| UnixStream::connect_addr(&address)),
        None => UnixStream::connect(path),
    };
    let stream = stream.map_err(Error::system(format!("{path} does not answer")))?;
    let broken = || Error::system("the caller is gone".to_owned());
    say("+\n").map_err(broken())?;
    let other = stream.try_clone().map_err(broken())?;
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut &other); // a broken side ends both
        let _ = other.shutdown(Shutdown::Write);
    });
    // a file is written to at once, a line at a time is what standard output does
    let mut out = fs::File::from(rustix::io::dup(io::stdout()).map_err(|error| broken()(error.into()))?);
    pass(&stream, &mut out).map_err(broken())
}

fn listen(path: &Path) -> Result<(), Error> {
    let wrong = || Error::system(format!("{} cannot be made", path.display()));
    let stale = fs::symlink_metadata(path).is_ok_and(|there| there.file_type().is_socket())
        && UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    if stale {
        fs::remove_file(path).map_err(wrong())?;
    }
    let own = rustix::process::geteuid();
    let name = format!("qd-{}-{}", std::process::id(), own.as_raw());
    let door = SocketAddr::from_abstract_name(&name).and_then(|address| UnixListener::bind_addr(&address));
    let door = door.map_err(wrong())?;
    let listener = UnixListener::bind(path).map_err(wrong())?;
    let open = fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(wrong());
    let waiting: Arc<Mutex<VecDeque<UnixStream>>> = Arc::default();
    let fetched = waiting.clone();
    thread::spawn(move || {
        for caller in taken(&door) {
            // names without a path are open to every account of the pod
            if socket_peercred(&caller).is_ok_and(|peer| peer.uid == own)
                && let Some(stream) = fetched.lock().pop_front()
            {
                thread::spawn(move || both(&caller, &stream));
            }
        }
    });
    let told = open.and_then(|()| say(&format!("+{name}\n")).map_err(wrong()));
    thread::spawn(move || {
        for stream in taken(&listener) {
            let mut waiting = waiting.lock();
            // nobody fetches: whoever came first waited longest
            if waiting.len() >= MOST {
                continue;
            }
            waiting.push_back(stream);
            drop(waiting);
            if say(".\n").is_err() {
                return;
            }
        }
    });
    if told.is_ok() {
        // until the caller goes
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    }
    let _ = fs::remove_file(path); // it may be gone
    told
}

/// Connections as they come. Where none can be taken (out of files, for one), others end meanwhile.
fn taken(listener: &UnixListener) -> impl Iterator<Item = UnixStream> {
    listener.incoming().filter_map(|came| came.inspect_err(|_| thread::sleep(PAUSE)).ok())
}

/// Bytes both ways, until both sides have ended.
fn both(one: &UnixStream, other: &UnixStream) {
    thread::scope(|scope| {
        for (from, to) in [(one, other), (other, one)] {
            scope.spawn(move || {
                let _ = pass(from, &mut &*to);
                let _ = to.shutdown(Shutdown::Write);
            });
        }
    });
}

fn pass(mut from: &UnixStream, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0u8; PIECE];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(len) => to.write_all(buffer.get(..len).unwrap_or_default())?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()
}

const PIECE: usize = 32 << 10;
/// Between two connections that cannot be taken.
const PAUSE: Duration = Duration::from_millis(100);
/// Connections that wait to be fetched.
const MOST: usize = 64;
