//! Init scripts: each once in the life of a home, in their order, as the user.
//!
//! A flag file in the home says that a script has run well. One that failed is told in the log and runs again with the
//! next start; those after it run all the same.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use proto::workspace::InitScript;
use serde::Serialize;

use crate::daemon::Daemon;
use crate::output;
use crate::start::{self, Terminal};

/// How far a script is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Status {
    pub(crate) name: String,
    pub(crate) state: State,
    /// How it ended, in words, when it failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Waiting,
    Running,
    Done,
    /// At an earlier start.
    DoneBefore,
    Failed,
}

/// Runs them all.
pub(crate) async fn run(daemon: &Daemon) {
    let scripts = &daemon.config.init_scripts;
    let first =
        |script: &InitScript| Status { name: script.name.clone(), state: State::Waiting, detail: String::new() };
    daemon.scripts.send_replace(scripts.iter().map(first).collect());
    for (at, script) in scripts.iter().enumerate() {
        let put = |state, detail: String| {
            daemon.scripts.send_modify(|all| {
                if let Some(status) = all.get_mut(at) {
                    status.state = state;
                    status.detail = detail;
                }
            });
        };
        if flag(daemon, "has", &script.name).await {
            put(State::DoneBefore, String::new());
            continue;
        }
        put(State::Running, String::new());
        let component = format!("init:{}", script.name);
        match one(daemon, script, &component).await {
            Ok(()) if flag(daemon, "set", &script.name).await => put(State::Done, String::new()),
            Ok(()) => {
                daemon.log.error(&component, "it ran, but its flag cannot be written to the home");
                put(State::Failed, "its flag cannot be written".to_owned());
            }
            Err(error) => {
                daemon.log.error(&component, format!("failed: {error}"));
                put(State::Failed, error.to_string());
            }
        }
    }
}

async fn one(daemon: &Daemon, script: &InitScript, component: &str) -> io::Result<()> {
    let (path, program) = put(daemon, &script.name, &script.script)?;
    let env = daemon.own_environment(&daemon.account);
    let who = &daemon.account;
    let mut command = start::command(who, Terminal::None, &daemon.account.home, None, &program, &env);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    daemon.log.info(component, "starts");
    let mut running = daemon.children.spawn(&mut command)?;
    output::into_log(&daemon.log, &mut running, component, ["info", "info"]);
    let exit = running.ended().await;
    let _ = fs::remove_file(&path);
    if exit.well() {
        daemon.log.info(component, "done");
        return Ok(());
    }
    Err(io::Error::other(exit.to_string()))
}

/// Puts a script where the user can run it: its path, and the words that run it.
pub(crate) fn put(daemon: &Daemon, name: &str, text: &str) -> io::Result<(PathBuf, Vec<String>)> {
    let folder = daemon.runtime.join("init");
    let path = folder.join(name);
    fs::create_dir_all(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
    fs::write(&path, text)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    let file = path.display().to_string();
    let program = if text.starts_with("#!") { vec![file] } else { vec!["/bin/sh".to_owned(), file] };
    Ok((path, program))
}

/// Asks or sets a flag, as the user.
async fn flag(daemon: &Daemon, verb: &str, name: &str) -> bool {
    let words = ["/proc/self/exe", "workspaced", "flag", verb, name].map(str::to_owned);
    let env = daemon.own_environment(&daemon.account);
    let who = &daemon.account;
    let mut command = start::command(who, Terminal::None, &daemon.account.home, None, &words, &env);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match daemon.children.spawn(&mut command) {
        Ok(mut running) => running.ended().await.well(),
        Err(_) => false,
    }
}

/// `qd-agent workspaced flag has|set NAME`, in the user's home.
pub(crate) fn flag_by_words(words: &[OsString]) -> ExitCode {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let done = match words.as_slice() {
        ["has", name] => FLAGS.iter().any(|folder| home.join(folder).join(name).exists()),
        ["set", name] => set(&home, name).is_ok(),
        _ => false,
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn set(home: &Path, name: &str) -> io::Result<()> {
    let [folder, _] = FLAGS;
    let folder = home.join(folder);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), "")
}

/// Where flags are looked for; new ones are written to the first.
const FLAGS: [&str; 2] = [".quarterdeck/flags", ".k8shell/flags"];
