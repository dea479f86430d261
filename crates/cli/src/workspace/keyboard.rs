//! What is typed, or comes on stdin, read by a thread of its own: nothing at the end of the program waits for it.

use std::io::Read;
use tokio::sync::mpsc;

/// Pieces of stdin.
pub(super) struct Keyboard(mpsc::Receiver<Vec<u8>>);

impl Keyboard {
    /// Begins to read.
    pub(super) fn start() -> Self {
        let (to, from) = mpsc::channel(PIECES);
        std::thread::spawn(move || {
            let (mut stdin, mut buffer) = (std::io::stdin().lock(), vec![0; PIECE]);
            loop {
                match stdin.read(&mut buffer) {
                    Ok(0) => return,
                    Ok(count) => {
                        let piece = buffer.get(..count).unwrap_or_default().to_vec();
                        if to.blocking_send(piece).is_err() {
                            return;
                        }
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(_) => return,
                }
            }
        });
        Self(from)
    }

    /// The next piece; `None` at its end.
    pub(super) async fn next(&mut self) -> Option<Vec<u8>> {
        self.0.recv().await
    }
}

const PIECE: usize = 16 << 10;
const PIECES: usize = 4;
