//! WP-07, and the parts of WP-14 that are about connections: a port of a workspace through the console's door and the daemon's
//! tunnel, beside `kubectl port-forward` to the same pod.

use super::place::{Console, NAMESPACE, Opened, Place, get, is_of, process};
use super::prompt::resident;
use super::served::Served;
use super::upstream::BIG;
use anyhow::{Context, Result, ensure};
use bench::process::running;
use bench::table::{Figures, median};
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A workspace with a program that listens in it.
pub(crate) struct Listening {
    uid: String,
    pod: String,
    _app: Served,
    log: tempfile::NamedTempFile,
}

impl Listening {
    pub(crate) fn new(place: &Place<'_>, name: &str) -> Result<Self> {
        let pod = place.ready(name)?;
        let pid = process(&pod)?;
        let log = tempfile::NamedTempFile::new()?;
        let mut command = Command::new("nsenter");
        command.args(["-t", &pid.to_string(), "-n"]).arg(std::env::current_exe()?).args(["serve-upstream", PORT]);
        let app = Served::says(&mut command, log.path())?;
        let of = |key: &str| pod["metadata"][key].as_str().map(str::to_owned).context("its name and uid");
        Ok(Self { uid: of("uid")?, pod: of("name")?, _app: app, log })
    }
}

/// WP-07.
pub(crate) fn run(place: &Place<'_>, console: &Console, quick: bool, figures: &mut Figures) -> Result<()> {
    let name = "tunnel";
    let app = Listening::new(place, name)?;
    let opened = console.open(name, PORT.parse()?)?;
    let forward = Forward::start(place, &app.pod)?;
    let plain = Opened { host: "localhost".to_owned(), cookie: String::new() };
    let server = api_server(place)?;
    let ways = [(console.port, &opened), (forward.port, &plain)];
    for (port, login) in ways {
        let (len, head) = get(port, login, "/k")?;
        ensure!(len == 1 << 10 && head.starts_with("HTTP/1.1 200 "), "{len} bytes: {head}");
    }
    let (mut rates, mut costs, mut short) =
        ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for _ in 0..if quick { 1 } else { 5 } {
        for (at, (port, login)) in ways.into_iter().enumerate() {
            let (before, began) = (running(server)?.0, Instant::now());
            let (len, _) = get(port, login, "/big")?;
            ensure!(len == BIG, "{len} bytes");
            rates[at].push(BIG as f64 / began.elapsed().as_secs_f64() / 1e6);
            costs[at].push((running(server)?.0 - before).max(0.005));
            let (many, began) = (if quick { 100 } else { 1_000 }, Instant::now());
            for _ in 0..many {
                ensure!(get(port, login, "/k")?.0 == 1 << 10, "a short connection");
            }
            short[at].push(began.elapsed().as_secs_f64() / f64::from(many) * 1e3);
        }
    }
    let of = |all: &[Vec<f64>; 2]| (median(&all[0]), median(&all[1]));
    let (ours, theirs) = of(&rates);
    figures.add("WP-07 a port's throughput MB/s", format!("{ours:.0}"), "(for the ratio)", true);
    figures.add("WP-07 kubectl port-forward's MB/s", format!("{theirs:.0}"), "(for the ratio)", true);
    figures.add("WP-07 ours ÷ kubectl's", format!("{:.2}", ours / theirs), ">= 3", ours / theirs >= 3.0);
    let (ours, theirs) = of(&short);
    figures.add("WP-07 a short connection ms", format!("{ours:.2}"), "(for the ratio)", true);
    figures.add("WP-07 kubectl's ÷ ours", format!("{:.2}", theirs / ours), ">= 5", theirs / ours >= 5.0);
    let (ours, theirs) = of(&costs);
    figures.add(
        "WP-07 API server CPU, ours ÷ kubectl's",
        format!("{:.2}", ours / theirs),
        "<= 0.1",
        ours / theirs <= 0.1,
    );
    drop(app.log);
    Ok(())
}

