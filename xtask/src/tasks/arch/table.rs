//! The one table behind `cargo xtask arch`: which crate stands in which layer, and who may use which outside crate.

use std::fmt;

/// The layers, leftmost first; a crate may import what stands left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    /// No IO, no async runtime.
    Pure,
    /// One outside world each: a store, the cluster, a certificate authority.
    Adapter,
    /// What the product does, behind permits.
    Service,
    /// Where people and programs come in; doors compose services.
    Door,
    /// Configuration, roles, start order: the only builder of a gate.
    App,
    /// Thin mains.
    Bin,
    /// What runs in pods and on nodes.
    Agent,
    /// Tasks, benchmarks and end-to-end suites: imported by nobody, bound by no arrow.
    Tool,
}

impl Layer {
    /// The layer of one of our crates, if the table knows it.
    pub(super) fn of(name: &str) -> Option<Self> {
        let layers = [
            (Self::Pure, PURE),
            (Self::Adapter, ADAPTERS),
            (Self::Service, SERVICES),
            (Self::Door, DOORS),
            (Self::App, &["app"]),
            (Self::Bin, BINS),
            (Self::Agent, AGENT),
            (Self::Tool, TOOLS),
        ];
        layers.iter().find(|(_, names)| names.contains(&name)).map(|(layer, _)| *layer)
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pure => "pure",
            Self::Adapter => "adapter",
            Self::Service => "service",
            Self::Door => "door",
            Self::App => "app",
            Self::Bin => "bin",
            Self::Agent => "agent",
            Self::Tool => "tool",
        })
    }
}

const PURE: &[&str] = &[
    "base",
    "query",
    "table",
    "wire",
    "catalog",
    "pcap",
    "bpf",
    "bpf-web",
    "flow",
    "lines",
    "head",
    "cast",
    "policy",
    "evidence",
    "blueprint",
    "gotmpl",
    "helm",
    "crd",
    "api",
    "proto",
];

/// In their order: each imports only those left of it.
pub(super) const ADAPTERS: &[&str] = &["store", "pki", "net", "git", "registry", "cluster", "link", "mirror", "rego"];

const SERVICES: &[&str] = &["operate", "insight", "identity", "capture", "workspace", "session", "storage"];

const DOORS: &[&str] = &["gateway", "proxy", "ssh", "mcp", "cli"];

const BINS: &[&str] = &["qd", AGENT_ONLY];

/// The one binary that links the agent layer.
pub(super) const AGENT_ONLY: &str = "qd-agent";

const AGENT: &[&str] = &["packet", "workspaced", "trace", "nfgate"];

const TOOLS: &[&str] = &["xtask", "e2e", "bench"];

/// Outside crates that only some of ours may declare.
pub(super) struct Use {
    pub(super) names: &'static [&'static str],
    pub(super) by: &'static [&'static str],
    pub(super) reason: &'static str,
}

/// Who may use what. Development dependencies and tools are free.
pub(super) const USES: &[Use] = &[
    Use {
        names: &["axum", "tower-http"],
        by: &["gateway", "proxy"],
        reason: "HTTP is served at two doors; services know nothing of it",
    },
    Use { names: &["russh"], by: &["ssh"], reason: "one SSH library behind one guard" },
    Use {
        names: &["sqlx", "rusqlite"],
        by: &["store"],
        reason: "the store's shape is its own secret; no feature writes SQL",
    },
    Use {
        names: &["kube", "kube-client", "kube-runtime"],
        by: &["cluster"],
        reason: "one client of the Kubernetes API, so that impersonation and read-only have one place",
    },
    Use {
        names: &["kube-core", "kube-derive"],
        by: &["cluster", "crd"],
        reason: "our custom resources are described without a client",
    },
    Use {
        names: &["k8s-openapi"],
        by: &["blueprint", "cluster", "crd", "workspace"],
        reason: "typed objects cost 40 kB each: everything that reads walks bytes instead",
    },
    Use { names: &["regorus"], by: &["rego"], reason: "a policy engine is a leaf behind policy::Decide" },
    Use {
        names: &["tonic", "prost"],
        by: &["link", "proto", "capture", "storage", "identity", "packet", "workspaced", "trace", "nfgate", "qd-agent"],
        reason: "agent protocols and provider contracts only",
    },
    Use { names: &["rust-embed"], by: &["gateway"], reason: "the console is embedded at the door that serves it" },
    Use {
        names: &["clap"],
        by: &["cli", "app", "qd-agent"],
        reason: "the grammar of commands has one home; app starts its parser",
    },
    Use { names: &["anyhow"], by: &["app", "qd", "qd-agent"], reason: "library errors say what the caller can do" },
    Use {
        names: &["tokio-tungstenite"],
        by: &["cluster", "cli", "gateway", "proxy"],
        reason: "WebSockets end at adapters and doors",
    },
];

/// What no pure crate may declare or be brought: runtimes, IO, clients.
pub(super) const PURE_FORBIDS: &[&str] = &[
    "tokio",
    "tokio-util",
    "async-std",
    "smol",
    "mio",
    "socket2",
    "rustix",
    "nix",
    "hyper",
    "hyper-util",
    "reqwest",
    "ureq",
    "axum",
    "tower",
    "kube",
    "kube-client",
    "sqlx",
    "rustls",
    "tonic",
    "walkdir",
    "notify",
];

/// Exceptions to the line above: (our crate, outside crate, why).
pub(super) const PURE_EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("policy", "tokio-util", "CancellationToken: permit.ended() is awaited by holders in every runtime"),
    ("flow", "tokio", "in tests alone: real QUIC of another implementation needs a runtime"),
    ("flow", "rustls", "in tests alone: both ends of a handshake as bytes in memory, without IO"),
    ("policy", "tokio", "sync primitives alone: permit.settled() waits for the journal without a runtime"),
];

/// What the source of a pure crate may not name.
pub(super) const PURE_SOURCE_FORBIDS: &[&str] = &[
    "std::fs",
    "std::process",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "UnixListener",
    "tokio::net",
    "tokio::fs",
    "tokio::spawn",
    "tokio::time",
];
