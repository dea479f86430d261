//! What serves a console: taps, workspaces, apps beside it, and the gateway before them all. Of one person and of a team alike.

use crate::apps::Apps;
use crate::config::{Capture, Config, OnFull};
use crate::desk::{self, Desk, VERSION};
use crate::error::Failed;
use crate::operator;
use base::{Coded, RequestId};
use capture::taps::Disk;
use capture::{Ended, Resting, Room, Taps, TapsConfig};
use futures::future::join_all;
use gateway::{Beside, Check, Connections, Gateway, Guild, People, Services};
use policy::action::{TapChange, TapControl, TapTarget};
use policy::{Answers, Door, Outcome, Principal};
use proxy::Proxy;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use workspace::doors::{Standing, Workspaces};

/// In which one console differs from another.
pub(crate) struct Way {
    pub(crate) connections: Connections,
    pub(crate) people: People,
    pub(crate) checks: Arc<[Check]>,
    pub(crate) guild: Option<Guild>,
    pub(crate) apps: Option<Apps>,
}

/// The doors, before anybody comes in.
pub(crate) struct Doors {
    pub(crate) gateway: Gateway,
    pub(crate) behind: Behind,
}

/// What has to end in order.
pub(crate) struct Behind {
    pub(crate) taps: Taps,
    workspaces: Workspaces,
    apps: Option<Proxy>,
    gate: policy::Gate,
    process: Principal,
}

impl Behind {
    pub(crate) async fn shutdown(&self) {
        if let Some(apps) = &self.apps {
            apps.shutdown().await;
        }
        self.workspaces.shutdown().await;
        for folder in self.taps.shutdown().await {
            eprintln!("qd: packets are kept in {}", folder.display());
        }
        let ends = join_all(self.taps.resting().into_iter().map(|agent| self.end(agent)));
        if tokio::time::timeout(END_TIME, ends).await.is_err() {
            tracing::warn!(
                "some agents that wait for a tap have not ended; they do so by themselves, or by `qd tap clean`"
            );
        }
    }

    /// Ends an agent that waits for a tap of this process.
    async fn end(&self, agent: Resting) {
        let (container, cluster) = (&agent.container, agent.pod.cluster.clone());
        let tap = TapTarget { cluster, tap: String::new() };
        let action = TapControl { tap, change: TapChange::End(vec![agent.pod.clone()]) };
        // What this process put there it takes away again, also from a cluster of production.
        let permit = match self.gate.permit(&self.process, action, &Answers { confirm: true, ..Answers::default() }) {
            Ok(permit) => permit,
            Err(refusal) => return tracing::warn!(container, %refusal, "an agent that waits is not ended"),
        };
        let ended = self.taps.end(&permit, &agent).await;
        permit.finish(match &ended {
            Ok(Ended::Led) => Outcome::Done { message: format!("{container} serves its owner and goes on") },
            Ok(_) => Outcome::Done { message: format!("{container} ended") },
            Err(error) => Outcome::Failed { code: error.code().as_str().to_owned(), message: error.to_string() },
        });
        if let Err(error) = ended {
            tracing::warn!(container, %error, "an agent that waits is not ended");
        }
    }
}

impl Doors {
    /// Makes them; jobs of workspaces that a restart cut go on.
    pub(crate) async fn open(config: &Config, desk: &Desk, way: Way, end: CancellationToken) -> Result<Self, Failed> {
        let taps = Taps::new(taps_config(&config.capture)?, desk.mirror.clone(), desk.clock.clone());
        let process = desk.principal.borrow().asking(RequestId::new(), Door::Process);
        let workspaces = Workspaces::new(Standing {
            mirror: desk.mirror.clone(),
            gate: desk.gate.clone(),
            store: desk.store.clone(),
            process: process.clone(),
            platform: operator::platform(config, desk, "")?,
            calling: desk.calling.clone(),
            clock: desk.clock.clone(),
        });
        workspaces.resume().await.map_err(Failed::of)?;
        let services = Services {
            workspaces: workspaces.clone(),
            beside: way.apps.clone().map(|apps| Arc::new(apps) as Arc<dyn Beside>),
            mirror: desk.mirror.clone(),
            taps: taps.clone(),
            plans: desk.plans.clone(),
            clusters: desk.clusters.clone(),
            store: desk.store.clone(),
            activity: desk.activity.clone(),
            calling: desk.calling.clone(),
            gate: desk.gate.clone(),
            people: way.people,
        };
        let settings = gateway::Config {
            read_only: config.console.read_only,
            version: VERSION,
            problem: desk.problem.clone(),
            checks: way.checks,
            guild: way.guild,
        };
        let gateway = Gateway::new(way.connections, settings, services, desk.clock.clone(), end)?;
        Ok(Self {
            gateway,
            behind: Behind { taps, workspaces, apps: way.apps.map(|apps| apps.door), gate: desk.gate.clone(), process },
        })
    }

    /// Lets people in.
    pub(crate) fn serve(self) -> Serving {
        Serving { task: tokio::spawn(self.gateway.serve()), behind: self.behind }
    }
}

/// Doors with people in them.
pub(crate) struct Serving {
    task: JoinHandle<std::io::Result<()>>,
    behind: Behind,
}

impl Serving {
    /// Ends all; how the gateway ended. Its token is cancelled by then.
    pub(crate) async fn shutdown(self) -> std::io::Result<()> {
        self.behind.shutdown().await;
        match tokio::time::timeout(END_TIME, self.task).await {
            Ok(Ok(served)) => served,
            Ok(Err(error)) => Err(std::io::Error::other(error)),
            // Somebody keeps a connection open; it ends with the process.
            Err(_) => Ok(()),
        }
    }
}

/// How taps are, as it is configured.
pub(crate) fn taps_config(capture: &Capture) -> Result<TapsConfig, Failed> {
    let Capture {
        agent_image,
        folder,
        tap_mib,
        disk_mib,
        on_full,
        tap_records,
        filter,
        keep,
        keep_agent_seconds,
        s3: _,
    } = capture;
    capture::check_filter(filter).map_err(Failed::of)?;
    let usual = capture::Options::default();
    let state = desk::state_dir()?;
    // As those of `qd tap`: what one starts the other may end.
    let owner = cli::owner_of_taps(&state).map_err(Failed::of)?;
    let options = capture::Options {
        image: agent_image.clone().unwrap_or(usual.image),
        owner: Some(Arc::new(owner)),
        within: filter.clone(),
        keep_seconds: *keep_agent_seconds,
        ..capture::Options::default()
    };
    let folder = folder.clone().unwrap_or_else(|| state.join("taps"));
    let bytes = |mib: &std::num::NonZeroU32| u64::from(mib.get()) << 20;
    let disk = Disk { tap: bytes(tap_mib), all: bytes(disk_mib), stops: *on_full == OnFull::Stop };
    let room = Room { records: tap_records.get() };
    Ok(TapsConfig { options, folder: Some(folder), disk, room, keep: *keep })
}

/// So long doors and tasks have to end.
pub(crate) const END_TIME: std::time::Duration = std::time::Duration::from_secs(5);
