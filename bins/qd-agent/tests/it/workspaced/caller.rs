//! Who calls the daemon, as a door does.

use std::time::Duration;

use link::{Event, Exit, Link, Session};
use proto::workspace::{Exec, Shell, Size};
use tokio::time::{Instant, timeout, timeout_at};

use super::pod::Pod;

pub(crate) const SIZE: Size = Size { rows: 10, cols: 60 };

/// Runs a test's steps, with a limit.
pub(crate) fn steps<T>(steps: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { timeout(Duration::from_secs(60), steps).await.expect("the test takes too long") })
}

impl Pod {
    /// A link over the socket that the relay uses.
    pub(crate) async fn link(&self) -> Link {
        let stream = tokio::net::UnixStream::connect(self.path("run/quarterdeck/link.sock")).await.unwrap();
        Link::open(stream, "anna", "decision-1").await.unwrap()
    }
}

pub(crate) fn shell(words: &[&str]) -> Shell {
    let command = words.iter().map(|word| (*word).to_owned()).collect();
    Shell { command, size: Some(SIZE), detach_on_close: true, ..Shell::default() }
}

pub(crate) fn exec(words: &[&str]) -> Exec {
    Exec { command: words.iter().map(|word| (*word).to_owned()).collect(), ..Exec::default() }
}

/// A person's terminal before a session.
pub(crate) struct Seat {
    pub(crate) session: Session,
    screen: vt100::Parser,
    pub(crate) raw: Vec<u8>,
}

impl Seat {
    pub(crate) fn at(session: Session) -> Self {
        let (rows, cols) = (SIZE.rows as u16, SIZE.cols as u16);
        Self {
            session,
            screen: vt100::Parser::new(rows.try_into().unwrap(), cols.try_into().unwrap(), 1000),
            raw: Vec::new(),
        }
    }

    /// Everything that was ever on it, the lines before the screen too.
    pub(crate) fn text(&mut self) -> String {
        let screen = self.screen.screen_mut();
        let before = screen.scrollback_len();
        let mut lines = Vec::new();
        for left in (1..=before).rev() {
            screen.set_scrollback(left);
            lines.push(screen.rows(0, 200).next().unwrap());
        }
        screen.set_scrollback(0);
        lines.push(screen.contents());
        lines.join("\n")
    }

    /// Takes output until these words are there.
    pub(crate) async fn until(&mut self, words: &str) {
        let end = Instant::now() + Duration::from_secs(15);
        while !self.text().contains(words) {
            match timeout_at(end, self.session.next()).await {
                Ok(Ok(Some(event))) => self.see(&event),
                other => panic!("{words:?} never came ({other:?}); there is:\n{}", self.text()),
            }
        }
    }

    /// Takes output until it is over: the events that are no output.
    pub(crate) async fn rest(&mut self) -> Vec<Event> {
        let mut others = Vec::new();
        while let Some(event) = timeout(Duration::from_secs(15), self.session.next()).await.unwrap().unwrap() {
            self.see(&event);
            if !matches!(event, Event::Output { .. }) {
                others.push(event);
            }
        }
        others
    }

    fn see(&mut self, event: &Event) {
        if let Event::Output { bytes, .. } = event {
            self.screen.process(bytes);
            self.raw.extend_from_slice(bytes);
        }
    }
}

/// Takes all of a program's output; how it ended.
pub(crate) async fn finish(session: &mut Session) -> (Vec<u8>, Vec<u8>, Option<Exit>) {
    let (mut out, mut err, mut exit) = (Vec::new(), Vec::new(), None);
    while let Some(event) = timeout(Duration::from_secs(20), session.next()).await.unwrap().unwrap() {
        match event {
            Event::Output { stream: proto::workspace::OUT, bytes } => out.extend(bytes),
            Event::Output { bytes, .. } => err.extend(bytes),
            Event::Exit(ended) => exit = Some(ended),
            Event::Eof(_) | Event::Writes(_) | Event::Closed(_) => {}
        }
    }
    (out, err, exit)
}
