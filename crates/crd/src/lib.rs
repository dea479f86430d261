//! The custom resources of the group `quarterdeck.dev`.
//!
//! ```text
//! workspace, blueprint, grant, quota   objects as Rust types ──► schema ──► CustomResourceDefinitions
//! rules                                CEL, one text each    ──► into the schemas, and evaluated here
//! condition                            condition types and their reasons
//! grant::decide                        grants, labels, time  ──► the grant that allows it, or why none does
//! import::import                       objects of an older group ──► ours, with notes on what was left out
//! scalar, selector                     lengths of time, quantities, moments; objects by their labels
//! ```
//!
//! Pure: no IO, no client, no clock. What is written here travels as JSON; `deploy/crds` holds the definitions.

pub mod blueprint;
pub mod condition;
pub mod grant;
pub mod import;
pub mod quota;
pub mod rules;
pub mod scalar;
mod schema;
pub mod selector;
pub mod workspace;

pub use condition::{Condition, ConditionStatus, ConditionType, Reason};
pub use rules::{Broken, Rules};
pub use scalar::{Quantity, Span, Time};
pub use schema::Kind;
pub use workspace::{Phase, Workspace, WorkspaceSpec, WorkspaceStatus};

/// The API group of every kind.
pub const GROUP: &str = "quarterdeck.dev";

/// The version that is stored.
pub const VERSION: &str = "v1alpha1";

/// The longest name of a workspace, in bytes: its name and a suffix have to fit the names of objects made for it.
pub const NAME_MAX: usize = 52;

/// The port of the agent, which no workspace may use.
pub const AGENT_PORT: u16 = 2822;
