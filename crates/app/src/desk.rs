//! Desk mode's parts, in the order in which they need each other.

use crate::config::{self, Config, ConfigError};
use crate::error::Failed;
use crate::files::Files;
use api::ErrorBody;
use base::{Clock, ClusterName, Code, Coded, RequestId, SystemClock};
use catalog::Kind;
use cli::grammar::Global;
use cluster::{Cluster, Error, Kubeconfig, Rate};
use gateway::Check;
use mirror::{Mirror, MirrorConfig};
use operate::{Changing, Clusters, Grant, Pending, Plans, Reading, Trying};
use policy::action::{Changes, Reads, Tries};
use policy::compose::{Composed, Parts, compose};
use policy::desk::Desk as DeskPolicy;
use policy::{Decide, Door, Epochs, Principal, Verifier};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};
use store::{Journal, JournalConfig, Store};
use tokio::sync::watch;
use workspace::source::Repositories;
use workspace::{Activity, Calling, Figures, Folder};

/// What a desk console or command runs on.
pub(crate) struct Desk {
    pub(crate) mirror: Mirror,
    pub(crate) clusters: Arc<dyn Clusters>,
    pub(crate) plans: Plans,
    pub(crate) gate: policy::Gate,
    pub(crate) store: Store,
    pub(crate) principal: watch::Receiver<Principal>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Who uses which workspace: doors tell, the operator asks.
    pub(crate) activity: Activity,
    /// Doors call daemons by it; the operator certifies it.
    pub(crate) calling: Calling,
    /// What the operator of this process tells of itself.
    pub(crate) figures: Figures,
    /// Why there are no clusters.
    pub(crate) problem: Option<ErrorBody>,
    /// Reads repositories, for doors and operators alike.
    repositories: OnceLock<Option<Repositories>>,
    /// Asks registries, for both.
    images: OnceLock<Option<registry::Registry>>,
    /// Blueprints of a folder, for both.
    folder: OnceLock<Option<Arc<Folder>>>,
    holds: Holds,
}

/// What must be closed at the end, in this order.
pub(crate) struct Holds {
    mirror: Mirror,
    plans: Plans,
    epochs: Epochs,
    journal: Arc<Journal>,
    store: Store,
}

impl Holds {
    /// Ends permits and feeds, finishes commits, writes the journal's rest.
    pub(crate) async fn close(self) {
        self.plans.shutdown().await;
        self.epochs.close();
        self.mirror.shutdown().await;
        self.journal.close().await;
        self.store.close().await;
    }
}

impl Desk {
    pub(crate) fn into_holds(self) -> Holds {
        self.holds
    }

    /// What reads repositories; `None` where the configuration lets none be read.
    pub(crate) fn repositories(&self, config: &Config) -> Result<Option<Repositories>, Failed> {
        if let Some(made) = self.repositories.get() {
            return Ok(made.clone());
        }
        let made = config.repositories.reader().map_err(Failed::of)?;
        Ok(self.repositories.get_or_init(|| made).clone())
    }

    /// What asks registries what images say; `None` where the configuration lets none be asked.
    pub(crate) fn images(&self, config: &Config) -> Result<Option<registry::Registry>, Failed> {
        if let Some(made) = self.images.get() {
            return Ok(made.clone());
        }
        let made = config.registries.reader().map_err(Failed::of)?;
        Ok(self.images.get_or_init(|| made).clone())
    }

    /// The platform's folder of blueprints, which is watched from then on; `None` where there is none.
    pub(crate) fn folder(&self, config: &Config) -> Result<Option<Arc<Folder>>, Failed> {
        if let Some(made) = self.folder.get() {
            return Ok(made.clone());
        }
        let made = config.blueprints.open(&config.repositories).map_err(Failed::of)?.map(Arc::new);
        let folder = self.folder.get_or_init(|| made).clone();
        let env = config.blueprints.env.clone();
        match &folder {
            Some(folder) if folder.is_upstream() => {
                tokio::spawn(fetched(Arc::downgrade(folder), env, config.blueprints.every()));
            }
            Some(folder) => drop(tokio::spawn(watched(Arc::downgrade(folder), env))),
            None => {}
        }
        Ok(folder)
    }

    /// Whether the journal takes entries.
    pub(crate) fn journal_check(&self) -> Check {
        journal_check(self.holds.journal.clone())
    }
}

/// Whether a journal takes entries.
pub(crate) fn journal_check(journal: Arc<Journal>) -> Check {
    let ready = move || match journal.lost_for() {
        None => Ok(()),
        Some(time) => Err(format!("cannot be written for {} s", time.as_secs())),
    };
    Check { name: "journal", ready: Box::new(ready) }
}

/// Puts the parts together over a kubeconfig, or over none.
pub(crate) async fn build(config: &Config, kubeconfig: Result<Kubeconfig, Error>, door: Door) -> Result<Desk, Failed> {
    if let Some(wrong) = ConfigError::of("[policy]", config.policy.problems()) {
        return Err(Failed::of(wrong));
    }
    let parts = assemble(config, kubeconfig, Arc::new(care(config))).await?;
    let Assembled { verifier, make, .. } = parts;
    let principal = person(verifier, &make.mirror, door);
    Ok(make.over(principal))
}

