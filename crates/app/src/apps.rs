//! The two doors of one listener, put together: apps of workspaces beside the console.

use crate::config::Config as Settings;
use crate::desk::Desk;
use base::ClusterName;
use bytes::BytesMut;
use futures::future::BoxFuture;
use gateway::{Beside, Http2, OpenApp, Refusal, Streamed, Wire};
use http::Response;
use policy::Principal;
use proxy::{Config, Domain, Open, Proxy, Service, Services};
use std::net::IpAddr;
use tokio_util::sync::CancellationToken;
use workspace::Key;

/// The door to apps, on the console's port.
pub(crate) fn door(settings: &Settings, desk: &Desk, port: u16) -> Proxy {
    of_team(settings, desk, domain(port), format!("http://qd.localhost:{port}"))
}

/// Where apps of a desk console are.
pub(crate) fn domain(port: u16) -> Domain {
    Domain { name: "localhost".to_owned(), port: Some(port), secure: false }
}

/// The door to apps under a domain, for a console at this URL.
pub(crate) fn of_team(settings: &Settings, desk: &Desk, domain: Domain, console: String) -> Proxy {
    let services = Services {
        gate: desk.gate.clone(),
        mirror: desk.mirror.clone(),
        activity: desk.activity.clone(),
        clock: desk.clock.clone(),
    };
    let (times, ways) = (settings.proxy.times(), settings.proxy.ways());
    Proxy::new(services, Config { domain, console, times, ways })
}

/// The door to apps, as the console needs it.
pub(crate) struct Apps(pub(crate) Proxy);

impl Beside for Apps {
    fn takes(&self, host: &str) -> bool {
        self.0.takes(host)
    }

    fn origins(&self) -> String {
        self.0.origins()
    }

    fn serve(&self, wire: Box<dyn Wire>, begun: BytesMut, peer: IpAddr) -> BoxFuture<'static, ()> {
        let door = self.0.clone();
        Box::pin(async move { door.serve(Box::new(wire), begun, peer).await })
    }

    fn answer(&self, request: Http2, peer: IpAddr) -> BoxFuture<'static, Response<Streamed>> {
        let door = self.0.clone();
        Box::pin(async move { door.answer(request, peer).await })
    }

    fn ways(&self, cluster: &ClusterName, namespace: &str, name: &str) -> (Vec<&'static str>, Option<&'static str>) {
        self.0.ways(cluster, &Key { namespace: namespace.to_owned(), name: name.to_owned() })
    }

    fn open(&self, who: Principal, ended: CancellationToken, open: OpenApp) -> BoxFuture<'_, Result<String, Refusal>> {
        let OpenApp { cluster, namespace, name, service, path, framed, browser, answers } = open;
        let service = service.parse().map_or(Service::App(service), Service::Port);
        let open = Open { cluster, namespace, name, service, path, framed, browser, answers };
        Box::pin(async move { self.0.open(&who, ended, open).await.map_err(|error| Box::new(error) as Refusal) })
    }
}
