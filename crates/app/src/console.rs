//! `qd console`: opens the port, prints the URL, serves until it is told to end.

use crate::browser;
use crate::config::Config;
use crate::desk::{self, VERSION};
use crate::error::Failed;
use crate::runfile::RunFile;
use cli::grammar::{ConsoleArgs, Global};
use cluster::Kubeconfig;
use gateway::{Gateway, Listen, Services};
use policy::Door;
use std::io::Write;
use tokio_util::sync::CancellationToken;

/// Runs the console.
pub(crate) async fn run(config: &Config, global: &Global, args: &ConsoleArgs) -> Result<(), Failed> {
    // All that can be wrong is known before the port opens; clusters are asked after it, so that it opens at once.
    let mut ending = Ending::listen()?;
    let kubeconfig = Kubeconfig::load(global.kubeconfig.as_deref());
    let listen = args.listen.or(config.console.listen).map_or(Listen::Usual, Listen::At);
    let listener = gateway::listen(listen).await.map_err(Failed::of)?;
    let desk = desk::build(config, kubeconfig, Door::Console).await?;
    let end = CancellationToken::new();
    let services = Services {
        mirror: desk.mirror.clone(),
        plans: desk.plans.clone(),
        clusters: desk.clusters.clone(),
        store: desk.store.clone(),
        gate: desk.gate.clone(),
        principal: desk.principal.clone(),
    };
    let settings =
        gateway::Config { read_only: config.console.read_only, version: VERSION, problem: desk.problem.clone() };
    let gateway = Gateway::new(listener, settings, services, desk.clock.clone(), end.clone())?;
    let runfile = RunFile::write(&desk::state_dir()?, gateway.port(), gateway.doorkeeper().token())?;
    let url = gateway.one_time_url()?;
    {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{url}")?;
        out.flush()?;
    }
    let open = config.console.open && !args.no_open;
    if crate::is_interactive() {
        let opened = open && browser::open(&url);
        let hint = if opened { "the browser is opening" } else { "open this URL in a browser; it works once" };
        eprintln!("qd: {hint}; Ctrl-C ends the console, `qd url` prints another URL");
    } else if open {
        browser::open(&url);
    }
    let serving = tokio::spawn(gateway.serve());
    ending.come().await;
    end.cancel();
    let served = match tokio::time::timeout(END_TIME, serving).await {
        Ok(Ok(served)) => served,
        Ok(Err(error)) => Err(std::io::Error::other(error)),
        // Somebody keeps a connection open; it ends with the process.
        Err(_) => Ok(()),
    };
    drop(runfile);
    desk.into_holds().close().await;
    Ok(served?)
}

/// Ctrl-C and SIGTERM, heard from the moment this is made: a signal that comes while the console starts is not lost.
#[cfg(unix)]
struct Ending {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Ending {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn come(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C, where there is no SIGTERM.
#[cfg(not(unix))]
struct Ending;

#[cfg(not(unix))]
impl Ending {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn come(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

const END_TIME: std::time::Duration = std::time::Duration::from_secs(5);
