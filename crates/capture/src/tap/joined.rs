//! Events of a tap with the records of both ends of an exchange as one.
//!
//! Nothing is read, and nothing waits, until two pods have addresses.

use super::Event;
use crate::join::Join;
use proto::capture::{Interface, RecordBatch};
use std::collections::{HashSet, VecDeque};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// What stands between the agents and the user of a tap.
#[derive(Default)]
pub(super) struct Joined {
    join: Join,
    /// Pods that have addresses.
    pods: HashSet<usize>,
    ready: VecDeque<Event>,
    over: bool,
}

impl Joined {
    /// The next event; `None` once there are no more.
    pub(super) async fn next(&mut self, events: &mut mpsc::Receiver<Event>) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.over {
                return None;
            }
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.take(event),
                    None => {
                        self.over = true;
                        let mut out = Lines::default();
                        self.join.finish(&mut |pod, line| out.put(pod, line));
                        self.ready.extend(out.events());
                    }
                },
                () = tokio::time::sleep(self.until_due()), if self.join.waits() => self.due(),
            }
        }
    }

    fn take(&mut self, event: Event) {
        // Time passes while much comes, too.
        self.due();
        match event {
            Event::Records { pod, batch } if self.pods.len() > 1 => {
                let (mut out, now) = (Lines::default(), now_us());
                for line in batch.lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                    self.join.take(pod, line, now, &mut |pod, line| out.put(pod, line));
                }
                self.ready.extend(out.events());
                return;
            }
            Event::Hello { pod, ref hello } => self.pod(pod, &hello.interfaces),
            Event::Interface { pod, ref interface } => self.pod(pod, std::slice::from_ref(interface)),
            Event::Clock { pod, clock } => self.join.clock(pod, clock),
            Event::Ended { pod, .. } => {
                let mut out = Lines::default();
                self.join.gone(pod, &mut |pod, line| out.put(pod, line));
                self.pods.remove(&pod);
                self.ready.extend(out.events());
            }
            _ => {}
        }
        self.ready.push_back(event);
    }

    fn pod(&mut self, pod: usize, interfaces: &[Interface]) {
        let own = interfaces.iter().flat_map(Interface::ips);
        let own: Vec<_> = own.filter(|ip| !ip.is_loopback() && !ip.is_unspecified()).collect();
        if !own.is_empty() {
            self.pods.insert(pod);
            self.join.pod(pod, own);
        }
    }

    /// How long the one that came first waits still.
    fn until_due(&self) -> Duration {
        let left = self.join.due_at().map_or(0, |at| at.saturating_sub(now_us()));
        Duration::from_micros(u64::try_from(left).unwrap_or(0)).max(LEAST)
    }

    fn due(&mut self) {
        if self.join.waits() {
            let mut out = Lines::default();
            self.join.due(now_us(), &mut |pod, line| out.put(pod, line));
            self.ready.extend(out.events());
        }
    }
}

/// Lines on their way out, as few batches as their order allows.
#[derive(Default)]
struct Lines(Vec<(usize, Vec<u8>, u32)>);

impl Lines {
    fn put(&mut self, pod: usize, line: &[u8]) {
        if self.0.last().is_none_or(|(own, ..)| *own != pod) {
            self.0.push((pod, Vec::new(), 0));
        }
        if let Some((_, lines, count)) = self.0.last_mut() {
            lines.extend_from_slice(line);
            lines.push(b'\n');
            *count += 1;
        }
    }

    fn events(self) -> impl Iterator<Item = Event> {
        let event = |(pod, lines, count): (usize, Vec<u8>, u32)| Event::Records {
            pod,
            batch: RecordBatch { lines: lines.into(), count },
        };
        self.0.into_iter().map(event)
    }
}

/// Epoch microseconds.
fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Timers are not finer than this.
const LEAST: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;
