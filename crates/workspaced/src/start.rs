//! Processes of the user: `qd-agent workspaced start` becomes the user and then the program.
//!
//! The daemon is root with three capabilities, of which none opens another's files or ends another's processes. So
//! whatever belongs to the user is done by a process of the user: this one, which is the program itself, started anew.
//! It has one thread, so that all of it changes at once, and needs no code between fork and exec.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::fs::Mode;
use rustix::process::{Gid, Signal, Uid};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::time::timeout;

use crate::accounts::Account;
use crate::daemon::Daemon;
use crate::{Error, processes};

/// What the terminal of a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Terminal {
    /// Its standard input becomes the terminal of a session of its own.
    Controlling,
    /// A session of its own, without a terminal.
    None,
}

/// The words of this very program with a command of the daemon.
pub(crate) fn this(words: &[&str]) -> Vec<String> {
    [THIS, "workspaced"].iter().chain(words).map(|word| (*word).to_owned()).collect()
}

/// The command that becomes the user and then `program`. Its environment is `env` and nothing else.
pub(crate) fn command(
    account: &Account,
    terminal: Terminal,
    folder: &Path,
    arg0: Option<&str>,
    program: &[String],
    env: &BTreeMap<String, String>,
) -> Command {
    let mut command = Command::new(THIS);
    command.arg("workspaced").arg("start");
    if rustix::process::geteuid().is_root() {
        command.arg(format!("--uid={}", account.uid)).arg(format!("--gid={}", account.gid));
    }
    if terminal == Terminal::Controlling {
        command.arg("--tty");
    }
    if let Some(arg0) = arg0 {
        command.arg(format!("--arg0={arg0}"));
    }
    command.arg(format!("--folder={}", folder.display())).arg("--").args(program);
    command.env_clear().envs(env);
    command
}

/// What stands in the environment of every process of the user.
pub(crate) fn environment(account: &Account, more: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let home = account.home.display().to_string();
    // the image says where its programs are
    let path = std::env::var("PATH").ok().filter(|path| !path.is_empty());
    let path = path.map_or_else(|| PATH.to_owned(), |path| format!("{OWN_PATH}:{path}"));
    let own = [
        ("HOME", home.as_str()),
        ("USER", &account.name),
        ("LOGNAME", &account.name),
        ("SHELL", &account.shell),
        ("PATH", path.as_str()),
    ];
    let mut env: BTreeMap<String, String> = own.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    env.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
    env
}

/// A program of ours as the workspace's user, in the home. What it says of what goes wrong is nobody's.
pub(crate) fn own(daemon: &Daemon, program: &[String]) -> Command {
    let env = daemon.own_environment(&daemon.account);
    let mut command = command(&daemon.account, Terminal::None, &daemon.account.home, None, program, &env);
    command.stderr(Stdio::null());
    command
}

/// What a program of the user prints, at most so much of it, within a few seconds.
///
/// # Errors
/// When it cannot be started, fails, prints more or takes longer.
pub(crate) async fn output(daemon: &Daemon, program: &[String], most: usize) -> io::Result<Vec<u8>> {
    let mut command = own(daemon, program);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut running = daemon.children.spawn(&mut command)?;
    let done = timeout(PATIENCE, async {
        let pipe = running.child.stdout.take().ok_or_else(|| io::Error::other("a pipe is missing"))?;
        let pipe = pipe::Receiver::from_owned_fd(OwnedFd::from(pipe))?;
        let mut text = Vec::new();
        pipe.take(most as u64 + 1).read_to_end(&mut text).await?;
        if text.len() > most {
            return Err(io::Error::other("it printed more than is read"));
        }
        let exit = running.ended().await;
        if exit.well() { Ok(text) } else { Err(io::Error::other(exit.to_string())) }
    });
    let done = done.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    if done.is_err() && running.end().now().is_none() {
        let pid = running.pid.as_raw_nonzero().get();
        processes::signal(&daemon.children, &daemon.account, Signal::KILL, &[-pid]).await;
    }
    done
}

/// `qd-agent workspaced start`: returns only when the program could not be started.
pub(crate) fn become_program(words: &[OsString]) -> Error {
    match try_become(words) {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

fn try_become(words: &[OsString]) -> Result<std::convert::Infallible, Error> {
    let (mut uid, mut gid, mut tty, mut arg0, mut folder) = (None, None, false, None, None);
    let mut rest = words.iter();
    for word in rest.by_ref() {
        let word = word.to_str().ok_or(Error::Words)?;
        match word.split_once('=').unwrap_or((word, "")) {
            ("--uid", value) => uid = Some(value.parse::<u32>().map_err(|_| Error::Words)?),
            ("--gid", value) => gid = Some(value.parse::<u32>().map_err(|_| Error::Words)?),
            ("--tty", _) => tty = true,
            ("--arg0", value) => arg0 = Some(value.to_owned()),
            ("--folder", value) => folder = Some(value.to_owned()),
            ("--", _) => break,
            _ => return Err(Error::Words),
        }
    }
    let program = rest.next().ok_or(Error::Words)?;
    session(tty).map_err(Error::system("no session for the program".to_owned()))?;
    if let (Some(uid), Some(gid)) = (uid, gid) {
        change(uid, gid).map_err(Error::system(format!("cannot become the user number {uid}")))?;
    }
    rustix::process::umask(Mode::from_raw_mode(0o022));
    let at = folder.filter(|folder| std::env::set_current_dir(folder).is_ok());
    if at.is_none() {
        std::env::set_current_dir("/").map_err(Error::system("cannot stand in /".to_owned()))?;
    }
    let mut command = Command::new(program);
    command.args(rest);
    if let Some(arg0) = arg0 {
        command.arg0(arg0);
    }
    let mut error = command.exec();
    // a folder of the path that cannot be looked into hides nothing that is there elsewhere
    if !program.to_string_lossy().contains('/') && error.kind() == io::ErrorKind::PermissionDenied {
        let path = std::env::var_os("PATH").unwrap_or_default();
        if !std::env::split_paths(&path).any(|folder| folder.join(program).exists()) {
            error = io::ErrorKind::NotFound.into();
        }
    }
    Err(Error::Program { program: program.to_string_lossy().into_owned(), source: error })
}

fn session(tty: bool) -> io::Result<()> {
    rustix::process::setsid()?;
    if tty {
        rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
    }
    Ok(())
}

/// Groups first: who is not root any more may not change them.
fn change(uid: u32, gid: u32) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    rustix::thread::set_thread_groups(&[gid])?;
    rustix::thread::set_thread_res_gid(gid, gid, gid)?;
    rustix::thread::set_thread_res_uid(uid, uid, uid)?;
    Ok(())
}

/// How long a program may take whose output is waited for.
const THIS: &str = "/proc/self/exe";
const PATIENCE: Duration = Duration::from_secs(10);
const OWN_PATH: &str = "/qd/bin";
const PATH: &str = "/qd/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
