//! Short lists of fixed words that qualify a record: what is partial, redacted, truncated or odd about it.

/// Up to eight fixed words, each once, in the order they were added. Copied freely; holds no heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    items: [&'static str; 8],
    len: u8,
}

impl Words {
    /// Adds a word unless it is there or the list is full.
    pub fn add(&mut self, word: &'static str) {
        if self.iter().any(|have| have == word) {
            return;
        }
        if let Some(slot) = self.items.get_mut(usize::from(self.len)) {
            *slot = word;
            self.len += 1;
        }
    }

    /// The words.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.items.iter().take(usize::from(self.len)).copied()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// What qualifies a record; each list becomes a member of its JSON when it is not empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// What is known only in part: `no_syn`, `gap`, `request_head`, …
    pub partial: Words,
    /// Fields whose value was replaced.
    pub redacted: Words,
    /// Fields that were cut at a limit.
    pub truncated: Words,
    /// Codes of what is odd.
    pub anomaly: Words,
}
