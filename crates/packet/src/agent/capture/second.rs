//! What a capture tells each second, and at its end: losses, counters, the agent's own use.

use super::{Capture, log};
use crate::agent::now_ns;
use crate::budget::{Level, cpu_ms};
use crate::mask::{Masks, Tee};
use crate::outbox::Outbox;
use flow::Engine;
use proto::capture::{Body, Counted, Loss, Stats};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

impl Capture {
    /// What is done each second: losses, counters, the agent's own use, limits. The interfaces that have lost packets.
    pub(super) fn second(&mut self, since: Duration, outbox: &mut Outbox) -> Vec<u32> {
        let to_ns = now_ns();
        let from_ns = to_ns.saturating_sub(since.as_nanos() as u64);
        let level = self.budget.level as u32;
        let loss = |interface, packets, bytes, cause: &str, records| {
            let cause = cause.to_owned();
            Body::Loss(Loss { interface, from_ns, to_ns, packets, bytes, cause, level, records })
        };
        let dropped = self.rings.drops();
        for (iface, drops) in &dropped {
            self.stats.kernel_drops += drops;
            outbox.push(loss(*iface, *drops, 0, "ring", false));
            if let Some(engine) = &mut self.engine {
                let lost = flow::Loss {
                    iface: *iface,
                    from_ns,
                    to_ns,
                    packets: Some(*drops),
                    bytes: None,
                    cause: "ring",
                    level: level as u8,
                };
                engine.lost(&lost, &mut Tee { records: &mut self.records, masks: self.masks.as_mut() });
            }
        }
        let shed = std::mem::take(&mut self.way.shed);
        if shed.packets > 0 {
            outbox.push(loss(0, shed.packets, shed.bytes, "credit", false));
        }
        if shed.throttled > 0 {
            outbox.push(loss(0, shed.throttled, shed.throttled_bytes, "throttle", false));
        }
        if shed.records > 0 {
            outbox.push(loss(0, shed.records, 0, "credit", true));
        }
        if shed.cut_bytes > 0 {
            let cause = if self.budget.level >= Level::NoPayload { "throttle" } else { "credit" };
            outbox.push(loss(0, 0, shed.cut_bytes, cause, false));
        }
        let lost = outbox.take_lost();
        if lost.packets > 0 {
            outbox.push(loss(0, lost.packets, 0, "stream", false));
        }
        if lost.records > 0 {
            outbox.push(loss(0, lost.records, 0, "stream", true));
        }
        if self.budget.look(since.as_millis() as u64) {
            self.apply();
            outbox.push(log("warn", "throttle", &format!("shedding level {}", self.budget.level as u8)));
        }
        outbox.push(Body::Stats(self.now_stats(outbox)));
        let over = |limit: u64, value: u64| limit > 0 && value >= limit;
        if over(self.warrant.max_seconds, self.began.elapsed().as_secs())
            || over(self.warrant.max_bytes, self.stats.bytes)
        {
            self.over = Some("limit");
        }
        dropped.into_iter().map(|(interface, _)| interface).collect()
    }

    pub(super) fn now_stats(&self, outbox: &Outbox) -> Stats {
        let usage = self.engine.as_ref().map(Engine::usage).unwrap_or_default();
        let malformed = self.engine.as_ref().map(Engine::unread).unwrap_or_default();
        let malformed = malformed.iter().map(|(name, count)| Counted { name: name.to_owned(), count }).collect();
        Stats {
            flows: usage.flows_total + self.stats.flows,
            records: self.records.total,
            cpu_ms: cpu_ms(),
            rss: self.memory.as_ref().map_or(0, |file| resident(file, self.page)),
            engine: (usage.bytes + outbox.held() + self.way.held() + self.masks.as_ref().map_or(0, Masks::held)) as u64,
            level: self.budget.level as u32,
            packet_credit: outbox.packet_credit,
            record_credit: outbox.record_credit,
            at_ns: now_ns(),
            sent_packets: self.way.sent,
            malformed,
            ..self.stats.clone()
        }
    }
}

/// Resident memory by `/proc/self/statm`, bytes.
fn resident(file: &File, page: u64) -> u64 {
    let mut text = [0; 64];
    let count = file.read_at(&mut text, 0).unwrap_or(0);
    let text = std::str::from_utf8(text.get(..count).unwrap_or_default()).unwrap_or_default();
    let pages: u64 = text.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    pages * page
}
