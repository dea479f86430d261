//! What all parts of the running daemon share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use pki::Keys;
use proto::workspace::Config;
use proto::workspace::Variable;
use tokio::sync::{Notify, watch};

use crate::accounts::Account;
use crate::activity::Activity;
use crate::apps::Apps;
use crate::children::Children;
use crate::egress::Egress;
use crate::kept::Kept;
use crate::locks::Locks;
use crate::log::Log;
use crate::ports::Ports;
use crate::scripts::{State, Status};
use crate::shells::{Shells, there};
use crate::streams::Streams;
use crate::sysinfo::Usage;
use crate::upward::Upward;
use crate::{ask, start};

/// The daemon's state; each part owns what it changes.
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) config: Config,
    pub(crate) account: Account,
    /// The folder of sockets and certificates.
    pub(crate) runtime: PathBuf,
    pub(crate) children: Children,
    /// Who the daemon is to callers of the network.
    pub(crate) keys: Arc<Keys>,
    pub(crate) log: Arc<Log>,
    pub(crate) started: Instant,
    pub(crate) shells: Shells,
    /// What the stop before left.
    pub(crate) kept: Kept,
    pub(crate) streams: Streams,
    pub(crate) ports: Ports,
    pub(crate) apps: Apps,
    pub(crate) upward: Upward,
    pub(crate) egress: Egress,
    pub(crate) locks: Locks,
    pub(crate) usage: Usage,
    pub(crate) activity: Activity,
    /// What every process of the user finds in its environment, unless the workspace says otherwise.
    pub(crate) image: BTreeMap<String, String>,
    /// A session has ended: who is left of it?
    pub(crate) orphans: Notify,
    /// How far the init scripts are.
    pub(crate) scripts: watch::Sender<Vec<Status>>,
    /// Turns true once: everything ends.
    pub(crate) stop: watch::Sender<bool>,
}

impl Daemon {
    pub(crate) fn new(
        config: Config,
        account: Account,
        log: Arc<Log>,
        children: Children,
        keys: Arc<Keys>,
        image: BTreeMap<String, String>,
    ) -> Arc<Self> {
        Arc::new(Self {
            runtime: PathBuf::from(&config.runtime_dir),
            account,
            children,
            keys,
            log,
            started: Instant::now(),
            shells: Shells::default(),
            kept: Kept::default(),
            streams: Streams::default(),
            ports: Ports::default(),
            apps: Apps::new(&config),
            config,
            upward: Upward::default(),
            egress: Egress::default(),
            locks: Locks::default(),
            usage: Usage::default(),
            activity: Activity::default(),
            image,
            orphans: Notify::new(),
            scripts: watch::channel(Vec::new()).0,
            stop: watch::channel(false).0,
        })
    }

    /// Resolves when everything ends.
    pub(crate) async fn stopped(&self) {
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// The environment of a session: the user's, the workspace's and what was asked for, unless that is too much.
    pub(crate) fn environment(&self, asked: &[Variable]) -> Option<BTreeMap<String, String>> {
        let bytes: usize = asked.iter().map(|one| one.name.len() + one.value.len()).sum();
        let fits =
            |one: &Variable| !one.name.is_empty() && !one.name.contains(['=', '\0']) && !one.value.contains('\0');
        if asked.len() > MAX_VARIABLES || bytes > MAX_VARIABLE_BYTES || !asked.iter().all(fits) {
            return None;
        }
        let mut env: BTreeMap<String, String> = asked.iter().map(|one| (one.name.clone(), one.value.clone())).collect();
        let (workspace, user) = (&self.config.workspace, &self.config.user);
        let own = [
            ("WORKSPACE", &workspace.name),
            ("BLUEPRINT", &workspace.blueprint),
            ("IMAGE", &workspace.image),
            ("USERNAME", &user.name),
            ("USEREMAIL", &user.email),
            ("USERFULLNAME", &user.full_name),
        ];
        // what the workspace says cannot be said otherwise
        env.extend(
            own.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.into(), value.clone())),
        );
        Some(self.environment_with(&self.account, env))
    }

    /// The environment of what runs by itself: scripts, apps, files.
    pub(crate) fn own_environment(&self, account: &Account) -> BTreeMap<String, String> {
        self.environment_with(account, BTreeMap::new())
    }

    fn environment_with(&self, account: &Account, mut env: BTreeMap<String, String>) -> BTreeMap<String, String> {
        env.extend(self.config.env.clone());
        if self.config.runtime_dir != OWN_FOLDER {
            env.insert(ask::VARIABLE.to_owned(), self.runtime.join("agent.sock").display().to_string());
        }
        let mut whole = self.image.clone();
        whole.extend(start::environment(account, &env));
        whole
    }

    /// Where a session starts.
    pub(crate) fn folder(&self, asked: &str) -> PathBuf {
        there(asked, &self.account.home)
    }

    /// What a terminal shows before the first prompt.
    pub(crate) fn greeting(&self) -> Vec<u8> {
        let mut text = String::new();
        let kept = self.config.splash.chars().filter(|one| *one == '\n' || !one.is_control());
        for one in kept.take(MAX_SPLASH) {
            match one {
                '\n' => text.push_str("\r\n"),
                one => text.push(one),
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push_str("\r\n");
        }
        if self.config.show_init_script_status {
            for script in self.scripts.borrow().iter() {
                let said = match script.state {
                    State::Waiting | State::Running => "runs",
                    State::Failed => "failed",
                    State::Done | State::DoneBefore => continue,
                };
                text.push_str(&format!("init script {} {said} {}\r\n", script.name, script.detail));
            }
        }
        text.into_bytes()
    }
}

/// Where programs of the workspace look for the daemon.
const OWN_FOLDER: &str = "/run/quarterdeck";
const MAX_VARIABLES: usize = 64;
const MAX_VARIABLE_BYTES: usize = 32 << 10;
const MAX_SPLASH: usize = 4 << 10;
