#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::server::{Config, Gateway, Patience, Services, Shared};
use base::{Clock, ClusterName, SystemClock};
use capture::Taps;
use catalog::Kind;
use cluster::{Cluster, ConnectOptions, Error, Kubeconfig};
use futures::{SinkExt, StreamExt};
use mirror::{Mirror, MirrorConfig};
use operate::{Changing, Clusters, Grant, Pending, Plans, Reading, Trying};
use policy::action::{Changes, Reads, Tries};
use policy::testing::{AllowAll, TestGate, gate};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Store;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_util::sync::CancellationToken;

/// No cluster is needed to be slow.
struct Nowhere;

fn nowhere(cluster: &ClusterName) -> Error {
    Error::NoContext { context: cluster.to_string() }
}

impl Clusters for Nowhere {
    fn kind<'a>(&'a self, cluster: &'a ClusterName, _: &'a str) -> Pending<'a, Arc<Kind>> {
        Box::pin(async move { Err(nowhere(cluster)) })
    }
    fn reads(&self, cluster: &ClusterName, _: &dyn Grant<Reads>) -> Result<Box<dyn Reading>, Error> {
        Err(nowhere(cluster))
    }
    fn tries(&self, cluster: &ClusterName, _: &dyn Grant<Tries>) -> Result<Box<dyn Trying>, Error> {
        Err(nowhere(cluster))
    }
    fn changes(&self, cluster: &ClusterName, _: &dyn Grant<Changes>) -> Result<Box<dyn Changing>, Error> {
        Err(nowhere(cluster))
    }
}

