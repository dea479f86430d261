//! A container without a cluster: namespaces of mounts and processes, own accounts, homes and sockets, and the daemon
//! as process 1 with the capabilities that a workspace's pod has.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_qd-agent");
/// The same in a pod, where everybody may run it: the folder it was built in may be closed to all but root.
pub(crate) const INSIDE: &str = "/run/qd-agent";
/// Who works in it.
pub(crate) const UID: u32 = 4321;

/// A running container; it ends with this.
pub(crate) struct Pod {
    folder: tempfile::TempDir,
    child: Child,
    /// The daemon, as this machine sees it.
    pub(crate) first: i32,
    said: Arc<Mutex<String>>,
}

/// What the configuration says unless a test says more.
pub(crate) fn config(more: &Value) -> Value {
    let mut config = json!({
        "workspace": { "uid": "6f3c", "name": "blue", "namespace": "dev", "owner": "anna", "blueprint": "shell" },
        "user": { "name": "anna", "uid": UID, "gid": UID, "email": "anna@example.org" },
        "listen": "",
        "graceSeconds": 2,
    });
    for (name, value) in more.as_object().unwrap() {
        config[name] = value.clone();
    }
    config
}

impl Pod {
    /// Starts one and waits until it is ready.
    pub(crate) fn start(more: &Value) -> Self {
        Self::with(more, "exec")
    }

    /// One whose image has a first process of its own, which reaps nobody but its child.
    pub(crate) fn below_an_init(more: &Value) -> Self {
        Self::with(more, "run() { \"$@\" & wait $!; }; run")
    }

    fn with(more: &Value, how: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("qdw").tempdir().unwrap();
        for part in ["etc/skel", "etc/quarterdeck", "home", "run/quarterdeck"] {
            std::fs::create_dir_all(folder.path().join(part)).unwrap();
        }
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        put("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
        put("etc/group", "root:x:0:\n");
        put("etc/skel/.profile", "PS1='$ '\n");
        // JSON is YAML
        put("etc/quarterdeck/config.yaml", &config(more).to_string());
        Self::over(folder, how)
    }

    /// Ends this one, as a node that dies would, and starts another over the same files.
    pub(crate) fn again(mut self) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        Self::over(folder, "exec")
    }

    fn over(folder: tempfile::TempDir, how: &str) -> Self {
        let script = format!(
            "mount --bind '{0}/etc' /etc; mount --bind '{0}/home' /home; mount --bind '{0}/run' /run; \
             mount -t proc proc /proc; cd /; \
             touch {INSIDE}; mount --bind '{PROGRAM}' {INSIDE}; \
             {how} setpriv --bounding-set=-all,+chown,+setuid,+setgid --inh-caps=-all {INSIDE} workspaced",
            folder.path().display()
        );
        let mut child = Command::new("unshare")
            .args(["--fork", "--pid", "--mount", "--kill-child", "--propagation=private", "sh", "-ec", &script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (lines, kept) = (BufReader::new(child.stdout.take().unwrap()), said.clone());
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                kept.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let mut pod = Self { folder, child, first: 0, said };
        pod.until("the daemon is ready", |pod| pod.checked());
        let below = format!("/proc/{0}/task/{0}/children", pod.child.id());
        pod.first = std::fs::read_to_string(below).unwrap().trim().parse().unwrap();
        pod
    }

    fn checked(&self) -> bool {
        let mut command = Command::new(PROGRAM);
        command.args(["workspaced", "check", "--socket"]).arg(self.socket()).stderr(Stdio::null());
        command.status().unwrap().success()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("run/quarterdeck/agent.sock")
    }

    /// A file of the container.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn home(&self, name: &str) -> PathBuf {
        self.path("home/anna").join(name)
    }

    /// What the daemon wrote so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits for a condition.
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(15);
        while !holds(self) {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the daemon ended ({status}) before: {what}\n{}", self.said());
            }
            assert!(Instant::now() < end, "never: {what}\n{}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Runs a program in the container, as root.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        let target = format!("--target={}", self.first);
        Command::new("nsenter").args([target.as_str(), "--pid", "--mount", "--"]).args(words).output().unwrap()
    }

    /// Asks over the local socket, as root; the status and the body.
    pub(crate) fn ask(&self, method: &str, path: &str) -> (u16, Value) {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let status = text.split(' ').nth(1).unwrap().parse().unwrap();
        let body = text.split_once("\r\n\r\n").unwrap().1;
        (status, serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned())))
    }

    /// How long the whole container takes to end after this signal, and what it returned.
    pub(crate) fn ends_by(&mut self, signal: rustix::process::Signal) -> (Duration, Option<i32>) {
        let began = Instant::now();
        let first = rustix::process::Pid::from_raw(self.first).unwrap();
        let _ = rustix::process::kill_process(first, signal); // it may have ended by itself
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (began.elapsed(), status.code());
            }
            assert!(began.elapsed() < Duration::from_secs(30), "it does not end:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the daemon said:\n{}", self.said());
        }
    }
}
