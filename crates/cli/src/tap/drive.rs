//! Drives the engine with a capture: packets, names, keys and losses in the order of the file.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flow::{
    Config, Engine, Hint, KeyLine, Limits, Loss,
    redact::{Redaction, Rules},
};
use pcap::{Damage, Item, Options, Packet, Reader, Step, TLS_KEY_LOG, Why};

use zeroize::Zeroizing;

use super::error::{TapError, called};
use super::input::Input;
use super::sieve::Sieve;
use crate::error::Error;
use crate::grammar::tap::ReadArgs;

/// Where records go.
pub(super) trait Target: flow::Sink {
    /// The input is a capture: what follows is output.
    fn begin(&mut self) {}

    /// Called after each packet: writes out what is ready, when that is much or `now` is asked for.
    fn flush(&mut self, now: bool) -> Result<(), Error>;

    /// Packets are looked into.
    fn looks(&self) -> bool {
        true
    }

    /// Everything in the file, before the engine gets it.
    fn item(&mut self, item: &Item<'_>, reader: &Reader) -> Result<(), Error> {
        let _ = (item, reader);
        Ok(())
    }
}

/// What a whole capture came to.
pub(super) struct Summary {
    /// What the engine counted.
    pub(super) usage: flow::Usage,
    /// Time of the first and the last packet.
    pub(super) span_ns: Option<(u64, u64)>,
    /// Bytes on the wire.
    pub(super) bytes: u64,
    /// Packets that the file says are missing.
    pub(super) lost: u64,
    /// Lines of `--keylog` that opened something.
    pub(super) keys: Zeroizing<Vec<u8>>,
    /// What of the file could not be used.
    failed: Option<Error>,
}

impl Summary {
    /// Tells, after everything that could be used was printed, what could not.
    pub(super) fn end(self) -> Result<(), Error> {
        self.failed.map_or(Ok(()), Err)
    }
}

/// Reads a whole capture. A cut last packet is a warning; other damage stands in the summary, and everything that could
/// be read was used. An error means that nothing came of it, or that the output failed.
pub(super) fn drive(args: &ReadArgs, stop: Option<&AtomicBool>, target: &mut impl Target) -> Result<Summary, Error> {
    let path = args.read.as_deref().unwrap_or(Path::new("-"));
    let file = called(path);
    let mut input = Input::open(path).map_err(|error| Error::of(TapError::read(&file, error)))?;
    let mut sieve = Sieve::new(args.filter.as_deref())?;
    let mut run = Run::new(engine(args)?);
    let mut reader = Reader::new();
    let mut damages = Damages::default();
    let (mut failed, mut begun) = (None, false);
    loop {
        let step = reader.next(input.bytes(), input.ended() && stop.is_none());
        match step.map_err(|refused| Error::of(TapError::refused(&file, refused)))? {
            Step::Item { used, item } => {
                if !std::mem::replace(&mut begun, true) {
                    target.begin();
                }
                match &item {
                    Item::Interface(number, _) => sieve.describe(reader.link(*number))?,
                    Item::Packet(packet) if !sieve.takes(packet) => {
                        input.consume(used);
                        continue;
                    }
                    _ => {}
                }
                target.item(&item, &reader)?;
                match item {
                    Item::Packet(packet) if target.looks() => run.packet(&packet, target),
                    Item::Packet(_) => {}
                    Item::Damage(damage) => damages.add(damage),
                    other => run.other(&other, target),
                }
                input.consume(used);
                target.flush(false)?;
            }
            Step::More { used, want } => {
                input.consume(used);
                if input.is_live() || stop.is_some() {
                    target.flush(true)?;
                }
                let before = input.bytes().len();
                if let Err(error) = input.fill(want) {
                    // what came before is used
                    failed = Some(Error::of(TapError::read(&file, error)));
                    break;
                }
                if let (Some(stop), true) = (stop, input.ended() && input.bytes().len() == before) {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    std::thread::sleep(PAUSE);
                    input.again();
                }
            }
            Step::End => break,
        }
    }
    run.engine.finish(target);
    if let Some((_, last_ns)) = run.span {
        run.engine.stats(last_ns, target);
    }
    target.flush(true)?;
    if input.is_cut() {
        eprintln!("qd: {file} ends within its compressed data: what is missing is left out");
    }
    let failed = damages.tell(&file).err().or(failed);
    let mut keys = Zeroizing::default();
    if args.keylog.is_some() {
        run.engine.used_keys(&mut keys);
    }
    Ok(Summary { keys, usage: run.engine.usage(), span_ns: run.span, bytes: run.bytes, lost: run.lost, failed })
}

/// An engine as the arguments want it.
fn engine(args: &ReadArgs) -> Result<Engine, Error> {
    if args.body > LONGEST_BODY {
        return Err(Error::of(TapError::Limit(format!("--body is at most {LONGEST_BODY} bytes"))));
    }
    let redaction = if args.no_redact {
        Redaction::off()
    } else {
        let mut key = [0; 16];
        getrandom::fill(&mut key).map_err(|error| Error::Output(io::Error::other(error.to_string())))?;
        Redaction::new(Rules::default(), key)
    };
    let limits = Limits { body: args.body, decap: args.decap, checksums: args.checksums, ..Limits::default() };
    let mut engine = Engine::new(Config { budget: BUDGET, limits, redaction, ..Config::default() });
    super::protos::tell(&mut engine, &args.proto_file)?;
    if let Some(path) = &args.keylog {
        let file = called(path);
        let about = std::fs::metadata(path).map_err(|error| Error::of(TapError::read(&file, error)))?;
        if about.len() > LONGEST_KEYS {
            return Err(Error::of(TapError::Limit(format!("a key log has at most {LONGEST_KEYS} bytes"))));
        }
        let bytes = std::fs::read(path).map_err(|error| Error::of(TapError::read(&file, error)))?;
        let lines = key_lines(&bytes);
        left_out(&file, &lines).iter().for_each(|line| eprintln!("qd: {line}"));
        engine.keys(&lines);
    }
    Ok(engine)
}