/// Clusters with long names that nobody asks anything: their list is a large frame.
fn contexts(folder: &Path) -> Vec<Cluster> {
    let context = |at: usize| format!("- {{ name: {}{at}, context: {{ cluster: c }} }}\n", "n".repeat(10_000));
    let contexts: String = (0..50).map(context).collect();
    let text = format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- {{ name: c, cluster: {{ server: \"http://127.0.0.1:9\" }} }}\ncontexts:\n{contexts}"
    );
    let path = folder.join("kubeconfig");
    std::fs::write(&path, text).unwrap();
    let kubeconfig = Kubeconfig::load(Some(&path)).unwrap();
    let connect = |context: cluster::Context| Cluster::connect(&kubeconfig, &context.name, ConnectOptions::default());
    kubeconfig.contexts().into_iter().map(|context| connect(context).unwrap()).collect()
}

struct Server {
    shared: Arc<Shared>,
    end: CancellationToken,
    port: u16,
    _gate: TestGate,
    _folder: tempfile::TempDir,
}

impl Server {
    async fn start(patience: Patience) -> Self {
        let gate = gate(AllowAll);
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let none: Arc<dyn Clusters> = Arc::new(Nowhere);
        let clusters = contexts(folder.path());
        let mirror = Mirror::new(&MirrorConfig::default(), clusters, &clock);
        let taps = Taps::new(capture::TapsConfig::default(), mirror.clone(), clock.clone());
        let store = Store::open(&folder.path().join("journal.db")).await.unwrap();
        let workspaces = workspace::doors::Workspaces::new(workspace::doors::Standing {
            calling: workspace::Calling::default(),
            mirror: mirror.clone(),
            gate: gate.composed.gate.clone(),
            store: store.clone(),
            process: gate.composed.verifier.desk("ada", []),
            platform: workspace::Platform::new("c", "images.invalid/agent:1"),
            clock: clock.clone(),
        });
        let services = Services {
            mirror,
            workspaces,
            plans: Plans::new(gate.composed.gate.clone(), none.clone(), clock.clone()),
            clusters: none,
            taps,
            beside: None,
            activity: workspace::Activity::new(clock.clone()),
            calling: workspace::Calling::default(),
            store,
            gate: gate.composed.gate.clone(),
            people: crate::People::Desk(watch::channel(gate.composed.verifier.desk("ada", [])).1),
        };
        let end = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = Config { version: "0", ..Config::default() };
        let mut gateway =
            Gateway::new(crate::Connections::plain(listener), config, services, clock, end.clone()).unwrap();
        Arc::get_mut(&mut gateway.shared).unwrap().patience = patience;
        let (shared, port) = (gateway.shared.clone(), gateway.port());
        tokio::spawn(gateway.serve());
        Self { shared, end, port, _gate: gate, _folder: folder }
    }

    async fn client(&self) -> WebSocketStream<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let mut request = format!("ws://127.0.0.1:{}/api/v1/socket", self.port).into_client_request().unwrap();
        let token = self.shared.door.token().expose().parse().unwrap();
        request.headers_mut().insert(crate::TOKEN_HEADER, token);
        tokio_tungstenite::client_async(request, stream).await.unwrap().0
    }

    fn tabs(&self) -> usize {
        self.shared.sockets.len()
    }

    async fn has_a_tab(&self) {
        let began = Instant::now();
        while self.tabs() == 0 {
            assert!(began.elapsed() < Duration::from_secs(5), "no socket is served");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn no_tabs_within(&self, limit: Duration) {
        let began = Instant::now();
        while self.tabs() > 0 {
            assert!(began.elapsed() < limit, "the socket is still served");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

/// Opens as many views as there may be, of some megabytes together, and reads none of them.
async fn ask_for_much(client: &mut WebSocketStream<TcpStream>) {
    for id in 0..api::socket::MAX_VIEWS {
        let sub = Message::text(format!(r#"{{"sub":{{"id":{id},"what":"clusters"}}}}"#));
        client.send(sub).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_19b_a_client_that_reads_nothing_is_told_so_and_cut_off() {
    let patience = Patience { send: Duration::from_secs(6), ping: Duration::from_secs(60) };
    let server = Server::start(patience).await;
    let mut client = server.client().await;
    ask_for_much(&mut client).await;
    // It reads at last, when the server has lost its patience and still tries to say so: between 6 and 12 s after there
    // was no room any more, which is at once, or some seconds later on a busy machine.
    tokio::time::sleep(Duration::from_secs(9)).await;
    let (mut last, mut bytes) = (None, 0);
    while let Ok(Some(Ok(message))) = tokio::time::timeout(Duration::from_secs(10), client.next()).await {
        bytes += message.len();
        last = Some(message);
    }
    let Some(Message::Close(Some(frame))) = last else { panic!("a close frame after {bytes} bytes") };
    assert!(frame.reason.as_str().starts_with("slow_client"), "{frame:?}");
    assert!(bytes < 64 << 20, "what waits for a client is bounded by its windows: {bytes}");
    server.no_tabs_within(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_19b_a_client_that_never_reads_again_is_let_go() {
    let patience = Patience { send: Duration::from_secs(1), ping: Duration::from_secs(60) };
    let server = Server::start(patience).await;
    let mut client = server.client().await;
    server.has_a_tab().await;
    ask_for_much(&mut client).await;
    server.no_tabs_within(Duration::from_secs(10)).await;
    drop(client);
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_19b_a_client_that_is_silent_is_gone_after_two_pings() {
    let patience = Patience { send: Duration::from_secs(30), ping: Duration::from_millis(500) };
    let server = Server::start(patience).await;
    let client = server.client().await;
    server.has_a_tab().await;
    server.no_tabs_within(Duration::from_secs(5)).await;
    drop(client);
}

#[tokio::test]
async fn exf_26d_two_hundred_tabs_are_served_side_by_side() {
    let server = Server::start(Patience::default()).await;
    let mut tabs = Vec::new();
    for _ in 0..200 {
        tabs.push(server.client().await);
    }
    for tab in &mut tabs {
        tab.send(Message::text(r#"{"sub":{"id":1,"what":"clusters"}}"#)).await.unwrap();
    }
    for tab in &mut tabs {
        // The hello, then the clusters.
        for wanted in ["hello", "clusters"] {
            let text = async {
                loop {
                    if let Message::Text(text) = tab.next().await.unwrap().unwrap() {
                        break text;
                    }
                }
            };
            let text = tokio::time::timeout(Duration::from_secs(20), text).await.unwrap();
            assert!(text.starts_with(&format!("{{\"{wanted}\"")), "{}", text.get(..60).unwrap_or(&text));
        }
    }
    assert_eq!(server.tabs(), 200);
    drop(tabs);
    server.no_tabs_within(Duration::from_secs(10)).await;
}

/// The next frame that is not the hello.
async fn frame(client: &mut WebSocketStream<TcpStream>) -> serde_json::Value {
    loop {
        let frame = tokio::time::timeout(Duration::from_secs(20), client.next()).await.unwrap().unwrap().unwrap();
        let Message::Text(text) = frame else { continue };
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        if value.get("hello").is_none() {
            return value;
        }
    }
}

#[tokio::test]
async fn cap_46c_lists_of_taps_are_views_like_every_table() {
    let server = Server::start(Patience::default()).await;
    let mut client = server.client().await;
    let sub = |id: u32, list: &str| {
        Message::text(format!(r#"{{"sub":{{"id":{id},"what":{{"list":{{"list":{list},"len":10}}}}}}}}"#))
    };
    client.send(sub(1, r#""taps""#)).await.unwrap();
    let snap = frame(&mut client).await;
    assert_eq!((&snap["snap"]["total"], &snap["snap"]["columns"][0]["id"]), (&0.into(), &"title".into()), "{snap}");
    client.send(sub(2, r#"{"records":"0f0f"}"#)).await.unwrap();
    let end = frame(&mut client).await;
    assert_eq!((&end["end"]["id"], &end["end"]["error"]["code"]), (&2.into(), &"not_found".into()), "{end}");
    let wrong = r#"{"sub":{"id":3,"what":{"list":{"list":"taps","filter":"where x = 1","len":10}}}}"#;
    client.send(Message::text(wrong)).await.unwrap();
    let end = frame(&mut client).await;
    assert_eq!(end["end"]["error"]["code"], "select_syntax", "{end}");
}
