//! What the gateway counts of itself, as Prometheus reads it.

use base::Exposition;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    answers: [AtomicU64; 5],
    signed_in: AtomicU64,
    turned_away: AtomicU64,
}

impl Figures {
    pub(crate) fn answered(&self, status: u16) {
        let class = usize::from(status / 100).saturating_sub(1);
        if let Some(count) = self.answers.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn signed_in(&self) {
        self.signed_in.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn turned_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    /// In the text format, with further gauges: name, help, value.
    #[must_use]
    pub(crate) fn text(&self, gauges: &[(&str, &str, u64)]) -> String {
        let mut text = Exposition::default();
        text.head("qd_http_responses_total", "counter", "Answers by class of their status.");
        for (class, count) in ["1xx", "2xx", "3xx", "4xx", "5xx"].into_iter().zip(&self.answers) {
            text.put("qd_http_responses_total", &[("class", class)], count.load(Ordering::Relaxed));
        }
        text.head("qd_auth_total", "counter", "Sign-ins, and keys that were refused.");
        for (outcome, count) in [("ok", &self.signed_in), ("refused", &self.turned_away)] {
            text.put("qd_auth_total", &[("outcome", outcome)], count.load(Ordering::Relaxed));
        }
        for (name, help, value) in gauges {
            text.one(name, "gauge", help, value);
        }
        text.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Figures;

    #[test]
    fn figures_are_in_the_text_format() {
        let figures = Figures::default();
        figures.answered(200);
        figures.answered(404);
        figures.answered(101);
        figures.turned_away();
        let text = figures.text(&[("qd_sockets", "Open sockets.", 3)]);
        for line in [
            "qd_http_responses_total{class=\"2xx\"} 1",
            "qd_http_responses_total{class=\"4xx\"} 1",
            "qd_http_responses_total{class=\"1xx\"} 1",
            "qd_auth_total{outcome=\"ok\"} 0",
            "qd_auth_total{outcome=\"refused\"} 1",
            "# TYPE qd_sockets gauge",
            "qd_sockets 3",
        ] {
            assert!(text.lines().any(|own| own == line), "{line}: {text}");
        }
    }
}
