//! Frames to bytes and back.

use super::{ASIDE, Body, Frame, MAX_FRAME, MAX_JUNK, PREFACE};
use prost::Message;
use prost::bytes::{Buf, BufMut};

/// What came is not the protocol: the stream is over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Something else writes to this stream; what it wrote, as far as kept.
    #[error("not an agent's stream")]
    NotAnAgent {
        /// The bytes before where the preface should stand.
        junk: Vec<u8>,
    },
    /// A frame is longer than allowed.
    #[error("a frame of {len} bytes is longer than {MAX_FRAME}")]
    TooLong {
        /// What its length says.
        len: u64,
    },
    /// The bytes are not those that were sent.
    #[error("a frame's checksum does not match")]
    Checksum,
    /// Not a message of this protocol.
    #[error("a frame cannot be read")]
    Malformed,
    /// It says something that is not of this version of the protocol: versions are agreed on before anything is said.
    #[error("a frame is of an unknown kind")]
    Unknown,
    /// A frame was lost or repeated.
    #[error("frame {came} came where {expected} was due")]
    OutOfOrder {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        came: u64,
    },
}

/// Appends a frame to `out`.
pub fn encode(frame: &Frame, out: &mut Vec<u8>) {
    let len = frame.encoded_len();
    out.reserve(len + 9);
    prost::encoding::encode_varint(len as u64, out);
    let from = out.len();
    frame.encode_raw(out);
    let sum = crc32c::crc32c(out.get(from..).unwrap_or_default());
    out.put_u32_le(sum);
}

/// Cuts a stream into frames. Feed it what comes, then take frames until there is none.
#[derive(Debug)]
pub struct Decoder {
    bytes: Vec<u8>,
    at: usize,
    /// The preface has come, or none is due.
    begun: bool,
    junk: Vec<u8>,
    /// Whatever comes before the preface is of another stream.
    patient: bool,
    next: u64,
    /// Numbers are checked.
    ordered: bool,
}

impl Decoder {
    /// The owner's side: a preface comes first, and perhaps other words before it.
    #[must_use]
    pub fn of_agent() -> Self {
        Self { bytes: Vec::new(), at: 0, begun: false, junk: Vec::new(), patient: false, next: 1, ordered: true }
    }

    /// The owner's side of streams that others have had before: what is left of theirs may come before the preface.
    #[must_use]
    pub fn of_attached() -> Self {
        Self { patient: true, ..Self::of_agent() }
    }

    /// The agent's side: the owner sends no preface.
    #[must_use]
    pub fn of_owner() -> Self {
        Self { begun: true, ..Self::of_agent() }
    }

    /// Goes on with frames after this one, on a new stream of the same agent.
    pub fn resume_after(&mut self, seq: u64) {
        self.next = seq.saturating_add(1);
    }

    /// Any number may come next: the first frame of a stream says where it goes on.
    pub fn any_number_next(&mut self) {
        self.ordered = false;
    }

    /// What stood before the preface.
    #[must_use]
    pub fn junk(&self) -> &[u8] {
        &self.junk
    }

    /// Takes bytes from the stream.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.at > 0 && self.at == self.bytes.len() {
            self.bytes.clear();
            self.at = 0;
        } else if self.at >= MAX_FRAME {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame.
    ///
    /// # Errors
    /// As [`Error`] says; the position is lost then.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        if !self.begun && !self.preface()? {
            return Ok(None);
        }
        let mut rest = self.bytes.get(self.at..).unwrap_or_default();
        let before = rest.len();
        let Some(len) = varint(&mut rest)? else { return Ok(None) };
        if len > MAX_FRAME as u64 {
            return Err(Error::TooLong { len });
        }
        let len = len as usize;
        let head = before - rest.len();
        let Some((body, tail)) = rest.split_at_checked(len) else { return Ok(None) };
        let Some(sum) = tail.first_chunk::<4>() else { return Ok(None) };
        if crc32c::crc32c(body) != u32::from_le_bytes(*sum) {
            return Err(Error::Checksum);
        }
        let frame = Frame::decode(body).map_err(|_| Error::Malformed)?;
        // One that was let go holds its number alone, and nothing that was passed over.
        if frame.body.is_none() && frame.encoded_len() != len {
            return Err(Error::Unknown);
        }
        self.at += head + len + 4;
        if frame.seq == ASIDE {
            return Ok(Some(frame));
        }
        if self.ordered && frame.seq != self.next {
            return Err(Error::OutOfOrder { expected: self.next, came: frame.seq });
        }
        self.ordered = true;
        self.next = frame.seq.saturating_add(1);
        Ok(Some(frame))
    }

    /// Looks for the preface; false while it has not come.
    fn preface(&mut self) -> Result<bool, Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if let Some(found) = rest.windows(PREFACE.len()).position(|window| window == PREFACE) {
            let kept = if self.patient { 0 } else { found };
            self.junk.extend_from_slice(rest.get(..kept).unwrap_or_default());
            self.at += found + PREFACE.len();
            self.begun = true;
            if self.junk.len() > MAX_JUNK {
                return Err(Error::NotAnAgent { junk: std::mem::take(&mut self.junk) });
            }
            return Ok(true);
        }
        if self.patient {
            self.at += rest.len().saturating_sub(PREFACE.len() - 1);
            return Ok(false);
        }
        if rest.len() > MAX_JUNK + PREFACE.len() {
            let junk = rest.get(..MAX_JUNK).unwrap_or_default().to_vec();
            return Err(Error::NotAnAgent { junk });
        }
        Ok(false)
    }
}

