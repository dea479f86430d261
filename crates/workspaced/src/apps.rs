//! The apps of the workspace: programs that the daemon installs, starts, and keeps running.
//!
//! ```text
//! Apps ── App ── asks ──▶ supervise::run, one task an app, which alone changes how the app stands
//!           └─ log: its output and its installation's, the last of it
//! ```

mod install;
mod supervise;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use proto::workspace::told::{App as Told, AppState};
use proto::workspace::{App as Wanted, Config};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::daemon::Daemon;
use crate::log::Log;
use crate::ports::port_of;

pub(crate) use install::has_by_words;

/// All apps that are enabled, by their ids.
#[derive(Debug)]
pub(crate) struct Apps {
    all: BTreeMap<String, Arc<App>>,
    /// Counts changes.
    moved: Arc<watch::Sender<u64>>,
}

/// One app.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) wanted: Wanted,
    /// Where it listens, if that can be seen.
    pub(crate) port: Option<u16>,
    pub(crate) log: Arc<Log>,
    told: Mutex<Told>,
    moved: Arc<watch::Sender<u64>>,
    asks: mpsc::Sender<Ask>,
    /// For its task, until that begins.
    asked: Mutex<Option<mpsc::Receiver<Ask>>>,
}

/// What can be done with an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Install { force: bool },
    Start,
    Stop,
    Restart,
}

#[derive(Debug)]
struct Ask {
    act: Act,
    /// Told when it is begun, or why it is not.
    begun: oneshot::Sender<Result<(), String>>,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is no such app, or it is not enabled")]
    Unknown,
    #[error("apps are off in this workspace: its blueprint says enableApps: false")]
    Off,
    #[error("{0}")]
    Conflict(String),
}

impl Refusal {
    pub(crate) fn status(&self) -> (u16, &'static str) {
        match self {
            Self::Unknown => (404, "not_found"),
            Self::Off | Self::Conflict(_) => (409, "conflict"),
        }
    }
}

impl Apps {
    pub(crate) fn new(config: &Config) -> Self {
        let moved = Arc::new(watch::channel(0).0);
        let enabled = config.apps.iter().filter(|(_, app)| app.enabled).take(MAX_APPS);
        let all = enabled.map(|(id, wanted)| (id.clone(), Arc::new(App::new(id, wanted, moved.clone())))).collect();
        Self { all, moved }
    }

    /// Begins to keep them; those that start with the workspace are started.
    pub(crate) fn begin(&self, daemon: &Arc<Daemon>) {
        if !daemon.config.enable_apps {
            return;
        }
        for app in self.all.values() {
            if let Some(asked) = app.asked.lock().take() {
                tokio::spawn(supervise::run(daemon.clone(), app.clone(), asked));
            }
        }
    }

    /// How all of them stand.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.all.values().map(|app| app.told()).collect()
    }

    /// Tells of changes.
    pub(crate) fn moved(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    pub(crate) fn find(&self, id: &str) -> Result<&Arc<App>, Refusal> {
        self.all.get(id).ok_or(Refusal::Unknown)
    }

    /// Does something with one of them; how it stands then. What takes long is only begun.
    pub(crate) async fn act(&self, daemon: &Daemon, id: &str, act: Act) -> Result<Told, Refusal> {
        let app = self.find(id)?;
        if !daemon.config.enable_apps {
            return Err(Refusal::Off);
        }
        let (begun, told) = oneshot::channel();
        let busy = || Refusal::Conflict("the app is busy with what was asked before".to_owned());
        app.asks.try_send(Ask { act, begun }).map_err(|_| busy())?;
        daemon.log.info("apps", format!("{id}: {act:?} was asked for"));
        match timeout(PATIENCE, told).await {
            Ok(Ok(done)) => done.map_err(Refusal::Conflict)?,
            _ => return Err(busy()),
        }
        Ok(app.told())
    }
}

impl App {
    fn new(id: &str, wanted: &Wanted, moved: Arc<watch::Sender<u64>>) -> Self {
        let (asks, asked) = mpsc::channel(4);
        let udp = wanted.protocol == "udp";
        let told = Told {
            id: id.to_owned(),
            name: if wanted.name.is_empty() { id.to_owned() } else { wanted.name.clone() },
            port: port_of(&wanted.listen),
            protocol: if wanted.protocol.is_empty() { "http".to_owned() } else { wanted.protocol.clone() },
            auto_start: wanted.auto_start,
            installable: !wanted.install.is_empty(),
            ..Told::default()
        };
        Self {
            id: id.to_owned(),
            port: told.port.filter(|_| !udp),
            wanted: wanted.clone(),
            log: Arc::new(Log::keeping(id, LOG_BYTES)),
            told: Mutex::new(told),
            moved,
            asks,
            asked: Mutex::new(Some(asked)),
        }
    }

    /// How it stands.
    pub(crate) fn told(&self) -> Told {
        self.told.lock().clone()
    }

    fn change(&self, how: impl FnOnce(&mut Told)) {
        how(&mut self.told.lock());
        self.moved.send_modify(|count| *count += 1);
    }

    fn state(&self, state: AppState) {
        self.change(|told| {
            told.state = state;
            told.next_start_ms = None;
        });
    }
}

/// Apps that a workspace may have enabled.
const MAX_APPS: usize = 64;
/// Bytes of an app's log that are kept.
const LOG_BYTES: usize = 192 << 10;
const PATIENCE: Duration = Duration::from_secs(5);
