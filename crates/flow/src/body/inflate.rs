//! DEFLATE in its three wrappings: gzip, zlib, none.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use super::gzip::{Gzip, Member};
use super::out::Out;
use super::preview::Progress;

/// One decoder. The output buffer itself is the window: everything before the place is still there.
pub(super) struct Inflate {
    core: DecompressorOxide,
    wrapping: Wrapping,
}

enum Wrapping {
    Gzip(Gzip),
    /// `deflate`, and the first byte of it where that alone was seen.
    Unsure(Option<u8>),
    Zlib,
    None,
}

impl Inflate {
    pub(super) fn new() -> Self {
        Self { core: DecompressorOxide::new(), wrapping: Wrapping::None }
    }

    /// Begins a new body.
    pub(super) fn reset(&mut self, is_gzip: bool) {
        self.core.init();
        self.wrapping = if is_gzip { Wrapping::Gzip(Gzip::new()) } else { Wrapping::Unsure(None) };
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Out) -> Progress {
        match &mut self.wrapping {
            Wrapping::Gzip(_) => self.gzip(bytes, out),
            Wrapping::Unsure(held) => {
                let Some((first, rest)) =
                    held.map(|held| (held, bytes)).or_else(|| bytes.split_first().map(|(f, r)| (*f, r)))
                else {
                    return Progress::More;
                };
                let Some(second) = rest.first() else {
                    *held = Some(first);
                    return Progress::More;
                };
                let is_zlib = first & 15 == 8 && u16::from_be_bytes([first, *second]).is_multiple_of(31);
                self.wrapping = if is_zlib { Wrapping::Zlib } else { Wrapping::None };
                match self.data(&mut &[first][..], out) {
                    Progress::More => self.data(&mut { rest }, out),
                    other => other,
                }
            }
            Wrapping::Zlib | Wrapping::None => self.data(&mut { bytes }, out),
        }
    }

    fn gzip(&mut self, mut bytes: &[u8], out: &mut Out) -> Progress {
        loop {
            let Wrapping::Gzip(gzip) = &mut self.wrapping else { return Progress::Bad };
            let Ok(rest) = gzip.skip(bytes) else {
                // Bytes behind the last member are ignored, as every decoder does.
                return if out.len() > 0 { Progress::Done } else { Progress::Bad };
            };
            bytes = rest;
            if gzip.at != Member::Data || bytes.is_empty() {
                return Progress::More;
            }
            match self.data(&mut bytes, out) {
                Progress::Done => {
                    self.core.init();
                    if let Wrapping::Gzip(gzip) = &mut self.wrapping {
                        gzip.at = Member::Tail(8);
                    }
                }
                other => return other,
            }
        }
    }

    /// Compressed data; what it did not use stays in `bytes`.
    fn data(&mut self, bytes: &mut &[u8], out: &mut Out) -> Progress {
        let zlib = match self.wrapping {
            Wrapping::Zlib => inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER,
            _ => 0,
        };
        let flags = zlib
            | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT
            | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF
            | inflate_flags::TINFL_FLAG_IGNORE_ADLER32;
        loop {
            let (room, at) = out.room();
            let (status, used, wrote) = decompress(&mut self.core, bytes, room, at, flags);
            *bytes = bytes.get(used..).unwrap_or_default();
            out.wrote(wrote);
            match status {
                TINFLStatus::Done => return Progress::Done,
                TINFLStatus::NeedsMoreInput => return Progress::More,
                TINFLStatus::HasMoreOutput if out.is_full() => return Progress::Full,
                TINFLStatus::HasMoreOutput if wrote > 0 || used > 0 => {}
                _ => return Progress::Bad,
            }
        }
    }
}
