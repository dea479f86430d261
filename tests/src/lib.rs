//! End-to-end suites: the real binaries, a real cluster, real clients.
