//! `kubectl port-forward`: a way from here to one port of one pod, which ends on the pod's own loopback.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A forward that runs until it is dropped.
pub struct Forward {
    child: Child,
    /// The port here.
    pub port: u16,
}

impl Forward {
    /// Forwards a free port of this machine to `port` of `what` (`pod/NAME`, `deploy/NAME`).
    ///
    /// # Panics
    /// When kubectl does not say that it forwards.
    #[must_use]
    pub fn start(kubeconfig: &Path, namespace: &str, what: &str, port: u16) -> Self {
        let mut command = Command::new(crate::env("QD_KUBECTL"));
        command.arg("--kubeconfig").arg(kubeconfig).args(["-n", namespace, "port-forward", what, &format!(":{port}")]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("kubectl runs");
        let mut lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        lines.read_line(&mut line).expect("a line");
        // Forwarding from 127.0.0.1:43211 -> 8080
        let here = line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split(' ').next());
        let port = here.and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("kubectl said {line:?}"));
        // Each connection is a line more: a full pipe would stop it.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Self { child, port }
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        // It may have ended by itself, with its pod.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
