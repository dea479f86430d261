//! Figures in Prometheus' text format (version 0.0.4).

use std::fmt::{Display, Write};

/// A text of figures.
///
/// ```
/// let mut text = base::Exposition::default();
/// text.head("qd_jobs", "gauge", "Jobs, by their state.");
/// text.put("qd_jobs", &[("state", "done")], 3);
/// assert_eq!(text.finish(), "# HELP qd_jobs Jobs, by their state.\n# TYPE qd_jobs gauge\nqd_jobs{state=\"done\"} 3\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Exposition {
    text: String,
    /// A label of every figure, with what it says.
    of: Option<(&'static str, String)>,
}

impl Exposition {
    /// Every figure has this label first.
    #[must_use]
    pub fn of(label: &'static str, text: &str) -> Self {
        Self { text: String::new(), of: Some((label, text.to_owned())) }
    }

    /// Begins a figure: its name, its kind (`counter`, `gauge`), and what it is.
    pub fn head(&mut self, name: &str, kind: &str, help: &str) {
        // A string takes everything.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// A value of the figure that was begun.
    pub fn put(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(name);
        let own = self.of.as_ref().map(|(label, text)| (*label, text.as_str()));
        let mut before = '{';
        for (label, text) in own.iter().chain(labels) {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.text, "{before}{label}=\"{text}\"");
            before = ',';
        }
        let end = if before == ',' { "}" } else { "" };
        let _ = writeln!(self.text, "{end} {value}");
    }

    /// A figure of one value.
    pub fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.put(name, &[], value);
    }

    /// All of it.
    #[must_use]
    pub fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::Exposition;

    #[test]
    fn what_labels_say_is_written_so_that_lines_stay_lines() {
        let mut text = Exposition::of("tap", "one \"two\"");
        text.one("qd_a_total", "counter", "All.", 1.5);
        text.put("qd_b", &[("what", "GET /a\\b\nc")], 2);
        assert_eq!(
            text.finish(),
            "# HELP qd_a_total All.\n# TYPE qd_a_total counter\nqd_a_total{tap=\"one \\\"two\\\"\"} 1.5\n\
             qd_b{tap=\"one \\\"two\\\"\",what=\"GET /a\\\\b\\nc\"} 2\n"
        );
        let mut plain = Exposition::default();
        plain.put("qd_c", &[], 3);
        assert_eq!(plain.finish(), "qd_c 3\n");
    }
}
