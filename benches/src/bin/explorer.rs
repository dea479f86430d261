//! `cargo xtask bench explorer`: the explorer's rows EXP-01 to EXP-06 and EXP-09 on a control plane with simulated pods,
//! beside a client-go informer program and kubectl in the same run.

#![allow(clippy::indexing_slicing, reason = "a benchmark ends where its data is not as expected")]

use anyhow::{Context, Result, bail};
use bench::build::{self, xtask, xtask_command};
use bench::process::{measure, measured, running};
use bench::socket::Tab;
use bench::table::{Figures, median, percentile};
use clap::Parser;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Explorer benchmark.
#[derive(Parser)]
struct Args {
    /// 5,000 pods, one round: to see that it works
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// 150,000 pods and 5,000 nodes
    #[arg(long)]
    full: bool,
    /// Without the browser's figures
    #[arg(long)]
    no_browser: bool,
    /// Keep the cluster afterwards
    #[arg(long)]
    keep: bool,
}

fn main() -> Result<()> {
    if measured()? {
        return Ok(());
    }
    let args = Args::parse();
    let (pods, nodes, rounds) = match (args.quick, args.full) {
        (true, _) => (5_000, 200, 1),
        (_, true) => (150_000, 5_000, 3),
        _ => (30_000, 1_000, 5),
    };
    let root = build::root();
    let result = tokio::runtime::Runtime::new()?.block_on(run(&root, pods, nodes, rounds, args.no_browser));
    if !args.keep {
        xtask(&root, &["cluster", "down", "--name", NAME])?;
    }
    result
}

async fn run(root: &Path, pods: u32, nodes: u32, rounds: usize, no_browser: bool) -> Result<()> {
    let qd = build::qd(root)?;
    let (fake_nodes, fake_pods) = (nodes.to_string(), pods.to_string());
    let up = [
        "cluster",
        "up",
        "--name",
        NAME,
        "--control-plane-only",
        "--fake-nodes",
        &fake_nodes,
        "--fake-pods",
        &fake_pods,
    ];
    let kubeconfig = PathBuf::from(xtask(root, &up)?.trim());
    let kubectl = kubeconfig.with_file_name("bin").join("kubectl");
    let mut figures = Figures::default();
    memory_and_sync(root, &qd, &kubeconfig, pods, rounds, &mut figures).await?;
    get(&qd, &kubectl, &kubeconfig, rounds, &mut figures)?;
    views(root, &qd, &kubeconfig, pods, &mut figures).await?;
    if !no_browser {
        browser(root, &qd, &kubectl, &kubeconfig, pods, &mut figures)?;
    }
    println!("\n{pods} simulated pods on {nodes} simulated nodes, {rounds} rounds");
    figures.print();
    Ok(())
}

/// EXP-01, EXP-02: the console with every core kind synced, beside the informer program.
async fn memory_and_sync(
    root: &Path,
    qd: &Path,
    kubeconfig: &Path,
    pods: u32,
    rounds: usize,
    figures: &mut Figures,
) -> Result<()> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let console = Console::start(qd, kubeconfig)?;
        let mut tab = console.tab().await?;
        synced(&mut tab, pods).await?;
        let (cpu, rss) = running(console.child.id())?;
        ours.push((cpu, rss as f64 / 1024.0));
        drop(tab);
        drop(console);
        let line = xtask(root, &["cluster", "tool", "--name", NAME, "informer"])?;
        let peer: Value = serde_json::from_str(line.lines().last().unwrap_or_default()).context(line.clone())?;
        theirs.push((peer["cpu_ms"].as_f64().unwrap_or(0.0) / 1000.0, peer["rss_kb"].as_f64().unwrap_or(0.0) / 1024.0));
    }
    let part = |list: &[(f64, f64)], second: bool| {
        median(&list.iter().map(|(a, b)| if second { *b } else { *a }).collect::<Vec<_>>())
    };
    let (rss, peer_rss) = (part(&ours, true), part(&theirs, true));
    let (cpu, peer_cpu) = (part(&ours, false), part(&theirs, false));
    figures.add("EXP-01 console RSS MiB", format!("{rss:.1}"), "<= 150 at 150,000 pods", rss <= 150.0);
    figures.add("EXP-01 RSS / informer", format!("{:.3}", rss / peer_rss), "<= 0.05", rss / peer_rss <= 0.05);
    figures.add("EXP-02 sync CPU s", format!("{cpu:.2}"), "<= 1.5 at 150,000 pods", cpu <= 1.5);
    figures.add("EXP-02 sync CPU / informer", format!("{:.3}", cpu / peer_cpu), "<= 0.25", cpu / peer_cpu <= 0.25);
    Ok(())
}

