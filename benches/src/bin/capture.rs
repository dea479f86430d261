//! `cargo xtask bench capture`: the capture engine's rows CAP-P-01 to 05, 12, 13, 15 and 16 on real traffic of nginx, wrk and
//! nghttpd, beside tshark, Suricata, gopacket, editcap and tcpdump on the same files in the same run. A figure counts only when the product
//! found every transaction that the server logged.

#[path = "capture/export.rs"]
mod export;
#[path = "capture/gopacket.rs"]
mod gopacket;
#[path = "capture/list.rs"]
mod list;
#[path = "capture/live.rs"]
mod live;
#[path = "capture/traffic.rs"]
mod traffic;

use anyhow::{Result, bail, ensure};
use bench::build;
use bench::process::{Cost, measure, measured};
use bench::table::{Figures, median};
use clap::Parser;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use traffic::Traffic;

/// Benchmark of the capture engine.
#[derive(Parser)]
struct Args {
    /// Small captures, one round: to see that it works
    #[arg(long)]
    quick: bool,
    /// Only these parts, with commas: ka, short, h2, dns, export, live, list
    #[arg(long, value_delimiter = ',', value_parser = PARTS)]
    only: Vec<String>,
    /// Where captures are kept from run to run; a temporary folder without it
    #[arg(long)]
    keep: Option<PathBuf>,
    /// How often each program reads each capture
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Without Suricata, where it cannot be installed
    #[arg(long)]
    no_suricata: bool,
    /// Without gopacket, where there is no Go or no module proxy
    #[arg(long)]
    no_gopacket: bool,
}

fn main() -> Result<()> {
    if measured()? {
        return Ok(());
    }
    let args = Args::parse();
    let qd = build::qd(&build::root())?;
    let temporary = tempfile::tempdir()?;
    let folder = args.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let rounds = if args.quick { 1 } else { args.rounds.max(1) };
    let wanted = |part: &str| args.only.is_empty() || args.only.iter().any(|one| one == part);
    let gopacket =
        if args.no_gopacket || !(wanted("ka") || wanted("short")) { None } else { Some(gopacket::build(&folder)?) };
    let mut figures = Figures::default();
    let mut line = Map::new();
    for traffic in traffic::all(&folder, args.quick, &wanted)? {
        let found = count(&qd, &traffic)?;
        ensure!(found == traffic.transactions, "{}: {found} of {} transactions", traffic.name, traffic.transactions);
        let gopacket = gopacket.as_deref().filter(|_| traffic.row == "CAP-P-01");
        let bench = Bench { qd: &qd, traffic: &traffic, folder: &folder, rounds, gopacket };
        let result = bench.run(!args.no_suricata, &mut figures)?;
        line.insert(traffic.name.to_owned(), result);
    }
    if wanted("export") {
        line.insert("export".to_owned(), export::run(&qd, &folder, args.quick, rounds, &mut figures)?);
    }
    if wanted("live") {
        line.insert("live".to_owned(), live::run(&mut figures)?);
    }
    if wanted("list") {
        line.insert("list".to_owned(), list::run(args.quick, &mut figures)?);
    }
    figures.print();
    println!("{}", json!({ "bench": "capture", "rounds": rounds, "captures": line }));
    Ok(())
}

/// What `--only` may name.
const PARTS: [&str; 7] = ["ka", "short", "h2", "dns", "export", "live", "list"];

/// Everything about one capture.
struct Bench<'a> {
    qd: &'a Path,
    traffic: &'a Traffic,
    folder: &'a Path,
    rounds: usize,
    /// The peer of CAP-P-03, for what it reads.
    gopacket: Option<&'a Path>,
}

