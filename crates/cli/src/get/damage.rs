//! Warnings on stderr about rows that are not the whole truth: objects read only in part, times that were not seen.

use std::time::Duration;

/// Objects that could not be read whole, told one a line up to a limit.
#[derive(Debug, Default)]
pub(super) struct Damage {
    objects: u32,
}

impl Damage {
    /// Warns of an object; one without a name could not be read at all.
    pub(super) fn note(&mut self, kind: &str, object: &str, why: &str) {
        if let Some(line) = self.line(kind, object, why) {
            eprintln!("{line}");
        }
    }

    fn line(&mut self, kind: &str, object: &str, why: &str) -> Option<String> {
        self.objects = self.objects.saturating_add(1);
        match self.objects {
            ..=MOST_LINES if object.is_empty() => {
                Some(format!("warning: decode_partial: an object of {kind} cannot be read: {why}"))
            }
            ..=MOST_LINES => Some(format!("warning: decode_partial: {kind} {object} is shown only in part: {why}")),
            // Told once; a list with so many has one cause.
            count if count == MOST_LINES + 1 => {
                Some("warning: decode_partial: further objects cannot be read whole either".to_owned())
            }
            _ => None,
        }
    }
}

/// The warning of a gap.
pub(super) fn gap(kind: &str, missed: Duration) -> String {
    format!(
        "warning: history_gap: the watch of {kind} could not go on. The rows are listed anew; what came and went in the \
         last {} s was not seen",
        missed.as_secs().max(1)
    )
}

const MOST_LINES: u32 = 10;

#[cfg(test)]
mod tests {
    use super::{Damage, gap};
    use std::time::Duration;

    #[test]
    fn exf_08c_qd_get_names_ten_damaged_objects_and_then_stops() {
        let mut damage = Damage::default();
        let lines: Vec<String> = (0..50).filter_map(|at| damage.line("pods", &format!("n/p{at}"), "cut")).collect();
        assert_eq!(lines.len(), 11);
        assert_eq!(
            lines.first().map(String::as_str),
            Some("warning: decode_partial: pods n/p0 is shown only in part: cut")
        );
        assert!(lines.last().is_some_and(|line| line.contains("further objects")), "{lines:?}");
        let nameless = Damage::default().line("pods", "", "cut").unwrap_or_default();
        assert!(nameless.contains("an object of pods cannot be read"), "{nameless}");
    }

    #[test]
    fn exf_05d_qd_get_says_how_long_it_saw_nothing() {
        let line = gap("events", Duration::from_millis(61_400));
        assert!(line.starts_with("warning: history_gap:") && line.contains("last 61 s"), "{line}");
    }
}
