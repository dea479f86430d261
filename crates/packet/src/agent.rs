//! The agent's loop: one `poll` over its socket, its standard input, the owner's stream and the rings.

mod capture;
mod door;
mod stream;

use crate::links::watch::{Change, LinkWatch};
use crate::links::{self, Link};
use crate::outbox::Outbox;
use crate::ring::Socket;
use crate::sockets::diag::Diag;
use crate::{Error, sandbox};
use capture::{Capture, Sources};
use door::Door;
use proto::capture::seal::{self, Fresh, Session};
use proto::capture::{
    ASIDE, Body, Bye, Frame, Hello, Interface, Mode, PREFACE, Pong, SILENCE_MS, Start, VERSIONS, encode,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};
use stream::{Listener, Stream};

/// What the agent is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its name in the pod: what `relay` is given.
    pub name: String,
    /// The owner's Ed25519 public key.
    pub owner: [u8; 32],
    /// Without an owner for this long it ends.
    pub idle: Duration,
}

/// Runs until its owner stops it, or has been gone for too long.
///
/// # Errors
/// As [`Error`] says. That it may not capture packets is none: its owner is told.
pub fn run(config: &Config) -> Result<(), Error> {
    let listener = Listener::open(&config.name)?;
    // Before they are listed: none comes in between unseen.
    let watch = LinkWatch::open().ok();
    let links = links::list().map_err(Error::system("list interfaces"))?;
    // One for each interface that is here, and some for those that come later: no more can be opened from below.
    let sockets = (0..links.len() + SPARE).map(|_| Socket::open()).collect::<std::io::Result<Vec<_>>>();
    let (sockets, reason) = match sockets {
        Ok(sockets) => (sockets, String::new()),
        Err(error) => (Vec::new(), format!("packet sockets are refused here: {error}")),
    };
    // The table of sockets is for where there are no packets.
    let diag = if reason.is_empty() { None } else { Some(Diag::open().map_err(Error::system("open sock_diag"))?) };
    let listening = if diag.is_none() { Diag::open_silent().ok() } else { None };
    let proc = std::fs::File::open("/proc/self/statm").ok();
    let door = Door::open().ok();
    // As the first process of a container it is asked to end by nothing else.
    let asked = Arc::<AtomicBool>::default();
    signal_hook::flag::register(signal_hook::consts::SIGTERM, asked.clone()).map_err(Error::system("hear signals"))?;
    // What is opened at first use is opened now: randomness, the clock, the size of pages.
    let page = rustix::param::page_size() as u64;
    let _ = (Fresh::new(), crate::budget::cpu_ms(), now_ns());
    sandbox::prepare();
    crate::kernel::forget_start();
    let missing = sandbox::enter().map_err(Error::system("give up rights"))?;
    let now = Instant::now();
    Agent {
        config: config.clone(),
        listener,
        door,
        asked,
        leaves: None,
        links,
        watch,
        sources: Sources { sockets, diag, listening, proc, page },
        missing,
        reason,
        stream: None,
        session: None,
        capture: None,
        outbox: Outbox::new(),
        heard: now,
        leave_at: Some(now + config.idle),
    }
    .serve()
}

struct Agent {
    config: Config,
    listener: Listener,
    /// Its standard streams, as long as somebody may come by them.
    door: Option<Door>,
    /// It was asked to end: by the kubelet when its pod goes, or by `qd-agent end`.
    asked: Arc<AtomicBool>,
    /// Until when it still says what its pod says while it goes.
    leaves: Option<Instant>,
    links: Vec<Link>,
    watch: Option<LinkWatch>,
    sources: Sources,
    /// Parts of the sandbox that this kernel lacks.
    missing: &'static [&'static str],
    /// Why it cannot capture packets.
    reason: String,
    stream: Option<Stream>,
    /// The owner has proved itself on the stream of now.
    session: Option<Session>,
    capture: Option<Capture>,
    outbox: Outbox,
    /// When the owner was heard last.
    heard: Instant,
    /// When it ends, unless an owner comes.
    leave_at: Option<Instant>,
}

