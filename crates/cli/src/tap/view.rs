//! `qd tap` in a terminal: pods with their steps, records as they come, one of them in full.
//!
//! ```text
//! events of the tap ─▶ State ─ frame ─▶ lines ─ screen ─▶ terminal
//! keys ───────────────▶   └─ rows, pods, what is typed          (given back on every way out)
//! ```
//!
//! Only what a frame shows is made into words. Every text is cleaned on its way into a line: what a pod sends moves no
//! cursor.

mod detail;
mod entry;
mod frame;
mod pods;
mod rows;
mod said;
mod screen;
mod state;
mod text;

use crossterm::event::{Event, EventStream};
use futures::StreamExt;
use proto::capture::Stats;
use said::Said;
use screen::Screen;
use state::State;
use std::io;
use std::time::Instant;

pub(super) use state::Asked;
pub(super) use text::{Tone, clean};

/// The view of a tap that runs. Dropped, it gives the terminal back first and stderr then.
pub(super) struct View {
    screen: Screen,
    said: Option<Said>,
    keys: EventStream,
    state: State,
    began: Instant,
    dirty: bool,
}

impl View {
    /// Whether there is a terminal, and somebody at it.
    pub(super) fn can() -> bool {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        crate::terminal::is_there() && !dumb
    }

    /// Takes the terminal. The title is what the tap is of.
    pub(super) fn enter(title: String) -> io::Result<Self> {
        let said = Said::take()?;
        let screen = Screen::enter()?;
        let (keys, state) = (EventStream::new(), State::new(title));
        Ok(Self { screen, said, keys, state, began: Instant::now(), dirty: true })
    }

    /// The next key, and what it asks.
    pub(super) async fn key(&mut self) -> Asked {
        let Some(Ok(event)) = self.keys.next().await else {
            // The terminal is gone: a signal says so as well.
            return std::future::pending().await;
        };
        self.dirty = true;
        let asked = match event {
            Event::Key(key) => self.state.key(key),
            Event::Resize(..) => Asked::Redraw,
            _ => Asked::Nothing,
        };
        if asked == Asked::Redraw {
            self.screen.forget();
        }
        asked
    }

    /// Something is not on the screen yet.
    pub(super) fn is_dirty(&mut self) -> bool {
        while let Some(line) = self.said.as_mut().and_then(Said::news) {
            self.tell(&line);
        }
        self.dirty
    }

    /// Draws what is new.
    pub(super) fn draw(&mut self) -> io::Result<()> {
        self.dirty = false;
        let (width, height) = self.screen.size();
        let lines = frame::lines(&mut self.state, width, height);
        self.screen.draw(lines)
    }

    /// A pod has this number.
    pub(super) fn joined(&mut self, pod: usize, name: &str) {
        self.dirty = true;
        self.state.pods.joined(pod, name, self.began.elapsed().as_secs_f64());
    }

    /// A pod is a step further.
    pub(super) fn step(&mut self, pod: usize, tone: Tone, words: &str) {
        self.dirty = true;
        self.state.pods.step(pod, tone, words, self.began.elapsed().as_secs_f64());
    }

    /// A pod is not tapped any more.
    pub(super) fn ended(&mut self, pod: usize, stats: Option<&Stats>) {
        if let Some(stats) = stats {
            self.state.pods.stats(pod, stats);
        }
        self.state.pods.ended(pod);
    }

    /// Counters of a pod.
    pub(super) fn stats(&mut self, pod: usize, stats: &Stats) {
        self.dirty = true;
        self.state.pods.stats(pod, stats);
    }

    /// A record.
    pub(super) fn record(&mut self, line: &[u8]) {
        self.dirty = true;
        self.state.records += 1;
        self.state.rows.push(line);
    }

    /// Something was lost; a record tells it, or this line does.
    pub(super) fn lost(&mut self, count: u64, line: Option<&[u8]>) {
        self.dirty = true;
        self.state.lost += count;
        if let Some(line) = line {
            self.state.rows.push(line);
        }
    }

    /// Something to be said that is about no pod.
    pub(super) fn tell(&mut self, words: &str) {
        self.dirty = true;
        self.state.note = Some(words.to_owned());
    }
}
