//! Whether an app's program is there, which version of it, and how it comes there.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use regex::RegexBuilder;

use super::App;
use crate::accounts::Account;
use crate::children::Running;
use crate::daemon::Daemon;
use crate::start::{self, Terminal};
use crate::{output, scripts};

/// Looks whether the program is there, and asks it for its version.
pub(super) async fn look(daemon: &Daemon, app: &App) -> bool {
    let installed = app.wanted.binary.is_empty() || {
        let words = start::this(&["has", &app.wanted.binary]);
        start::output(daemon, &words, 0).await.is_ok()
    };
    let version = if installed { version(daemon, app).await } else { String::new() };
    app.change(|told| {
        told.installed = installed;
        told.version = version;
    });
    installed
}

async fn version(daemon: &Daemon, app: &App) -> String {
    if app.wanted.version_cmd.is_empty() {
        return String::new();
    }
    let text = match start::output(daemon, &app.wanted.version_cmd, MAX_VERSION).await {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) => {
            app.log.warn("app", format!("its version cannot be asked for: {error}"));
            return String::new();
        }
    };
    let found = match app.wanted.version_regex.as_str() {
        "" => text.lines().next().unwrap_or_default().to_owned(),
        expression => match RegexBuilder::new(expression).size_limit(MAX_EXPRESSION).build() {
            Ok(expression) => {
                let found = expression.captures(&text).and_then(|found| found.get(1).or_else(|| found.get(0)));
                found.map(|found| found.as_str().to_owned()).unwrap_or_default()
            }
            Err(error) => {
                app.log.warn("app", format!("versionRegex is no expression: {error}"));
                String::new()
            }
        },
    };
    found.trim().chars().filter(|one| !one.is_control()).take(100).collect()
}

/// Begins the installation; its script is at that path until it has ended.
///
/// # Errors
/// As the system says, or when it would have to be root's and cannot.
pub(super) fn begin(daemon: &Daemon, app: &App) -> io::Result<(Running, PathBuf)> {
    let root = Account { name: "root".to_owned(), uid: 0, gid: 0, shell: "/bin/sh".to_owned(), home: "/root".into() };
    let who = if app.wanted.install_as_root { &root } else { &daemon.account };
    if app.wanted.install_as_root && !rustix::process::geteuid().is_root() {
        return Err(io::Error::other("it installs as root, which the daemon is not here"));
    }
    let hex = app.id.bytes().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let (path, words) =
        scripts::put(daemon, &format!("install-{}", hex.get(..64).unwrap_or(&hex)), &app.wanted.install)?;
    let env: BTreeMap<String, String> = daemon.own_environment(who);
    let mut command = start::command(who, Terminal::None, &who.home, None, &words, &env);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = daemon.children.spawn(&mut command)?;
    output::into_log(&app.log, &mut running, "install", ["out", "err"]);
    Ok((running, path))
}

/// `qd-agent workspaced has PROGRAM`, as the user.
pub(crate) fn has_by_words(words: &[OsString]) -> ExitCode {
    let [word] = words else { return ExitCode::from(2) };
    let word = word.to_string_lossy();
    let runs = |path: &Path| path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
    let variable = |name: &str| std::env::var_os(name).unwrap_or_default();
    let there = match word.strip_prefix("~/") {
        Some(rest) => runs(&PathBuf::from(variable("HOME")).join(rest)),
        None if word.contains('/') => runs(Path::new(word.as_ref())),
        None => std::env::split_paths(&variable("PATH")).any(|folder| runs(&folder.join(word.as_ref()))),
    };
    if there { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

const MAX_VERSION: usize = 64 << 10;
const MAX_EXPRESSION: usize = 1 << 20;
