//! Times of handshakes and transactions, against tshark on real connections.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use flow::Config;
use serde_json::Value;

use crate::capture::{Capture, ours, program, run, with_keys};
use crate::tls::{Bench, by_port};

const PAUSE: Duration = Duration::from_millis(40);

/// Answers each connection's requests, each part of an answer a while after the one before.
fn serve(listener: &TcpListener, requests: usize) {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_nodelay(true).unwrap();
    for _ in 0..requests {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut more = [0; 512];
            let count = stream.read(&mut more).unwrap();
            request.extend_from_slice(&more[..count]);
        }
        for part in ["HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf", "half"] {
            sleep(PAUSE);
            stream.write_all(part.as_bytes()).unwrap();
        }
    }
}

/// Sends requests in two parts each, so that the first and the last byte of a request are told apart.
fn ask(port: u16, requests: usize) -> u64 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    for nth in 0..requests {
        stream.write_all(format!("GET /{nth} HTTP/1.1\r\n").as_bytes()).unwrap();
        sleep(PAUSE);
        stream.write_all(b"Host: shop.test\r\n\r\n").unwrap();
        let mut answer = [0; 512];
        let mut len = 0;
        while !answer[..len].ends_with(b"halfhalf") {
            len += stream.read(&mut answer[len..]).unwrap();
        }
    }
    stream.local_addr().unwrap().port().into()
}

/// Rows of fields, as tshark tells them.
fn rows(file: &Path, more: &[&str], filter: &str, fields: &[&str]) -> Vec<Vec<String>> {
    let mut tshark = program("tshark", "tshark");
    tshark.arg("-n").arg("-r").arg(file).args(more).args(["-Y", filter, "-T", "fields", "-E", "separator=|"]);
    fields.iter().for_each(|field| {
        tshark.args(["-e", field]);
    });
    run(&mut tshark).lines().map(|line| line.split('|').map(str::to_owned).collect()).collect()
}

/// Seconds as text, in microseconds.
fn us(seconds: &str) -> u64 {
    (seconds.parse::<f64>().unwrap() * 1e6).round() as u64
}

/// tshark counts nanoseconds, records whole microseconds of stamps.
fn is_close(ours: &Value, theirs: u64, what: &str) {
    let ours = ours.as_u64().unwrap_or_else(|| panic!("{what} is unknown"));
    assert!(ours.abs_diff(theirs) <= 2, "{what}: {ours}, tshark {theirs}");
}

fn sum(record: &Value, names: &[&str]) -> u64 {
    names.iter().map(|name| record[name].as_u64().unwrap()).sum()
}

#[test]
fn cap_38_handshakes_and_transactions_take_as_long_as_tshark_says() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", crate::capture::free_port())).unwrap();
    let server_port = listener.local_addr().unwrap().port();
    let capture = Capture::start(&folder.path().join("seen.pcap"), &format!("tcp port {server_port}"));
    let server = std::thread::spawn(move || (0..2).for_each(|_| serve(&listener, 2)));
    let clients = [ask(server_port, 2), ask(server_port, 2)];
    server.join().unwrap();
    let file = capture.stop();
    let records = ours(&file, Config::default());
    let decode = format!("tcp.port=={server_port},http");
    let decode = ["-d", decode.as_str()];
    let (flows, http) = (by_port(&records, "flow"), by_port(&records, "http"));

    for port in clients {
        let of = |filter: &str| format!("tcp.port == {port} && {filter}");
        // The handshake: SYN to SYN-ACK to ACK.
        let flow = flows[&port].iter().find(|flow| flow["state"] == "close").unwrap();
        let first = &rows(&file, &decode, &of("tcp.len > 0"), &["tcp.analysis.initial_rtt"])[0];
        let synack =
            &rows(&file, &decode, &of("tcp.flags.syn == 1 && tcp.flags.ack == 1"), &["tcp.analysis.ack_rtt"])[0];
        is_close(&flow["hs_us"], us(&first[0]), "hs_us");
        is_close(&flow["syn_us"], us(&synack[0]), "syn_us");
        is_close(&flow["ack_us"], us(&first[0]) - us(&synack[0]), "ack_us");

        // Transactions: by the times of the segments that carried their first and last bytes.
        let times = |source: &str| -> Vec<u64> {
            let filter = of(&format!("tcp.len > 0 && tcp.srcport == {source}"));
            rows(&file, &decode, &filter, &["frame.time_relative"]).iter().map(|row| us(&row[0])).collect()
        };
        let (asked, answered) = (times(&port.to_string()), times(&server_port.to_string()));
        let waits = rows(&file, &decode, &of("http.response"), &["http.time"]);
        assert_eq!((asked.len(), answered.len(), waits.len(), http[&port].len()), (4, 4, 2, 2));
        for (nth, record) in http[&port].iter().enumerate() {
            let [(ask, asked), (answer, answered)] = [&asked, &answered].map(|all| (all[nth * 2], all[nth * 2 + 1]));
            assert_eq!(record["path"], format!("/{nth}"));
            // tshark's time ends with the last byte of the response.
            is_close(&Value::from(sum(record, &["wait_us", "resp_us"])), us(&waits[nth][0]), "http.time");
            is_close(&record["req_us"], asked - ask, "req_us");
            is_close(&record["wait_us"], answer - asked, "wait_us");
            is_close(&record["resp_us"], answered - answer, "resp_us");
            is_close(&record["ttfb_us"], answer - ask, "ttfb_us");
            is_close(&record["total_us"], answered - ask, "total_us");
            assert!(record["req_us"].as_u64() > Some(30_000) && record["wait_us"].as_u64() > Some(30_000), "{record}");
        }
    }

    // TLS: from the hello to the last Finished, which tshark reads with the keys and records do without.
    let bench = Bench::new();
    let server = bench.server(&[]);
    let capture = bench.capture();
    for version in ["-tls1_2", "-tls1_3"] {
        bench.client("/", &[version]);
    }
    let file = capture.stop();
    drop(server);
    let decode = format!("tcp.port=={},tls", bench.port);
    let keys = format!("tls.keylog_file:{}", bench.path("keys.txt").display());
    let mut spans: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let filter = "tls.handshake.type == 1 || tls.handshake.type == 20";
    for row in rows(&file, &["-d", &decode, "-o", &keys], filter, &["tcp.stream", "frame.time_relative"]) {
        let at = us(&row[1]);
        spans.entry(row[0].clone()).or_insert((at, at)).1 = at;
    }
    assert_eq!(spans.len(), 2);
    for log in [String::new(), bench.keys()] {
        let records = with_keys(&file, Config::default(), &log);
        let tls: Vec<&Value> = records.iter().filter(|record| record["kind"] == "tls").collect();
        let closed = records.iter().filter(|record| record["kind"] == "flow" && record["state"] == "close");
        let flows: Vec<&Value> = closed.collect();
        assert_eq!(tls.len(), 2);
        for ((begin, end), record) in spans.values().zip(tls) {
            is_close(&record["hs_us"], end - begin, "hs_us of TLS");
            let flow = flows.iter().find(|flow| flow["flow"] == record["flow"]).unwrap();
            assert_eq!(flow["tls_us"], record["hs_us"]);
        }
    }
}
