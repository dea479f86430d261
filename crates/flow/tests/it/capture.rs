//! Real traffic on loopback: captured with tcpdump, read by the engine, told by tshark.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use flow::{Config, Engine, Envelope, KeyLine, Packet, Record, Sink};
use serde_json::Value;

/// A program, or a sentence that says how to get it.
pub(crate) fn program(name: &str, package: &str) -> Command {
    let paths = std::env::var("PATH").unwrap_or_default();
    let dirs = paths.split(':').chain(["/usr/sbin", "/usr/local/sbin"]);
    let found = dirs.map(|dir| Path::new(dir).join(name)).find(|path| path.is_file());
    Command::new(found.unwrap_or_else(|| panic!("{name} is missing: apt-get install {package}")))
}

/// A program that runs until it is dropped.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Running {
        Running(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs to its end and must succeed; gives what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let done = command.stdin(Stdio::null()).output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// A port below those that clients get, as servers have: of a connection whose begin was not seen it tells who is who.
pub(crate) fn free_port() -> u16 {
    let start = std::process::id() + NEXT.fetch_add(37, Ordering::Relaxed);
    let mut ports = (start..start + 1_000).map(|at| 10_000 + (at % 20_000) as u16);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Waits until something listens on a port.
pub(crate) fn wait_for(port: u16) {
    wait("a server listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
}

fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < until, "{what}: not within 20 s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// tcpdump on loopback.
pub(crate) struct Capture {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    file: PathBuf,
}

impl Capture {
    /// Everything of some ports, from now on.
    pub(crate) fn start(file: &Path, filter: &str) -> Capture {
        Self::of(program("tcpdump", "tcpdump").args(["-i", "lo"]), file, filter)
    }

    /// By a command that begins with tcpdump and where it captures.
    pub(crate) fn of(command: &mut Command, file: &Path, filter: &str) -> Capture {
        let mut child = command
            .args(["-s", "0", "-B", "65536", "-U", "-Z", "root", "-w"])
            .arg(file)
            .arg(filter)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("listening on") {
            let len = stderr.read_line(&mut said).unwrap();
            assert!(len > 0, "tcpdump cannot capture (it needs root): {said}");
        }
        Capture { child, stderr, file: file.to_owned() }
    }

    /// Ends the capture when nothing more comes, and gives the file.
    pub(crate) fn stop(mut self) -> PathBuf {
        let size = || std::fs::metadata(&self.file).map_or(0, |about| about.len());
        let (mut before, mut quiet) = (0, 0);
        wait("the capture is quiet", || {
            let now = size();
            quiet = if now == before { quiet + 1 } else { 0 };
            before = now;
            // what stands in a block of the ring comes within a second
            quiet >= 70
        });
        run(Command::new("kill").args(["-INT", &self.child.id().to_string()]));
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success(), "{said}");
        assert!(said.contains("0 packets dropped by kernel"), "{said}");
        self.file.clone()
    }
}

impl Drop for Capture {
    /// A test that fails leaves nothing behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Records of a capture file, as JSON.
#[derive(Default)]
pub(crate) struct Records(pub(crate) Vec<Value>);

impl Sink for Records {
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        let mut out = Vec::new();
        record.write_json(envelope, &mut out);
        let record = serde_json::from_slice(&out).unwrap();
        crate::schema::check(&record);
        self.0.push(record);
    }
}

/// What the engine makes of a file.
pub(crate) fn ours(file: &Path, config: Config) -> Vec<Value> {
    with_keys(file, config, "")
}

/// As [`ours`], with a key log.
pub(crate) fn with_keys(file: &Path, config: Config, log: &str) -> Vec<Value> {
    let bytes = std::fs::read(file).unwrap();
    let mut engine = Engine::new(config);
    if !log.is_empty() {
        engine.keys(&log.lines().map(|line| KeyLine { text: line.to_owned() }).collect::<Vec<_>>());
    }
    let mut records = Records::default();
    for packet in pcap::packets(&bytes) {
        engine.packet(&Packet::from(&packet.unwrap().1), &mut records);
    }
    engine.finish(&mut records);
    records.0
}

/// Packets with some layers, as tshark tells them.
pub(crate) fn tshark(file: &Path, filter: &str, layers: &str, more: &[&str]) -> Vec<Value> {
    let mut command = program("tshark", "tshark");
    command.arg("-r").arg(file).args(["-Y", filter, "-T", "json", "--no-duplicate-keys", "-J", layers]).args(more);
    let said = run(&mut command);
    let packets: Vec<Value> = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    packets.into_iter().map(|mut packet| packet["_source"]["layers"].take()).collect()
}

/// The values of a name that may be there once or more often.
pub(crate) fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    }
}
