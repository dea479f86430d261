//! The operator: candidates for a lease; the one that has it watches, decides and acts.

use crate::active::{Active, Daemons};
use crate::activity::Activity;
use crate::addresses::Found;
use crate::book::{Book, Rules};
use crate::calling::Calling;
use crate::decide::Limits;
use crate::enforced::Enforced;
use crate::error::Error;
use crate::figures::Figures;
use crate::folder::Folder;
use crate::follow::{self, Watched};
use crate::imaged;
use crate::index::Index;
use crate::lease::{Election, Terms, Turn};
use crate::mounts::Mounts;
use crate::queue::Queue;
use crate::reconcile::Done;
use crate::render::Render;
use crate::roles::Roles;
use crate::source::{self, Repositories};
use crate::standing::{self, Shared};
use crate::trust::{self, Trust};
use crate::upward::{self, Links};
use base::Clock;
use cluster::{Cluster, Owned, Owner};
use parking_lot::Mutex;
use policy::action::OperatorRun;
use policy::{Gate, Outcome, Permit, Principal};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What the operator is made of.
pub struct Operator {
    /// The cluster.
    pub cluster: Cluster,
    /// Decides on each generation of each workspace.
    pub gate: Gate,
    /// For whom it acts.
    pub principal: Principal,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Makes the objects.
    pub render: Arc<dyn Render>,
    /// What doors tell of the use of workspaces.
    pub activity: Activity,
    /// What doors of this process call daemons with: it is certified here.
    pub calling: Calling,
    /// What it tells of itself.
    pub figures: Figures,
    /// How it runs.
    pub settings: Settings,
}

/// How the operator runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// One namespace alone; all of them when absent.
    pub namespace: Option<String>,
    /// Its name among candidates.
    pub id: String,
    /// Workspaces looked at at a time.
    pub parallel: usize,
    /// How long things may take.
    pub limits: Limits,
    /// How the lease is kept.
    pub terms: Terms,
    /// Without a grant that allows it there is no workspace: where others than the owner of the cluster make some.
    pub require_grants: bool,
    /// The namespace whose grants may be for others.
    pub system_namespace: String,
    /// Who wrote a workspace past Quarterdeck needs a Grant to say whose it is: the owner guard asks who they are.
    pub guards_owners: bool,
    /// No workspace runs where the network keeps no policies.
    pub require_enforcement: bool,
    /// Who has which roles.
    pub roles: Roles,
    /// The platform's folder of blueprints; nothing where there is none.
    pub folder: Option<Arc<Folder>>,
    /// Reads repositories of workspaces; nothing where none are read.
    pub repositories: Option<Repositories>,
    /// Asks registries what images say; nothing where none are asked.
    pub images: Option<registry::Registry>,
}

impl Settings {
    /// The usual ones, for a candidate with this name.
    #[must_use]
    pub fn new(id: String) -> Self {
        Self {
            namespace: None,
            id,
            parallel: 16,
            limits: Limits::default(),
            terms: Terms::default(),
            require_grants: false,
            system_namespace: String::new(),
            guards_owners: false,
            require_enforcement: false,
            roles: Roles::default(),
            folder: None,
            repositories: None,
            images: None,
        }
    }
}

/// Why it acts no more though it has the lease.
enum Over {
    /// It was told to end.
    Told,
    /// Its journal takes no decisions: it lets others act.
    Mute,
}

/// What becomes of the lease.
enum Held {
    /// It was written: we act for a while.
    Ours,
    /// Somebody else has it.
    Theirs,
    /// Nobody could be asked.
    Unknown,
}

impl Operator {
    /// Runs until it is told to end, or may not go on.
    ///
    /// # Errors
    /// When the cluster does not serve workspaces, or refuses what the operator cannot do without.
    pub async fn run(self, permit: Permit<OperatorRun>, end: CancellationToken) -> Result<(), Error> {
        permit.settled().await?;
        let owner = Arc::new(self.cluster.owner(&permit));
        if !owner.serves(Owned::Workspace).await? {
            return Err(Error::NotInstalled);
        }
        let revoked = permit.end_token();
        let ended = tokio::select! {
            ended = self.campaign(&owner, &end) => ended,
            () = revoked.cancelled() => Ok(()),
        };
        permit.finish(match &ended {
            Ok(()) => Outcome::Done { message: "it was told to end".to_owned() },
            Err(error) => Outcome::Done { message: error.to_string() },
        });
        ended
    }

