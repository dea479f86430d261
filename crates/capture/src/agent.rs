//! The stream to one agent: hello, signed start, then frames both ways. A stream that breaks is opened again, and goes on
//! after the frame that came last.

mod stream;

use crate::Error;
use crate::clock::{Clock, Clocks};
use crate::owner::Owner;
use cluster::Said;
use proto::capture::{ASIDE, Body, Bye, Credit, Frame, Hello, Keys, PING_MS, Ping, SetFilter, Start, VERSIONS, seal};
use std::time::{Duration, SystemTime};
use stream::Stream;
pub(crate) use stream::Streams;
use tokio::time::Instant;

/// An agent that has begun to capture.
pub(crate) struct Agent {
    stream: Stream,
    /// Bytes of packets and records since credit was given last.
    packets: u64,
    records: u64,
    /// The frame that came last.
    last: u64,
    /// Bytes of frames that are not acknowledged.
    unacked: u64,
    stopping: Option<u32>,
    /// What came next and was looked at already.
    first: Option<Next>,
    /// Digest of the obligations that it was given.
    warrant: Vec<u8>,
    /// It was given a flight recorder.
    recorder: bool,
    clocks: Clocks,
    /// When it was heard last that we are there, as far as we know.
    heard: Instant,
}

/// What comes of an agent.
#[derive(Debug)]
pub(crate) enum Next {
    /// A frame for the user.
    Frame(Body),
    /// How far its clock is from ours, as far as is known now.
    Clock(Clock),
    /// The stream is over, and the agent has not said why.
    Lost(String),
}

impl Agent {
    /// Takes the agent's hello and starts it.
    pub(crate) async fn begin(owner: &Owner, streams: Streams, start: Start) -> Result<(Self, Hello), Error> {
        let warrant = seal::digest(&start.warrant.clone().unwrap_or_default());
        let recorder = start.recorder.is_some();
        let (stream, hello) = Stream::open(owner, streams, start).await?;
        let heard = Instant::now();
        let clocks = Clocks::default();
        let (packets, records, last, unacked, stopping) = (0, 0, 1, 0, None);
        let agent =
            Self { stream, packets, records, last, unacked, stopping, warrant, recorder, clocks, heard, first: None };
        Ok((agent, hello))
    }

    /// Goes on over a new stream.
    pub(crate) async fn resume(&mut self, owner: &Owner, streams: Streams, start: Start) -> Result<(), Error> {
        let (stream, _) = Stream::open(owner, streams, Start { resume: self.last, ..start }).await?;
        self.stream = stream;
        // What was let go while there was no stream has no place in the numbers.
        self.stream.any_number_next();
        // The agent counts credit anew, without what it sends again.
        (self.packets, self.records, self.unacked) = (0, 0, 0);
        self.heard = Instant::now();
        Ok(())
    }

    /// When the agent heard of us last.
    pub(crate) fn heard(&self) -> Instant {
        self.heard
    }

    /// Waits for its first answer: one that serves another tap fails in its stead.
    pub(crate) async fn answered(&mut self) -> Result<(), Error> {
        match self.next().await? {
            Next::Lost(why) => Err(Error::Agent { message: why }),
            next => {
                self.first = Some(next);
                Ok(())
            }
        }
    }

