//! Lines of a key log, on their way to agents.

use zeroize::Zeroize;

/// Lines of a key log. Wiped when the last who has them lets go; never shown.
#[derive(Default)]
pub struct KeyLines(Vec<String>);

impl KeyLines {
    /// These lines.
    #[must_use]
    pub fn new(lines: Vec<String>) -> Self {
        Self(lines)
    }

    /// Those of a key log's lines that are keys, and how many lines are none.
    pub fn read<'a>(log: impl Iterator<Item = &'a str>) -> (Self, u64) {
        let (mut lines, mut invalid) = (Vec::new(), 0);
        for line in log.map(str::trim) {
            match flow::keylog::parse(line) {
                Ok(Some(_)) => lines.push(line.to_owned()),
                Ok(None) => {}
                Err(_) => invalid += 1,
            }
        }
        (Self(lines), invalid)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.0
    }
}

impl Drop for KeyLines {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}
