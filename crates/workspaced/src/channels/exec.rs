//! A channel that runs a program with pipes.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use proto::workspace::{Body, ERR, Exec, Input, OUT, Opened, Socket};
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::time::{Duration, timeout};

use super::signal_by_name;
use crate::children::{End, Running};
use crate::connection::{Channel, Gone};
use crate::daemon::Daemon;
use crate::processes;
use crate::start::{self, Terminal};

pub(super) async fn run(daemon: &Daemon, channel: &Channel, asked: Exec) -> Result<(), Gone> {
    if asked.command.is_empty() {
        return channel.refuse("bad_request", "no program was named").await;
    }
    let Some(env) = daemon.environment(&asked.env) else {
        return channel.refuse("too_large", "the environment that was asked for is larger than allowed").await;
    };
    program(daemon, channel, "ex", &asked.command, &asked.folder, &env).await
}

/// Files of the user are served by a process of the user.
pub(super) async fn files(daemon: &Daemon, channel: &Channel) -> Result<(), Gone> {
    let words = start::this(&["sftp"]);
    let env = daemon.own_environment(&daemon.account);
    program(daemon, channel, FILES, &words, "", &env).await
}

/// What the user may connect to, and where a socket may be made, is the system's to say.
pub(super) async fn socket(daemon: &Daemon, channel: &Channel, asked: &Socket) -> Result<(), Gone> {
    let words = start::this(&["socket", if asked.listen { "listen" } else { "dial" }, &asked.path]);
    let env = daemon.own_environment(&daemon.account);
    program(daemon, channel, SOCKETS, &words, "", &env).await
}

async fn program(
    daemon: &Daemon,
    channel: &Channel,
    kind: &str,
    words: &[String],
    folder: &str,
    env: &BTreeMap<String, String>,
) -> Result<(), Gone> {
    let folder = daemon.folder(folder);
    let mut command = start::command(&daemon.account, Terminal::None, &folder, None, words, env);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = match daemon.children.spawn(&mut command) {
        Ok(running) => running,
        Err(error) => return channel.refuse("unavailable", format!("the program cannot be started: {error}")).await,
    };
    let id = crate::shells::id(kind);
    let _stream = daemon.streams.enter(&id, kind, &words.join(" "));
    let (pid, tidies) = (running.pid.as_raw_nonzero().get(), kind == SOCKETS);
    let guard = Guard { daemon, pid, end: running.end(), tidies };
    let pipes = match Pipes::of(&mut running) {
        Ok(pipes) => pipes,
        Err(error) => return channel.refuse("unavailable", format!("no pipes for the program: {error}")).await,
    };
    channel.say(Body::Opened(Opened { id, writes: true })).await?;
    // a file that is long on its way is a use all the while
    let moved = |len: usize| {
        if kind == FILES {
            daemon.activity.moved(len);
        }
    };
    let output = async {
        let (out, err) = tokio::join!(copy(channel, OUT, pipes.out, &moved), copy(channel, ERR, pipes.err, &moved));
        out.and(err)
    };
    let ended = async {
        let mut output = std::pin::pin!(output);
        let mut end = guard.end.clone();
        tokio::select! {
            done = &mut output => {
                done?;
                Ok(end.wait().await)
            }
            exit = end.wait() => {
                // what others of it write into the same pipes later is not waited for
                if let Ok(done) = timeout(PATIENCE, &mut output).await { done? }
                Ok(exit)
            }
        }
    };
    let exit = tokio::select! {
        exit = ended => exit?,
        () = input(daemon, channel, pipes.input, guard.pid, &moved) => return Ok(()),
    };
    channel.exit(exit).await
}

/// What the caller says, until it closes the channel.
async fn input(daemon: &Daemon, channel: &Channel, to: pipe::Sender, pid: i32, moved: &impl Fn(usize)) {
    let mut to = Some(to);
    loop {
        match channel.next().await {
            Input::Data(data) => {
                if let Some(pipe) = &mut to
                    && pipe.write_all(&data.bytes).await.is_err()
                {
                    to = None; // it reads no more, and may go on without
                }
                moved(data.bytes.len());
                if channel.used(data.bytes.len()).await.is_err() {
                    return;
                }
            }
            Input::Eof(_) => to = None,
            Input::Signal(name) => {
                if let Some(signal) = signal_by_name(&name) {
                    processes::signal(&daemon.children, &daemon.account, signal, &[-pid]).await;
                }
            }
            Input::Resize(_) => {}
            Input::Closed(_) => return,
        }
    }
}

async fn copy(channel: &Channel, stream: u32, mut from: pipe::Receiver, moved: &impl Fn(usize)) -> Result<(), Gone> {
    let mut buffer = vec![0u8; PIECE];
    loop {
        match from.read(&mut buffer).await {
            Ok(len) if len > 0 => {
                moved(len);
                channel.data(stream, buffer.get(..len).unwrap_or_default()).await?;
            }
            _ => return channel.say(Body::Eof(stream)).await,
        }
    }
}

struct Pipes {
    input: pipe::Sender,
    out: pipe::Receiver,
    err: pipe::Receiver,
}

impl Pipes {
    fn of(running: &mut Running) -> std::io::Result<Self> {
        let missing = || std::io::Error::other("a pipe is missing");
        let child = &mut running.child;
        Ok(Self {
            input: pipe::Sender::from_owned_fd(OwnedFd::from(child.stdin.take().ok_or_else(missing)?))?,
            out: pipe::Receiver::from_owned_fd(OwnedFd::from(child.stdout.take().ok_or_else(missing)?))?,
            err: pipe::Receiver::from_owned_fd(OwnedFd::from(child.stderr.take().ok_or_else(missing)?))?,
        })
    }
}

/// A program whose caller goes is hung up, and ended when that does not help.
struct Guard<'a> {
    daemon: &'a Daemon,
    pid: i32,
    end: End,
    /// It ends by itself when its input does, and takes away what it made.
    tidies: bool,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let (children, account) = (self.daemon.children.clone(), self.daemon.account.clone());
        let (pid, mut end, tidies) = (self.pid, self.end.clone(), self.tidies);
        if end.now().is_some() {
            self.daemon.orphans.notify_one();
            return;
        }
        tokio::spawn(async move {
            if !tidies {
                processes::signal(&children, &account, Signal::HUP, &[-pid]).await;
            }
            if timeout(PATIENCE, end.wait()).await.is_err() {
                processes::signal(&children, &account, Signal::KILL, &[-pid]).await;
            }
        });
    }
}

/// How the ids of clients of files begin.
const FILES: &str = "sf";
/// Those of unix sockets.
const SOCKETS: &str = "ux";
const PIECE: usize = 16 << 10;
const PATIENCE: Duration = Duration::from_secs(2);
