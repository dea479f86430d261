//! A sidecar's two sides: TLS outside, the clear beside the application, in a network namespace with an address of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use flow::Config;
use serde_json::Value;

use crate::capture::{Capture, Running, ours, program, run};

/// A pod: a network namespace that is reached at one address.
struct Pod {
    name: String,
    /// Its address, and that of the other end.
    own: String,
    peer: String,
    folder: tempfile::TempDir,
    parts: Vec<Running>,
}

impl Pod {
    /// With a certificate for who listens there. `number` is the test's.
    fn new(number: u8) -> Pod {
        let id = std::process::id();
        let name = format!("qdm{number}-{id}");
        let (own, peer) = (format!("10.97.{number}.2"), format!("10.97.{number}.1"));
        let pod = Pod { name, own, peer, folder: tempfile::tempdir().unwrap(), parts: Vec::new() };
        let outer = format!("qdm{number}x{}", id % 100_000);
        ip(&["netns", "add", &pod.name]);
        ip(&["link", "add", &outer, "type", "veth", "peer", "name", "eth0", "netns", &pod.name]);
        ip(&["addr", "add", &format!("{}/30", pod.peer), "dev", &outer]);
        ip(&["link", "set", &outer, "up"]);
        for link in ["lo", "eth0"] {
            ip(&["-n", &pod.name, "link", "set", link, "up"]);
        }
        ip(&["-n", &pod.name, "addr", "add", &format!("{}/30", pod.own), "dev", "eth0"]);
        run(program("openssl", "openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=shop", "-keyout"])
            .arg(pod.path("key.pem"))
            .arg("-out")
            .arg(pod.path("cert.pem")));
        let both = [std::fs::read(pod.path("cert.pem")).unwrap(), std::fs::read(pod.path("key.pem")).unwrap()].concat();
        std::fs::write(pod.path("both.pem"), both).unwrap();
        pod
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a program in the pod until the end.
    fn start(&mut self, command: &Command) {
        let mut inside = Command::new("ip");
        inside.args(["netns", "exec", &self.name]).arg(command.get_program()).args(command.get_args());
        self.parts.push(Running::start(&mut inside));
    }

    /// nginx in the pod, with these servers.
    fn nginx(&mut self, name: &str, servers: &str) {
        self.nginx_at(name, servers, true);
    }

    fn nginx_at(&mut self, name: &str, servers: &str, inside: bool) {
        let folder = self.folder.path().display();
        let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {folder}/{name}-{kind};\n"))
            .concat();
        let config = format!(
            "daemon off; master_process off; pid {folder}/{name}.pid; error_log {folder}/{name}.log;\n\
             events {{ worker_connections 256; }}\nhttp {{ access_log off; {temp} {servers} }}\n"
        );
        let file = self.path(&format!("{name}.conf"));
        std::fs::write(&file, config).unwrap();
        let mut nginx = program("nginx", "nginx");
        nginx.arg("-c").arg(&file);
        if inside {
            self.start(&nginx);
        } else {
            self.parts.push(Running::start(&mut nginx));
        }
    }

    /// An application that answers with so many bytes as its path says, and asks another one beside it where to put.
    fn application(&mut self) {
        for len in [5, 3_000, 70_000] {
            std::fs::write(self.path(&format!("{len}.txt")), "a".repeat(len)).unwrap();
        }
        let folder = self.folder.path().display().to_string();
        let server = format!(
            "server {{ listen 127.0.0.1:8080; root {folder}; client_max_body_size 1m;\n\
             location /put {{ proxy_pass http://127.0.0.1:8081; }} }}\n\
             server {{ listen 127.0.0.1:8081; location / {{ return 200 taken; }} }}"
        );
        self.nginx("app", &server);
        for port in [8080, 8081] {
            self.wait_at("127.0.0.1", port);
        }
    }

