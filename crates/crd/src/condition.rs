//! Conditions of objects: their types, and the reasons for each.
//!
//! The operator writes them, everybody reads them: `kubectl wait`, the console, the command line. A reason is a word of a
//! stable list, because scripts compare it.

use crate::scalar::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What was found out about one aspect of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The aspect: Accepted, Ready and so on.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 316))]
    pub type_: String,
    /// True, False or Unknown.
    pub status: ConditionStatus,
    /// The generation of the object that this was found out about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub observed_generation: Option<i64>,
    /// When the status last changed.
    pub last_transition_time: Time,
    /// One word for programs, which says why.
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"))]
    pub reason: String,
    /// A sentence for people, which says why and what to do next.
    #[serde(default)]
    #[schemars(length(max = 32768))]
    pub message: String,
}

impl Condition {
    /// Whether this is the condition of that type.
    #[must_use]
    pub fn is(&self, type_: ConditionType) -> bool {
        self.type_ == type_.as_str()
    }
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nobody could find out.
    Unknown,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[doc = $text:literal])+ $word:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[doc = $text])+ $word,)+ }

        impl $name {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$word,)+];

            /// The word in the object.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => stringify!($word),)+ }
            }

            /// The one that is written so.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// The aspects that objects are judged by.
    ConditionType {
        /// Schema, policy, grant and quota let it through.
        Accepted,
        /// The blueprint is composed, evaluated and valid; its digest stands in the status.
        BlueprintResolved,
        /// Every claim is bound, or waits for its first user.
        StorageReady,
        /// A change is being carried out.
        Progressing,
        /// The pod is ready, and its agent has shaken hands.
        Ready,
        /// A probe through the real door succeeded less than 60 s ago.
        Reachable,
        /// Nobody has used it for the idle timeout less its warning.
        Idle,
        /// Policies are rendered, and a canary proved that the network enforces them.
        NetworkIsolated,
        /// What is exposed has its address, its route and its certificate.
        Exposed,
        /// It works, but a warning holds.
        Degraded,
        /// A change makes no progress any more (set beside Progressing=False, for kstatus clients).
        Stalled,
        /// A blueprint keeps the rules of its fields.
        Valid,
        /// The chain of a blueprint is found and composed.
        Resolved,
        /// The last revision of a blueprint serves everybody.
        RolledOut,
    }
}

words! {
    /// Why a condition is as it is.
    Reason {
        /// It is as it should be.
        AsExpected,
        /// Accepted: there is no such blueprint.
        BlueprintNotFound,
        /// Accepted: the blueprint is wrong.
        BlueprintInvalid,
        /// Accepted: the policy says no.
        PolicyDenied,
        /// Accepted: no grant lets the owner do this.
        GrantMissing,
        /// Accepted: a quota is full.
        QuotaExceeded,
        /// Accepted: something else has the name.
        NameConflict,
        /// Accepted: no workspace is made a part of a workload here, or attached to a pod.
        InjectDisabled,
        /// Accepted: it asks for what cannot be done here.
        FeatureUnavailable,
        /// BlueprintResolved: an expression fails.
        CELError,
        /// BlueprintResolved: a parameter is missing, unknown or wrong.
        ParamInvalid,
        /// BlueprintResolved: a layer sets what it may not.
        FieldNotAllowed,
        /// BlueprintResolved: the repository's file is wrong.
        RepoFileInvalid,
        /// BlueprintResolved: templates go in a circle.
        Cycle,
        /// StorageReady: volumes are being made.
        Provisioning,
        /// StorageReady: a claim cannot be bound.
        FailedBinding,
        /// StorageReady, Ready: a volume is being filled from a snapshot or another volume.
        Restoring,
        /// StorageReady: another pod has the volume.
        VolumeInUse,
        /// Progressing: there is nothing to do.
        Idle,
        /// Progressing: it took longer than it may.
        DeadlineExceeded,
        /// Ready: no node has it yet.
        Scheduling,
        /// Ready: the image is on its way.
        Pulling,
        /// Ready: init containers run.
        Initializing,
        /// Ready: containers or the agent start.
        Starting,
        /// Ready: it is stopped, as it was asked to be.
        Stopped,
        /// Ready: it is being stopped.
        Stopping,
        /// Ready: it is being deleted.
        Terminating,
        /// Ready: the image cannot be had; the kubelet waits before it tries again.
        ImagePullBackOff,
        /// Ready: the image cannot be had.
        ErrImagePull,
        /// Ready: the image's name is none.
        InvalidImageName,
        /// Ready: the image is not on the node, and may not be pulled.
        ErrImageNeverPull,
        /// Ready: the container's configuration names what is not there.
        CreateContainerConfigError,
        /// Ready: the container needed more memory than it may have.
        OOMKilled,
        /// Ready: the container ends again and again.
        CrashLoopBackOff,
        /// Ready: the pod failed.
        PodFailed,
        /// Ready: the pod's node is gone.
        NodeLost,
        /// Reachable: the agent does not answer.
        AgentUnreachable,
        /// Reachable: a certificate is too old.
        TLSExpired,
        /// Reachable: nothing listens.
        PortClosed,
        /// Idle: somebody uses it; the message names the doors.
        Active,
        /// NetworkIsolated, Accepted: the canary got through, so the network does not enforce policies.
        NotEnforced,
        /// NetworkIsolated: nobody tried yet.
        Unknown,
        /// Exposed: the address is on its way.
        AddressPending,
        /// Exposed: the certificate is on its way.
        CertificatePending,
        /// Exposed: another workspace has the host name.
        HostConflict,
        /// Degraded: a probe fails.
        ProbeFailing,
        /// Degraded: a volume is nearly full.
        VolumeNearlyFull,
        /// Degraded: the node cannot resize now.
        ResizeDeferred,
        /// Degraded: the agent is older than this program.
        AgentOutdated,
        /// Degraded: somebody took the injected containers out.
        InjectionReverted,
        /// Degraded: a default stands for the repository's wrong file, as it was asked.
        RepoFileFallback,
        /// Degraded: an engine with all privileges runs beside it.
        PrivilegedEngine,
        /// Degraded: an object of it was changed while it was applied, or is somebody else's.
        ApplyConflict,
        /// Degraded: an object of it cannot be written.
        ApplyFailed,
        /// Reachable, Idle, Exposed: nothing measures it yet. Valid: a bound that nothing measures yet binds nobody.
        NotMeasured,
        /// Exposed: nobody asked for it.
        NotExposed,
        /// Valid: a grant holds from later on.
        NotYet,
        /// Valid: a grant held until earlier.
        Ended,
        /// Valid: it is for people with a role, and nobody says yet who has which.
        RolesUnknown,
        /// RolledOut: it serves those whom the rollout names.
        RollingOut,
        /// RolledOut: too many workspaces failed that were made of it; new ones are made of the one before.
        LaunchesFailed,
        /// RolledOut: somebody held it.
        HeldByHand,
        /// RolledOut: the one before is too long to be kept, so it serves everybody at once.
        TooLarge,
    }
}

