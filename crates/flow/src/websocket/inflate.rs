//! `permessage-deflate` (RFC 7692): what was agreed, and one direction's decompressor.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, TINFL_LZ_DICT_SIZE, decompress, inflate_flags};

/// What the server's `sec-websocket-extensions` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extension {
    pub(super) is_agreed: bool,
    /// The client's window lives from message to message.
    pub(super) client_keeps: bool,
    /// The server's does.
    pub(super) server_keeps: bool,
}

impl Extension {
    pub(super) fn of(extensions: &[u8]) -> Self {
        for extension in extensions.split(|byte| *byte == b',') {
            let mut words = extension.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            if !words.next().is_some_and(|name| name.eq_ignore_ascii_case(b"permessage-deflate")) {
                continue;
            }
            let mut agreed = Self { is_agreed: true, client_keeps: true, server_keeps: true };
            for word in words {
                if word.eq_ignore_ascii_case(b"client_no_context_takeover") {
                    agreed.client_keeps = false;
                } else if word.eq_ignore_ascii_case(b"server_no_context_takeover") {
                    agreed.server_keeps = false;
                }
            }
            return agreed;
        }
        Self::default()
    }
}

/// The decompressor of one direction with its window of 32 KiB.
pub(super) struct Inflate {
    core: Box<DecompressorOxide>,
    window: Vec<u8>,
    at: usize,
}

/// The data is not DEFLATE, or far more than it should be.
pub(super) struct Broken;

impl Inflate {
    pub(super) fn new() -> Self {
        Self { core: Box::default(), window: vec![0; TINFL_LZ_DICT_SIZE], at: 0 }
    }

    /// A message begins whose sender keeps nothing of those before.
    pub(super) fn forget(&mut self) {
        self.core.init();
        self.at = 0;
    }

    /// Decompresses a piece of a message; `out` gets the text. `most` is how much text the piece may give.
    pub(super) fn push(&mut self, mut bytes: &[u8], most: u64, out: &mut impl FnMut(&[u8])) -> Result<(), Broken> {
        let mut given = 0;
        loop {
            let (status, used, wrote) =
                decompress(&mut self.core, bytes, &mut self.window, self.at, inflate_flags::TINFL_FLAG_HAS_MORE_INPUT);
            bytes = bytes.get(used..).unwrap_or_default();
            out(self.window.get(self.at..self.at + wrote).unwrap_or_default());
            self.at = (self.at + wrote) % TINFL_LZ_DICT_SIZE;
            given += wrote as u64;
            match status {
                TINFLStatus::NeedsMoreInput => return Ok(()),
                TINFLStatus::HasMoreOutput if given <= most && (wrote > 0 || used > 0) => {}
                // A sender may end the stream; the next message then begins a new one with the same window.
                TINFLStatus::Done if bytes.is_empty() => {
                    self.core.init();
                    return Ok(());
                }
                TINFLStatus::Done if used > 0 => self.core.init(),
                _ => return Err(Broken),
            }
        }
    }

    pub(super) fn heap(&self) -> usize {
        size_of::<DecompressorOxide>() + self.window.capacity()
    }
}

/// What every compressed message ends with and no frame carries.
pub(super) const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
