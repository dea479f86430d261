//! What changes in a tap, and where its pods stand.

use crate::Step;
use crate::clock::Clock;
use crate::taps::one::now_us;
use crate::taps::row::Seen;
use api::ErrorBody;
use api::tap::{TapFilter, TapLoss, TapMark, TapStep};
use proto::capture::{Hello, Stats};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What changes in it.
#[derive(Default)]
pub(in crate::taps) struct State {
    pub(in crate::taps) filter: String,
    /// Filters that were in force, the newest last.
    pub(in crate::taps) filters: VecDeque<TapFilter>,
    pub(in crate::taps) paused: bool,
    /// No more packets are kept.
    pub(in crate::taps) full: bool,
    pub(in crate::taps) marks: VecDeque<TapMark>,
    /// Records that came, by kind, and losses by cause.
    pub(in crate::taps) kinds: BTreeMap<String, u64>,
    pub(in crate::taps) losses: BTreeMap<String, TapLoss>,
    pub(in crate::taps) targets: Vec<Target>,
    pub(in crate::taps) stopping: bool,
    pub(in crate::taps) ended_ms: Option<i64>,
    pub(in crate::taps) error: Option<ErrorBody>,
    pub(in crate::taps) records: u64,
    pub(in crate::taps) lost: u64,
    /// Connections that had no room any more while they were open.
    pub(in crate::taps) evicted: u64,
}

impl State {
    /// Something of what happened is not told.
    pub(in crate::taps) fn is_partial(&self) -> bool {
        self.full
            || self.evicted > 0
            || !self.losses.is_empty()
            || ["gap", "loss"].iter().any(|kind| self.kinds.contains_key(*kind))
            || self.targets.iter().any(|own| own.stats.level > 0)
    }
}

/// One pod of it.
#[derive(Clone, Default)]
pub(in crate::taps) struct Target {
    pub(in crate::taps) seen: Arc<Seen>,
    pub(in crate::taps) uid: String,
    pub(in crate::taps) state: &'static str,
    pub(in crate::taps) container: String,
    pub(in crate::taps) profile: &'static str,
    /// Since when its stream is broken and opened again.
    pub(in crate::taps) lost_ms: Option<i64>,
    /// Why it does not run yet.
    pub(in crate::taps) waits: String,
    /// Its steps so far.
    pub(in crate::taps) steps: Vec<TapStep>,
    pub(in crate::taps) error: Option<ErrorBody>,
    /// What its agent said of itself, from its first word on.
    pub(in crate::taps) hello: Option<Box<Hello>>,
    pub(in crate::taps) clock: Option<Clock>,
    pub(in crate::taps) stats: Stats,
    pub(in crate::taps) records: u64,
    pub(in crate::taps) lost: u64,
}

impl Target {
    /// Takes where it stands.
    pub(super) fn step(&mut self, step: Step) {
        self.waits.clear();
        self.at(match &step {
            Step::Waiting { .. } => "waiting",
            Step::Permitted => "permitted",
            Step::Tried { .. } => "tried",
            Step::Added { .. } => "added",
            Step::Reused { .. } => "reused",
            Step::Running => "running",
            Step::Capturing => "capturing",
            Step::Lost { .. } => "lost",
            Step::Resumed => "resumed",
            Step::Gone => "gone",
        });
        self.state = match step {
            Step::Waiting { reason } => {
                self.waits = reason;
                if self.container.is_empty() { "starting" } else { "added" }
            }
            Step::Permitted => "starting",
            Step::Tried { profile } => {
                self.profile = profile.name();
                "starting"
            }
            Step::Added { profile, container, .. } => {
                (self.profile, self.container) = (profile.name(), container);
                "added"
            }
            Step::Reused { container } => {
                self.container = container;
                "running"
            }
            Step::Running | Step::Lost { .. } => "running",
            Step::Capturing | Step::Resumed => "capturing",
            Step::Gone => "ended",
        };
    }

    /// It is a step further now. One that repeats itself is one step; the first ones stay.
    pub(super) fn at(&mut self, step: &str) {
        if self.steps.len() < MAX_STEPS && self.steps.last().is_none_or(|last| last.step != step) {
            self.steps.push(TapStep { at_ms: now_us().cast_signed() / 1_000, step: step.to_owned() });
        }
    }
}

/// Steps of a pod that are kept.
const MAX_STEPS: usize = 16;
