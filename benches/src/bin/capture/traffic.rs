//! The captures that are measured: made by real servers and clients on loopback, with what the server counted.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

/// A capture with what is known of it.
pub(crate) struct Traffic {
    pub(crate) name: &'static str,
    pub(crate) row: &'static str,
    pub(crate) file: PathBuf,
    /// What the server counted.
    pub(crate) transactions: u64,
    /// The record of one, and the expression that takes whole ones.
    pub(crate) kind: &'static str,
    pub(crate) whole: &'static str,
    /// The same for tshark: what it shows, and which fields of it.
    pub(crate) filter: &'static str,
    pub(crate) fields: &'static [&'static str],
    /// What tshark must be told about ports.
    pub(crate) decode: Vec<String>,
}

/// Makes those that are wanted, or takes what an earlier run left in the folder.
pub(crate) fn all(folder: &Path, quick: bool, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Traffic>> {
    let scale = |many: u64| if quick { many / 20 } else { many };
    let made = |name: &'static str, make: &dyn Fn(&Path) -> Result<u64>| -> Result<(PathBuf, u64)> {
        let (file, count) = (folder.join(format!("{name}.pcap")), folder.join(format!("{name}.count")));
        if !count.exists() {
            std::fs::write(&count, make(&file)?.to_string())?;
        }
        Ok((file, std::fs::read_to_string(&count)?.trim().parse()?))
    };
    let base = |name, row, (file, transactions)| Traffic {
        name,
        row,
        file,
        transactions,
        kind: "http",
        whole: "kind = http and pair = ok",
        filter: "http",
        fields: HTTP,
        decode: Vec::new(),
    };
    let mut all = Vec::new();
    if wanted("ka") {
        all.push(base("ka", "CAP-P-01", made("ka", &|file| web(folder, file, scale(194_000), &[]))?));
    }
    if wanted("short") {
        let made = made("short", &|file| web(folder, file, scale(45_000), &["Connection: close"]))?;
        all.push(base("short", "CAP-P-01", made));
    }
    if wanted("h2") {
        let made = made("h2", &|file| streams(folder, file, scale(20_000)))?;
        let port = std::fs::read_to_string(made.0.with_extension("port"))?;
        all.push(Traffic {
            filter: "http2",
            fields: HTTP2,
            decode: vec!["-d".to_owned(), format!("tcp.port=={},http2", port.trim())],
            ..base("h2", "CAP-P-12", made)
        });
    }
    if wanted("dns") {
        let made = made("dns", &|file| names(folder, file, scale(100_000)))?;
        all.push(Traffic {
            kind: "dns",
            whole: "kind = dns and latency_us >= 0",
            filter: "dns",
            fields: DNS,
            decode: vec!["-d".to_owned(), format!("udp.port=={DNS_PORT},dns")],
            ..base("dns", "CAP-P-12", made)
        });
    }
    Ok(all)
}

/// nginx under wrk, until it answered so many requests; how many it logged.
fn web(folder: &Path, file: &Path, requests: u64, headers: &[&str]) -> Result<u64> {
    let home = tempfile::tempdir_in(folder)?;
    let port = free_port()?;
    let root = home.path().display();
    std::fs::create_dir(home.path().join("www"))?;
    std::fs::write(home.path().join("www/index.html"), "<p>a page of usual size</p>\n".repeat(28))?;
    let config = home.path().join("nginx.conf");
    std::fs::write(
        &config,
        format!(
            "daemon off; user root; worker_processes 1; pid {root}/pid; error_log stderr crit;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log {root}/access.log combined buffer=64k; keepalive_requests 100000000;\n\
             client_body_temp_path {root}/b; proxy_temp_path {root}/p; fastcgi_temp_path {root}/f;\n\
             uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;\n\
             server {{ listen 127.0.0.1:{port}; location / {{ root {root}/www; }} }} }}\n"
        ),
    )?;
    let mut nginx = Running::start(Command::new("nginx").arg("-p").arg(home.path()).arg("-c").arg(&config))?;
    listens(port)?;
    let dump = Dump::start(file, &format!("tcp port {port}"))?;
    let url = format!("http://127.0.0.1:{port}/");
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", "-c17", "-d600s"]).args(headers.iter().flat_map(|header| ["-H", header])).arg(&url);
    let mut wrk = Running::start(&mut wrk)?;
    let log = home.path().join("access.log");
    let until = Instant::now() + Duration::from_secs(120);
    // The log is written in blocks; the exact count is taken at the end.
    while std::fs::metadata(&log).map_or(0, |about| about.len()) < requests * LOG_LINE {
        ensure!(Instant::now() < until, "nginx did not answer {requests} requests within two minutes");
        std::thread::sleep(Duration::from_millis(10));
    }
    wrk.signal("INT")?;
    std::thread::sleep(Duration::from_millis(500));
    nginx.signal("QUIT")?;
    dump.stop()?;
    let logged = std::fs::read(&log)?;
    Ok(logged.iter().filter(|byte| **byte == b'\n').count() as u64)
}

/// nghttpd under h2load, a hundred streams a connection.
fn streams(folder: &Path, file: &Path, requests: u64) -> Result<u64> {
    let home = tempfile::tempdir_in(folder)?;
    let port = free_port()?;
    std::fs::write(home.path().join("index.html"), "<p>a page of usual size</p>\n".repeat(28))?;
    std::fs::write(file.with_extension("port"), port.to_string())?;
    let mut server =
        Running::start(Command::new("nghttpd").arg("--no-tls").arg("-d").arg(home.path()).arg(port.to_string()))?;
    listens(port)?;
    let dump = Dump::start(file, &format!("tcp port {port}"))?;
    let output = Command::new("h2load")
        .args(["-n", &requests.to_string(), "-c", "4", "-m", "100", &format!("http://127.0.0.1:{port}/index.html")])
        .output()
        .context("h2load")?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success() && said.contains(&format!("{requests} succeeded")), "h2load: {said}");
    dump.stop()?;
    server.signal("TERM")?;
    Ok(requests)
}

