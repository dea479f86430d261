//! The shells of the workspace: each a program on a terminal of its own, which outlives whoever looks at it.
//!
//! One task a shell reads its output. The viewer that writes gets every byte, and holds the program up when it takes
//! none; the others lose what they cannot keep up with, and get the screen anew.

mod ending;
mod viewers;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use proto::workspace::{Shell as Asked, Size};
use serde::Serialize;
use tokio::sync::{Notify, watch};

use crate::children::{End, Exit};
use crate::daemon::Daemon;
use crate::kept::KeptShell;
use crate::log::now_ms;
use crate::screen::Screen;
use crate::start;
use crate::terminal::Terminal;

pub(crate) use viewers::{Event, View};

/// All shells, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Shells(Mutex<HashMap<String, Arc<Shell>>>);

/// One shell.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) id: String,
    pub(crate) command: String,
    pub(crate) principal: String,
    pub(crate) created_ms: u64,
    pub(crate) pid: i32,
    pub(crate) terminal: Terminal,
    /// It is the user's own shell, and no program that was asked for.
    pub(crate) is_login: bool,
    end: End,
    state: Mutex<State>,
    /// Somebody became the writer, left, or was lost.
    moved: Notify,
    /// How it ended, once all its output was passed on.
    ended: watch::Sender<Option<Exit>>,
}

#[derive(Debug)]
struct State {
    screen: Screen,
    viewers: Vec<viewers::Viewer>,
    writer: Option<u64>,
    next_viewer: u64,
    /// Outlives its viewers.
    detaches: bool,
    /// How long, when it was asked for; zero for no end.
    ttl: Option<Duration>,
    /// Counts attachments: a limit that was set before another one counts no more.
    turn: u64,
    detached_ms: Option<u64>,
    ends_ms: Option<u64>,
    bytes_in: u64,
    bytes_out: u64,
}

/// What lists say of one.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) state: &'static str,
    pub(crate) command: String,
    pub(crate) principal: String,
    pub(crate) created_ms: u64,
    pub(crate) pid: i32,
    pub(crate) viewers: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detached_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ends_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exit_code: Option<i32>,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

/// Why there is no shell.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{MAX_SHELLS} shells are open, which is the limit")]
    TooMany,
    #[error("there is no such shell")]
    Unknown,
    #[error("the environment that was asked for is larger than allowed")]
    Environment,
    #[error("the shell cannot be started: {0}")]
    System(#[from] std::io::Error),
}

impl Refusal {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::TooMany => "too_many",
            Self::Unknown => "not_found",
            Self::Environment => "too_large",
            Self::System(_) => "unavailable",
        }
    }
}

impl Shells {
    /// Starts one.
    ///
    /// # Errors
    /// When there are too many, or the system refuses.
    pub(crate) fn open(&self, daemon: &Arc<Daemon>, asked: &Asked, principal: &str) -> Result<Arc<Shell>, Refusal> {
        if self.0.lock().len() >= MAX_SHELLS {
            return Err(Refusal::TooMany);
        }
        let id = id("sh");
        let account = &daemon.account;
        let mut env = daemon.environment(&asked.env).ok_or(Refusal::Environment)?;
        let term = if asked.term.is_empty() { "xterm-256color" } else { &asked.term };
        env.insert("TERM".to_owned(), term.to_owned());
        // Terminals speak UTF-8; shells that do not know it take the bytes of a letter for keys.
        if !["LC_ALL", "LC_CTYPE", "LANG"].iter().any(|name| env.contains_key(*name)) {
            env.insert("LANG".to_owned(), "C.UTF-8".to_owned());
        }
        env.insert("QD_SHELL_ID".to_owned(), id.clone());
        // as at a login: the shell reads its profile when its name begins with a dash
        let name = account.shell.rsplit('/').next().unwrap_or("sh");
        let login = format!("-{name}");
        let (program, arg0) = match asked.command.as_slice() {
            [] => (vec![account.shell.clone()], Some(login.as_str())),
            words => (words.to_vec(), None),
        };
        let folder = daemon.folder(&asked.folder);
        let mut command = start::command(account, start::Terminal::Controlling, &folder, arg0, &program, &env);
        let mut screen = Screen::new(asked.size.unwrap_or_default());
        let (terminal, other) = Terminal::open(screen.size())?;
        own(&other, account.uid)?;
        if asked.command.is_empty() {
            screen.process(&daemon.greeting());
        }
        command.stdin(other.try_clone()?).stdout(other.try_clone()?).stderr(other);
        let running = daemon.children.spawn(&mut command)?;
        drop(command); // its ends of the terminal
        let shell = Arc::new(Shell {
            id: id.clone(),
            command: program.join(" "),
            principal: principal.to_owned(),
            created_ms: now_ms(),
            pid: running.pid.as_raw_nonzero().get(),
            terminal,
            is_login: asked.command.is_empty(),
            end: running.end(),
            state: Mutex::new(State {
                screen,
                viewers: Vec::new(),
                writer: None,
                next_viewer: 1,
                detaches: asked.detach_on_close && daemon.config.detach.enabled,
                ttl: None,
                turn: 0,
                detached_ms: None,
                ends_ms: None,
                bytes_in: 0,
                bytes_out: 0,
            }),
            moved: Notify::new(),
            ended: watch::channel(None).0,
        });
        self.0.lock().insert(id, shell.clone());
        tokio::spawn(ending::run(daemon.clone(), shell.clone()));
        Ok(shell)
    }

