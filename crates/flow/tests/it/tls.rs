//! TLS by openssl and rustls on loopback, field by field against tshark with the same key log.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use flow::{Config, tls::names};
use serde_json::Value;
use tempfile::TempDir;

use crate::capture::{Capture, Running, free_port, ours, program, run, wait_for, with_keys};

/// What a test works in: a key, a certificate, a key log.
pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) port: u16,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let bench = Bench { folder: tempfile::tempdir().unwrap(), port: free_port() };
        let mut request = openssl();
        request.args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=server.example/O=Test",
        ]);
        request.args(["-addext", "subjectAltName=DNS:server.example,IP:127.0.0.1", "-keyout"]);
        run(request.arg(bench.path("key.pem")).arg("-out").arg(bench.path("cert.pem")));
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn server(&self, more: &[&str]) -> Running {
        let mut server = openssl();
        server.args([
            "s_server",
            "-www",
            "-quiet",
            "-cipher",
            "ALL:@SECLEVEL=0",
            "-accept",
            &format!("127.0.0.1:{}", self.port),
        ]);
        server.arg("-key").arg(self.path("key.pem")).arg("-cert").arg(self.path("cert.pem")).args(more);
        let server = Running::start(&mut server);
        wait_for(self.port);
        server
    }

    /// One request by s_client; its exit does not matter, since some are refused.
    pub(crate) fn client(&self, path: &str, more: &[&str]) {
        let mut client = openssl();
        client.args(["s_client", "-connect", &format!("127.0.0.1:{}", self.port), "-servername", "server.example"]);
        client
            .args(["-quiet", "-ign_eof", "-no_ign_eof", "-ign_eof"])
            .arg("-keylogfile")
            .arg(self.path("keys.txt"))
            .args(more);
        let mut child = client.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let _ = write!(child.stdin.take().unwrap(), "GET {path} HTTP/1.0\r\nHost: server.example\r\n\r\n");
        child.wait().unwrap();
    }

    pub(crate) fn keys(&self) -> String {
        std::fs::read_to_string(self.path("keys.txt")).unwrap()
    }

    pub(crate) fn capture(&self) -> Capture {
        Capture::start(&self.path("seen.pcap"), &format!("tcp port {}", self.port))
    }

    /// Fields of packets, as tshark prints them, by the client's port.
    pub(crate) fn theirs(
        &self,
        file: &Path,
        filter: &str,
        fields: &[&str],
        of_server: bool,
    ) -> BTreeMap<u64, Vec<String>> {
        let mut tshark = program("tshark", "tshark");
        tshark.arg("-r").arg(file).args(["-Y", filter, "-T", "fields", "-E", "separator=|", "-E", "aggregator=,"]);
        tshark.args(["-o", &format!("tls.keylog_file:{}", self.path("keys.txt").display())]);
        tshark.args(["-d", &format!("tcp.port=={},tls", self.port), "-d", &format!("tls.port=={},http", self.port)]);
        // A body that ends with its connection would be waited for.
        tshark.args(["-o", "http.desegment_body:FALSE"]);
        tshark.args(["-e", if of_server { "tcp.dstport" } else { "tcp.srcport" }]);
        fields.iter().for_each(|field| {
            tshark.args(["-e", field]);
        });
        let said = run(&mut tshark);
        let rows = said.lines().map(|line| line.split('|').map(str::to_owned).collect::<Vec<_>>());
        let mut all = BTreeMap::new();
        for row in rows {
            // The first of a connection: after a request for another hello there are two.
            all.entry(row[0].parse().unwrap()).or_insert_with(|| row[1..].to_vec());
        }
        all
    }
}

fn openssl() -> std::process::Command {
    program("openssl", "openssl")
}

/// Records of a kind by the client's port.
pub(crate) fn by_port<'a>(records: &'a [Value], kind: &str) -> BTreeMap<u64, Vec<&'a Value>> {
    let mut all: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
    for record in records.iter().filter(|record| record["kind"] == kind) {
        all.entry(record["src"]["port"].as_u64().unwrap()).or_default().push(record);
    }
    all
}

/// Numbers as tshark prints them, `0x1301,0x1302` or `29,23`, without GREASE and what only stands for something else.
fn numbers(text: &str) -> Vec<u16> {
    let parse = |word: &str| match word.strip_prefix("0x") {
        Some(hex) => u16::from_str_radix(hex, 16).unwrap(),
        None => word.parse().unwrap(),
    };
    text.split(',').filter(|word| !word.is_empty()).map(parse).collect()
}

