//! Which modes of the terminal a program has changed, by what it wrote: whoever leaves a program that runs on leaves its
//! screen, its mouse and its keypad behind.

/// Follows the output.
#[derive(Debug, Default)]
pub(super) struct Modes {
    at: At,
    /// Private modes that are not as they usually are.
    changed: Vec<u16>,
    keypad: bool,
}

/// Where in a sequence the output is.
#[derive(Debug, Default)]
enum At {
    #[default]
    Text,
    Escape,
    /// Behind `ESC [ ?`: the numbers so far.
    Private(Vec<u16>),
    /// Behind `ESC [`.
    Control,
}

impl Modes {
    /// Takes output; whether something has changed.
    pub(super) fn see(&mut self, bytes: &[u8]) -> bool {
        let mut moved = false;
        for byte in bytes {
            self.at = match (std::mem::take(&mut self.at), *byte) {
                (_, 0x1b) => At::Escape,
                (At::Escape, b'[') => At::Control,
                (At::Escape, b'=' | b'>') => {
                    moved |= self.keypad != (*byte == b'=');
                    self.keypad = *byte == b'=';
                    At::Text
                }
                // a full reset
                (At::Escape, b'c') => {
                    moved = true;
                    (self.changed, self.keypad) = (Vec::new(), false);
                    At::Text
                }
                (At::Control, b'?') => At::Private(vec![0]),
                (At::Private(mut all), digit @ b'0'..=b'9') => {
                    if let Some(last) = all.last_mut() {
                        *last = last.saturating_mul(10).saturating_add(u16::from(digit - b'0'));
                    }
                    At::Private(all)
                }
                (At::Private(mut all), b';') if all.len() < MOST => {
                    all.push(0);
                    At::Private(all)
                }
                (At::Private(all), end @ (b'h' | b'l')) => {
                    for mode in all {
                        moved |= self.set(mode, end == b'h');
                    }
                    At::Text
                }
                _ => At::Text,
            };
        }
        moved
    }

    fn set(&mut self, mode: u16, on: bool) -> bool {
        let Some((_, usual)) = KNOWN.iter().find(|(known, _)| *known == mode) else { return false };
        let there = self.changed.contains(&mode);
        if there == (on != *usual) {
            return false;
        }
        if there {
            self.changed.retain(|one| *one != mode);
        } else {
            self.changed.push(mode);
        }
        true
    }

    /// Bytes that make the terminal as it usually is.
    pub(super) fn undo(&self) -> Vec<u8> {
        let mut out = String::from("\x1b[m");
        for (mode, usual) in KNOWN.iter().filter(|(mode, _)| self.changed.contains(mode)) {
            out.push_str(&format!("\x1b[?{mode}{}", if *usual { 'h' } else { 'l' }));
        }
        if self.keypad {
            out.push_str("\x1b>");
        }
        out.into_bytes()
    }
}

/// Private modes with what they usually are: cursor keys, the cursor, mice, focus, other screens, pasting.
const KNOWN: &[(u16, bool)] = &[
    (1, false),
    (9, false),
    (25, true),
    (1000, false),
    (1002, false),
    (1003, false),
    (1004, false),
    (1005, false),
    (1006, false),
    (1015, false),
    (2004, false),
    (47, false),
    (1047, false),
    (1049, false),
];
/// Numbers of one sequence.
const MOST: usize = 16;

#[cfg(test)]
mod tests;
