//! Frames of packets (RFC 9000 section 19, RFC 9221): those that carry something, the others passed over.

use super::packet::varint;
use crate::tls::reader::Reader;

/// A frame that says something here. Its bytes are those of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// Bytes of the handshake.
    Crypto { offset: u64, data: &'a [u8] },
    /// Bytes of a stream.
    Stream { id: u64, offset: u64, data: &'a [u8], fin: bool },
    /// Nothing more comes of this direction of a stream, which ended at `size`.
    Reset { id: u64, code: u64, size: u64 },
    /// Its sender wants nothing more of a stream.
    Stop { id: u64, code: u64 },
    /// Its sender may be called by this id too.
    ConnectionId(&'a [u8]),
    /// The connection is over.
    Close,
    /// Padding, acknowledgements, windows, datagrams.
    Other,
}

/// The frames of one packet, in order. Ends at the first that is none.
pub(super) struct Frames<'a>(Reader<'a>);

impl<'a> Frames<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self(Reader::new(bytes))
    }

    fn frame(&mut self) -> Option<Frame<'a>> {
        let reader = &mut self.0;
        let kind = varint(reader)?;
        let frame = match kind {
            PADDING | PING | HANDSHAKE_DONE => Frame::Other,
            ACK | ACK_ECN => acknowledgement(reader, kind)?,
            RESET_STREAM => Frame::Reset { id: varint(reader)?, code: varint(reader)?, size: varint(reader)? },
            STOP_SENDING => Frame::Stop { id: varint(reader)?, code: varint(reader)? },
            CRYPTO => Frame::Crypto { offset: varint(reader)?, data: bytes(reader)? },
            NEW_TOKEN => {
                bytes(reader)?;
                Frame::Other
            }
            STREAM..=STREAM_LAST => {
                let id = varint(reader)?;
                let offset = if kind & 4 != 0 { varint(reader)? } else { 0 };
                let data = if kind & 2 != 0 { bytes(reader)? } else { reader.take(reader.len())? };
                Frame::Stream { id, offset, data, fin: kind & 1 != 0 }
            }
            MAX_DATA | MAX_STREAMS | MAX_STREAMS_UNI | DATA_BLOCKED | STREAMS_BLOCKED | STREAMS_BLOCKED_UNI
            | RETIRE_CONNECTION_ID => skip(reader, 1)?,
            MAX_STREAM_DATA | STREAM_DATA_BLOCKED => skip(reader, 2)?,
            NEW_CONNECTION_ID => {
                skip(reader, 2)?;
                let id = reader.vec8()?;
                reader.take(RESET_TOKEN)?;
                Frame::ConnectionId(id)
            }
            PATH_CHALLENGE | PATH_RESPONSE => {
                reader.take(8)?;
                Frame::Other
            }
            CLOSE => {
                skip(reader, 2)?;
                bytes(reader)?;
                Frame::Close
            }
            CLOSE_APP => {
                skip(reader, 1)?;
                bytes(reader)?;
                Frame::Close
            }
            DATAGRAM | DATAGRAM_LEN => {
                if kind == DATAGRAM {
                    reader.take(reader.len())?
                } else {
                    bytes(reader)?
                };
                Frame::Other
            }
            // Of draft-ietf-quic-ack-frequency.
            ACK_FREQUENCY => skip(reader, 4)?,
            IMMEDIATE_ACK => Frame::Other,
            _ => return None,
        };
        Some(frame)
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let frame = self.frame();
        if frame.is_none() {
            self.0 = Reader::new(&[]);
        }
        frame
    }
}

fn bytes<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = usize::try_from(varint(reader)?).ok()?;
    reader.take(len)
}

fn skip(reader: &mut Reader<'_>, numbers: u64) -> Option<Frame<'static>> {
    for _ in 0..numbers {
        varint(reader)?;
    }
    Some(Frame::Other)
}

fn acknowledgement(reader: &mut Reader<'_>, kind: u64) -> Option<Frame<'static>> {
    skip(reader, 2)?;
    let ranges = varint(reader)?;
    varint(reader)?;
    for _ in 0..ranges {
        skip(reader, 2)?;
    }
    skip(reader, if kind == ACK_ECN { 3 } else { 0 })
}

const PADDING: u64 = 0;
const PING: u64 = 1;
const ACK: u64 = 2;
const ACK_ECN: u64 = 3;
const RESET_STREAM: u64 = 4;
const STOP_SENDING: u64 = 5;
const CRYPTO: u64 = 6;
const NEW_TOKEN: u64 = 7;
const STREAM: u64 = 8;
const STREAM_LAST: u64 = 15;
const MAX_DATA: u64 = 0x10;
const MAX_STREAM_DATA: u64 = 0x11;
const MAX_STREAMS: u64 = 0x12;
const MAX_STREAMS_UNI: u64 = 0x13;
const DATA_BLOCKED: u64 = 0x14;
const STREAM_DATA_BLOCKED: u64 = 0x15;
const STREAMS_BLOCKED: u64 = 0x16;
const STREAMS_BLOCKED_UNI: u64 = 0x17;
const NEW_CONNECTION_ID: u64 = 0x18;
const RETIRE_CONNECTION_ID: u64 = 0x19;
const PATH_CHALLENGE: u64 = 0x1a;
const PATH_RESPONSE: u64 = 0x1b;
const CLOSE: u64 = 0x1c;
const CLOSE_APP: u64 = 0x1d;
const HANDSHAKE_DONE: u64 = 0x1e;
const IMMEDIATE_ACK: u64 = 0x1f;
const DATAGRAM: u64 = 0x30;
const DATAGRAM_LEN: u64 = 0x31;
const ACK_FREQUENCY: u64 = 0xaf;
/// Bytes of a token of a stateless reset.
const RESET_TOKEN: usize = 16;
