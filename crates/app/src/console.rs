//! `qd console`: opens the port, prints the URL, serves until it is told to end. `qd tap --ui` is the same with a tap.

use crate::apps::{self, Apps};
use crate::browser;
use crate::compat;
use crate::config::Config;
use crate::desk::{self, Desk};
use crate::doors::{Doors, Way};
use crate::ending::Ending;
use crate::error::Failed;
use crate::operator;
use crate::runfile::RunFile;
use api::tap::TapRequest;
use base::{Code, Coded, RequestId};
use capture::Taps;
use cli::grammar::tap::TapArgs;
use cli::grammar::{ConsoleArgs, Global};
use cluster::Kubeconfig;
use gateway::{Connections, Listen, People};
use policy::{Answers, Door, Gate, Principal};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use workspace::Roles;

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
    let mut config = config.clone();
    config.capture.keep |= args.keep;
    serve(&config, global, Listen::At(wanted), true, false, Some(request)).await
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
    let way = Way {
        apps: Some(Apps { door: apps::door(config, &desk, listener.local_addr()?.port())?, known: None, bare: None }),
        connections: Connections::plain(listener),
        people: People::Desk(desk.principal.clone()),
        checks: Arc::new([desk.journal_check()]),
        guild,
    };
    let doors = Doors::open(config, &desk, way, end.clone()).await?;
    let runfile = RunFile::write(&desk::state_dir()?, doors.gateway.port(), doors.gateway.doorkeeper().token())?;
    let mut url = doors.gateway.one_time_url()?;
    let begun = begin(config, global, &desk, &doors.behind.taps, with_operator, tap.as_ref());
    let Begun { tap, operator } = match ending.unless(Box::pin(begun)).await {
        Ok(begun) => begun,
        Err(error) => {
            doors.behind.shutdown().await;
            drop(runfile);
            desk.into_holds().close().await;
            return Err(error);
        }
    };
    if let Some(id) = tap {
        url.push_str(&format!("&tap={id}"));
    }
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
    let serving = doors.serve();
    ending.come().await;
    end.cancel();
    if let Some(operator) = operator {
        operator.stop().await;
    }
    let served = serving.shutdown().await;
    drop(runfile);
    desk.into_holds().close().await;
    Ok(served?)
}

/// What was asked for besides the console.
struct Begun {
    /// The id of the tap that the page shows first.
    tap: Option<String>,
    operator: Option<operator::Running>,
}

async fn begin(
    config: &Config,
    global: &Global,
    desk: &Desk,
    taps: &Taps,
    with_operator: bool,
    request: Option<&TapRequest>,
) -> Result<Begun, Failed> {
    let tap = match request {
        Some(request) => {
            let principal = desk.principal.borrow().asking(RequestId::new(), Door::Cli);
            Some(begin_tap(taps, &desk.gate, &principal, request).await?)
        }
        None => None,
    };
    let operator = if with_operator {
        let kubeconfig = Kubeconfig::load(global.kubeconfig.as_deref()).map_err(Failed::of)?;
        Some(operator::start(config, global, desk, kubeconfig, Roles::default()).await?)
    } else {
        None
    };
    Ok(Begun { tap, operator })
}

/// Starts the tap that the view is of; its id.
async fn begin_tap(taps: &Taps, gate: &Gate, who: &Principal, request: &TapRequest) -> Result<String, Failed> {
    let (action, how) = taps.asked(who, request).await.map_err(Failed::of)?;
    let answers = Answers { confirm: request.answers.confirm, ..Answers::default() };
    let permit = gate.permit(who, action, &answers).map_err(Failed::of)?;
    taps.start(permit, how).await.map_err(Failed::of)
}
