//! A kind that a cluster serves, with all that follows from what it is: heading, section, columns, acts.

use crate::builtin::{self, Builtin};
use crate::crd::PrinterColumn;
use crate::served::ServedColumn;
use api::socket::Column;
use std::sync::Arc;
use wire::Format;

/// A kind, in the one version that we use.
#[derive(Clone, Debug)]
pub struct Kind {
    /// `plural` or `plural.group`.
    pub id: String,
    /// `apps`; empty for the core group.
    pub group: String,
    /// `v1`.
    pub version: String,
    /// `Deployment`.
    pub kind: String,
    /// `deployments`.
    pub plural: String,
    /// `deployment`.
    pub singular: String,
    /// `deploy`.
    pub short_names: Vec<String>,
    /// `all`, `api-extensions`.
    pub categories: Vec<String>,
    /// Lives in namespaces.
    pub namespaced: bool,
    /// Where it stands in the navigation.
    pub section: Section,
    /// `Deployments`.
    pub title: String,
    /// What can be done with its objects.
    pub acts: Vec<Act>,
    /// Columns: those of `kubectl get -o wide` first, in its order, then ours (`extra`). The name is no column: rows
    /// have it as their identity, and it stands first. Only where kubectl prints it elsewhere or with an addition
    /// (events, storage classes) is there a column `name`, which is then shown in its stead.
    pub columns: Vec<Column>,
    /// How its objects are asked for.
    pub format: Format,
    /// Verbs that the server has for it: `list`, `watch`, `delete`, ….
    pub verbs: Vec<String>,
    /// `scale`, `log`, ….
    pub subresources: Vec<String>,
    pub(crate) source: Source,
}

/// Where the columns come from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// The table of built-in kinds.
    Builtin(&'static Builtin),
    /// `additionalPrinterColumns` of a CRD.
    Printer(Vec<PrinterColumn>),
    /// What its server prints: kinds of aggregated APIs.
    Served(Vec<ServedColumn>),
    /// None of these: name and age.
    Plain,
}

/// A group of the navigation, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// Nodes, namespaces, events, CRDs.
    Cluster,
    /// Pods and what makes them.
    Workloads,
    /// Autoscalers, budgets, quotas.
    Autoscaling,
    /// Services and what leads to them.
    Network,
    /// ConfigMaps, Secrets, and settings of the cluster.
    Config,
    /// Volumes and classes.
    Storage,
    /// Accounts, roles, bindings.
    Access,
    /// Workspaces and what they are made from.
    Workspaces,
    /// Custom resources.
    Custom,
}

impl Section {
    /// The heading.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "Cluster",
            Self::Workloads => "Workloads",
            Self::Autoscaling => "Autoscaling",
            Self::Network => "Network",
            Self::Config => "Config",
            Self::Storage => "Storage",
            Self::Access => "Access",
            Self::Workspaces => "Workspaces",
            Self::Custom => "Custom",
        }
    }
}

/// Something that can be done with an object of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Delete it.
    Delete,
    /// Set its replicas, through the `scale` subresource.
    Scale,
    /// Restart its pods by an annotation on the template.
    Restart,
    /// Show the value of a key of a Secret.
    Reveal,
}

impl Act {
    /// `delete`, `scale`, `restart`, `reveal`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Scale => "scale",
            Self::Restart => "restart",
            Self::Reveal => "reveal",
        }
    }
}

/// A resource as discovery tells of it: one for each group, version and resource. Subresources are not resources of
/// their own here but stand in `subresources`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServedResource {
    /// Empty for the core group.
    pub group: String,
    /// `v1`.
    pub version: String,
    /// The server prefers this version of the group.
    pub preferred: bool,
    /// `Deployment`.
    pub kind: String,
    /// `deployments`.
    pub plural: String,
    /// `deployment`; servers may leave it empty.
    pub singular: String,
    /// `deploy`.
    pub short_names: Vec<String>,
    /// `all`.
    pub categories: Vec<String>,
    /// Lives in namespaces.
    pub namespaced: bool,
    /// Verbs.
    pub verbs: Vec<String>,
    /// `scale`, `status`, ….
    pub subresources: Vec<String>,
}

impl Kind {
    /// `apps/v1`, `v1`.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Its columns are only known to its server, which prints lists of it, and it cannot be watched.
    #[must_use]
    pub fn prints_itself(&self) -> bool {
        matches!(self.source, Source::Plain) && self.has_verb("list") && !self.has_verb("watch")
    }

    /// The same with the columns that its server prints; without any it stays as it is.
    #[must_use]
    pub fn with_served(mut self, columns: Vec<ServedColumn>) -> Self {
        if !columns.is_empty() {
            self.columns = columns.iter().map(ServedColumn::head).collect();
            self.source = Source::Served(columns);
        }
        self
    }

    /// Lists of it are asked for as tables, and its rows are read from those.
    #[must_use]
    pub fn is_served_as_table(&self) -> bool {
        matches!(self.source, Source::Served(_))
    }

    /// The server has this verb for it.
    #[must_use]
    pub fn has_verb(&self, verb: &str) -> bool {
        self.verbs.iter().any(|own| own == verb)
    }

    /// Whether objects hold secret values that are masked wherever they are shown ([`crate::secret::mask`]).
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.group.is_empty() && self.plural == "secrets"
    }

    /// Every built-in kind as a server of 1.34 serves it.
    #[must_use]
    pub fn builtins() -> Vec<Arc<Self>> {
        builtin::all().map(|spec| Arc::new(crate::kinds::build(&spec.served(), Some(spec), None))).collect()
    }

    /// A built-in kind as a server of 1.34 serves it: for tests and for what must work before discovery.
    #[must_use]
    pub fn builtin(id: &str) -> Option<Arc<Self>> {
        let spec = builtin::find(id)?;
        Some(Arc::new(crate::kinds::build(&spec.served(), Some(spec), None)))
    }
}
