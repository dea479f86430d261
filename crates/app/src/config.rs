//! The configuration: defaults < file (TOML) < `QD__SECTION__KEY` < flags. It is parsed whole before any port opens.

mod blueprints;
mod compat;
mod exposure;
mod names;
mod network;
mod prices;
mod proxy;
mod registries;
mod repositories;
mod serve;
mod tap_records;

pub(crate) use blueprints::Blueprints;
pub(crate) use compat::Compat;
pub(crate) use exposure::Exposure;
pub(crate) use network::Network;
pub(crate) use prices::Prices;
pub(crate) use proxy::Proxy;
pub(crate) use registries::Registries;
pub(crate) use repositories::Repositories;
pub(crate) use serve::{Acme, Policy, Role, Serve};
pub(crate) use tap_records::TapRecords;

use base::{Code, Coded};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The local console.
    pub console: Console,
    /// The clusters.
    pub clusters: Clusters,
    /// Taps.
    pub capture: Capture,
    /// The operator of workspaces.
    pub operator: Operator,
    /// How workspaces are reached from outside.
    pub exposure: Exposure,
    /// Blueprints beside those of the cluster.
    pub blueprints: Blueprints,
    /// What workspaces cost.
    pub prices: Prices,
    /// What rules of workspaces' networks speak of.
    pub network: Network,
    /// Repositories that say what workspaces are made from.
    pub repositories: Repositories,
    /// Registries that say on which ports images listen.
    pub registries: Registries,
    /// The team gateway.
    pub serve: Serve,
    /// What people of a team may.
    pub policy: Policy,
    /// The door to apps of workspaces.
    pub proxy: Proxy,
    /// Paths of earlier products.
    pub compat: Compat,
}

/// `[operator]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Operator {
    /// Where its lease is: operators of one cluster agree on it.
    pub namespace: String,
    /// Workspaces of one namespace alone; of all of them when it is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch_namespace: Option<String>,
    /// The image of the agent in workspaces, where the one that this program names is not to be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_image: Option<String>,
    /// The registry of images whose name has no host part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    /// The blueprint of a workspace that names an image alone.
    pub default_blueprint: String,
    /// Domain of the cluster.
    pub cluster_domain: String,
    /// Workspaces may run on the control plane: a cluster of one node.
    pub single_node: bool,
    /// The cluster provides volumes. Without them homes are in pods and last as long as these; claims that are there are left
    /// alone, and not mounted.
    pub volumes: bool,
    /// There is no workspace without a Grant that allows it: where a team shares the cluster. Grants of `namespace` may name
    /// other namespaces.
    pub require_grants: bool,
    /// Secrets with which images of workspaces are pulled, in every namespace of workspaces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pull_secrets: Vec<String>,
    /// A file with the password of images that ask for one; each workspace has a random one of its own without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Nobody enters pods of workspaces past the gateway: an admission policy that the operator installs denies it.
    pub exec_guard: bool,
    /// Nobody writes Workspaces past the gateway and says whose they are, but by a Grant of `impersonateOwner`: an admission
    /// policy that the operator installs asks who they are, and the operator carries out nothing without the grant.
    pub owner_guard: bool,
    /// The accounts of gateways and operators, which these let through; that of this process when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exec_accounts: Vec<String>,
    /// Connections to hosts by name (`network.allowEgressToHosts` of blueprints) are made by this process, for workspaces that ask.
    pub egress_proxy: bool,
    /// Requests a second that the operator sends at most.
    pub qps: NonZeroU32,
}

impl Default for Operator {
    fn default() -> Self {
        Self {
            namespace: "kube-system".to_owned(),
            watch_namespace: None,
            agent_image: None,
            registry: None,
            default_blueprint: "default".to_owned(),
            cluster_domain: "cluster.local".to_owned(),
            single_node: false,
            volumes: true,
            require_grants: false,
            pull_secrets: Vec::new(),
            password_file: None,
            exec_guard: false,
            owner_guard: false,
            exec_accounts: Vec::new(),
            egress_proxy: false,
            qps: NonZeroU32::new(200).unwrap_or(NonZeroU32::MIN),
        }
    }
}

