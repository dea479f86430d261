//! `cargo xtask bench tap`: the rows of a live tap, CAP-P-06, CAP-P-10 and CAP-P-11, on a real node: requests a second of
//! a pod with the tap and without it, the time from a request's last byte to its record here, and the time until a pod
//! is captured beside `kubectl debug` until its container runs.

#![allow(clippy::indexing_slicing, reason = "a benchmark ends where its data is not as expected")]

use anyhow::{Context, Result, ensure};
use bench::build::{output, xtask};
use bench::node::Node;
use bench::table::{Figures, median, percentile};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn main() -> Result<()> {
    bench::node::run(NAME, |cluster, quick| {
        let agent = match std::env::var("QD_AGENT") {
            Ok(file) => file,
            Err(_) => xtask(&cluster.root, &["agent"])?,
        };
        cluster.load(agent.trim())?;
        cluster.demo("up")?;
        let ip = server(cluster)?;
        let (rounds, seconds) = if quick { (1, 2) } else { (5, 5) };
        let mut figures = Figures::default();
        load(cluster, &ip, rounds, seconds, &mut figures)?;
        latency(cluster, &ip, if quick { 50 } else { 500 }, &mut figures)?;
        start(cluster, if quick { 1 } else { 7 }, &mut figures)?;
        figures.print();
        Ok(())
    })
}

/// CAP-P-06, twice: with a processor to spare, where load and server have one of the processors to themselves and each
/// other, and all else of the node the others, as where a pod has processors of its own (what a tap costs the workload is
/// then what capturing its packets costs); and where load, server, agent, API server and reader share all of them: there the
/// server lacks what the others take, of which the API server and the reader are on other machines as a rule.
fn load(cluster: &Node, ip: &str, rounds: usize, seconds: u32, figures: &mut Figures) -> Result<()> {
    let server = processes(cluster)?;
    let all = format!("0-{}", std::thread::available_parallelism()?.get() - 1);
    let own = std::process::id().to_string();
    for (words, of_server, of_others, bar) in
        [("a processor to spare", "0", all.replacen('0', "1", 1), 0.95), ("none to spare", &*all, all.clone(), 0.0)]
    {
        // what is started from here on stays where its parent is
        for pid in cluster.processes()?.iter().filter(|pid| !server.contains(pid)).chain([&own]) {
            keep(pid, &of_others);
        }
        for pid in &server {
            ensure!(keep(pid, of_server), "process {pid} cannot be kept to processor {of_server}");
        }
        let (mut plain, mut tapped, mut lost) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            plain.push(wrk(ip, seconds, of_server)?);
            let tap = Tap::start_unread(cluster)?;
            tapped.push(wrk(ip, seconds, of_server)?);
            lost.extend(tap.stop()?.into_iter().filter(|line| line.contains(" lost ") || line.contains(" ended: ")));
        }
        let (without, with) = (median(&plain), median(&tapped));
        figures.add(&format!("CAP-P-06 requests/s without a tap, {words}"), format!("{without:.0}"), "", true);
        let ratio = with / without;
        let wanted = if bar > 0.0 { format!(">= {bar}") } else { "(for comparison)".to_owned() };
        figures.add(
            &format!("CAP-P-06 requests/s with / without, {words}"),
            format!("{ratio:.3}"),
            &wanted,
            ratio >= bar,
        );
        for line in lost {
            eprintln!("{words}: {}", line.trim());
        }
    }
    Ok(())
}

/// Keeps a process to these processors; whether that could be. One that has ended needs none.
fn keep(pid: &str, cpus: &str) -> bool {
    let done = Command::new("taskset").args(["-acp", cpus, pid]).output();
    done.is_ok_and(|output| output.status.success())
}

