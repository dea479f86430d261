//! `qd console`: opens the port, prints the URL, serves until it is told to end. `qd tap --ui` is the same with a tap.

use crate::apps;
use crate::browser;
use crate::compat;
use crate::config::{Capture, Config, OnFull};
use crate::desk::{self, VERSION};
use crate::error::Failed;
use crate::operator;
use crate::runfile::RunFile;
use api::tap::TapRequest;
use base::{Code, Coded, RequestId};
use capture::taps::Disk;
use capture::{Taps, TapsConfig};
use cli::grammar::tap::TapArgs;
use cli::grammar::{ConsoleArgs, Global};
use cluster::Kubeconfig;
use gateway::{Gateway, Listen, Services};
use policy::{Answers, Door, Gate, Principal};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use workspace::doors::{Standing, Workspaces};

/// Runs the console.
pub(crate) async fn run(config: &Config, global: &Global, args: &ConsoleArgs) -> Result<(), Failed> {
    let listen = args.listen.or(config.console.listen).map_or(Listen::Usual, Listen::At);
    serve(config, global, listen, !args.no_open, args.with_operator, None).await
}

/// Runs the console on a tap.
pub(crate) async fn tap(config: &Config, global: &Global, args: &TapArgs) -> Result<(), Failed> {
    let kubeconfig = Kubeconfig::load(global.kubeconfig.as_deref()).map_err(Failed::of)?;
    let context = kubeconfig.choose(global.context.as_deref()).map_err(Failed::of)?;
    let request = cli::request(args, &context, global.yes).map_err(Failed::of)?;
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, args.live.ui_port));
    serve(config, global, Listen::At(wanted), true, false, Some(request)).await
}

/// Opens the port. Of a tap it may be another one.
async fn open(listen: Listen, another: bool) -> Result<TcpListener, Failed> {
    match gateway::listen(listen).await {
        Err(error) if another && error.code() == Code::PortInUse => {
            let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let listener = gateway::listen(Listen::At(free)).await.map_err(Failed::of)?;
            eprintln!("qd: {error}: taking port {}", listener.local_addr()?.port());
            Ok(listener)
        }
        other => other.map_err(Failed::of),
    }
}

/// How taps are, as it is configured.
pub(crate) fn taps_config(capture: &Capture) -> Result<TapsConfig, Failed> {
    let Capture { agent_image, folder, tap_mib, disk_mib, on_full } = capture;
    let usual = capture::Options::default();
    let state = desk::state_dir()?;
    // As those of `qd tap`: what one starts the other may end.
    let owner = cli::owner_of_taps(&state).map_err(Failed::of)?;
    let options = capture::Options {
        image: agent_image.clone().unwrap_or(usual.image),
        owner: Some(Arc::new(owner)),
        ..capture::Options::default()
    };
    let folder = folder.clone().unwrap_or_else(|| state.join("taps"));
    let bytes = |mib: &std::num::NonZeroU32| u64::from(mib.get()) << 20;
    let disk = Disk { tap: bytes(tap_mib), all: bytes(disk_mib), stops: *on_full == OnFull::Stop };
    Ok(TapsConfig { options, folder: Some(folder), disk })
}