fn names_of(text: &str, of: fn(u16) -> Option<&'static str>) -> Vec<String> {
    numbers(text).into_iter().map(|code| of(code).map_or_else(|| format!("0x{code:04x}"), str::to_owned)).collect()
}

pub(crate) fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Suites with an RSA certificate that openssl offers and that are decrypted here.
const SUITES_12: &[&str] = &[
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-CCM",
    "AES256-CCM",
    "AES128-CCM8",
    "AES256-CCM8",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES256-SHA384",
    "AES128-SHA",
    "AES256-SHA256",
];
const SUITES_13: &[&str] = &[
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_CCM_8_SHA256",
];

#[test]
fn cap_n_20_openssl_with_every_suite_as_tshark_tells_it() {
    let bench = Bench::new();
    let all_13 = SUITES_13.join(":");
    let server = bench.server(&["-ciphersuites", &all_13, "-alpn", "http/1.1", "-groups", "P-256:X25519"]);
    let capture = bench.capture();
    let mut expected = Vec::new();
    for (number, suite) in SUITES_12.iter().enumerate() {
        let cipher = format!("{suite}:@SECLEVEL=0");
        for (etm, word) in [("etm", &[][..]), ("mac", &["-no_etm"][..])] {
            let path = format!("/{number}-{etm}");
            let args = [&["-tls1_2", "-cipher", &cipher, "-alpn", "http/1.1,http/1.0"][..], word].concat();
            bench.client(&path, &args);
            expected.push(path);
        }
    }
    for suite in SUITES_13 {
        bench.client(&format!("/{suite}"), &["-tls1_3", "-ciphersuites", suite, "-alpn", "h2,http/1.1"]);
        expected.push(format!("/{suite}"));
    }
    bench.client("/retry", &["-tls1_3", "-groups", "P-384:P-256"]);
    bench.client("/certificate", &["-tls1_3", "-groups", "X25519"]);
    expected.extend(["/retry".to_owned(), "/certificate".to_owned()]);
    let session = bench.path("session.pem");
    let session = session.to_str().unwrap();
    for version in ["-tls1_2", "-tls1_3"] {
        bench.client("/new", &[version, "-sess_out", session]);
        bench.client("/again", &[version, "-sess_in", session]);
        expected.extend(["/new".to_owned(), "/again".to_owned()]);
    }
    let file = capture.stop();
    drop(server);

    let records = with_keys(&file, Config::default(), &bench.keys());
    let (tls, http) = (by_port(&records, "tls"), by_port(&records, "http"));
    let requests = bench.theirs(&file, "http.request", &["http.request.uri"], false);
    let answers = bench.theirs(&file, "http.response", &["http.response.code"], true);
    let hellos = bench.theirs(
        &file,
        "tls.handshake.type == 1",
        &[
            "tls.handshake.extensions_server_name",
            "tls.handshake.ciphersuite",
            "tls.handshake.extensions_supported_group",
            "tls.handshake.sig_hash_alg",
            "tls.handshake.extensions_alpn_str",
            "tls.handshake.ja3",
        ],
        false,
    );
    let chosen = bench.theirs(
        &file,
        "tls.handshake.type == 2",
        &["tls.handshake.ciphersuite", "tls.handshake.extensions.supported_version", "tls.handshake.version"],
        true,
    );
    assert_eq!(tls.len(), expected.len());
    assert_eq!(hellos.len(), expected.len());
    let mut seen: Vec<String> = requests.values().map(|row| row[0].clone()).collect();
    seen.sort();
    let mut wanted = expected.clone();
    wanted.sort();
    assert_eq!(seen, wanted, "tshark decrypts all of them");
    for (port, hello) in &hellos {
        let record = tls[port][0];
        assert_eq!(tls[port].len(), 1);
        assert_eq!(record["sni"], hello[0].as_str());
        assert_eq!(texts(&record["ciphers"]), names_of(&hello[1], names::cipher));
        assert_eq!(texts(&record["groups"]), names_of(&hello[2], names::group));
        assert_eq!(texts(&record["sig_algs"]), names_of(&hello[3], names::scheme));
        assert_eq!(texts(&record["alpn_offered"]).join(","), hello[4]);
        assert_eq!(record["ja3"], hello[5].as_str());
        let server = &chosen[port];
        assert_eq!(vec![record["cipher"].as_str().unwrap().to_owned()], names_of(&server[0], names::cipher));
        let version = if server[1].is_empty() { &server[2] } else { &server[1] };
        assert_eq!(vec![record["version"].as_str().unwrap().to_owned()], names_of(version, names::version));
        assert_eq!(record["verdict"]["code"], "decrypted", "{record}");
        assert!(record["hs_us"].as_u64().is_some_and(|us| us > 0), "{record}");
        let calls = &http[port];
        assert_eq!(calls.len(), 1, "{calls:?}");
        let request = calls[0]["path"].as_str().unwrap();
        assert_eq!(request, requests[port][0]);
        assert_eq!(calls[0]["status"].to_string(), answers[port][0]);
        assert_eq!(calls[0]["scheme"], "https");
        assert_eq!(record["resumed"], request == "/again", "{record}");
        assert_eq!(record["hrr"], request == "/retry", "{record}");
        if request != "/again" {
            bench.is_certificate(&record["certs"][0]);
        }
        let flow = by_port(&records, "flow")[port].last().copied().unwrap();
        assert_eq!(flow["app"], "http");
        assert_eq!(flow["verdict"]["code"], "decrypted");
    }

    let blind = ours(&file, Config::default());
    let blind = by_port(&blind, "tls");
    assert_eq!(blind.len(), expected.len());
    for (port, records) in &blind {
        assert_eq!(records[0]["verdict"]["code"], "no_keys");
        assert_eq!(records[0]["hs_us"], tls[port][0]["hs_us"]);
        assert_eq!(records[0]["ja4"], tls[port][0]["ja4"]);
    }
}

