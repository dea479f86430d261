//! The list itself. One line here makes an action: its name, what it asks of the journal, its obligations.

use super::effect::{self, Effect};
use super::{
    ActionInfo, AuditQuery, AuditVerify, BlueprintReload, BlueprintRollout, ClusterAdd, ClusterView, ObjectDelete,
    ObjectRead, ObjectScale, ObjectTarget, ObjectView, OperatorInstall, OperatorRun, PacketLevel, PlanMake, PodLogs,
    RolloutRestart, SecretReveal, SessionOpen, TapControl, TapExport, TapHostNetwork, TapPayload, TapScope, TapStart,
    TapTarget, TapView, WorkspaceApps, WorkspaceAsk, WorkspaceConnect, WorkspaceCreate, WorkspaceDelete,
    WorkspaceDeleteAll, WorkspaceExec, WorkspaceExpire, WorkspaceFiles, WorkspaceImport, WorkspaceKeep, WorkspaceLogs,
    WorkspaceMount, WorkspaceProvision, WorkspaceProxy, WorkspacePurge, WorkspaceReconcile, WorkspaceSource,
    WorkspaceStart, WorkspaceStop, WorkspaceUpdate, WorkspaceView, WorkspaceWake,
};
use base::ClusterName;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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
    /// What a permit for it can be used for: `cluster` gives write methods by this type alone.
    type Effect: Effect;
    /// It changes something, or asks the API server to try: denied under `--read-only`.
    const CHANGES: bool = Self::Effect::CHANGES;
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
                type Effect = effect!($changes);
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
                        name: $name, summary: $summary, before_effect: timing!($before), changes: $ty::CHANGES,
                    },)+
                }
            }
        }

        /// Every action there is.
        pub const ALL: &[ActionInfo] = &[
            $(ActionInfo {
                name: $name, summary: $summary, before_effect: timing!($before), changes: $ty::CHANGES,
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
        effect::Changes
    };
    (tries) => {
        effect::Tries
    };
    (reads) => {
        effect::Reads
    };
}

actions! {
    ClusterView, ClusterViewObligations {}, "cluster:view", soon, reads,
        "See the clusters, their states, and how many objects of each kind they hold.";
    ClusterAdd, ClusterAddObligations {}, "cluster:add", before, reads,
        "Make the clusters of another kubeconfig known to this console.";
    ObjectView, ObjectViewObligations {}, "object:view", soon, reads,
        "See live rows of a kind.";
    ObjectRead, ObjectReadObligations {}, "object:read", soon, reads,
        "Read one object; values of Secrets stay masked.";
    SecretReveal, SecretRevealObligations {
        /// Largest value that may be shown, in bytes.
        max_bytes: Option<u64>,
    }, "secret:reveal", before, reads,
        "Read the value of one key of a Secret.";
    PlanMake, PlanMakeObligations {}, "plan:make", soon, tries,
        "Ask the API server to try a change without making it.";
    ObjectDelete, ObjectDeleteObligations {}, "object:delete", before, changes,
        "Delete an object.";
    ObjectScale, ObjectScaleObligations {}, "object:scale", before, changes,
        "Set the number of replicas of an object.";
    RolloutRestart, RolloutRestartObligations {}, "rollout:restart", before, changes,
        "Restart the pods of a deployment, daemon set or stateful set.";
    TapStart, TapStartObligations {
        /// Most of packets that may leave.
        packets: Option<PacketLevel>,
        /// No bodies and no payload leave.
        headers_only: bool,
        /// Secrets are redacted whatever is asked for.
        redact: bool,
        /// Seconds after which it ends.
        max_seconds: Option<u64>,
        /// Captured bytes of a pod after which it ends.
        max_bytes: Option<u64>,
    }, "tap:start", before, changes,
        "Tap the traffic of pods by an ephemeral container in each.";
    TapHostNetwork, TapHostNetworkObligations {}, "tap:host-network", before, changes,
        "Tap pods that share the network of their nodes: the traffic of the nodes is seen.";
    TapView, TapViewObligations {}, "tap:view", soon, reads,
        "See taps, and rows of what they recorded.";
    TapPayload, TapPayloadObligations {
        /// Bodies and messages are left out.
        headers_only: bool,
    }, "tap:payload", before, reads,
        "Read records of a tap whole, with headers and bodies.";
    PodLogs, PodLogsObligations {}, "pod:logs", before, reads,
        "Read the lines of pods' logs that name an id, as that of a trace.";
    TapExport, TapExportObligations {
        /// Largest file, in bytes.
        max_bytes: Option<u64>,
    }, "tap:export", before, reads,
        "Take records or packets of a tap away as a file.";
    TapControl, TapControlObligations {}, "tap:control", before, changes,
        "Stop or pause a tap, empty or forget it, change its filter, mark it, give it keys.";
    WorkspaceView, WorkspaceViewObligations {}, "workspace:view", soon, reads,
        "See workspaces, what they are made of and what happened to them.";
    WorkspaceLogs, WorkspaceLogsObligations {}, "workspace:logs", before, reads,
        "Read what the programs of a workspace wrote.";
    WorkspaceConnect, WorkspaceConnectObligations {}, "workspace:connect", before, changes,
        "Open a shell in a workspace, or come back to one.";
    WorkspaceExec, WorkspaceExecObligations {}, "workspace:exec", before, changes,
        "Run a program in a workspace.";
    WorkspaceProxy, WorkspaceProxyObligations {}, "workspace:proxy", before, changes,
        "Open a port or an app of a workspace in a browser.";
    WorkspaceFiles, WorkspaceFilesObligations {}, "workspace:files", before, changes,
        "Look at, fetch or change files in a workspace.";
    WorkspaceApps, WorkspaceAppsObligations {}, "workspace:apps", before, changes,
        "Look at the apps and ports of a workspace, or start and stop an app.";
    WorkspaceSource, WorkspaceSourceObligations {}, "workspace:source", before, reads,
        "Read what a repository, of files or of images, says of what a workspace is made from.";
    WorkspaceProvision, WorkspaceProvisionObligations {
        /// Fields of what it is made of that are set, by their JSON pointers.
        patch: BTreeMap<String, serde_json::Value>,
    }, "workspace:provision", soon, reads,
        "Make objects of what a workspace's layers come to; an allow may oblige to patches of it.";
    WorkspaceMount, WorkspaceMountObligations {}, "workspace:mount", before, reads,
        "Join a volume that is not a workspace's own alone.";
    BlueprintReload, BlueprintReloadObligations {}, "blueprint:reload", before, reads,
        "Read the blueprints of the platform's folder or repository again.";
    BlueprintRollout, BlueprintRolloutObligations {}, "blueprint:rollout", before, changes,
        "Have a new revision of a blueprint serve everybody, or nobody anew.";
    WorkspaceAsk, WorkspaceAskObligations {}, "workspace:ask", before, changes,
        "Do what a workspace asks from inside, for its user.";
    WorkspaceUpdate, WorkspaceUpdateObligations {}, "workspace:update", before, changes,
        "Change what a workspace asks for.";
    WorkspaceWake, WorkspaceWakeObligations {}, "workspace:wake", before, changes,
        "Start a workspace that sleeps, because somebody came to a door of it.";
    WorkspaceCreate, WorkspaceCreateObligations {}, "workspace:create", before, changes,
        "Make a workspace.";
    WorkspaceImport, WorkspaceImportObligations {}, "workspace:import", before, changes,
        "Make a blueprint or a Grant of what another system had.";
    WorkspaceStart, WorkspaceStartObligations {}, "workspace:start", before, changes,
        "Start a workspace.";
    WorkspaceStop, WorkspaceStopObligations {}, "workspace:stop", before, changes,
        "Stop a workspace: its pod goes, all else stays.";
    WorkspaceDelete, WorkspaceDeleteObligations {}, "workspace:delete", before, changes,
        "Delete a workspace; its volumes go as it says itself.";
    WorkspaceDeleteAll, WorkspaceDeleteAllObligations {}, "workspace:delete_all", before, changes,
        "Delete all workspaces of somebody, or stop them and keep them for a while.";
    WorkspaceKeep, WorkspaceKeepObligations {}, "workspace:keep", before, changes,
        "Keep a workspace from being stopped while nobody uses it, for a while.";
    WorkspacePurge, WorkspacePurgeObligations {}, "workspace:purge", before, changes,
        "Delete a workspace with its own volumes, or the volumes that one left.";
    WorkspaceExpire, WorkspaceExpireObligations {}, "workspace:expire", before, changes,
        "Look after volumes that a workspace left, and delete those whose time is over.";
    WorkspaceReconcile, WorkspaceReconcileObligations {}, "workspace:reconcile", before, changes,
        "Carry out what one generation of a workspace asks for.";
    OperatorInstall, OperatorInstallObligations {}, "operator:install", before, changes,
        "Install the kinds of workspaces in a cluster.";
    OperatorRun, OperatorRunObligations {}, "operator:run", before, changes,
        "Run the operator of workspaces in a cluster.";
    SessionOpen, SessionOpenObligations {}, "session:open", before, reads,
        "Open the console in a browser with a one-time code.";
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
            Self::TapStart(a) => &a.pods,
            Self::TapHostNetwork(a) => &a.pods,
            Self::TapControl(a) => a.change.pods(),
            Self::PodLogs(a) => &a.pods,
            Self::WorkspaceLogs(a) => from_ref(&a.object),
            Self::WorkspaceConnect(a) => from_ref(&a.object),
            Self::WorkspaceExec(a) => from_ref(&a.object),
            Self::WorkspaceProxy(a) => from_ref(&a.object),
            Self::WorkspaceFiles(a) => from_ref(&a.object),
            Self::WorkspaceApps(a) => from_ref(&a.object),
            Self::WorkspaceSource(a) => from_ref(&a.object),
            Self::WorkspaceProvision(a) => from_ref(&a.object),
            Self::BlueprintRollout(a) => from_ref(&a.object),
            Self::WorkspaceAsk(a) => from_ref(&a.object),
            Self::WorkspaceMount(a) => from_ref(&a.object),
            Self::WorkspaceUpdate(a) => from_ref(&a.object),
            Self::WorkspaceWake(a) => from_ref(&a.object),
            Self::WorkspaceCreate(a) => from_ref(&a.object),
            Self::WorkspaceImport(a) => from_ref(&a.object),
            Self::WorkspaceStart(a) => from_ref(&a.object),
            Self::WorkspaceStop(a) => from_ref(&a.object),
            Self::WorkspaceDelete(a) => from_ref(&a.object),
            Self::WorkspaceDeleteAll(a) => &a.workspaces,
            Self::WorkspaceKeep(a) => from_ref(&a.object),
            Self::WorkspacePurge(a) => from_ref(&a.object),
            Self::WorkspaceExpire(a) => from_ref(&a.object),
            Self::WorkspaceReconcile(a) => from_ref(&a.object),
            Self::OperatorInstall(a) => &a.objects,
            Self::WorkspaceView(_) | Self::OperatorRun(_) => &[],
            Self::TapView(_) | Self::TapPayload(_) | Self::TapExport(_) => &[],
            Self::ClusterView(_)
            | Self::ClusterAdd(_)
            | Self::ObjectView(_)
            | Self::SessionOpen(_)
            | Self::BlueprintReload(_)
            | Self::AuditQuery(_)
            | Self::AuditVerify(_) => &[],
        }
    }

    /// The tap it is about, once there is one.
    #[must_use]
    pub fn tap(&self) -> Option<&TapTarget> {
        match self {
            Self::TapView(a) => a.tap.as_ref(),
            Self::TapPayload(a) => Some(&a.tap),
            Self::TapExport(a) => Some(&a.tap),
            Self::TapControl(a) => Some(&a.tap),
            _ => None,
        }
    }

    /// The clusters it names, each once.
    #[must_use]
    pub fn clusters(&self) -> Vec<&ClusterName> {
        let mut clusters: Vec<&ClusterName> = match self {
            Self::ClusterView(a) => a.clusters.iter().collect(),
            Self::ObjectView(a) => a.clusters.iter().collect(),
            Self::TapStart(a) => of_tap(&a.pods, &a.scope),
            Self::TapHostNetwork(a) => of_tap(&a.pods, &a.scope),
            Self::WorkspaceView(a) => vec![&a.cluster],
            Self::WorkspaceDeleteAll(a) => vec![&a.cluster],
            Self::OperatorRun(a) => vec![&a.cluster],
            _ => {
                let objects = self.objects().iter().map(|object| &object.cluster);
                objects.chain(self.tap().map(|tap| &tap.cluster)).collect()
            }
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
            Self::ClusterAdd(a) if a.file.is_empty() => "a kubeconfig that was pasted".to_owned(),
            Self::ClusterAdd(a) => format!("the kubeconfig {}", a.file),
            Self::SecretReveal(a) => format!("key {} of {}", a.key, a.object),
            Self::ObjectScale(a) => format!("{} to {}", a.object, a.replicas),
            Self::PlanMake(a) => match a.objects.as_slice() {
                [only] => format!("{} of {only}", a.action),
                many => format!("{} of {} objects", a.action, many.len()),
            },
            Self::SessionOpen(a) if a.attempts > 1 => format!("the console, {} attempts", a.attempts),
            Self::SessionOpen(_) => "the console".to_owned(),
            Self::AuditQuery(_) | Self::AuditVerify(_) => "the journal".to_owned(),
            Self::WorkspaceView(a) => match (a.namespace.as_str(), a.name.as_str()) {
                ("", _) => format!("workspaces in {}", a.cluster),
                (namespace, "") => format!("workspaces of {namespace} in {}", a.cluster),
                (namespace, name) => format!("workspace {namespace}/{name} in {}", a.cluster),
            },
            Self::WorkspaceConnect(a) => format!("{} of {}", a.purpose.words(), a.object),
            Self::WorkspaceExec(a) => format!("{} in {}", a.program, a.object),
            Self::WorkspaceProxy(a) if a.app.is_empty() => format!("port {} of {}", a.port, a.object),
            Self::WorkspaceProxy(a) => format!("{} on port {} of {}", a.app, a.port, a.object),
            Self::WorkspaceFiles(a) => format!("{} {} in {}", a.act, a.path, a.object),
            Self::WorkspaceApps(a) if a.app.is_empty() => format!("{} apps of {}", a.act, a.object),
            Self::WorkspaceApps(a) => format!("{} {} of {}", a.act, a.app, a.object),
            Self::WorkspaceSource(a) => format!("{} of {}/{} for {}", a.reference, a.host, a.repository, a.object),
            Self::WorkspaceProvision(a) => format!("{} of {}", a.object, a.blueprint),
            Self::WorkspaceMount(a) => format!("claim {} for {}", a.claim, a.object),
            Self::BlueprintReload(a) => a.source.clone(),
            Self::BlueprintRollout(a) => format!("{} revision {} of {}", a.act.as_str(), a.revision, a.object),
            Self::WorkspaceAsk(a) => {
                let words = [&a.ask, &a.service, &a.host];
                let words: Vec<&str> = words.into_iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
                format!("{} for {}", words.join(" "), a.object)
            }
            Self::WorkspaceUpdate(a) => format!("{} of {}", a.fields.join(" "), a.object),
            Self::WorkspaceWake(a) => format!("{} by {}", a.object, a.door),
            Self::WorkspaceCreate(a) => format!("{} for {}", a.object, a.owner),
            Self::WorkspaceDeleteAll(a) => {
                format!("{} workspaces of {} in {}", a.workspaces.len(), a.owner, a.cluster)
            }
            Self::WorkspaceKeep(a) => format!("{} for {} s", a.object, a.seconds),
            Self::WorkspacePurge(a) if a.claims.is_empty() => format!("{} with its volumes", a.object),
            Self::WorkspacePurge(a) => format!("{} with {}", a.object, a.claims.join(" ")),
            Self::WorkspaceExpire(a) => format!("{} of {}", [&a.left[..], &a.over[..]].concat().join(" "), a.object),
            Self::WorkspaceReconcile(a) => format!("generation {} of {}", a.generation, a.object),
            Self::OperatorRun(a) => format!("the operator in {}", a.cluster),
            Self::TapView(TapView { tap: None }) => "all taps".to_owned(),
            Self::TapView(TapView { tap: Some(tap) }) => tap.to_string(),
            Self::TapPayload(a) if !a.trace.is_empty() => format!("trace {} of {}", a.trace, a.tap),
            Self::TapPayload(a) if a.record.is_empty() && a.flow.is_empty() => format!("packets of {}", a.tap),
            Self::TapPayload(a) if a.record.is_empty() => format!("flow {} of {}", a.flow, a.tap),
            Self::TapPayload(a) => format!("record {} of {}", a.record, a.tap),
            Self::PodLogs(a) => {
                let pods: Vec<String> = a.pods.iter().map(|pod| format!("{}/{}", pod.namespace, pod.name)).collect();
                format!("lines with {} of {}", a.ids.join(" or "), pods.join(", "))
            }
            Self::TapExport(a) => {
                let words = [&a.format, &a.select, &a.flow, &a.filter];
                let words: Vec<&str> = words.into_iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
                format!("{} of {}", words.join(" "), a.tap)
            }
            Self::TapControl(a) => format!("{} of {}", a.change.words(), a.tap),
            Self::TapStart(TapStart { pods, scope, .. }) | Self::TapHostNetwork(TapHostNetwork { pods, scope })
                if !scope.is_empty() =>
            {
                let scopes: Vec<String> = scope.iter().map(ToString::to_string).collect();
                format!("{} ({} pods at start)", scopes.join("; "), pods.len())
            }
            _ => self.objects().iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        }
    }
}

fn of_tap<'a>(pods: &'a [ObjectTarget], scope: &'a [TapScope]) -> Vec<&'a ClusterName> {
    pods.iter().map(|pod| &pod.cluster).chain(scope.iter().map(|scope| &scope.cluster)).collect()
}

fn names(clusters: &[ClusterName]) -> String {
    if clusters.is_empty() {
        return "all clusters".to_owned();
    }
    clusters.iter().map(ClusterName::as_str).collect::<Vec<_>>().join(", ")
}
