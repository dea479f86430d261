//! Captures of loopback traffic, made with tcpdump.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::{run, server::Server};

/// tcpdump on loopback for one port.
struct Dump(Child);

impl Dump {
    fn start(path: &Path, port: u16) -> Self {
        let mut child = Command::new("tcpdump")
            .args(["-i", "lo", "-U", "--immediate-mode", "-B", "16384", "-s", "0", "-Z", "root", "-w"])
            .args([path.to_str().unwrap(), "tcp", "port", &port.to_string()])
            .stderr(Stdio::piped())
            .spawn()
            .expect("tcpdump is missing: apt-get install -y --no-install-recommends tcpdump");
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let listens = said.by_ref().map_while(Result::ok).any(|line| line.contains("listening on"));
        assert!(listens, "tcpdump cannot capture on loopback: these tests run as root");
        std::thread::spawn(move || said.for_each(drop));
        Self(child)
    }

    fn end(mut self) {
        std::thread::sleep(std::time::Duration::from_millis(300));
        run("kill", &["-INT", &self.0.id().to_string()]);
        assert!(self.0.wait().unwrap().success());
    }
}

/// Requests over TLS by curl, with its key log; a line of the log is of another connection.
pub(crate) fn secured(folder: &Path) -> (PathBuf, PathBuf, u16) {
    let file = |name: &str| folder.join(name);
    let (key, cert) = (file("key.pem"), file("cert.pem"));
    let (key, cert) = (key.to_str().unwrap(), cert.to_str().unwrap());
    run(
        "openssl",
        &[
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=a", "-keyout", key, "-out",
            cert,
        ],
    );
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let accept = format!("127.0.0.1:{port}");
    let mut server = Command::new("openssl")
        .args(["s_server", "-www", "-quiet", "-accept", &accept, "-key", key, "-cert", cert])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(std::time::Instant::now() < until, "openssl does not listen");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let (path, keys) = (file("tls.pcap"), file("keys.log"));
    let dump = Dump::start(&path, port);
    std::fs::write(&keys, format!("CLIENT_RANDOM {} {}\n", "b".repeat(64), "a".repeat(96))).unwrap();
    for target in ["one", "two", "three"] {
        let url = format!("https://127.0.0.1:{port}/{target}");
        let status = Command::new("curl")
            .args(["-sSk", "--http1.1", "-o", "/dev/null", &url])
            .env("SSLKEYLOGFILE", &keys)
            .status()
            .unwrap();
        assert!(status.success());
    }
    dump.end();
    server.kill().unwrap();
    server.wait().unwrap();
    (path, keys, port)
}

/// Requests of every shape by curl, a few of them pipelined by hand; over IPv4 and IPv6, on several connections.
pub(crate) fn web(folder: &Path) -> (PathBuf, u16) {
    let server = Server::start();
    let path = folder.join("web.pcap");
    let dump = Dump::start(&path, server.port);
    for host in ["127.0.0.1", "[::1]"] {
        let url = |path: &str| format!("http://{host}:{}{path}", server.port);
        let quiet = ["-sS", "-g", "-o", "/dev/null"];
        // one connection, many requests
        let many: Vec<String> = (0..12)
            .flat_map(|at| {
                let paths = [format!("/item/{at}?q=a%20b&n={at}"), "/chunks".into(), "/none".into(), "/missing".into()];
                paths.map(|path| url(&path))
            })
            .collect();
        let mut words: Vec<&str> = Vec::new();
        for one in &many {
            words.extend(["-o", "/dev/null", one]);
        }
        run("curl", &[&["-sS", "-g"], &words[..]].concat());
        run("curl", &[&quiet[..], &["-d", "name=value", &url("/echo")]].concat());
        run("curl", &[&quiet[..], &["-X", "PUT", "-d", &"x".repeat(60_000), &url("/echo?big")]].concat());
        run("curl", &[&quiet[..], &["-I", &url("/head")]].concat());
        run("curl", &[&quiet[..], &["-H", "If-None-Match: \"x\"", &url("/same")]].concat());
        run("curl", &[&quiet[..], &["--http1.0", &url("/until-close")]].concat());
        run("curl", &[&quiet[..], &[&url("/big")]].concat());
        run("curl", &[&quiet[..], &[&url("/fail")]].concat());
    }
    pipelined(server.port);
    dump.end();
    (path, server.port)
}

/// Three requests in one write.
fn pipelined(port: u16) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let one = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n");
    stream.write_all([one("/p1"), one("/missing"), one("/p3")].concat().as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    assert_eq!(String::from_utf8_lossy(&all).matches("HTTP/1.1 ").count(), 3);
}
