//! How workspaces are reached from outside of the cluster: what the platform says, what a Workspace asks for, and what comes
//! of both.
//!
//! Invariant: an Ingress or a route exists only where somebody said who is asked about its visitors, or said by name that
//! nobody is.

use crate::desired::Desired;
use crate::key::Key;
use blueprint::objects::{Auth, Outside, Pods, Route};
use crd::workspace::{Exposure, ExposureType};
use serde::Deserialize;
use serde_json::Value;

/// What the platform says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposing {
    /// For a Workspace that says nothing.
    pub usual: ExposureType,
    /// The pool of addresses of load balancers.
    pub pool: Option<String>,
    /// The domain under which hosts stand.
    pub domain: Option<String>,
    /// Other domains that a Workspace may name; with neither these nor a domain, any.
    pub domains: Vec<String>,
    /// The class of Ingresses.
    pub ingress_class: String,
    /// The Gateway: its name, or `NAMESPACE/NAME`.
    pub gateway: Option<String>,
    /// A Secret with a certificate for all hosts of the domain, in every namespace of workspaces.
    pub tls_secret: Option<String>,
    /// The cluster issuer of cert-manager.
    pub issuer: Option<String>,
    /// Who is asked about visitors.
    pub visitors: Visitors,
    /// The pods of the ingress controller.
    pub ingress: Pods,
    /// The operator makes certificates itself where nobody else is named.
    pub certifies: bool,
}

impl Default for Exposing {
    fn default() -> Self {
        let label = ("app.kubernetes.io/name".to_owned(), "ingress-nginx".to_owned());
        Self {
            usual: ExposureType::ClusterIP,
            pool: None,
            domain: None,
            domains: Vec::new(),
            ingress_class: "nginx".to_owned(),
            gateway: None,
            tls_secret: None,
            issuer: None,
            visitors: Visitors::Unsaid,
            ingress: Pods { namespace: "ingress-nginx".to_owned(), labels: [label].into() },
            certifies: false,
        }
    }
}

/// Who is asked about visitors of an Ingress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Visitors {
    /// Nobody said.
    #[default]
    Unsaid,
    /// Nobody is asked: whoever comes is let in.
    Anybody,
    /// The gateway at this URL.
    Gateway(String),
    /// Somebody else.
    Other(Auth),
}

/// What comes of it for one workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nobody asked for it.
    Nothing,
    /// This is to be made.
    For(ExposureType, Outside),
    /// It cannot be, and why.
    Never(ExposureType, String),
}

/// What a workspace is reached by, as it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// What carries it.
    pub kind: ExposureType,
    /// The host name, where it has one.
    pub host: Option<String>,
    /// The Secret with its certificate, and who writes it.
    pub certificate: Option<Certificate>,
    /// The port that a visitor of an address comes to.
    pub port: u16,
    /// TLS is spoken there.
    pub secure: bool,
    /// Why nothing leads to it.
    pub problem: Option<String>,
}

/// A certificate of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The Secret.
    pub secret: String,
    /// The operator writes it.
    pub own: bool,
}

impl Exposing {
    /// What a workspace asks for.
    pub(crate) fn asked(&self, desired: &Desired, spec: &Value, cluster: &str) -> Asked {
        let said = spec.get("exposure").map(Exposure::deserialize);
        let said = match said {
            Some(Ok(said)) => Some(said),
            Some(Err(error)) => return Asked::Never(ExposureType::ClusterIP, format!("spec.exposure: {error}")),
            None => None,
        };
        let kind = said.as_ref().map_or(self.usual, |said| said.type_);
        let class = said.as_ref().and_then(|said| said.ingress_class.clone());
        let usual = Some(self.ingress_class.as_str()).filter(|_| kind == ExposureType::Ingress);
        // No class of Ingresses has such a name: it is the namespace and the name of a Gateway.
        let (kind, class) = match class.as_deref().or(usual).filter(|class| class.contains('/')) {
            Some(gateway) if kind == ExposureType::Ingress => (ExposureType::Gateway, Some(gateway.to_owned())),
            _ => (kind, class),
        };
        match kind {
            ExposureType::ClusterIP => Asked::Nothing,
            ExposureType::LoadBalancer => {
                let pool = said.and_then(|said| said.load_balancer_pool).or_else(|| self.pool.clone());
                Asked::For(kind, Outside::LoadBalancer { pool })
            }
            ExposureType::Ingress => match self.route(desired, said.as_ref(), cluster) {
                Ok(route) => {
                    let class = class.or_else(|| Some(self.ingress_class.clone()).filter(|class| !class.is_empty()));
                    Asked::For(kind, Outside::Ingress(Route { class, ..route }))
                }
                Err(why) => Asked::Never(kind, why),
            },
            ExposureType::Gateway => match (self.host(desired, said.as_ref()), class.or_else(|| self.gateway.clone())) {
                (Err(why), _) => Asked::Never(kind, why),
                (Ok(_), None) => Asked::Never(kind, "no Gateway is named: set spec.exposure.ingressClass".to_owned()),
                // A route of Gateway API has no field for who is asked.
                (Ok(_), Some(_)) if self.visitors != Visitors::Anybody => Asked::Never(
                    kind,
                    "a Gateway asks nobody about visitors: it is used only where auth_url is \"none\", which says that the \
                     Gateway keeps strangers out itself"
                        .to_owned(),
                ),
                (Ok(host), Some(class)) => {
                    let route = Route { host, class: Some(class), ..Route::default() };
                    Asked::For(kind, Outside::Gateway(route))
                }
            },
        }
    }

