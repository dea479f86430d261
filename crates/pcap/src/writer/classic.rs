//! Classic pcap, little endian.

use crate::{LinkType, WriteError};

/// Writes classic pcap: one link type, no names, no keys.
#[derive(Clone, Copy, Debug)]
pub struct ClassicWriter {
    nanos: bool,
}

impl ClassicWriter {
    /// Writes the header. `nanos`: stamps have nanoseconds, else they are cut to microseconds. A snap length of 0 is
    /// written as 262,144, which old readers need.
    pub fn start(link: LinkType, nanos: bool, snaplen: u32, out: &mut Vec<u8>) -> Self {
        let magic: u32 = if nanos { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
        out.extend_from_slice(&magic.to_le_bytes());
        out.extend_from_slice(&[2, 0, 4, 0]);
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&(if snaplen == 0 { 262_144 } else { snaplen }).to_le_bytes());
        out.extend_from_slice(&u32::from(link.0).to_le_bytes());
        Self { nanos }
    }

    /// Writes one packet.
    ///
    /// # Errors
    /// When it is too long or too late; nothing is written then.
    pub fn packet(&self, ts_ns: u64, orig_len: u32, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), WriteError> {
        let seconds = u32::try_from(ts_ns / 1_000_000_000).map_err(|_| WriteError::Time)?;
        let kept = u32::try_from(bytes.len()).map_err(|_| WriteError::Length(bytes.len()))?;
        if bytes.len() > super::LONGEST - 1024 {
            return Err(WriteError::Length(bytes.len()));
        }
        let fraction = (ts_ns % 1_000_000_000) as u32;
        let fraction = if self.nanos { fraction } else { fraction / 1000 };
        for word in [seconds, fraction, kept, orig_len.max(kept)] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(bytes);
        Ok(())
    }
}
