//! `cargo xtask bench workspaces`: the rows of workspaces that are measured, on a real node: from the wish to the first
//! program in it beside a bare pod of the same image (WP-01), blueprints composed beside Helm's engine (WP-10), and what
//! the daemon keeps in memory (WP-14).

#![allow(clippy::indexing_slicing, reason = "a benchmark ends where its data is not as expected")]

#[path = "workspaces/compose.rs"]
mod compose;

use anyhow::{Context, Result, ensure};
use bench::build::{output, xtask};
use bench::node::Node;
use bench::table::{Figures, median};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

fn main() -> Result<()> {
    bench::node::run(NAME, |node, quick| {
        node.load(xtask(&node.root, &["agent", "--what", "workspaced"])?.trim())?;
        node.demo("shell")?;
        let place = Place { node, home: tempfile::tempdir()? };
        let console = place.console()?;
        node.kubectl(&["create", "namespace", NAMESPACE])?;
        let mut figures = Figures::default();
        compose::run(if quick { 1 } else { 5 }, &mut figures)?;
        prompt(&place, if quick { 1 } else { 9 }, &mut figures)?;
        memory(&place, &mut figures)?;
        drop(console);
        figures.print();
        Ok(())
    })
}

/// WP-01: each in turn, so that both meet the same machine.
fn prompt(place: &Place<'_>, rounds: usize, figures: &mut Figures) -> Result<()> {
    // The first of each kind finds caches that the others have.
    let _ = (place.workspace("warm")?, place.bare("bare-warm")?);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        ours.push(place.workspace(&format!("w{round}"))?);
        theirs.push(place.bare(&format!("bare-{round}"))?);
    }
    let (seconds, ratio) = (median(&ours), median(&ours) / median(&theirs));
    figures.add("WP-01 create to the first program s", format!("{seconds:.2}"), "<= 3", seconds <= 3.0);
    figures.add("WP-01 the same ÷ a bare pod's", format!("{ratio:.2}"), "<= 1.3", ratio <= 1.3);
    Ok(())
}

/// WP-14, its first part: the daemon of a workspace in which nothing goes on.
fn memory(place: &Place<'_>, figures: &mut Figures) -> Result<()> {
    place.ws(&["create", "idle", "--image", IMAGE])?;
    let status = place.ws(&["exec", "idle", "--", "cat", "/proc/1/status"])?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS of the first process")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    let mib = kib / 1024.0;
    figures.add("WP-14 the idle daemon MiB", format!("{mib:.1}"), "<= 12", mib <= 12.0);
    Ok(())
}

struct Place<'a> {
    node: &'a Node,
    home: tempfile::TempDir,
}

impl Place<'_> {
    fn qd(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.node.qd);
        command.env("HOME", self.home.path()).env_remove("KUBECONFIG").env_remove("XDG_STATE_HOME");
        command.args(words).arg("--kubeconfig").arg(&self.node.kubeconfig);
        command
    }

    fn ws(&self, words: &[&str]) -> Result<String> {
        let (program, rest): (&[&str], &[&str]) = match words.iter().position(|word| *word == "--") {
            Some(at) => words.split_at(at),
            None => (words, &[]),
        };
        let mut command = self.qd(&[&["ws"], program, &["-n", NAMESPACE]].concat());
        output(command.args(rest))
    }

    /// A console with the operator in it, which serves.
    fn console(&self) -> Result<Console> {
        let mut command = self.qd(&["console", "--no-open", "--listen", "127.0.0.1:0", "--with-operator", "--yes"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut line)?;
        ensure!(!line.is_empty(), "the console ended");
        Ok(Console(child))
    }

    /// Seconds until a program has run in a workspace that was not there.
    fn workspace(&self, name: &str) -> Result<f64> {
        let began = Instant::now();
        self.ws(&["create", name, "--image", IMAGE])?;
        self.ws(&["exec", name, "--", "true"])?;
        let took = began.elapsed().as_secs_f64();
        self.ws(&["delete", name, "--yes"])?;
        Ok(took)
    }

    /// The same of a bare pod.
    fn bare(&self, name: &str) -> Result<f64> {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "namespace": NAMESPACE },
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [{
                    "name": "main", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["sleep", "3600"],
                }],
            },
        });
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), pod.to_string())?;
        let object = format!("pod/{name}");
        let began = Instant::now();
        self.node.apply(file.path())?;
        self.node.kubectl(&["wait", "-n", NAMESPACE, &object, "--for=condition=Ready", "--timeout=60s"])?;
        self.node.kubectl(&["exec", "-n", NAMESPACE, name, "--", "true"])?;
        let took = began.elapsed().as_secs_f64();
        self.node.kubectl(&["delete", "-n", NAMESPACE, &object])?;
        Ok(took)
    }
}

/// A console, which ends with this.
struct Console(Child);

impl Drop for Console {
    fn drop(&mut self) {
        // It gives its lease back when it may end by itself.
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

const NAME: &str = "benchws";
const NAMESPACE: &str = "bench";
const IMAGE: &str = "images.invalid/shell:1";
