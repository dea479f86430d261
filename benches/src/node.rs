//! A benchmark on a real node of its own.

use crate::build::{self, output, xtask};
use anyhow::{Context, Result};
use clap::Parser;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What such a benchmark is asked for.
#[derive(Parser)]
struct Args {
    /// One short round: to see that it works
    #[arg(long)]
    quick: bool,
    /// Keep the cluster afterwards
    #[arg(long)]
    keep: bool,
}

/// The node, with the program that is measured.
pub struct Node {
    /// The folder of the project.
    pub root: PathBuf,
    /// The release `qd`.
    pub qd: PathBuf,
    /// The administrator's.
    pub kubeconfig: PathBuf,
    kubectl: PathBuf,
    name: &'static str,
}

/// Reads the arguments, starts a cluster of this name, measures on it (shortly, when that is asked for), and ends it.
///
/// # Errors
/// Those of measuring, or of what it needs.
pub fn run(name: &'static str, measure: impl FnOnce(&Node, bool) -> Result<()>) -> Result<()> {
    let args = Args::parse();
    let root = build::root();
    let result = Node::start(root.clone(), name).and_then(|node| measure(&node, args.quick));
    if !args.keep {
        xtask(&root, &["cluster", "down", "--name", name])?;
    }
    result
}

impl Node {
    /// A cluster of this name, and the program for it.
    ///
    /// # Errors
    /// When either cannot be made.
    pub fn start(root: PathBuf, name: &'static str) -> Result<Self> {
        let qd = build::qd(&root)?;
        let kubeconfig = PathBuf::from(xtask(&root, &["cluster", "up", "--name", name])?.trim());
        let kubectl = kubeconfig.with_file_name("bin").join("kubectl");
        Ok(Self { root, qd, kubeconfig, kubectl, name })
    }

    /// Loads the archive of an image.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn load(&self, archive: &str) -> Result<()> {
        xtask(&self.root, &["cluster", "load-image", "--name", self.name, archive]).map(drop)
    }

    /// `cargo xtask demo WHAT` on it.
    ///
    /// # Errors
    /// When that fails.
    pub fn demo(&self, what: &str) -> Result<()> {
        xtask(&self.root, &["demo", what, "--name", self.name]).map(drop)
    }

    /// The processes of the node and of its pods: those in its network, and those in its control groups.
    ///
    /// # Errors
    /// When there is no kubelet.
    pub fn processes(&self) -> Result<Vec<String>> {
        let folder = self.kubeconfig.with_file_name("");
        let folder = folder.to_string_lossy();
        let groups = format!("/quarterdeck-{}-", self.name);
        let all: Vec<PathBuf> = std::fs::read_dir("/proc")?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().parse::<u32>().is_ok()))
            .collect();
        let words = |path: &Path| {
            String::from_utf8_lossy(&std::fs::read(path.join("cmdline")).unwrap_or_default()).into_owned()
        };
        let network = |path: &Path| std::fs::read_link(path.join("ns/net")).ok();
        let is_kubelet = |path: &Path| {
            std::fs::read_to_string(path.join("comm")).is_ok_and(|name| name.trim() == "kubelet")
                && words(path).contains(&*folder)
        };
        let node =
            all.iter().find(|path| is_kubelet(path)).and_then(|path| network(path)).context("no kubelet runs")?;
        let is_its = |path: &Path| {
            network(path).is_some_and(|network| network == node)
                || std::fs::read_to_string(path.join("cgroup")).is_ok_and(|text| text.contains(&groups))
        };
        Ok(all
            .iter()
            .filter(|path| is_its(path))
            .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
            .collect())
    }

    /// What `kubectl WORDS` prints.
    ///
    /// # Errors
    /// When it fails.
    pub fn kubectl(&self, words: &[&str]) -> Result<String> {
        output(Command::new(&self.kubectl).arg("--kubeconfig").arg(&self.kubeconfig).args(words))
    }

    /// Applies an object.
    ///
    /// # Errors
    /// When the API server does not take it.
    pub fn apply(&self, file: &Path) -> Result<()> {
        self.kubectl(&["apply", "-f", &file.display().to_string()]).map(drop)
    }
}
