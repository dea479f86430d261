//! The preview of one body.

use super::brotli::Brotli;
use super::coding::Coding;
use super::inflate::Inflate;
use super::out::Out;
use super::zstd::Zstd;

/// How far a decoder came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// All input is used, more is needed.
    More,
    /// The preview is full.
    Full,
    /// The coded data ended.
    Done,
    /// It is not what the coding's name says.
    Bad,
}

/// The first bytes of a body, with its coding removed. Kept and begun anew for each message.
#[derive(Default)]
pub struct Preview {
    out: Out,
    limit: usize,
    coding: Coding,
    decoder: Decoder,
    state: State,
    /// Bytes of the body so far, seen or not.
    len: u64,
    is_damaged: bool,
    has_gap: bool,
}

#[derive(Default)]
enum Decoder {
    #[default]
    None,
    /// Kept from body to body.
    Inflate(Box<Inflate>),
    Brotli(Box<Brotli>),
    Zstd(Box<Zstd>),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// More bytes may change it.
    Open,
    #[default]
    Closed,
}

impl Preview {
    /// Begins a body. `limit` is how many bytes are shown; 0 for none.
    pub fn start(&mut self, coding: Coding, limit: usize) {
        self.out.reset(limit);
        (self.limit, self.coding, self.len) = (limit, coding, 0);
        (self.is_damaged, self.has_gap) = (false, false);
        self.state = if limit > 0 { State::Open } else { State::Closed };
        if !matches!(self.decoder, Decoder::Inflate(_)) {
            self.decoder = Decoder::None;
        }
    }

    /// The next bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        if self.state == State::Closed || bytes.is_empty() {
            return;
        }
        let is_first = self.len == bytes.len() as u64;
        if is_first {
            self.open();
        }
        let progress = match &mut self.decoder {
            Decoder::Inflate(inflate) if matches!(self.coding, Coding::Gzip | Coding::Deflate) => {
                inflate.push(bytes, &mut self.out)
            }
            Decoder::Brotli(brotli) => brotli.push(bytes, &mut self.out),
            Decoder::Zstd(zstd) => zstd.push(bytes, &mut self.out),
            Decoder::None | Decoder::Inflate(_) => {
                self.out.copy(bytes);
                Progress::More
            }
        };
        self.is_damaged |= progress == Progress::Bad;
        if progress != Progress::More || self.out.is_full() {
            self.close();
        }
    }

    /// The next bytes of the body are missing: the preview ends here.
    pub fn gap(&mut self, len: u64) {
        self.len += len;
        if self.state == State::Open && len > 0 {
            self.has_gap = true;
            self.close();
        }
    }

    /// The body ended, or nothing more of it will come.
    pub fn end(&mut self) {
        self.close();
    }

    /// Whether more bytes can change it; when not, [`Self::skip`] does.
    #[must_use]
    pub fn wants(&self) -> bool {
        self.state == State::Open
    }

    /// So many more bytes of the body were seen but not pushed, because nothing is wanted.
    pub fn skip(&mut self, len: u64) {
        self.len += len;
    }

    /// Only so much of what was pushed is sure: bytes may be missing behind it.
    pub fn cut(&mut self, sure: usize) {
        self.close();
        self.has_gap = true;
        self.limit = self.limit.min(sure);
    }

    /// What is shown: at most as many bytes as the limit, and a hundred for each byte of the body.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.out.head(self.shown())
    }

    /// The body is longer than what is shown of it, by a limit.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        !self.has_gap && self.out.len() > self.shown()
    }

    /// The body is not coded as it says.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    /// Bytes are missing behind what is shown.
    #[must_use]
    pub fn has_gap(&self) -> bool {
        self.has_gap
    }

    /// Whether what is shown is the body's bytes as they were sent.
    #[must_use]
    pub fn is_as_sent(&self) -> bool {
        matches!(self.coding, Coding::Identity | Coding::Other)
    }

    /// It has a coding that is not known: what is shown says nothing of what it holds.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        matches!(self.coding, Coding::Other)
    }

    /// Bytes of heap.
    #[must_use]
    pub fn heap(&self) -> usize {
        let decoder = match &self.decoder {
            Decoder::None => 0,
            Decoder::Inflate(inflate) => size_of_val(&**inflate),
            Decoder::Brotli(brotli) => brotli.heap(),
            Decoder::Zstd(zstd) => zstd.heap(),
        };
        self.out.heap() + decoder
    }

    fn open(&mut self) {
        match self.coding {
            Coding::Identity | Coding::Other => {}
            Coding::Gzip | Coding::Deflate => {
                if !matches!(self.decoder, Decoder::Inflate(_)) {
                    self.decoder = Decoder::Inflate(Box::new(Inflate::new()));
                }
                if let Decoder::Inflate(inflate) = &mut self.decoder {
                    inflate.reset(self.coding == Coding::Gzip);
                }
            }
            Coding::Brotli => self.decoder = Decoder::Brotli(Box::new(Brotli::new(self.limit))),
            Coding::Zstd => self.decoder = Decoder::Zstd(Box::new(Zstd::new())),
        }
    }

    fn close(&mut self) {
        self.state = State::Closed;
        if let Decoder::Zstd(zstd) = &mut self.decoder {
            zstd.end(&mut self.out);
        }
        if !matches!(self.decoder, Decoder::Inflate(_)) {
            self.decoder = Decoder::None;
        }
    }

    fn shown(&self) -> usize {
        let by_ratio = usize::try_from(self.len.saturating_mul(MOST_RATIO)).unwrap_or(usize::MAX);
        self.limit.min(by_ratio)
    }
}

/// Bytes shown for each byte of a body, at most: more is not a text but a bomb.
const MOST_RATIO: u64 = 100;
