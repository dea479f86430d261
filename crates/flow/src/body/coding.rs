//! Content codings by name.

/// How a body is coded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    #[default]
    Identity,
    /// `gzip` (RFC 1952).
    Gzip,
    /// `deflate`: zlib (RFC 1950), or what many send under that name, DEFLATE alone (RFC 1951).
    Deflate,
    /// `br` (RFC 7932).
    Brotli,
    /// `zstd` (RFC 8878).
    Zstd,
    /// One that is not known, or several at once: the preview shows the bytes as they are.
    Other,
}

impl Coding {
    /// The coding that a `content-encoding` names.
    #[must_use]
    pub fn of(content_encoding: Option<&[u8]>) -> Self {
        let name = content_encoding.unwrap_or_default().trim_ascii();
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        match name.len() {
            0 => Self::Identity,
            2 if is("br") => Self::Brotli,
            4 if is("gzip") => Self::Gzip,
            4 if is("zstd") => Self::Zstd,
            6 if is("x-gzip") => Self::Gzip,
            7 if is("deflate") => Self::Deflate,
            8 if is("identity") => Self::Identity,
            _ => Self::Other,
        }
    }
}
