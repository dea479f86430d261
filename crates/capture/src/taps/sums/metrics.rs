//! The figures of a tap in Prometheus' text format.

use api::tap::{Tap, TapHistograms, TapStats};
use std::fmt::{Display, Write};

/// What was counted since the tap began are counters. Latencies are of the records that are kept, of which the oldest go: those
/// are gauges.
pub(super) fn text(tap: &Tap, stats: &TapStats, histograms: &TapHistograms) -> String {
    let mut out = Out { text: String::new(), tap: label(&tap.id) };
    let totals = &stats.totals;
    out.head("qd_tap_records_total", "counter", "Records that came, by kind.");
    for kind in &stats.kinds {
        out.put("qd_tap_records_total", &[("kind", &kind.name)], kind.count);
    }
    for (name, help, value) in [
        ("qd_tap_packets_total", "Packets that the kernel gave to the agents.", totals.packets),
        ("qd_tap_bytes_total", "Bytes of these packets.", totals.bytes),
    ] {
        out.head(name, "counter", help);
        out.put(name, &[], value);
    }
    out.head("qd_tap_lost_packets_total", "counter", "Packets that were lost or left out, by cause.");
    for loss in &stats.losses {
        out.put("qd_tap_lost_packets_total", &[("cause", &loss.cause)], loss.packets);
    }
    out.head("qd_tap_pods", "gauge", "Pods of the tap, by where they stand.");
    let mut states: Vec<&str> = tap.targets.iter().map(|target| target.state.as_str()).collect();
    states.sort_unstable();
    for same in states.chunk_by(|one, other| one == other) {
        let state = same.first().copied().unwrap_or_default();
        out.put("qd_tap_pods", &[("state", state)], same.len());
    }
    for (name, help) in [
        ("qd_tap_kept_transactions", "Transactions among the records that are kept."),
        ("qd_tap_kept_errors", "Those of them that failed."),
    ] {
        out.head(name, "gauge", help);
        for group in &histograms.groups {
            let value = if name == "qd_tap_kept_errors" { group.errors } else { group.count };
            out.put(name, &[("kind", &group.kind), ("what", &group.what)], value);
        }
    }
    out.head(
        "qd_tap_kept_duration_seconds",
        "gauge",
        "How long they took: no more than this share of them took longer.",
    );
    for group in &histograms.groups {
        let us = &group.us;
        for (share, value) in [("0.5", us.p50), ("0.95", us.p95), ("0.99", us.p99), ("1", us.max)] {
            let Some(value) = value else { continue };
            let labels = [("kind", group.kind.as_str()), ("what", group.what.as_str()), ("quantile", share)];
            out.put("qd_tap_kept_duration_seconds", &labels, value as f64 / 1e6);
        }
    }
    out.text
}

struct Out {
    text: String,
    tap: String,
}

impl Out {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // A string takes everything.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn put(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.text, "{name}{{tap=\"{}\"", self.tap);
        for (key, text) in labels {
            let _ = write!(self.text, ",{key}=\"{}\"", label(text));
        }
        let _ = writeln!(self.text, "}} {value}");
    }
}

/// A value of a label.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