/// `[capture]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Capture {
    /// The agents' image, where the one that this program names is not to be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_image: Option<String>,
    /// Where taps of the console keep packets as long as they are there. Unset: `taps` in the state folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// MiB of packets that one tap keeps on disk.
    pub tap_mib: NonZeroU32,
    /// MiB of packets of all taps together: each has an equal share at most.
    pub disk_mib: NonZeroU32,
    /// What happens when either, or the disk, is full: `drop` the oldest packets, or `stop` to keep any.
    pub on_full: OnFull,
    /// Records that one tap of the console keeps in memory; the oldest make room.
    pub tap_records: TapRecords,
    /// A capture filter that every filter of a tap is within: `(asked for) and (this)`. Empty for none.
    pub filter: String,
    /// Packets stay when the process ends, in `kept` of their folder; otherwise they are erased then.
    pub keep: bool,
    /// Seconds for which agents of a tap of the console that has ended wait for the next one in their pod, which takes them again
    /// instead of adding containers; they capture nothing meanwhile, and end with the console. 0: they end with their tap.
    pub keep_agent_seconds: u32,
    /// Where objects of `qd tap --write s3://BUCKET/NAME` are.
    pub s3: S3,
}

/// `[capture.s3]`: the store. Credentials come from `AWS_ACCESS_KEY_ID` and its like, or the shared file of the AWS tools.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct S3 {
    /// The store: `https://s3.example.com`. Unset: that of AWS in the region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The region. Unset: `AWS_REGION`, else `us-east-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Buckets stand in paths (`https://s3.example.com/BUCKET`), as most stores outside of AWS have them.
    pub path_style: bool,
}

impl S3 {
    pub(crate) fn of_taps(&self) -> cli::S3 {
        cli::S3 { endpoint: self.endpoint.clone(), region: self.region.clone(), path_style: self.path_style }
    }
}

/// What happens when the disk for packets is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFull {
    /// The oldest packets make room.
    #[default]
    Drop,
    /// Packets end there, and records go on.
    Stop,
}

impl Default for Capture {
    fn default() -> Self {
        let or_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let (tap_mib, disk_mib) = (or_one(1_024), or_one(4_096));
        Self {
            agent_image: None,
            folder: None,
            tap_mib,
            disk_mib,
            on_full: OnFull::default(),
            tap_records: TapRecords::default(),
            filter: String::new(),
            keep: false,
            keep_agent_seconds: 600,
            s3: S3::default(),
        }
    }
}

/// `[console]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Console {
    /// Address to listen on: loopback only. Unset: `127.0.0.1:5050`, or a free port when that is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<std::net::SocketAddr>,
    /// Open the browser at the start.
    pub open: bool,
    /// Nothing but reads.
    pub read_only: bool,
}

impl Default for Console {
    fn default() -> Self {
        Self { listen: None, open: true, read_only: false }
    }
}

/// `[clusters]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clusters {
    /// Contexts in which a destructive plan asks for the typed name.
    pub production: Vec<String>,
    /// Requests a second that each cluster is sent at most.
    pub qps: NonZeroU32,
    /// Requests that each cluster is sent at once after a rest.
    pub burst: NonZeroU32,
}

