//! WP-04 and WP-05: the processor time of a request and of a byte at the door, beside nginx, haproxy and Go's proxy. Processor
//! times are of one process each and compared within a round, so that a busy machine changes both.

use super::peers::{Front, Fronts};
use anyhow::{Context, Result, ensure};
use bench::build::output;
use bench::table::{Figures, median};
use std::collections::BTreeMap;
use std::process::Command;

/// WP-04.
pub(crate) fn small(rounds: usize, seconds: u32, figures: &mut Figures) -> Result<()> {
    let fronts = Fronts::new()?;
    let all = [fronts.ours(1)?, fronts.nginx()?, fronts.haproxy()?, fronts.go()?];
    let mut took: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for front in &all {
        right(front, "/k", 1 << 10)?;
        wrk(front, "/k", 64, 1)?;
    }
    for _ in 0..rounds {
        for front in &all {
            let before = front.served.cost()?.0;
            let load = wrk(front, "/k", 64, seconds)?;
            let used = front.served.cost()?.0 - before;
            took.entry(front.name).or_default().push(used / load.requests * 1e6);
        }
    }
    let of = |name: &str| took.get(name).map_or(f64::NAN, |all| median(all));
    let (ours, nginx, haproxy, go) = (of("ours"), of("nginx"), of("haproxy"), of("go"));
    figures.add("WP-04 CPU of a request of 1 KiB, us", format!("{ours:.1}"), "(for the ratios)", true);
    figures.add("WP-04 nginx's, us", format!("{nginx:.1}"), "(for comparison)", true);
    figures.add("WP-04 haproxy's, us", format!("{haproxy:.1}"), "(for comparison)", true);
    figures.add("WP-04 Go's ReverseProxy's, us", format!("{go:.1}"), "(for comparison)", true);
    figures.add("WP-04 ours ÷ nginx's", format!("{:.2}", ours / nginx), "<= 1.5", ours / nginx <= 1.5);
    figures.add("WP-04 ours ÷ Go's", format!("{:.2}", ours / go), "<= 0.35", ours / go <= 0.35);
    Ok(())
}

/// WP-05, its first part.
pub(crate) fn large(rounds: usize, seconds: u32, figures: &mut Figures) -> Result<()> {
    let fronts = Fronts::new()?;
    let all = [fronts.ours(1)?, fronts.nginx()?, fronts.haproxy()?];
    let mut took: BTreeMap<&str, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for front in &all {
        right(front, "/m", 1 << 20)?;
    }
    for _ in 0..rounds {
        for front in &all {
            let before = front.served.cost()?.0;
            let load = wrk(front, "/m", 16, seconds)?;
            let used = front.served.cost()?.0 - before;
            let bytes = load.requests * f64::from(1 << 20);
            let (rates, costs) = took.entry(front.name).or_default();
            rates.push(bytes / load.seconds / 1e9);
            costs.push(used / bytes * 1e9);
        }
    }
    let of = |name: &str| took.get(name).map_or((f64::NAN, f64::NAN), |(rates, costs)| (median(rates), median(costs)));
    let (ours, nginx, haproxy) = (of("ours"), of("nginx"), of("haproxy"));
    figures.add("WP-05 bodies of 1 MiB, GB/s", format!("{:.2}", ours.0), "(for the ratio)", true);
    figures.add("WP-05 nginx's, GB/s", format!("{:.2}", nginx.0), "(for comparison)", true);
    figures.add("WP-05 haproxy's, GB/s", format!("{:.2}", haproxy.0), "(for comparison)", true);
    let ratio = ours.0 / nginx.0;
    figures.add("WP-05 ours ÷ nginx's", format!("{ratio:.2}"), ">= 1.1", ratio >= 1.1);
    let ratio = ours.1 / nginx.1;
    figures.add("WP-05 CPU of a byte, ours ÷ nginx's", format!("{ratio:.2}"), "(for comparison)", true);
    Ok(())
}

/// What a peer answers is what the upstream says, before anything is measured.
fn right(front: &Front, path: &str, len: usize) -> Result<()> {
    let (host, cookie) = front.logins.first().context("a login")?;
    let url = format!("http://127.0.0.1:{}{path}", front.port);
    let (host, cookie) = (format!("Host: {host}"), format!("Cookie: {cookie}"));
    let body =
        output(Command::new("curl").args(["-sS", "--fail", "--max-time", "10", "-H", &host, "-H", &cookie, &url]))?;
    ensure!(body.len() == len && body.bytes().all(|byte| byte == b'x'), "{} answers {} bytes", front.name, body.len());
    Ok(())
}

struct Load {
    requests: f64,
    seconds: f64,
}

fn wrk(front: &Front, path: &str, connections: u32, seconds: u32) -> Result<Load> {
    let (host, cookie) = front.logins.first().context("a login")?;
    let url = format!("http://127.0.0.1:{}{path}", front.port);
    let mut command = Command::new("wrk");
    command.args(["-t1", &format!("-c{connections}"), &format!("-d{seconds}s"), "--timeout", "10s"]);
    command.args(["-H", &format!("Host: {host}"), "-H", &format!("Cookie: {cookie}"), &url]);
    let text = output(&mut command)?;
    ensure!(!text.contains("Non-2xx") && !text.contains("Socket errors"), "{}: {text}", front.name);
    let requests = text.lines().find_map(|line| line.trim().split_once(" requests in ")).context("wrk's count")?.0;
    let rate = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:")).context("wrk's rate")?;
    let (requests, rate): (f64, f64) = (requests.trim().parse()?, rate.trim().parse()?);
    ensure!(requests > 0.0, "{} answered nothing", front.name);
    Ok(Load { requests, seconds: requests / rate })
}
