//! Who looks at a shell, and what each gets.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::Shell;
use crate::children::Exit;

/// What a viewer gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Output, or the whole screen.
    Output(Vec<u8>),
    /// Another writes now.
    Taken,
    /// Whoever looks was sent away: the shell goes on.
    Detached,
}

#[derive(Debug)]
pub(super) struct Viewer {
    pub(super) id: u64,
    to: mpsc::Sender<Event>,
    /// It lost output: the screen comes anew.
    lost: bool,
}

/// A place before a shell; who drops it has gone.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) shell: Arc<Shell>,
    id: u64,
    from: mpsc::Receiver<Event>,
}

impl Shell {
    /// Looks at the shell from now on; the screen as it is comes first. Who `writes` becomes the writer when there is
    /// none, or when it `takes` the place.
    pub(crate) fn view(self: &Arc<Self>, writes: bool, takes: bool) -> View {
        let (to, from) = mpsc::channel(QUEUE);
        let mut state = self.state.lock();
        let id = state.next_viewer;
        state.next_viewer += 1;
        state.turn += 1;
        (state.detached_ms, state.ends_ms) = (None, None);
        let screen = state.screen.restore();
        let _ = to.try_send(Event::Output(screen)); // a new queue has room
        if writes && (takes || state.writer.is_none()) {
            let before = state.writer.replace(id);
            if let Some(other) = state.viewers.iter().find(|viewer| Some(viewer.id) == before) {
                let _ = other.to.try_send(Event::Taken); // who does not read learns it by being refused
            }
        }
        state.viewers.push(Viewer { id, to, lost: false });
        drop(state);
        self.moved.notify_waiters();
        View { shell: self.clone(), id, from }
    }

    /// Sends everybody away; the shell goes on for so long: zero for no end, where that is allowed.
    pub(crate) fn detach(&self, ttl: Option<Duration>) {
        let mut state = self.state.lock();
        state.detaches = true;
        state.ttl = ttl;
        for viewer in &mut state.viewers {
            let _ = viewer.to.try_send(Event::Detached);
        }
        // what they have not read stays readable; nothing more comes
        state.viewers.clear();
        state.writer = None;
        drop(state);
        self.moved.notify_waiters();
    }

    /// Whoever looks goes by themselves: the shell goes on.
    pub(crate) fn let_go(&self) {
        let mut state = self.state.lock();
        state.detaches = true;
        state.ttl = None;
    }

    /// Whether this viewer's input is taken.
    pub(crate) fn writes(&self, viewer: u64) -> bool {
        self.state.lock().writer == Some(viewer)
    }

    /// Whether anybody's input is taken.
    pub(crate) fn written(&self) -> bool {
        self.state.lock().writer.is_some()
    }

    /// How it ended, once all its output was passed on.
    pub(crate) fn exit(&self) -> Option<Exit> {
        *self.ended.borrow()
    }

    /// Output to all: the writer gets it whole, however long that takes.
    pub(super) async fn pass_on(&self, bytes: &[u8]) {
        let writer = {
            let mut state = self.state.lock();
            let passed = state.screen.process(bytes);
            state.bytes_out += bytes.len() as u64;
            self.spread(&mut state, passed)
        };
        let Some((id, to, passed)) = writer else { return };
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if self.state.lock().writer != Some(id) {
                // another writes: from now on this one keeps up or loses
                self.lose(id);
                return;
            }
            tokio::select! {
                place = to.reserve() => {
                    if let Ok(place) = place {
                        place.send(Event::Output(passed));
                    }
                    return;
                }
                () = &mut moved => {}
            }
        }
    }

    /// The last of the output, which was held back.
    pub(super) fn pass_on_rest(&self) {
        let mut state = self.state.lock();
        let rest = state.screen.rest();
        if let Some((_, to, rest)) = self.spread(&mut state, rest) {
            let _ = to.try_send(Event::Output(rest));
        }
    }

    /// To those that look on; who writes is returned.
    fn spread(&self, state: &mut super::State, bytes: Vec<u8>) -> Option<(u64, mpsc::Sender<Event>, Vec<u8>)> {
        if bytes.is_empty() {
            return None;
        }
        let (writer, mut to_writer) = (state.writer, None);
        for viewer in &mut state.viewers {
            if Some(viewer.id) == writer {
                to_writer = Some((viewer.id, viewer.to.clone()));
            } else if !viewer.lost && viewer.to.try_send(Event::Output(bytes.clone())).is_err() {
                viewer.lost = true;
            }
        }
        to_writer.map(|(id, to)| (id, to, bytes))
    }

    fn lose(&self, id: u64) {
        if let Some(viewer) = self.state.lock().viewers.iter_mut().find(|viewer| viewer.id == id) {
            viewer.lost = true;
        }
        self.moved.notify_waiters();
    }

    pub(super) fn watched(&self) -> bool {
        !self.state.lock().viewers.is_empty()
    }
}

impl View {
    /// Whether its input is taken.
    pub(crate) fn writes(&self) -> bool {
        self.shell.writes(self.id)
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// What comes next; `None` when the shell has ended and all was said.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Ok(event) = self.from.try_recv() {
                return Some(event);
            }
            if let Some(screen) = self.anew() {
                return Some(Event::Output(screen));
            }
            let moved = self.shell.moved.notified();
            let mut ended = self.shell.ended.subscribe();
            tokio::select! {
                biased;
                event = self.from.recv() => return event,
                () = moved => {}
                _ = ended.wait_for(Option::is_some) => {
                    return self.from.try_recv().ok().or_else(|| self.anew().map(Event::Output));
                }
            }
        }
    }

    /// The screen, when something of it was lost.
    fn anew(&self) -> Option<Vec<u8>> {
        let mut state = self.shell.state.lock();
        let viewer = state.viewers.iter_mut().find(|viewer| viewer.id == self.id)?;
        if !std::mem::take(&mut viewer.lost) {
            return None;
        }
        Some(state.screen.restore())
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let mut state = self.shell.state.lock();
        state.viewers.retain(|viewer| viewer.id != self.id);
        if state.writer == Some(self.id) {
            state.writer = None;
        }
        drop(state);
        self.shell.moved.notify_waiters();
    }
}

/// Pieces of output that wait for a viewer.
const QUEUE: usize = 64;
