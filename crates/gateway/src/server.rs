//! The server: what handlers share, and the loop that serves until it is told to end.

use crate::assets;
use crate::auth::Doorkeeper;
use crate::beside::{Beside, Ours};
use crate::connections::Connections;
use crate::desk::DeskKeys;
use crate::figures::Figures;
use crate::forward::Visits;
use crate::guard::{Guard, Hosts, Keys, guard, policy};
use crate::guild::{self, Guild};
use crate::login::Logins;
use crate::ops::Check;
use crate::people::People;
use crate::routes;
use crate::serving::{PATIENCE, Serving};
use crate::team::TeamKeys;
use api::ErrorBody;
use axum::Router;
use axum::routing::get;
use base::Clock;
use capture::Taps;
use mirror::Mirror;
use operate::{Clusters, Plans};
use policy::Gate;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use table::Parking;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use workspace::doors::Workspaces;
use workspace::{Activity, Calling};

/// What this door composes.
pub struct Services {
    /// Live rows.
    pub mirror: Mirror,
    /// Acts.
    pub plans: Plans,
    /// What pods say to each other.
    pub taps: Taps,
    /// Where acts and reads of single objects go.
    pub clusters: Arc<dyn Clusters>,
    /// The journal, to read.
    pub store: Store,
    /// Workspaces, and what is being done to them.
    pub workspaces: Workspaces,
    /// Who uses which workspace.
    pub activity: Activity,
    /// Calls their daemons.
    pub calling: Calling,
    /// Decides.
    pub gate: Gate,
    /// The door to apps of workspaces, on this listener.
    pub beside: Option<Arc<dyn Beside>>,
    /// Who may come in.
    pub people: People,
}

/// How this door behaves.
#[derive(Default)]
pub struct Config {
    /// Nothing but reads: told to the console, enforced by the gate.
    pub read_only: bool,
    /// Version of `qd`.
    pub version: &'static str,
    /// Why no cluster can be shown, if none can.
    pub problem: Option<ErrorBody>,
    /// The parts without which it is not ready.
    pub checks: Arc<[Check]>,
    /// The paths of an earlier product, where they are served.
    pub guild: Option<Guild>,
}

/// What every handler has.
pub(crate) struct Shared {
    pub(crate) services: Services,
    pub(crate) config: Config,
    pub(crate) door: Arc<Doorkeeper>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Names this process in the views protocol.
    pub(crate) epoch: u64,
    pub(crate) port: u16,
    pub(crate) end: CancellationToken,
    pub(crate) sockets: TaskTracker,
    pub(crate) patience: Patience,
    /// What broken sockets had on their screens, for their next ones.
    pub(crate) parking: Arc<Parking>,
    /// Who visits exposed workspaces.
    pub(crate) visits: Visits,
}

/// How long the socket bears with a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// One frame may take so long to be taken; then the client is told `slow_client` and cut off.
    pub(crate) send: Duration,
    /// A client that has said nothing for two of these is gone.
    pub(crate) ping: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { send: Duration::from_secs(30), ping: Duration::from_secs(30) }
    }
}

impl Shared {
    /// A URL that opens the console once.
    pub(crate) fn one_time_url(&self) -> Result<String, getrandom::Error> {
        Ok(format!("http://qd.localhost:{}/?code={}", self.port, self.door.new_code()?))
    }
}

/// A server that has its port and is ready to serve.
pub struct Gateway {
    listener: Connections,
    keys: Keys,
    hosts: Hosts,
    figures: Arc<Figures>,
    pub(crate) shared: Arc<Shared>,
}

impl Gateway {
    /// Puts the parts together on an open port.
    ///
    /// # Errors
    /// When the port's address cannot be read, or the system gives no random bytes.
    pub fn new(
        listener: Connections,
        config: Config,
        services: Services,
        clock: Arc<dyn Clock>,
        end: CancellationToken,
    ) -> std::io::Result<Self> {
        let port = listener.port()?;
        let door = Arc::new(Doorkeeper::new(port, clock.clone()).map_err(std::io::Error::other)?);
        let epoch = clock.now_ms();
        let (sockets, parking) = (TaskTracker::new(), Arc::new(Parking::default()));
        let patience = Patience::default();
        let figures = Arc::new(Figures::default());
        let gate = services.gate.clone();
        let (keys, hosts) = match &services.people {
            People::Desk(person) => {
                let logins = Arc::new(Logins::new(gate, door.clone(), clock.clone()));
                let keys = DeskKeys { door: door.clone(), logins, person: person.clone() };
                (Keys::Desk(Arc::new(keys)), Hosts::desk(port))
            }
            People::Team { people, hosts } => {
                let keys = TeamKeys::new(people.clone(), gate, clock.clone(), services.store.clone(), figures.clone());
                (Keys::Team(Arc::new(keys)), hosts.clone())
            }
        };
        let visits = Visits::default();
        let shared =
            Arc::new(Shared { services, config, door, clock, epoch, port, end, sockets, patience, parking, visits });
        Ok(Self { listener, keys, hosts, figures, shared })
    }

    /// What it counts of itself: to be asked at any time.
    pub fn figures(&self) -> impl Fn() -> String + Send + Sync + 'static {
        let (figures, keys, sockets) = (self.figures.clone(), self.keys.clone(), self.shared.sockets.clone());
        move || {
            let sessions = if let Keys::Team(keys) = &keys { keys.signed_in() } else { 0 };
            let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
            figures.text(&[
                ("qd_sessions", "Browsers that are signed in.", count(sessions)),
                ("qd_sockets", "Open sockets of consoles.", count(sockets.len())),
            ])
        }
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.shared.port
    }

    /// The doorkeeper, for the state file.
    #[must_use]
    pub fn doorkeeper(&self) -> &Doorkeeper {
        &self.shared.door
    }

    /// A URL that opens the console once.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn one_time_url(&self) -> std::io::Result<String> {
        self.shared.one_time_url().map_err(std::io::Error::other)
    }

    /// Serves until the token given to [`Gateway::new`] is cancelled; open sockets are closed with a reason.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self) -> std::io::Result<()> {
        if let Keys::Team(keys) = &self.keys {
            keys.resume().await;
        }
        let frames = self.shared.services.beside.as_ref().map(|beside| beside.origins());
        let policy = policy(frames.as_deref());
        let in_place = self.shared.services.beside.clone().filter(|beside| beside.serves_in_place());
        let guarded = Guard { hosts: self.hosts, keys: self.keys, figures: self.figures, policy, in_place };
        let checks = self.shared.config.checks.clone();
        let mut app = Router::new()
            .route("/healthz", get(|| async { "ok" }))
            .route("/readyz", get(|| async move { guild::readiness(&checks) }))
            .merge(routes::router(self.shared.clone()));
        let guild = self.shared.config.guild.clone().map(Arc::new);
        if let Some(guild) = &guild {
            app = app.merge(guild::router(self.shared.clone(), guild.clone()).map_err(std::io::Error::other)?);
        }
        let mut app = app.fallback_service(assets::files()).layer(axum::middleware::from_fn_with_state(guarded, guard));
        if let Some(guild) = guild {
            app = app.layer(axum::middleware::from_fn_with_state(guild, guild::face));
        }
        let (beside, end) = (self.shared.services.beside.clone(), self.shared.end.clone());
        let ours = Ours::new(self.listener, beside.clone())?;
        Serving { app, beside, http2: true, patience: PATIENCE, end }.serve(ours).await;
        self.shared.visits.close();
        self.shared.sockets.close();
        self.shared.sockets.wait().await;
        Ok(())
    }
}
