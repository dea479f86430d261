//! The product's door as a process of its own: with the desk's policy, logins, accounting of use, and the access log on.

use super::served::until_left;
use anyhow::{Context, Result};
use base::{Clock, ClusterName, RequestId};
use bytes::BytesMut;
use mirror::{Mirror, MirrorConfig};
use policy::action::{ObjectTarget, WorkspaceProxy};
use policy::{Answers, Door};
use proxy::{Config, Domain, Limits, Proxy, Services, Times};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::net::TcpListener;
use workspace::activity::Activity;

/// What it says when it is ready.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    pub(crate) port: u16,
    /// Hosts, each with its cookie.
    pub(crate) logins: Vec<(String, String)>,
}

/// Serves so many logins, each to the same port of this machine.
pub(crate) async fn main(upstream: u16, logins: usize) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::new("warn,access=info");
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr).init();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let gate = policy::testing::gate(policy::testing::AllowAll);
    let clock: Arc<dyn Clock> = Arc::new(base::SystemClock);
    let services = Services {
        gate: gate.composed.gate.clone(),
        mirror: Mirror::new(&MirrorConfig::default(), Vec::new(), &clock),
        activity: Activity::new(clock.clone()),
        calling: workspace::Calling::default(),
        clock,
    };
    let domain = Domain { name: "localhost".to_owned(), port: Some(port), secure: false };
    let console = format!("http://qd.localhost:{port}");
    let config = Config {
        domain,
        console,
        times: Times::default(),
        ways: Arc::new([]),
        limits: Limits::default(),
        signs_in: false,
        tells: None,
        trusted: Arc::default(),
        in_place: false,
        aliases: false,
    };
    let door = Proxy::new(services, config);
    let who = gate.composed.verifier.desk("ada", []).asking(RequestId::new(), Door::Console);
    let mut all = Vec::new();
    for at in 0..logins {
        let object = ObjectTarget {
            cluster: ClusterName::new("dev"),
            kind: "workspaces.quarterdeck.dev".to_owned(),
            namespace: "bench".to_owned(),
            name: format!("w{at}"),
        };
        let action = WorkspaceProxy { object, port: upstream, app: String::new() };
        let permit = gate.composed.gate.permit(&who, action, &Answers::default())?;
        all.push(door.let_in(&who, permit, upstream).context("a login")?);
    }
    println!("{}", serde_json::to_string(&Ready { port, logins: all })?);
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            let door = door.clone();
            tokio::spawn(async move {
                // A connection that ended already is found out by its first read.
                let _ = stream.set_nodelay(true);
                door.serve(Box::new(stream), BytesMut::new(), peer.ip()).await;
            });
        }
    });
    until_left().await;
    Ok(())
}
