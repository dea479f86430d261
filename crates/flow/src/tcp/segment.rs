//! The TCP header.

use crate::{
    bytes::{u8_at, u16_at},
    ip::Datagram,
    malformed::Malformed,
};

/// One segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) src: u16,
    pub(crate) dst: u16,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    flags: u8,
    pub(crate) window: u16,
    pub(crate) options: &'a [u8],
    pub(crate) payload: &'a [u8],
    /// Bytes of the payload that the snap length cut off.
    pub(crate) cut: u32,
}

/// What the options of a SYN say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) mss: u16,
    pub(crate) wscale: Option<u8>,
    pub(crate) sack: bool,
}

impl<'a> Segment<'a> {
    #[inline]
    pub(crate) fn read(datagram: &Datagram<'a>) -> Result<Self, Malformed> {
        let bytes = datagram.payload;
        let fixed: &[u8; 20] = bytes.first_chunk().ok_or(Malformed::Tcp)?;
        let [s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, size, flags, w0, w1, ..] = *fixed;
        let header = usize::from(size >> 4) * 4;
        if header < 20 || header > bytes.len() + datagram.cut as usize {
            return Err(Malformed::Tcp);
        }
        let payload = bytes.get(header..).unwrap_or_default();
        let beyond = header.saturating_sub(bytes.len()) as u32;
        Ok(Self {
            src: u16::from_be_bytes([s0, s1]),
            dst: u16::from_be_bytes([d0, d1]),
            seq: u32::from_be_bytes([q0, q1, q2, q3]),
            ack: u32::from_be_bytes([a0, a1, a2, a3]),
            flags,
            window: u16::from_be_bytes([w0, w1]),
            options: bytes.get(20..header.min(bytes.len())).unwrap_or_default(),
            payload,
            cut: datagram.cut - beyond.min(datagram.cut),
        })
    }

    #[inline]
    pub(crate) fn fin(&self) -> bool {
        self.flags & 1 != 0
    }

    #[inline]
    pub(crate) fn syn(&self) -> bool {
        self.flags & 2 != 0
    }

    #[inline]
    pub(crate) fn rst(&self) -> bool {
        self.flags & 4 != 0
    }

    #[inline]
    pub(crate) fn has_ack(&self) -> bool {
        self.flags & 16 != 0
    }

    /// It carries nothing, and begins and ends nothing.
    #[inline]
    pub(crate) fn is_bare(&self) -> bool {
        self.flags & 7 == 0 && self.len() == 0
    }

    /// Length of the payload on the wire.
    #[inline]
    pub(crate) fn len(&self) -> u64 {
        self.payload.len() as u64 + u64::from(self.cut)
    }

    /// The options of a SYN. What is odd ends the list.
    pub(crate) fn options(&self) -> Options {
        let mut found = Options::default();
        let mut rest = self.options;
        while let Some(kind) = u8_at(rest, 0) {
            if kind == 0 {
                break;
            }
            if kind == 1 {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let Some(size) = u8_at(rest, 1).map(usize::from).filter(|size| *size >= 2) else { break };
            match (kind, size) {
                (2, 4) => found.mss = u16_at(rest, 2).unwrap_or(0),
                (3, 3) => found.wscale = u8_at(rest, 2),
                (4, 2) => found.sack = true,
                _ => {}
            }
            rest = rest.get(size..).unwrap_or_default();
        }
        found
    }
}