/// The processes of the pod's own containers.
fn processes(cluster: &Node) -> Result<Vec<String>> {
    let path = "jsonpath={.status.containerStatuses[*].containerID}";
    let text = cluster.kubectl(&["get", "pod", POD, "-n", NAMESPACE, "-o", path])?;
    let ids: Vec<&str> = text.split_whitespace().filter_map(|id| id.split("//").nth(1)).collect();
    ensure!(!ids.is_empty(), "the pod names no container");
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let Ok(groups) = std::fs::read_to_string(entry.path().join("cgroup")) else { continue };
        if ids.iter().any(|id| groups.contains(id)) {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    ensure!(!found.is_empty(), "no process is of the containers {ids:?}");
    Ok(found)
}

/// CAP-P-10: one request at a time; the packets' clock and ours are of one machine.
fn latency(cluster: &Node, ip: &str, count: usize, figures: &mut Figures) -> Result<()> {
    let tap = Tap::start(cluster)?;
    let mut delays = Vec::new();
    for at in 0..count {
        let path = format!("/late-{at}");
        let status = Command::new("curl")
            .args(["-sS", "--max-time", "5", "-o", "/dev/null", &format!("http://{ip}:8080{path}")])
            .status()?;
        ensure!(status.success(), "the server does not answer");
        let until = Instant::now() + Duration::from_secs(5);
        loop {
            let (came, record) = tap.records.recv_timeout(until.saturating_duration_since(Instant::now()))?;
            if record["path"] == path.as_str() {
                let begin = record["ts"].as_i64().context("ts")?;
                let total = record["total_us"].as_i64().context("total_us")?;
                delays.push((came - begin - total) as f64 / 1_000.0);
                break;
            }
        }
    }
    tap.stop()?;
    let (p50, p99) = (percentile(&delays, 0.5), percentile(&delays, 0.99));
    figures.add("CAP-P-10 last byte to record p50 ms", format!("{p50:.1}"), "(for comparison)", true);
    figures.add("CAP-P-10 last byte to record p99 ms", format!("{p99:.1}"), "<= 200", p99 <= 200.0);
    Ok(())
}

/// CAP-P-11: each on a pod that has just come and that nobody has tapped yet, for a tap takes the agent of the last one again.
fn start(cluster: &Node, rounds: usize, figures: &mut Figures) -> Result<()> {
    let (mut ours, mut again, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    let anew = || {
        cluster.kubectl(&["delete", "pod", POD, "-n", NAMESPACE, "--wait=true", "--grace-period=1"])?;
        server(cluster)
    };
    for round in 0..rounds {
        anew()?;
        for times in [&mut ours, &mut again] {
            let began = Instant::now();
            let tap = Tap::start(cluster)?;
            times.push(began.elapsed().as_secs_f64());
            tap.stop()?;
        }
        anew()?;
        let began = Instant::now();
        let name = format!("peer-{round}-{}", std::process::id());
        let image = ["--image=images.invalid/demo:1", "--image-pull-policy=Never", "--arguments-only=true"];
        cluster.kubectl(&[&["debug", POD, "-n", NAMESPACE, "-c", &name], &image[..], &["--", "lookup"]].concat())?;
        let running = format!("{{.status.ephemeralContainerStatuses[?(@.name==\"{name}\")].state.running.startedAt}}");
        let until = format!("--for=jsonpath={running}");
        cluster.kubectl(&["wait", "pod", POD, "-n", NAMESPACE, &until, "--timeout=60s"])?;
        theirs.push(began.elapsed().as_secs_f64());
    }
    let (ratio, again) = (median(&ours) / median(&theirs), median(&again) / median(&theirs));
    figures.add("CAP-P-11 qd tap until capturing ÷ kubectl debug", format!("{ratio:.2}"), "<= 1.2", ratio <= 1.2);
    figures.add("CAP-P-11 the next tap of the pod ÷ kubectl debug", format!("{again:.2}"), "(for comparison)", true);
    Ok(())
}

/// The shop's front as a pod of its own, without limits; its address.
fn server(cluster: &Node) -> Result<String> {
    let text = cluster.kubectl(&["get", "deployment", "front", "-n", NAMESPACE, "-o", "json"])?;
    let deployment: Value = serde_json::from_str(&text)?;
    let mut spec = deployment["spec"]["template"]["spec"].clone();
    for container in spec["containers"].as_array_mut().context("containers")? {
        container.as_object_mut().context("a container")?.remove("resources");
    }
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "spec": spec,
        "metadata": { "name": POD, "namespace": NAMESPACE, "labels": { "app": POD } },
    });
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), pod.to_string())?;
    cluster.apply(file.path())?;
    cluster.kubectl(&["wait", "pod", POD, "-n", NAMESPACE, "--for=condition=Ready", "--timeout=60s"])?;
    cluster.kubectl(&["get", "pod", POD, "-n", NAMESPACE, "-o", "jsonpath={.status.podIP}"])
}

/// A running tap of the pod.
struct Tap {
    child: Child,
    /// Records with the moment of their coming, in epoch microseconds.
    records: Receiver<(i64, Value)>,
    /// What it says of itself, to its end.
    said: JoinHandle<Vec<String>>,
}

impl Tap {
    /// Starts it and waits until it captures.
    fn start(cluster: &Node) -> Result<Self> {
        let (mut tap, send) = Self::spawn(cluster, Stdio::piped())?;
        let out = BufReader::new(tap.child.stdout.take().context("stdout")?);
        std::thread::spawn(move || {
            for line in out.lines().map_while(std::result::Result::ok) {
                let came = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_micros() as i64);
                let Ok(record) = serde_json::from_str(&line) else { continue };
                if send.send((came, record)).is_err() {
                    break;
                }
            }
        });
        Ok(tap)
    }

    /// The same, and its records are written to nowhere: what reading them costs is not the tap's.
    fn start_unread(cluster: &Node) -> Result<Self> {
        Ok(Self::spawn(cluster, Stdio::null())?.0)
    }

    fn spawn(cluster: &Node, out: Stdio) -> Result<(Self, Sender<(i64, Value)>)> {
        let mut command = Command::new(&cluster.qd);
        command
            .arg("--kubeconfig")
            .arg(&cluster.kubeconfig)
            .args(["tap", "-n", NAMESPACE, "--pod", POD, "-o", "jsonl"]);
        let mut child = command.stdout(out).stderr(Stdio::piped()).spawn()?;
        let (send, records) = channel();
        let mut errors = BufReader::new(child.stderr.take().context("stderr")?).lines();
        let mut said = String::new();
        loop {
            let line = errors.next().with_context(|| format!("the tap ended: {said}"))??;
            if line.contains("capturing") {
                break;
            }
            said.push_str(&line);
        }
        let said = std::thread::spawn(move || errors.map_while(std::result::Result::ok).collect());
        Ok((Self { child, records, said }, send))
    }

    /// Ends it: what it said.
    fn stop(mut self) -> Result<Vec<String>> {
        output(Command::new("kill").args(["-INT", &self.child.id().to_string()]))?;
        self.child.wait()?;
        Ok(self.said.join().unwrap_or_default())
    }
}

/// Requests a second, of a load that runs on these processors.
fn wrk(ip: &str, seconds: u32, cpus: &str) -> Result<f64> {
    let url = format!("http://{ip}:8080/healthz");
    let words = ["-c", cpus, "wrk", "-t1", "-c8", &format!("-d{seconds}s"), &url];
    let text = output(Command::new("taskset").args(words))?;
    let line = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:")).context("wrk's figure")?;
    Ok(line.trim().parse()?)
}

const NAME: &str = "benchtap";
const NAMESPACE: &str = "shop";
const POD: &str = "bench-front";
