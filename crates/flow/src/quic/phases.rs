//! Keys of one side after the handshake, which either side updates now and then (RFC 9001 section 6).

use std::ops::Range;

use super::{
    keys::{HeaderKey, PacketKey, SideKey, Suite, Unmasked, updated},
    packet::Version,
};
use crate::keylog::Secret;

/// The key in use, the one before it for packets that are late, and the one behind it.
pub(super) struct Phases {
    header: HeaderKey,
    version: Version,
    suite: Suite,
    secret: Secret,
    /// The bit in packets under the key in use.
    phase: bool,
    current: PacketKey,
    previous: Option<PacketKey>,
    /// Made when it is first wanted.
    next: Option<(PacketKey, Secret)>,
}

impl Phases {
    pub(super) fn new(version: Version, suite: Suite, secret: &Secret) -> Option<Self> {
        let SideKey { packet, header } = SideKey::new(version, suite, secret)?;
        let secret = secret.clone();
        Some(Self { header, version, suite, secret, phase: false, current: packet, previous: None, next: None })
    }

    /// Opens a packet into `out`; gives its number and where its frames stand.
    pub(super) fn open(
        &mut self,
        packet: &[u8],
        number_at: usize,
        largest: Option<u64>,
        out: &mut Vec<u8>,
    ) -> Option<(u64, Range<usize>)> {
        let unmasked = self.header.unmask(packet, number_at, largest, out)?;
        let number = unmasked.number;
        if unmasked.phase == self.phase {
            return self.current.open(&unmasked, out).map(|frames| (number, frames));
        }
        // Late, or the first under new keys.
        let is_late = largest.is_some_and(|largest| number < largest);
        if let Some(previous) = self.previous.as_ref().filter(|_| is_late) {
            if let Some(frames) = previous.open(&unmasked, out) {
                return Some((number, frames));
            }
            self.header.unmask(packet, number_at, largest, out)?;
        }
        self.update(&unmasked, out).map(|frames| (number, frames))
    }

    /// As [`Self::open`] of a packet that it did not open: its number may be another.
    pub(super) fn open_far(
        &mut self,
        packet: &[u8],
        number_at: usize,
        largest: Option<u64>,
        out: &mut Vec<u8>,
    ) -> Option<(u64, Range<usize>)> {
        for unmasked in self.header.unmask(packet, number_at, largest, out)?.others() {
            self.header.unmask(packet, number_at, largest, out)?;
            let opened = if unmasked.phase == self.phase {
                self.current.open(&unmasked, out)
            } else {
                self.update(&unmasked, out)
            };
            if let Some(frames) = opened {
                return Some((unmasked.number, frames));
            }
        }
        None
    }

    /// Opens with the key behind the one in use, which is in use then.
    fn update(&mut self, unmasked: &Unmasked, out: &mut [u8]) -> Option<Range<usize>> {
        if self.next.is_none() {
            let secret = updated(self.version, self.suite, &self.secret)?;
            self.next = Some((PacketKey::new(self.version, self.suite, &secret)?, secret));
        }
        let frames = self.next.as_ref()?.0.open(unmasked, out)?;
        let (next, secret) = self.next.take()?;
        self.previous = Some(std::mem::replace(&mut self.current, next));
        self.secret = secret;
        self.phase = unmasked.phase;
        Some(frames)
    }
}