    /// Whether certificates with this Secret are the operator's own.
    pub(crate) fn is_own(&self, route: &Route, key: &Key) -> bool {
        self.certifies && route.issuer.is_none() && route.secret.as_deref() == Some(&secret(key))
    }

    fn host(&self, desired: &Desired, said: Option<&Exposure>) -> Result<String, String> {
        let domain = said.and_then(|said| said.domain.as_ref()).or(self.domain.as_ref());
        let Some(domain) = domain else { return Err("no domain is set for it: set spec.exposure.domain".to_owned()) };
        let domain = domain.trim_matches('.').to_ascii_lowercase();
        let mut free = self.domain.iter().chain(&self.domains).peekable();
        let within = |wide: &String| domain == *wide || domain.ends_with(&format!(".{wide}"));
        if free.peek().is_some() && !free.any(within) {
            return Err(format!("domain {domain} is none of the platform's"));
        }
        let host = format!("{}.{domain}", crate::status::route_id(&desired.key));
        if host.len() > 253 {
            return Err(format!("host {host} is too long"));
        }
        Ok(host)
    }

    fn route(&self, desired: &Desired, said: Option<&Exposure>, cluster: &str) -> Result<Route, String> {
        let host = self.host(desired, said)?;
        let auth = match (said.and_then(|said| said.auth.as_ref()), &self.visitors) {
            (Some(auth), _) => Some(Auth { url: auth.url.clone(), signin: auth.signin.clone() }),
            (None, Visitors::Other(auth)) => Some(auth.clone()),
            (None, Visitors::Gateway(url)) => Some(of_gateway(url, cluster, &desired.key)),
            (None, Visitors::Anybody) => None,
            (None, Visitors::Unsaid) => {
                return Err(
                    "nobody is named who is asked about visitors: run it beside `qd serve` with a public_url, set \
                            auth_url, or say \"none\""
                        .to_owned(),
                );
            }
        };
        let theirs = said.and_then(|said| said.tls_issuer.clone());
        let apart =
            said.and_then(|said| said.domain.as_ref()).is_some_and(|domain| Some(domain) != self.domain.as_ref());
        let given = self.tls_secret.clone().filter(|_| theirs.is_none() && !apart);
        let issuer = theirs.or_else(|| self.issuer.clone().filter(|_| given.is_none()));
        let made = issuer.is_some() || self.certifies;
        let secret = given.or_else(|| made.then(|| secret(&desired.key)));
        Ok(Route { host, class: None, secret, issuer, auth })
    }
}

/// The Secret of a workspace's own certificate.
fn secret(key: &Key) -> String {
    format!("workspace-{}-tls", key.name)
}

/// The gateway's own endpoint: `check` is asked by the ingress controller, `enter` by the visitor's browser.
fn of_gateway(url: &str, cluster: &str, key: &Key) -> Auth {
    let base = url.trim_end_matches('/');
    let mut of = String::new();
    for part in [cluster, &key.namespace, &key.name] {
        of.push('/');
        for byte in part.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                of.push(char::from(byte));
            } else {
                of.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    Auth { url: format!("{base}/forward-auth/check{of}"), signin: Some(format!("{base}/forward-auth/enter{of}")) }
}

#[cfg(test)]
mod tests;
