//! Every task of this project: `cargo xtask help` lists them.

mod cluster;
mod demo;
mod image;
mod paths;
mod tasks;

use std::process::ExitCode;

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

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Cluster(args) => cluster::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Task(task) => tasks::run(task),
    };
    tasks::keeper::release();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tasks::proc::say(&format!("error: {error:#}"));
            if tasks::proc::interrupted() { ExitCode::from(INTERRUPTED) } else { ExitCode::FAILURE }
        }
    }
}

/// What a shell calls a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;
