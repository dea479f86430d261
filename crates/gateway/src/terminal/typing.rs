//! What somebody types, on its way into the workspace: one piece at a time, and no more than was granted.

use api::terminal::IN_WINDOW;
use futures::future::BoxFuture;
use link::Writer;
use std::collections::VecDeque;

/// What was typed and is on its way into the workspace: [`IN_WINDOW`] bytes at most.
#[derive(Default)]
pub(super) struct Typing {
    waiting: VecDeque<Vec<u8>>,
    held: usize,
    sending: Option<BoxFuture<'static, Result<u32, link::Error>>>,
}

impl Typing {
    /// Takes more; `false` when it is more than may be.
    #[must_use]
    pub(super) fn add(&mut self, bytes: Vec<u8>, input: &Writer) -> bool {
        if bytes.is_empty() {
            return true;
        }
        self.held += bytes.len();
        self.waiting.push_back(bytes);
        self.start(input);
        self.held <= IN_WINDOW as usize
    }

    /// Sends on, unless something is being sent.
    pub(super) fn start(&mut self, input: &Writer) {
        if self.sending.is_none()
            && let Some(bytes) = self.waiting.pop_front()
        {
            let input = input.clone();
            self.sending = Some(Box::pin(async move {
                input.send(&bytes).await?;
                Ok(u32::try_from(bytes.len()).unwrap_or(u32::MAX))
            }));
        }
    }

    /// Waits until a piece was sent; for ever while there is none.
    pub(super) async fn next(&mut self) -> Result<u32, link::Error> {
        let Some(sending) = &mut self.sending else { return std::future::pending().await };
        let sent = sending.await;
        self.sending = None;
        self.held = self.held.saturating_sub(*sent.as_ref().unwrap_or(&0) as usize);
        sent
    }
}