/// The care that changes ask for.
pub(crate) fn care(config: &Config) -> DeskPolicy {
    DeskPolicy {
        read_only: config.console.read_only,
        production_contexts: production(config).into_iter().collect(),
        provision: config.policy.provision.clone(),
        taps: config.policy.tap.clone(),
        ..DeskPolicy::default()
    }
}

fn production(config: &Config) -> Vec<ClusterName> {
    config.clusters.production.iter().map(|name| ClusterName::new(name.as_str())).collect()
}

/// All parts but whoever acts.
pub(crate) struct Assembled {
    /// Makes principals.
    pub(crate) verifier: Verifier,
    /// Ends permits.
    pub(crate) epochs: Epochs,
    /// The journal, to know whether it can be written.
    pub(crate) journal: Arc<Journal>,
    /// The rest.
    pub(crate) make: Parted,
}

/// What a [`Desk`] is made of.
pub(crate) struct Parted {
    pub(crate) mirror: Mirror,
    clusters: Arc<dyn Clusters>,
    plans: Plans,
    gate: policy::Gate,
    store: Store,
    clock: Arc<dyn Clock>,
    problem: Option<ErrorBody>,
    holds: Holds,
}

impl Parted {
    /// The parts for whoever acts in what is nobody else's.
    pub(crate) fn over(self, principal: watch::Receiver<Principal>) -> Desk {
        let Self { mirror, clusters, plans, gate, store, clock, problem, holds } = self;
        let activity = Activity::new(clock.clone());
        let (calling, figures) = (Calling::default(), Figures::default());
        Desk {
            mirror,
            clusters,
            plans,
            gate,
            store,
            principal,
            clock,
            activity,
            calling,
            figures,
            problem,
            repositories: OnceLock::new(),
            images: OnceLock::new(),
            folder: OnceLock::new(),
            holds,
        }
    }
}

/// Puts the parts together under a policy.
pub(crate) async fn assemble(
    config: &Config,
    kubeconfig: Result<Kubeconfig, Error>,
    decide: Arc<dyn Decide>,
) -> Result<Assembled, Failed> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let about =
        MirrorConfig { production: production(config), rate: rate(&config.clusters), ..MirrorConfig::default() };
    let (clusters, problem) = match kubeconfig {
        Ok(kubeconfig) => (Mirror::clusters_of(&about, &kubeconfig).map_err(Failed::of)?, None),
        Err(error) => (Vec::new(), Some(ErrorBody::of(&error, RequestId::new()))),
    };
    let store = Store::open(&state_dir()?.join("journal.db")).await.map_err(Failed::of)?;
    let journal = store.journal(VERSION, clock.clone(), JournalConfig::default()).await.map_err(Failed::of)?;
    let journal = Arc::new(journal);
    let parts = Parts { decide, journal: journal.clone(), clock: clock.clone() };
    let Composed { gate, verifier, epochs } = compose(parts);
    let mirror = Mirror::new(&about, clusters, &clock);
    let ports: Arc<dyn Clusters> = Arc::new(Ports(mirror.clone()));
    let plans = Plans::new(gate.clone(), ports.clone(), clock.clone());
    let holds = Holds {
        mirror: mirror.clone(),
        plans: plans.clone(),
        epochs: epochs.clone(),
        journal: journal.clone(),
        store: store.clone(),
    };
    let make = Parted { mirror, clusters: ports, plans, gate, store, clock, problem, holds };
    Ok(Assembled { verifier, epochs, journal, make })
}

/// The parts of one command. `local` commands ask no cluster.
pub(crate) async fn command(config: &Config, global: &Global, local: bool) -> Result<(cli::Desk, Holds), Failed> {
    let (kubeconfig, cluster) = if local {
        (Err(Error::NoKubeconfig), None)
    } else {
        let kubeconfig = Kubeconfig::load(global.kubeconfig.as_deref()).map_err(Failed::of)?;
        let context = kubeconfig.choose(global.context.as_deref()).map_err(Failed::of)?;
        (Ok(kubeconfig), Some(ClusterName::new(context.name.as_str())))
    };
    let desk = build(config, kubeconfig, Door::Cli).await?;
    let cluster = cluster.map(|name| desk.mirror.cluster(&name)).transpose().map_err(Failed::of)?;
    let principal = desk.principal.borrow().asking(RequestId::new(), Door::Cli);
    let repositories = if local { None } else { desk.repositories(config)? };
    let command = cli::Desk {
        cluster,
        gate: desk.gate.clone(),
        principal,
        clusters: desk.clusters.clone(),
        plans: desk.plans.clone(),
        store: desk.store.clone(),
        global: global.clone(),
        state: state_dir()?,
        agent_image: config.capture.agent_image.clone(),
        capture_filter: config.capture.filter.clone(),
        repositories,
        prices: config.prices.read().map_err(Failed::of)?,
    };
    Ok((command, desk.into_holds()))
}