impl Bench {
    /// Compares what is said of the server's certificate with what openssl says of it.
    fn is_certificate(&self, said: &Value) {
        let mut x509 = openssl();
        x509.args(["x509", "-noout", "-serial", "-fingerprint", "-sha256", "-in"]);
        let told = run(x509.arg(self.path("cert.pem"))).to_lowercase();
        let value = |name: &str| {
            let line = told.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{told}"));
            line.replace(':', "")
        };
        let serial = said["serial"].as_str().unwrap();
        assert_eq!(serial.trim_start_matches('0'), value("serial=").trim_start_matches('0'));
        assert_eq!(said["sha256"], value("sha256 fingerprint=").as_str());
        assert_eq!(said["subject"], "CN=server.example, O=Test");
        assert_eq!(said["sans"], serde_json::json!(["server.example", "127.0.0.1"]));
        assert_eq!(said["key"], "RSA 2048");
        assert_eq!(said["to"].as_i64().unwrap() - said["from"].as_i64().unwrap(), 30 * 86_400);
    }
}

#[test]
fn cap_d_03_every_version_is_what_tshark_says_and_refusals_are_told() {
    let bench = Bench::new();
    let server = bench.server(&["-min_protocol", "TLSv1"]);
    let capture = bench.capture();
    for version in ["-tls1", "-tls1_1", "-tls1_2", "-tls1_3"] {
        bench.client("/", &[version, "-cipher", "ALL:@SECLEVEL=0"]);
    }
    drop(server);
    let server = bench.server(&["-tls1_3"]);
    bench.client("/", &["-tls1_2"]);
    let file = capture.stop();
    drop(server);
    let records = with_keys(&file, Config::default(), &bench.keys());
    let tls = by_port(&records, "tls");
    let chosen = bench.theirs(
        &file,
        "tls.handshake.type == 2",
        &["tls.handshake.ciphersuite", "tls.handshake.extensions.supported_version", "tls.handshake.version"],
        true,
    );
    assert_eq!((tls.len(), chosen.len()), (5, 4));
    let mut versions = Vec::new();
    for (port, server) in &chosen {
        let record = tls[port][0];
        let version = if server[1].is_empty() { &server[2] } else { &server[1] };
        assert_eq!(vec![record["version"].as_str().unwrap().to_owned()], names_of(version, names::version));
        assert_eq!(vec![record["cipher"].as_str().unwrap().to_owned()], names_of(&server[0], names::cipher));
        versions.push(record["version"].as_str().unwrap().to_owned());
        let code = if record["version"].as_str() < Some("TLS 1.2") { "unsupported_cipher" } else { "decrypted" };
        assert_eq!(record["verdict"]["code"], code, "{record}");
    }
    versions.sort();
    assert_eq!(versions, ["TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"]);
    let refused = tls.iter().find(|(port, _)| !chosen.contains_key(port)).unwrap().1[0];
    assert_eq!(refused["alert"], serde_json::json!({"from": "server", "level": "fatal", "name": "protocol_version"}));
    assert!(refused["hs_us"].is_null());
}

