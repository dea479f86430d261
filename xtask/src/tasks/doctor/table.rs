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
    /// Building the capture agent: static, for pods.
    Agent,
    /// Building it for arm64 on another machine.
    AgentArm,
    /// What captures are made with and compared with.
    Captures,
    /// What benchmarks are held against, and nothing else needs.
    Bench,
    /// A server and what asks it, in tests and benchmarks.
    Load,
    /// What doors are held against.
    Doors,
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
            Need::Agent => "for the capture agent",
            Need::AgentArm => "for the capture agent on arm64",
            Need::Captures => "for tests of captures",
            Need::Bench => "for benchmarks",
            Need::Load => "for tests under load",
            Need::Doors => "for benchmarks of doors",
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
    tool("ssh-keygen", Need::Build, "ssh-keygen", &["openssh-client"]),
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
    tool("musl-gcc", Need::Agent, "musl-gcc", &["musl-tools"]),
    tool(
        "C compiler for arm64",
        Need::AgentArm,
        "aarch64-linux-gnu-gcc",
        &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
    ),
    tool("emulator of arm64", Need::AgentArm, "qemu-aarch64-static", &["qemu-user-static"]),
    tool("tshark", Need::Captures, "tshark", &["tshark"]),
    tool("capinfos, editcap, mergecap", Need::Captures, "mergecap", &["wireshark-common"]),
    tool("tcpdump", Need::Captures, "tcpdump", &["tcpdump"]),
    tool("socat", Need::Captures, "socat", &["socat"]),
    tool("zstd", Need::Captures, "zstd", &["zstd"]),
    tool("nghttp, h2load", Need::Captures, "h2load", &["nghttp2-client"]),
    tool("nghttpd", Need::Captures, "nghttpd", &["nghttp2-server"]),
    tool("nghttpx", Need::Captures, "nghttpx", &["nghttp2-proxy"]),
    tool("openssl", Need::Captures, "openssl", &["openssl"]),
    tool("perl", Need::Captures, "perl", &["perl-base"]),
    tool("python3", Need::Captures, "python3", &["python3-minimal"]),
    tool("unbound", Need::Captures, "unbound", &["unbound"]),
    tool("dig", Need::Captures, "dig", &["bind9-dnsutils"]),
    tool("setpriv", Need::Captures, "setpriv", &["util-linux"]),
    tool("Redis", Need::Captures, "redis-server", &["redis-server"]),
    tool("redis-cli, redis-benchmark", Need::Captures, "redis-benchmark", &["redis-tools"]),
    tool("PostgreSQL", Need::Captures, "pg_ctlcluster", &["postgresql"]),
    tool("psql, pgbench", Need::Captures, "psql", &["postgresql-client", "postgresql"]),
    tool("MariaDB", Need::Captures, "mariadbd", &["mariadb-server", "libdbd-mariadb-perl"]),
    tool("nginx", Need::Load, "nginx", &["nginx-light"]),
    tool("haproxy", Need::Doors, "haproxy", &["haproxy"]),
    tool("wrk", Need::Load, "wrk", &["wrk"]),
    Requirement {
        what: "Suricata 7",
        need: Need::Bench,
        detect: Detect::Program("suricata"),
        install: Install::ByHand(
            "add the suite bookworm-backports to apt's sources, then apt-get install -t bookworm-backports suricata",
        ),
    },
    tool("mariadb, mariadb-slap", Need::Captures, "mariadb-slap", &["mariadb-client"]),
];
