//! The way out: batches become frames as far as credit reaches, or stay with the flight recorder until a trigger fires.

use crate::agent::now_ns;
use crate::batch::{MOST, Out, Packets, Records};
use crate::outbox::Outbox;
use crate::recorder::Recorder;
use crate::recorder::triggers::{Fired, Triggers};
use flow::json::write_object;
use proto::capture::codec::CUT;
use proto::capture::{Body, Loss, RecordBatch};
use std::io;
use std::time::{Duration, Instant};

/// Packets and records on their way.
pub(super) struct Way {
    packets: Packets,
    /// Bytes of payload that stay, of the packets in the batch.
    cut: u64,
    recorder: Option<Recorder>,
    pub(super) shed: Shed,
    /// Packets that were sent.
    pub(super) sent: u64,
    flushed: Instant,
}

/// What credit, or the recorder's room, did not reach for.
#[derive(Default)]
pub(super) struct Shed {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) records: u64,
    /// Payload that stayed, of packets whose heads left.
    pub(super) cut_bytes: u64,
    /// What the share of the processor did not reach for.
    pub(super) throttled: u64,
    pub(super) throttled_bytes: u64,
}

impl Way {
    /// With a flight recorder, where one is asked for; and what fires it.
    ///
    /// # Errors
    /// When its expressions are none.
    pub(super) fn new(
        recorder: Option<&proto::capture::Recorder>,
        now: Instant,
    ) -> io::Result<(Self, Option<Triggers>)> {
        let triggers = recorder.map(|asked| Triggers::of(&asked.until)).transpose()?;
        let recorder = recorder.map(|asked| {
            let (pre, post) = (Duration::from_millis(asked.pre_ms.into()), Duration::from_millis(asked.post_ms.into()));
            let bytes = if asked.bytes == 0 { KEPT } else { (asked.bytes as usize).clamp(LEAST, KEPT) };
            Recorder::new(pre, post, bytes)
        });
        let way = Self { packets: Packets::default(), cut: 0, recorder, shed: Shed::default(), sent: 0, flushed: now };
        Ok((way, triggers))
    }

    /// What leaves does so at once, and credit decides how much of it.
    pub(super) fn is_direct(&self) -> bool {
        self.recorder.is_none()
    }

    /// Something waits to be sent, and nothing but time is needed for it.
    pub(super) fn has_pending(&self) -> bool {
        self.packets.count() > 0
    }

    /// Bytes that are kept.
    pub(super) fn held(&self) -> usize {
        self.recorder.as_ref().map_or(0, Recorder::held)
    }

    /// Puts a packet into the batch; one that is full goes first. Where payload is `short`, what of it stays is counted.
    pub(super) fn send(&mut self, out: &Out<'_>, short: bool, outbox: &mut Outbox) {
        if self.packets.full_for(out) || self.recorder.is_some() && self.packets.len() > BATCH {
            self.send_packets(outbox);
        }
        self.packets.add(out);
        if short && out.flags & CUT != 0 {
            self.cut += u64::from(out.meta.orig_len).saturating_sub(out.bytes.len() as u64);
        }
    }

    fn send_packets(&mut self, outbox: &mut Outbox) {
        let Some(batch) = self.packets.take() else { return };
        let (count, bytes) = (u64::from(batch.count), batch.packets.len() as u64);
        let cut = std::mem::take(&mut self.cut);
        let body = Body::Packets(batch);
        if let Some(recorder) = &mut self.recorder {
            self.shed.cut_bytes += cut;
            recorder.keep(body, Instant::now());
        } else if outbox.spend(&body) {
            self.sent += count;
            self.shed.cut_bytes += cut;
            outbox.push(body);
        } else {
            self.shed.packets += count;
            self.shed.bytes += bytes;
        }
    }

    fn send_records(&mut self, records: &mut Records, outbox: &mut Outbox) {
        for batch in records.take() {
            let count = u64::from(batch.count);
            let body = Body::Records(batch);
            if let Some(recorder) = &mut self.recorder {
                recorder.keep(body, Instant::now());
            } else if outbox.spend(&body) {
                outbox.push(body);
            } else {
                self.shed.records += count;
            }
        }
    }

    /// Sends what has waited for long enough, or is much.
    pub(super) fn flush_due(&mut self, now: Instant, records: &mut Records, outbox: &mut Outbox) {
        let is_due = now.duration_since(self.flushed) >= FLUSH || records.has_fired();
        if is_due || records.len() > BATCH || self.packets.len() > BATCH {
            self.flushed = now;
            self.flush(records, outbox);
        }
        self.pour(outbox);
    }

    /// Sends what waits; and what triggers that have fired let go.
    pub(super) fn flush(&mut self, records: &mut Records, outbox: &mut Outbox) {
        self.send_packets(outbox);
        let fired = records.take_fired();
        self.send_records(records, outbox);
        for (fired, text) in fired {
            self.fire(&fired, &text, outbox);
        }
        self.pour(outbox);
    }

    /// The end: what is owed and does not fit is lost.
    pub(super) fn close(&mut self, outbox: &mut Outbox) {
        if let Some(recorder) = &mut self.recorder {
            self.sent += recorder.pour(Instant::now(), true, outbox);
            recorder.close();
            let lost = recorder.take_lost();
            self.shed.packets += lost.packets;
            self.shed.records += lost.records;
        }
    }

    fn pour(&mut self, outbox: &mut Outbox) {
        if let Some(recorder) = &mut self.recorder {
            self.sent += recorder.pour(Instant::now(), false, outbox);
            let lost = recorder.take_lost();
            self.shed.packets += lost.packets;
            self.shed.records += lost.records;
        }
    }

    /// What the recorder has is let go, and a `tap` record says why.
    fn fire(&mut self, fired: &Fired, text: &str, outbox: &mut Outbox) {
        let Some(recorder) = &mut self.recorder else { return };
        let now = Instant::now();
        let is_news = recorder.is_news(fired.trigger, now);
        let before = recorder.fire(now);
        let to_ns = now_ns();
        if before.missed.packets > 0 || before.missed.records > 0 {
            let from_ns = to_ns.saturating_sub(recorder.reach().as_nanos() as u64);
            for (count, records) in [(before.missed.packets, false), (before.missed.records, true)] {
                let cause = "recorder".to_owned();
                let loss = Loss { from_ns, to_ns, packets: count, cause, records, ..Loss::default() };
                if count > 0 {
                    outbox.push(Body::Loss(loss));
                }
            }
        }
        if !is_news {
            return;
        }
        let mut lines = Vec::new();
        write_object(&mut lines, |mut object| {
            object.uint("v", 1);
            object.text("kind", "tap");
            object.uint("ts", to_ns / 1000);
            object.text("state", "trigger");
            object.text("reason", text);
            object.uint("trigger", fired.trigger as u64 + 1);
            object.text("record", &fired.record);
            object.uint("before_us", before.time.as_micros() as u64);
            object.uint("packets", before.packets);
            object.uint("records", before.records);
            object.uint("missed", before.missed.packets + before.missed.records);
        });
        lines.push(b'\n');
        recorder.keep(Body::Records(RecordBatch { lines: lines.into(), count: 1 }), now);
    }
}

/// What waits longer than this is sent.
const FLUSH: Duration = Duration::from_millis(20);
/// And what is more than this.
pub(super) const BATCH: usize = MOST / 8;
/// Bytes that the flight recorder keeps, and the least that make sense.
const KEPT: usize = 6 << 20;
const LEAST: usize = 256 << 10;

#[cfg(test)]
mod tests;
