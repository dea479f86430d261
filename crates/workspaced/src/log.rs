//! Logs: to the daemon's standard output, and the last lines kept for whoever asks. The daemon has one, each app another.

use std::collections::VecDeque;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use proto::workspace::told::Line;
use tokio::sync::watch;

/// Takes lines and keeps the last of them.
#[derive(Debug)]
pub(crate) struct Log {
    kept: Mutex<Kept>,
    /// Whose it is: follows the component where logs of all stand together.
    name: String,
    /// Bytes that are kept.
    most: usize,
    /// The number of the last line.
    last: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<Line>,
    bytes: usize,
    next: u64,
}

impl Log {
    /// The daemon's own.
    pub(crate) fn new() -> Self {
        Self::keeping("", MAX_BYTES)
    }

    /// Another, which keeps so many bytes.
    pub(crate) fn keeping(name: &str, most: usize) -> Self {
        Self { kept: Mutex::default(), name: name.to_owned(), most, last: watch::channel(0).0 }
    }

    pub(crate) fn info(&self, component: &str, text: impl Into<String>) {
        self.put("info", component, text.into());
    }

    pub(crate) fn warn(&self, component: &str, text: impl Into<String>) {
        self.put("warn", component, text.into());
    }

    pub(crate) fn error(&self, component: &str, text: impl Into<String>) {
        self.put("error", component, text.into());
    }

    /// Takes a line of this level.
    pub(crate) fn put(&self, level: &'static str, component: &str, mut text: String) {
        if text.len() > MAX_LINE {
            text.truncate(text.floor_char_boundary(MAX_LINE));
        }
        let mut kept = self.kept.lock();
        kept.next += 1;
        let line = Line { id: kept.next, ms: now_ms(), level: level.into(), component: component.to_owned(), text };
        // a closed standard output ends neither the daemon nor the ring
        let all = if self.name.is_empty() {
            serde_json::to_string(&line)
        } else {
            serde_json::to_string(&Line { component: format!("{component}:{}", self.name), ..line.clone() })
        };
        if let Ok(json) = all {
            let _ = writeln!(std::io::stdout().lock(), "{json}");
        }
        kept.bytes += size(&line);
        kept.lines.push_back(line);
        while kept.bytes > self.most {
            let Some(old) = kept.lines.pop_front() else { break };
            kept.bytes -= size(&old);
        }
        self.last.send_replace(kept.next);
    }

    /// Lines after this one, of this component and level if given, the newest `limit` of them.
    pub(crate) fn after(&self, id: u64, component: Option<&str>, level: Option<&str>, limit: usize) -> Vec<Line> {
        let kept = self.kept.lock();
        let newest = kept.lines.iter().rev().filter(|line| fits(line, id, component, level));
        let mut found: Vec<Line> = newest.take(limit).cloned().collect();
        found.reverse();
        found
    }

    /// As [`Log::after`], the oldest of them.
    pub(crate) fn following(&self, id: u64, component: Option<&str>, level: Option<&str>, limit: usize) -> Vec<Line> {
        let kept = self.kept.lock();
        kept.lines.iter().filter(|line| fits(line, id, component, level)).take(limit).cloned().collect()
    }

    /// Tells the number of the last line, with each that comes.
    pub(crate) fn last(&self) -> watch::Receiver<u64> {
        self.last.subscribe()
    }
}

fn fits(line: &Line, after: u64, component: Option<&str>, level: Option<&str>) -> bool {
    line.id > after
        && component.is_none_or(|wanted| line.component == wanted)
        && level.is_none_or(|wanted| line.level == wanted)
}

fn size(line: &Line) -> usize {
    line.text.len() + line.component.len() + 64
}

/// Epoch milliseconds.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

const MAX_LINE: usize = 8 << 10;
const MAX_BYTES: usize = 1 << 20;
