//! What is told of a tap: where it stands, its counters and pods, and its records as they go out.

use super::{One, Target};
use crate::spool::Spool;
use crate::taps::row;
use api::tap::{Tap, TapState, TapTarget, TapTotals};
use proto::capture::{Mode, Stats};

impl One {
    /// Where it stands.
    pub(in crate::taps) fn stands(&self) -> TapState {
        let state = self.state.read();
        let any = |words: &[&str]| state.targets.iter().any(|target| words.contains(&target.state));
        match () {
            () if state.ended_ms.is_some() => TapState::Ended,
            () if state.stopping => TapState::Stopping,
            // A stream that is opened again is a part of running.
            () if any(&["capturing"]) || state.targets.iter().any(|own| own.lost_ms.is_some()) => TapState::Running,
            () if any(&["starting", "added", "running"]) => TapState::Starting,
            () if self.follows => TapState::Waiting,
            () => TapState::Starting,
        }
    }

    /// Pods that capture, and pods.
    pub(in crate::taps) fn pods(&self) -> (u32, u32) {
        let state = self.state.read();
        let capturing = state.targets.iter().filter(|target| target.state == "capturing").count();
        (u32::try_from(capturing).unwrap_or(u32::MAX), u32::try_from(state.targets.len()).unwrap_or(u32::MAX))
    }

    /// Its counters.
    pub(in crate::taps) fn totals(&self) -> TapTotals {
        let kept = self.records.lock().len() as u64;
        let state = self.state.read();
        let sum = |of: fn(&Stats) -> u64| state.targets.iter().map(|target| of(&target.stats)).sum();
        TapTotals {
            records: state.records,
            kept,
            packets: sum(|stats| stats.packets),
            bytes: sum(|stats| stats.bytes),
            lost: state.lost,
            spooled: self.spool.as_ref().map_or(0, Spool::bytes),
        }
    }

    /// All there is to say of it.
    pub(in crate::taps) fn detail(&self) -> Tap {
        let (stands, totals) = (self.stands(), self.totals());
        let state = self.state.read();
        Tap {
            id: self.id.clone(),
            cluster: self.cluster.clone(),
            state: stands,
            title: self.title.clone(),
            by: self.by.clone(),
            started_ms: self.started_ms,
            ended_ms: state.ended_ms,
            filter: state.filter.clone(),
            filters: state.filters.iter().cloned().collect(),
            paused: state.paused,
            body: self.body,
            packets: self.packets,
            redacted: self.redacted,
            obliged: self.obliged.clone(),
            targets: state.targets.iter().map(Target::detail).collect(),
            totals,
            partial: state.is_partial(),
            error: state.error.clone(),
        }
    }

    /// A record as it goes out: whose it is stands in front of the record's own members.
    pub(in crate::taps) fn line(&self, pods: &[String], number: u64, pod: u16, line: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{{\"n\":\"{}\",\"tap\":\"{}\"", row::name(number), self.id).as_bytes());
        if let Some(pod) = pods.get(usize::from(pod)) {
            // Names of pods need no escapes.
            out.extend_from_slice(format!(",\"pod\":\"{pod}\"").as_bytes());
        }
        match line.strip_prefix(b"{") {
            Some(b"}") | None => out.push(b'}'),
            Some(rest) => {
                out.push(b',');
                out.extend_from_slice(rest);
            }
        }
    }

    /// Writes what an agent leaves out from now on, so that its pod's own work is not slowed down; or that it does not any more.
    pub(in crate::taps) fn say_level(&self, pod: usize, level: u32) {
        let what = match level {
            0 => "all is told again",
            1 => "bodies are not shown",
            2 => "what new connections carry is not read either",
            3 => "payload of packets does not leave either",
            _ => "of new connections a part alone is looked at",
        };
        let name = self.pod_names().get(pod).cloned().unwrap_or_default();
        self.say("throttled", &format!("{name}: {what} (level {level}): the agent has a share of one processor"));
    }

    /// Its pods as `namespace/name`, by their places.
    pub(in crate::taps) fn pod_names(&self) -> Vec<String> {
        let state = self.state.read();
        state.targets.iter().map(|target| format!("{}/{}", target.seen.namespace, target.seen.pod)).collect()
    }
}

impl Target {
    fn detail(&self) -> TapTarget {
        TapTarget {
            namespace: self.seen.namespace.clone(),
            pod: self.seen.pod.clone(),
            state: self.state.to_owned(),
            container: self.container.clone(),
            profile: self.profile.to_owned(),
            no_packets: self
                .hello
                .as_ref()
                .filter(|hello| hello.mode() == Mode::Sockets)
                .map(|hello| hello.reason.clone()),
            lost_ms: self.lost_ms,
            waits: self.waits.clone(),
            steps: self.steps.clone(),
            error: self.error.clone(),
            totals: TapTotals {
                records: self.records,
                kept: 0,
                packets: self.stats.packets,
                bytes: self.stats.bytes,
                lost: self.lost,
                spooled: 0,
            },
        }
    }
}
