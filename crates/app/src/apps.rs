//! The two doors of one listener, put together: apps of workspaces beside the console.

use crate::config::Config as Settings;
use crate::desk::Desk;
use crate::error::Failed;
use base::ClusterName;
use bytes::BytesMut;
use futures::future::BoxFuture;
use gateway::{Beside, Http2, Led, NamedApp, OpenApp, Refusal, Streamed, Wire};
use http::Response;
use policy::Principal;
use proxy::{AppHost, Config, Domain, Open, Proxy, Service, Services, Signer};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use workspace::{Key, Known};

/// The door to apps, on the console's port.
pub(crate) fn door(settings: &Settings, desk: &Desk, port: u16) -> Result<Proxy, Failed> {
    led(settings, desk, domain(port), format!("http://qd.localhost:{port}"), false)
}

/// Where apps of a desk console are.
pub(crate) fn domain(port: u16) -> Domain {
    Domain { name: "localhost".to_owned(), port: Some(port), secure: false }
}

/// The door to apps under a domain, for a console at this URL.
pub(crate) fn of_team(settings: &Settings, desk: &Desk, domain: Domain, console: String) -> Result<Proxy, Failed> {
    led(settings, desk, domain, console, true)
}

fn led(settings: &Settings, desk: &Desk, domain: Domain, console: String, signs_in: bool) -> Result<Proxy, Failed> {
    let services = Services {
        gate: desk.gate.clone(),
        mirror: desk.mirror.clone(),
        activity: desk.activity.clone(),
        calling: desk.calling.clone(),
        clock: desk.clock.clone(),
    };
    let (times, ways, limits) = (settings.proxy.times(), settings.proxy.ways(), settings.proxy.limits());
    let signer = || Signer::new().map_err(|_| Failed::Io(io::Error::other("no random bytes from the system")));
    if let Some(words) = settings.proxy.warning() {
        tracing::warn!("{words}");
    }
    let in_place = settings.proxy.in_place();
    let trusted = settings.proxy.trusted.as_slice().into();
    let tells = settings.proxy.tell_user.then(signer).transpose()?.map(Arc::new);
    Ok(Proxy::new(
        services,
        Config { domain, console, times, ways, limits, signs_in, tells, trusted, in_place, aliases: signs_in },
    ))
}

/// The door to apps, as the console needs it.
#[derive(Clone)]
pub(crate) struct Apps {
    pub(crate) door: Proxy,
    /// Which workspaces there are, where people come to them from elsewhere.
    pub(crate) known: Option<Arc<Known>>,
    /// Apps have no hosts: they are served on the console's origin, with this host, or not at all.
    pub(crate) bare: Option<String>,
}

impl Apps {
    /// The workspace whose alias a host is, and the port that is meant.
    fn main(&self, host: &str) -> Option<(ClusterName, Key, u16)> {
        self.known.as_ref()?.of_alias(&self.door.alias(host)?)
    }
}

impl Beside for Apps {
    fn takes(&self, host: &str) -> bool {
        self.door.named(host).is_some() || self.main(host).is_some()
    }

    fn serves_in_place(&self) -> bool {
        self.door.serves_in_place()
    }

    fn origins(&self) -> String {
        if self.bare.is_some() { "'self'".to_owned() } else { self.door.origins() }
    }

    fn serve(&self, wire: Box<dyn Wire>, begun: BytesMut, peer: IpAddr) -> BoxFuture<'static, ()> {
        let door = self.door.clone();
        Box::pin(async move { door.serve(Box::new(wire), begun, peer).await })
    }

    fn answer(&self, request: Http2, peer: IpAddr) -> BoxFuture<'static, Response<Streamed>> {
        let door = self.door.clone();
        Box::pin(async move { door.answer(request, peer).await })
    }

    fn ways(&self, cluster: &ClusterName, namespace: &str, name: &str) -> Led {
        let key = Key { namespace: namespace.to_owned(), name: name.to_owned() };
        let proxy::Led { order, way, tried } = self.door.ways(cluster, &key);
        Led { order, way, tried: tried.into_iter().map(|one| (one.way, one.ms, one.reached)).collect() }
    }

    fn named(&self, host: &str) -> Option<NamedApp> {
        if let Some((cluster, Key { namespace, name }, port)) = self.main(host) {
            return Some(NamedApp { cluster, namespace, name, service: port.to_string() });
        }
        let AppHost { service, route } = self.door.named(host)?;
        let (cluster, Key { namespace, name }) = self.known.as_ref()?.of_route(&route)?;
        let service = match service {
            Service::Port(port) => port.to_string(),
            Service::App(app) => app,
        };
        Some(NamedApp { cluster, namespace, name, service })
    }

    fn open(&self, who: Principal, ended: CancellationToken, open: OpenApp) -> BoxFuture<'_, Result<String, Refusal>> {
        let OpenApp { cluster, namespace, name, service, host, in_place, path, framed, browser, answers } = open;
        let in_place = in_place.or_else(|| self.bare.clone());
        let service = service.parse().map_or(Service::App(service), Service::Port);
        let key = Key { namespace: namespace.clone(), name: name.clone() };
        let usual = || {
            let known = self.known.as_ref()?.alias_of(&cluster, &key);
            known.filter(|(_, port)| service == Service::Port(*port)).map(|(alias, _)| alias)
        };
        let alias = host.map_or_else(usual, |host| self.door.alias(&host));
        let open = Open { cluster, namespace, name, service, alias, path, framed, in_place, browser, answers };
        Box::pin(async move { self.door.open(&who, ended, open).await.map_err(|error| Box::new(error) as Refusal) })
    }
}
