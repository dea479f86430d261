//! `qd` on a cluster whose answers are damaged, forgotten and cut on their way.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code)]
#[path = "../../crates/cluster/tests/it/fault.rs"]
mod fault;

use e2e::console::command;
use fault::{Door, What, kubectl};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A namespace of a test; it goes with it.
struct Space(String);

impl Space {
    fn new(name: &str) -> Self {
        let name = format!("e2e-{name}-{}", std::process::id());
        kubectl(&["create", "namespace", &name], "");
        Self(name)
    }

    fn secret(&self, name: &str, ty: &str) {
        kubectl(&["create", "secret", "generic", name, "-n", &self.0, "--type", ty, "--from-literal=a=b"], "");
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        kubectl(&["delete", "namespace", &self.0, "--wait=false"], "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_08c_qd_get_prints_the_row_of_a_damaged_object_and_warns() {
    let space = Space::new("damage");
    space.secret("broken", "damage-the-type");
    space.secret("whole", "Opaque");
    let door = Door::open().await;
    door.fault(&["/secrets?"], 1, What::Damage { text: "damage-the-type", back: 2, byte: 0x1f });
    let (_folder, kubeconfig) = Door::kubeconfig(&[("a", door.port)]);
    let home = tempfile::tempdir().unwrap();
    let (path, name) = (home.path().to_owned(), space.0.clone());
    let run = move || command(&path, Some(&kubeconfig)).args(["get", "secrets", "-n", &name]).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{err}");
    let names: Vec<&str> = out.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["broken", "whole"], "{out}");
    let warning = format!("warning: decode_partial: secrets {}/broken is shown only in part", space.0);
    assert!(err.contains(&warning), "{err}");
    assert_eq!(err.matches("warning:").count(), 1, "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_04b_qd_names_the_right_that_is_missing_and_the_command_that_grants_it() {
    let space = Space::new("denied");
    space.secret("mine", "Opaque");
    let user = format!("denied-{}", std::process::id());
    let door = Door::open().await;
    let (_folder, kubeconfig) = door.kubeconfig_as(&user, &space.0);
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_owned();
    let run = move || command(&path, Some(&kubeconfig)).args(["get", "secrets"]).output().unwrap();
    let run = std::sync::Arc::new(run);
    let ask = async || {
        let run = run.clone();
        tokio::task::spawn_blocking(move || run()).await.unwrap()
    };
    let output = ask().await;
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(err.contains("qd: rbac_denied:") && err.contains(&user) && err.contains(&space.0), "{err}");
    let grant = err.lines().find(|line| line.contains("kubectl create role")).expect("the command").trim().to_owned();
    for command in grant.split(" && ") {
        kubectl(&command.split(' ').skip(1).collect::<Vec<_>>(), "");
    }
    let output = ask().await;
    assert!(String::from_utf8_lossy(&output.stdout).contains("mine"), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A command whose lines are read as they come.
struct Running {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Running {
    fn start(home: &Path, kubeconfig: &Path, args: &[&str]) -> Self {
        let mut command = command(home, Some(kubeconfig));
        let mut child = command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, out, err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Waits for a line with this mark.
async fn line(from: &Receiver<String>, mark: &str) -> String {
    let began = Instant::now();
    let mut seen = Vec::new();
    while began.elapsed() < Duration::from_secs(30) {
        while let Ok(line) = from.try_recv() {
            if line.contains(mark) {
                return line;
            }
            seen.push(line);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no line with {mark:?}: {seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_05d_qd_get_watch_outlives_the_server_and_tells_the_gap() {
    let space = Space::new("gap");
    space.secret("first", "Opaque");
    let door = Door::open().await;
    let (_folder, kubeconfig) = Door::kubeconfig(&[("a", door.port)]);
    let home = tempfile::tempdir().unwrap();
    let qd = Running::start(home.path(), &kubeconfig, &["get", "secrets", "-n", &space.0, "--watch"]);
    line(&qd.out, "first").await;

    door.fault(&["/secrets?", "&resourceVersion="], 1, What::gone());
    door.down().await;
    line(&qd.err, "warning: cluster_unreachable:").await;
    space.secret("second", "Opaque");
    door.up().await;
    let told = line(&qd.err, "warning: history_gap:").await;
    assert!(told.contains("watch of secrets") && told.contains("was not seen"), "{told}");
    line(&qd.out, "second").await;
    space.secret("third", "Opaque");
    line(&qd.out, "third").await;
}
