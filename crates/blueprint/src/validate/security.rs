//! Pod Security levels of a container's security context.
//!
//! Source: the Pod Security Standards of Kubernetes 1.34, as far as they speak of a container's security context.

use crate::node::Node;
use base::security::BASELINE_CAPABILITIES;

/// The tightest level that lets a context through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Hardened.
    Restricted,
    /// No known way to more rights.
    Baseline,
    /// Anything.
    Privileged,
}

impl Level {
    /// The word of the standard.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Restricted => "restricted",
            Self::Baseline => "baseline",
            Self::Privileged => "privileged",
        }
    }

    /// The level of a context.
    pub(crate) fn of(context: &Node) -> Self {
        if !over_baseline(context).is_empty() {
            return Self::Privileged;
        }
        let is = |key: &str, want: bool| context.get(key).and_then(Node::bool) == Some(want);
        let seccomp = context.get("seccompProfile").and_then(|node| node.get("type")).and_then(Node::text);
        let capabilities =
            |key: &str| context.get("capabilities").and_then(|node| node.get(key)).map_or(&[][..], Node::items);
        let drops_all = capabilities("drop").iter().any(|one| one.text() == Some("ALL"));
        let adds_more = capabilities("add").iter().any(|one| one.text() != Some("NET_BIND_SERVICE"));
        let is_root = context.get("runAsUser").and_then(Node::text) == Some("0");
        let restricted = is("runAsNonRoot", true)
            && is("allowPrivilegeEscalation", false)
            && matches!(seccomp, Some("RuntimeDefault" | "Localhost"))
            && drops_all
            && !adds_more
            && !is_root;
        if restricted { Self::Restricted } else { Self::Baseline }
    }
}

/// What `baseline` refuses: the pointer inside of the context, the node, and its name.
pub(crate) fn over_baseline(context: &Node) -> Vec<(String, &Node, String)> {
    let mut over = Vec::new();
    let mut text = |path: &[&str], bad: &dyn Fn(&str) -> bool| {
        let found = path.iter().try_fold(context, |node, key| node.get(key));
        if let Some((node, text)) = found.and_then(|node| node.text().map(|text| (node, text)))
            && bad(text)
        {
            let pointer: String = path.iter().map(|key| format!("/{key}")).collect();
            over.push((pointer, node, format!("{}: {text}", path.join("."))));
        }
    };
    text(&["privileged"], &|text| text == "true");
    text(&["procMount"], &|text| text != "Default");
    text(&["seccompProfile", "type"], &|text| text == "Unconfined");
    text(&["appArmorProfile", "type"], &|text| text == "Unconfined");
    text(&["seLinuxOptions", "user"], &|text| !text.is_empty());
    text(&["seLinuxOptions", "role"], &|text| !text.is_empty());
    text(&["seLinuxOptions", "type"], &|text| !SELINUX_TYPES.contains(&text));
    let added = context.get("capabilities").and_then(|node| node.get("add")).map_or(&[][..], Node::items);
    for (index, node) in added.iter().enumerate() {
        if let Some(name) = node.text().filter(|name| !BASELINE_CAPABILITIES.contains(name)) {
            over.push((format!("/capabilities/add/{index}"), node, format!("the capability {name}")));
        }
    }
    over
}

const SELINUX_TYPES: &[&str] = &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