/// A varint of at most ten bytes; `None` while it is not whole.
fn varint(bytes: &mut &[u8]) -> Result<Option<u64>, Error> {
    let whole = bytes.iter().take(10).any(|byte| byte & 0x80 == 0);
    if !whole {
        return if bytes.len() >= 10 { Err(Error::Malformed) } else { Ok(None) };
    }
    prost::encoding::decode_varint(bytes).map(Some).map_err(|_| Error::Malformed)
}

/// A packet in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketView<'a> {
    /// Epoch nanoseconds.
    pub ts_ns: u64,
    /// Its length on the wire.
    pub orig_len: u32,
    /// Its flags: [`OUTGOING`], [`CUT`], [`MASKED`].
    pub flags: u32,
    /// What was captured of it.
    pub bytes: &'a [u8],
}

/// The packet left the pod.
pub const OUTGOING: u32 = 1;
/// Payload was cut though it was captured.
pub const CUT: u32 = 2;
/// Secrets were masked.
pub const MASKED: u32 = 4;

/// Appends a packet to the bytes of a batch. `before_ns` is the stamp of the one before, or the batch's base.
pub fn put_packet(before_ns: u64, packet: &PacketView<'_>, out: &mut Vec<u8>) {
    let delta = packet.ts_ns.wrapping_sub(before_ns) as i64;
    prost::encoding::encode_varint(((delta << 1) ^ (delta >> 63)) as u64, out);
    prost::encoding::encode_varint(u64::from(packet.orig_len), out);
    prost::encoding::encode_varint(packet.bytes.len() as u64, out);
    prost::encoding::encode_varint(u64::from(packet.flags), out);
    out.extend_from_slice(packet.bytes);
}

/// The packets of a batch. Ends early, with an error, where the bytes are damaged.
pub fn packets(base_ns: u64, bytes: &[u8]) -> Packets<'_> {
    Packets { before_ns: base_ns, bytes }
}

/// Iterates over a batch.
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    before_ns: u64,
    bytes: &'a [u8],
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<PacketView<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.bytes.has_remaining() {
            return None;
        }
        let packet = self.read();
        if packet.is_none() {
            self.bytes = &[];
        }
        Some(packet.ok_or(Error::Malformed))
    }
}

impl<'a> Packets<'a> {
    fn read(&mut self) -> Option<PacketView<'a>> {
        let mut number = || prost::encoding::decode_varint(&mut self.bytes).ok();
        let (delta, orig_len, len, flags) = (number()?, number()?, number()?, number()?);
        let delta = (delta >> 1) as i64 ^ -((delta & 1) as i64);
        let (bytes, rest) = self.bytes.split_at_checked(usize::try_from(len).ok()?)?;
        self.bytes = rest;
        self.before_ns = self.before_ns.wrapping_add_signed(delta);
        Some(PacketView {
            ts_ns: self.before_ns,
            orig_len: u32::try_from(orig_len).ok()?,
            flags: u32::try_from(flags).ok()?,
            bytes,
        })
    }
}

impl From<Body> for Frame {
    fn from(body: Body) -> Self {
        Self { seq: 0, mac: Vec::new(), body: Some(body) }
    }
}
