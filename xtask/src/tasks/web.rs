//! The console's own tools: npm in web/, run only when there is something to do.

use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

use super::proc;
use crate::paths;

/// Where the console lives, once it exists.
pub(super) fn folder() -> Option<PathBuf> {
    let folder = paths::root().join("web");
    folder.join("package.json").is_file().then_some(folder)
}

/// Packages as the lock file has them; nothing is fetched when they are already in place.
pub(super) fn install() -> anyhow::Result<()> {
    let Some(folder) = folder() else { return Ok(()) };
    let installed = modified(&folder.join("node_modules/.package-lock.json"));
    let wanted =
        ["package.json", "package-lock.json"].map(|name| modified(&folder.join(name))).into_iter().max().flatten();
    if installed.is_some() && installed >= wanted {
        return Ok(());
    }
    let mut command = npm(&["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    proc::run(command.current_dir(folder).stdout(std::io::stderr()))
}

/// Lint and types.
pub(super) fn lint() -> anyhow::Result<()> {
    if folder().is_none() {
        proc::say("there is no web/package.json");
        return Ok(());
    }
    install()?;
    for script in ["lint", "typecheck"] {
        script_command(script).map_or(Ok(()), |mut command| proc::run(&mut command))?;
    }
    Ok(())
}

/// The bundle that `qd` embeds, in web/dist.
pub(super) fn build() -> anyhow::Result<()> {
    install()?;
    script_command("build").map_or(Ok(()), |mut command| proc::run(command.stdout(std::io::stderr())))
}

/// `npm run SCRIPT` in web/, when the console exists.
pub(super) fn script_command(script: &str) -> Option<Command> {
    command(&[script])
}

/// `npm run WORDS` in web/, when the console exists.
pub(super) fn command(words: &[&str]) -> Option<Command> {
    let folder = folder()?;
    let mut command = npm(&["run", "--silent"]);
    command.args(words).current_dir(folder);
    Some(command)
}

fn npm(words: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(words).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    command
}

fn modified(path: &std::path::Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
