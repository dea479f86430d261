//! Go programs, built once for each state of their sources and kept in the user's cache folder.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use walkdir::{DirEntry, WalkDir};

use super::layout;
use crate::tasks::proc;

/// Builds the command `output` of a Go module (`cmd/OUTPUT`, or the module's root when there is no such folder) and
/// returns the static program. The second build of the same sources compiles nothing.
pub(crate) fn build(module: &Path, output: &str) -> Result<PathBuf> {
    build_package(module, output, None)
}

/// Builds a command of another module, at the version that `module` pins: `package` is its import path.
pub(crate) fn build_package(module: &Path, output: &str, package: Option<&str>) -> Result<PathBuf> {
    let key = key(module, output)?;
    let folder = crate::paths::cache().join("go").join(format!("{output}-{key}"));
    let program = folder.join(output);
    if program.exists() {
        return Ok(program);
    }
    fs::create_dir_all(&folder)?;
    let _one_at_a_time = layout::lock_path(&crate::paths::cache().join("go").join(".lock"))?;
    if program.exists() {
        return Ok(program);
    }
    proc::say(&format!("building {output} (Go; the first time takes minutes)"));
    let own = format!("./cmd/{output}");
    let package = match package {
        Some(package) => package,
        None if module.join("cmd").join(output).is_dir() => &own,
        None => ".",
    };
    let partial = folder.join(format!("{output}.partial"));
    let mut command = Command::new("go");
    command
        .current_dir(module)
        .env("CGO_ENABLED", "0")
        .args(["build", "-trimpath", "-ldflags", LINK, "-o"])
        .arg(&partial)
        .arg(package)
        .stdout(std::io::stderr());
    proc::run(&mut command).with_context(|| format!("cannot build {output} from {}", module.display()))?;
    fs::rename(&partial, &program)?;
    forget_old(output)?;
    Ok(program)
}

/// A hash of what the command is built from: the module's sources without those of its other commands and of modules inside it.
fn key(module: &Path, output: &str) -> Result<String> {
    let other = |entry: &DirEntry| {
        let path = entry.path();
        let relative = path.strip_prefix(module).unwrap_or(path);
        let inner_module = entry.file_type().is_dir() && entry.depth() > 0 && path.join("go.mod").exists();
        let mut parts = relative.components();
        let other_command = parts.next().is_some_and(|first| first.as_os_str() == "cmd")
            && parts.next().is_some_and(|second| second.as_os_str() != output)
            && module.join("cmd").join(output).is_dir();
        inner_module || other_command
    };
    let mut hash = Sha256::new();
    let mut files = 0;
    for entry in WalkDir::new(module).sort_by_file_name().into_iter().filter_entry(|entry| !other(entry)) {
        let entry = entry.with_context(|| format!("cannot read {}", module.display()))?;
        let name = entry.file_name().to_string_lossy();
        if name.ends_with(".go") || name == "go.mod" || name == "go.sum" {
            let bytes = fs::read(entry.path()).with_context(|| format!("cannot read {}", entry.path().display()))?;
            hash.update(entry.path().strip_prefix(module).unwrap_or(entry.path()).as_os_str().as_bytes());
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
            files += 1;
        }
    }
    if files == 0 {
        bail!("{} holds no sources", module.display());
    }
    let version = Command::new("go").arg("version").output().context("cannot run go: install Go 1.24 or later")?;
    hash.update(version.stdout);
    hash.update(LINK);
    Ok(hex::encode(hash.finalize()).chars().take(16).collect())
}

/// Keeps the newest builds of a command only.
fn forget_old(output: &str) -> Result<()> {
    let mut builds: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(crate::paths::cache().join("go"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = name.strip_prefix(output).and_then(|rest| rest.strip_prefix('-')).is_some_and(|key| key.len() == 16);
        if ours && entry.path().join(output).exists() {
            builds.push((entry.path().join(output).metadata()?.modified()?, entry.path()));
        }
    }
    builds.sort();
    for (_, old) in builds.iter().rev().skip(KEPT) {
        fs::remove_dir_all(old)?;
    }
    Ok(())
}

/// Without symbols; Kubernetes says its version, as a release does, where it is linked in at all.
const LINK: &str = "-s -w -X k8s.io/component-base/version.gitVersion=v1.34.4 \
                    -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34 \
                    -X k8s.io/component-base/version.gitTreeState=clean \
                    -X k8s.io/client-go/pkg/version.gitVersion=v1.34.4";

/// So that going back and forth between two states of the sources builds nothing.
const KEPT: usize = 4;
