//! nginx under wrk: every request of a connection is a record, and damage of the capture makes no wrong pair.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use flow::{Config, Direction, Engine, Packet};
use pcap::LinkType;
use serde_json::{Value, json};

use crate::capture::{Capture, Records, Running, free_port, ours, program, wait_for};

/// Connections of wrk, as in the defect.
const CONNECTIONS: usize = 17;
/// Requests, each for a path of its own.
const REQUESTS: usize = 3_000;

/// What one run of the server left.
struct Served {
    file: PathBuf,
    /// Lines of the server's log.
    logged: usize,
    /// What wrk counted.
    counted: usize,
}

/// wrk on nginx. The answer to a path is the path. After the last request no connection asks again, so that each is
/// answered before wrk ends.
fn served(home: &Path) -> Served {
    let (port, root) = (free_port(), home.display());
    let config = home.join("nginx.conf");
    std::fs::write(
        &config,
        format!(
            "daemon off; master_process off; user root; pid {root}/pid; error_log stderr crit;\n\
             events {{ worker_connections 256; }}\n\
             http {{ access_log {root}/access.log combined; keepalive_requests 1000000; keepalive_timeout 600;\n\
             client_body_temp_path {root}/b; proxy_temp_path {root}/p; fastcgi_temp_path {root}/f;\n\
             uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;\n\
             server {{ listen 127.0.0.1:{port}; location / {{ return 200 \"$uri\"; }} }} }}\n"
        ),
    )
    .unwrap();
    let script = home.join("script.lua");
    // One thread: its count is that of all connections. The first request is made before the run.
    std::fs::write(
        &script,
        format!(
            "asked, made = 0, 0\n\
             function delay() asked = asked + 1; if asked > {REQUESTS} then return 600000 end; return 0 end\n\
             function request() made = made + 1; return wrk.format('GET', '/' .. made) end\n"
        ),
    )
    .unwrap();
    let mut nginx = program("nginx", "nginx");
    let _nginx = Running::start(nginx.arg("-p").arg(home).arg("-c").arg(&config));
    wait_for(port);
    let capture = Capture::start(&home.join("web.pcap"), &format!("tcp port {port}"));
    let log = home.join("access.log");
    let lines = || std::fs::read(&log).map_or(0, |text| text.iter().filter(|byte| **byte == b'\n').count());
    let mut wrk = program("wrk", "wrk");
    wrk.args(["-t1", &format!("-c{CONNECTIONS}"), "-d100s", "-s"]).arg(&script);
    let mut wrk = wrk.arg(format!("http://127.0.0.1:{port}/")).stdout(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(90);
    while lines() < REQUESTS {
        assert!(Instant::now() < until, "{} of {REQUESTS} requests", lines());
        std::thread::sleep(Duration::from_millis(20));
    }
    let counted = counted(&mut wrk);
    let file = capture.stop();
    Served { file, logged: lines(), counted }
}

/// Ends wrk as Ctrl-C does and reads its total.
fn counted(wrk: &mut Child) -> usize {
    crate::capture::run(std::process::Command::new("kill").args(["-INT", &wrk.id().to_string()]));
    let mut text = String::new();
    std::io::Read::read_to_string(&mut wrk.stdout.take().unwrap(), &mut text).unwrap();
    wrk.wait().unwrap();
    let line = text.lines().find_map(|line| line.trim().split_once(" requests in "));
    line.unwrap_or_else(|| panic!("{text}")).0.parse().unwrap()
}

/// Transactions by their path.
fn pairs(records: &[Value]) -> BTreeMap<&str, &Value> {
    let whole = records.iter().filter(|record| record["kind"] == "http" && record["pair"] == "ok");
    whole.map(|record| (record["path"].as_str().unwrap(), record)).collect()
}

#[test]
fn cap_d_01_records_are_what_the_server_logged_and_the_client_counted() {
    let home = tempfile::tempdir().unwrap();
    let served = served(home.path());
    assert_eq!((served.logged, served.counted), (REQUESTS, REQUESTS));
    let records = ours(&served.file, Config::default());
    let http = records.iter().filter(|record| record["kind"] == "http").count();
    let pairs = pairs(&records);
    assert_eq!((http, pairs.len()), (REQUESTS, REQUESTS), "each once");
    let flows: HashSet<&str> = pairs.values().map(|record| record["flow"].as_str().unwrap()).collect();
    assert_eq!(flows.len(), CONNECTIONS);
    for (path, record) in pairs {
        assert_eq!((&record["status"], &record["response"]["body"]), (&json!(200), &json!(path)), "{record}");
    }
}

/// A packet of the capture, and whether it may be harmed.
#[derive(Clone)]
struct Seen {
    ts_ns: u64,
    orig_len: u32,
    bytes: Vec<u8>,
    payload: usize,
}

impl Seen {
    /// Where its payload begins.
    fn head(&self) -> usize {
        let tcp = 14 + usize::from(self.bytes[14] & 15) * 4;
        tcp + usize::from(self.bytes[tcp + 12] >> 4) * 4
    }

    /// The path that it asks for or answers.
    fn path(&self) -> Option<String> {
        let text = String::from_utf8_lossy(self.bytes.get(self.head()..)?);
        match text.strip_prefix("GET ") {
            Some(rest) => Some(rest.split(' ').next()?.to_owned()),
            None => Some(text.split("\r\n\r\n").nth(1)?.to_owned()),
        }
    }
}

/// What may happen to a capture.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Damage {
    Lost,
    Late,
    Twice,
    Cut,
}

