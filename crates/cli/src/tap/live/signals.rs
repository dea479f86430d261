//! What asks a tap to end.

use super::show::Shown;
use crate::signals::Signals;
use crate::tap::view::Asked;

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
