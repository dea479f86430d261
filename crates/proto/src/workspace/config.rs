//! What a workspace's daemon is told at its start: `/etc/quarterdeck/config.yaml`.
//!
//! The operator writes it from the effective blueprint; `qd-agent workspaced` reads it once, whole, before it listens.
//! It holds no secret. Members that a daemon does not know are left alone, so that operator and daemon may differ in version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// Which workspace this is.
    pub workspace: Identity,
    /// Whose processes run here.
    pub user: User,
    /// How the daemon stands in the pod.
    #[serde(default)]
    pub profile: Profile,
    /// What every session, script and app finds in its environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Variables of the daemon's own environment that they find there too: those whose value comes from a Secret or a ConfigMap,
    /// and stands in no file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env_from: Vec<String>,
    /// Shown on a terminal before the first prompt.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub splash: String,
    /// Run once each, in their order, as the user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub init_scripts: Vec<InitScript>,
    /// A terminal opened meanwhile tells of them.
    #[serde(default)]
    pub show_init_script_status: bool,
    /// Whether apps are supervised at all.
    #[serde(default)]
    pub enable_apps: bool,
    /// By name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub apps: BTreeMap<String, App>,
    /// Orphans whose command line matches one of these expressions live on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_orphans: Vec<String>,
    /// How long shells outlive their viewers.
    #[serde(default)]
    pub detach: Detach,
    /// Where callers with a certificate are taken in; empty for nowhere.
    #[serde(default = "listen")]
    pub listen: String,
    /// The trust domain of certificates.
    #[serde(default = "trust")]
    pub trust: String,
    /// Seconds that processes have between being asked to end and being ended.
    #[serde(default = "grace")]
    pub grace_seconds: u32,
    /// Where sockets and certificates stand, in memory.
    #[serde(default = "runtime_dir")]
    pub runtime_dir: String,
    /// The engine's socket that `/var/run/docker.sock` shall lead to; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub engine_socket: String,
    /// Folders that are given to an account where they are root's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Owned>,
    /// Ports that the blueprint names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Declared>,
    /// The port of the loopback to which programs connect for hosts by name: the operator takes those connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress_port: Option<u16>,
}

/// A folder and whose it shall be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    /// Where a volume is mounted.
    pub path: String,
    /// The account; as it is when not said.
    #[serde(default)]
    pub uid: Option<u32>,
    /// The group; as it is when not said.
    #[serde(default)]
    pub gid: Option<u32>,
}

/// A port with a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Declared {
    /// For people.
    pub name: String,
    /// Which one.
    pub port: u16,
    /// `TCP` or `UDP`.
    pub protocol: String,
}

/// Which workspace a daemon serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Of the Workspace object: the name in certificates.
    pub uid: String,
    /// Of the Workspace object.
    pub name: String,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The name of its pod and service.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub canonical_id: String,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// The owner's organization.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub organization: String,
    /// What it was made from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub blueprint: String,
    /// The image of its main container.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image: String,
}

/// The account that sessions, scripts and apps run as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its name; the group is called the same.
    pub name: String,
    /// Never 0.
    pub uid: u32,
    /// Never 0.
    pub gid: u32,
    /// The first of these that the image has: this, bash, sh.
    #[serde(default = "shell")]
    pub shell: String,
    /// `/home/NAME` when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub home: String,
    /// In words, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub full_name: String,
    /// Where the user is written to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// May become root by `sudo` without a password.
    #[serde(default)]
    pub sudo: bool,
}

/// How the daemon stands in the pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// The first process of the main container, as root.
    #[default]
    Shell,
    /// Beside the main container, as nobody in particular: no account is made.
    Service,
}

/// A script that runs once in the life of a home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitScript {
    /// Its flag in the home: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// With a `#!` line or for `sh`.
    pub script: String,
}

/// A program that the daemon keeps running.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct App {
    /// For people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Listed and startable.
    pub enabled: bool,
    /// What is there when the app is installed.
    pub binary: String,
    /// Prints the version.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub version_cmd: Vec<String>,
    /// Its first group is the version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version_regex: String,
    /// Run when `binary` is absent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub install: String,
    /// The program and its arguments.
    pub start: Vec<String>,
    /// Port or address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub listen: String,
    /// When it is started again.
    pub restart_policy: Restart,
    /// Seconds between two starts at most; 0 for 60.
    pub max_restart_backoff: u32,
    /// `install` runs as root.
    pub install_as_root: bool,
    /// Started with the workspace.
    pub auto_start: bool,
    /// `http`, `https`, `ws`, `wss`, `tcp` or `udp`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub protocol: String,
}

/// When an app that ended is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// However it ended.
    #[default]
    Always,
    /// When it failed.
    OnFailure,
    /// By hand alone.
    Never,
}

/// How long shells outlive their viewers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Detach {
    /// Whether they do.
    pub enabled: bool,
    /// Seconds, at most and unless another number is asked for.
    pub ttl_seconds: u32,
    /// 0 may be asked for: the shell has no limit then.
    pub unlimited: bool,
}

impl Default for Detach {
    fn default() -> Self {
        Self { enabled: true, ttl_seconds: 30 * 60, unlimited: true }
    }
}

impl Default for User {
    fn default() -> Self {
        Self {
            name: "dev".to_owned(),
            uid: 1000,
            gid: 1000,
            shell: shell(),
            home: String::new(),
            full_name: String::new(),
            email: String::new(),
            sudo: false,
        }
    }
}

impl User {
    /// Where the user's files are.
    #[must_use]
    pub fn home(&self) -> String {
        if self.home.is_empty() { format!("/home/{}", self.name) } else { self.home.clone() }
    }
}

fn shell() -> String {
    "/bin/bash".to_owned()
}

fn listen() -> String {
    "[::]:2822".to_owned()
}

fn trust() -> String {
    "quarterdeck".to_owned()
}

fn grace() -> u32 {
    20
}

fn runtime_dir() -> String {
    "/run/quarterdeck".to_owned()
}

impl Config {
    /// What cannot be carried out, in words that name the member.
    ///
    /// # Errors
    /// The first such thing.
    pub fn check(&self) -> Result<(), String> {
        let user = &self.user;
        let name = user.name.as_bytes();
        let named = name.first().is_some_and(|first| first.is_ascii_lowercase() || *first == b'_')
            && name.len() <= 32
            && name.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(byte));
        if !named {
            return Err(format!("user.name {:?} is no name of an account", user.name));
        }
        if user.uid == 0 || user.gid == 0 {
            return Err("user.uid and user.gid may not be 0".to_owned());
        }
        for (what, path) in [("user.home", user.home()), ("user.shell", user.shell.clone())] {
            if !path.starts_with('/') || path.contains([':', '\n', '\0']) {
                return Err(format!("{what} {path:?} is no absolute path"));
            }
        }
        if user.full_name.contains([':', '\n', '\0']) {
            return Err("user.fullName may hold neither a colon nor a line end".to_owned());
        }
        for script in &self.init_scripts {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if script.name.is_empty() || script.name.len() > 64 || !script.name.bytes().all(fits) {
                return Err(format!("initScripts: {:?} is no name of a script", script.name));
            }
            if script.script.len() > MAX_SCRIPT {
                return Err(format!("initScripts: {} is longer than {MAX_SCRIPT} bytes", script.name));
            }
        }
        if self.env.iter().any(|(name, value)| name.is_empty() || name.contains(['=', '\0']) || value.contains('\0')) {
            return Err("env holds a name or value that no environment can hold".to_owned());
        }
        Ok(())
    }
}

/// Bytes of an init script at most.
const MAX_SCRIPT: usize = 64 << 10;
