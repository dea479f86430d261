//! What a stop would lose: how shells looked and what ran in them, which apps were up, who listened. It stands in the home of the
//! workspace's user, and the daemon of the next start tells it: a shell as one that ended, with its last screen and the
//! command that brings its program back. Apps that were up are started.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base::shell::word;
use parking_lot::{Mutex, MutexGuard};
use proto::workspace::told::AppState;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe;
use tokio::time::timeout;

use crate::apps::Act;
use crate::daemon::Daemon;
use crate::log::now_ms;
use crate::start;
use crate::{ports, processes};

/// What the stop before left, for a day.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Stop>);

/// What stood when the workspace was stopped.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Stop {
    shells: Vec<KeptShell>,
    /// Those that were up.
    apps: Vec<String>,
    /// On which somebody listened.
    ports: Vec<u16>,
}

/// A shell that ended with its workspace.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KeptShell {
    pub(crate) id: String,
    pub(crate) command: String,
    pub(crate) principal: String,
    pub(crate) created_ms: u64,
    pub(crate) stopped_ms: u64,
    /// Where its program worked.
    pub(crate) folder: String,
    /// What ran in it, as it is typed; empty where it waited for its user.
    pub(crate) resume: String,
    /// Bytes that show its last screen on a terminal, and the lines before.
    pub(crate) screen: String,
}

impl KeptShell {
    fn told(&self) -> Value {
        json!({
            "id": self.id, "kind": "shell", "state": "STOPPED", "command": self.command, "principal": self.principal,
            "created_ms": self.created_ms, "viewers": 0, "stopped_ms": self.stopped_ms, "folder": self.folder, "resume": self.resume,
        })
    }

    /// Its last screen, and how its program comes back.
    pub(crate) fn shown(&self) -> Vec<u8> {
        let mut out = self.screen.clone();
        out.push_str("[this shell ended when the workspace was stopped]\r\n");
        if !self.resume.is_empty() {
            let folder = if self.folder.is_empty() { String::new() } else { format!("cd {} && ", word(&self.folder)) };
            out.push_str(&format!("[it ran {}; to go on: {folder}{}]\r\n", self.resume, self.resume));
        }
        out.into_bytes()
    }
}

impl Kept {
    /// The shells that ended with the stop before, as lists tell them.
    pub(crate) fn told(&self) -> Vec<Value> {
        self.young().shells.iter().map(KeptShell::told).collect()
    }

    /// One of them.
    pub(crate) fn find(&self, id: &str) -> Option<KeptShell> {
        self.young().shells.iter().find(|shell| shell.id == id).cloned()
    }

    /// Without what is too old.
    fn young(&self) -> MutexGuard<'_, Stop> {
        let mut stop = self.0.lock();
        let since = now_ms().saturating_sub(DAY_MS);
        stop.shells.retain(|shell| shell.stopped_ms >= since);
        stop
    }
}

/// Writes down what stands, where there is something; not longer than the rest of the end can wait.
pub(crate) async fn store(daemon: &Arc<Daemon>) {
    match timeout(PATIENCE, write(daemon)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => daemon.log.warn("daemon", format!("what stands here cannot be written down: {error}")),
        Err(_) => daemon.log.warn("daemon", "what stands here was not written down in time"),
    }
}

async fn write(daemon: &Arc<Daemon>) -> io::Result<()> {
    let mut shells = Vec::new();
    for shell in daemon.shells.live() {
        let group = shell.terminal.foreground().map(|group| group.as_raw_nonzero().get());
        let front = group.unwrap_or(shell.pid);
        let folder = processes::folder(daemon, front).await.unwrap_or_default();
        // the shell itself is there again anyway
        let runs = (front != shell.pid || !shell.is_login).then(|| command_line(front)).flatten();
        shells.push(shell.kept(folder, runs.unwrap_or_default()));
    }
    let up = |state| matches!(state, AppState::Running | AppState::Starting | AppState::Waiting | AppState::Installing);
    let apps: Vec<String> = daemon.apps.told().into_iter().filter(|app| up(app.state)).map(|app| app.id).collect();
    let old = daemon.kept.young().shells.clone();
    if shells.is_empty() && apps.is_empty() && old.is_empty() {
        return Ok(());
    }
    shells.extend(old);
    shells.truncate(MOST_SHELLS);
    let ports = ports::now(daemon).await.iter().map(|port| port.port).collect();
    let text = serde_json::to_vec(&Stop { shells: within(shells), apps, ports })?;
    let mut command = start::own(daemon, &start::this(&["keep"]));
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut running = daemon.children.spawn(&mut command)?;
    let input = running.child.stdin.take().ok_or_else(|| io::Error::other("a pipe is missing"))?;
    let mut input = pipe::Sender::from_owned_fd(OwnedFd::from(input))?;
    input.write_all(&text).await?;
    drop(input);
    let exit = running.ended().await;
    if exit.well() { Ok(()) } else { Err(io::Error::other(exit.to_string())) }
}

