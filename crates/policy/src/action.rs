//! The closed list of actions. Each is a struct that holds its whole target: what a permit for it says, nobody has to
//! say again.

mod list;
mod object;
mod reference;
mod view;

pub use list::{
    ALL, Action, Asked, AuditQueryObligations, AuditVerifyObligations, ClusterViewObligations, ObjectDeleteObligations,
    ObjectReadObligations, ObjectScaleObligations, ObjectViewObligations, PlanMakeObligations,
    RolloutRestartObligations, SecretRevealObligations,
};
pub use object::{
    ObjectDelete, ObjectRead, ObjectScale, ObjectTarget, PlanMake, Propagation, RolloutRestart, SecretReveal,
};
pub use reference::reference_markdown;
pub use view::{AuditQuery, AuditVerify, ClusterView, ObjectView};

/// What the list says of one action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionInfo {
    /// `domain:verb`.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Its decision is on disk before anything happens.
    pub before_effect: bool,
    /// It changes something, or asks the API server to try: denied under `--read-only`.
    pub changes: bool,
}
