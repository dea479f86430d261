//! The console's own tools: npm in web/, run only when there is something to do.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::Context;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use super::metadata::Metadata;
use super::{agent, proc};
use crate::paths;

/// What the bundle is made from.
const INPUTS: [&str; 7] =
    ["index.html", "package-lock.json", "package.json", "public", "src", "tsconfig.json", "vite.config.ts"];

/// What is made for it from crates: in no repository.
const GENERATED: &str = "generated";

/// Where no operating system is.
const WASM: &str = "wasm32-unknown-unknown";

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

/// The bundle that `qd` embeds, in web/dist. Where nothing changed it stays as it is: a `qd` that is built from it is not
/// built again.
pub(super) fn build() -> anyhow::Result<()> {
    install()?;
    let Some(folder) = folder() else { return Ok(()) };
    compilers(&folder)?;
    let (dist, stamp) = (folder.join("dist"), folder.join("node_modules/.console.sha256"));
    let inputs: Vec<_> = INPUTS.iter().chain(&[GENERATED]).map(|name| folder.join(name)).collect();
    let inputs = digest(&inputs)?;
    let built = || digest(std::slice::from_ref(&dist)).map(|dist| format!("{inputs} {dist}"));
    if std::fs::read_to_string(&stamp).is_ok_and(|was| built().is_ok_and(|is| was == is)) {
        return Ok(());
    }
    script_command("build").map_or(Ok(()), |mut command| proc::run(command.stdout(std::io::stderr())))?;
    std::fs::write(&stamp, built()?).with_context(|| format!("cannot write {}", stamp.display()))
}

/// What of the product runs in the browser, as WebAssembly: the compiler of capture filters. The standard library for that
/// is fetched by rustup where it is not there.
fn compilers(folder: &Path) -> anyhow::Result<()> {
    agent::standard_library(WASM)?;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Small before fast, as what runs in pods.
    command.args(["build", "--profile", "agent", "-p", "bpf-web", "--target", WASM]).current_dir(paths::root());
    proc::run(command.stdout(std::io::stderr()))?;
    let made = Path::new(&Metadata::load()?.target_directory).join(WASM).join("agent/bpf_web.wasm");
    let (made, to) = (std::fs::read(&made).with_context(|| made.display().to_string())?, folder.join(GENERATED));
    std::fs::create_dir_all(&to).with_context(|| format!("cannot make {}", to.display()))?;
    let to = to.join("bpf.wasm");
    if std::fs::read(&to).is_ok_and(|old| old == made) {
        return Ok(());
    }
    std::fs::write(&to, made).with_context(|| format!("cannot write {}", to.display()))
}

/// A hash of files and of what is in folders: names and bytes.
pub(super) fn digest(paths: &[PathBuf]) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    for entry in paths.iter().flat_map(|path| WalkDir::new(path).sort_by_file_name()) {
        let entry = entry.context("the console cannot be read")?;
        if entry.file_type().is_file() {
            hash.update(entry.path().to_string_lossy().as_bytes());
            hash.update([0]);
            hash.update(std::fs::read(entry.path())?);
        }
    }
    Ok(hex::encode(hash.finalize()))
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

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{INPUTS, digest, folder};

    #[test]
    fn what_the_console_is_made_from_has_one_digest_until_it_changes() {
        let folder = folder().unwrap();
        assert!(INPUTS.iter().all(|name| folder.join(name).exists()), "{INPUTS:?}");
        let place = tempfile::tempdir().unwrap();
        let here = [place.path().to_owned()];
        std::fs::create_dir(place.path().join("src")).unwrap();
        std::fs::write(place.path().join("src/a.ts"), "1").unwrap();
        let was = digest(&here).unwrap();
        assert_eq!(digest(&here).unwrap(), was);
        std::fs::write(place.path().join("src/a.ts"), "2").unwrap();
        assert_ne!(digest(&here).unwrap(), was);
    }
}
