//! Rows of bits.

/// Sets of small numbers, all of one capacity.
pub(super) struct Sets {
    words: usize,
    bits: Vec<u64>,
}

impl Sets {
    pub(super) fn new(rows: usize, capacity: usize) -> Self {
        let words = capacity / 64 + 1;
        Self { words, bits: vec![0; rows * words] }
    }

    pub(super) fn fill_all(&mut self) {
        self.bits.fill(u64::MAX);
    }

    pub(super) fn clear(&mut self, row: usize) {
        self.row_mut(row).fill(0);
    }

    pub(super) fn insert(&mut self, row: usize, member: usize) {
        if let Some(word) = self.row_mut(row).get_mut(member / 64) {
            *word |= 1 << (member % 64);
        }
    }

    pub(super) fn contains(&self, row: usize, member: usize) -> bool {
        self.word(row, member / 64) & (1 << (member % 64)) != 0
    }

    /// Members of a row that are also set in `bits`, in rising order.
    pub(super) fn common(&self, row: usize, bits: &[u64]) -> impl Iterator<Item = usize> {
        let words = bits.iter().enumerate().map(move |(index, bits)| (index, bits & self.word(row, index)));
        words.flat_map(|(index, word)| {
            let next = |word: &u64| Some(word & (word - 1)).filter(|rest| *rest != 0);
            std::iter::successors(Some(word).filter(|word| *word != 0), next)
                .map(move |word| index * 64 + word.trailing_zeros() as usize)
        })
    }

    fn word(&self, row: usize, index: usize) -> u64 {
        self.bits.get(row * self.words + index).copied().unwrap_or(0)
    }

    /// Keeps in a row only what another one has too.
    pub(super) fn intersect(&mut self, row: usize, with: usize) {
        let (to, from) = (row * self.words, with * self.words);
        let Ok([to, from]) = self.bits.get_disjoint_mut([to..to + self.words, from..from + self.words]) else { return };
        for (word, other) in to.iter_mut().zip(from) {
            *word &= *other;
        }
    }

    fn row_mut(&mut self, row: usize) -> &mut [u64] {
        let start = row * self.words;
        self.bits.get_mut(start..start + self.words).unwrap_or_default()
    }
}
