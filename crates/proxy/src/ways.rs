//! The ways to the ports of a workspace, tried in their order: what one cannot do, the next may. One that failed is left
//! alone for a while, so that not every connection waits for it anew.

mod api;

use crate::login::Held;
use crate::tunnel::Tunnel;
use crate::way::{Led, NoWay, Stream, Tried, Way};
use base::{Code, Coded};
use catalog::Kind;
use cluster::{Cluster, Target};
use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::Value;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use workspace::Calling;

/// A way to the ports of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The daemon dials: what listens on the pod's loopback is reached too.
    Tunnel,
    /// The pod's address, from within the cluster. Never where the app speaks TLS: nothing proves who answers there.
    Pod,
    /// The API server's port-forward, likewise to the pod's loopback.
    Forward,
    /// The API server's proxy: HTTP/1.1 alone, a connection for each request, to what listens on the pod's address.
    Api,
}

impl By {
    /// All of them, in the order in which they are tried.
    pub const ALL: [Self; 4] = [Self::Tunnel, Self::Pod, Self::Forward, Self::Api];

    /// Whether it leads to what speaks TLS, whose certificate nobody can check: where there is nobody between, on the pod's own loopback.
    const fn carries(self, secure: bool) -> bool {
        !secure || matches!(self, Self::Tunnel | Self::Forward)
    }

    /// Its name in logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tunnel => "tunnel",
            Self::Pod => "pod",
            Self::Forward => "forward",
            Self::Api => "api",
        }
    }
}

/// The ways to one workspace under one permit.
pub(crate) struct Ways {
    order: Arc<[By]>,
    tunnel: Tunnel,
    pods: Pods,
    patience: Duration,
    /// Until when a way is left alone.
    down: Mutex<HashMap<By, Instant>>,
    /// How the last try of each went.
    tried: Mutex<HashMap<By, Tried>>,
}

impl Ways {
    pub(crate) fn new(
        cluster: Cluster,
        held: Arc<Held>,
        calling: Calling,
        order: Arc<[By]>,
        patience: Duration,
    ) -> Self {
        let tunnel = Tunnel::new(cluster.clone(), held.clone(), calling);
        Self { order, tunnel, pods: Pods { cluster, held }, patience, down: Mutex::default(), tried: Mutex::default() }
    }

    /// Those that are worth a try now; all of them where none is.
    fn open(&self) -> Vec<By> {
        let (down, now) = (self.down.lock(), Instant::now());
        let open: Vec<By> =
            self.order.iter().copied().filter(|by| down.get(by).is_none_or(|until| *until <= now)).collect();
        if open.is_empty() { self.order.to_vec() } else { open }
    }

    fn leave(&self, by: By) {
        self.down.lock().insert(by, Instant::now() + REST);
    }

    /// Keeps how a try went, for who asks why this way and no other.
    fn measured(&self, by: By, began: Instant, reached: bool) {
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.tried.lock().insert(by, Tried { way: by.word(), ms, reached });
        tracing::debug!(way = by.word(), ms, reached, "a way was tried");
    }

    async fn by(&self, by: By, port: u16) -> Result<Box<dyn Stream>, NoWay> {
        match by {
            By::Tunnel => self.tunnel.dial(port).await,
            By::Pod => self.pods.direct(port).await,
            By::Forward => self.pods.forward(port).await,
            By::Api => self.pods.api(port).await,
        }
    }
}

impl Way for Ways {
    fn ready(&self) -> BoxFuture<'_, Result<(), NoWay>> {
        async {
            let open = self.open();
            if open.first() != Some(&By::Tunnel) {
                return self.pods.pod().await.map(|_| ());
            }
            let began = Instant::now();
            match self.tunnel.ready().await {
                // the others need no daemon
                Err(NoWay::Failed(..)) if open.len() > 1 => {
                    self.measured(By::Tunnel, began, false);
                    self.leave(By::Tunnel);
                    self.pods.pod().await.map(|_| ())
                }
                told => told,
            }
        }
        .boxed()
    }

    fn dial(&self, port: u16) -> BoxFuture<'_, Result<Box<dyn Stream>, NoWay>> {
        async move { self.lead(port, false).await.map(|(stream, _)| stream) }.boxed()
    }

    fn lead(&self, port: u16, secure: bool) -> BoxFuture<'_, Result<Led, NoWay>> {
        async move {
            let mut first = None;
            for by in self.open() {
                if !by.carries(secure) {
                    continue;
                }
                let began = Instant::now();
                let dialed = timeout(self.patience, self.by(by, port)).await.unwrap_or(Err(NoWay::Late));
                self.measured(by, began, dialed.is_ok());
                match dialed {
                    Ok(stream) => return Ok((stream, by.word())),
                    Err(no @ (NoWay::Failed(..) | NoWay::Late)) => {
                        // what listens on the loopback alone says nothing of the other ports
                        if by != By::Pod {
                            self.leave(by);
                        }
                        if by == By::Tunnel && no == NoWay::Late {
                            self.tunnel.stale();
                        }
                        first.get_or_insert(no);
                    }
                    Err(no) => return Err(no),
                }
            }
            let none =
                || NoWay::Failed(Code::ProxyTls, format!("port {port} speaks TLS, and no way leads to its loopback"));
            Err(first.unwrap_or_else(none))
        }
        .boxed()
    }

    fn app<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(u16, bool), NoWay>> {
        self.tunnel.app(name).boxed()
    }

    fn ports(&self) -> BoxFuture<'_, Result<Vec<(u16, String)>, NoWay>> {
        self.tunnel.ports().boxed()
    }

    fn stale(&self) {
        self.tunnel.stale();
    }

    fn word(&self) -> &'static str {
        "ways"
    }

    fn tried(&self) -> Vec<Tried> {
        let tried = self.tried.lock();
        self.order.iter().filter_map(|by| tried.get(by).copied()).collect()
    }

    fn patience(&self, one: Duration) -> Duration {
        one.saturating_mul(u32::try_from(self.order.len()).unwrap_or(1).max(1))
    }
}

