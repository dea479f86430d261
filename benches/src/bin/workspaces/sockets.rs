//! WP-06, WP-08 and WP-15: sockets that stay open, at the door and at its peers: what they cost, how late their bytes are, and
//! what it costs to tell who uses them.

use super::peers::{Front, Fronts};
use super::upstream::now_ns;
use anyhow::{Context, Result, ensure};
use base::{Clock, ClusterName};
use bench::table::{Figures, median, percentile};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use workspace::Key;
use workspace::activity::Activity;

/// WP-06.
pub(crate) async fn idle(many: usize, rounds: usize, figures: &mut Figures) -> Result<()> {
    let fronts = Fronts::new()?;
    let (mut late, mut kept) = (BTreeMap::<&str, Vec<f64>>::new(), BTreeMap::<&str, f64>::new());
    let mut all = Vec::new();
    for front in [fronts.ours(many.div_ceil(PER_LOGIN))?, fronts.nginx()?, fronts.haproxy()?] {
        // What only begins with the first connections is not of any of them.
        drop(opened(&front, 64).await?);
        settled(&front).await?;
        let before = front.served.cost()?.1;
        let sockets = opened(&front, many).await?;
        settled(&front).await?;
        let after = front.served.cost()?.1;
        kept.insert(front.name, after.saturating_sub(before) as f64 / many as f64);
        all.push((front, sockets));
    }
    for _ in 0..rounds {
        for (front, sockets) in &mut all {
            let mut took = Vec::new();
            // One of many at a time: what is open and silent is in the way of all.
            let step = (sockets.len() / ECHOES).max(1);
            for socket in sockets.iter_mut().step_by(step) {
                took.push(echo(socket).await?);
            }
            late.entry(front.name).or_default().push(percentile(&took, 0.99));
        }
    }
    let of = |name: &str| late.get(name).map_or(f64::NAN, |all| median(all));
    let (ours, nginx, haproxy) = (of("ours"), of("nginx"), of("haproxy"));
    let name = format!("WP-06 echo p99 of {many} sockets, us");
    figures.add(&name, format!("{ours:.0}"), "<= nginx's + 100", ours <= nginx + 100.0);
    figures.add("WP-06 nginx's, us", format!("{nginx:.0}"), "(for comparison)", true);
    figures.add("WP-06 haproxy's, us", format!("{haproxy:.0}"), "(for comparison)", true);
    let of = |name: &str| kept.get(name).copied().unwrap_or(f64::NAN);
    let (ours, nginx, haproxy) = (of("ours"), of("nginx"), of("haproxy"));
    figures.add("WP-06 memory of an idle pair, KiB", format!("{ours:.1}"), "<= 24", ours <= 24.0);
    figures.add("WP-06 nginx's, KiB", format!("{nginx:.1}"), "(for comparison)", true);
    figures.add("WP-06 haproxy's, KiB", format!("{haproxy:.1}"), "(for comparison)", true);
    figures.add("WP-06 ours ÷ nginx's", format!("{:.2}", ours / nginx), "<= 1.5", ours / nginx <= 1.5);
    Ok(())
}

/// WP-08, its first part: events of a stream, over what the same stream is late by itself.
pub(crate) async fn events(count: usize, figures: &mut Figures) -> Result<()> {
    let fronts = Fronts::new()?;
    let (ours, nginx, direct) = (fronts.ours(1)?, fronts.nginx()?, fronts.direct()?);
    let alone = lateness(direct, None, count).await?;
    let through = lateness(ours.port, ours.logins.first(), count).await?;
    let peer = lateness(nginx.port, nginx.logins.first(), count).await?;
    let p99 = |all: &[f64]| percentile(all, 0.99) / 1e3;
    let over = p99(&through) - p99(&alone);
    figures.add("WP-08 SSE event p99 over direct, ms", format!("{over:.2}"), "<= 5", over <= 5.0);
    figures.add("WP-08 nginx's, ms", format!("{:.2}", p99(&peer) - p99(&alone)), "(for comparison)", true);
    Ok(())
}

/// WP-15: the processor time of a message through the relay, and the part of it that tells who uses what.
pub(crate) async fn busy(many: usize, seconds: u64, figures: &mut Figures) -> Result<()> {
    let fronts = Fronts::new()?;
    let front = fronts.ours(many.div_ceil(PER_LOGIN))?;
    let sockets = opened(&front, many).await?;
    let before = front.served.cost()?.0;
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for mut socket in sockets {
        tasks.spawn(async move {
            let mut said = 0_u64;
            while Instant::now() < until {
                echo(&mut socket).await?;
                said += 1;
            }
            anyhow::Ok(said)
        });
    }
    let mut messages = 0;
    while let Some(said) = tasks.join_next().await {
        messages += said??;
    }
    let cost = (front.served.cost()?.0 - before) / messages as f64 * 1e9;
    let accounting = accounting(many);
    let name = format!("WP-15 CPU of a message, {many} busy streams, ns");
    figures.add(&name, format!("{cost:.0}"), "(for the ratio)", true);
    figures.add("WP-15 accounting of it, ns", format!("{accounting:.0}"), "(for the ratio)", true);
    let ratio = cost / (cost - accounting);
    figures.add("WP-15 on ÷ off", format!("{ratio:.4}"), "<= 1.01", ratio <= 1.01);
    Ok(())
}