/// EXP-09.
fn get(qd: &Path, kubectl: &Path, kubeconfig: &Path, rounds: usize, figures: &mut Figures) -> Result<()> {
    let config = kubeconfig.display().to_string();
    let args = ["--kubeconfig", &config, "get", "pods", "-A", "-o", "wide"];
    let (mut wall, mut rss) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let ours = measure(&qd.display().to_string(), &args)?;
        let theirs = measure(&kubectl.display().to_string(), &args)?;
        wall.push(ours.wall_s / theirs.wall_s);
        rss.push(ours.rss_kib as f64 / theirs.rss_kib as f64);
    }
    let (wall, rss) = (median(&wall), median(&rss));
    figures.add("EXP-09 get wall / kubectl", format!("{wall:.3}"), "<= 0.333", wall <= 1.0 / 3.0);
    figures.add("EXP-09 get RSS / kubectl", format!("{rss:.3}"), "<= 0.1", rss <= 0.1);
    Ok(())
}

/// EXP-03 and EXP-04 up to the socket, EXP-05's server part.
async fn views(root: &Path, qd: &Path, kubeconfig: &Path, pods: u32, figures: &mut Figures) -> Result<()> {
    let console = Console::start(qd, kubeconfig)?;
    let mut tab = console.tab().await?;
    let cluster = console.context(&mut tab).await?;
    let query = |filter: &str, sort: Value| json!({ "kind": "pods", "clusters": [cluster], "filter": filter, "sort": sort, "at": 0, "len": 120 });
    let started = Instant::now();
    let (_, mut snap) = tab.rows(1, query("", json!([]))).await?;
    while snap["rows"].as_array().is_none_or(Vec::is_empty) && snap["total"] == 0 {
        let frame = tab.next().await?;
        if let Some(delta) = frame.get("delta").filter(|delta| delta["rows"].is_array()) {
            snap = delta.clone();
        }
    }
    let first = started.elapsed().as_secs_f64() * 1000.0;
    figures.add("EXP-03 first rows ms (socket)", format!("{first:.0}"), "<= 300 painted", first <= 300.0);
    synced(&mut tab, pods).await?;
    let (_, snap) = tab.rows(2, query("", json!([]))).await?;
    tab.close(2).await?;
    let columns: Vec<String> = snap["columns"]
        .as_array()
        .context("columns")?
        .iter()
        .filter_map(|column| column["id"].as_str().map(str::to_owned))
        .collect();
    let mut times = Vec::new();
    let mut id = 10;
    for column in &columns {
        for descending in [false, true] {
            let (ms, _) = tab.rows(id, query("", json!([{ "column": column, "descending": descending }]))).await?;
            tab.close(id).await?;
            eprintln!("sort by {column} {ms:.1} ms");
            times.push(ms);
            id += 1;
        }
    }
    for word in ["app-17", "node-3", "crash", "ns-4", "zzz", "web-0001"] {
        let (ms, _) = tab.rows(id, query(word, json!([]))).await?;
        tab.close(id).await?;
        eprintln!("filter {word} {ms:.1} ms");
        times.push(ms);
        id += 1;
    }
    let p99 = percentile(&times, 0.99);
    figures.add("EXP-04 sort, filter p99 ms (socket)", format!("{p99:.1}"), "<= 50 painted", p99 <= 50.0);
    // The load is on now; the server's share is measured while a window is watched.
    let pods_text = pods.to_string();
    let mut churn = xtask_command(root);
    churn.args(["cluster", "tool", "--name", NAME, "churn"]);
    churn.args(["--rate", "2000", "--seconds", "10", "--pods", &pods_text]);
    let (cpu_before, _) = running(console.child.id())?;
    let clock = Instant::now();
    let mut child = churn.stdout(Stdio::piped()).spawn()?;
    while child.try_wait()?.is_none() {
        let _frame = tokio::time::timeout(Duration::from_millis(200), tab.next()).await;
    }
    let wall = clock.elapsed().as_secs_f64();
    let (cpu_after, _) = running(console.child.id())?;
    let said = std::io::read_to_string(child.stdout.take().context("stdout")?)?;
    let churned: Value = serde_json::from_str(said.lines().last().unwrap_or_default()).context(said.clone())?;
    eprintln!("churn: {churned}");
    let share = 100.0 * (cpu_after - cpu_before) / wall.min(churned["seconds"].as_f64().unwrap_or(wall).max(1.0));
    figures.add("EXP-05 server % of a core", format!("{share:.1}"), "<= 15 at 2,000 events/s", share <= 15.0);
    Ok(())
}

