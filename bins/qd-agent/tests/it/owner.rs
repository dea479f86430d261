//! The owner's side, as far as the tests need it.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use proto::capture::seal::{self, Session};
use proto::capture::{Body, Decoder, Frame, Hello, PacketLevel, Ping, SetFilter, Start, Warrant, encode};
use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// An agent that runs, and ends with this.
pub(crate) struct Agent {
    child: Child,
    /// What its programs are started by.
    by: Vec<String>,
    pub(crate) name: String,
    key: Ed25519KeyPair,
}

impl Agent {
    pub(crate) fn start(name: &str, idle: u32) -> Self {
        Self::start_by(&[], &[], name, idle)
    }

    /// One whose standard streams are pipes, as a container's are.
    pub(crate) fn start_piped(name: &str, idle: u32) -> Self {
        Self::spawn(&[], &[], name, idle, Stdio::piped)
    }

    pub(crate) fn input(&mut self) -> &mut ChildStdin {
        self.child.stdin.as_mut().unwrap()
    }

    pub(crate) fn output(&mut self) -> &mut ChildStdout {
        self.child.stdout.as_mut().unwrap()
    }

    pub(crate) fn key(&self) -> &Ed25519KeyPair {
        &self.key
    }

    /// One that is started by other programs: `by` leads into its network namespace, `as_` makes it somebody else.
    pub(crate) fn start_by(by: &[&str], as_: &[&str], name: &str, idle: u32) -> Self {
        Self::spawn(by, as_, name, idle, Stdio::null)
    }

