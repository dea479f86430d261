//! Words that many have: each is kept once, and let go with the last who has it.

use std::collections::HashMap;
use std::sync::Arc;

/// Words by number.
#[derive(Debug, Default)]
pub(super) struct Words {
    numbers: HashMap<Arc<str>, u32>,
    words: Vec<Option<(Arc<str>, u32)>>,
    free: Vec<u32>,
}

/// A word. What is not there has [`NONE`].
pub(super) type Word = u32;

/// No word.
pub(super) const NONE: Word = u32::MAX;

impl Words {
    /// Keeps a word once more.
    pub(super) fn keep(&mut self, text: &str) -> Word {
        if text.is_empty() {
            return NONE;
        }
        if let Some(number) = self.numbers.get(text).copied() {
            if let Some(Some((_, count))) = self.words.get_mut(number as usize) {
                *count += 1;
            }
            return number;
        }
        let text: Arc<str> = text.into();
        let kept = Some((text.clone(), 1));
        let number = match self.free.pop() {
            Some(number) => {
                if let Some(place) = self.words.get_mut(number as usize) {
                    *place = kept;
                }
                number
            }
            None => {
                self.words.push(kept);
                (self.words.len() - 1) as u32
            }
        };
        self.numbers.insert(text, number);
        number
    }

    /// Lets go of a word once.
    pub(super) fn drop(&mut self, word: Word) {
        let Some(place) = self.words.get_mut(word as usize) else { return };
        let Some((text, count)) = place else { return };
        *count -= 1;
        if *count == 0 {
            self.numbers.remove(text);
            *place = None;
            self.free.push(word);
        }
    }

    /// The text of a word.
    pub(super) fn get(&self, word: Word) -> Option<&str> {
        self.words.get(word as usize)?.as_ref().map(|(text, _)| text.as_ref())
    }

    /// How many are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }
}
