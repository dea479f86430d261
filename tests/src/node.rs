//! The node, from the outside: it is this machine, so pods' processes are seen here.

use crate::{kubeconfig, kubectl};
use std::process::{Command, Output};

/// The uid of a pod.
///
/// # Panics
/// When there is no such pod.
#[must_use]
pub fn uid(namespace: &str, pod: &str) -> String {
    kubectl::stdout(&kubeconfig(), &["get", "pod", "-n", namespace, pod, "-o", "jsonpath={.metadata.uid}"])
}

/// The processes of a pod: their ids and command lines.
///
/// # Panics
/// When this machine has no `/proc`.
#[must_use]
pub fn processes(uid: &str) -> Vec<(u32, String)> {
    let of = |pid: u32| {
        let cgroup = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
        cgroup.contains(uid) || cgroup.contains(&uid.replace('-', "_"))
    };
    all().filter(|(pid, _)| of(*pid)).collect()
}

/// A process of this machine by its command line, with blanks between the words.
///
/// # Panics
/// When this machine has no `/proc`.
pub fn running(is: impl Fn(&str) -> bool) -> Option<u32> {
    all().find(|(_, line)| is(line.trim_end())).map(|(pid, _)| pid)
}

/// All processes of this machine.
fn all() -> impl Iterator<Item = (u32, String)> {
    let all = std::fs::read_dir("/proc").expect("/proc").flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()));
    ids.filter_map(|pid: u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        Some((pid, String::from_utf8_lossy(&line).replace('\0', " ")))
    })
}

/// The agent of a tap in a pod, by what the tap said: `container qd-tap-abc added`.
///
/// # Panics
/// When it said nothing of the kind, or that agent does not run.
#[must_use]
pub fn agent(uid: &str, said: &str) -> u32 {
    let name = said.split("container ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a container");
    let words = format!("/qd-agent capture {name} ");
    let all = processes(uid);
    all.iter().find(|(_, line)| line.starts_with(&words)).unwrap_or_else(|| panic!("no {name}: {all:?}")).0
}

/// A process of a pod that is no agent's.
///
/// # Panics
/// When it has none.
#[must_use]
pub fn own(uid: &str) -> u32 {
    let all = processes(uid);
    let own = all.iter().find(|(_, words)| !words.contains("qd-agent") && !words.contains("pause"));
    own.unwrap_or_else(|| panic!("no process of its own: {all:?}")).0
}

/// Runs a program in the network of a process.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn within(pid: u32, words: &[&str]) -> Output {
    let net = format!("--net=/proc/{pid}/ns/net");
    let output = Command::new("nsenter").arg(net).arg("--").args(words).output();
    output.expect("nsenter is missing: install the Debian package util-linux")
}