/// unbound, asked for one name after the other.
fn names(folder: &Path, file: &Path, queries: u64) -> Result<u64> {
    let home = tempfile::tempdir_in(folder)?;
    let config = home.path().join("unbound.conf");
    std::fs::write(
        &config,
        format!(
            "server:\n do-daemonize: no\n username: \"\"\n chroot: \"\"\n pidfile: \"{}/pid\"\n use-syslog: no\n\
             verbosity: 0\n interface: 127.0.0.1@{DNS_PORT}\n num-threads: 1\n\
             local-zone: \"bench.\" redirect\n local-data: \"bench. 60 IN A 10.1.2.3\"\n",
            home.path().display()
        ),
    )?;
    let mut server = Running::start(Command::new("unbound").arg("-d").arg("-c").arg(&config))?;
    listens(DNS_PORT)?;
    let dump = Dump::start(file, &format!("udp port {DNS_PORT}"))?;
    for turn in 0..queries.div_ceil(QUERIES_A_SOCKET) {
        // Another port now and then, as resolvers do.
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(("127.0.0.1", DNS_PORT))?;
        socket.set_read_timeout(Some(Duration::from_secs(5)))?;
        for n in 0..QUERIES_A_SOCKET.min(queries - turn * QUERIES_A_SOCKET) {
            socket.send(&query(n as u16, &format!("host-{turn}-{n}")))?;
            let mut answer = [0; 512];
            socket.recv(&mut answer).context("unbound did not answer")?;
        }
    }
    dump.stop()?;
    server.signal("TERM")?;
    Ok(queries)
}

/// A query for the address of `HOST.bench`.
fn query(id: u16, host: &str) -> Vec<u8> {
    let mut bytes = id.to_be_bytes().to_vec();
    bytes.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0, host.len() as u8]);
    bytes.extend_from_slice(host.as_bytes());
    bytes.extend_from_slice(b"\x05bench\0\0\x01\0\x01");
    bytes
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// tcpdump on loopback.
struct Dump {
    child: Child,
    said: BufReader<ChildStderr>,
}

impl Dump {
    fn start(file: &Path, filter: &str) -> Result<Self> {
        let mut child = Command::new("tcpdump")
            .args(["-i", "lo", "-s", "0", "-B", "524288", "-Z", "root", "-w"])
            .arg(file)
            .arg(filter)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("tcpdump")?;
        let mut said = BufReader::new(child.stderr.take().context("stderr")?);
        let mut line = String::new();
        while !line.contains("listening on") {
            ensure!(said.read_line(&mut line)? > 0, "tcpdump cannot capture on lo (it needs root): {line}");
        }
        Ok(Self { child, said })
    }

    /// Ends it once nothing more comes; a capture with losses is none.
    fn stop(mut self) -> Result<()> {
        std::thread::sleep(Duration::from_secs(2));
        signal(self.child.id(), "INT")?;
        let mut said = String::new();
        self.said.read_to_string(&mut said)?;
        ensure!(self.child.wait()?.success(), "tcpdump: {said}");
        ensure!(said.contains("\n0 packets dropped by kernel"), "the capture has losses: {said}");
        Ok(())
    }
}

impl Drop for Dump {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A program that is ended when it is not needed any more.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn();
        Ok(Self(child.with_context(|| format!("{command:?}"))?))
    }

    /// Asks it to end, and waits until it has.
    fn signal(&mut self, name: &str) -> Result<()> {
        signal(self.0.id(), name)?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

/// A program that is not needed any more, whatever went wrong before.
fn end(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None))
        && let Err(error) = child.kill().and_then(|()| child.wait())
    {
        eprintln!("a program could not be stopped: {error}");
    }
}

fn signal(pid: u32, name: &str) -> Result<()> {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status()?;
    ensure!(status.success(), "process {pid} is gone");
    Ok(())
}

fn listens(port: u16) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if Instant::now() > until {
            bail!("nothing listens on port {port}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

const HTTP: &[&str] = &[
    "frame.time_epoch",
    "tcp.stream",
    "ip.src",
    "ip.dst",
    "tcp.srcport",
    "tcp.dstport",
    "http.request.method",
    "http.request.full_uri",
    "http.request.line",
    "http.response.code",
    "http.response.phrase",
    "http.response.line",
    "http.content_type",
    "http.content_length",
    "http.time",
    "http.file_data",
];
const HTTP2: &[&str] = &[
    "frame.time_epoch",
    "tcp.stream",
    "ip.src",
    "ip.dst",
    "http2.streamid",
    "http2.header.name",
    "http2.header.value",
    "http2.body.reassembled.data",
];
const DNS: &[&str] = &[
    "frame.time_epoch",
    "ip.src",
    "ip.dst",
    "udp.srcport",
    "udp.dstport",
    "dns.id",
    "dns.qry.name",
    "dns.qry.type",
    "dns.flags.rcode",
    "dns.a",
    "dns.resp.ttl",
    "dns.time",
];
/// The shortest line of the access log, about.
const LOG_LINE: u64 = 76;
const DNS_PORT: u16 = 5399;
const QUERIES_A_SOCKET: u64 = 1000;
