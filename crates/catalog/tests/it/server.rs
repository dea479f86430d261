//! A real API server, reached through `kubectl proxy` on loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(crate) struct Server {
    kubectl: String,
    kubeconfig: String,
    address: String,
    // Ends with the test program: nothing drops a static, so the proxy watches its standard input's end through `sh`.
    _proxy: Child,
}

impl Server {
    pub(crate) fn start() -> Self {
        let kubeconfig = std::env::var("QD_TEST_KUBECONFIG")
            .expect("these tests need an API server: run them with `cargo xtask test it`");
        let kubectl = std::env::var("QD_TEST_KUBECTL").unwrap_or_else(|_| "kubectl".to_owned());
        let script = "\"$0\" --kubeconfig \"$1\" proxy --port=0 & pid=$!; cat >/dev/null; kill $pid";
        let mut proxy = Command::new("sh")
            .args(["-c", script, &kubectl, &kubeconfig])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("kubectl proxy starts");
        let mut line = String::new();
        BufReader::new(proxy.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        Self { kubectl, kubeconfig, address, _proxy: proxy }
    }

    /// GET; the body of a 200.
    pub(crate) fn get(&self, path: &str, accept: &str) -> Option<Vec<u8>> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.0\r\nHost: localhost\r\nAccept: {accept}\r\nAccept-Encoding: identity\r\n\r\n"
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|part| part == b"\r\n\r\n").expect("a head") + 4;
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        assert!(!head.contains("transfer-encoding: chunked"), "HTTP/1.0 has no chunks: {head}");
        head.lines().next().unwrap().contains(" 200").then(|| answer.split_off(end))
    }

    pub(crate) fn json(&self, path: &str, accept: &str) -> Option<serde_json::Value> {
        Some(serde_json::from_slice(&self.get(path, accept)?).unwrap())
    }

    /// Runs kubectl with a document on its standard input.
    pub(crate) fn kubectl(&self, args: &[&str], input: &str) -> String {
        let mut child = Command::new(&self.kubectl)
            .args(["--kubeconfig", &self.kubeconfig])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "kubectl {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    }
}
