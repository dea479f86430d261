//! Where one cluster keeps things, and the addresses, ports and names that are its own.
//!
//! A cluster takes the lowest free number; all else follows from the number. The record is written before anything is
//! started, under a lock that all clusters share.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::UpOptions;

/// The record of one cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Layout {
    pub(crate) name: String,
    /// Below [`MOST`]; no two clusters of a user share it.
    pub(crate) number: u8,
    /// Whether there is a real node, in namespaces of its own.
    pub(crate) node: bool,
    /// Whether NetworkPolicies are kept.
    #[serde(default)]
    pub(crate) enforce: bool,
    pub(crate) fake_nodes: u32,
    pub(crate) fake_pods: u32,
    /// Set when `up` came to its end.
    pub(crate) complete: bool,
}

impl Layout {
    /// Takes a number and writes the record.
    pub(crate) fn create(options: &UpOptions, node: bool) -> Result<Self> {
        let _all = lock_path(&clusters().join(".numbers.lock"))?;
        let taken: Vec<u8> = all()?.iter().map(|layout| layout.number).collect();
        let routes = if node { routes()? } else { String::new() };
        let free =
            |number: u8| !taken.contains(&number) && (!node || !routes.contains(&format!("10.{}.", block(number))));
        for number in (0..MOST).filter(|&number| free(number)) {
            let layout = Self {
                name: options.name.clone(),
                number,
                node,
                enforce: options.enforce,
                fake_nodes: options.fake_nodes,
                fake_pods: options.fake_pods,
                complete: false,
            };
            if node || layout.ports_are_free() {
                fs::create_dir_all(layout.dir())?;
                layout.save()?;
                return Ok(layout);
            }
        }
        bail!("no free range of addresses for one more cluster: end one with `cargo xtask cluster down --name …`")
    }

    /// The record of a cluster, if there is one.
    pub(crate) fn load(name: &str) -> Result<Option<Self>> {
        let path = dir(name).join(RECORD);
        match fs::read(&path) {
            Ok(bytes) => {
                let layout =
                    serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?;
                Ok(Some(layout))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    pub(crate) fn save(&self) -> Result<()> {
        let path = self.dir().join(RECORD);
        let partial = path.with_extension("partial");
        fs::write(&partial, serde_json::to_vec_pretty(self)?)?;
        fs::rename(&partial, &path).with_context(|| format!("cannot write {}", path.display()))
    }

    pub(crate) fn dir(&self) -> PathBuf {
        dir(&self.name)
    }

    pub(crate) fn pki(&self) -> PathBuf {
        self.dir().join("pki")
    }

    pub(crate) fn log(&self, part: &str) -> PathBuf {
        self.dir().join("log").join(format!("{part}.log"))
    }

    pub(crate) fn audit_log(&self) -> PathBuf {
        self.dir().join("log/audit.jsonl")
    }

    /// A kubeconfig of one of the parts: `controllers`, `scheduler`, `kubelet`, `proxy` or `tools`.
    pub(crate) fn part_kubeconfig(&self, part: &str) -> PathBuf {
        self.pki().join(format!("{part}.kubeconfig"))
    }

    /// Whether there are so many pods that nothing but the API server may hold them all.
    pub(crate) fn is_huge(&self) -> bool {
        self.fake_pods > HUGE && !self.node
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.dir().join("kubeconfig")
    }

    /// The address on which the API server listens, and where the node is reached from the machine.
    pub(crate) fn address(&self) -> Ipv4Addr {
        if self.node { self.node_address() } else { Ipv4Addr::LOCALHOST }
    }

    /// The node's end of the link to the machine.
    pub(crate) fn node_address(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, block(self.number), 255, 2)
    }

    /// The machine's end of the link to the node.
    pub(crate) fn link_address(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, block(self.number), 255, 1)
    }

    /// Everything the cluster has: pods, services and the link.
    pub(crate) fn range(&self) -> String {
        format!("10.{}.0.0/16", block(self.number))
    }

    pub(crate) fn pod_range(&self) -> String {
        format!("10.{}.0.0/17", block(self.number))
    }

    pub(crate) fn bridge_address(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, block(self.number), 0, 1)
    }

