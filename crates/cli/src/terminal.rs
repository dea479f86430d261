//! The terminal of whoever runs this: taken raw, and given back once on every way out, a panic included.
//!
//! What a program wrote to it may have left it otherwise than it was: who takes it says which bytes undo that.

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use parking_lot::Mutex;
use std::io::{self, IsTerminal, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// The terminal, while it is ours.
pub(crate) struct Taken(());

impl Taken {
    /// Takes it.
    pub(crate) fn take() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
        });
        UNDO.lock().clear();
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        Ok(Self(()))
    }

    /// What is written when it is given back, from now on.
    pub(crate) fn undo(&self, bytes: Vec<u8>) {
        *UNDO.lock() = bytes;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, if it is taken: whoever comes first does it.
pub(crate) fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // Nobody holds it for longer than a few words take to be moved, not even whoever panics.
        let undo = UNDO.try_lock().map(|mut undo| std::mem::take(&mut *undo)).unwrap_or_default();
        let mut out = io::stdout();
        // A terminal that went away has nothing to be restored.
        let _ = out.write_all(&undo).and_then(|()| out.flush());
        let _ = disable_raw_mode();
    }
}

/// Whether there is a terminal, and somebody at it.
pub(crate) fn is_there() -> bool {
    io::stdout().is_terminal() && io::stdin().is_terminal()
}

static TAKEN: AtomicBool = AtomicBool::new(false);
static UNDO: Mutex<Vec<u8>> = Mutex::new(Vec::new());
