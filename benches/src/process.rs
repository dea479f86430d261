//! What a process costs.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What one run of a command cost.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Cost {
    /// Seconds on the clock.
    pub wall_s: f64,
    /// Seconds of processor time.
    pub cpu_s: f64,
    /// Largest resident set, in KiB.
    pub rss_kib: u64,
}

/// Runs a command to its end, its output thrown away, in a process of its own: the largest resident set of children is
/// a maximum over all of them.
///
/// # Errors
/// When it cannot be run, or fails.
pub fn measure(program: &str, args: &[&str]) -> Result<Cost> {
    let own = std::env::current_exe()?;
    let output = Command::new(own).arg("--measure").arg(program).args(args).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("{program} {args:?} failed");
    }
    serde_json::from_slice(&output.stdout).context("a measurement")
}

/// The other side of [`measure`]: `--measure PROGRAM ARGS…` as this process's arguments. True when that was asked.
///
/// # Errors
/// When the command cannot be run, or fails.
pub fn measured() -> Result<bool> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((flag, rest)) = args.split_first() else { return Ok(false) };
    let Some((program, rest)) = rest.split_first().filter(|_| flag == "--measure") else { return Ok(false) };
    let started = Instant::now();
    let status = Command::new(program).args(rest).stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    let wall_s = started.elapsed().as_secs_f64();
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let cpu_s = seconds(usage.user_time()) + seconds(usage.system_time());
    let cost = Cost { wall_s, cpu_s, rss_kib: u64::try_from(usage.max_rss())? };
    if !status.success() {
        bail!("{program} ended with {status}");
    }
    println!("{}", serde_json::to_string(&cost)?);
    Ok(true)
}

/// Processor seconds and resident KiB of a running process.
///
/// # Errors
/// When it is gone.
pub fn running(pid: u32) -> Result<(f64, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit_once(')').context("a stat line")?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    // utime and stime are fields 14 and 15 of proc(5), in hundredths of a second.
    let cpu = (ticks(11) + ticks(12)) as f64 / 100.0;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let rss = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok((cpu, rss))
}
