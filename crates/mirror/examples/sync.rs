//! Syncs one kind of a context and prints what it cost: rows, CPU, wall time, memory.
//!
//! ```text
//! cargo run --release -p mirror --example sync -- [--kubeconfig FILE] [--context NAME] [--kind pods] [--stay SECONDS]
//! ```

#![allow(clippy::print_stdout, clippy::expect_used)]

use base::{Clock, SystemClock};
use cluster::{Cluster, ConnectOptions, Kubeconfig};
use mirror::{Mirror, MirrorConfig};
use policy::action::ObjectView;
use policy::testing::{AllowAll, gate};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut file, mut context, mut kind, mut stay) = (None, None, "pods".to_owned(), 0_u64);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or("every flag takes a value")?;
        match name.as_str() {
            "--kubeconfig" => file = Some(PathBuf::from(value)),
            "--context" => context = Some(value),
            "--kind" => kind = value,
            "--stay" => stay = value.parse()?,
            other => return Err(format!("unknown flag {other}").into()),
        }
    }
    let started = (Instant::now(), cpu_ms());
    let kubeconfig = Kubeconfig::load(file.as_deref())?;
    let context = kubeconfig.choose(context.as_deref())?;
    let cluster = Cluster::connect(&kubeconfig, &context.name, ConnectOptions::default())?;
    let name = cluster.name().clone();
    let config = MirrorConfig { core: vec![kind.clone()], ..MirrorConfig::default() };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mirror = Mirror::new(&config, vec![cluster], &clock);
    let gate = gate(AllowAll);
    let principal = gate.composed.verifier.desk("example", []);
    let view = ObjectView { kind: kind.clone(), clusters: vec![name.clone()], namespaces: Vec::new() };
    let permit = gate.composed.gate.permit(&principal, view, &policy::Answers::default())?;
    let query = api::socket::RowsQuery {
        kind,
        clusters: vec![name],
        namespaces: Vec::new(),
        filter: String::new(),
        sort: Vec::new(),
        at: 0,
        len: 50,
    };
    let mut opened = mirror.open(permit, &query).await?;
    loop {
        let states = opened.rows.view().states();
        match states.first().map(|source| &source.state) {
            Some(api::socket::SourceState::Live) => break,
            Some(api::socket::SourceState::Connecting | api::socket::SourceState::Loading { .. }) => {
                opened.changed.wait().await;
            }
            other => return Err(format!("not synced: {other:?}").into()),
        }
    }
    let synced = (started.0.elapsed(), cpu_ms() - started.1, rss_kb());
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?;
    let rows = opened.rows.view().read(now, |reading| reading.total())?;
    println!(
        "{rows} rows synced in {} ms wall, {} ms CPU, {} MB resident; view ready after {} ms CPU, {} MB",
        synced.0.as_millis(),
        synced.1,
        synced.2 / 1024,
        cpu_ms() - started.1,
        rss_kb() / 1024
    );
    if stay > 0 {
        let before = cpu_ms();
        tokio::time::sleep(Duration::from_secs(stay)).await;
        println!("{} ms CPU in {stay} s of staying, {} MB resident", cpu_ms() - before, rss_kb() / 1024);
    }
    drop(opened);
    mirror.shutdown().await;
    Ok(())
}

/// User and system time of this process.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    (ticks(11) + ticks(12)) * 10
}

fn rss_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|text| text.split_whitespace().next()).and_then(|text| text.parse().ok()).unwrap_or(0)
}
