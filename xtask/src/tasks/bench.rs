//! `cargo xtask bench NAME`: one benchmark, in a release build; the benchmark itself builds and starts what it measures. It prints a table and one
//! line `ratio NAME VALUE` per figure; a slow figure fails nothing.

use std::process::Command;

use super::metadata::Metadata;
use super::{build, doctor, proc, web};
use crate::paths;

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
#[command(trailing_var_arg = true)]
pub(crate) struct Args {
    /// Which; without a name they are listed.
    name: Option<String>,
    /// For the benchmark itself: `--quick`, `--full`, ….
    #[arg(allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let metadata = Metadata::load()?;
    let names: Vec<&str> = metadata
        .ours()
        .filter(|package| package.name == CRATE)
        .flat_map(|package| &package.targets)
        .filter(|target| target.kind.iter().any(|kind| kind == "bin"))
        .map(|target| target.name.as_str())
        .collect();
    let Some(name) = &args.name else {
        names.iter().for_each(|name| println!("{name}"));
        return Ok(());
    };
    anyhow::ensure!(names.contains(&name.as_str()), "no benchmark {name}; there are: {}", names.join(", "));
    doctor::ensure(&[doctor::Need::Build, doctor::Need::Web, doctor::Need::Browser, doctor::Need::Clients])?;
    if name == "capture" {
        doctor::ensure(&[doctor::Need::Captures, doctor::Need::Bench, doctor::Need::Load, doctor::Need::Doors])?;
    }
    if name == "workspaces" {
        doctor::ensure(&[doctor::Need::Load, doctor::Need::Doors])?;
    }
    web::build()?;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["run", "--release", "--quiet", "-p", CRATE, "--bin", name, "--"]).args(&args.arguments);
    // What the benchmark starts by this program is not built again, nor replaced, while it runs.
    command.env("QD_XTASK", build::xtask_path()?);
    proc::run(command.current_dir(paths::root()))
}

const CRATE: &str = "bench";