/// The pod of a workspace, as the API server tells of it.
#[derive(Clone)]
struct Pods {
    cluster: Cluster,
    held: Arc<Held>,
}

struct Pod {
    namespace: String,
    name: String,
    ip: Option<IpAddr>,
}

impl Pods {
    /// The workspace says which pod is its own, and the pod says whose it is and where: either alone is not believed.
    async fn pod(&self) -> Result<Pod, NoWay> {
        let held = self.held.read().await;
        let permit = held.as_ref().ok_or(NoWay::Over)?;
        let object = &permit.target().object;
        let failed = |error: &dyn Coded| NoWay::Failed(error.code(), error.to_string());
        let acting = self.cluster.acting(permit);
        let kind = workspace::acts::kind().map_err(|error| failed(&error))?;
        let target = Target { kind: &kind, namespace: &object.namespace, name: &object.name };
        let seen = acting.get(target, "").await.map_err(|error| failed(&error))?;
        if let Some(why) = workspace::reach::stopped(&seen) {
            return Err(NoWay::Stopped(why));
        }
        let name = seen.pointer("/status/pod/name").and_then(Value::as_str).ok_or(NoWay::Waking)?;
        let kind = pods()?;
        let target = Target { kind: &kind, namespace: &object.namespace, name };
        let pod = match acting.get(target, "").await {
            Ok(pod) => pod,
            Err(cluster::Error::NotFound { .. }) => return Err(NoWay::Waking),
            Err(error) => return Err(failed(&error)),
        };
        let labels = pod.pointer("/metadata/labels").and_then(Value::as_object);
        let of = labels.and_then(|labels| labels.get(workspace::key::WORKSPACE)).and_then(Value::as_str);
        if of != Some(object.name.as_str()) {
            return Err(NoWay::Failed(Code::WorkspaceDaemon, format!("pod {name} is not that of the workspace")));
        }
        let ip = pod.pointer("/status/podIP").and_then(Value::as_str).and_then(|ip| ip.parse().ok());
        Ok(Pod { namespace: object.namespace.clone(), name: name.to_owned(), ip })
    }

    async fn direct(&self, port: u16) -> Result<Box<dyn Stream>, NoWay> {
        let ip = self.pod().await?.ip.ok_or(NoWay::Waking)?;
        let failed = |error: std::io::Error| {
            NoWay::Failed(Code::ProxyRefused, format!("port {port} is not reached at the pod's address: {error}"))
        };
        let stream = TcpStream::connect((ip, port)).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(Box::new(stream))
    }

    async fn forward(&self, port: u16) -> Result<Box<dyn Stream>, NoWay> {
        let pod = self.pod().await?;
        let held = self.held.read().await;
        let permit = held.as_ref().ok_or(NoWay::Over)?;
        let kind = pods()?;
        let target = Target { kind: &kind, namespace: &pod.namespace, name: &pod.name };
        let stream = self.cluster.acting(permit).forward(target, port).await;
        stream
            .map(|stream| Box::new(stream) as Box<dyn Stream>)
            .map_err(|error| NoWay::Failed(error.code(), error.to_string()))
    }

    async fn api(&self, port: u16) -> Result<Box<dyn Stream>, NoWay> {
        let pod = self.pod().await?;
        Ok(api::stream(self.clone(), pod, port))
    }
}

fn pods() -> Result<Arc<Kind>, NoWay> {
    Kind::builtin("pods").ok_or_else(|| NoWay::Failed(Code::Internal, "pods are not known".to_owned()))
}

/// For a way that failed.
const REST: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::By;

    #[test]
    fn wx_10_a_certificate_that_nobody_can_check_is_taken_on_the_loopback_of_a_pod_alone() {
        let taken: Vec<&str> = By::ALL.iter().filter(|by| by.carries(true)).map(|by| by.word()).collect();
        assert_eq!(taken, ["tunnel", "forward"]);
        assert!(By::ALL.iter().all(|by| by.carries(false)));
    }
}
