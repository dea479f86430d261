//! A real API server, reached by kubectl, and an operator of one namespace of it.

use base::{Clock, RequestId, SystemClock};
use cluster::{Cluster, ConnectOptions, Kubeconfig};
use policy::action::OperatorRun;
use policy::testing::{AllowAll, MemoryJournal, TestGate, gate};
use policy::{Answers, Door};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use workspace::decide::Limits;
use workspace::lease::Terms;
use workspace::{Activity, Blueprints, Operator, Platform, Settings};

pub(crate) fn kubeconfig() -> String {
    std::env::var("QD_TEST_KUBECONFIG").expect("these tests need an API server: run them with `cargo xtask test it`")
}

pub(crate) fn program() -> String {
    std::env::var("QD_TEST_KUBECTL").unwrap_or_else(|_| "kubectl".to_owned())
}

/// What kubectl prints.
pub(crate) fn kubectl(args: &[&str], input: &str) -> String {
    let mut child = Command::new(program())
        .args(["--kubeconfig", &kubeconfig()])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// An object; null when there is none.
pub(crate) fn get(args: &[&str]) -> Value {
    let mut all = vec!["get", "-o", "json", "--ignore-not-found"];
    all.extend(args);
    let text = kubectl(&all, "");
    if text.trim().is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
}

/// Waits until something is so, three times as long on a machine that builds for everybody; how long that took.
pub(crate) fn until(what: &str, seconds: u64, mut so: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    let seconds = if std::env::var_os("CI").is_some() { seconds * 3 } else { seconds };
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(seconds), "not within {seconds} s: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
    begun.elapsed()
}

/// Nodes are everybody's: who takes one away does so while nobody else has a workspace on it.
static NODES: LazyLock<Arc<RwLock<()>>> = LazyLock::new(Arc::default);

/// How a place has the nodes.
enum Nodes {
    Shared { _held: OwnedRwLockReadGuard<()> },
    Alone { _held: OwnedRwLockWriteGuard<()> },
}

/// A namespace with an operator of its own, and storage for one workspace.
pub(crate) struct Place {
    pub(crate) namespace: String,
    /// By which its operator goes.
    config: PathBuf,
    end: CancellationToken,
    runs: Option<JoinHandle<()>>,
    says: fn(&mut Platform),
    /// By how much the clock of its operators is ahead.
    pub(crate) ahead_ms: u64,
    /// Of the operator that was started last.
    pub(crate) journal: Arc<MemoryJournal>,
    _nodes: Nodes,
}

/// The time of day, and this much more.
struct Ahead(u64);

impl Clock for Ahead {
    fn now_ms(&self) -> u64 {
        SystemClock.now_ms() + self.0
    }
}

impl Place {
    pub(crate) async fn new(name: &str, limits: Limits) -> Self {
        let nodes = Nodes::Shared { _held: NODES.clone().read_owned().await };
        Self::with(nodes, name, limits, kubeconfig().into(), |_| {}).await
    }

    /// A place whose operator goes another way to the API server.
    pub(crate) async fn through(name: &str, limits: Limits, config: PathBuf) -> Self {
        let nodes = Nodes::Shared { _held: NODES.clone().read_owned().await };
        Self::with(nodes, name, limits, config, |_| {}).await
    }

    /// A place of a test that takes nodes away.
    pub(crate) async fn alone(name: &str, limits: Limits) -> Self {
        let nodes = Nodes::Alone { _held: NODES.clone().write_owned().await };
        Self::with(nodes, name, limits, kubeconfig().into(), |_| {}).await
    }

    /// A place whose platform says something else.
    pub(crate) async fn of(name: &str, says: fn(&mut Platform)) -> Self {
        let nodes = Nodes::Shared { _held: NODES.clone().read_owned().await };
        Self::with(nodes, name, Limits::default(), kubeconfig().into(), says).await
    }

    async fn with(nodes: Nodes, name: &str, limits: Limits, config: PathBuf, says: fn(&mut Platform)) -> Self {
        for kind in crd::Kind::ALL {
            let definition = kind.definition().to_string();
            let _ = kubectl(&["apply", "--server-side", "--force-conflicts", "-f", "-"], &definition);
        }
        let _ =
            kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "crd/workspaces.quarterdeck.dev"], "");
        let namespace = format!("{name}-{}", std::process::id());
        let of = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } });
        let _ = kubectl(&["create", "-f", "-"], &of.to_string());
        let volume = json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": namespace },
            "spec": {
                "capacity": { "storage": "100Gi" }, "accessModes": ["ReadWriteOnce"], "hostPath": { "path": "/nowhere" },
                "claimRef": { "namespace": namespace, "name": "pvc-w-home" },
            },
        });
        let _ = kubectl(&["create", "-f", "-"], &volume.to_string());
        let (end, runs, journal) = start(&namespace, &fresh_id(), limits, &config, says, 0);
        Self { says, ahead_ms: 0, namespace, config, end, runs: Some(runs), journal, _nodes: nodes }
    }

    /// Ends the operator as a crash would, and starts another.
    pub(crate) async fn crash(&mut self, limits: Limits) {
        self.kill().await;
        self.start(limits);
    }

    /// Ends the operator as a crash would: whatever it was at.
    pub(crate) async fn kill(&mut self) {
        if let Some(runs) = self.runs.take() {
            runs.abort();
            let _ = runs.await;
        }
    }

    pub(crate) const fn is_dead(&self) -> bool {
        self.runs.is_none()
    }

    /// Starts another operator.
    pub(crate) fn start(&mut self, limits: Limits) {
        let (end, runs, journal) = start(&self.namespace, &fresh_id(), limits, &self.config, self.says, self.ahead_ms);
        (self.end, self.runs, self.journal) = (end, Some(runs), journal);
    }

    pub(crate) fn apply(&self, spec: &Value) {
        let mut all = json!({ "owner": "ada", "org": "lab", "image": "images.invalid/shell:1" });
        all.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
        let object = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace",
            "metadata": { "name": "w", "namespace": self.namespace }, "spec": all,
        });
        let _ = kubectl(&["apply", "-f", "-"], &object.to_string());
    }

    pub(crate) fn workspace(&self) -> Value {
        get(&["-n", &self.namespace, "workspaces.quarterdeck.dev", "w"])
    }

    pub(crate) fn phase(&self) -> String {
        self.workspace()["status"]["phase"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn pod(&self) -> Value {
        get(&["-n", &self.namespace, "pod", "w"])
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.end.cancel();
        let _ = kubectl(&["delete", "namespace", &self.namespace, "--wait=false"], "");
        let _ = kubectl(&["delete", "pv", &self.namespace, "--wait=false"], "");
    }
}

fn fresh_id() -> String {
    format!("{}-{}", std::process::id(), RequestId::new())
}

/// Starts an operator that goes by a name among candidates.
pub(crate) fn candidate(namespace: &str, id: &str) -> JoinHandle<()> {
    start(namespace, id, Limits::default(), Path::new(&kubeconfig()), |_| {}, 0).1
}

fn start(
    namespace: &str,
    id: &str,
    limits: Limits,
    config: &Path,
    says: fn(&mut Platform),
    ahead_ms: u64,
) -> (CancellationToken, JoinHandle<()>, Arc<MemoryJournal>) {
    let read = Kubeconfig::load(Some(config)).unwrap();
    let context = read.contexts().remove(0);
    let cluster = Cluster::connect(&read, &context.name, ConnectOptions::default()).unwrap();
    let TestGate { composed, journal, .. } = gate(AllowAll);
    let principal = composed.verifier.process("operator").asking(RequestId::new(), Door::Process);
    let run = OperatorRun { cluster: cluster.name().clone(), namespace: namespace.to_owned() };
    let permit = composed.gate.permit(&principal, run, &Answers::default()).unwrap();
    let clock = Arc::new(Ahead(ahead_ms));
    let mut platform = Platform::new(cluster.name().as_str(), "images.invalid/agent:1");
    says(&mut platform);
    let mut settings = Settings::new(id.to_owned());
    (settings.namespace, settings.limits) = (Some(namespace.to_owned()), limits);
    // Who crashes leaves its lease behind: the next one does not wait for long.
    settings.terms = Terms { length_ms: 3_000, deadline_ms: 2_000, retry_ms: 500 };
    let operator = Operator {
        cluster,
        gate: composed.gate.clone(),
        principal,
        clock: clock.clone(),
        render: Arc::new(Blueprints::new(platform)),
        activity: Activity::new(clock),
        calling: workspace::Calling::default(),
        figures: workspace::Figures::default(),
        settings,
    };
    let end = CancellationToken::new();
    let ended = end.clone();
    let runs = tokio::spawn(async move {
        let _held = composed.epochs;
        operator.run(permit, ended).await.expect("the operator runs");
    });
    (end, runs, journal)
}
