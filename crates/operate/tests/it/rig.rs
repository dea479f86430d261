//! The real server, a real journal, and kubectl as the other party.

use api::rest::{Act, Answers, Committed, ObjectRef, Plan, PlanRequest};
use base::{ClusterName, RequestId, SystemClock};
use catalog::Kind;
use cluster::{Cluster, ConnectOptions, Error, Kubeconfig};
use operate::{Changing, Clusters, Grant, Pending, Plans, Reading, Trying};
use policy::action::{Changes, Reads, Tries};
use policy::compose::{Composed, Parts, compose};
use policy::desk::Desk;
use policy::{Door, Principal};
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use store::{Journal, JournalConfig, Store};
use tokio::sync::OnceCell;

/// One cluster, with its kinds from discovery.
#[derive(Clone)]
pub(crate) struct Direct {
    cluster: Cluster,
    kinds: Arc<OnceCell<Vec<Arc<Kind>>>>,
}

impl Clusters for Direct {
    fn kind<'a>(&'a self, _: &'a ClusterName, id: &'a str) -> Pending<'a, Arc<Kind>> {
        Box::pin(async move {
            let kinds = self.kinds.get_or_try_init(async || {
                let reader = self.cluster.reader();
                Ok::<_, Error>(catalog::kinds(&reader.discover().await?, &reader.crds().await?))
            });
            let kinds = kinds.await?;
            catalog::resolve(kinds, id).map_err(|_| Error::NotServed { kind: id.to_owned() })
        })
    }

    fn reads(&self, _: &ClusterName, grant: &dyn Grant<Reads>) -> Result<Box<dyn Reading>, Error> {
        Ok(Box::new(grant.acting(&self.cluster)))
    }

    fn tries(&self, _: &ClusterName, grant: &dyn Grant<Tries>) -> Result<Box<dyn Trying>, Error> {
        Ok(Box::new(grant.acting(&self.cluster)))
    }

    fn changes(&self, _: &ClusterName, grant: &dyn Grant<Changes>) -> Result<Box<dyn Changing>, Error> {
        Ok(Box::new(grant.acting(&self.cluster)))
    }
}

/// A namespace of its own on the server, and everything that acts in it.
pub(crate) struct Rig {
    pub(crate) composed: Composed,
    pub(crate) clusters: Direct,
    pub(crate) plans: Plans,
    pub(crate) ada: Principal,
    pub(crate) namespace: String,
    pub(crate) store: Store,
    pub(crate) journal: Arc<Journal>,
    pub(crate) folder: tempfile::TempDir,
    cluster: ClusterName,
}

fn kubeconfig() -> PathBuf {
    std::env::var_os("QD_TEST_KUBECONFIG")
        .map(PathBuf::from)
        .expect("these tests need an API server: run them with `cargo xtask test it`")
}

/// Runs kubectl with a document on its standard input.
pub(crate) fn kubectl(args: &[&str], input: &str) -> String {
    let program = std::env::var("QD_TEST_KUBECTL").unwrap_or_else(|_| "kubectl".to_owned());
    let mut child = Command::new(&program)
        .arg("--kubeconfig")
        .arg(kubeconfig())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; run these tests with `cargo xtask test it`"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "kubectl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Rig {
    pub(crate) async fn new(desk: Desk) -> Self {
        Self::in_context(desk, &kubeconfig()).await
    }

    pub(crate) async fn in_context(desk: Desk, kubeconfig: &std::path::Path) -> Self {
        let kubeconfig = Kubeconfig::load(Some(kubeconfig)).unwrap();
        let context = kubeconfig.choose(None).unwrap().name;
        let cluster = Cluster::connect(&kubeconfig, &context, ConnectOptions::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("journal.db")).await.unwrap();
        let clock = Arc::new(SystemClock);
        let journal = Arc::new(store.journal("test", clock.clone(), JournalConfig::default()).await.unwrap());
        let parts = Parts { decide: Arc::new(desk), journal: journal.clone(), clock: clock.clone() };
        let composed = compose(parts);
        let name = cluster.name().clone();
        let clusters = Direct { cluster, kinds: Arc::default() };
        let plans = Plans::new(composed.gate.clone(), Arc::new(clusters.clone()), clock);
        let ada = composed.verifier.desk("ada", []).asking(RequestId::new(), Door::Cli);
        let namespace = format!("operate-{}", &uuid::Uuid::new_v4().simple().to_string()[..10]);
        kubectl(&["create", "namespace", &namespace], "");
        Self { composed, clusters, plans, ada, namespace, store, journal, folder, cluster: name }
    }

    pub(crate) fn object(&self, kind: &str, name: &str) -> ObjectRef {
        ObjectRef {
            cluster: self.cluster.clone(),
            kind: kind.to_owned(),
            namespace: self.namespace.clone(),
            name: name.to_owned(),
        }
    }

    pub(crate) fn apply(&self, manifest: &str) {
        kubectl(&["-n", &self.namespace, "apply", "-f", "-"], manifest);
    }

    pub(crate) fn get(&self, what: &str) -> Value {
        serde_json::from_str(&kubectl(&["-n", &self.namespace, "get", what, "-o", "json"], "")).unwrap()
    }

    pub(crate) fn exists(&self, what: &str) -> bool {
        !kubectl(&["-n", &self.namespace, "get", what, "--ignore-not-found", "-o", "name"], "").is_empty()
    }

    pub(crate) async fn plan(&self, act: Act, objects: &[(&str, &str)]) -> Plan {
        let objects = objects.iter().map(|(kind, name)| self.object(kind, name)).collect();
        self.plans.plan(&self.ada, PlanRequest { act, objects }).await.unwrap()
    }

    /// Plans, expects it to be ready, commits.
    pub(crate) async fn carry_out(&self, act: Act, objects: &[(&str, &str)]) -> (Plan, Committed) {
        let plan = self.plan(act, objects).await;
        assert!(plan.ready, "{plan:?}");
        let committed = self.plans.commit(&self.ada, &plan.id, &yes()).await.unwrap();
        assert!(committed.results.iter().all(|result| result.done), "{committed:?}");
        (plan, committed)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            kubectl(&["delete", "namespace", &self.namespace, "--wait=false"], "");
        }
    }
}

pub(crate) fn yes() -> Answers {
    Answers { confirm: true, ..Answers::default() }
}

pub(crate) fn delete() -> Act {
    Act::Delete { propagation: None, grace_seconds: None }
}

/// Waits for a condition, at most twenty seconds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("waited twenty seconds for: {what}");
}

/// A deployment, daemon set or stateful set whose pods never start.
pub(crate) fn workload(kind: &str, name: &str) -> String {
    let replicas = if kind == "DaemonSet" { "" } else { "\n  replicas: 1" };
    let service = if kind == "StatefulSet" { "\n  serviceName: none" } else { "" };
    format!(
        "apiVersion: apps/v1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:{replicas}{service}\n  selector:\n    \
         matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      labels: {{app: {name}}}\n    spec:\n      \
         nodeSelector: {{no: such-node}}\n      containers:\n      - name: main\n        image: images.invalid/none:1\n"
    )
}
