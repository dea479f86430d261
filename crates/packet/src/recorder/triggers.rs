//! What lets the flight recorder go: expressions over the records that are made.

use lines::{Choice, json};
use std::io;

/// The triggers of a recorder, and those that fired.
pub(crate) struct Triggers {
    all: Vec<(String, Choice)>,
    fired: Vec<Fired>,
}

/// A trigger that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fired {
    /// Which, from 0.
    pub(crate) trigger: usize,
    /// The id of the record that it was.
    pub(crate) record: String,
}

impl Triggers {
    /// Reads them.
    ///
    /// # Errors
    /// When there is none, there are too many, or one is no expression.
    pub(crate) fn of(texts: &[String]) -> io::Result<Self> {
        if texts.is_empty() || texts.len() > MOST || texts.iter().any(|text| text.trim().is_empty()) {
            return Err(io::Error::other(format!("a flight recorder has 1 to {MOST} triggers")));
        }
        let one = |text: &String| {
            let choice = Choice::parse(text).map_err(|error| io::Error::other(format!("{text}: {error}")))?;
            Ok((text.clone(), choice))
        };
        Ok(Self { all: texts.iter().map(one).collect::<io::Result<_>>()?, fired: Vec::new() })
    }

    /// Asks all of them of a record.
    pub(crate) fn look(&mut self, line: &[u8]) {
        for (trigger, (_, choice)) in self.all.iter_mut().enumerate() {
            if self.fired.iter().all(|fired| fired.trigger != trigger) && choice.holds(line) {
                let mut record = String::new();
                json::text(json::get(line, "id").unwrap_or_default(), &mut record);
                self.fired.push(Fired { trigger, record });
            }
        }
    }

    /// One has fired, and it was not taken.
    pub(crate) fn have_fired(&self) -> bool {
        !self.fired.is_empty()
    }

    /// Those that fired since the last call, each with its first record.
    pub(crate) fn take(&mut self) -> Vec<Fired> {
        std::mem::take(&mut self.fired)
    }

    /// How one was written.
    pub(crate) fn text(&self, trigger: usize) -> &str {
        self.all.get(trigger).map_or("", |(text, _)| text)
    }
}

/// Triggers of a recorder.
const MOST: usize = 16;