    /// What is next for the user. Pings, credit and acknowledgements are given meanwhile.
    ///
    /// # Errors
    /// When what comes is not the protocol, or the agent will not have us: nothing more of it is taken.
    pub(crate) async fn next(&mut self) -> Result<Next, Error> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        loop {
            match self.stream.next_frame()? {
                Some(Frame { seq: ASIDE, body: Some(Body::Bye(bye)), .. }) => return Err(parted(&bye)),
                Some(frame) => {
                    if let Some(next) = self.take(frame)? {
                        return Ok(next);
                    }
                    continue;
                }
                None => {}
            }
            let silent = self.stream.came + SILENT;
            tokio::select! {
                // What has come is taken before its absence is noted.
                biased;
                () = tokio::time::sleep_until(self.stream.ping), if self.stopping.is_none() => self.say_there(),
                said = self.stream.output.next() => match said {
                    Ok(Some(Said::Output(bytes))) => {
                        self.unacked += bytes.len() as u64;
                        self.stream.came = Instant::now();
                        self.stream.feed(&bytes);
                    }
                    Ok(Some(Said::Complaint(bytes))) => {
                        tracing::warn!(text = %String::from_utf8_lossy(&bytes), "relay");
                    }
                    Ok(Some(Said::Ended(reason))) => return Ok(Next::Lost(reason.unwrap_or_else(|| "the relay has ended".to_owned()))),
                    Ok(None) => return Ok(Next::Lost("the stream was closed".to_owned())),
                    Err(error) => return Ok(Next::Lost(error.to_string())),
                },
                () = tokio::time::sleep_until(silent) => return Ok(Next::Lost("nothing was heard of it".to_owned())),
            }
        }
    }

    /// Pings now and then, while nobody takes what has come. Never returns.
    pub(crate) async fn ping(&mut self) {
        while self.stopping.is_none() {
            tokio::time::sleep_until(self.stream.ping).await;
            self.say_there();
            self.stream.came = Instant::now();
        }
        std::future::pending().await
    }

    fn say_there(&mut self) {
        self.stream.ping = Instant::now() + Duration::from_millis(PING_MS);
        self.acknowledge();
        self.stream.send(Body::Ping(Ping { t1: now_ns() }));
    }

    /// Takes a frame; what of it is for the user.
    fn take(&mut self, frame: Frame) -> Result<Option<Next>, Error> {
        self.last = frame.seq;
        match &frame.body {
            Some(Body::Pong(pong)) => {
                self.heard = Instant::now();
                return Ok(self.clocks.take([pong.t1, pong.t2, pong.t3, now_ns()]).map(Next::Clock));
            }
            Some(Body::Packets(batch)) => {
                self.packets += batch.packets.len() as u64;
                self.feed_back();
            }
            Some(Body::Records(batch)) => {
                self.records += batch.lines.len() as u64;
                self.feed_back();
            }
            Some(Body::FilterApplied(applied)) if !applied.warrant.is_empty() && applied.warrant != self.warrant => {
                let message = "keeps other obligations than those it was given".to_owned();
                return Err(Error::Agent { message });
            }
            Some(Body::FilterApplied(applied)) if self.recorder && !applied.recorder => {
                // It would let everything go.
                let message = "is older than this program and has no flight recorder".to_owned();
                return Err(Error::Version { message });
            }
            _ => {}
        }
        Ok(frame.body.map(Next::Frame))
    }

    /// Gives it another capture filter.
    pub(crate) fn filter(&mut self, filter: SetFilter) {
        self.stream.send(Body::SetFilter(filter));
    }

    /// Lets packets pass unseen, or looks at them again.
    pub(crate) fn pause(&mut self, paused: bool) {
        self.stream.send(Body::Pause(paused));
    }

    /// Gives it lines of a key log, as many at a time as a frame takes.
    pub(crate) fn keys(&mut self, lines: &[String]) {
        if lines.is_empty() {
            // There is a log, whose lines come later.
            self.stream.send(Body::Keys(Keys { lines: Vec::new() }));
        }
        let mut rest = lines;
        while !rest.is_empty() {
            let mut room = KEY_BYTES;
            let fits = rest.iter().take_while(|line| {
                room = room.saturating_sub(line.len() + 8);
                room > 0
            });
            let (now, later) = rest.split_at(fits.count().clamp(1, rest.len()));
            self.stream.send(Body::Keys(Keys { lines: now.to_vec() }));
            rest = later;
        }
    }

    /// Asks it to stop, and to wait for so many seconds for its owner's next tap; its last frames and its last word still
    /// come.
    pub(crate) fn stop(&mut self, keep: u32) {
        if self.stopping.is_none() {
            self.stopping = Some(keep);
            self.stream.send(Body::Stop(keep));
        }
    }

    /// Seconds for which it waits after its last word; 0 where it ends.
    pub(crate) fn waits(&self) -> u32 {
        self.stopping.unwrap_or(0)
    }

    /// Ends it, whatever it was at; its last counters. What it has still to say is passed over.
    ///
    /// # Errors
    /// When it goes without a last word.
    pub(crate) async fn end(mut self) -> Result<Option<proto::capture::Stats>, Error> {
        self.stream.any_number_next();
        self.stop(0);
        loop {
            match self.next().await? {
                Next::Frame(Body::Bye(bye)) => return Ok(bye.stats),
                Next::Frame(_) | Next::Clock(_) => {}
                Next::Lost(why) => return Err(Error::Agent { message: format!("did not say its last word: {why}") }),
            }
        }
    }

    /// Gives back the credit of what has come, a quarter of the window at a time, and acknowledges it.
    fn feed_back(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        if self.packets + self.records >= WINDOW {
            let credit =
                Credit { packets: std::mem::take(&mut self.packets), records: std::mem::take(&mut self.records) };
            self.stream.send(Body::Credit(credit));
        }
        if self.unacked >= UNACKED {
            self.acknowledge();
        }
    }

    fn acknowledge(&mut self) {
        if self.unacked > 0 && self.stopping.is_none() {
            self.unacked = 0;
            self.stream.send(Body::Ack(self.last));
        }
    }
}

/// Why the agent ended a stream that was not broken. It would end the next one as well.
fn parted(bye: &Bye) -> Error {
    match bye.reason.as_str() {
        "version" => Error::Version { message: format!("does not go on: {}", bye.text) },
        "refused" => Error::Agent { message: format!("refuses its owner: {}", bye.text) },
        "busy" => Error::Agent { message: "serves another tap of its owner".to_owned() },
        reason => Error::Agent { message: format!("does not begin: {reason} {}", bye.text) },
    }
}

/// The highest protocol that the agent and we speak.
fn common(hello: &Hello) -> Result<u32, Error> {
    let highest = hello.max.min(*VERSIONS.end());
    if highest >= hello.min.max(*VERSIONS.start()) {
        return Ok(highest);
    }
    let side = if hello.min > *VERSIONS.end() { "newer" } else { "older" };
    let (ours, theirs) =
        (format!("{} to {}", VERSIONS.start(), VERSIONS.end()), format!("{} to {}", hello.min, hello.max));
    let message = format!(
        "({}) is {side} than this program ({}): it speaks qd.capture/{theirs}, and this program {ours}",
        hello.version,
        env!("CARGO_PKG_VERSION")
    );
    Err(Error::Version { message })
}

fn now_ns() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64)
}

/// Bytes of a key log that go at once.
const KEY_BYTES: usize = 64 << 10;
/// An agent says something each second: after so much silence its stream is broken.
const SILENT: Duration = Duration::from_secs(5);
/// Credit is given back when so much has come.
const WINDOW: u64 = proto::capture::FIRST_CREDIT / 4;
/// What has come is acknowledged when it is so much.
const UNACKED: u64 = 128 << 10;

#[cfg(test)]
mod tests;
