//! What the tasks need from the machine: each with how it is found and the exact command that installs it.

/// What a requirement is for; a task names the needs it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Compiling the product and the Go modules under dev/.
    Build,
    /// Building the console.
    Web,
    /// Running a full node of the development cluster.
    Node,
    /// Building the demo's images.
    Images,
    /// Driving the console in a real browser.
    Browser,
    /// Real clients that end-to-end tests use.
    Clients,
}

impl Need {
    pub(super) fn purpose(self) -> &'static str {
        match self {
            Need::Build => "to build",
            Need::Web => "for the console",
            Need::Node => "for a cluster node",
            Need::Images => "for demo images",
            Need::Browser => "for browser tests",
            Need::Clients => "for end-to-end tests",
        }
    }
}

/// One thing that must be on the machine.
pub(super) struct Requirement {
    pub(super) what: &'static str,
    pub(super) need: Need,
    pub(super) detect: Detect,
    pub(super) install: Install,
}

/// How a requirement is found.
pub(super) enum Detect {
    Program(&'static str),
    File(&'static str),
    /// A program, the words that make it print its version, and the least version.
    AtLeast(&'static str, &'static [&'static str], (u32, u32)),
}

/// How a requirement is met.
pub(super) enum Install {
    Apt(&'static [&'static str]),
    ByHand(&'static str),
}

const fn tool(what: &'static str, need: Need, program: &'static str, packages: &'static [&'static str]) -> Requirement {
    Requirement { what, need, detect: Detect::Program(program), install: Install::Apt(packages) }
}

pub(super) const REQUIREMENTS: &[Requirement] = &[
    Requirement {
        what: "Rust 1.95",
        need: Need::Build,
        detect: Detect::AtLeast("rustc", &["--version"], (1, 95)),
        install: Install::ByHand("install rustup; rust-toolchain.toml names the version"),
    },
    Requirement {
        what: "Go 1.24",
        need: Need::Build,
        detect: Detect::AtLeast("go", &["version"], (1, 24)),
        install: Install::ByHand("install Go 1.24 or later from your distribution or go.dev"),
    },
    tool("C compiler", Need::Build, "cc", &["gcc", "libc6-dev"]),
    tool("git", Need::Build, "git", &["git"]),
    Requirement {
        what: "Node 20",
        need: Need::Web,
        detect: Detect::AtLeast("node", &["--version"], (20, 0)),
        install: Install::ByHand("install Node 20 or later from your distribution or nodejs.org"),
    },
    Requirement {
        what: "npm 10",
        need: Need::Web,
        detect: Detect::AtLeast("npm", &["--version"], (10, 0)),
        install: Install::ByHand("npm comes with Node"),
    },
    tool("containerd", Need::Node, "containerd", &["containerd"]),
    tool("runc", Need::Node, "runc", &["runc"]),
    Requirement {
        what: "CNI plugins",
        need: Need::Node,
        detect: Detect::File("/usr/lib/cni/bridge"),
        install: Install::Apt(&["containernetworking-plugins"]),
    },
    tool("iptables", Need::Node, "iptables", &["iptables"]),
    tool("nftables", Need::Node, "nft", &["nftables"]),
    tool("iproute2", Need::Node, "ip", &["iproute2"]),
    tool("nsenter and mount", Need::Node, "nsenter", &["util-linux", "mount"]),
    tool("sysctl", Need::Node, "sysctl", &["procps"]),
    tool("mmdebstrap", Need::Images, "mmdebstrap", &["mmdebstrap"]),
    tool("Chromium", Need::Browser, "chromium", &["chromium"]),
    Requirement {
        what: "fonts of the console",
        need: Need::Browser,
        detect: Detect::File("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
        install: Install::Apt(&["fonts-dejavu-core"]),
    },
    tool("curl", Need::Clients, "curl", &["curl", "ca-certificates"]),
];
