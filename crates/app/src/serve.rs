//! `qd serve`: the team gateway. The same parts as a desk console, under a team's policy, with people who show tokens, TLS,
//! and API servers that are asked on behalf of each of them.
//!
//! ```text
//! plan (all checked) ─► port ─► policy (roles, grants by watch) ─► gate ─► people (token file, watched) ─► gateway
//!                                                                    └──► operator, as the process itself
//! ```

mod check;
mod parts;
mod plan;
mod rights;
mod tokens;

use crate::apps::{self, Apps};
use crate::compat;
use crate::config::{Config, Role};
use crate::desk::{self, Assembled, Desk, VERSION};
use crate::doors::{Doors, END_TIME, Way};
use crate::ending::Ending;
use crate::error::Failed;
use crate::files::Files;
use crate::operator;
use base::{Clock, ClusterName, Exposition, RequestId};
use cli::grammar::Global;
use cli::grammar::serve::{ServeArgs, ServeCommand};
use gateway::{Check, Connections, Ops, People, Tls};
use identity::{File, Naming};
use parking_lot::Mutex;
use plan::Plan;
use policy::team::Team;
use policy::{Door, Principal};
use proxy::Domain;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use workspace::{Calling, Known, Roles};

/// Runs `qd serve …`; the exit code.
pub(crate) async fn run(config: &Config, global: &Global, args: &ServeArgs) -> Result<u8, Failed> {
    let mut out = std::io::stdout().lock();
    match &args.command {
        Some(ServeCommand::Token(command)) => {
            tokens::run(config, command, global.output, &mut out)?;
            out.flush()?;
            Ok(0)
        }
        Some(ServeCommand::Check(asked)) => {
            drop(out);
            check::run(config, global, args, asked).await
        }
        None => {
            drop(out);
            serve(config, global, args).await.map(|()| 0)
        }
    }
}

