//! Looking for the next believable block after damage.

use crate::Why;

/// Damage whose end is being looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan {
    /// Offset of its first byte.
    pub(super) from: u64,
    /// What is wrong, when something follows.
    pub(super) why: Why,
    /// What is wrong, when nothing follows.
    pub(super) end: Why,
    /// Bytes of the next input at which no block begins.
    skip: usize,
}

/// Whether a block begins at a place.
pub(super) enum Believe {
    Yes,
    No,
    /// So many bytes are needed to tell.
    Want(usize),
}

/// How far a search came.
pub(super) enum Found {
    /// A block begins after so many bytes.
    Here(usize),
    /// More input is needed.
    More { used: usize, want: usize },
    /// The input is over.
    Nothing,
}

impl Scan {
    /// Something at this offset cannot be a block.
    pub(super) fn after(from: u64, why: Why) -> Self {
        Self { from, why, end: why, skip: 1 }
    }

    /// A block at this offset reaches beyond the end of the file: its length is wrong, or the file was cut.
    pub(super) fn cut(from: u64) -> Self {
        Self { from, why: Why::Length, end: Why::Cut, skip: 1 }
    }

    pub(super) fn search(&mut self, input: &[u8], last: bool, believable: impl Fn(&[u8]) -> Believe) -> Found {
        let mut at = self.skip.min(input.len());
        while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
            match believable(rest) {
                Believe::Yes => return Found::Here(at),
                Believe::Want(want) if !last => {
                    self.skip = 0;
                    return Found::More { used: at, want };
                }
                Believe::No | Believe::Want(_) => at += 1,
            }
        }
        if last {
            return Found::Nothing;
        }
        self.skip = 0;
        Found::More { used: at, want: 16 }
    }
}