    /// Asks for the lease, keeps it, and acts as long as it is held.
    async fn campaign(&self, owner: &Arc<Owner>, end: &CancellationToken) -> Result<(), Error> {
        let born = Instant::now();
        let mut election = Election::new(self.settings.id.clone(), self.settings.terms);
        let mut lease: Option<Value> = None;
        let retry = Duration::from_millis(self.settings.terms.retry_ms);
        loop {
            while !matches!(self.turn(owner, &mut election, &mut lease, born).await, Held::Ours) {
                tokio::select! {
                    () = tokio::time::sleep(retry) => {}
                    () = end.cancelled() => return Ok(()),
                }
            }
            tracing::info!(id = %self.settings.id, cluster = %self.cluster.name(), "the operator is active");
            let over = CancellationToken::new();
            let mut acting = Box::pin(self.act(owner, over.clone()));
            let ended = loop {
                tokio::select! {
                    ended = &mut acting => break Some(ended),
                    () = tokio::time::sleep(retry) => {
                        let held = self.turn(owner, &mut election, &mut lease, born).await;
                        if matches!(held, Held::Theirs) || !election.leads(elapsed(born)) {
                            break None;
                        }
                    }
                    () = end.cancelled() => {
                        over.cancel();
                        // What was begun is finished within a moment, or is done again by whoever comes next.
                        if tokio::time::timeout(END_TIME, &mut acting).await.is_err() {
                            tracing::info!("the operator ends while something is under way");
                        }
                        self.release(owner, &election, lease.as_ref()).await;
                        return Ok(());
                    }
                }
            };
            // Dropping what acts ends all of it at once: somebody else may act from now on.
            drop(acting);
            match ended {
                Some(Err(error)) => return Err(error),
                Some(Ok(Over::Told)) => return Ok(()),
                Some(Ok(Over::Mute)) => {
                    tracing::error!(id = %self.settings.id, "the journal takes no decisions: the operator lets go of its lease and tries again later");
                    self.release(owner, &election, lease.take().as_ref()).await;
                    election.lost();
                    let rests = retry.saturating_mul(REST);
                    tokio::select! {
                        () = tokio::time::sleep(rests) => {}
                        () = end.cancelled() => return Ok(()),
                    }
                }
                None => tracing::warn!(id = %self.settings.id, "the operator lost its lease and waits"),
            }
        }
    }

    /// Lets go of the lease, so that another need not wait for it to run out.
    async fn release(&self, owner: &Owner, election: &Election, lease: Option<&Value>) {
        let Some(lease) = lease else { return };
        let released = election.released(lease, &self.wall());
        if let Err(error) = owner.write_lease(LEASE, &released).await {
            tracing::debug!(%error, "the lease is not released: it runs out");
        }
    }

