//! WP-09: many workspaces at once on simulated nodes, whose kubelets say at once that a pod runs; beside `kubectl apply` of the
//! same pods, Services, claims and policies. Writes are those that the API server's audit log has of the operator.

use super::served::free_port;
use anyhow::{Context, Result, ensure};
use bench::build::{self, output, xtask};
use bench::process::running;
use bench::table::Figures;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How much.
pub(crate) struct Size {
    pub(crate) many: usize,
    /// Seconds in which nothing is to happen.
    pub(crate) rest: u64,
}

pub(crate) fn run(size: &Size, keep: bool, figures: &mut Figures) -> Result<()> {
    let root = build::root();
    let qd = build::qd(&root)?;
    let result = up(&root).and_then(|kubeconfig| measure(&Cluster { root: &root, kubeconfig }, &qd, size, figures));
    if !keep {
        xtask(&root, &["cluster", "down", "--name", NAME])?;
    }
    result
}

fn up(root: &Path) -> Result<PathBuf> {
    let words = ["cluster", "up", "--name", NAME, "--control-plane-only", "--fake-nodes", "40"];
    Ok(PathBuf::from(xtask(root, &words)?.trim()))
}

struct Cluster<'a> {
    root: &'a Path,
    kubeconfig: PathBuf,
}

fn measure(cluster: &Cluster<'_>, qd: &Path, size: &Size, figures: &mut Figures) -> Result<()> {
    let Size { many, rest } = *size;
    let log = PathBuf::from(xtask(cluster.root, &["cluster", "audit-log", "--name", NAME, "--path"])?.trim());
    for namespace in [OURS, THEIRS] {
        cluster.kubectl(&["create", "namespace", namespace])?;
    }
    let home = tempfile::tempdir()?;
    let operator = Operator::start(qd, &cluster.kubeconfig, home.path())?;
    let items: Vec<Value> = (0..many).map(workspace).collect();
    let began = Instant::now();
    cluster.apply(&items)?;
    let ready = |all: &[Value]| all.iter().filter(|one| is_true(one, "Ready")).count();
    cluster
        .until("every workspace is ready", || Ok(ready(&cluster.list(OURS, "workspaces.quarterdeck.dev")?) == many))?;
    let ours = began.elapsed().as_secs_f64();
    // What is written within a look after is of the same making.
    std::thread::sleep(Duration::from_secs(10));
    let (writes, kinds) = written(&log)?;
    let (cpu, _) = running(operator.child.id())?;
    let began = Instant::now();
    std::thread::sleep(Duration::from_secs(rest));
    let (later, more) = written(&log)?;
    let (after, rss) = running(operator.child.id())?;
    let share = (after - cpu) / began.elapsed().as_secs_f64() * 100.0;
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    let theirs = peer(cluster, many)?;
    let each = writes as f64 / many as f64;
    figures.add(&format!("WP-09 {many} workspaces to Ready s"), format!("{ours:.1}"), "(for the ratio)", true);
    figures.add("WP-09 the same pods by kubectl apply s", format!("{theirs:.1}"), "(for the ratio)", true);
    figures.add("WP-09 ours ÷ kubectl's", format!("{:.2}", ours / theirs), "<= 1.5", ours / theirs <= 1.5);
    figures.add("WP-09 API writes of each", format!("{each:.1}"), "<= 14", each <= 14.0);
    let calm = (later - writes) as f64 / minutes;
    figures.add(&format!("WP-09 writes a minute, {many} steady"), format!("{calm:.1}"), "0 of 10,000", calm == 0.0);
    figures.add(&format!("WP-09 % of a core, {many} steady"), format!("{share:.2}"), "<= 2 of 10,000", share <= 2.0);
    let mib = rss as f64 / 1024.0;
    figures.add(&format!("WP-09 operator MiB, {many} steady"), format!("{mib:.0}"), "<= 120 of 10,000", mib <= 120.0);
    println!("writes by kind: {kinds:?}\nwrites while steady: {:?}", minus(&more, &kinds));
    drop(operator);
    Ok(())
}

/// The same objects in another namespace, as a file for `kubectl apply`: seconds until their pods are ready.
fn peer(cluster: &Cluster<'_>, many: usize) -> Result<f64> {
    let mut items = Vec::new();
    for kind in ["configmaps", "persistentvolumeclaims", "services", "networkpolicies", "serviceaccounts", "pods"] {
        for mut object in cluster.list(OURS, kind)? {
            let ours = object["metadata"]["labels"]["quarterdeck.dev/workspace"].is_string();
            if !ours || (kind == "configmaps" && object["metadata"]["name"] == "kube-root-ca.crt") {
                continue;
            }
            bare(&mut object)?;
            items.push(object);
        }
    }
    let pods = items.iter().filter(|one| one["kind"] == "Pod").count();
    ensure!(pods == many, "{pods} pods");
    let began = Instant::now();
    cluster.apply(&items)?;
    let ready = |all: &[Value]| all.iter().filter(|one| is_true(one, "Ready")).count();
    cluster.until("every pod is ready", || Ok(ready(&cluster.list(THEIRS, "pods")?) == many))?;
    Ok(began.elapsed().as_secs_f64())
}

