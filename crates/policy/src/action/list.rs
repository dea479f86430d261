//! The list itself. One line here makes an action: its name, what it asks of the journal, its obligations.

use super::{
    ActionInfo, AuditQuery, AuditVerify, ClusterView, ObjectDelete, ObjectRead, ObjectScale, ObjectTarget, ObjectView,
    PlanMake, RolloutRestart, SecretReveal,
};
use base::ClusterName;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

mod sealed {
    pub trait Sealed {}
}

/// Something that can be permitted. The list is closed: no other crate can add to it.
pub trait Action: sealed::Sealed + Clone + Debug + Send + Sync + 'static {
    /// `domain:verb`.
    const NAME: &'static str;
    /// The decision must be on disk before anything happens: the service awaits `permit.settled()` first.
    const BEFORE_EFFECT: bool;
    /// It changes something: denied under `--read-only`.
    const CHANGES: bool;
    /// What an allow may oblige the service to. Destructure it without `..` where it is enforced, so that a new
    /// obligation is a compile error there and not a rule that nobody keeps.
    type Obligations: Clone + Debug + Default + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The same as one of the list.
    fn asked(&self) -> Asked;
}

macro_rules! actions {
    ($($ty:ident, $obligations:ident { $($(#[doc = $fdoc:literal])+ $field:ident: $fty:ty,)* }, $name:literal,
       $before:ident, $changes:ident, $summary:literal;)+) => {
        $(
            #[doc = concat!("Obligations of `", $name, "`. A key that is not here denies.")]
            #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(deny_unknown_fields, default)]
            pub struct $obligations { $($(#[doc = $fdoc])+ pub $field: $fty,)* }

            impl sealed::Sealed for $ty {}

            impl Action for $ty {
                const NAME: &'static str = $name;
                const BEFORE_EFFECT: bool = timing!($before);
                const CHANGES: bool = effect!($changes);
                type Obligations = $obligations;

                fn asked(&self) -> Asked {
                    Asked::$ty(self.clone())
                }
            }
        )+

        /// Any action, as policy sees it and the journal keeps it.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "action", content = "target")]
        pub enum Asked {
            $(#[doc = $summary] #[serde(rename = $name)] $ty($ty),)+
        }

        impl Asked {
            /// What the list says of it.
            #[must_use]
            pub const fn info(&self) -> ActionInfo {
                match self {
                    $(Self::$ty(_) => ActionInfo {
                        name: $name, summary: $summary, before_effect: timing!($before), changes: effect!($changes),
                    },)+
                }
            }
        }

        /// Every action there is.
        pub const ALL: &[ActionInfo] = &[
            $(ActionInfo {
                name: $name, summary: $summary, before_effect: timing!($before), changes: effect!($changes),
            },)+
        ];

        /// Name and fields of every action's obligations, for the reference.
        pub(super) const OBLIGATIONS: &[(&str, &[(&str, &str)])] = &[
            $(($name, &[$((stringify!($field), concat!($($fdoc),+)),)*]),)+
        ];
    };
}

macro_rules! timing {
    (before) => {
        true
    };
    (soon) => {
        false
    };
}

macro_rules! effect {
    (changes) => {
        true
    };
    (reads) => {
        false
    };
}

actions! {
    ClusterView, ClusterViewObligations {}, "cluster:view", soon, reads,
        "See the clusters, their states, and how many objects of each kind they hold.";
    ObjectView, ObjectViewObligations {}, "object:view", soon, reads,
        "See live rows of a kind.";
    ObjectRead, ObjectReadObligations {}, "object:read", soon, reads,
        "Read one object; values of Secrets stay masked.";
    SecretReveal, SecretRevealObligations {
        /// Largest value that may be shown, in bytes.
        max_bytes: Option<u64>,
    }, "secret:reveal", before, reads,
        "Read the value of one key of a Secret.";
    PlanMake, PlanMakeObligations {}, "plan:make", soon, changes,
        "Ask the API server to try a change without making it.";
    ObjectDelete, ObjectDeleteObligations {}, "object:delete", before, changes,
        "Delete an object.";
    ObjectScale, ObjectScaleObligations {}, "object:scale", before, changes,
        "Set the number of replicas of an object.";
    RolloutRestart, RolloutRestartObligations {}, "rollout:restart", before, changes,
        "Restart the pods of a deployment, daemon set or stateful set.";
    AuditQuery, AuditQueryObligations {}, "audit:query", soon, reads,
        "Read the journal.";
    AuditVerify, AuditVerifyObligations {}, "audit:verify", soon, reads,
        "Check the hash chains of the journal.";
}

impl Asked {
    /// The objects it is about.
    #[must_use]
    pub fn objects(&self) -> &[ObjectTarget] {
        use std::slice::from_ref;
        match self {
            Self::ObjectRead(a) => from_ref(&a.object),
            Self::SecretReveal(a) => from_ref(&a.object),
            Self::ObjectDelete(a) => from_ref(&a.object),
            Self::ObjectScale(a) => from_ref(&a.object),
            Self::RolloutRestart(a) => from_ref(&a.object),
            Self::PlanMake(a) => &a.objects,
            Self::ClusterView(_) | Self::ObjectView(_) | Self::AuditQuery(_) | Self::AuditVerify(_) => &[],
        }
    }

    /// The clusters it names, each once.
    #[must_use]
    pub fn clusters(&self) -> Vec<&ClusterName> {
        let mut clusters: Vec<&ClusterName> = match self {
            Self::ClusterView(a) => a.clusters.iter().collect(),
            Self::ObjectView(a) => a.clusters.iter().collect(),
            _ => self.objects().iter().map(|object| &object.cluster).collect(),
        };
        clusters.sort();
        clusters.dedup();
        clusters
    }

    /// The target in a few words, for the journal's one-line summaries.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::ObjectView(a) => format!("{} in {}", a.kind, names(&a.clusters)),
            Self::ClusterView(a) => names(&a.clusters),
            Self::SecretReveal(a) => format!("key {} of {}", a.key, a.object),
            Self::ObjectScale(a) => format!("{} to {}", a.object, a.replicas),
            Self::PlanMake(a) => match a.objects.as_slice() {
                [only] => format!("{} of {only}", a.action),
                many => format!("{} of {} objects", a.action, many.len()),
            },
            Self::AuditQuery(_) | Self::AuditVerify(_) => "the journal".to_owned(),
            _ => self.objects().iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        }
    }
}

fn names(clusters: &[ClusterName]) -> String {
    if clusters.is_empty() {
        return "all clusters".to_owned();
    }
    clusters.iter().map(ClusterName::as_str).collect::<Vec<_>>().join(", ")
}
