//! `cargo xtask lint`: everything about style and shape that a machine can say, in one command. Each step runs even when
//! an earlier one failed, so that one run shows all there is to mend.

mod bans;
mod length;

use std::process::Command;

use anyhow::bail;

use super::{arch, proc, web};
use crate::paths;

/// Arguments of `cargo xtask lint`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Leave out `go vet` of the modules under dev/; the report says so.
    #[arg(long)]
    skip_go: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let steps: [(&str, Step<'_>); 7] = [
        ("format", Box::new(|| proc::run(cargo().args(["fmt", "--all", "--check"])))),
        ("clippy", Box::new(clippy)),
        ("dependency rule", Box::new(arch::run)),
        ("banned crates and licences", Box::new(bans::run)),
        ("web", Box::new(web::lint)),
        ("go vet", Box::new(|| go_vet(args.skip_go))),
        ("file lengths", Box::new(length::run)),
    ];
    let mut failed = Vec::new();
    for (name, step) in steps {
        proc::check()?;
        proc::say(&format!("── {name}"));
        if let Err(error) = step() {
            proc::say(&format!("{error:#}"));
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("lint failed: {}", failed.join(", "));
    }
    println!("lint passed");
    Ok(())
}

type Step<'a> = Box<dyn Fn() -> anyhow::Result<()> + 'a>;

fn clippy() -> anyhow::Result<()> {
    proc::run(cargo().args(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// Every Go module that holds code; one may only name the versions of tools.
fn go_vet(skip: bool) -> anyhow::Result<()> {
    let is_code = |entry: walkdir::DirEntry| entry.path().extension().is_some_and(|end| end == "go");
    for module in go_modules() {
        if !walkdir::WalkDir::new(&module).into_iter().filter_map(Result::ok).any(is_code) {
            continue;
        }
        if skip {
            proc::say(&format!("skipped by --skip-go: {}", module.display()));
            continue;
        }
        proc::run(Command::new("go").args(["vet", "./..."]).current_dir(&module))?;
    }
    Ok(())
}

/// Folders that hold a `go.mod`.
pub(super) fn go_modules() -> Vec<std::path::PathBuf> {
    let roots = ["dev", "benches", "crates"].map(|name| paths::root().join(name));
    roots
        .iter()
        .flat_map(|root| walkdir::WalkDir::new(root).sort_by_file_name())
        .filter_map(Result::ok) // a folder that does not exist holds no module
        .filter(|entry| entry.file_name() == "go.mod")
        .filter_map(|entry| entry.path().parent().map(std::path::Path::to_path_buf))
        .collect()
}

fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(paths::root());
    command
}
