//! WP-01, the part of WP-02 that there is, and what of WP-14 the daemon keeps: on a real node, beside a bare pod of the same
//! image.
//!
//! A new workspace has a home, which is a new claim of storage, and the bare pod that the bar names has none. What the same pod
//! takes with a new claim is shown beside it: that part of the time is the cluster's.

use super::place::{Console, IMAGE, NAMESPACE, Place, get, until};
use anyhow::{Context, Result};
use bench::table::{Figures, median};
use std::time::{Duration, Instant};

/// WP-01: each in turn, so that both meet the same machine.
pub(crate) fn run(place: &Place<'_>, rounds: usize, figures: &mut Figures) -> Result<()> {
    // The first of each kind finds caches that the others have.
    let _ = (workspace(place, "warm")?, bare(place, "bare-warm", Home::New)?);
    let (mut ours, mut theirs, mut claimed) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        ours.push(workspace(place, &format!("w{round}"))?);
        theirs.push(bare(place, &format!("bare-{round}"), Home::None)?);
        claimed.push(bare(place, &format!("claimed-{round}"), Home::New)?);
    }
    let (seconds, ratio) = (median(&ours), median(&ours) / median(&theirs));
    figures.add("WP-01 create to the first program s", format!("{seconds:.2}"), "<= 3", seconds <= 3.0);
    figures.add("WP-01 a bare pod's s", format!("{:.2}", median(&theirs)), "(for the ratio)", true);
    figures.add("WP-01 the same ÷ a bare pod's", format!("{ratio:.2}"), "<= 1.3", ratio <= 1.3);
    let claimed = median(&claimed);
    figures.add("WP-01 a bare pod's with a new claim s", format!("{claimed:.2}"), "(for comparison)", true);
    Ok(())
}

/// WP-02, by HTTP: from a request for a workspace that is stopped to the first byte from inside of it.
pub(crate) fn wake(place: &Place<'_>, console: &Console, rounds: usize, figures: &mut Figures) -> Result<()> {
    let _ = place.ready("sleeper")?;
    let wakes = r#"{"spec":{"lifecycle":{"wakeOn":["http"]}}}"#;
    let object = "workspaces.quarterdeck.dev/sleeper";
    place.node.kubectl(&["patch", "-n", NAMESPACE, object, "--type=merge", "-p", wakes])?;
    let opened = console.open("sleeper", 3000)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        place.ws(&["stop", "sleeper", "--yes"])?;
        until("it is stopped", PATIENCE, || Ok(place.get(object)?["status"]["phase"] == "Stopped"))?;
        let began = Instant::now();
        // Until its daemon says itself that nothing listens there, the door says that it is starting.
        until("it is awake", PATIENCE, || Ok(!get(console.port, &opened, "/")?.1.starts_with("HTTP/1.1 503 ")))?;
        ours.push(began.elapsed().as_secs_f64());
        theirs.push(bare(place, &format!("bare-wake-{round}"), Home::None)?);
    }
    let (seconds, ratio) = (median(&ours), median(&ours) / median(&theirs));
    figures.add("WP-02 wake by HTTP to the first byte s", format!("{seconds:.2}"), "<= 2", seconds <= 2.0);
    figures.add("WP-02 the same ÷ a bare pod's", format!("{ratio:.2}"), "<= 1.2", ratio <= 1.2);
    Ok(())
}

/// WP-14, what the daemon keeps where nothing goes on, and how long it takes to copy itself.
pub(crate) fn daemon(place: &Place<'_>, figures: &mut Figures) -> Result<()> {
    place.ws(&["create", "idle", "--image", IMAGE])?;
    let status = place.ws(&["exec", "idle", "--", "cat", "/proc/1/status"])?;
    let mib = resident(&status)? / 1024.0;
    figures.add("WP-14 the idle daemon MiB", format!("{mib:.1}"), "<= 12", mib <= 12.0);
    let line = "TIMEFORMAT=%R; for i in 1 2 3 4 5; do time /qd/qd-agent install /tmp/copy$i; done";
    let text = place.ws(&["exec", "idle", "--", "bash", "-c", &format!("{{ {line}; }} 2>&1")])?;
    let all: Vec<f64> = text.lines().filter_map(|line| line.trim().parse::<f64>().ok()).collect();
    anyhow::ensure!(all.len() == 5, "{text}");
    let ms = median(&all) * 1e3;
    figures.add("WP-14 the init copy ms", format!("{ms:.0}"), "<= 50", ms <= 50.0);
    Ok(())
}

/// KiB of a process, from its `status`.
pub(crate) fn resident(status: &str) -> Result<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

/// What a bare pod keeps its files in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Home {
    New,
    None,
}

/// Seconds until a program has run in a workspace that was not there.
fn workspace(place: &Place<'_>, name: &str) -> Result<f64> {
    let began = Instant::now();
    place.ws(&["create", name, "--image", IMAGE, "--no-wait"])?;
    place.ws(&["exec", name, "--", "true"])?;
    let took = began.elapsed().as_secs_f64();
    place.ws(&["delete", name, "--yes"])?;
    Ok(took)
}

/// The same of a bare pod.
fn bare(place: &Place<'_>, name: &str, home: Home) -> Result<f64> {
    let object = format!("pod/{name}");
    let began = Instant::now();
    place.pod(name, home == Home::New)?;
    place.node.kubectl(&["wait", "-n", NAMESPACE, &object, "--for=condition=Ready", "--timeout=60s"])?;
    place.node.kubectl(&["exec", "-n", NAMESPACE, name, "--", "true"])?;
    let took = began.elapsed().as_secs_f64();
    place.node.kubectl(&["delete", "-n", NAMESPACE, &object])?;
    if home == Home::New {
        place.node.kubectl(&["delete", "-n", NAMESPACE, &format!("pvc/{name}")])?;
    }
    Ok(took)
}

const PATIENCE: Duration = Duration::from_secs(90);
