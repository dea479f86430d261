//! How far a copy is, on stderr: a line that changes where somebody looks, and one at the end.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

pub(super) struct Told {
    files: u64,
    bytes: u64,
    began: Instant,
    /// When it was said last; nothing where nobody looks.
    said: Option<Instant>,
    quiet: bool,
}

impl Told {
    pub(super) fn new(quiet: bool) -> Self {
        let now = Instant::now();
        Self { files: 0, bytes: 0, began: now, said: (!quiet && stderr().is_terminal()).then_some(now), quiet }
    }

    pub(super) fn file(&mut self) {
        self.files += 1;
    }

    pub(super) fn bytes(&mut self, count: usize) {
        self.bytes += count as u64;
        if self.said.is_some_and(|said| said.elapsed() >= EVERY) {
            self.said = Some(Instant::now());
            // That this cannot be said stops no copy.
            let _ = write!(stderr(), "\r{}\x1b[K", self.words());
        }
    }

    /// Says what became of it.
    pub(super) fn end(&mut self, whole: bool) {
        let clear = if self.said.is_some() { "\r\x1b[K" } else { "" };
        let words = if whole && !self.quiet {
            let seconds = self.began.elapsed().as_secs_f64();
            format!("{} in {seconds:.1} s\n", self.words())
        } else {
            String::new()
        };
        let _ = write!(stderr(), "{clear}{words}"); // as above
    }

    pub(super) fn words(&self) -> String {
        let files = if self.files == 1 { "1 file".to_owned() } else { format!("{} files", self.files) };
        format!("{files}, {} bytes", self.bytes)
    }
}

const EVERY: Duration = Duration::from_millis(100);
