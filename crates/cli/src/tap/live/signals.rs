//! What asks a tap to end.

use super::show::Shown;
use crate::tap::view::Asked;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What asks a tap to end: Ctrl-C, and what a program or a terminal that goes away sends.
pub(super) struct Signals([Signal; 3]);

impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] = kinds.map(signal);
        Ok(Self([interrupt?, terminate?, hangup?]))
    }

    async fn any(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// A signal, or a key that means the same. Other keys are obeyed and shown at once.
pub(super) async fn asked_to_end(signals: &mut Signals, shown: &mut Shown) {
    loop {
        let asked = tokio::select! {
            () = signals.any() => return,
            asked = shown.key() => asked,
        };
        // A terminal that cannot be drawn to says so at the next tick.
        if asked == Asked::End || shown.draw().is_err() {
            return;
        }
    }
}
