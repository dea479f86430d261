//! The composition: configuration, start order, shutdown. The only crate that builds a gate.
//!
//! ```text
//! main ─► run: parse ─► configuration ─► kubeconfig ─► desk (store, journal, gate, principal, mirror, plans)
//!                                                        ├─► console: port, gateway, state file, browser
//!                                                        └─► one command of cli
//! ```
//!
//! Everything is parsed before anything opens. Ctrl-C ends what runs, in the reverse order of the start.

mod browser;
mod config;
mod console;
mod desk;
mod error;
mod log;
mod runfile;
mod url;

pub use config::{Config, ConfigError};

use crate::error::Failed;
use cli::grammar::{Cli, Command, ConfigCommand, Output};
use cluster::{Cluster, ConnectOptions, Kubeconfig};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// `qd`: runs what the command line says.
#[must_use]
pub fn main() -> ExitCode {
    let cli = cli::parse();
    log::start(&cli.global.log);
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider is installed already");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("qd: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let json = matches!(cli.global.output, Output::Json | Output::Jsonl);
    let result = runtime.block_on(run(cli));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that went away (`qd get … | head`) is no failure.
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            report(&error, json);
            ExitCode::from(error.exit_code())
        }
    }
}

/// The error, on stderr: for a person, or as the error body where the output is JSON.
fn report(error: &Failed, json: bool) {
    let mut stderr = std::io::stderr().lock();
    let written = if json {
        writeln!(stderr, "{}", serde_json::json!(error.body()))
    } else {
        writeln!(stderr, "qd: {}: {}", error.code(), error)
    };
    if written.is_err() {
        tracing::debug!("stderr is closed");
    }
}

async fn run(cli: Cli) -> Result<(), Failed> {
    let global = cli.global;
    let mut config = Config::load(global.config.as_deref(), std::env::vars()).map_err(Failed::of)?;
    config.console.read_only |= global.read_only;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let command = cli.command.unwrap_or(Command::Console(cli::grammar::ConsoleArgs::default()));
    match &command {
        Command::Console(args) => {
            drop(out);
            return console::run(&config, &global, args).await;
        }
        Command::Url { port } => {
            let state = desk::state_dir()?;
            writeln!(out, "{}", url::new_url(&state, *port).await.map_err(Failed::of)?)?;
        }
        Command::Config(ConfigCommand::Check) => writeln!(out, "the configuration is right")?,
        Command::Config(ConfigCommand::Show) => write!(out, "{}", config.to_toml())?,
        Command::Contexts => {
            let kubeconfig = Kubeconfig::load(global.kubeconfig.as_deref()).map_err(Failed::of)?;
            cli::contexts(&kubeconfig, global.output, &mut out).map_err(Failed::of)?;
        }
        Command::Whoami => {
            let kubeconfig = Kubeconfig::load(global.kubeconfig.as_deref()).map_err(Failed::of)?;
            let context = kubeconfig.choose(global.context.as_deref()).map_err(Failed::of)?;
            let cluster =
                Cluster::connect(&kubeconfig, &context.name, ConnectOptions::default()).map_err(Failed::of)?;
            interruptible(async { cli::whoami(&cluster, global.output, &mut out).await.map_err(Failed::of) }).await?;
        }
        Command::Get(_) | Command::Delete(_) | Command::Scale(_) | Command::Restart(_) | Command::Audit(_) => {
            let (desk, holds) = desk::command(&config, &global, matches!(command, Command::Audit(_))).await?;
            let result = interruptible(Box::pin(async {
                match &command {
                    Command::Get(args) => cli::get(&desk, args, &mut out).await,
                    Command::Audit(audit) => cli::audit(&desk, audit, &mut out).await,
                    act => cli::act(&desk, act, &mut out).await,
                }
                .map_err(Failed::of)
            }))
            .await;
            drop(desk);
            holds.close().await;
            result?;
        }
    }
    out.flush()?;
    Ok(())
}

/// Ctrl-C ends the command; what it was in the middle of is dropped, and a commit that was begun is finished.
async fn interruptible(command: impl Future<Output = Result<(), Failed>>) -> Result<(), Failed> {
    tokio::select! {
        result = command => result,
        _ = tokio::signal::ctrl_c() => Err(Failed::interrupted()),
    }
}

/// A person is at the terminal: hints may be printed.
pub(crate) fn is_interactive() -> bool {
    std::io::stderr().is_terminal()
}
