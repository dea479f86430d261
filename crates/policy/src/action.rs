//! The closed list of actions. Each is a struct that holds its whole target: what a permit for it says, nobody has to
//! say again.

mod effect;
mod list;
mod object;
mod reference;
mod tap;
mod traffic;
mod view;
mod workspace;

pub use effect::{Changes, Effect, Reads, Tries};
pub use list::{
    ALL, Action, Asked, AuditQueryObligations, AuditVerifyObligations, BlueprintReloadObligations,
    BlueprintRolloutObligations, ClusterAddObligations, ClusterViewObligations, ObjectDeleteObligations,
    ObjectReadObligations, ObjectScaleObligations, ObjectViewObligations, OperatorInstallObligations,
    OperatorRunObligations, PlanMakeObligations, PodLogsObligations, RolloutRestartObligations,
    SecretRevealObligations, SessionOpenObligations, TapControlObligations, TapExportObligations,
    TapHostNetworkObligations, TapPayloadObligations, TapStartObligations, TapViewObligations,
    WorkspaceAppsObligations, WorkspaceAskObligations, WorkspaceConnectObligations, WorkspaceCreateObligations,
    WorkspaceDeleteAllObligations, WorkspaceDeleteObligations, WorkspaceExecObligations, WorkspaceExpireObligations,
    WorkspaceFilesObligations, WorkspaceKeepObligations, WorkspaceLogsObligations, WorkspaceMountObligations,
    WorkspaceProvisionObligations, WorkspaceProxyObligations, WorkspacePurgeObligations, WorkspaceReconcileObligations,
    WorkspaceSourceObligations, WorkspaceStartObligations, WorkspaceStopObligations, WorkspaceUpdateObligations,
    WorkspaceViewObligations, WorkspaceWakeObligations,
};
pub use object::{
    ObjectDelete, ObjectRead, ObjectScale, ObjectTarget, PlanMake, Propagation, RolloutRestart, SecretReveal,
};
pub use reference::reference_markdown;
pub use tap::{PacketLevel, TapHostNetwork, TapScope, TapStart};
pub use traffic::{PodLogs, TapChange, TapControl, TapExport, TapPayload, TapTarget, TapView};
pub use view::{AuditQuery, AuditVerify, ClusterAdd, ClusterView, ObjectView, SessionKey, SessionOpen};
pub use workspace::{
    BlueprintReload, BlueprintRollout, MountKind, MountOwner, OperatorInstall, OperatorRun, RolloutAct, ShellPurpose,
    WorkspaceApps, WorkspaceAsk, WorkspaceConnect, WorkspaceCreate, WorkspaceDelete, WorkspaceDeleteAll, WorkspaceExec,
    WorkspaceExpire, WorkspaceFiles, WorkspaceImport, WorkspaceKeep, WorkspaceLogs, WorkspaceMount, WorkspaceProvision,
    WorkspaceProxy, WorkspacePurge, WorkspaceReconcile, WorkspaceSource, WorkspaceStart, WorkspaceStop,
    WorkspaceUpdate, WorkspaceView, WorkspaceWake,
};

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