async fn serve(config: &Config, global: &Global, args: &ServeArgs) -> Result<(), Failed> {
    let mut ending = Ending::listen()?;
    let mut config = config.clone();
    // A team shares its cluster: nobody has a workspace without a grant.
    config.operator.require_grants = true;
    let plan = Plan::of(&config, global, args)?;
    let console = plan.roles.contains(&Role::Console);
    let listener = if console { Some(bind(plan.listen).await?) } else { None };
    let ops = bind(plan.metrics).await?;
    let known = Arc::new(Known::new(&config.operator.namespace));
    let team = Team { care: desk::care(&config), deny: config.policy.deny.clone(), workspaces: known.clone() };
    let assembled = desk::assemble(&config, Ok(plan.kubeconfig.clone()), Arc::new(team)).await?;
    let Assembled { verifier, epochs, journal, make } = assembled;
    // The operator acts as the process; there is nobody else here but those who come with tokens.
    let process = verifier.process("gateway").asking(RequestId::new(), Door::Process);
    let (sender, process) = watch::channel::<Principal>(process);
    let mut desk = make.over(process);
    desk.calling = Calling::over(known.places());
    let (end, tasks) = (CancellationToken::new(), TaskTracker::new());
    let home = plan.kubeconfig.choose(global.context.as_deref()).map_err(Failed::of)?;
    let home = ClusterName::new(home.name.as_str());
    for context in plan.kubeconfig.contexts() {
        let cluster = desk.mirror.cluster(&ClusterName::new(context.name.as_str())).map_err(Failed::of)?;
        if !plan.roles.contains(&Role::Operator) {
            tasks.spawn(end.clone().run_until_cancelled_owned(check::warn(cluster.clone())));
        }
        let known = known.clone();
        tasks.spawn(end.clone().run_until_cancelled_owned(async move { known.follow(cluster).await }));
    }
    let naming = Naming { prefix: config.serve.prefix.clone() };
    let people = Arc::new(identity::People::new(verifier, epochs, naming));
    people.take(&plan.people, now_ms(&*desk.clock));
    let of = people.clone();
    let roles = Roles::new(move |name| of.roles_of(name));
    let kept = Kept {
        roles: roles.clone(),
        tokens: plan.tokens.clone(),
        tls: plan.tls.clone(),
        certified: plan.certified.clone(),
        problems: Arc::default(),
    };
    let followed = known.clone();
    let checks: Arc<[Check]> = Arc::new([
        desk::journal_check(journal),
        Check {
            name: "workspaces",
            ready: Box::new(move || known.missing(&home).map_or(Ok(()), |why| Err(format!("{home}: {why}")))),
        },
        kept.check(),
    ]);
    if let (Some(acme), Some((tls, files))) = (&plan.acme, &plan.tls) {
        let keeping = acme.clone().keep(tls.clone(), files.clone());
        tasks.spawn(end.clone().run_until_cancelled_owned(keeping));
    }
    if console || plan.roles.contains(&Role::Operator) {
        tasks.spawn(end.clone().run_until_cancelled_owned(keep(kept, people.clone(), desk.clock.clone())));
    }
    let doors = match listener {
        Some(listener) => {
            let way = way(&config, global, &plan, &desk, (people.clone(), followed), listener, checks.clone())?;
            Some(Doors::open(&config, &desk, way, end.clone()).await?)
        }
        None => None,
    };
    let operator = plan.roles.contains(&Role::Operator).then(|| desk.figures.clone());
    let figures = figures(doors.as_ref(), people, operator);
    let serving_ops = tasks.spawn(Ops { checks, figures }.serve(ops, end.clone()));
    let operator = if plan.roles.contains(&Role::Operator) {
        let started = operator::start(&config, global, &desk, plan.kubeconfig.clone(), roles);
        match ending.unless(Box::pin(started)).await {
            Ok(running) => Some(running),
            Err(error) => {
                end.cancel();
                if let Some(doors) = doors {
                    doors.behind.shutdown().await;
                }
                desk.into_holds().close().await;
                return Err(error);
            }
        }
    } else {
        None
    };
    let serving = match doors {
        Some(doors) => {
            let mut out = std::io::stdout().lock();
            writeln!(out, "{}", plan.public_url)?;
            out.flush()?;
            Some(doors.serve())
        }
        None => None,
    };
    tracing::info!(listen = %plan.listen, metrics = %plan.metrics, roles = ?plan.roles, version = VERSION, "serving");
    ending.come().await;
    tracing::info!("ending");
    end.cancel();
    if let Some(operator) = operator {
        operator.stop().await;
    }
    let served = match serving {
        Some(serving) => serving.shutdown().await,
        None => Ok(()),
    };
    serving_ops.abort();
    tasks.close();
    if tokio::time::timeout(END_TIME, tasks.wait()).await.is_err() {
        tracing::warn!("some tasks did not end");
    }
    drop(sender);
    desk.into_holds().close().await;
    Ok(served?)
}

/// How a team comes in.
fn way(
    config: &Config,
    global: &Global,
    plan: &Plan,
    desk: &Desk,
    (people, known): (Arc<identity::People>, Arc<Known>),
    listener: TcpListener,
    checks: Arc<[Check]>,
) -> Result<Way, Failed> {
    let context = global.context.as_deref();
    let domain = plan.apps_domain.clone();
    // without names for apps they are served on the console's origin, where that is said
    let own = plan.public_url.split_once("://").map(|(_, host)| host.trim_end_matches('/').to_owned());
    let bare = own.filter(|_| domain.is_none() && config.proxy.in_place());
    let nowhere = || Domain { name: NOWHERE.to_owned(), port: None, secure: plan.public_url.starts_with("https:") };
    let apps_domain = domain.clone().or_else(|| bare.is_some().then(nowhere));
    let door = apps_domain.map(|domain| apps::of_team(config, desk, domain, plan.public_url.clone())).transpose()?;
    Ok(Way {
        connections: match &plan.tls {
            Some((tls, _)) => Connections::tls(listener, tls.clone()),
            None => Connections::plain(listener),
        },
        people: People::Team { people, hosts: plan.hosts.clone() },
        checks,
        guild: compat::guild(&config.compat, Some(&plan.kubeconfig), context, domain)?,
        apps: door.map(|door| Apps { door, known: Some(known), bare }),
    })
}