#[test]
fn cap_d_07_http2_in_tls_of_nghttpd_and_curl() {
    let bench = Bench::new();
    let pages = bench.path("pages");
    std::fs::create_dir(&pages).unwrap();
    std::fs::write(pages.join("page.txt"), "a page").unwrap();
    let mut server = program("nghttpd", "nghttp2-server");
    server.arg("-d").arg(&pages).args(["-a", "127.0.0.1", &bench.port.to_string()]);
    let server = Running::start(server.arg(bench.path("key.pem")).arg(bench.path("cert.pem")));
    wait_for(bench.port);
    let capture = bench.capture();
    let mut curl = program("curl", "curl");
    curl.env("SSLKEYLOGFILE", bench.path("keys.txt")).args(["-sk", "--http2", "-o", "/dev/null", "-o", "/dev/null"]);
    let url = format!("https://127.0.0.1:{}/page.txt", bench.port);
    run(curl.arg(format!("{url}?one")).arg(format!("{url}?two")));
    let file = capture.stop();
    drop(server);
    let records = with_keys(&file, Config::default(), &bench.keys());
    let http: Vec<&Value> = records.iter().filter(|record| record["kind"] == "http").collect();
    assert_eq!(http.len(), 2, "{records:?}");
    for (record, query) in http.iter().zip(["one", "two"]) {
        assert_eq!(record["version"], "2");
        assert_eq!(record["query"], query);
        assert_eq!(record["status"], 200);
        assert_eq!(record["response"]["body"], "a page");
    }
    let tls = records.iter().find(|record| record["kind"] == "tls").unwrap();
    assert_eq!(tls["alpn"], "h2");
}

#[test]
fn cap_d_21_every_connection_in_tls_is_a_flow_with_a_verdict_wherever_the_capture_begins() {
    let bench = Bench::new();
    let server = bench.server(&["-min_protocol", "TLSv1"]);
    let capture = bench.capture();
    for version in ["-tls1", "-tls1_1", "-tls1_2", "-tls1_3"] {
        bench.client("/", &[version, "-cipher", "ALL:@SECLEVEL=0"]);
    }
    drop(server);
    let server = bench.server(&["-tls1_3"]);
    bench.client("/", &["-tls1_2"]);
    let file = capture.stop();
    drop(server);
    let count = run(program("capinfos", "wireshark-common").args(["-c", "-M", "-T", "-r"]).arg(&file));
    let count: usize = count.split_whitespace().next_back().unwrap().parse().unwrap();
    let cut = bench.path("cut.pcap");
    for from in (0..count).step_by(7) {
        let packets = format!("{}-{count}", from + 1);
        run(program("editcap", "wireshark-common").args(["-F", "pcap", "-r"]).args([&file, &cut]).arg(packets));
        let theirs = bench.theirs(&cut, "tls", &["tcp.stream"], false);
        let ends = |port: &u64| *port != u64::from(bench.port);
        let theirs: Vec<u64> = theirs.into_keys().filter(ends).collect();
        let records = ours(&cut, Config::default());
        let closed = records.iter().filter(|record| record["kind"] == "flow" && record["state"] == "close");
        let flows: BTreeMap<u64, &Value> = closed.map(|flow| (flow["src"]["port"].as_u64().unwrap(), flow)).collect();
        for port in &theirs {
            let flow = flows.get(port).unwrap_or_else(|| panic!("{port} is no flow, from packet {from}"));
            assert_eq!(flow["app"], "tls", "from packet {from}: {flow}");
            let verdict = &flow["verdict"];
            assert!(verdict["code"].is_string() && verdict["why"].is_string(), "from packet {from}: {flow}");
        }
        if from == 0 {
            assert_eq!(theirs.len(), 5);
        }
    }
}

/// HTTP in clear.
#[test]
fn cap_n_21b_what_is_not_tls_has_no_tls_record() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let capture = Capture::start(&folder.path().join("seen.pcap"), &format!("tcp port {port}"));
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: plain.example\r\n\r\n").unwrap();
    let mut seen = [0; 16];
    server.read_exact(&mut seen).unwrap();
    server.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    client.read_exact(&mut seen).unwrap();
    drop((client, server));
    let records = ours(&capture.stop(), Config::default());
    assert!(records.iter().all(|record| record["kind"] != "tls"));
    let http = records.iter().find(|record| record["kind"] == "http").unwrap();
    assert_eq!(http["scheme"], "http");
}