impl ConditionType {
    /// The reasons that this condition may have when it is not as it should be.
    #[must_use]
    pub const fn reasons(self) -> &'static [Reason] {
        use Reason as R;
        match self {
            Self::Accepted => &[
                R::BlueprintNotFound,
                R::BlueprintInvalid,
                R::PolicyDenied,
                R::GrantMissing,
                R::QuotaExceeded,
                R::NameConflict,
                R::InjectDisabled,
                R::FeatureUnavailable,
                R::NotEnforced,
            ],
            Self::Valid => &[
                R::BlueprintNotFound,
                R::BlueprintInvalid,
                R::CELError,
                R::ParamInvalid,
                R::FieldNotAllowed,
                R::RepoFileInvalid,
                R::Cycle,
                R::NotYet,
                R::Ended,
                R::RolesUnknown,
                R::NotMeasured,
            ],
            Self::BlueprintResolved => {
                &[R::CELError, R::ParamInvalid, R::FieldNotAllowed, R::RepoFileInvalid, R::Cycle]
            }
            Self::Resolved => {
                &[R::BlueprintNotFound, R::BlueprintInvalid, R::CELError, R::ParamInvalid, R::FieldNotAllowed, R::Cycle]
            }
            Self::RolledOut => &[R::RollingOut, R::LaunchesFailed, R::HeldByHand, R::BlueprintInvalid, R::TooLarge],
            Self::StorageReady => &[R::Provisioning, R::FailedBinding, R::Restoring, R::VolumeInUse],
            Self::Progressing | Self::Stalled => &[R::Idle, R::DeadlineExceeded],
            Self::Ready => &[
                R::Scheduling,
                R::Restoring,
                R::Pulling,
                R::Initializing,
                R::Starting,
                R::Stopped,
                R::Stopping,
                R::Terminating,
                R::ImagePullBackOff,
                R::ErrImagePull,
                R::InvalidImageName,
                R::ErrImageNeverPull,
                R::CreateContainerConfigError,
                R::OOMKilled,
                R::CrashLoopBackOff,
                R::FailedBinding,
                R::PodFailed,
                R::NodeLost,
            ],
            Self::Reachable => &[R::AgentUnreachable, R::TLSExpired, R::PortClosed, R::NotMeasured],
            Self::Idle => &[R::Active, R::NotMeasured],
            Self::NetworkIsolated => &[R::NotEnforced, R::Unknown],
            Self::Exposed => {
                &[R::AddressPending, R::CertificatePending, R::HostConflict, R::NotExposed, R::NotMeasured]
            }
            Self::Degraded => &[
                R::ProbeFailing,
                R::VolumeNearlyFull,
                R::ResizeDeferred,
                R::AgentOutdated,
                R::InjectionReverted,
                R::RepoFileFallback,
                R::PrivilegedEngine,
                R::ApplyConflict,
                R::ApplyFailed,
            ],
        }
    }
}
