//! Connections from their first byte to their last: a browser's end in memory, a real app's end on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::Times;
use crate::fields::Face;
use crate::host::{Domain, Service};
use crate::limits::Limits;
use crate::login::{Held, Login};
use crate::proxy::{Config, Proxy, Services};
use crate::signed::Said;
use crate::way::{NoWay, Pool, Stream, Way};
use base::{Clock, ClusterName, RequestId};
use bytes::BytesMut;
use futures::FutureExt;
use futures::future::BoxFuture;
use mirror::{Mirror, MirrorConfig};
use policy::action::{ObjectTarget, WorkspaceProxy};
use policy::testing::{TestGate, gate};
use policy::{Answers, Door};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use workspace::Key;
use workspace::activity::{Activity, Door as Use};

mod bounds;
mod failures;
mod forms;
mod http2;
mod in_place;
mod limits;
mod scheme;
mod signed;
mod smuggling;

const HOST: &str = "3000--w.localhost:5050";

/// To a port of this machine's loopback, whatever port is asked for.
struct Loopback(u16);

impl Way for Loopback {
    fn dial(&self, _: u16) -> BoxFuture<'_, Result<Box<dyn Stream>, NoWay>> {
        async {
            let stream = TcpStream::connect(("127.0.0.1", self.0)).await.map_err(|_| NoWay::Nothing)?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        }
        .boxed()
    }

    fn app<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(u16, bool), NoWay>> {
        async { Ok((self.0, false)) }.boxed()
    }

    fn ports(&self) -> BoxFuture<'_, Result<Vec<(u16, String)>, NoWay>> {
        async { Ok(vec![(5173, "node".to_owned())]) }.boxed()
    }

    fn word(&self) -> &'static str {
        "loopback"
    }
}

/// A door with one login to an app on loopback.
struct Place {
    door: Proxy,
    app: TcpListener,
    cookie: String,
    login: Arc<Login>,
    gate: TestGate,
    activity: Activity,
}

impl Place {
    async fn new() -> Self {
        Self::with(Times::default()).await
    }

    async fn with(times: Times) -> Self {
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = app.local_addr().unwrap().port();
        Self::leading(times, app, port)
    }

    /// One that leads to another port than that of its listener.
    fn leading(times: Times, app: TcpListener, port: u16) -> Self {
        Self::by(times, app, Box::new(Loopback(port)), Service::Port(3000))
    }

    /// One that bounds what comes.
    async fn bounded(limits: Limits) -> Self {
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Box::new(Loopback(app.local_addr().unwrap().port()));
        Self::within(Times::default(), limits, false, app, way, Service::Port(3000))
    }

    /// One that leads another way to a port or an app.
    fn by(times: Times, app: TcpListener, way: Box<dyn Way>, service: Service) -> Self {
        Self::within(times, Limits::default(), false, app, way, service)
    }

    fn within(
        times: Times,
        limits: Limits,
        signs_in: bool,
        app: TcpListener,
        way: Box<dyn Way>,
        service: Service,
    ) -> Self {
        let set = |config: &mut Config| (config.times, config.limits, config.signs_in) = (times, limits, signs_in);
        Self::set(set, app, way, service)
    }

    fn set(set: impl FnOnce(&mut Config), app: TcpListener, way: Box<dyn Way>, service: Service) -> Self {
        Self::made(set, false, app, way, service)
    }

    /// One in a frame of the console.
    fn framed(times: Times, app: TcpListener, way: Box<dyn Way>) -> Self {
        Self::made(|config| config.times = times, true, app, way, Service::Port(3000))
    }

