//! One line on stderr for each part as it becomes ready.

use std::time::Instant;

use anyhow::Result;

use crate::tasks::proc;

/// The clock of one `up`.
#[derive(Clone, Copy)]
pub(crate) struct Progress {
    started: Instant,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now() }
    }

    /// Says that a part is there.
    pub(crate) fn say(&self, what: &str) {
        proc::say(&format!("{:6.1} s  {what}", self.started.elapsed().as_secs_f32()));
    }

    /// Runs a step and says its name when it is done.
    pub(crate) fn step<T>(&self, what: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        proc::check()?;
        let value = step()?;
        self.say(what);
        Ok(value)
    }
}
