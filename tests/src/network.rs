//! Who reaches whom on a node: connections that are made in the networks of pods, by this process.

use crate::workspaces::get;
use crate::{kubeconfig, kubectl, node};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::process::Output;
use std::time::Duration;

/// The network of a pod.
#[derive(Clone, Debug)]
pub struct End {
    /// The pod's.
    pub address: IpAddr,
    pid: u32,
}

impl End {
    /// That of a pod that runs.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn of(namespace: &str, pod: &str) -> Self {
        let object = get(namespace, "pod", pod);
        let address = object["status"]["podIP"].as_str().and_then(|text| text.parse().ok()).expect("it has an address");
        let uid = object["metadata"]["uid"].as_str().expect("a uid");
        let pid = node::processes(uid).first().expect("it has processes").0;
        Self { address, pid }
    }

    /// Starts a pod with these labels that does nothing, in the network of the node where that is said.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn start(namespace: &str, name: &str, labels: &Value, of_node: bool) -> Self {
        let container = json!({ "name": "main", "image": "images.invalid/shell:1", "command": ["sleep", "infinity"] });
        let object = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": name, "namespace": namespace, "labels": labels },
            "spec": { "containers": [container], "hostNetwork": of_node, "terminationGracePeriodSeconds": 0 },
        });
        kubectl::apply(&kubeconfig(), &object.to_string());
        let words = ["wait", "-n", namespace, &format!("pod/{name}"), "--for=condition=Ready", "--timeout=60s"];
        let _ = kubectl::stdout(&kubeconfig(), &words);
        Self::of(namespace, name)
    }

    /// Whether a connection is made within a second.
    ///
    /// # Panics
    /// When the pod's network cannot be entered.
    #[must_use]
    pub fn reaches(&self, address: IpAddr, port: u16) -> bool {
        let to = SocketAddr::new(address, port);
        self.inside(move || TcpStream::connect_timeout(&to, Duration::from_secs(1)).is_ok())
    }

    /// Takes connections on a port of every address, until the test ends.
    ///
    /// # Panics
    /// When something does already.
    pub fn listens(&self, port: u16) {
        let listener = self.inside(move || TcpListener::bind(("0.0.0.0", port)).expect("the port is free"));
        std::thread::spawn(move || listener.incoming().for_each(drop));
    }

    /// Answers each connection to a port of every address with what was asked for, until the test ends.
    ///
    /// # Panics
    /// When something listens there already.
    pub fn answers(&self, port: u16) {
        let listener = self.inside(move || TcpListener::bind(("0.0.0.0", port)).expect("the port is free"));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut head = Vec::new();
                    let mut byte = [0];
                    while head.len() < 8192 && !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                        head.push(byte[0]);
                    }
                    let text = String::from_utf8_lossy(&head);
                    let said = text.replace("\r\n", "|");
                    let stays = text.contains("/stay");
                    let len = said.len() + usize::from(stays);
                    let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{said}");
                    // who asks for that waits for the last byte until the connection ends
                    if stays {
                        let _ = stream.read_exact(&mut byte);
                    }
                });
            }
        });
    }

    /// What a program of this machine says in this network.
    #[must_use]
    pub fn output(&self, words: &[&str]) -> Output {
        node::within(self.pid, words)
    }

    /// Runs a program of this machine in this network.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, words: &str) {
        let all: Vec<&str> = words.split(' ').collect();
        let output = node::within(self.pid, &all);
        assert!(output.status.success(), "{words}: {}", crate::errors(&output));
    }

    fn inside<T: Send + 'static>(&self, does: impl FnOnce() -> T + Send + 'static) -> T {
        let pid = self.pid;
        let thread = std::thread::spawn(move || {
            let space = File::open(format!("/proc/{pid}/ns/net")).expect("its network");
            move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network)).expect("this is root's");
            does()
        });
        thread.join().expect("it is done in that network")
    }
}

/// The node keeps no network policies while this lives; they are kept again with the next change of one or of a pod.
pub struct Unkept(u32);

impl Unkept {
    /// What keeps them stands still, and the rules that are there let all through.
    ///
    /// # Panics
    /// When nothing keeps them.
    #[must_use]
    pub fn on(node: &End) -> Self {
        let keeper = keeper().expect("the cluster was started with --enforce");
        crate::signal(keeper, "STOP");
        for chain in ["forwarded", "to_node"] {
            node.run(&format!("nft insert rule ip policies {chain} accept"));
        }
        Self(keeper)
    }
}

impl Drop for Unkept {
    fn drop(&mut self) {
        crate::signal(self.0, "CONT");
    }
}

/// A connection to try: the name and the network of who makes it, the name of who is called, and where that is.
pub type Try<'a> = (&'a str, &'a End, &'a str, (IpAddr, u16));

/// Which of these connections are made, all beside each other.
#[must_use]
pub fn made<'a>(tries: &[Try<'a>]) -> Vec<(&'a str, &'a str)> {
    std::thread::scope(|threads| {
        let running: Vec<_> = tries
            .iter()
            .map(|(from, end, name, (address, port))| {
                (*from, *name, threads.spawn(move || end.reaches(*address, *port)))
            })
            .collect();
        let ended = running.into_iter().map(|(from, name, one)| (from, name, one.join().expect("it was tried")));
        ended.filter(|(_, _, made)| *made).map(|(from, name, _)| (from, name)).collect()
    })
}

/// Waits until exactly these connections are made, and looks once more.
///
/// # Panics
/// When others are.
pub fn only(tries: &[Try<'_>], open: &[(&str, &str)]) {
    let mut expected = open.to_vec();
    expected.sort_unstable();
    let look = || {
        let mut now = made(tries);
        now.sort_unstable();
        now
    };
    // the network learns of pods and rules a moment after they are there
    for _ in 0..10 {
        if look() == expected {
            break;
        }
    }
    let now = look();
    let wrong = now.iter().filter(|one| !expected.contains(one));
    let wrong: Vec<_> = wrong.collect();
    let missing: Vec<_> = expected.iter().filter(|one| !now.contains(one)).collect();
    assert!(
        wrong.is_empty() && missing.is_empty(),
        "open and should not be: {wrong:?}; closed and should not be: {missing:?}\n{}",
        rules()
    );
}

/// The rules and the routes of the node, for who looks after a test that failed.
fn rules() -> String {
    let Some(keeper) = keeper() else { return "nothing keeps network policies".to_owned() };
    let said = |words: &[&str]| crate::out(&node::within(keeper, words));
    format!("{}\n{}", said(&["ip", "route"]), said(&["nft", "list", "table", "ip", "policies"]))
}

/// What keeps network policies on the node.
fn keeper() -> Option<u32> {
    let config = kubeconfig().with_file_name("pki").join("tools.kubeconfig");
    let words = format!("policies --kubeconfig {}", config.display());
    node::running(|line| line.ends_with(&words) && !line.contains("nsenter "))
}
