//! Keys in an export: without them what they opened could not be read in the file.

use flow::KeyLine;
use memchr::memmem::find_iter;
use std::collections::HashMap;
use zeroize::Zeroizing;

/// Lines of a key log by the client random of their connections, and which of those were seen in packets.
#[derive(Default)]
pub(crate) struct Keys(HashMap<[u8; 32], (Vec<KeyLine>, bool)>);

impl Keys {
    /// These lines.
    pub(crate) fn of(lines: Vec<KeyLine>) -> Self {
        let mut all: HashMap<[u8; 32], (Vec<KeyLine>, bool)> = HashMap::new();
        for line in lines {
            if let Ok(Some(key)) = flow::keylog::parse(&line.text) {
                all.entry(key.random).or_default().0.push(line);
            }
        }
        Self(all)
    }

    /// Looks for a ClientHello: its random stands 6 bytes behind the head of its record, and those are together in one
    /// packet. Other bytes that look the same name no connection of ours.
    pub(super) fn look(&mut self, packet: &[u8]) {
        if self.0.is_empty() {
            return;
        }
        for at in find_iter(packet, &HANDSHAKE) {
            let random = packet.get(at + RANDOM..at + RANDOM + 32).and_then(|random| <[u8; 32]>::try_from(random).ok());
            if let Some((_, seen)) = random.and_then(|random| self.0.get_mut(&random)) {
                *seen = true;
            }
        }
    }

    /// The lines of the connections that were seen.
    pub(super) fn found(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::new());
        for (lines, _) in self.0.values().filter(|(_, seen)| *seen) {
            for line in lines {
                out.extend_from_slice(line.text.trim().as_bytes());
                out.push(b'\n');
            }
        }
        out
    }
}

/// A record of a handshake, of any version.
const HANDSHAKE: [u8; 2] = [22, 3];
/// From there to the random of a ClientHello: version and length of the record, kind, length and version of the message.
const RANDOM: usize = 11;