impl Bench<'_> {
    fn run(&self, suricata: bool, figures: &mut Figures) -> Result<Value> {
        let file = self.traffic.file.display().to_string();
        let qd = self.qd.display().to_string();
        let lines = ["tap", "--read", &file, "--output", "jsonl"];
        let open = ["tap", "--read", &file, "--output", "jsonl", "--no-redact"];
        let mut tshark = vec!["-n", "-r", &file, "-Y", self.traffic.filter, "-T", "fields"];
        tshark.extend(self.traffic.decode.iter().map(String::as_str));
        for field in self.traffic.fields {
            tshark.extend(["-e", field]);
        }
        let logs = self.folder.join("suricata");
        std::fs::create_dir_all(&logs)?;
        let config = self.folder.join("suricata.yaml");
        std::fs::write(&config, SURICATA)?;
        let (logs, config) = (logs.display().to_string(), config.display().to_string());
        let rules = ["-r", &file, "-c", &config, "-l", &logs, "--runmode", "single", "-S", "/dev/null"];
        let copy = self.folder.join("copy.pcap").display().to_string();
        let dump = ["-r", &file, "-w", &copy];

        let (mut ours, mut shown, mut theirs, mut others, mut copies) = (vec![], vec![], vec![], vec![], vec![]);
        let mut assembled = vec![];
        // In turn, so that what disturbs the machine disturbs all of them.
        for _ in 0..self.rounds {
            ours.push(measure(&qd, &lines)?);
            theirs.push(measure("tshark", &tshark)?);
            shown.push(measure(&qd, &open)?);
            copies.push(measure("tcpdump", &dump)?);
            if let Some(program) = self.gopacket {
                assembled.push(measure(&program.display().to_string(), &[&file])?);
            }
            if suricata {
                // It would be continued.
                std::fs::write(Path::new(&logs).join("eve.json"), "")?;
                others.push(measure("suricata", &rules)?);
            }
        }
        let name = self.traffic.name;
        let mut against = |row: &str, program: &str, peer: &[Cost], bar: Option<f64>| {
            let ratio = cpu(peer) / cpu(&ours);
            let (words, met) = bar.map_or(("none".to_owned(), true), |bar| (format!(">= {bar}"), ratio >= bar));
            figures.add(&format!("{row} {name} {program} CPU / qd"), format!("{ratio:.1}"), &words, met);
        };
        let (to_tshark, to_suricata) = match name {
            "dns" => (Some(40.0), None),
            "h2" => (None, Some(5.0)),
            _ => (Some(60.0), Some(5.0)),
        };
        against(self.traffic.row, "tshark", &theirs, to_tshark);
        if suricata {
            let row = if self.traffic.row == "CAP-P-01" { "CAP-P-02" } else { self.traffic.row };
            against(row, "Suricata", &others, to_suricata);
            self.is_done(Path::new(&logs))?;
        }
        if let Some(program) = self.gopacket {
            gopacket::is_whole(program, &file, self.traffic.transactions)?;
            against("CAP-P-03", "gopacket", &assembled, Some(5.0));
        }
        let rss = ours.iter().map(|cost| cost.rss_kib).max().unwrap_or(0) as f64 / 1024.0;
        figures.add(&format!("CAP-P-04 {name} qd RSS MiB"), format!("{rss:.1}"), "<= 32", rss <= 32.0);
        let hiding = cpu(&ours) / cpu(&shown);
        figures.add(&format!("CAP-P-16 {name} redaction on / off"), format!("{hiding:.2}"), "<= 1.3", hiding <= 1.3);
        Ok(json!({
            "transactions": self.traffic.transactions, "bytes": std::fs::metadata(&self.traffic.file)?.len(),
            "qd": costs(&ours), "qd_no_redact": costs(&shown), "tshark": costs(&theirs),
            "suricata": if suricata { costs(&others) } else { Value::Null },
            "gopacket": self.gopacket.map_or(Value::Null, |_| costs(&assembled)), "tcpdump_copy": costs(&copies),
        }))
    }
}

impl Bench<'_> {
    /// Whether Suricata did the work that it is compared for: it tells each transaction, DNS as two events.
    fn is_done(&self, logs: &Path) -> Result<()> {
        let events = std::fs::read_to_string(logs.join("eve.json"))?;
        let wanted = format!("\"event_type\":\"{}\"", self.traffic.kind);
        let told = events.lines().filter(|line| line.contains(&wanted)).count() as u64;
        ensure!(told >= self.traffic.transactions, "{}: Suricata tells {told} transactions", self.traffic.name);
        Ok(())
    }
}

/// Transactions that the product finds, request and response together.
fn count(qd: &Path, traffic: &Traffic) -> Result<u64> {
    let file = traffic.file.display().to_string();
    let output = Command::new(qd)
        .args(["tap", "--read", &file, "--output", "csv", "--fields", "kind", "--where", traffic.whole])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("qd tap --read {file} failed");
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().filter(|line| line.trim() == traffic.kind).count() as u64)
}

fn cpu(costs: &[Cost]) -> f64 {
    median(&costs.iter().map(|cost| cost.cpu_s).collect::<Vec<_>>())
}

fn costs(costs: &[Cost]) -> Value {
    let wall = median(&costs.iter().map(|cost| cost.wall_s).collect::<Vec<_>>());
    let rss = costs.iter().map(|cost| cost.rss_kib).max().unwrap_or(0);
    json!({ "cpu_s": cpu(costs), "wall_s": wall, "rss_kib": rss })
}

/// Every application event that the product has too, and flows; no rules, no statistics.
const SURICATA: &str = "%YAML 1.1
---
default-log-dir: .
stats: {enabled: no}
logging: {default-log-level: error, outputs: [{console: {enabled: yes}}]}
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      types:
        - http: {extended: yes, dump-all-headers: both}
        - http2
        - dns: {version: 2}
        - tls: {extended: yes}
        - flow
app-layer:
  protocols:
    http: {enabled: yes, libhtp: {default-config: {personality: IDS}}}
    http2: {enabled: yes}
    dns: {tcp: {enabled: yes, detection-ports: {dp: 5399}}, udp: {enabled: yes, detection-ports: {dp: 5399}}}
    tls: {enabled: yes}
stream: {memcap: 512mb, checksum-validation: no, reassembly: {memcap: 1gb, depth: 0}}
flow: {memcap: 512mb}
";
