//! The pods of a tap as the view shows them: one line each, with the step where it stands.

use super::text::{Line, Tone};
use proto::capture::Stats;

/// Pods, in the order in which they joined.
#[derive(Default)]
pub(super) struct Pods(Vec<One>);

struct One {
    name: String,
    /// Where it stands, since when, and how good that is.
    step: (Tone, String, f64),
    stats: Option<Stats>,
    captures: bool,
    ended: bool,
}

impl Pods {
    /// A pod has this number from now on.
    pub(super) fn joined(&mut self, pod: usize, name: &str, at: f64) {
        while self.0.len() <= pod {
            let step = (Tone::Dim, "joins".to_owned(), at);
            self.0.push(One { name: String::new(), step, stats: None, captures: false, ended: false });
        }
        if let Some(one) = self.0.get_mut(pod) {
            name.clone_into(&mut one.name);
        }
    }

    /// It is a step further.
    pub(super) fn step(&mut self, pod: usize, tone: Tone, words: &str, at: f64) {
        if let Some(one) = self.0.get_mut(pod) {
            one.captures = tone == Tone::Good;
            one.step = (tone, words.to_owned(), at);
        }
    }

    /// Its counters.
    pub(super) fn stats(&mut self, pod: usize, stats: &Stats) {
        if let Some(one) = self.0.get_mut(pod) {
            one.stats = Some(stats.clone());
        }
    }

    /// It is not tapped any more.
    pub(super) fn ended(&mut self, pod: usize) {
        if let Some(one) = self.0.get_mut(pod) {
            (one.captures, one.ended) = (false, true);
        }
    }

    /// How many are captured, of how many that have not ended.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.0.iter().filter(|one| one.captures).count(), self.0.iter().filter(|one| !one.ended).count())
    }

    /// What the agents counted, in sum: packets, and what was dropped.
    pub(super) fn packets(&self) -> (u64, u64) {
        let all = || self.0.iter().filter_map(|one| one.stats.as_ref());
        (all().map(|stats| stats.packets).sum(), all().map(|stats| stats.kernel_drops).sum())
    }

    /// The dearest agent: its shedding level and its memory.
    pub(super) fn budget(&self) -> (u32, u64) {
        let all = || self.0.iter().filter(|one| !one.ended).filter_map(|one| one.stats.as_ref());
        (all().map(|stats| stats.level).max().unwrap_or(0), all().map(|stats| stats.rss).max().unwrap_or(0))
    }

    /// Lines for at most so many pods: those that have something to say first, the rest in a sum.
    pub(super) fn lines(&self, most: usize) -> Vec<Line> {
        let mut order: Vec<&One> = self.0.iter().collect();
        order.sort_by_key(|one| match (one.step.0, one.ended) {
            (Tone::Bad, _) => 0,
            (_, true) => 3,
            (_, false) => 1 + usize::from(one.captures),
        });
        let all = order.len();
        let most = if all > most { most.saturating_sub(1) } else { most };
        let width = order.iter().take(most).map(|one| one.name.chars().count()).max().unwrap_or(0).min(48);
        let mut lines: Vec<Line> = order.iter().take(most).map(|one| one.line(width)).collect();
        if all > most {
            let (captured, there) = self.counts();
            let rest = all - most;
            lines.push(Line::of(Tone::Dim, &format!("… and {rest} more: of {there} pods, {captured} are captured")));
        }
        lines
    }
}

impl One {
    fn line(&self, width: usize) -> Line {
        let (tone, words, at) = &self.step;
        let mark = match tone {
            Tone::Good => "●",
            Tone::Warn => "▲",
            Tone::Bad => "■",
            _ => "◆",
        };
        let mut line = Line::of(*tone, mark);
        line.push(Tone::Plain, " ");
        line.column(Tone::Strong, &self.name, width);
        line.push(Tone::Dim, &format!("{at:>6.1} s  "));
        line.push(*tone, words);
        line
    }
}