fn rate(clusters: &config::Clusters) -> Rate {
    Rate { qps: f64::from(clusters.qps.get()), burst: f64::from(clusters.burst.get()) }
}

/// The person at this machine, with what each cluster says of them as it becomes known.
fn person(verifier: Verifier, mirror: &Mirror, door: Door) -> watch::Receiver<Principal> {
    let name = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok()).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| format!("uid-{}", rustix::process::getuid().as_raw()));
    let made = move |mirror: &Mirror| verifier.desk(&name, mirror.users()).asking(RequestId::new(), door);
    let (sender, receiver) = watch::channel(made(mirror));
    let mirror = mirror.clone();
    tokio::spawn(async move {
        let mut moved = mirror.moved();
        loop {
            tokio::select! {
                () = moved.wait() => sender.send_replace(made(&mirror)),
                () = sender.closed() => return,
            };
        }
    });
    receiver
}

/// Clusters as `operate` needs them.
struct Ports(Mirror);

impl Ports {
    fn cluster(&self, name: &ClusterName) -> Result<Cluster, Error> {
        self.0.cluster(name).map_err(|error| narrow(error, ""))
    }
}

impl Clusters for Ports {
    fn kind<'a>(&'a self, cluster: &'a ClusterName, id: &'a str) -> Pending<'a, Arc<Kind>> {
        Box::pin(async move { self.0.kind(cluster, id).await.map_err(|error| narrow(error, id)) })
    }

    fn reads(&self, cluster: &ClusterName, grant: &dyn Grant<Reads>) -> Result<Box<dyn Reading>, Error> {
        Ok(Box::new(grant.acting(&self.cluster(cluster)?)))
    }

    fn tries(&self, cluster: &ClusterName, grant: &dyn Grant<Tries>) -> Result<Box<dyn Trying>, Error> {
        Ok(Box::new(grant.acting(&self.cluster(cluster)?)))
    }

    fn changes(&self, cluster: &ClusterName, grant: &dyn Grant<Changes>) -> Result<Box<dyn Changing>, Error> {
        Ok(Box::new(grant.acting(&self.cluster(cluster)?)))
    }
}

fn narrow(error: mirror::Error, kind: &str) -> Error {
    match error {
        mirror::Error::Cluster(error) => error,
        mirror::Error::UnknownCluster { name } => Error::NoContext { context: name.to_string() },
        other if other.code() == Code::KindNotServed => Error::NotServed { kind: kind.to_owned() },
        other => Error::Decode(other.to_string()),
    }
}

/// Where state is kept.
pub(crate) fn state_dir() -> Result<PathBuf, Failed> {
    config::state_dir().ok_or_else(|| {
        Failed::of(config::ConfigError::Form {
            place: "HOME".to_owned(),
            message: "neither HOME nor XDG_STATE_HOME says where state can be kept".to_owned(),
        })
    })
}

/// The version of `qd`.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Keeps up with a folder of blueprints as long as somebody uses it.
async fn watched(folder: Weak<Folder>, env: BTreeMap<String, String>) {
    loop {
        let Some(folders) = folder.upgrade().map(|folder| folder.folders()) else { return };
        let files = match Files::inside(&folders) {
            Ok(files) => files,
            Err(error) => {
                tracing::error!(%error, "the folder of blueprints cannot be watched: changes need a restart");
                return;
            }
        };
        // What came while nobody watched is read once more.
        loop {
            let Some(held) = folder.upgrade() else { return };
            let env = env.clone();
            let read = tokio::task::spawn_blocking(move || (held.read(&env), held.folders())).await;
            let Ok((wrong, now)) = read else { return };
            for problem in &wrong {
                tracing::error!(problem, "the folder of blueprints is not taken: what was there before holds");
            }
            if now != folders {
                break;
            }
            if files.changed().await.is_err() {
                return;
            }
            tokio::time::sleep(TOGETHER).await;
        }
    }
}

/// Looks after blueprints in a repository as long as somebody uses them: soon again until something was taken.
async fn fetched(folder: Weak<Folder>, env: BTreeMap<String, String>, every: std::time::Duration) {
    let mut pause = AGAIN;
    loop {
        let Some(held) = folder.upgrade() else { return };
        let reloaded = held.reload(&env).await;
        drop(held);
        for problem in &reloaded.problems {
            tracing::error!(problem, source = reloaded.source, "blueprints are not taken: what was there before holds");
        }
        if reloaded.changed {
            tracing::info!(source = reloaded.source, commit = reloaded.commit, "blueprints are taken");
        }
        pause = if reloaded.commit.is_empty() { every.min(pause * 2) } else { every };
        tokio::time::sleep(pause).await;
    }
}

/// Until a repository that could not be read is tried again, half of it.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(1);
/// Changes of a folder that come within this are one.
const TOGETHER: std::time::Duration = std::time::Duration::from_millis(450);
