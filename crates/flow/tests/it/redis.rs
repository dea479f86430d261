//! Redis by its own clients, against what the server counted, what `MONITOR` told, and tshark.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::capture::{Capture, Running, free_port, ours, program, run, wait_for};
use crate::servers::{folder, hiding, never_pairs_wrongly, open, path_of, unprivileged};

fn cli(socket: &Path) -> Command {
    let mut command = program("redis-cli", "redis-tools");
    command.arg("-s").arg(socket);
    command
}

/// What the server is asked over the captured port.
fn talk(port: u16) {
    let port = port.to_string();
    let client = |more: &[&str], input: &str| {
        let mut child = program("redis-cli", "redis-tools")
            .args(["-p", &port])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    };
    client(&[], SCRIPT);
    client(&["-3"], SCRIPT);
    client(&["-x", "set", "big"], &"v".repeat(1_000_000));
    client(&["get", "big"], "");
    client(&["--no-auth-warning", "-a", "hunter2", "ping"], "");
    let inserts: String = (0..500).map(|at| format!("*3\r\n$3\r\nSET\r\n$6\r\nk{at:05}\r\n$3\r\nabc\r\n")).collect();
    client(&["--pipe"], &inserts);
    // A subscriber with one message.
    let mut subscriber = program("redis-cli", "redis-tools")
        .args(["-p", &port, "subscribe", "news", "sport"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while run(program("redis-cli", "redis-tools").args(["-p", &port, "publish", "sport", "hello"])).trim() != "1" {
        std::thread::sleep(Duration::from_millis(20));
    }
    subscriber.kill().unwrap();
    subscriber.wait().unwrap();
    // As people type it into a socket.
    let mut plain = std::net::TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
    plain.write_all(b"PING\r\nset inline 'a b'\r\nget inline\r\nquit\r\n").unwrap();
    std::io::read_to_string(&mut plain).unwrap();
    let mut bench = program("redis-benchmark", "redis-tools");
    run(bench.args(["-p", &port, "-n", "2000", "-c", "5", "-P", "16", "-q", "-t", "set,get,incr,lpush,mset,zadd"]));
    let mut bench = program("redis-benchmark", "redis-tools");
    run(bench.args(["-p", &port, "-n", "500", "-c", "3", "-q", "-t", "ping_inline,ping_mbulk,hset"]));
}

const SCRIPT: &str = "\
set user:1 bob\nget user:1\nhset h f 1 g 2\nhgetall h\nlpush l a b c\nlrange l 0 -1\nlpush user:1 x\nmset a 1 b 2\n\
mget a b none\ndel a b\nsadd s x y\nsmembers s\nzadd z 1 a 2 b\nzrange z 0 -1 withscores\nzunionstore d 2 z z\n\
incr counter\nincrbyfloat pi 3.14\nset session:9 hunter2\nget session:9\nconfig get maxmemory\nnosuch hunter2\n\
multi\nset m 1\nincr m\nexec\nmulti\nget m\ndiscard\nwatch m\nunwatch\neval \"return {KEYS[1],ARGV[1]}\" 1 k v\n\
xadd st * f v\nxread count 1 streams st 0\nxgroup create st g $\nsort l alpha store sorted\nobject encoding l\n\
bitop and dest a b\ncopy user:1 user:2\ngeoadd geo 13.3 38.1 p\ngeosearch geo fromlonlat 13 38 byradius 99 km\n\
blpop l 1\nblmpop 1 2 none l left\nzdiff 2 z d\nlcs user:1 user:2\ndump h\nobject help\nset \"a b\" \"q\\\"uo\\x01te\"\n\
publish news nobody\n";

/// Words of a line, in capitals.
fn words(line: &str) -> Vec<String> {
    raw_words(line).iter().map(|word| word.to_uppercase()).collect()
}

/// Words of a line in which some stand in quotes.
fn raw_words(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut chars = line.chars().peekable();
    while let Some(first) = chars.peek().copied() {
        if first == ' ' {
            chars.next();
            continue;
        }
        let quoted = first == '"';
        if quoted {
            chars.next();
        }
        let mut word = String::new();
        while let Some(next) = chars.next_if(|next| if quoted { *next != '"' } else { *next != ' ' }) {
            if quoted && next == '\\' {
                match chars.next() {
                    Some('x') => {
                        let digits: String = chars.by_ref().take(2).collect();
                        word.push(char::from(u8::from_str_radix(&digits, 16).unwrap()));
                    }
                    Some(other) => word.push(other),
                    None => {}
                }
            } else {
                word.push(next);
            }
        }
        if quoted {
            chars.next();
        }
        out.push(word);
    }
    out
}

fn name(record: &Value) -> Option<&str> {
    record["commands"][0].as_str().filter(|_| record.get("push").is_none())
}

fn counted<T: Ord>(all: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut out = BTreeMap::new();
    all.for_each(|one| *out.entry(one).or_default() += 1);
    out
}

fn differ<T: Ord + std::fmt::Debug>(ours: &BTreeMap<T, usize>, theirs: &BTreeMap<T, usize>) {
    let more: Vec<_> = ours.iter().filter(|(key, count)| theirs.get(key) != Some(count)).take(10).collect();
    let less: Vec<_> = theirs.iter().filter(|(key, count)| ours.get(key) != Some(count)).take(10).collect();
    assert!(more.is_empty() && less.is_empty(), "ours: {more:?}\ntheirs: {less:?}");
}

#[test]
fn cap_n_03i_redis_is_what_the_server_says_it_was_asked() {
    let folder = folder();
    let port = free_port();
    let socket = folder.path().join("socket");
    let server = path_of("redis-server", "redis-server");
    let _server = Running::start(
        unprivileged(&server)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(folder.path())
            .arg("--unixsocket")
            .arg(&socket),
    );
    wait_for(port);
    let watched = folder.path().join("monitor");
    let file = folder.path().join("redis.pcap");
    let capture = Capture::start(&file, &format!("tcp port {port}"));
    let log = std::fs::File::create(&watched).unwrap();
    let mut monitor = cli(&socket).arg("monitor").stdin(Stdio::null()).stdout(log).spawn().unwrap();
    while std::fs::metadata(&watched).unwrap().len() == 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    run(cli(&socket).args(["config", "resetstat"]));
    talk(port);
    let stats = run(cli(&socket).args(["info", "commandstats"]));
    let file = capture.stop();
    monitor.kill().unwrap();
    monitor.wait().unwrap();
    let records = ours(&file, open());

    the_server_counted(&records, &stats);
    the_monitor_told(&records, &std::fs::read_to_string(&watched).unwrap());
    keys_are_the_servers(&records, &socket);
    tshark_agrees(&records, &file, port);
    for record in records.iter().filter(|record| name(record).is_some()) {
        assert!(record.get("latency_us").is_some() && record.get("partial").is_none(), "{record}");
    }
    // Of a damaged capture nothing is paired that does not belong together.
    never_pairs_wrongly(&file, &records, |record| {
        let reply = record.get("reply").or(record.get("error"))?;
        name(record).map(|name| format!("{} {} {name} {} {reply}", record["src"]["port"], record["ts"], record["args"]))
    });
    let hidden = serde_json::to_string(&ours(&file, hiding())).unwrap();
    assert!(!hidden.contains("hunter2") && hidden.contains("«redacted "), "a secret is shown");
}

/// `cmdstat_config|get:calls=2,…,rejected_calls=0`.
fn the_server_counted(records: &[Value], stats: &str) {
    let mut theirs = BTreeMap::new();
    for line in stats.lines().filter_map(|line| line.trim().strip_prefix("cmdstat_")) {
        let (name, fields) = line.split_once(':').unwrap();
        let field = |wanted: &str| {
            let field = fields.split(',').find_map(|field| field.strip_prefix(wanted)).unwrap();
            field.parse::<usize>().unwrap()
        };
        theirs.insert(name.replace('|', " ").to_uppercase(), field("calls=") + field("rejected_calls="));
    }
    // What was asked over the socket, and what is no command.
    for own in ["INFO", "CONFIG RESETSTAT", "MONITOR"] {
        theirs.remove(own);
    }
    let mut ours = counted(records.iter().filter_map(name).map(str::to_owned));
    assert_eq!(ours.remove("NOSUCH"), Some(2));
    // A transaction that is discarded never ran what it queued.
    *ours.get_mut("GET").unwrap() -= 2;
    differ(&ours, &theirs);
}

/// `1700000000.000001 [0 127.0.0.1:5000] "set" "k" "v"`.
fn the_monitor_told(records: &[Value], log: &str) {
    let told = log.lines().filter_map(|line| line.split_once("] ")).filter(|(head, _)| head.contains("127.0.0.1:"));
    let theirs =
        counted(told.map(|(_, command)| words(command)).filter(|words| words[0] != "SET" || words[1] != "BIG"));
    let mine = records.iter().filter_map(|record| {
        let mut line = name(record)?.to_owned();
        if let Some(args) = record["args"].as_str() {
            line.push(' ');
            line.push_str(args);
        }
        Some(words(&line))
    });
    let shown = |words: &Vec<String>| {
        // Administration is not told either; what ends a pipe is random bytes.
        let never_run = ["AUTH", "CONFIG", "ECHO", "NOSUCH", "QUIT"].contains(&words[0].as_str());
        let long = words[0] == "SET" && words[1] == "BIG";
        !never_run && !long && words[..] != ["GET", "M"]
    };
    let ours = counted(mine.filter(shown));
    let theirs: BTreeMap<_, _> = theirs.into_iter().filter(|(words, _)| shown(words)).collect();
    assert!(theirs.values().sum::<usize>() > 14_000);
    differ(&ours, &theirs);
}

/// `COMMAND GETKEYS` of the server, for one of each command.
fn keys_are_the_servers(records: &[Value], socket: &Path) {
    let mut asked = BTreeMap::new();
    for record in records.iter().filter(|record| record.get("truncated").is_none()) {
        let Some(name) = name(record).filter(|name| !matches!(*name, "ECHO" | "NOSUCH" | "EXEC")) else { continue };
        asked.entry(name).or_insert(record);
    }
    assert!(asked.len() > 40);
    for (name, record) in asked {
        let mut command = cli(socket);
        command.args(["command", "getkeys"]).args(name.split(' '));
        command.args(raw_words(record["args"].as_str().unwrap_or_default()));
        let said = run(&mut command);
        let theirs: Vec<&str> =
            if said.starts_with("ERR ") || said.starts_with("(error)") { Vec::new() } else { said.lines().collect() };
        let mine: Vec<&str> =
            record["keys"].as_array().map_or(Vec::new(), |keys| keys.iter().map(|key| key.as_str().unwrap()).collect());
        assert_eq!(mine, theirs, "{name} {}", record["args"]);
    }
}

fn tshark_agrees(records: &[Value], file: &Path, port: u16) {
    let count = |field: &str| {
        let decode = format!("tcp.port=={port},resp");
        let mut command = program("tshark", "tshark");
        command.arg("-r").arg(file).args([
            "-d",
            &decode,
            "-Y",
            field,
            "-T",
            "fields",
            "-E",
            "aggregator=|",
            "-e",
            field,
        ]);
        let told = run(&mut command);
        told.lines().map(|line| line.split('|').count()).sum::<usize>()
    };
    let failed = records.iter().filter(|record| record.get("error").is_some()).count();
    assert_eq!(failed, count("resp.error"));
    let said_ok = records.iter().filter(|record| record["reply"] == "OK").count();
    let other = records.iter().filter(|record| matches!(record["reply"].as_str(), Some("PONG" | "QUEUED"))).count();
    assert!(said_ok > 1000 && said_ok + other <= count("resp.string"));
}