/// What one wrote of an object that a server has filled in.
fn bare(object: &mut Value) -> Result<()> {
    let metadata = object["metadata"].as_object_mut().context("metadata")?;
    metadata.retain(|key, _| matches!(key.as_str(), "name" | "labels"));
    metadata.insert("namespace".to_owned(), THEIRS.into());
    let kind = object["kind"].as_str().unwrap_or_default().to_owned();
    object.as_object_mut().context("an object")?.remove("status");
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return Ok(()) };
    let filled: &[&str] = match kind.as_str() {
        "Pod" => &["nodeName", "tolerations", "priority", "preemptionPolicy"],
        "Service" => &["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"],
        "PersistentVolumeClaim" => &["volumeName"],
        _ => &[],
    };
    spec.retain(|key, _| !filled.contains(&key.as_str()));
    Ok(())
}

fn workspace(at: usize) -> Value {
    json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace",
        "metadata": { "name": format!("w{at}"), "namespace": OURS },
        "spec": {
            "owner": "ada", "org": "lab", "image": "images.invalid/shell:1",
            "resources": { "cpu": "100m", "memory": "128Mi" },
        },
    })
}

fn is_true(object: &Value, condition: &str) -> bool {
    let all = object["status"]["conditions"].as_array();
    all.into_iter().flatten().any(|one| one["type"] == condition && one["status"] == "True")
}

impl Cluster<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(self.kubeconfig.with_file_name("bin").join("kubectl"));
        command.arg("--kubeconfig").arg(&self.kubeconfig);
        command
    }

    fn kubectl(&self, words: &[&str]) -> Result<String> {
        output(self.command().args(words))
    }

    fn apply(&self, items: &[Value]) -> Result<()> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string())?;
        self.kubectl(&["apply", "-f", &file.path().display().to_string()]).map(drop)
    }

    fn list(&self, namespace: &str, kind: &str) -> Result<Vec<Value>> {
        let list: Value = serde_json::from_str(&self.kubectl(&["get", kind, "-n", namespace, "-o", "json"])?)?;
        Ok(list["items"].as_array().cloned().unwrap_or_default())
    }

    fn until(&self, what: &str, mut so: impl FnMut() -> Result<bool>) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(900);
        while !so()? {
            ensure!(Instant::now() < end, "{what}: not within a quarter of an hour");
            std::thread::sleep(Duration::from_millis(500));
        }
        Ok(())
    }
}

type Kinds = std::collections::BTreeMap<String, usize>;

/// Writes of the operator, all and by verb and kind.
fn written(log: &Path) -> Result<(usize, Kinds)> {
    let (mut all, mut kinds) = (0, Kinds::new());
    let folder = log.parent().context("a folder")?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if !name.starts_with("audit") {
            continue;
        }
        for line in BufReader::new(std::fs::File::open(path)?).lines() {
            let Ok(event) = serde_json::from_str::<Value>(&line?) else { continue };
            let agent = event["userAgent"].as_str().unwrap_or_default();
            let verb = event["verb"].as_str().unwrap_or_default();
            let writes = matches!(verb, "create" | "update" | "patch" | "delete" | "deletecollection");
            let of = &event["objectRef"];
            let ours = of["namespace"] == OURS || of["resource"] == "workspaces";
            if agent.starts_with("qd/") && writes && ours && event["stage"] == "ResponseComplete" {
                all += 1;
                let resource = of["resource"].as_str().unwrap_or_default();
                let sub = of["subresource"].as_str().map(|sub| format!("/{sub}")).unwrap_or_default();
                *kinds.entry(format!("{verb} {resource}{sub}")).or_default() += 1;
            }
        }
    }
    ensure!(all > 0, "the audit log of the API server names no write of the operator");
    Ok((all, kinds))
}

fn minus(more: &Kinds, less: &Kinds) -> Kinds {
    let left = more.iter().map(|(kind, count)| (kind.clone(), count - less.get(kind).copied().unwrap_or_default()));
    left.filter(|(_, count)| *count > 0).collect()
}

/// A console with the operator.
struct Operator {
    child: Child,
}

impl Operator {
    fn start(qd: &Path, kubeconfig: &Path, home: &Path) -> Result<Self> {
        let mut command = Command::new(qd);
        command.env("HOME", home).env_remove("KUBECONFIG").env_remove("XDG_STATE_HOME");
        command.args(["console", "--no-open", "--listen", &format!("127.0.0.1:{}", free_port()?)]);
        command.args(["--with-operator", "--yes"]).arg("--kubeconfig").arg(kubeconfig);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut line)?;
        ensure!(!line.is_empty(), "the console ended");
        Ok(Self { child })
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        // It gives its lease back when it may end by itself.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

const NAME: &str = "benchmany";
const OURS: &str = "ours";
const THEIRS: &str = "theirs";
