//! Every task of this project: `cargo xtask help` lists them.

mod cluster;
mod demo;
mod image;
mod paths;
mod tasks;

use clap::{Parser, Subcommand};

/// Tasks of the Quarterdeck project.
#[derive(Parser)]
#[command(name = "cargo xtask", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A real Kubernetes on this machine.
    Cluster(cluster::Args),
    /// The demo workloads.
    Demo(demo::Args),
    /// Everything else: run, test, bench, lint, arch, rows, gen, doctor.
    #[command(flatten)]
    Task(tasks::Task),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Cluster(args) => cluster::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Task(task) => tasks::run(task),
    }
}