/// Serves until it is told to end.
async fn serve(
    config: &Config,
    global: &Global,
    listen: Listen,
    may_open: bool,
    with_operator: bool,
    tap: Option<TapRequest>,
) -> Result<(), Failed> {
    // All that can be wrong is known before the port opens; clusters are asked after it, so that it opens at once.
    let mut ending = Ending::listen()?;
    let kubeconfig = Kubeconfig::load(global.kubeconfig.as_deref());
    let listener = open(listen, tap.is_some()).await?;
    let domain = apps::domain(listener.local_addr()?.port());
    let guild = compat::guild(&config.compat, kubeconfig.as_ref().ok(), global.context.as_deref(), Some(domain))?;
    let desk = desk::build(config, kubeconfig, Door::Console).await?;
    let end = CancellationToken::new();
    let taps = Taps::new(taps_config(&config.capture)?, desk.mirror.clone(), desk.clock.clone());
    let apps = apps::door(config, &desk, listener.local_addr()?.port());
    let workspaces = Workspaces::new(Standing {
        mirror: desk.mirror.clone(),
        gate: desk.gate.clone(),
        store: desk.store.clone(),
        process: desk.principal.borrow().asking(RequestId::new(), Door::Process),
        platform: operator::platform(config, "")?,
        clock: desk.clock.clone(),
    });
    workspaces.resume().await.map_err(Failed::of)?;
    let services = Services {
        workspaces: workspaces.clone(),
        beside: Some(Arc::new(apps::Apps(apps.clone()))),
        mirror: desk.mirror.clone(),
        taps: taps.clone(),
        plans: desk.plans.clone(),
        clusters: desk.clusters.clone(),
        store: desk.store.clone(),
        activity: desk.activity.clone(),
        gate: desk.gate.clone(),
        people: gateway::People::Desk(desk.principal.clone()),
    };
    let settings = gateway::Config {
        read_only: config.console.read_only,
        version: VERSION,
        problem: desk.problem.clone(),
        checks: Arc::new([desk.journal_check()]),
        guild,
    };
    let gateway =
        Gateway::new(gateway::Connections::plain(listener), settings, services, desk.clock.clone(), end.clone())?;
    let runfile = RunFile::write(&desk::state_dir()?, gateway.port(), gateway.doorkeeper().token())?;
    let mut url = gateway.one_time_url()?;
    if let Some(request) = &tap {
        let principal = desk.principal.borrow().asking(RequestId::new(), Door::Cli);
        let begun = tokio::select! {
            begun = begin(&taps, &desk.gate, &principal, request) => begun,
            () = ending.come() => Err(Failed::interrupted()),
        };
        match begun {
            Ok(id) => url.push_str(&format!("&tap={id}")),
            Err(error) => {
                taps.shutdown().await;
                drop(runfile);
                desk.into_holds().close().await;
                return Err(error);
            }
        }
    }
    let operator = if with_operator {
        let kubeconfig = crate::serve::kubeconfig(global).map_err(Failed::of)?;
        let started = tokio::select! {
            started = operator::start(config, global, &desk, kubeconfig) => started,
            () = ending.come() => Err(Failed::interrupted()),
        };
        match started {
            Ok(running) => Some(running),
            Err(error) => {
                drop(runfile);
                desk.into_holds().close().await;
                return Err(error);
            }
        }
    } else {
        None
    };
    {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{url}")?;
        out.flush()?;
    }
    let open = config.console.open && may_open;
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
    if let Some(operator) = operator {
        operator.stop().await;
    }
    apps.shutdown().await;
    workspaces.shutdown().await;
    taps.shutdown().await;
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

/// Starts the tap that the view is of; its id.
async fn begin(taps: &Taps, gate: &Gate, who: &Principal, request: &TapRequest) -> Result<String, Failed> {
    let (action, how) = taps.asked(who, request).await.map_err(Failed::of)?;
    let answers = Answers { confirm: request.answers.confirm, ..Answers::default() };
    let permit = gate.permit(who, action, &answers).map_err(Failed::of)?;
    taps.start(permit, how).await.map_err(Failed::of)
}

/// Ctrl-C and SIGTERM, heard from the moment this is made: a signal that comes while the console starts is not lost.
#[cfg(unix)]
pub(crate) struct Ending {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Ending {
    pub(crate) fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    pub(crate) async fn come(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C, where there is no SIGTERM.
#[cfg(not(unix))]
pub(crate) struct Ending;

#[cfg(not(unix))]
impl Ending {
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    pub(crate) async fn come(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

const END_TIME: std::time::Duration = std::time::Duration::from_secs(5);