    /// One by its id; without an id the one that was detached last.
    pub(crate) fn find(&self, id: &str) -> Result<Arc<Shell>, Refusal> {
        let all = self.0.lock();
        let found = if id.is_empty() {
            let detached = all.values().filter(|shell| shell.ended.borrow().is_none());
            detached
                .max_by_key(|shell| shell.state.lock().detached_ms.unwrap_or(0))
                .filter(|shell| shell.state.lock().detached_ms.is_some())
        } else {
            all.get(id)
        };
        found.cloned().ok_or(Refusal::Unknown)
    }

    /// All of them, oldest first.
    pub(crate) fn told(&self) -> Vec<Told> {
        let mut all: Vec<Told> = self.0.lock().values().map(|shell| shell.told()).collect();
        all.sort_by(|one, other| (one.created_ms, &one.id).cmp(&(other.created_ms, &other.id)));
        all
    }

    /// Those whose programs run.
    pub(crate) fn live(&self) -> Vec<Arc<Shell>> {
        self.0.lock().values().filter(|shell| shell.ended.borrow().is_none()).cloned().collect()
    }

    fn forget(&self, id: &str) {
        self.0.lock().remove(id);
    }
}

impl Shell {
    fn told(&self) -> Told {
        let state = self.state.lock();
        let exit = *self.ended.borrow();
        Told {
            id: self.id.clone(),
            kind: "shell",
            state: match (exit, state.detached_ms) {
                (Some(_), _) => "STOPPED",
                (None, Some(_)) => "DETACHED",
                (None, None) => "ACTIVE",
            },
            command: self.command.clone(),
            principal: self.principal.clone(),
            created_ms: self.created_ms,
            pid: self.pid,
            viewers: state.viewers.len(),
            detached_ms: state.detached_ms,
            ends_ms: state.ends_ms,
            exit_code: exit.map(Exit::number),
            bytes_in: state.bytes_in,
            bytes_out: state.bytes_out,
        }
    }

    /// What is kept of it over a stop.
    pub(crate) fn kept(&self, folder: String, resume: String) -> KeptShell {
        KeptShell {
            id: self.id.clone(),
            command: self.command.clone(),
            principal: self.principal.clone(),
            created_ms: self.created_ms,
            stopped_ms: now_ms(),
            folder,
            resume,
            screen: self.state.lock().screen.last(),
        }
    }

    /// Another size, of the terminal and of what is kept of it.
    pub(crate) fn resize(&self, size: Size) {
        let size = {
            let mut state = self.state.lock();
            state.screen.resize(size);
            state.screen.size()
        };
        let _ = self.terminal.resize(size); // a terminal whose programs have ended has no size
    }

    /// Input of whoever writes.
    pub(crate) async fn type_in(&self, bytes: &[u8]) -> std::io::Result<()> {
        self.state.lock().bytes_in += bytes.len() as u64;
        self.terminal.write(bytes).await
    }
}

/// A new id with this beginning.
pub(crate) fn id(kind: &str) -> String {
    let mut bytes = [0u8; 5];
    if getrandom::fill(&mut bytes).is_err() {
        // a number that no two of one daemon share is enough
        bytes.copy_from_slice(&now_ms().to_le_bytes()[..5]);
    }
    bytes.iter().fold(format!("{kind}-"), |text, byte| text + &format!("{byte:02x}"))
}

/// The terminal belongs to the user, as at a login.
fn own(end: &std::os::fd::OwnedFd, uid: u32) -> std::io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    rustix::fs::fchown(end, Some(rustix::process::Uid::from_raw(uid)), None)?;
    Ok(())
}

/// A folder that is there, or the other.
pub(crate) fn there(asked: &str, or: &Path) -> std::path::PathBuf {
    let asked = Path::new(asked);
    if asked.is_absolute() && fs::metadata(asked).is_ok_and(|meta| meta.is_dir()) {
        return asked.to_owned();
    }
    or.to_owned()
}

const MAX_SHELLS: usize = 32;
