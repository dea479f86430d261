//! `qd tap stats`: counts of a capture, and latencies of what was asked in it.

use std::collections::BTreeMap;
use std::io::Write;

use capture::line::{Groups, Members};
use flow::{Envelope, Record, Sink};
use serde_json::json;

use super::drive::{Summary, Target};
use super::lines::Chosen;
use super::table;
use crate::error::Error;
use crate::grammar::Output;
use crate::print::Grid;

/// Counts records.
pub(super) struct Stats {
    chosen: Chosen,
    line: Vec<u8>,
    kinds: BTreeMap<&'static str, u64>,
    groups: Groups,
}

impl Stats {
    pub(super) fn new(chosen: Chosen) -> Self {
        Self { chosen, line: Vec::new(), kinds: BTreeMap::new(), groups: Groups::default() }
    }

    /// Prints everything.
    pub(super) fn print(&self, summary: &Summary, output: Output, out: &mut impl Write) -> Result<(), Error> {
        match output {
            Output::Json | Output::Jsonl => self.json(summary, out),
            Output::Csv => Ok(self.grid(Clone::clone).csv(out)?),
            _ => {
                let (from, to) = summary.span_ns.unwrap_or_default();
                let mut grid = Grid::new(2);
                let seconds = (to - from) as f64 / 1e9;
                for (name, value) in [
                    ("packets", summary.usage.packets.to_string()),
                    ("bytes", summary.bytes.to_string()),
                    ("seconds", format!("{seconds:.3}")),
                    ("flows", summary.usage.flows_total.to_string()),
                    ("lost", summary.lost.to_string()),
                    ("malformed", summary.usage.malformed.to_string()),
                ] {
                    grid.push(name);
                    grid.push(&value);
                }
                for (kind, count) in &self.kinds {
                    grid.push(&format!("{kind} records"));
                    grid.push(&count.to_string());
                }
                grid.aligned(out)?;
                if !self.groups.is_empty() {
                    writeln!(out)?;
                    self.grid(|micros| table::length(micros)).aligned(out)?;
                }
                Ok(())
            }
        }
    }

    fn grid(&self, length: impl Fn(&String) -> String) -> Grid {
        let mut grid = Grid::new(9);
        for cell in ["KIND", "WHAT", "COUNT", "ERRORS", "MIN", "P50", "P95", "P99", "MAX"] {
            grid.push(cell);
        }
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|(_, _, group)| std::cmp::Reverse(group.count));
        for (kind, what, group) in groups {
            grid.push(kind);
            grid.push(what);
            grid.push(&group.count.to_string());
            grid.push(&group.errors.to_string());
            for share in SHARES {
                let micros = group.micros.at(share).map(|micros| micros.to_string()).unwrap_or_default();
                grid.push(&length(&micros));
            }
        }
        grid
    }

    fn json(&self, summary: &Summary, out: &mut impl Write) -> Result<(), Error> {
        let groups: Vec<_> = self
            .groups
            .iter()
            .map(|(kind, what, group)| {
                let [min, p50, p95, p99, max] = SHARES.map(|share| group.micros.at(share));
                json!({
                    "kind": kind, "what": what, "count": group.count, "errors": group.errors,
                    "us": {"min": min, "p50": p50, "p95": p95, "p99": p99, "max": max},
                })
            })
            .collect();
        let (from, to) = summary.span_ns.unwrap_or_default();
        let all = json!({
            "packets": summary.usage.packets, "bytes": summary.bytes, "start": from / 1000, "end": to / 1000,
            "flows": summary.usage.flows_total, "lost": summary.lost, "malformed": summary.usage.malformed,
            "records": self.kinds, "groups": groups,
        });
        writeln!(out, "{all}")?;
        Ok(())
    }
}

impl Sink for Stats {
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        if matches!(record, Record::Stats(_)) || !self.chosen.kind(record) {
            return;
        }
        self.line.clear();
        record.write_json(envelope, &mut self.line);
        if self.chosen.line(&self.line) {
            *self.kinds.entry(record.kind()).or_default() += 1;
            self.groups.add(&Members::of(&self.line));
        }
    }
}

impl Target for Stats {
    fn flush(&mut self, _now: bool) -> Result<(), Error> {
        Ok(())
    }
}

/// Which latencies are told: least, half, 95 %, 99 %, most.
const SHARES: [f64; 5] = [0.0, 0.5, 0.95, 0.99, 1.0];