/// What of a key log is none, by the number of its line; never what stands there.
fn left_out(file: &str, lines: &[KeyLine]) -> Vec<String> {
    let bad = |(at, line): (usize, &KeyLine)| {
        let why = flow::keylog::parse(&line.text).err()?;
        Some(format!("{file}: line {} is no key and left out: {why}", at + 1))
    };
    let mut told: Vec<String> = lines.iter().enumerate().filter_map(bad).collect();
    if told.len() > TOLD_LINES {
        let more = told.len() - TOLD_LINES;
        told.truncate(TOLD_LINES);
        told.push(format!("{file}: {more} more such lines are left out"));
    }
    told
}

fn key_lines(bytes: &[u8]) -> Vec<KeyLine> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().map(|line| KeyLine { text: line.trim_end().to_owned() }).collect()
}

/// The engine with what is remembered between packets.
struct Run {
    engine: Engine,
    span: Option<(u64, u64)>,
    bytes: u64,
    lost: u64,
    /// For each interface: time of the last packet, packets lost so far.
    interfaces: Vec<(u64, u64)>,
    /// Stands in where there is no interface, which cannot be.
    spare: (u64, u64),
}

impl Run {
    fn new(engine: Engine) -> Self {
        Self { engine, span: None, bytes: 0, lost: 0, interfaces: Vec::new(), spare: (0, 0) }
    }

    fn packet(&mut self, packet: &Packet<'_>, target: &mut impl Target) {
        if let Some(lost) = packet.lost_before().filter(|lost| *lost > 0) {
            self.lose(packet.iface, packet.ts_ns, lost, target);
        }
        self.bytes += u64::from(packet.orig_len);
        let (first, last) = self.span.unwrap_or((packet.ts_ns, packet.ts_ns));
        self.span = Some((first.min(packet.ts_ns), last.max(packet.ts_ns)));
        self.interface(packet.iface).0 = packet.ts_ns;
        self.engine.packet(&flow::Packet::from(packet), target);
    }

    fn other(&mut self, item: &Item<'_>, target: &mut impl Target) {
        match item {
            Item::Names(names) => names.iter().take(MOST_NAMES).for_each(|name| {
                self.engine.hint(Hint::Name { ip: name.ip, name: name.name.to_owned() });
            }),
            Item::Secrets { kind: TLS_KEY_LOG, data } => self.engine.keys(&key_lines(data)),
            Item::Stats { iface, ts_ns, options } => {
                let lost = dropped(options).saturating_sub(self.interface(*iface).1);
                if lost > 0 {
                    self.lose(*iface, *ts_ns, lost, target);
                }
            }
            _ => {}
        }
    }

    /// The file says that packets are missing before this time.
    fn lose(&mut self, iface: u32, to_ns: u64, lost: u64, target: &mut impl Target) {
        self.lost += lost;
        let seen = self.interface(iface);
        seen.1 += lost;
        let from_ns = seen.0.min(to_ns);
        let loss = Loss { iface, from_ns, to_ns, packets: Some(lost), bytes: None, cause: "ring", level: 0 };
        self.engine.lost(&loss, target);
    }

    fn interface(&mut self, number: u32) -> &mut (u64, u64) {
        let at = number as usize;
        if self.interfaces.len() <= at {
            // numbers come from the reader, which keeps a bounded number of them
            self.interfaces.resize(at + 1, (0, 0));
        }
        self.interfaces.get_mut(at).unwrap_or(&mut self.spare)
    }
}

/// `isb_ifdrop` and `isb_osdrop`.
fn dropped(options: &Options<'_>) -> u64 {
    [5, 7].into_iter().filter_map(|code| options.u64(code)).fold(0, u64::saturating_add)
}

/// What was damaged.
#[derive(Default)]
struct Damages {
    cut: Option<Damage>,
    first: Option<Damage>,
    places: u64,
    bytes: u64,
}

impl Damages {
    fn add(&mut self, damage: Damage) {
        if damage.why == Why::Cut {
            self.cut = Some(damage);
            return;
        }
        self.first = self.first.or(Some(damage));
        self.places += 1;
        self.bytes += damage.len;
    }

    fn tell(&self, file: &str) -> Result<(), Error> {
        if let Some(cut) = self.cut {
            eprintln!("qd: {file} ends within a packet: the {} bytes from byte {} on are left out", cut.len, cut.at);
        }
        match self.first {
            Some(first) => Err(Error::of(TapError::Damaged {
                file: file.to_owned(),
                first,
                places: self.places,
                bytes: self.bytes,
            })),
            None => Ok(()),
        }
    }
}

/// Memory of the engine: with the program itself, less than 32 MiB for any capture.
const BUDGET: usize = 12 << 20;
/// The longest preview of a body.
pub(super) const LONGEST_BODY: usize = 256 << 10;
/// The longest key log.
pub(super) const LONGEST_KEYS: u64 = 64 << 20;
/// So many lines that are no keys are told one by one.
const TOLD_LINES: usize = 10;
/// Names taken from one block.
const MOST_NAMES: usize = 65_536;
/// How long a growing file is left alone.
const PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