/// Nanoseconds to account for one message, over as many streams.
fn accounting(many: usize) -> f64 {
    let clock: Arc<dyn Clock> = Arc::new(base::SystemClock);
    let activity = Activity::new(clock);
    let cluster = ClusterName::new("dev");
    let mut all: Vec<_> = (0..many)
        .map(|at| {
            let key = Key { namespace: "bench".to_owned(), name: format!("w{}", at / PER_LOGIN) };
            (activity.meter(&cluster, &key), proxy::Accounting::default())
        })
        .collect();
    let turns = 2_000;
    let began = cpu_ns();
    for _ in 0..turns {
        for (meter, accounting) in &mut all {
            accounting.see(meter, MESSAGE);
        }
    }
    (cpu_ns() - began) / (turns * many) as f64
}

/// Processor time of this process.
fn cpu_ns() -> f64 {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF);
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 * 1e9 + time.tv_usec() as f64 * 1e3;
    usage.map_or(f64::NAN, |usage| seconds(usage.user_time()) + seconds(usage.system_time()))
}

/// Microseconds by which each event is late.
async fn lateness(port: u16, login: Option<&(String, String)>, count: usize) -> Result<Vec<f64>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (host, cookie) = login.cloned().unwrap_or_default();
    let head = format!("GET /events HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let (mut text, mut late) = (Vec::new(), Vec::new());
    while late.len() < count {
        let len = timeout(PATIENCE, stream.read_buf(&mut text)).await??;
        ensure!(len > 0, "the stream ended: {}", String::from_utf8_lossy(&text));
        let now = now_ns()?;
        while let Some(at) = text.windows(2).position(|two| two == b"\n\n") {
            let event = String::from_utf8_lossy(text.get(..at).unwrap_or_default()).into_owned();
            text.drain(..at + 2);
            let Some((_, told)) = event.rsplit_once("data: ") else { continue };
            late.push((now - told.trim().parse::<i128>()?) as f64 / 1e3);
        }
    }
    Ok(late)
}

/// Opens sockets, a few at a time.
async fn opened(front: &Front, many: usize) -> Result<Vec<TcpStream>> {
    let mut all = Vec::with_capacity(many);
    for at in 0..many {
        let (host, cookie) = front.logins.get(at / PER_LOGIN % front.logins.len()).context("a login")?;
        let mut socket = timeout(PATIENCE, TcpStream::connect(("127.0.0.1", front.port))).await??;
        socket.set_nodelay(true)?;
        let head = format!(
            "GET /ws HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).await?;
        let mut answer = Vec::with_capacity(512);
        while !answer.ends_with(b"\r\n\r\n") {
            let len = timeout(PATIENCE, socket.read_buf(&mut answer)).await.with_context(|| front.name)??;
            ensure!(len > 0, "{} closed: {}", front.name, String::from_utf8_lossy(&answer));
        }
        ensure!(answer.starts_with(b"HTTP/1.1 101 "), "{}: {}", front.name, String::from_utf8_lossy(&answer));
        all.push(socket);
    }
    // The first and the last give back what they are given.
    let last = many.saturating_sub(1);
    for at in [0, last] {
        echo(all.get_mut(at).context("a socket")?).await?;
    }
    Ok(all)
}

/// Microseconds until a message came back.
async fn echo(socket: &mut TcpStream) -> Result<f64> {
    let began = Instant::now();
    socket.write_all(MESSAGE).await?;
    let mut back = [0; MESSAGE.len()];
    timeout(PATIENCE, socket.read_exact(&mut back)).await.context("no echo")??;
    ensure!(back == *MESSAGE, "something else came back");
    Ok(began.elapsed().as_secs_f64() * 1e6)
}

/// Waits until the process rests.
async fn settled(front: &Front) -> Result<()> {
    let mut before = front.served.cost()?;
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let now = front.served.cost()?;
        if now == before {
            break;
        }
        before = now;
    }
    Ok(())
}

/// A text of 16 bytes, masked with zeros: a peer that reads frames and one that does not give back the same.
const MESSAGE: &[u8; 22] = b"\x81\x90\0\0\0\0sixteen bytes it";
/// A login has 256 connections at most.
const PER_LOGIN: usize = 250;
/// Messages of a round.
const ECHOES: usize = 1_000;
const PATIENCE: Duration = Duration::from_secs(30);
