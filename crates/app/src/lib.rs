//! The composition: configuration, start order, shutdown. The only crate that builds a gate.
//!
//! ```text
//! main ─► run: parse ─► configuration ─► kubeconfig ─► desk (store, journal, gate, principal, mirror, plans)
//!                                                        ├─► console: port, gateway, state file, browser
//!                                                        ├─► serve: the same for a team: its policy, its people, TLS
//!                                                        └─► one command of cli
//! ```
//!
//! Everything is parsed before anything opens. Ctrl-C ends what runs, in the reverse order of the start.

mod acme;
mod apps;
mod browser;
mod cert;
mod compat;
mod config;
mod console;
mod desk;
mod doors;
mod ending;
mod error;
mod files;
mod log;
mod operator;
mod runfile;
mod serve;
mod url;

pub use config::{Config, ConfigError};

use crate::error::Failed;
use cli::grammar::tap::TapArgs;
use cli::grammar::{Cli, Command, ConfigCommand, Global, Output};
use cluster::{Cluster, ConnectOptions, Kubeconfig};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

/// The commit that the program is built from.
static COMMIT: OnceLock<&'static str> = OnceLock::new();

pub(crate) fn commit() -> &'static str {
    COMMIT.get().copied().unwrap_or("unknown")
}

/// `qd`, built from a commit: runs what the command line says.
#[must_use]
pub fn main(commit: &'static str) -> ExitCode {
    // Once: nobody else says it.
    let _ = COMMIT.set(commit);
    let cli = cli::parse();
    let serves = matches!(&cli.command, Some(Command::Serve(args)) if args.command.is_none());
    match (serves, cli.global.log.as_str()) {
        // A gateway tells of its requests unless something else was said.
        (true, "warn") => log::start("info", log::Form::Json),
        (true, said) => log::start(said, log::Form::Json),
        (false, said) => log::start(said, log::Form::Words),
    }
    let json = matches!(cli.global.output, Output::Json | Output::Jsonl);
    let result = match &cli.command {
        // A file is read without what a network needs: a short one takes longer to start for than to read.
        Some(Command::Tap(args)) if reads_file(args) => tap_file(&cli.global, args),
        _ => with_runtime(cli),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        // A reader that went away (`qd get … | head`) is no failure.
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            report(&error, json);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Whether files alone are read, until their end.
fn reads_file(args: &TapArgs) -> bool {
    !(args.is_live() || args.is_guard() || args.follow || args.live.ui)
}

/// `qd tap` of a capture file: no task, no connection.
fn tap_file(global: &Global, args: &TapArgs) -> Result<u8, Failed> {
    let args = &placed(&configuration(global)?, args);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    cli::tap(args, global.output, &mut out).map_err(Failed::of)?;
    out.flush()?;
    Ok(0)
}

/// With where its objects are.
fn placed(config: &Config, args: &TapArgs) -> TapArgs {
    TapArgs { s3: config.capture.s3.of_taps(), ..args.clone() }
}

/// Every other command.
fn with_runtime(cli: Cli) -> Result<u8, Failed> {
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider is installed already");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build();
    let runtime = runtime.map_err(|error| std::io::Error::other(format!("cannot start: {error}")))?;
    let result = runtime.block_on(run(cli));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    result
}

/// The error, on stderr: for a person, or as the error body where the output is JSON.
fn report(error: &Failed, json: bool) {
    let mut stderr = std::io::stderr().lock();
    let written = if json {
        writeln!(stderr, "{}", serde_json::json!(error.body()))
    } else {
        let body = error.body();
        let grant = body.details.as_ref().and_then(|details| details.get("grant")).and_then(|grant| grant.as_str());
        writeln!(stderr, "qd: {}: {}", body.code, body.message).and_then(|()| match grant {
            Some(commands) => writeln!(stderr, "  whoever grants rights in this cluster can give it:\n  {commands}"),
            None => Ok(()),
        })
    };
    if written.is_err() {
        tracing::debug!("stderr is closed");
    }
}

/// The configuration, with the flags that change it.
fn configuration(global: &Global) -> Result<Config, Failed> {
    let mut config = Config::load(global.config.as_deref(), std::env::vars()).map_err(Failed::of)?;
    config.console.read_only |= global.read_only;
    if global.anthropic_api_key.is_some() {
        return Err(Failed::of(cli::Error::SecretInArgument("--anthropic-api-key")));
    }
    Ok(config)
}

/// The exit code: that of a program in a workspace, where one ran.
async fn run(cli: Cli) -> Result<u8, Failed> {
    let global = cli.global;
    let config = configuration(&global)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let command = cli.command.unwrap_or(Command::Console(cli::grammar::ConsoleArgs::default()));
    match &command {
        Command::Console(args) => {
            drop(out);
            return console::run(&config, &global, args).await.map(|()| 0);
        }
        Command::Serve(args) => {
            drop(out);
            return Box::pin(serve::run(&config, &global, args)).await;
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
        Command::Api(command) => cli::api(*command, global.output, &mut out).map_err(Failed::of)?,
        Command::Filter(args) => cli::filter(args, global.output, &mut out).map_err(Failed::of)?,
        Command::Blueprint(command) if !command.asks_cluster() => {
            cli::blueprint(command, global.output, &mut out).map_err(Failed::of)?;
        }
        Command::Cert(command) => {
            cli::cert(command, &cert::folder()?, global.output, &mut out).map_err(Failed::of)?;
        }
        Command::Version => cli::version(global.output, &mut out).map_err(Failed::of)?,
        Command::Extcap(args) => {
            if let Some(tap) = args.tap(&global) {
                let tap = tap.unwrap_or_else(|error| error.exit());
                drop(out);
                return Box::pin(run(tap)).await;
            }
            interruptible(async { cli::extcap(args, &global, &mut out).await.map_err(Failed::of) }).await?;
        }
        Command::Tap(args) if args.is_guard() => {
            drop(out);
            // What is opened for the end is not open as long as there is nothing to do.
            let Some(left) = cli::guard().await.map_err(Failed::of)? else { return Ok(0) };
            let (desk, holds) = desk::command(&config, &global, false).await?;
            let result = cli::end_left(&desk, left).await.map_err(Failed::of);
            drop(desk);
            holds.close().await;
            return result.map(|()| 0);
        }
        Command::Tap(args) if args.live.ui && args.command.is_none() => {
            drop(out);
            return console::tap(&config, &global, args).await.map(|()| 0);
        }
        Command::Tap(args) if !args.is_live() => {
            cli::tap(&placed(&config, args), global.output, &mut out).map_err(Failed::of)?;
        }
        Command::Whoami => {
            let kubeconfig = Kubeconfig::load(global.kubeconfig.as_deref()).map_err(Failed::of)?;
            let context = kubeconfig.choose(global.context.as_deref()).map_err(Failed::of)?;
            let cluster =
                Cluster::connect(&kubeconfig, &context.name, ConnectOptions::default()).map_err(Failed::of)?;
            interruptible(async { cli::whoami(&cluster, global.output, &mut out).await.map_err(Failed::of) }).await?;
        }
        Command::Tap(args) => {
            cli::says_what(args).map_err(Failed::of)?;
            let (desk, holds) = desk::command(&config, &global, args.is_local()).await?;
            // Ctrl-C is its own: agents are asked to stop first.
            let result =
                Box::pin(cli::live(&desk, &placed(&config, args), global.output, &mut out)).await.map_err(Failed::of);
            drop(desk);
            holds.close().await;
            result?;
        }
        Command::Ws(command) if command.is_program() => {
            drop(out);
            let (desk, holds) = desk::command(&config, &global, false).await?;
            let result = Box::pin(cli::workspace_program(&desk, command)).await.map_err(Failed::of);
            drop(desk);
            holds.close().await;
            return result;
        }
        Command::Get(_)
        | Command::Delete(_)
        | Command::Scale(_)
        | Command::Restart(_)
        | Command::Ws(_)
        | Command::Blueprint(_)
        | Command::Audit(_) => {
            let (desk, holds) = desk::command(&config, &global, matches!(command, Command::Audit(_))).await?;
            let result = interruptible(Box::pin(async {
                match &command {
                    Command::Get(args) => cli::get(&desk, args, &mut out).await,
                    Command::Ws(command) => cli::workspace(&desk, command, &mut out).await,
                    Command::Blueprint(command) => cli::rolled(&desk, command, &mut out).await,
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
    Ok(0)
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
