//! What is set of how workspaces are reached from outside of the cluster: `[exposure]`.

use crate::config::{Config, ConfigError};
use blueprint::objects::{Auth, Pods};
use crd::workspace::ExposureType;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use workspace::Exposing;
use workspace::exposing::Visitors;

/// `[exposure]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exposure {
    /// Of a Workspace that says nothing itself: `cluster_ip`, `load_balancer`, `ingress`, `gateway`. Unset: `ingress` where
    /// there is a domain, else `cluster_ip`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual: Option<Usual>,
    /// The pool that addresses of load balancers come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer_pool: Option<String>,
    /// The domain under which workspaces have their hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Other domains that a Workspace may name.
    pub domains: Vec<String>,
    /// The class of Ingresses; empty for the cluster's own.
    pub ingress_class: String,
    /// The Gateway of routes: its name, or `NAMESPACE/NAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// A Secret with a certificate for all hosts of the domain, in every namespace of workspaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_secret: Option<String>,
    /// The cluster issuer of cert-manager that makes certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Certificates come from the authority of this machine where neither a Secret nor an issuer is named.
    pub local_authority: bool,
    /// The URL that is asked about each visitor; `none` lets everybody in. Unset: this gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_url: Option<String>,
    /// The URL that visitors without a login are sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_signin: Option<String>,
    /// The namespace of the ingress controller's pods.
    pub ingress_namespace: String,
    /// Their labels.
    pub ingress_labels: BTreeMap<String, String>,
}

/// How a workspace is reached that does not say it itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usual {
    /// From outside not at all.
    ClusterIp,
    /// By an address of its own.
    LoadBalancer,
    /// By a host of an ingress controller.
    Ingress,
    /// By a host of a Gateway.
    Gateway,
}

impl Default for Exposure {
    fn default() -> Self {
        let Exposing { ingress_class, ingress, .. } = Exposing::default();
        Self {
            usual: None,
            load_balancer_pool: None,
            domain: None,
            domains: Vec::new(),
            ingress_class,
            gateway: None,
            tls_secret: None,
            issuer: None,
            local_authority: true,
            auth_url: None,
            auth_signin: None,
            ingress_namespace: ingress.namespace,
            ingress_labels: ingress.labels,
        }
    }
}

impl Config {
    /// What the operator goes by.
    ///
    /// # Errors
    /// What does not go together.
    pub(crate) fn exposing(&self) -> Result<Exposing, ConfigError> {
        let own = &self.exposure;
        let mut problems = Vec::new();
        let usual = match own.usual {
            Some(Usual::ClusterIp) => ExposureType::ClusterIP,
            Some(Usual::LoadBalancer) => ExposureType::LoadBalancer,
            Some(Usual::Ingress) => ExposureType::Ingress,
            Some(Usual::Gateway) => ExposureType::Gateway,
            None if own.domain.is_some() => ExposureType::Ingress,
            None => ExposureType::ClusterIP,
        };
        if matches!(usual, ExposureType::Ingress | ExposureType::Gateway) && own.domain.is_none() {
            problems.push("usual: hosts need a domain: set [exposure] domain".to_owned());
        }
        if usual == ExposureType::Gateway && own.gateway.is_none() {
            problems.push("usual: say which Gateway: set [exposure] gateway".to_owned());
        }
        for domain in own.domain.iter().chain(&own.domains) {
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
            if domain.is_empty() || !domain.bytes().all(fits) || domain.starts_with('.') || domain.ends_with('.') {
                problems.push(format!("domain: {domain:?} is no domain in lower case"));
            }
        }
        let public = self.serve.public_url.clone().filter(|_| !self.serve.insecure_http);
        let visitors = match (own.auth_url.as_deref(), public) {
            (Some("none"), _) => Visitors::Anybody,
            (Some(url), _) if url.starts_with("https://") || url.starts_with("http://") => {
                Visitors::Other(Auth { url: url.to_owned(), signin: own.auth_signin.clone() })
            }
            (Some(url), _) => {
                problems.push(format!("auth_url: {url:?} is neither a URL nor none"));
                Visitors::Unsaid
            }
            (None, Some(public)) => Visitors::Gateway(public),
            (None, None) => Visitors::Unsaid,
        };
        if own.auth_signin.is_some() && !matches!(visitors, Visitors::Other(_)) {
            problems.push("auth_signin: it goes with a URL in auth_url".to_owned());
        }
        match ConfigError::of("[exposure]", problems) {
            Some(error) => Err(error),
            None => Ok(Exposing {
                usual,
                visitors,
                pool: own.load_balancer_pool.clone(),
                domain: own.domain.clone(),
                domains: own.domains.clone(),
                ingress_class: own.ingress_class.clone(),
                gateway: own.gateway.clone(),
                tls_secret: own.tls_secret.clone(),
                issuer: own.issuer.clone(),
                ingress: Pods { namespace: own.ingress_namespace.clone(), labels: own.ingress_labels.clone() },
                certifies: own.local_authority,
            }),
        }
    }
}
