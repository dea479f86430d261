//! The figures of a tap in Prometheus' text format.

use api::tap::{Tap, TapHistograms, TapStats};
use base::Exposition;

/// What was counted since the tap began are counters. Latencies are of the records that are kept, of which the oldest go: those
/// are gauges.
pub(super) fn text(tap: &Tap, stats: &TapStats, histograms: &TapHistograms) -> String {
    let mut out = Exposition::of("tap", &tap.id);
    let totals = &stats.totals;
    out.head("qd_tap_records_total", "counter", "Records that came, by kind.");
    for kind in &stats.kinds {
        out.put("qd_tap_records_total", &[("kind", &kind.name)], kind.count);
    }
    for (name, help, value) in [
        ("qd_tap_packets_total", "Packets that the kernel gave to the agents.", totals.packets),
        ("qd_tap_bytes_total", "Bytes of these packets.", totals.bytes),
    ] {
        out.one(name, "counter", help, value);
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
    out.finish()
}
