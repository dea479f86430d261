//! A node with a console that has the operator, and what is asked of both.

use anyhow::{Context, Result, bail, ensure};
use bench::build::output;
use bench::node::Node;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The place of all measurements on a node.
pub(crate) struct Place<'a> {
    pub(crate) node: &'a Node,
    home: tempfile::TempDir,
}

impl<'a> Place<'a> {
    pub(crate) fn new(node: &'a Node) -> Result<Self> {
        Ok(Self { node, home: tempfile::tempdir()? })
    }

    fn qd(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.node.qd);
        command.env("HOME", self.home.path()).env_remove("KUBECONFIG").env_remove("XDG_STATE_HOME");
        command.args(words).arg("--kubeconfig").arg(&self.node.kubeconfig);
        command
    }

    pub(crate) fn ws(&self, words: &[&str]) -> Result<String> {
        let (program, rest): (&[&str], &[&str]) = match words.iter().position(|word| *word == "--") {
            Some(at) => words.split_at(at),
            None => (words, &[]),
        };
        let mut command = self.qd(&[&["ws"], program, &["-n", NAMESPACE]].concat());
        output(command.args(rest))
    }

    /// A console with the operator in it, which serves.
    pub(crate) fn console(&self) -> Result<Console> {
        let port = super::served::free_port()?;
        let listen = format!("127.0.0.1:{port}");
        let mut command = self.qd(&["console", "--no-open", "--listen", &listen, "--with-operator", "--yes"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().context("stdout")?), &mut line)?;
        ensure!(!line.is_empty(), "the console ended");
        let file = self.home.path().join(format!(".local/state/quarterdeck/console-{port}.json"));
        let record: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
        let token = record["token"].as_str().context("token")?.to_owned();
        let context = self.node.kubectl(&["config", "current-context"])?.trim().to_owned();
        Ok(Console { child, port, token, context })
    }

    /// An object of the namespace.
    pub(crate) fn get(&self, object: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.node.kubectl(&["get", "-n", NAMESPACE, object, "-o", "json"])?)?)
    }

    /// A workspace, once it is ready; its pod.
    pub(crate) fn ready(&self, name: &str) -> Result<Value> {
        self.ws(&["create", name, "--image", IMAGE])?;
        self.ws(&["exec", name, "--", "true"])?;
        let workspace = self.get(&format!("workspaces.quarterdeck.dev/{name}"))?;
        self.get(&format!("pod/{}", workspace["status"]["pod"]["name"].as_str().context("its pod")?))
    }

    /// Applies a pod of the same image, with a claim of storage of its own where it is to have one.
    pub(crate) fn pod(&self, name: &str, home: bool) -> Result<()> {
        let claim = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": name, "namespace": NAMESPACE },
            "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
        });
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "namespace": NAMESPACE },
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [{
                    "name": "main", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["sleep", "3600"],
                }],
            },
        });
        let mut items = Vec::new();
        if home {
            pod["spec"]["volumes"] = json!([{ "name": "home", "persistentVolumeClaim": { "claimName": name } }]);
            pod["spec"]["containers"][0]["volumeMounts"] = json!([{ "name": "home", "mountPath": "/home/user" }]);
            items.push(claim);
        }
        items.push(pod);
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string())?;
        self.node.apply(file.path())
    }
}

/// A process of a pod, as this machine sees it: the node is this machine.
pub(crate) fn process(pod: &Value) -> Result<u32> {
    let uid = pod["metadata"]["uid"].as_str().context("its uid")?;
    let all = std::fs::read_dir("/proc")?.flatten();
    let mut ids = all.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    ids.find(|pid| is_of(*pid, uid)).context("the pod has no process here")
}

/// Whether a process is one of a pod's.
pub(crate) fn is_of(pid: u32, uid: &str) -> bool {
    let cgroup = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    cgroup.contains(uid) || cgroup.contains(&uid.replace('-', "_"))
}

/// A console, which ends with this.
pub(crate) struct Console {
    child: Child,
    pub(crate) port: u16,
    token: String,
    pub(crate) context: String,
}

/// An app that is open: its host and the cookie for it.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) host: String,
    pub(crate) cookie: String,
}

impl Console {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Opens a port of a workspace as a browser does.
    pub(crate) fn open(&self, workspace: &str, port: u16) -> Result<Opened> {
        let path = format!("/api/v1/workspaces/{NAMESPACE}/{workspace}/open?cluster={}&port={port}", self.context);
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let token = format!("X-Quarterdeck-Token: {}", self.token);
        let text = output(Command::new("curl").args(["-sS", "--max-time", "30", "-X", "POST", "-H", &token, &url]))?;
        let answer: Value = serde_json::from_str(&text)?;
        let url = answer["url"].as_str().with_context(|| text.clone())?.to_owned();
        let (host, path) = url.trim_start_matches("http://").split_once('/').context("a path")?;
        let (_, head) = get(self.port, &Opened { host: host.to_owned(), cookie: String::new() }, &format!("/{path}"))?;
        let cookie = head.lines().find_map(|line| line.strip_prefix("Set-Cookie: ")).with_context(|| head.clone())?;
        Ok(Opened { host: host.to_owned(), cookie: cookie.split(';').next().unwrap_or_default().to_owned() })
    }

    /// A stream of the API that stays open.
    pub(crate) fn watch(&self, path: &str) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nX-Quarterdeck-Token: {}\r\n\r\n",
            self.port, self.token
        );
        stream.write_all(head.as_bytes())?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        ensure!(answer.ends_with(b" 200"), "{path}: {}", String::from_utf8_lossy(&answer));
        Ok(stream)
    }
}

/// One request over a connection of its own: how many bytes its body had, and its head.
pub(crate) fn get(port: u16, opened: &Opened, path: &str) -> Result<(usize, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let Opened { host, cookie } = opened;
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let (mut bytes, mut piece) = (Vec::new(), vec![0; 256 << 10]);
    let (end, length) = loop {
        let len = stream.read(&mut piece)?;
        bytes.extend_from_slice(piece.get(..len).unwrap_or_default());
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(bytes.get(..at).unwrap_or_default()).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
            break (at + 4, length.unwrap_or(usize::MAX));
        }
        ensure!(len > 0, "no head: {}", String::from_utf8_lossy(&bytes));
    };
    let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
    let mut came = bytes.len() - end;
    while came < length {
        match stream.read(&mut piece)? {
            0 if length == usize::MAX => break,
            0 => bail!("{came} bytes of {length} came"),
            len => came += len,
        }
    }
    Ok((came, head))
}

impl Drop for Console {
    fn drop(&mut self) {
        // It gives its lease back when it may end by itself.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, limit: Duration, mut so: impl FnMut() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + limit;
    while !so()? {
        ensure!(Instant::now() < end, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

pub(crate) const NAMESPACE: &str = "bench";
pub(crate) const IMAGE: &str = "images.invalid/shell:1";
const PATIENCE: Duration = Duration::from_secs(60);
