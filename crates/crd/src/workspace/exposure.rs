//! How a workspace is reached from outside the cluster beside the gateway.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a workspace is reached from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Exposure {
    /// What carries it.
    #[serde(rename = "type")]
    pub type_: ExposureType,
    /// The domain under which its host name stands. Required with Ingress, refused with LoadBalancer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub domain: Option<String>,
    /// The class of the Ingress, or the name of the Gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub ingress_class: Option<String>,
    /// Who issues its certificate; the built-in authority when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub tls_issuer: Option<String>,
    /// The pool that its address comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub load_balancer_pool: Option<String>,
    /// Who asks visitors to log in; the gateway when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<ForwardAuth>,
}

/// What carries an exposed workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ExposureType {
    /// An address inside the cluster alone.
    ClusterIP,
    /// An address of a load balancer.
    LoadBalancer,
    /// A host of an Ingress.
    Ingress,
    /// A route of a Gateway.
    Gateway,
}

/// Who asks visitors of an Ingress to log in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForwardAuth {
    /// The URL that is asked about each request.
    #[schemars(length(min = 1, max = 2048))]
    pub url: String,
    /// The URL that visitors without a login are sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub signin: Option<String>,
}