/// The packets after the damage, and stream bytes that are gone.
fn damaged(all: &[Seen], damage: Damage, per_mille: u64, seed: u64) -> (Vec<Seen>, u64, HashSet<String>) {
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut hit = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % 1_000 < per_mille
    };
    let (mut out, mut gone, mut harmed) = (Vec::<Seen>::new(), 0, HashSet::new());
    // What each connection begins and ends with stays: beyond it nothing says how long a stream was.
    let inner = 20 * CONNECTIONS..all.len() - 20 * CONNECTIONS;
    for (at, packet) in all.iter().enumerate() {
        if packet.payload == 0 || !inner.contains(&at) || !hit() {
            out.push(packet.clone());
            continue;
        }
        match damage {
            Damage::Lost => {
                gone += packet.payload as u64;
                harmed.extend(packet.path());
            }
            Damage::Cut => {
                let mut less = packet.clone();
                less.bytes.truncate(packet.head() + packet.payload / 2);
                gone += (packet.payload - packet.payload / 2) as u64;
                harmed.extend(packet.path());
                out.push(less);
            }
            Damage::Twice => out.extend([packet.clone(), packet.clone()]),
            Damage::Late => {
                // One place later, and the one before it has its time.
                let mut late = packet.clone();
                if let Some(before) = out.last_mut() {
                    std::mem::swap(&mut late.ts_ns, &mut before.ts_ns);
                    let before = std::mem::replace(before, late);
                    out.push(before);
                } else {
                    out.push(late);
                }
            }
        }
    }
    (out, gone, harmed)
}

#[test]
fn cap_d_22_cap_p_09c_damage_makes_no_wrong_pair_and_every_gap_is_told() {
    let home = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(served(home.path()).file).unwrap();
    // In even steps: how busy the machine was is no damage.
    let all: Vec<Seen> = (0..)
        .zip(pcap::packets(&bytes))
        .map(|(at, packet)| {
            let (_, packet) = packet.unwrap();
            let bytes = packet.bytes.to_vec();
            let mut seen =
                Seen { ts_ns: 1_700_000_000_000_000_000 + at * 50_000, orig_len: packet.orig_len, bytes, payload: 0 };
            // By the IP header: the link may have filled up a short frame.
            let end = 14 + usize::from(u16::from_be_bytes([seen.bytes[16], seen.bytes[17]]));
            seen.payload = end - seen.head();
            seen
        })
        .collect();
    for damage in [Damage::Lost, Damage::Late, Damage::Twice, Damage::Cut] {
        for (seed, per_mille, least) in [(1, 1, 95), (2, 10, 95), (3, 50, 95), (4, 200, 50)] {
            let (packets, gone, harmed) = damaged(&all, damage, per_mille, seed);
            let mut engine = Engine::new(Config::default());
            let mut records = Records::default();
            for seen in &packets {
                let packet = Packet {
                    iface: 0,
                    ts_ns: seen.ts_ns,
                    link: LinkType::ETHERNET,
                    orig_len: seen.orig_len,
                    dir: Direction::Unknown,
                    bytes: &seen.bytes,
                };
                engine.packet(&packet, &mut records);
            }
            engine.finish(&mut records);
            let pairs = pairs(&records.0);
            for (path, record) in &pairs {
                let body = record["response"]["body"].as_str().unwrap_or_default();
                let partial = record.get("partial").is_some();
                let is_right = if partial { path.starts_with(body) } else { body == *path };
                assert!(is_right, "{damage:?} {per_mille}: a wrong pair: {record}");
            }
            let unharmed = (1..=REQUESTS).map(|n| format!("/{n}")).filter(|path| !harmed.contains(path));
            let (mut there, mut found) = (0, 0);
            for path in unharmed {
                there += 1;
                found += usize::from(pairs.contains_key(path.as_str()));
            }
            // Where a fifth is gone, most of what is left stands beside a hole.
            assert!(found * 100 >= there * least, "{damage:?} {per_mille}: {found} of {there} that are all there");
            let gaps = records.0.iter().filter(|record| record["kind"] == "gap");
            let told: u64 = gaps.map(|record| record["len"].as_u64().unwrap()).sum();
            assert_eq!(told, gone, "{damage:?} {per_mille}: bytes that are missing");
        }
    }
}
