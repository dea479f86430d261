//! The agent as it runs in a pod of a real node: one static program that needs nothing around it, and little memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::tapping::{FRONT, Tapping, alone, pods};
use e2e::{errors, node, out};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The newest agent in a pod.
fn agent(uid: &str) -> u32 {
    let all = node::processes(uid);
    let agents = all.iter().filter(|(_, words)| words.starts_with("/qd-agent capture "));
    agents.map(|(pid, _)| *pid).max().unwrap_or_else(|| panic!("no agent: {all:?}"))
}

/// A member of a process's status, in KiB.
fn kib(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(&format!("{name}:"))).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The program that runs in the pod, alone in a folder.
fn taken(pid: u32, home: &Path) -> PathBuf {
    let root = home.join("root");
    std::fs::create_dir(&root).unwrap();
    std::fs::copy(format!("/proc/{pid}/exe"), root.join("qd-agent")).unwrap();
    root
}

#[test]
fn cap_d_31_the_agent_is_static_and_runs_in_an_empty_chroot() {
    let _turn = alone();
    let home = tempfile::tempdir().unwrap();
    let uid = node::uid("shop", &pods(FRONT)[0]);
    let tap = Tapping::start(home.path(), &["-n", "shop", "-l", FRONT]);
    let pid = agent(&uid);
    // Nothing else is in its image: the one file, and empty folders for what the runtime mounts.
    let files: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/root"))
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| !entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, ["qd-agent"]);
    let root = taken(pid, home.path());
    assert_eq!(tap.stop(), Some(0));

    let linked = Command::new("ldd").arg(root.join("qd-agent")).output().unwrap();
    let linked = out(&linked) + &errors(&linked);
    assert!(linked.contains("statically linked") || linked.contains("not a dynamic executable"), "{linked}");
    let run = |words: &[&str]| Command::new("chroot").arg(&root).arg("/qd-agent").args(words).output().unwrap();
    let version = run(&["version"]);
    assert!(out(&version).starts_with("qd-agent ") && version.status.success(), "{}", errors(&version));
    // It opens its sockets, gives up its rights and ends when nobody comes: without /proc, /dev or any other file.
    let alone = run(&["capture", "chroot", &"5a".repeat(32), "1"]);
    assert!(alone.status.success(), "{}", errors(&alone));
}

#[test]
fn cap_p_08_an_agent_is_small_on_the_node_when_idle_and_when_it_captures() {
    let _turn = alone();
    let home = tempfile::tempdir().unwrap();
    let uid = node::uid("shop", &pods(FRONT)[0]);
    let file = home.path().join("all.pcapng");
    let words = ["-n", "shop", "-l", FRONT, "--interface", "eth0", "--write", file.to_str().unwrap()];
    let tap = Tapping::start(home.path(), &words);
    let pid = agent(&uid);
    let records = tap.wait_for(60, 200, |record| record["kind"] == "http");
    assert!(records.len() >= 200);
    let most = kib(pid, "VmHWM");
    assert!(most <= 32 << 10, "{most} KiB, one ring of 8 MiB and masked packets among them");
    let root = taken(pid, home.path());
    assert_eq!(tap.stop(), Some(0));
    let bytes = std::fs::metadata(root.join("qd-agent")).unwrap().len();
    assert!(bytes <= 4 << 20, "{bytes} bytes");

    let mut idle = Command::new(root.join("qd-agent"))
        .args(["capture", &format!("idle-{}", std::process::id()), &"5a".repeat(32), "60"])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    // The sandbox is the last thing that it makes before it waits.
    let status = format!("/proc/{}/status", idle.id());
    for _ in 0..200 {
        if std::fs::read_to_string(&status).unwrap().contains("Seccomp:\t2") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let least = kib(idle.id(), "VmRSS");
    idle.kill().unwrap();
    idle.wait().unwrap();
    assert!(least <= 2 << 10, "{least} KiB when nobody has come");
}