    /// Waits until somebody listens, as seen from inside.
    fn wait_at(&self, address: &str, port: u16) {
        let until = Instant::now() + Duration::from_secs(20);
        let script = format!("exec 3<>/dev/tcp/{address}/{port}");
        let listens = || {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", &self.name, "bash", "-c", &script]);
            command.output().unwrap().status.success()
        };
        while !listens() {
            assert!(Instant::now() < until, "nobody listens on {port}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// All that the pod sends and gets while something is done, as records.
    fn records(&self, act: impl FnOnce()) -> Vec<Value> {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program("tcpdump", "tcpdump").get_program());
        let capture = Capture::of(command.args(["-i", "any"]), &self.path("all.pcap"), "tcp");
        act();
        ours(&capture.stop(), Config::default())
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        self.parts.clear();
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

fn ip(words: &[&str]) {
    run(program("ip", "iproute2").args(words));
}

/// curl, which takes any certificate; each address once, on one connection.
fn curl(addresses: &[String], more: &[&str]) {
    let mut command = program("curl", "curl");
    command.args(["-sS", "-k", "--fail"]).args(more);
    for address in addresses {
        command.args(["-o", "/dev/null"]).arg(address);
    }
    run(&mut command);
}

fn http(records: &[Value]) -> Vec<&Value> {
    records.iter().filter(|record| record["kind"] == "http").collect()
}

/// The last record of each TLS connection.
fn outside(records: &[Value]) -> Vec<&Value> {
    let closed = |record: &&Value| record["kind"] == "flow" && record["state"] == "close" && record["app"] == "tls";
    records.iter().filter(closed).collect()
}

/// A server of nginx that takes TLS and asks the application, as sidecars do.
fn sidecar(folder: &Path, own: &str) -> String {
    let folder = folder.display();
    format!(
        "server {{ listen {own}:8443 ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;\n\
         client_max_body_size 1m;\n\
         location / {{ proxy_pass http://127.0.0.1:8080; proxy_http_version 1.1; proxy_set_header Connection \"\";\n\
         proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto https;\n\
         proxy_set_header X-Request-Id $request_id; }} }}\n"
    )
}

#[test]
fn cap_n_08h_requests_behind_a_sidecar_name_the_tls_connection_that_they_came_by() {
    let mut pod = Pod::new(1);
    pod.application();
    let server = sidecar(pod.folder.path(), &pod.own);
    pod.nginx("sidecar", &server);
    pod.wait_at(&pod.own, 8443);
    let address = |path: &str| format!("https://{}:8443/{path}", pod.own);
    let body = pod.path("body");
    std::fs::write(&body, vec![b'b'; 200_000]).unwrap();
    for version in ["1.3", "1.2"] {
        let more = ["--tls-max", version];
        let records = pod.records(|| {
            let all = ["5.txt", "3000.txt", "70000.txt", "5.txt"].map(address);
            curl(&all, &[&["--http1.1"][..], &more].concat());
            curl(&[address("70000.txt")], &more);
            let body = format!("@{}", body.display());
            curl(&[address("put")], &[&["--http1.1", "--data-binary", &body][..], &more].concat());
        });
        let outside = outside(&records);
        assert_eq!(outside.len(), 3, "{outside:#?}");
        let (asked, helped): (Vec<&Value>, Vec<&Value>) =
            http(&records).into_iter().partition(|record| record["dst"]["port"] == 8080);
        assert_eq!(helped.len(), 1, "{helped:#?}");
        assert!(helped[0]["outer"].is_null(), "the application asked that itself: {}", helped[0]);
        assert_eq!(asked.len(), 6, "{asked:#?}");
        for request in &asked {
            let outer = &request["outer"];
            assert_eq!((&outer["way"], &outer["peer"]["ip"]), (&"in".into(), &pod.peer.as_str().into()), "{request}");
            let flow = outside.iter().find(|flow| flow["flow"] == outer["flow"]).expect("the connection is told");
            assert_eq!(flow["src"]["port"], outer["peer"]["port"]);
            assert!(outer["proxy_us"].as_u64().unwrap() < 250_000, "{outer}");
        }
        let mut linked: Vec<u64> = outside.iter().map(|flow| flow["inner"]["requests"].as_u64().unwrap()).collect();
        linked.sort_unstable();
        assert_eq!(linked, [1, 1, 4]);
        for flow in outside {
            assert_eq!(flow["inner"]["answers"], flow["inner"]["requests"], "the answers agree too: {flow}");
        }
    }
}

#[test]
fn cap_n_08i_requests_that_leave_through_a_sidecar_name_the_tls_connection_that_carries_them() {
    let mut pod = Pod::new(2);
    for len in [5, 3_000, 70_000] {
        std::fs::write(pod.path(&format!("{len}.txt")), "a".repeat(len)).unwrap();
    }
    let (folder, peer) = (pod.folder.path().display().to_string(), pod.peer.clone());
    // Who is asked is outside the pod.
    let server = format!(
        "server {{ listen {peer}:9443 ssl; root {folder};\n\
         ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem; }}"
    );
    pod.nginx_at("far", &server, false);
    pod.wait_at(&pod.peer, 9443);
    // One sidecar changes no byte, the other one heads.
    let mut plain = program("socat", "socat");
    plain.arg("TCP-LISTEN:15001,bind=127.0.0.1,reuseaddr,fork").arg(format!("OPENSSL:{peer}:9443,verify=0"));
    pod.start(&plain);
    pod.nginx(
        "sidecar",
        &format!(
            "server {{ listen 127.0.0.1:15002; location / {{ proxy_pass https://{peer}:9443; proxy_http_version 1.1;\n\
             proxy_set_header Connection \"\"; proxy_set_header X-Request-Id $request_id; }} }}"
        ),
    );
    for port in [15001, 15002] {
        pod.wait_at("127.0.0.1", port);
    }
    let records = pod.records(|| {
        let ask = |port: u16, path: &str| {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", &pod.name]).arg(program("curl", "curl").get_program());
            command.args(["-sS", "--fail", "-o", "/dev/null"]).arg(format!("http://127.0.0.1:{port}/{path}"));
            command
        };
        for port in [15001, 15002] {
            for path in ["5.txt", "3000.txt", "70000.txt"] {
                run(&mut ask(port, path));
            }
        }
        // Many at once, of the same bytes: none may be linked with another's.
        let mut all: Vec<_> = (0..8).map(|_| ask(15001, "3000.txt").spawn().unwrap()).collect();
        assert!(all.iter_mut().all(|one| one.wait().unwrap().success()));
    });
    let asked = http(&records);
    assert_eq!(asked.len(), 14, "{asked:#?}");
    for request in asked.iter().take(6) {
        let outer = &request["outer"];
        assert_eq!((&outer["way"], &outer["agreed"]), (&"out".into(), &"both".into()), "{request}");
        assert_eq!((&outer["peer"]["ip"], &outer["peer"]["port"]), (&peer.as_str().into(), &9443.into()));
    }
    let mut flows: Vec<&str> = asked.iter().filter_map(|request| request["outer"]["flow"].as_str()).collect();
    let linked = flows.len();
    flows.sort_unstable();
    flows.dedup();
    assert_eq!(flows.len(), linked, "each has a connection of its own");
    let requests: u64 = outside(&records).iter().filter_map(|flow| flow["inner"]["requests"].as_u64()).sum();
    assert_eq!(requests, linked as u64);
}
