//! Who may use a workspace beside its owner.

use crate::scalar::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody who may use a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Share {
    /// Who it is: one user, all with a role, all of an organization.
    pub kind: ShareKind,
    /// The name of the user, role or organization.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// What they may do.
    pub role: ShareRole,
    /// When it ends; never when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// Whom something is shared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ShareKind {
    /// One user.
    User,
    /// All with a role.
    Role,
    /// All of an organization.
    Org,
}

/// What somebody may do in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShareRole {
    /// Look: its state, terminals and ports that are shared.
    Viewer,
    /// Use it: terminals, files, apps.
    User,
    /// Change it: stop, start, resize, share.
    Admin,
}

/// Who may reach a port or an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PortShare {
    /// A port of the list of ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<u16>,
    /// An app of the blueprint, instead of port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub app: Option<String>,
    /// Who may reach it.
    pub level: PortLevel,
}

/// Who may reach a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PortLevel {
    /// The owner, and those whom the workspace is shared with.
    #[default]
    Private,
    /// Everybody who is logged in.
    Users,
    /// Everybody of the organization.
    Org,
    /// Everybody, without a login; only where the policy allows it.
    Public,
}
