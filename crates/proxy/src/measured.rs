//! For benchmarks alone: browsers that are signed in to an app on this machine's loopback, without a cluster, so that this
//! door stands where its peers stand.

use crate::fields::Face;
use crate::host::{AppHost, Service};
use crate::login::{Held, Login};
use crate::own::cookie_name;
use crate::proxy::Proxy;
use crate::relay::Frames;
use crate::signed::Said;
use crate::way::{NoWay, Pool, Stream, Way};
use futures::FutureExt;
use futures::future::BoxFuture;
use policy::action::WorkspaceProxy;
use policy::{Permit, Principal};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use workspace::Key;
use workspace::activity::{Door, Meter};

impl Proxy {
    /// A login to a port of this machine under the name of a workspace: its host, and the cookie for it.
    #[must_use]
    pub fn let_in(&self, who: &Principal, permit: Permit<WorkspaceProxy>, port: u16) -> Option<(String, String)> {
        let object = &permit.target().object;
        let key = Key { namespace: object.namespace.clone(), name: object.name.clone() };
        let (cluster, route) = (object.cluster.clone(), object.name.clone());
        let domain = &self.0.config.domain;
        let host = domain.host(&AppHost { service: Service::Port(port), route });
        let face = Face {
            host: host.clone(),
            scheme: domain.scheme(),
            port,
            secure: false,
            framed_by: None,
            user: None,
            base: None,
            trusted: Arc::default(),
        };
        let login = Arc::new(Login {
            principal: who.clone(),
            meter: self.0.services.activity.meter(&cluster, &key),
            cluster,
            key,
            decision: permit.decision_id().to_string(),
            service: Service::Port(port),
            face,
            pool: Pool::new(Box::new(Loopback), Arc::default()),
            held: Held::new(permit),
            end: CancellationToken::new(),
            requests: 0.into(),
            up: 0.into(),
            down: 0.into(),
            woken_ms: 0.into(),
            port: port.into(),
            secure: false.into(),
            said: Said::default(),
            opened: Instant::now(),
        });
        let cookie = self.0.logins.enter(&login).ok()??;
        Some((host, format!("{}={cookie}", cookie_name(domain))))
    }
}

/// What a socket of an app costs to account for, piece by piece.
#[derive(Default)]
pub struct Accounting(Frames);

impl Accounting {
    /// Looks at a piece as the relay does.
    pub fn see(&mut self, meter: &Meter, bytes: &[u8]) {
        if self.0.data(bytes) {
            meter.touch(Door::Http, "a socket of its apps");
        }
    }
}

struct Loopback;

impl Way for Loopback {
    fn dial(&self, port: u16) -> BoxFuture<'_, Result<Box<dyn Stream>, NoWay>> {
        async move {
            let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|_| NoWay::Nothing)?;
            stream.set_nodelay(true).map_err(|_| NoWay::Nothing)?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        }
        .boxed()
    }

    fn word(&self) -> &'static str {
        "loopback"
    }
}
