//! What the gateway counts of itself, as Prometheus reads it.

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
        let mut text = String::new();
        let mut one = |name: &str, kind: &str, help: &str, values: &[(String, u64)]| {
            text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
            for (labels, value) in values {
                text.push_str(&format!("{name}{labels} {value}\n"));
            }
        };
        let classes = self.answers.iter().enumerate();
        let classes: Vec<_> =
            classes.map(|(at, count)| (format!("{{class=\"{}xx\"}}", at + 1), count.load(Ordering::Relaxed))).collect();
        one("qd_http_responses_total", "counter", "Answers by class of their status.", &classes);
        let outcomes = [("ok", &self.signed_in), ("refused", &self.turned_away)];
        let outcomes = outcomes.map(|(word, count)| (format!("{{outcome=\"{word}\"}}"), count.load(Ordering::Relaxed)));
        one("qd_auth_total", "counter", "Sign-ins, and keys that were refused.", &outcomes);
        for (name, help, value) in gauges {
            one(name, "gauge", help, &[(String::new(), *value)]);
        }
        text
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