/// WP-14: what connections and watchers cost the daemon and the console.
pub(crate) fn crowd(place: &Place<'_>, console: &Console, quick: bool, figures: &mut Figures) -> Result<()> {
    let (workspaces, connections, watchers) = if quick { (20, 200, 20) } else { (200, 1_000, 100) };
    let items: Vec<_> = (0..workspaces).map(|at| stopped(&format!("still-{at}"))).collect();
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string())?;
    place.node.apply(file.path())?;
    let app = Listening::new(place, "crowd")?;
    let daemon = daemon_of(&app.uid)?;
    let before = kib(daemon)?;
    let mut open = Vec::new();
    let mut first = 0.0;
    for at in 0..connections {
        if at % PER_LOGIN == 0 {
            open.push((console.open("crowd", PORT.parse()?)?, Vec::new()));
        }
        let Some((login, streams)) = open.last_mut() else { continue };
        streams.push(socket(console.port, login)?);
        if at + 1 == PER_LOGIN.min(connections) {
            first = (kib(daemon)? - before) / (at + 1) as f64;
        }
    }
    let mut watching = Vec::new();
    for at in 0..watchers {
        let path = format!("/api/v1/workspaces/{NAMESPACE}/still-{at}/events?cluster={}", console.context);
        watching.push(console.watch(&path)?);
    }
    let mib = kib(console.id())? / 1024.0;
    figures.add("WP-14 the daemon's of a connection KiB", format!("{first:.1}"), "<= 32", first <= 32.0);
    let what = format!("WP-14 console MiB: {workspaces}, {connections}, {watchers}");
    figures.add(&what, format!("{mib:.0}"), "<= 150", mib <= 150.0);
    drop((open, watching, app));
    Ok(())
}

fn stopped(name: &str) -> serde_json::Value {
    json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace",
        "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": { "owner": "ada", "org": "lab", "image": super::place::IMAGE, "state": "Stopped" },
    })
}

fn kib(pid: u32) -> Result<f64> {
    resident(&std::fs::read_to_string(format!("/proc/{pid}/status"))?)
}

/// The daemon of a workspace, by its pod.
fn daemon_of(uid: &str) -> Result<u32> {
    let all = std::fs::read_dir("/proc")?.flatten();
    let mut ids = all.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    let is = |pid: &u32| {
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).replace('\0', " ");
        is_of(*pid, uid) && words.contains("workspaced --config")
    };
    ids.find(is).context("the daemon")
}

fn socket(port: u16, login: &Opened) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let Opened { host, cookie } = login;
    let head = format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    ensure!(answer.ends_with(b" 101"), "{}", String::from_utf8_lossy(&answer));
    Ok(stream)
}

/// The API server of the cluster.
fn api_server(place: &Place<'_>) -> Result<u32> {
    let folder = place.node.kubeconfig.parent().context("a folder")?.display().to_string();
    let all = std::fs::read_dir("/proc")?.flatten();
    let mut ids = all.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    let is = |pid: &u32| {
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words);
        words.split('\0').next().is_some_and(|word| word.ends_with("kube-apiserver")) && words.contains(&folder)
    };
    ids.find(is).context("the API server is no process of this machine")
}

/// `kubectl port-forward`, until it is dropped.
struct Forward {
    child: Child,
    port: u16,
}

impl Forward {
    fn start(place: &Place<'_>, pod: &str) -> Result<Self> {
        let kubectl = place.node.kubeconfig.with_file_name("bin").join("kubectl");
        let mut command = Command::new(kubectl);
        command.arg("--kubeconfig").arg(&place.node.kubeconfig);
        command.args(["-n", NAMESPACE, "port-forward", &format!("pod/{pod}"), &format!(":{PORT}")]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("its output")?);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        // Forwarding from 127.0.0.1:43211 -> 3000
        let port = line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
        // Each connection is a line more: a full pipe would stop it.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Ok(Self { child, port: port.with_context(|| format!("kubectl said {line:?}"))? })
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        // It may have ended by itself, with its pod.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PORT: &str = "3000";
/// A login has 256 connections at most.
const PER_LOGIN: usize = 250;
