//! Network namespaces of their own. Needs root.

use std::process::{Child, Command, Stdio};

/// A network namespace with its loopback up; gone with this.
pub(crate) struct Space {
    pub(crate) name: String,
    children: Vec<Child>,
}

impl Space {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("qd-{name}-{}", std::process::id());
        ip(&["netns", "add", &name]);
        ip(&["-n", &name, "link", "set", "lo", "up"]);
        Self { name, children: Vec::new() }
    }

    /// The words that start a program in it.
    pub(crate) fn by(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.name]
    }

    /// `ip -n NAME …`
    pub(crate) fn ip(&self, words: &[&str]) {
        ip(&[&["-n", &self.name], words].concat());
    }

    /// Two interfaces that are the ends of one wire, both up.
    pub(crate) fn wire(&self, one: &str, other: &str) {
        self.ip(&["link", "add", one, "type", "veth", "peer", "name", other]);
        for end in [one, other] {
            self.ip(&["link", "set", end, "up"]);
        }
    }

    /// Gives an interface an address of a network in which the last address, 9, is a host that nobody has: what is sent
    /// there leaves and is not answered.
    pub(crate) fn towards_nobody(&self, link: &str, network: &str) {
        self.ip(&["addr", "add", &format!("{network}.1/24"), "dev", link]);
        self.ip(&["neigh", "add", &format!("{network}.9"), "lladdr", "02:00:00:00:00:99", "dev", link]);
    }

    /// Runs a program in it to its end; its output.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        let output = Command::new("ip").args(["netns", "exec", &self.name]).args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a program in it, which ends with the namespace at the latest.
    pub(crate) fn start(&mut self, words: &[&str]) -> &mut Child {
        let child = Command::new("ip")
            .args(["netns", "exec", &self.name])
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        self.children.push(child);
        self.children.last_mut().unwrap()
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

fn ip(words: &[&str]) {
    let status = Command::new("ip").args(words).status().expect("iproute2 is installed");
    assert!(status.success(), "ip {words:?}: run as root");
}