/// EXP-03 to EXP-06 in Chromium, on a console that knows the cluster by two names: the second is chosen when nothing of
/// it was read yet.
fn browser(root: &Path, qd: &Path, kubectl: &Path, kubeconfig: &Path, pods: u32, figures: &mut Figures) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let both = folder.path().join("kubeconfig");
    std::fs::copy(kubeconfig, &both)?;
    let view = Command::new(kubectl).arg("--kubeconfig").arg(&both).args(["config", "view", "-o", "json"]).output()?;
    let view: Value = serde_json::from_slice(&view.stdout).context("kubectl config view")?;
    let user = view.pointer("/contexts/0/context/user").and_then(Value::as_str).context("a user")?;
    let cluster = view.pointer("/contexts/0/context/cluster").and_then(Value::as_str).context("a cluster")?;
    let status = Command::new(kubectl)
        .arg("--kubeconfig")
        .arg(&both)
        .args(["config", "set-context", "other", "--user", user, "--cluster", cluster])
        .stdout(Stdio::null())
        .status()?;
    if !status.success() {
        bail!("kubectl config set-context failed");
    }
    let console = Console::start(qd, &both)?;
    let output = Command::new("node")
        .current_dir(root.join("web"))
        .arg(root.join("benches/browser.mjs"))
        .args([&console.url, &pods.to_string(), NAME, &root.display().to_string()])
        .args([kubectl, kubeconfig])
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let Some(line) = text.lines().last().filter(|_| output.status.success()) else {
        bail!("the browser's part failed: {text}")
    };
    eprintln!("browser: {line}");
    let figure: Value = serde_json::from_str(line)?;
    let mut add = |name: &str, member: &str, bar: &str, most: f64| {
        let value = figure.pointer(member).and_then(Value::as_f64).unwrap_or(f64::NAN);
        figures.add(name, format!("{value:.1}"), bar, value <= most);
    };
    add("EXP-03 cluster chosen to rows ms", "/first_rows_ms", "<= 300 painted", 300.0);
    add("EXP-03 page opened to rows ms", "/load_ms", "<= 300 painted", 300.0);
    add("EXP-04 sort p50 ms (painted)", "/sort_p50_ms", "<= 50", 50.0);
    add("EXP-04 sort p99 ms (painted)", "/sort_p99_ms", "<= 50", 50.0);
    add("EXP-04 filter p50 ms (painted)", "/filter_p50_ms", "<= 50", 50.0);
    add("EXP-04 filter p99 ms (painted)", "/filter_p99_ms", "<= 50", 50.0);
    for (rate, part) in [("2,000/s", "busy"), ("500/s", "calm")] {
        let mut add = |name: &str, member: &str, bar: &str, most: f64| {
            add(&format!("EXP-05 {name} ms, {rate}"), &format!("/{part}/{member}"), bar, most);
        };
        add("event to cell p50", "event_p50_ms", "<= 100", 100.0);
        add("event to cell p99", "event_p99_ms", "<= 100 (all parts)", 100.0);
        add("event to kubectl -w p99", "peer_p99_ms", "(API server's share)", f64::INFINITY);
        add("kubectl -w to cell p99", "ours_p99_ms", "<= 100", 100.0);
    }
    add("EXP-06 tab heap MiB", "/heap_mib", "<= 80", 80.0);
    Ok(())
}

/// Waits until every pod is there and the table is live.
async fn synced(tab: &mut Tab, pods: u32) -> Result<()> {
    tab.send(json!({ "sub": { "id": 900, "what": "clusters" } })).await?;
    let cluster = loop {
        let frame = tab.next().await?;
        let found = frame["clusters"]["clusters"]
            .as_array()
            .and_then(|list| list.iter().find(|cluster| cluster["current"] == true))
            .map(|cluster| cluster["name"].clone());
        if let Some(name) = found {
            break name;
        }
    };
    tab.close(900).await?;
    let query = json!({ "kind": "pods", "clusters": [cluster], "len": 50 });
    let (_, first) = tab.rows(901, query).await?;
    let mut state = (first["total"].as_u64().unwrap_or(0), first["sources"][0]["state"]["is"].clone());
    while state.0 < u64::from(pods) || state.1 != "live" {
        let frame = tab.next().await?;
        if let Some(delta) = frame.get("delta").filter(|delta| delta["id"] == 901) {
            state.0 = delta["total"].as_u64().unwrap_or(state.0);
            if let Some(is) = delta.pointer("/sources/0/state/is") {
                state.1 = is.clone();
            }
        }
    }
    tab.close(901).await
}

/// A running console.
struct Console {
    child: Child,
    home: tempfile::TempDir,
    url: String,
    port: u16,
}

impl Console {
    fn start(qd: &Path, kubeconfig: &Path) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut child = Command::new(qd)
            .env("HOME", home.path())
            .env("KUBECONFIG", kubeconfig)
            .args(["console", "--no-open", "--listen", &format!("127.0.0.1:{port}")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut url)?;
        Ok(Self { child, home, url: url.trim().to_owned(), port })
    }

    async fn tab(&self) -> Result<Tab> {
        let file = self.home.path().join(format!(".local/state/quarterdeck/console-{}.json", self.port));
        let record: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
        Tab::connect(self.port, record["token"].as_str().context("token")?).await
    }

    async fn context(&self, tab: &mut Tab) -> Result<String> {
        tab.send(json!({ "sub": { "id": 999, "what": "clusters" } })).await?;
        loop {
            let frame = tab.next().await?;
            let name = frame.pointer("/clusters/clusters/0/name").and_then(Value::as_str).map(str::to_owned);
            if let Some(name) = name {
                tab.close(999).await?;
                return Ok(name);
            }
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let killed = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = killed {
            eprintln!("the console could not be stopped: {error}");
        }
    }
}

const NAME: &str = "bench";
