//! A line on stderr for each step of a longer task, as it is done, with the time since the task began.

use std::time::Instant;

use anyhow::{Context, Result};

use super::proc;

/// The clock of one task.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    started: Instant,
}

impl Steps {
    pub(super) fn new() -> Self {
        Self { started: Instant::now() }
    }

    pub(super) fn say(&self, what: &str) {
        proc::say(&format!("{:6.1} s  {what}", self.started.elapsed().as_secs_f32()));
    }

    /// Runs a step and says its name when it is done; an error names the step.
    pub(super) fn step<T>(&self, what: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        proc::check()?;
        let value = step().with_context(|| what.to_owned())?;
        self.say(what);
        Ok(value)
    }
}
