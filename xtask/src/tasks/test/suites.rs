//! Test programs that were built already, some beside each other: to ask cargo for a part of them would choose other
//! features, and compile everything again.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use serde::Deserialize;

use super::block::Block;
use super::{Count, Runner, watch_as};
use crate::tasks::proc;

/// A test program.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Suite {
    program: PathBuf,
    package: String,
    folder: PathBuf,
}

/// What cargo says of something that it built.
#[derive(Deserialize)]
struct Built {
    #[serde(default)]
    executable: Option<PathBuf>,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    profile: Profile,
}

#[derive(Default, Deserialize)]
struct Profile {
    #[serde(default)]
    test: bool,
}

/// Builds what `cargo test WORDS` would run.
pub(super) fn build(mut command: Command) -> Result<Vec<Suite>> {
    command.args(["--no-run", "--message-format=json-render-diagnostics"]);
    proc::output(&mut command)?.lines().filter_map(|line| suite(line).transpose()).collect()
}

fn suite(line: &str) -> Result<Option<Suite>> {
    let built: Built = serde_json::from_str(line).context("cargo speaks another language")?;
    let (Some(program), true) = (built.executable, built.profile.test) else { return Ok(None) };
    let folder = built.manifest_path.parent().unwrap_or(Path::new("")).to_owned();
    let package = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Some(Suite { program, package, folder }))
}

/// Suites that are still to run: whoever is free takes the next one.
pub(super) struct Queue<'a>(Mutex<std::slice::Iter<'a, Suite>>);

impl<'a> Queue<'a> {
    pub(super) fn of(suites: &'a [Suite]) -> Self {
        Self(Mutex::new(suites.iter()))
    }
}

/// Runs suites until none is left, `width` at a time, each as cargo would. Then those of their tests that failed run once
/// more, with nothing of ours beside them, when they are few: real machines make real delays. Which they are is told, so
/// that they are looked after.
pub(super) fn run(
    queue: &Queue<'_>,
    width: usize,
    count: &mut Count,
    told: impl Fn(&mut Command) -> Result<()> + Sync,
) -> Result<()> {
    let worker = || -> Result<(Count, Vec<Failed<'_>>)> {
        let (mut own, mut all) = (Count::default(), Vec::new());
        loop {
            let Some(suite) = queue.0.lock().next() else { return Ok((own, all)) };
            proc::check()?;
            let counted = suite.run(&[], &told)?;
            all.extend(counted.names.iter().map(|name| Failed { suite, name: name.clone() }));
            own.add(&counted);
        }
    };
    let mut failed = Vec::new();
    std::thread::scope(|threads| {
        let workers: Vec<_> = (0..width).map(|_| threads.spawn(worker)).collect();
        for worker in workers {
            let (own, all) = worker.join().map_err(|_| anyhow::anyhow!("a runner of suites died"))??;
            count.add(&own);
            failed.extend(all);
        }
        anyhow::Ok(())
    })?;
    if failed.len() <= ONCE_MORE { once_more(&failed, count, &told) } else { Ok(()) }
}

/// A test that failed.
struct Failed<'a> {
    suite: &'a Suite,
    name: String,
}

/// With more than these the machine is not to blame.
const ONCE_MORE: usize = 3;

fn once_more(failed: &[Failed<'_>], count: &mut Count, told: impl Fn(&mut Command) -> Result<()>) -> Result<()> {
    for one in failed {
        proc::check()?;
        let again = one.suite.run(&["--exact", &one.name], &told)?;
        if (again.passed, again.failed) == (1, 0) {
            (count.passed, count.failed) = (count.passed + 1, count.failed - 1);
            count.names.retain(|name| *name != one.name);
            count.unsteady.push(one.name.clone());
        }
    }
    Ok(())
}

impl Suite {
    /// The crate that it is of.
    pub(super) fn package(&self) -> &str {
        &self.package
    }

    /// Runs it with these words, as cargo would.
    fn run(&self, words: &[&str], told: impl Fn(&mut Command) -> Result<()>) -> Result<Count> {
        let mut command = Command::new(&self.program);
        command
            .args(words)
            .current_dir(&self.folder)
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .env("CARGO_PKG_NAME", &self.package);
        told(&mut command)?;
        let (mut count, mut block) = (Count::default(), Block::default());
        block.say(&format!("     Running {} of {} {}", self.program.display(), self.package, words.join(" ")));
        watch_as(Runner::Cargo, &mut command, &mut count, block)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Suite, suite};

    #[test]
    fn programs_that_are_tests_are_suites() {
        let line = |test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"/w/crates/wire/Cargo.toml","profile":{{"test":{test}}},"executable":"/t/it-1"}}"#
            )
        };
        let expected = Suite { program: "/t/it-1".into(), package: "wire".to_owned(), folder: "/w/crates/wire".into() };
        assert_eq!(suite(&line(true)).unwrap(), Some(expected));
        assert_eq!(suite(&line(false)).unwrap(), None);
        assert_eq!(suite(r#"{"reason":"build-finished","success":true}"#).unwrap(), None);
        assert!(suite("warning: words").is_err());
    }
}