    pub(crate) fn service_range(&self) -> String {
        format!("10.{}.128.0/18", block(self.number))
    }

    /// The service `kubernetes`.
    pub(crate) fn api_service_address(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, block(self.number), 128, 1)
    }

    pub(crate) fn dns_address(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, block(self.number), 128, 10)
    }

    /// The machine's interface of the link.
    pub(crate) fn link(&self) -> String {
        format!("{LINK}{}", self.number)
    }

    /// The name of the cluster's group in every cgroup hierarchy.
    pub(crate) fn cgroup(&self) -> String {
        format!("quarterdeck-{}-{}", self.name, self.number)
    }

    pub(crate) fn port(&self, port: Port) -> u16 {
        if self.node {
            return match port {
                Port::Api => 6443,
                Port::Etcd => 2379,
                Port::EtcdPeer => 2380,
                Port::Controllers => 10257,
                Port::Scheduler => 10259,
            };
        }
        20_000 + u16::from(self.number) * 10 + port as u16
    }

    pub(crate) fn api(&self) -> String {
        format!("https://{}:{}", self.address(), self.port(Port::Api))
    }

    pub(crate) fn etcd(&self) -> String {
        format!("https://127.0.0.1:{}", self.port(Port::Etcd))
    }

    fn ports_are_free(&self) -> bool {
        [Port::Api, Port::Etcd, Port::EtcdPeer, Port::Controllers, Port::Scheduler]
            .iter()
            .all(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, self.port(port))).is_ok())
    }
}

/// The ports that the control plane listens on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Port {
    Api = 0,
    Etcd = 1,
    EtcdPeer = 2,
    Controllers = 3,
    Scheduler = 4,
}

/// How the names of all links start.
pub(crate) const LINK: &str = "qdk";
/// The name of the one real node.
pub(crate) const NODE: &str = "node1";

/// The folder of a cluster, whether there is one or not.
pub(crate) fn dir(name: &str) -> PathBuf {
    clusters().join(name)
}

/// An error that names the file when it is not there.
pub(crate) fn exists(file: &Path) -> Result<()> {
    if file.is_file() { Ok(()) } else { bail!("there is no file {}", file.display()) }
}

/// Every cluster of this user.
pub(crate) fn all() -> Result<Vec<Layout>> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(clusters()) else { return Ok(found) };
    for entry in entries {
        let name = entry?.file_name();
        // lock files stand beside the clusters
        if let Some(name) = name.to_str().filter(|name| check_name(name).is_ok()) {
            found.extend(Layout::load(name)?);
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Refuses a name that cannot be part of paths, contexts and cgroups.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 20 || !name.chars().all(good) || name.starts_with('-') {
        bail!("a cluster's name is 1 to 20 lower-case letters, digits and dashes, not {name:?}");
    }
    Ok(())
}

/// Holds the cluster for one `up` or `down` at a time; others wait.
pub(crate) fn lock(name: &str) -> Result<File> {
    lock_path(&clusters().join(format!(".{name}.lock")))
}

/// Waits for the lock on a file, which ends with the returned handle.
pub(crate) fn lock_path(path: &Path) -> Result<File> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let file = File::create(path).with_context(|| format!("cannot open {}", path.display()))?;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                crate::tasks::proc::check()?;
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            Err(error) => return Err(error).with_context(|| format!("cannot lock {}", path.display())),
        }
    }
}

fn clusters() -> PathBuf {
    crate::paths::cache().join("clusters")
}

fn block(number: u8) -> u8 {
    FIRST_BLOCK + number
}

fn routes() -> Result<String> {
    let output = Command::new("ip").args(["-4", "route", "show", "table", "all"]).output().context("cannot run ip")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Up to so many fake pods controllers and scheduler run too.
pub(crate) const HUGE: u32 = 50_000;
const RECORD: &str = "cluster.json";
/// 10.100.0.0/16 is the range of cluster 0.
const FIRST_BLOCK: u8 = 100;
const MOST: u8 = 50;

#[cfg(test)]
mod tests;