    fn spawn(by: &[&str], as_: &[&str], name: &str, idle: u32, streams: fn() -> Stdio) -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        let name = format!("{name}-{}", std::process::id());
        let owner: String = key.public_key().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let words = [by, as_].concat();
        let mut command = command(&words);
        command.stdin(streams()).stdout(streams());
        let child = command.args(["capture", &name, &owner, &idle.to_string()]).spawn().unwrap();
        Self { child, by: by.iter().map(|word| (*word).to_owned()).collect(), name, key }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself, waiting so long at most.
    pub(crate) fn ends_within(&mut self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while Instant::now() < until {
            if self.child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// A stream to it, by a relay as in a pod.
    pub(crate) fn connect(&self) -> Owner<'_> {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let owner = Owner::over(self);
            if let Some(owner) = owner {
                return owner;
            }
            assert!(Instant::now() < until, "the agent does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stream to an agent.
pub(crate) struct Owner<'a> {
    agent: &'a Agent,
    relay: Child,
    input: RefCell<Option<ChildStdin>>,
    frames: mpsc::Receiver<Frame>,
    pub(crate) hello: Hello,
    session: Option<Session>,
    seq: Cell<u64>,
    /// When the agent hears next that its owner is there.
    ping: Cell<Instant>,
}

impl<'a> Owner<'a> {
    fn over(agent: &'a Agent) -> Option<Self> {
        let by: Vec<&str> = agent.by.iter().map(String::as_str).collect();
        let mut relay = command(&by)
            .args(["relay", &agent.name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = RefCell::new(relay.stdin.take());
        let frames = reader(relay.stdout.take().unwrap());
        let Ok(Frame { body: Some(Body::Hello(hello)), .. }) = frames.recv_timeout(Duration::from_secs(2)) else {
            let _ = relay.kill();
            let _ = relay.wait();
            return None;
        };
        Some(Self {
            agent,
            relay,
            input,
            frames,
            hello: *hello,
            session: None,
            seq: Cell::new(0),
            ping: Cell::new(Instant::now() + PING),
        })
    }

    /// A start that allows everything and captures on the loopback.
    pub(crate) fn all() -> Start {
        Start {
            version: 1,
            tap: vec![7; 16],
            snaplen: 262_144,
            packets: PacketLevel::Full as i32,
            records: true,
            interfaces: vec!["lo".into()],
            ring: 1 << 20,
            filter: Some(SetFilter::default()),
            warrant: Some(Warrant { packets: PacketLevel::Full as i32, ..Warrant::default() }),
            ..Start::default()
        }
    }

    /// Signs a start with the key of this agent's owner.
    pub(crate) fn sign(&mut self, start: &mut Start) {
        self.session = Some(seal::sign(&self.agent.key, &self.hello.key, start).unwrap());
    }

    pub(crate) fn begin(&mut self, mut start: Start) {
        self.sign(&mut start);
        self.send(Body::Start(Box::new(start)));
    }

    /// Sends a frame with its mac.
    pub(crate) fn send(&self, body: Body) {
        self.write(&self.sealed(body)).unwrap();
    }

    fn sealed(&self, body: Body) -> Frame {
        self.seq.set(self.seq.get() + 1);
        let mut frame = Frame { seq: self.seq.get(), ..body.into() };
        if let Some(session) = &self.session {
            session.seal(&mut frame);
        }
        frame
    }

    /// Sends a frame as it is.
    pub(crate) fn send_bare(&self, frame: &Frame) {
        self.write(frame).unwrap();
    }

    fn write(&self, frame: &Frame) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        encode(frame, &mut bytes);
        self.input.borrow_mut().as_mut().unwrap().write_all(&bytes)
    }

    /// The next frames until one gives something. The agent hears that its owner is there meanwhile.
    pub(crate) fn until<T>(&self, what: &str, mut take: impl FnMut(&Body) -> Option<T>) -> T {
        // a machine of CI has much else to do
        let most = if std::env::var_os("CI").is_some() { 45 } else { 15 };
        let until = Instant::now() + Duration::from_secs(most);
        loop {
            let now = Instant::now();
            if now >= self.ping.get() {
                self.ping.set(now + PING);
                // One that has ended is seen by what it said last.
                if self.session.is_some() {
                    let _ = self.write(&self.sealed(Body::Ping(Ping::default())));
                }
            }
            let frame = match self.frames.recv_timeout(until.min(self.ping.get()).saturating_duration_since(now)) {
                Ok(frame) => frame,
                Err(mpsc::RecvTimeoutError::Timeout) if Instant::now() < until => continue,
                Err(error) => panic!("no {what}: {error}"),
            };
            if let Some(found) = frame.body.as_ref().and_then(&mut take) {
                return found;
            }
        }
    }

    /// Every frame until the stream ends.
    pub(crate) fn rest(&self) -> Vec<Body> {
        let mut bodies = Vec::new();
        while let Ok(frame) = self.frames.recv_timeout(Duration::from_secs(10)) {
            bodies.extend(frame.body);
        }
        bodies
    }
}

impl Drop for Owner<'_> {
    fn drop(&mut self) {
        drop(self.input.borrow_mut().take());
        let _ = self.relay.kill();
        let _ = self.relay.wait();
    }
}

/// How often an owner who waits says that he is there.
const PING: Duration = Duration::from_secs(4);

/// The agent's program, started by other programs if there are words. `QD_AGENT` names another build of it.
fn command(by: &[&str]) -> Command {
    let agent = std::env::var_os("QD_AGENT").unwrap_or_else(|| env!("CARGO_BIN_EXE_qd-agent").into());
    let Some((first, rest)) = by.split_first() else { return Command::new(agent) };
    let mut command = Command::new(first);
    command.args(rest).arg(agent);
    command
}

fn reader(mut output: ChildStdout) -> mpsc::Receiver<Frame> {
    let (send, frames) = mpsc::channel();
    std::thread::spawn(move || {
        let mut decoder = Decoder::of_agent();
        decoder.any_number_next();
        let mut buffer = [0; 64 << 10];
        while let Ok(count) = output.read(&mut buffer) {
            if count == 0 {
                return;
            }
            decoder.feed(&buffer[..count]);
            loop {
                // The last word of a stream that is refused has a number of its own.
                decoder.any_number_next();
                match decoder.next_frame() {
                    Ok(Some(frame)) => drop(send.send(frame)),
                    Ok(None) => break,
                    Err(_) => return,
                }
            }
        }
    });
    frames
}
