//! The programs that tasks build and run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::metadata::Metadata;
use super::{agent, proc};
use crate::paths;

/// Builds the release `qd` with the console of web/dist in it, and the images of the capture agent that `cargo xtask agent`
/// made; returns where it is.
pub(super) fn qd(metadata: &Metadata) -> anyhow::Result<PathBuf> {
    let target = Path::new(&metadata.target_directory);
    let digest = super::web::digest(&[paths::root().join("web/dist")])?;
    let stamp = target.join("console.sha256");
    let embedded = std::fs::read_to_string(&stamp).unwrap_or_default() == digest;
    if !embedded {
        // cargo knows the files that were embedded last time, and not that there are others now
        let source = paths::root().join("crates/gateway/src/assets.rs");
        let file = std::fs::File::options().append(true).open(&source);
        let file = file.with_context(|| format!("cannot open {}", source.display()))?;
        file.set_modified(std::time::SystemTime::now())?;
    }
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "--release", "-p", "qd"]).current_dir(paths::root());
    command.env("QD_AGENT_IMAGE", std::env::join_paths(agent::archives(metadata))?);
    proc::run(command.stdout(std::io::stderr()))?;
    if !embedded {
        std::fs::write(&stamp, digest)?;
    }
    Ok(target.join("release/qd"))
}

/// This program, for a task of its own process. On Linux the kernel's own link is used, which also holds when a newer build
/// replaced the file.
pub(super) fn xtask() -> anyhow::Result<Command> {
    let link = Path::new("/proc/self/exe");
    if link.exists() {
        return Ok(Command::new(link));
    }
    Ok(Command::new(std::env::current_exe().context("cannot tell which program this is")?))
}

/// This program by a path that other processes can start, for as long as this one runs.
pub(super) fn xtask_path() -> anyhow::Result<PathBuf> {
    let link = PathBuf::from(format!("/proc/{}/exe", std::process::id()));
    if link.exists() { Ok(link) } else { std::env::current_exe().context("cannot tell which program this is") }
}

#[cfg(test)]
mod tests {
    use super::{proc, xtask};

    #[test]
    fn this_program_starts_again() {
        // the test program stands for it: it lists its tests
        let listed = proc::output(xtask().unwrap().arg("--list")).unwrap();
        assert!(listed.contains("this_program_starts_again: test"), "{listed}");
    }
}