/// What the port of figures tells: of the gateway and the operator, where they are, and of its people.
fn figures(
    doors: Option<&Doors>,
    people: Arc<identity::People>,
    operator: Option<workspace::Figures>,
) -> Box<dyn Fn() -> String + Send + Sync> {
    let own = doors.map(|doors| doors.gateway.figures());
    Box::new(move || {
        let (people, tokens) = people.count();
        let mut text = Exposition::default();
        text.one("qd_people", "gauge", "People of the token file.", people);
        text.one("qd_tokens", "gauge", "Tokens that are good.", tokens);
        own.as_ref().map(|own| own()).unwrap_or_default()
            + &text.finish()
            + &operator.as_ref().map(workspace::Figures::text).unwrap_or_default()
    })
}

/// A domain that has no names (RFC 2606).
const NOWHERE: &str = "apps.invalid";

async fn bind(address: std::net::SocketAddr) -> Result<TcpListener, Failed> {
    gateway::listen(gateway::Listen::Team(address)).await.map_err(Failed::of)
}

/// The files that are kept up with, and what is wrong with them now.
struct Kept {
    /// Told of new roles of people.
    roles: Roles,
    tokens: PathBuf,
    tls: Option<(Tls, [PathBuf; 2])>,
    /// What a certificate of this machine's own authority is good for, where there is one.
    certified: Option<Vec<String>>,
    problems: Arc<Mutex<Vec<String>>>,
}

impl Kept {
    fn check(&self) -> Check {
        let problems = self.problems.clone();
        let ready = move || {
            let problems = problems.lock();
            if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
        };
        Check { name: "files", ready: Box::new(ready) }
    }
}

/// Takes changes of the token file and of the certificate, and ends tokens at their time.
async fn keep(kept: Kept, people: Arc<identity::People>, clock: Arc<dyn Clock>) {
    let paths = std::iter::once(&kept.tokens).chain(kept.tls.iter().flat_map(|(_, files)| files));
    let files = match Files::watch(paths.map(PathBuf::as_path)) {
        Ok(files) => files,
        Err(error) => {
            tracing::error!(%error, "files cannot be watched: changes of tokens need a restart");
            kept.problems.lock().push(format!("files cannot be watched: {error}"));
            return;
        }
    };
    loop {
        // A new certificate is a change of its file, which is watched.
        if let Some(hosts) = &kept.certified {
            match crate::cert::keep(hosts) {
                Ok((_, true)) => tracing::info!("the certificate is renewed"),
                Ok((_, false)) => {}
                Err(error) => tracing::error!(error = error.body().message, "the certificate cannot be renewed"),
            }
        }
        let next = people.sweep(now_ms(&*clock));
        let pause =
            next.map(|at| u64::try_from(at.saturating_sub(now_ms(&*clock))).unwrap_or_default().clamp(1, LONGEST_MS));
        tokio::select! {
            changed = files.changed() => match changed {
                Ok(()) => *kept.problems.lock() = take(&kept, &people, &*clock),
                Err(error) => {
                    tracing::error!(%error, "files cannot be watched any more");
                    kept.problems.lock().push(format!("files cannot be watched: {error}"));
                    return;
                }
            },
            () = tokio::time::sleep(Duration::from_millis(pause.unwrap_or(LONGEST_MS))) => {}
        }
    }
}

/// Reads both anew. What is wrong changes nothing and is said.
fn take(kept: &Kept, people: &identity::People, clock: &dyn Clock) -> Vec<String> {
    let mut problems = Vec::new();
    match File::read(&kept.tokens) {
        Ok(file) => {
            people.take(&file, now_ms(clock));
            kept.roles.change();
        }
        Err(error) => problems.push(error.to_string()),
    }
    if let Some((tls, _)) = &kept.tls
        && let Err(error) = tls.reload()
    {
        problems.push(error.to_string());
    }
    for problem in &problems {
        tracing::error!(problem, "a file is not taken: what was there before holds");
    }
    problems
}

fn now_ms(clock: &dyn Clock) -> i64 {
    i64::try_from(clock.now_ms()).unwrap_or(i64::MAX)
}

/// So long it waits at most before it looks at the time again: clocks are set.
const LONGEST_MS: u64 = 60_000;