/// The screens that the file has room for, the newest shells' first; of the others it is told that they were.
fn within(mut shells: Vec<KeptShell>) -> Vec<KeptShell> {
    let mut room = MOST_SCREENS;
    for shell in &mut shells {
        // as it stands in JSON, where a byte that controls is six
        let long = serde_json::to_string(&shell.screen).map_or(usize::MAX, |text| text.len());
        match room.checked_sub(long) {
            Some(left) => room = left,
            None => shell.screen = "[its last screen was larger than what is kept]\r\n".to_owned(),
        }
    }
    shells
}

/// Reads what the stop before left, which is then nobody's any more.
pub(crate) async fn load(daemon: &Daemon) -> Vec<String> {
    let Ok(text) = start::output(daemon, &start::this(&["kept"]), MOST).await else { return Vec::new() };
    let Ok(stop) = serde_json::from_slice::<Stop>(&text) else { return Vec::new() };
    let apps = stop.apps.clone();
    *daemon.kept.0.lock() = stop;
    apps
}

/// Starts the apps that were up and do not start by themselves.
pub(crate) async fn resume(daemon: &Daemon, apps: &[String]) {
    for app in daemon.apps.told() {
        if app.auto_start || !apps.contains(&app.id) {
            continue;
        }
        if let Err(error) = daemon.apps.act(daemon, &app.id, Act::Start).await {
            daemon.log.warn("apps", format!("{} was up and does not start: {error}", app.id));
        }
    }
}

/// What a process was started as, as it is typed.
fn command_line(pid: i32) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(format!("/proc/{pid}/cmdline")).ok()?.take(MOST_LINE).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let words: Vec<String> = text.trim_end_matches('\0').split('\0').map(word).collect();
    let line = words.join(" ");
    (!line.is_empty() && !line.chars().any(char::is_control)).then_some(line)
}

/// `qd-agent workspaced keep`: standard input becomes the file, as the user.
pub(crate) fn keep_by_words(words: &[OsString]) -> ExitCode {
    let done = || -> io::Result<()> {
        let (path, new) = (file(), file().with_extension("new"));
        fs::create_dir_all(path.parent().ok_or(io::ErrorKind::InvalidInput)?)?;
        let mut text = Vec::new();
        io::stdin().take(MOST as u64).read_to_end(&mut text)?;
        let _ = fs::remove_file(&new); // of one that was cut short
        let mut out = File::options().write(true).create_new(true).mode(0o600).open(&new)?;
        out.write_all(&text)?;
        out.sync_all()?;
        fs::rename(&new, &path)
    };
    if words.is_empty() && done().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// `qd-agent workspaced kept`: prints the file, and takes it away.
pub(crate) fn kept_by_words(words: &[OsString]) -> ExitCode {
    let done = || -> io::Result<()> {
        let text = fs::read(file())?;
        fs::remove_file(file())?;
        io::stdout().write_all(&text)
    };
    if words.is_empty() && done().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn file() -> PathBuf {
    PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".quarterdeck/stopped.json")
}

/// Shells that ended so stay in lists.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const MOST_SHELLS: usize = 32;
/// Bytes of the file.
const MOST: usize = 16 << 20;
/// Of it, for screens: what is told beside them is 32 times a few commands and folders.
const MOST_SCREENS: usize = 14 << 20;
/// Bytes of a command.
const MOST_LINE: u64 = 4 << 10;
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::{KeptShell, MOST, MOST_SHELLS, Stop, within};

    #[test]
    fn wb_08e_what_is_kept_has_a_limit_and_the_newest_screens_are_within_it() {
        let screen = "\u{1b}[38;2;1;2;3mx".repeat(160_000);
        let line = "x".repeat(4 << 10);
        let one = |id: usize| KeptShell {
            id: format!("sh-{id}"),
            screen: screen.clone(),
            folder: line.clone(),
            resume: line.clone(),
            ..KeptShell::default()
        };
        let shells = within((0..MOST_SHELLS).map(one).collect());
        let whole = shells.iter().take_while(|shell| shell.screen == screen).count();
        assert!((1..MOST_SHELLS).contains(&whole), "{whole}");
        assert!(shells[whole].screen.contains("larger than what is kept"));
        assert!(serde_json::to_vec(&Stop { shells, ..Stop::default() }).unwrap().len() < MOST);
    }

    #[test]
    fn wb_08a_a_command_is_offered_as_it_is_typed_behind_the_last_screen() {
        let mut shell =
            KeptShell { screen: "left\r\n".to_owned(), folder: "/my notes".to_owned(), ..KeptShell::default() };
        assert!(String::from_utf8_lossy(&shell.shown()).ends_with("stopped]\r\n"), "nothing ran");
        shell.resume = "vim today".to_owned();
        let text = String::from_utf8_lossy(&shell.shown()).into_owned();
        assert!(
            text.starts_with("left\r\n[") && text.ends_with("to go on: cd '/my notes' && vim today]\r\n"),
            "{text}"
        );
    }
}