impl Agent {
    fn serve(mut self) -> Result<(), Error> {
        loop {
            self.wait()?;
            self.accept();
            self.listen();
            self.follow();
            if let Some(capture) = &mut self.capture {
                capture.work(&mut self.outbox, &mut self.sources);
                if let Some(reason) = capture.over() {
                    self.finish(reason, 0);
                }
            }
            self.write();
            let now = Instant::now();
            if now.duration_since(self.heard) > Duration::from_millis(SILENCE_MS) && self.capture.is_some() {
                self.finish("silence", 0);
            }
            if self.asked.load(Ordering::Relaxed) && self.leaves.is_none() {
                let words = if self.capture.is_some() { LAST_WORDS } else { Duration::ZERO };
                self.leaves = Some(now + words);
            }
            if self.leaves.is_some_and(|at| now >= at) && self.leave_at.is_none_or(|at| at > now + LAST_WORDS) {
                self.finish("terminated", 0);
            }
            if self.leave_at.is_some_and(|at| now >= at) {
                return Ok(());
            }
        }
    }

    /// Waits until something is to be done.
    fn wait(&mut self) -> Result<(), Error> {
        let mut fds = vec![PollFd::from_borrowed_fd(self.listener.as_fd(), PollFlags::IN)];
        if let Some(stream) = &self.stream {
            fds.push(PollFd::from_borrowed_fd(stream.as_fd(), PollFlags::IN));
            if stream.has_waiting() || !self.outbox.waiting().is_empty() {
                fds.push(PollFd::from_borrowed_fd(stream.out_fd(), PollFlags::OUT));
            }
        }
        let door = self.door.as_ref().filter(|_| !self.stream.as_ref().is_some_and(Stream::is_kept));
        let at = door.map(|door| {
            fds.push(PollFd::from_borrowed_fd(door.as_fd(), PollFlags::IN));
            fds.len() - 1
        });
        if let Some(watch) = &self.watch {
            fds.push(PollFd::from_borrowed_fd(watch.as_fd(), PollFlags::IN));
        }
        if let Some(capture) = &self.capture {
            fds.extend(capture.rings().map(|ring| PollFd::from_borrowed_fd(ring, PollFlags::IN)));
        }
        let tick = match &self.capture {
            Some(capture) if capture.has_pending() => FLUSH,
            Some(capture) => capture.due(Instant::now()).min(TICK),
            None => IDLE,
        };
        let timeout = Timespec { tv_sec: tick.as_secs() as i64, tv_nsec: i64::from(tick.subsec_nanos()) };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(Error::system("wait")(error.into())),
        }
        let is_odd = fds.iter().any(|fd| fd.revents().contains(PollFlags::ERR));
        let knocked = at.and_then(|at| fds.get(at)).is_some_and(|fd| !fd.revents().is_empty());
        drop(fds);
        if let Some(capture) = self.capture.as_ref().filter(|_| is_odd) {
            capture.take_errors();
        }
        if let Some(door) = &mut self.door {
            door.is_ready = knocked;
        }
        Ok(())
    }

    /// Interfaces come, change and go.
    fn follow(&mut self) {
        let Some(watch) = &self.watch else { return };
        for change in watch.changes() {
            let index = match &change {
                Change::Up(link) => link.interface.index,
                Change::Down(index) | Change::Address(index, _) | Change::NoAddress(index, _) => *index,
            };
            let at = self.links.iter().position(|link| link.interface.index == index);
            let known = at.and_then(|at| self.links.get_mut(at));
            match (change, known) {
                (Change::Up(link), None) => self.links.push(*link),
                (Change::Up(new), Some(link)) => {
                    let is_same = new.interface.name == link.interface.name && new.interface.mtu == link.interface.mtu;
                    if is_same {
                        continue;
                    }
                    let addresses = std::mem::take(&mut link.interface.addresses);
                    *link = Link { interface: Interface { addresses, ..new.interface }, ..*new };
                }
                (Change::Address(_, address), Some(link)) if !link.interface.addresses.contains(&address) => {
                    link.interface.addresses.push(address);
                }
                (Change::NoAddress(_, address), Some(link)) => link.interface.addresses.retain(|have| *have != address),
                (Change::Down(_), Some(_)) => {
                    self.links.retain(|link| link.interface.index != index);
                    if let Some(capture) = &mut self.capture {
                        capture.interface_gone(index, &mut self.sources, &mut self.outbox);
                    }
                    continue;
                }
                _ => continue,
            }
            let link = self.links.iter().find(|link| link.interface.index == index);
            if let (Some(capture), Some(link)) = (&mut self.capture, link) {
                capture.interface_there(link, &mut self.sources, &mut self.outbox);
            }
        }
    }

    /// Takes new streams. While an owner is there, others are told so; one that says nothing any more is none.
    fn accept(&mut self) {
        while let Some(stream) = self.listener.accept() {
            self.greet(stream);
        }
        let Some(door) = &mut self.door else { return };
        match door.answer() {
            Ok(None) => {}
            Ok(Some(stream)) => self.greet(stream),
            Err(_) => self.door = None,
        }
    }

    fn greet(&mut self, mut stream: Stream) {
        if self.heard.elapsed() > STALE {
            self.drop_stream();
        }
        if self.stream.is_some() {
            let bye = Bye { reason: "busy".into(), ..Bye::default() };
            stream.say_once(&greeting(&Frame { seq: 1, ..Body::Bye(bye).into() }));
            return;
        }
        let Ok(fresh) = Fresh::new() else { return };
        let Ok(hello) = self.hello(&fresh) else { return };
        stream.greeting = greeting(&Frame { seq: 1, ..Body::Hello(Box::new(hello)).into() });
        stream.fresh = Some(fresh);
        self.stream = Some(stream);
        self.session = None;
        self.heard = Instant::now();
    }

    fn hello(&self, fresh: &Fresh) -> Result<Hello, seal::Refused> {
        let names = rustix::system::uname();
        let text = |name: &std::ffi::CStr| name.to_string_lossy().into_owned();
        Ok(Hello {
            min: *VERSIONS.start(),
            max: *VERSIONS.end(),
            version: env!("CARGO_PKG_VERSION").into(),
            arch: std::env::consts::ARCH.into(),
            kernel: text(names.release()),
            mode: if self.reason.is_empty() { Mode::Packets } else { Mode::Sockets } as i32,
            reason: self.reason.clone(),
            interfaces: self.links.iter().map(|link| link.interface.clone()).collect(),
            clock_ns: now_ns(),
            key: fresh.public()?,
            pid: std::process::id(),
            budget: capture::MEMORY as u64,
            host: text(names.nodename()),
        })
    }

    /// Takes what the owner says.
    fn listen(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        let open = stream.read();
        while let Some(stream) = &mut self.stream {
            match stream.decoder.next_frame() {
                Ok(Some(frame)) => self.take(frame),
                Ok(None) => break,
                Err(error) => return self.part("refused", &error.to_string()),
            }
        }
        if !open {
            self.drop_stream();
        }
    }

    fn take(&mut self, frame: Frame) {
        if let Some(Body::Start(start)) = &frame.body {
            return self.start(start);
        }
        let proved = self.session.as_ref().is_some_and(|session| session.check(&frame).is_ok());
        if !proved {
            return self.part("refused", "this frame is not the owner's");
        }
        self.heard = Instant::now();
        match frame.body {
            Some(Body::Ping(ping)) => {
                let t2 = now_ns();
                self.outbox.push(Body::Pong(Pong { t1: ping.t1, t2, t3: now_ns() }));
            }
            Some(Body::Ack(seq)) => self.outbox.acknowledged(seq),
            Some(Body::Credit(credit)) => {
                self.outbox.packet_credit = self.outbox.packet_credit.saturating_add(credit.packets);
                self.outbox.record_credit = self.outbox.record_credit.saturating_add(credit.records);
            }
            Some(Body::Stop(keep)) => self.finish("stop", keep),
            Some(body) => {
                if let Some(capture) = &mut self.capture {
                    capture.take(body, &mut self.outbox);
                }
            }
            None => {}
        }
    }

    /// The owner proves itself, and says what to capture; or goes on with what is under way.
    fn start(&mut self, start: &Start) {
        let Some(fresh) = self.stream.as_mut().and_then(|stream| stream.fresh.take()) else {
            return self.part("refused", "this stream has begun already");
        };
        match seal::verify(&self.config.owner, &fresh, start) {
            Ok(session) => self.session = Some(session),
            Err(error) => return self.part("refused", &error.to_string()),
        }
        self.heard = Instant::now();
        self.leave_at = None;
        if start.tap.is_empty() {
            // Its owner has come to end it: what it had to say, nobody waits for any more.
            match &self.capture {
                Some(_) => self.outbox.resume(u64::MAX),
                None => self.outbox = Outbox::after(1),
            }
            return;
        }
        if !VERSIONS.contains(&start.version) {
            let (low, high) = (VERSIONS.start(), VERSIONS.end());
            let text = format!("qd.capture/{} is asked for, and this agent speaks {low} to {high}", start.version);
            return self.part("version", &text);
        }
        match &self.capture {
            Some(capture) if capture.tap() == start.tap => {
                self.outbox.resume(start.resume);
                return;
            }
            Some(_) => return self.part("busy", "this agent serves another tap of its owner"),
            None => {}
        }
        self.outbox = Outbox::after(1);
        match Capture::begin(start, &self.links, &mut self.sources, &mut self.outbox) {
            Ok(capture) => {
                self.capture = Some(capture);
                for part in self.missing {
                    self.outbox.push(capture::log("info", "sandbox", &format!("this kernel has no {part}")));
                }
            }
            Err(error) => self.part("error", &error.to_string()),
        }
    }

    /// The capture is over: what is left is sent, then the last word. Sockets stay for `keep` seconds.
    fn finish(&mut self, reason: &str, keep: u32) {
        let stats = self.capture.take().map(|capture| capture.end(&mut self.outbox, &mut self.sources));
        if stats.is_some() || self.session.is_some() {
            self.outbox.push(Body::Bye(Bye { reason: reason.into(), stats, text: String::new() }));
        }
        // Sockets of rings that grew are used up: another agent has new ones.
        let lacks = self.reason.is_empty() && self.sources.sockets.len() < self.links.len();
        let keep = if lacks { 0 } else { keep };
        // Time to write what waits.
        let least = Duration::from_secs(if self.outbox.waiting().is_empty() { 0 } else { 2 });
        self.leave_at = Some(Instant::now() + least.max(Duration::from_secs(keep.into())));
    }

    /// Says why the stream ends, and ends it. What is captured goes on until its owner is silent for too long.
    fn part(&mut self, reason: &str, text: &str) {
        if let Some(stream) = &mut self.stream {
            let bye = Bye { reason: reason.into(), stats: None, text: text.into() };
            let mut bytes = Vec::new();
            encode(&Frame { seq: ASIDE, ..Body::Bye(bye).into() }, &mut bytes);
            stream.say_once(&bytes);
        }
        self.drop_stream();
    }

    fn write(&mut self) {
        let Some(stream) = &mut self.stream else { return self.outbox.shed() };
        let greeted = stream.greet();
        let Some(session) = &mut self.session else {
            if !greeted {
                self.drop_stream();
            }
            return;
        };
        if !greeted || !stream.write(&mut self.outbox, session) {
            self.drop_stream();
        } else if self.capture.is_none()
            && self.outbox.waiting().is_empty()
            && !stream.has_waiting()
            && self.leave_at.is_some()
        {
            // The last word is out.
            self.drop_stream();
        }
    }

    fn drop_stream(&mut self) {
        self.stream = None;
        self.session = None;
        if self.capture.is_none() && self.leave_at.is_none() {
            self.leave_at = Some(Instant::now() + self.config.idle);
        }
    }
}

fn greeting(frame: &Frame) -> Vec<u8> {
    let mut bytes = PREFACE.to_vec();
    encode(frame, &mut bytes);
    bytes
}

/// This machine's clock, epoch nanoseconds.
pub(crate) fn now_ns() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64)
}

/// An owner pings every five seconds. A stream on which nothing came for so long may be displaced by another.
const STALE: Duration = Duration::from_millis(proto::capture::PING_MS * 3 / 2);
/// Packet sockets for interfaces that appear later, and for rings that grow.
const SPARE: usize = 8;
/// What a pod still says while it goes is captured for this long.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// What waits is sent after this long.
const FLUSH: Duration = Duration::from_millis(20);
/// Nothing waits: clocks are looked at.
const TICK: Duration = Duration::from_millis(250);
/// Nothing is captured: only who comes is waited for, and the end.
const IDLE: Duration = Duration::from_secs(1);