    /// One turn at the lease.
    async fn turn(&self, owner: &Owner, election: &mut Election, lease: &mut Option<Value>, born: Instant) -> Held {
        // Whoever holds it knows how it is: it wrote it.
        let known = if election.leads(elapsed(born)) { lease.take() } else { None };
        let current = match known {
            Some(known) => Some(known),
            None => match owner.lease(LEASE).await {
                Ok(current) => current,
                Err(error) => {
                    tracing::warn!(%error, "the operator's lease cannot be read");
                    return Held::Unknown;
                }
            },
        };
        match election.judge(current.as_ref(), elapsed(born), &self.wall(), LEASE) {
            Turn::Wait => Held::Theirs,
            Turn::Write(wanted) => {
                let before = elapsed(born);
                let written = tokio::time::timeout(RENEW_TIME, owner.write_lease(LEASE, &wanted)).await;
                match written {
                    Ok(Ok(written)) => {
                        election.wrote(before);
                        *lease = Some(written);
                        Held::Ours
                    }
                    Ok(Err(cluster::Error::Conflict { .. })) => {
                        election.lost();
                        Held::Theirs
                    }
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "the operator's lease cannot be written");
                        Held::Unknown
                    }
                    Err(_) => Held::Unknown,
                }
            }
        }
    }

    /// Returns when the blueprints of the platform's folder are others.
    async fn reread(&self) {
        match &self.settings.folder {
            Some(folder) => folder.changed().await,
            None => std::future::pending().await,
        }
    }

    /// RFC 3339 with microseconds, as a Lease has it.
    fn wall(&self) -> String {
        let ms = i64::try_from(self.clock.now_ms()).unwrap_or(i64::MAX);
        let now = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
    }

    /// Watches, decides, acts, until it is over.
    async fn act(&self, owner: &Arc<Owner>, over: CancellationToken) -> Result<Over, Error> {
        let _leads = self.figures.lead();
        let (tell, mut told) = mpsc::channel(CHANGES);
        let mut watches = JoinSet::new();
        for watched in Watched::ALL {
            let reader = self.cluster.reader();
            watches.spawn(follow::run(reader, *watched, self.settings.namespace.clone(), tell.clone()));
        }
        drop(tell);
        let rules = Rules {
            require_grants: self.settings.require_grants,
            system_namespace: self.settings.system_namespace.clone(),
            knows_roles: self.settings.roles.are_known(),
            guards_owners: self.settings.guards_owners,
        };
        let book = Mutex::new(Book::new(rules));
        let enforced = Enforced::new(self.settings.require_enforcement);
        let shared = Arc::new(Shared {
            book,
            shelf: Mutex::default(),
            enforced,
            aliases: Mutex::default(),
            mounts: Mounts::new(self.gate.clone(), self.principal.clone(), self.cluster.name().clone()),
            roles: self.settings.roles.clone(),
            images: self.settings.images.clone().map(|registry| {
                let (cluster, gate, principal) = (self.cluster.clone(), self.gate.clone(), self.principal.clone());
                imaged::Desk { registry, cluster, gate, principal, kept: imaged::Kept::default() }
            }),
            changed: Notify::new(),
        });
        watches.spawn(standing::run(owner.clone(), shared.clone(), self.render.clone(), self.clock.clone()));
        let trust = Trust::default();
        let doors = (self.calling.clone(), self.cluster.name().clone());
        watches.spawn(trust::keep(owner.clone(), trust.clone(), doors, self.clock.clone()));
        let answers = Arc::new(upward::Desk {
            cluster: self.cluster.clone(),
            gate: self.gate.clone(),
            principal: self.principal.clone(),
            render: self.render.clone(),
        });
        let sources = self.settings.repositories.clone().map(|repositories| {
            let (cluster, gate, principal) = (self.cluster.clone(), self.gate.clone(), self.principal.clone());
            Arc::new(source::Desk { repositories, cluster, gate, principal })
        });
        let mut active = Active {
            operator: self,
            owner: owner.clone(),
            index: Index::default(),
            found: Found::default(),
            queue: Queue::default(),
            waiting: Watched::ALL.iter().copied().collect(),
            kept: HashMap::new(),
            shared,
            daemons: Daemons::default(),
            held: Links::default(),
            answers,
            sources,
            trust,
            mute: false,
            since_ms: i64::try_from(self.clock.now_ms()).unwrap_or_default(),
        };
        let mut running: JoinSet<Done> = JoinSet::new();
        loop {
            active.start(&mut running, &over);
            if (over.is_cancelled() || active.mute) && running.is_empty() {
                active.end();
                return Ok(if over.is_cancelled() { Over::Told } else { Over::Mute });
            }
            let rests = over.is_cancelled() || active.mute;
            let due = active.queue.next_due().filter(|_| active.waiting.is_empty() && !rests);
            let pause = due.map(|due| Duration::from_millis(due.saturating_sub(self.clock.now_ms()).clamp(1, 60_000)));
            let full = running.len() >= self.settings.parallel;
            tokio::select! {
                change = told.recv() => match change {
                    Some(change) => active.take(change)?,
                    None => return Ok(Over::Told),
                },
                Some(done) = running.join_next() => match done {
                    Ok(done) => active.finish(done),
                    Err(error) => tracing::error!(%error, "a look at a workspace broke off"),
                },
                () = async { tokio::time::sleep(pause.unwrap_or(Duration::MAX)).await }, if pause.is_some() && !full => {}
                probed = Active::answered(&mut active.daemons) => active.heard(&probed),
                used = self.activity.told(self.cluster.name()) => active.used(&used),
                () = self.settings.roles.changed() => active.others(),
                () = self.reread() => active.others(),
                () = over.cancelled(), if !over.is_cancelled() => {}
            }
        }
    }
}

fn elapsed(born: Instant) -> u64 {
    u64::try_from(born.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Name of the lease.
pub const LEASE: &str = "quarterdeck-operator";
/// Changes that wait to be taken.
const CHANGES: usize = 1024;
/// So many turns at the lease are left to others where the journal takes no decisions.
const REST: u32 = 15;
/// How long one write of the lease may take.
const RENEW_TIME: Duration = Duration::from_secs(5);
/// How long what was begun may go on at the end.
const END_TIME: Duration = Duration::from_secs(3);