    fn made(
        set: impl FnOnce(&mut Config),
        framed: bool,
        app: TcpListener,
        way: Box<dyn Way>,
        service: Service,
    ) -> Self {
        let gate = gate(policy::testing::AllowAll);
        let clock: Arc<dyn Clock> = Arc::new(gate.clock.clone());
        let activity = Activity::new(clock.clone());
        let mirror = Mirror::new(&MirrorConfig::default(), Vec::new(), &clock);
        let (gates, calling) = (gate.composed.gate.clone(), workspace::Calling::default());
        let services = Services { gate: gates, mirror, activity: activity.clone(), calling, clock };
        let domain = Domain { name: "localhost".to_owned(), port: Some(5050), secure: false };
        let console = "http://qd.localhost:5050".to_owned();
        let ways = crate::By::ALL.into();
        let (times, limits) = (Times::default(), Limits::default());
        let mut config = Config {
            domain,
            console,
            times,
            ways,
            limits,
            signs_in: false,
            tells: None,
            trusted: Arc::default(),
            in_place: false,
            aliases: true,
        };
        set(&mut config);
        let door = Proxy::new(services, config);
        let cluster = ClusterName::new("dev");
        let object = ObjectTarget {
            cluster: cluster.clone(),
            kind: "workspaces.quarterdeck.dev".to_owned(),
            namespace: "n".to_owned(),
            name: "w".to_owned(),
        };
        let who = gate.composed.verifier.desk("ada", []).asking(RequestId::new(), Door::Console);
        let action = WorkspaceProxy { object, port: 3000, app: String::new() };
        let permit = gate.composed.gate.permit(&who, action, &Answers::default()).unwrap();
        let key = Key { namespace: "n".to_owned(), name: "w".to_owned() };
        let room = door.0.taken.room(&cluster, &key);
        let login = Arc::new(Login {
            principal: who,
            meter: activity.meter(&cluster, &key),
            cluster,
            key,
            decision: permit.decision_id().to_string(),
            service,
            face: Face {
                host: HOST.to_owned(),
                scheme: "http",
                port: 3000,
                secure: false,
                framed_by: framed.then(|| "http://qd.localhost:5050".to_owned()),
                user: None,
                base: None,
                trusted: Arc::default(),
            },
            pool: Pool::new(way, room),
            held: Held::new(permit),
            end: CancellationToken::new(),
            requests: 0.into(),
            up: 0.into(),
            down: 0.into(),
            woken_ms: 0.into(),
            port: 3000.into(),
            secure: false.into(),
            said: Said::default(),
            opened: Instant::now(),
        });
        let cookie = door.0.logins.enter(&login).unwrap().unwrap();
        Self { door, app, cookie, login, gate, activity }
    }

    /// A browser's connection.
    fn come(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(4096);
        let door = self.door.clone();
        let peer = "127.0.0.1".parse().unwrap();
        tokio::spawn(async move { door.serve(Box::new(theirs), BytesMut::new(), peer).await });
        ours
    }

    /// A request with the cookie.
    fn request(&self, line: &str, fields: &str) -> String {
        format!("{line} HTTP/1.1\r\nHost: {HOST}\r\nCookie: qdapp_5050={}\r\n{fields}\r\n", self.cookie)
    }

    async fn accept(&self) -> TcpStream {
        let accepted = tokio::time::timeout(Duration::from_secs(5), self.app.accept()).await;
        accepted.expect("the app is called").unwrap().0
    }

    /// Nobody calls the app.
    async fn quiet(&self) {
        let accepted = tokio::time::timeout(Duration::from_millis(50), self.app.accept()).await;
        assert!(accepted.is_err(), "the app was called");
    }
}

/// Reads until the end of what has come is this.
async fn until(stream: &mut (impl tokio::io::AsyncRead + Unpin), end: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.ends_with(end) {
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut buffer)).await;
        let len =
            read.unwrap_or_else(|_| panic!("{end:?} comes after {text:?}")).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert!(len > 0, "ended before {end:?}: {text:?}");
        text.push_str(&String::from_utf8_lossy(&buffer[..len]));
    }
    text
}

async fn rest(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes)).await;
    read.expect("the connection ends").unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}
