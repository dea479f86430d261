//! Lines of git's protocol: four hexadecimal digits that count the line with them, or say that something ends.

use bytes::{BufMut, Bytes, BytesMut};

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// The answer, or the list, ends.
    Flush,
    /// A section ends.
    Delim,
    /// There is nothing more.
    End,
    /// What it says.
    Data(Bytes),
}

/// Takes the next line; `None` where none is left.
///
/// # Errors
/// When it is none.
pub(crate) fn next(rest: &mut Bytes) -> Result<Option<Line>, &'static str> {
    if rest.is_empty() {
        return Ok(None);
    }
    if rest.len() < 4 {
        return Err("an answer ends within a line");
    }
    let digits = rest.split_to(4);
    let length = std::str::from_utf8(&digits).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
    match length {
        Some(0) => Ok(Some(Line::Flush)),
        Some(1) => Ok(Some(Line::Delim)),
        Some(2) => Ok(Some(Line::End)),
        Some(length) if length >= 4 && length - 4 <= rest.len() => Ok(Some(Line::Data(rest.split_to(length - 4)))),
        Some(length) if length >= 4 => Err("an answer ends within a line"),
        _ => Err("what it answers has no lines of git"),
    }
}

/// A line's text without the end of the line.
pub(crate) fn text(data: &Bytes) -> &str {
    std::str::from_utf8(data).unwrap_or_default().trim_end_matches('\n')
}

/// Writes a line.
pub(crate) fn put(out: &mut BytesMut, text: &str) {
    out.put_slice(format!("{:04x}{text}\n", text.len() + 5).as_bytes());
}

pub(crate) fn flush(out: &mut BytesMut) {
    out.put_slice(b"0000");
}

pub(crate) fn delim(out: &mut BytesMut) {
    out.put_slice(b"0001");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Line, flush, next, put, text};
    use bytes::{Bytes, BytesMut};

    #[test]
    fn lines_are_read_as_they_are_written_and_broken_ones_are_refused() {
        let mut out = BytesMut::new();
        put(&mut out, "command=ls-refs");
        flush(&mut out);
        assert_eq!(&out[..], b"0014command=ls-refs\n0000");
        let mut rest = out.freeze();
        let Some(Line::Data(data)) = next(&mut rest).unwrap() else { panic!("a line") };
        assert_eq!(text(&data), "command=ls-refs");
        assert_eq!(next(&mut rest).unwrap(), Some(Line::Flush));
        assert_eq!(next(&mut rest).unwrap(), None);
        for broken in ["00", "zzzz", "0003", "0009ab", "<html>"] {
            assert!(next(&mut Bytes::from_static(broken.as_bytes())).is_err(), "{broken}");
        }
    }
}