impl Default for Clusters {
    fn default() -> Self {
        let or_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self { production: Vec::new(), qps: or_one(50), burst: or_one(100) }
    }
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that a flag or variable names is not there, or cannot be read.
    #[error("cannot read the configuration file {path}: {source}")]
    Read {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file or a variable does not have the form of the configuration.
    #[error("{place}: {message}")]
    Form {
        /// File or variable.
        place: String,
        /// What is wrong, with the line.
        message: String,
    },
    /// Several things are wrong.
    #[error("{} things are wrong:{}", .0.len(), .0.iter().map(|one| format!("\n  {one}")).collect::<String>())]
    Several(Vec<String>),
}

impl ConfigError {
    /// All that is wrong; `None` when nothing is.
    pub(crate) fn of(place: &str, mut problems: Vec<String>) -> Option<Self> {
        match problems.len() {
            0 => None,
            1 => Some(Self::Form { place: place.to_owned(), message: problems.pop()? }),
            _ => Some(Self::Several(problems.into_iter().map(|one| format!("{place}: {one}")).collect())),
        }
    }
}

impl Coded for ConfigError {
    fn code(&self) -> Code {
        Code::ConfigInvalid
    }
}

impl Config {
    /// Reads `file` (or the usual place, which may be missing) and lays the variables over it.
    ///
    /// # Errors
    /// When the file or a variable is wrong: nothing is taken from either then.
    pub fn load(file: Option<&Path>, vars: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut table = match file.map(PathBuf::from).or_else(|| usual_file().filter(|path| path.exists())) {
            Some(path) => read(&path)?,
            None => toml::Table::new(),
        };
        names::of_file(&mut table);
        // Our own variables go over the others, in whichever order they come.
        let (ours, others): (Vec<_>, Vec<_>) = vars.partition(|(name, _)| name.starts_with("QD__"));
        names::of_variables(&mut table, &others);
        for (name, value) in &ours {
            overlay(&mut table, name, name.trim_start_matches("QD__"), value)?;
        }
        let place = file.map_or_else(|| "configuration".to_owned(), |path| path.display().to_string());
        if let Some(error) = ConfigError::of(&place, problems(&table)) {
            return Err(error);
        }
        let whole = table.try_into();
        whole.map_err(|error: toml::de::Error| ConfigError::Form { place, message: error.message().to_owned() })
    }

    /// The whole configuration in force, as TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_default()
    }
}

/// All that is wrong with a configuration: each key is tried by itself, for all have defaults.
fn problems(table: &toml::Table) -> Vec<String> {
    let fits = |one: toml::Table| one.try_into::<Config>().map(|_| ()).map_err(|error| error.message().to_owned());
    let mut found = Vec::new();
    for (section, value) in table {
        let alone = |value| toml::Table::from_iter([(section.clone(), value)]);
        let Some(keys) = value.as_table() else {
            found.extend(fits(alone(value.clone())).err().map(|message| format!("{section}: {message}")));
            continue;
        };
        if let Err(message) = fits(alone(toml::Value::Table(toml::Table::new()))) {
            found.push(message);
            continue;
        }
        for (key, value) in keys {
            let one = toml::Table::from_iter([(key.clone(), value.clone())]);
            found.extend(
                fits(alone(toml::Value::Table(one))).err().map(|message| format!("[{section}] {key}: {message}")),
            );
        }
    }
    found
}

/// `$XDG_CONFIG_HOME/quarterdeck/config.toml`
pub(crate) fn usual_file() -> Option<PathBuf> {
    dir("XDG_CONFIG_HOME", ".config").map(|path| path.join("config.toml"))
}

/// `$XDG_STATE_HOME/quarterdeck`: the journal and the state files of running consoles.
pub(crate) fn state_dir() -> Option<PathBuf> {
    dir("XDG_STATE_HOME", ".local/state")
}

fn dir(variable: &str, under_home: &str) -> Option<PathBuf> {
    let set = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = set.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(under_home)))?;
    Some(base.join("quarterdeck"))
}

fn read(path: &Path) -> Result<toml::Table, ConfigError> {
    let place = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: place.clone(), source })?;
    text.parse().map_err(|error: toml::de::Error| {
        let line =
            error.span().map_or(1, |span| text.get(..span.start).map_or(1, |before| before.lines().count().max(1)));
        ConfigError::Form { place: format!("{place}, line {line}"), message: error.message().to_owned() }
    })
}

/// `QD__CONSOLE__READ_ONLY=true`, `QD__CAPTURE__S3__REGION=north`: the value is TOML where it parses as TOML, else a string.
fn overlay(table: &mut toml::Table, name: &str, rest: &str, value: &str) -> Result<(), ConfigError> {
    let wrong = |message: &str| ConfigError::Form { place: name.to_owned(), message: message.to_owned() };
    let rest = rest.to_ascii_lowercase();
    let (sections, key) = rest.rsplit_once("__").ok_or_else(|| wrong("the form is QD__SECTION__KEY"))?;
    let parsed = format!("value = {value}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("value"));
    let value = parsed.unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let mut table = table;
    for section in sections.split("__") {
        let entry = table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        table = entry.as_table_mut().ok_or_else(|| wrong("this section is not a table"))?;
    }
    table.insert(key.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests;
