//! CAP-P-05: the agent beside a web server under load on veth, tcpdump with its usual ring beside it. The measurement is
//! the agent's own benchmark, `live` of qd-agent, which knows how an agent is led; its figures come here.

use anyhow::{Context, Result, ensure};
use bench::build;
use bench::table::Figures;
use serde_json::{Value, json};
use std::process::{Command, Stdio};

/// One run in network namespaces of its own: what the kernel dropped of the agent and of tcpdump, level by level.
pub(crate) fn run(figures: &mut Figures) -> Result<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(build::root()).args(["bench", "--quiet", "-p", "qd-agent", "--bench", "live"]);
    let output = cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cargo bench")?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "the benchmark of the agent failed: {text}");
    print!("{text}");
    let mut rows = Vec::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let [level, size, limit, requests, seen, mbit, packets, drops, .., tcpdump] = cells.as_slice() else {
            continue;
        };
        let numbers = [*limit, *mbit, *drops, *tcpdump].map(str::parse::<u64>);
        let [Ok(limit), Ok(mbit), Ok(drops), Ok(tcpdump)] = numbers else { continue };
        // The bar is about packets of a gigabit a second or more, not of all that the machine can do.
        let counts = limit > 0 && mbit >= 1_000;
        let words = if counts { "0" } else { "(for comparison)" };
        let name = format!("CAP-P-05 {level} {size} at {mbit} Mbit/s: kernel drops (tcpdump {tcpdump})");
        figures.add(&name, drops.to_string(), words, !counts || drops == 0);
        rows.push(json!({
            "packets": level, "size": size, "limit": limit, "requests": requests, "seen": seen, "mbit": mbit, "captured": packets,
            "drops": drops, "tcpdump_drops": tcpdump,
        }));
    }
    ensure!(!rows.is_empty(), "the benchmark of the agent said nothing: {text}");
    Ok(Value::from(rows))
}
