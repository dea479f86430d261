//! What a benchmark measures is built first, and what it needs is started by `cargo xtask`.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the project.
#[must_use]
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// The release `qd`, unless `QD_BIN` names one that is built.
///
/// # Errors
/// When it does not build.
pub fn qd(root: &Path) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("QD_BIN") {
        return Ok(PathBuf::from(path));
    }
    let mut cargo = Command::new(env!("CARGO"));
    let text = output(cargo.current_dir(root).args(["build", "--release", "-p", "qd", "--message-format=json"]))?;
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let path = messages.filter_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?))).next_back();
    path.context("cargo says no path")
}

/// `cargo xtask bench` names its own program; without it cargo is asked.
#[must_use]
pub fn xtask_command(root: &Path) -> Command {
    let mut command = match std::env::var_os("QD_XTASK") {
        Some(program) => Command::new(program),
        None => {
            let mut command = Command::new(env!("CARGO"));
            command.args(["run", "--quiet", "--package", "xtask", "--"]);
            command
        }
    };
    command.current_dir(root);
    command
}

/// What `cargo xtask ARGS` prints.
///
/// # Errors
/// When it fails.
pub fn xtask(root: &Path, args: &[&str]) -> Result<String> {
    output(xtask_command(root).args(args))
}

/// What a command prints; its stderr is ours.
///
/// # Errors
/// When it fails.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed");
    Ok(String::from_utf8(output.stdout)?)
}
