//! What Pod Security lets containers have.
//!
//! Source: the Pod Security Standards of Kubernetes 1.34.

/// Capabilities that `baseline` lets a container add: those that runtimes give by default, but for `NET_RAW`.
pub const BASELINE_CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
