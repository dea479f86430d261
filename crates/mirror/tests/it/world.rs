//! A mirror over doors, and what tests ask of it.

use crate::fault::{Door, kubectl, until};
use api::socket::{RowsQuery, SourceState};
use base::{Clock, ClusterName, SystemClock};
use cluster::{Cluster, ConnectOptions, Kubeconfig};
use mirror::{Mirror, MirrorConfig, Opened};
use policy::action::{ClusterView, ObjectView};
use policy::testing::{AllowAll, TestGate, gate};
use policy::{Answers, Permit, Principal};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct World {
    pub(crate) mirror: Mirror,
    gate: TestGate,
    principal: Principal,
    names: Vec<ClusterName>,
    _folder: Option<tempfile::TempDir>,
}

/// Quick enough for tests, and no core kinds.
pub(crate) fn quick() -> MirrorConfig {
    MirrorConfig {
        core: Vec::new(),
        quiet: Duration::from_secs(1),
        probe: Duration::from_secs(1),
        ..MirrorConfig::default()
    }
}

impl World {
    pub(crate) fn new(config: &MirrorConfig, doors: &[(&str, u16)]) -> Self {
        let (folder, path) = Door::kubeconfig(doors);
        Self { _folder: Some(folder), ..Self::of(config, &path) }
    }

    pub(crate) fn of(config: &MirrorConfig, kubeconfig: &Path) -> Self {
        let kubeconfig = Kubeconfig::load(Some(kubeconfig)).unwrap();
        let connect = |context: cluster::Context| {
            Cluster::connect(&kubeconfig, &context.name, ConnectOptions::default()).unwrap()
        };
        let clusters: Vec<Cluster> = kubeconfig.contexts().into_iter().map(connect).collect();
        let names = clusters.iter().map(|cluster| cluster.name().clone()).collect();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let gate = gate(AllowAll);
        let principal = gate.composed.verifier.desk("ada", []);
        Self { mirror: Mirror::new(config, clusters, &clock), gate, principal, names, _folder: None }
    }

    pub(crate) async fn open(&self, kind: &str, namespaces: &[&str]) -> View {
        self.try_open(kind, namespaces).await.unwrap()
    }

    pub(crate) async fn try_open(&self, kind: &str, namespaces: &[&str]) -> Result<View, mirror::Error> {
        let namespaces: Vec<String> = namespaces.iter().map(|name| (*name).to_owned()).collect();
        let action = ObjectView { kind: kind.to_owned(), clusters: self.names.clone(), namespaces: namespaces.clone() };
        let permit = self.gate.composed.gate.permit(&self.principal, action, &Answers::default()).unwrap();
        let query = RowsQuery {
            kind: kind.to_owned(),
            clusters: self.names.clone(),
            namespaces,
            filter: String::new(),
            sort: Vec::new(),
            at: 0,
            len: 100,
        };
        Ok(View(self.mirror.open(permit, &query).await?))
    }

    pub(crate) fn cluster_view(&self) -> Permit<ClusterView> {
        let action = ClusterView { clusters: self.names.clone(), namespaces: Vec::new() };
        self.gate.composed.gate.permit(&self.principal, action, &Answers::default()).unwrap()
    }

    pub(crate) fn names(&self) -> Vec<ClusterName> {
        self.names.clone()
    }
}

pub(crate) struct View(pub(crate) Opened);

impl View {
    pub(crate) fn state(&self) -> SourceState {
        self.states().remove(0)
    }

    pub(crate) fn states(&self) -> Vec<SourceState> {
        self.0.rows.view().states().into_iter().map(|source| source.state).collect()
    }

    pub(crate) fn notes(&self) -> api::socket::Notes {
        self.0.rows.view().states().remove(0).notes
    }

    /// The marks of the rows, by name.
    pub(crate) fn marks(&self) -> Vec<(String, String)> {
        let read = |reading: &table::Reading<'_>| {
            let window = reading.window(0, usize::MAX);
            let mark = |place: table::Place| {
                let why = reading.table(place.source)?.row_mark(place.row)?;
                Some((reading.name(place).to_owned(), why.to_owned()))
            };
            window.into_iter().filter_map(mark).collect()
        };
        self.0.rows.view().read(0, read).unwrap()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let read = |reading: &table::Reading<'_>| {
            let window = reading.window(0, usize::MAX);
            window.into_iter().map(|place| reading.name(place).to_owned()).collect()
        };
        self.0.rows.view().read(0, read).unwrap()
    }

    pub(crate) async fn live(&self) {
        until("the view is live", async || self.state() == SourceState::Live).await;
    }

    pub(crate) async fn shows_within(&self, names: &[&str], limit: Duration) {
        let began = std::time::Instant::now();
        while self.names() != names {
            assert!(began.elapsed() < limit, "not {names:?} but {:?}: {:?}", self.names(), self.state());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) async fn shows(&self, names: &[&str]) {
        until(&format!("the view shows {names:?}"), async || self.names() == names).await;
    }
}

/// A namespace of its own for a test, with some config maps in it. It is deleted in the end.
pub(crate) struct Namespace(pub(crate) String);

impl Namespace {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("mirror-{name}-{}", std::process::id());
        kubectl(&["create", "namespace", &name], "");
        // it is made again at once: who waits until it is gone may wait without end
        let gone = ["delete", "configmap", "kube-root-ca.crt", "-n", &name, "--ignore-not-found", "--wait=false"];
        kubectl(&gone, "");
        Self(name)
    }

    /// A secret whose type is this text.
    pub(crate) fn add_typed(&self, name: &str, ty: &str) {
        kubectl(&["create", "secret", "generic", name, "-n", &self.0, "--type", ty, "--from-literal=a=b"], "");
    }

    pub(crate) fn add(&self, name: &str) {
        kubectl(&["create", "secret", "generic", name, "-n", &self.0, "--from-literal=a=b"], "");
    }

    pub(crate) fn remove(&self, name: &str) {
        kubectl(&["delete", "secret", name, "-n", &self.0], "");
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        kubectl(&["delete", "namespace", &self.0, "--wait=false"], "");
    }
}
