//! `qd-agent workspaced relay`: carries its standard streams to the daemon, as the API server's exec starts it.
//!
//! Where the pod's daemon stands beside the main container, another one serves inside it: the first relay starts it, and it
//! stays with the container.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use proto::workspace::Profile;

use crate::{Error, config, link};

/// Until either side ends.
///
/// # Errors
/// When there is no daemon here.
pub(crate) fn run(words: &[OsString]) -> Result<(), Error> {
    let wrong = || Error::system("the daemon does not answer".to_owned());
    let stream = match words {
        [] if beside() => inside()?,
        // the daemon of the pod, where another one is meant without this word
        [] => own().map_err(wrong())?,
        [word] if word == "--pod" => own().map_err(wrong())?,
        [flag, path] if flag == "--socket" => UnixStream::connect(path).map_err(wrong())?,
        _ => return Err(Error::Words),
    };
    let other = stream.try_clone().map_err(wrong())?;
    thread::spawn(move || {
        let _ = copy(io::stdin().lock(), &other); // a broken side ends both
        let _ = other.shutdown(Shutdown::Write);
    });
    // the process ends with the daemon's side, whatever its input does
    copy(&stream, io::stdout().lock()).map_err(Error::system("the caller is gone".to_owned()))
}

/// The pod's daemon; one that has just been started is waited for.
fn own() -> io::Result<UnixStream> {
    let socket = Path::new(crate::SOCKET).with_file_name(link::NAME);
    let end = Instant::now() + SOON;
    loop {
        match UnixStream::connect(&socket) {
            Err(error) if starts(&error) && Instant::now() < end => thread::sleep(STEP),
            done => return done,
        }
    }
}

/// Nobody listens there yet.
fn starts(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// Whether the pod's daemon stands beside the main container. Without a configuration there is none to stand anywhere.
fn beside() -> bool {
    config::read(Path::new(crate::CONFIG)).is_ok_and(|config| config.profile == Profile::Service)
}

/// The daemon inside this container, which is started when there is none.
fn inside() -> Result<UnixStream, Error> {
    let wrong = || Error::system("the daemon in this container does not answer".to_owned());
    let socket = Path::new(crate::INSIDE).join(link::NAME);
    if let Ok(stream) = UnixStream::connect(&socket) {
        return Ok(stream);
    }
    let mut command = Command::new("/proc/self/exe");
    command.args(["workspaced", "inside"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(wrong())?;
    let end = Instant::now() + PATIENCE;
    loop {
        match UnixStream::connect(&socket) {
            Ok(stream) => return Ok(stream),
            Err(error) if Instant::now() >= end => return Err(wrong()(error)),
            Err(_) => thread::sleep(STEP),
        }
        // one that ended has left the place to another, or cannot run here
        let _ = child.try_wait();
    }
}

fn copy(mut from: impl Read, mut to: impl Write) -> io::Result<()> {
    let mut buffer = vec![0u8; 32 << 10];
    loop {
        let len = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(buffer.get(..len).unwrap_or_default())?;
        to.flush()?;
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
/// The daemon of a container that runs listens within this long.
const SOON: Duration = Duration::from_secs(2);
/// Between two looks.
const STEP: Duration = Duration::from_millis(20);
