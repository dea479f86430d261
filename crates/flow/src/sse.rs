//! Server-sent events: counts them in a `text/event-stream` body as it passes.
//!
//! Both HTTP parsers push the body without its transfer coding. An event counts when a blank line ends it and it has data,
//! which is when a browser would hand it over. Holds a few bytes, whatever comes.

/// Counts the events of one body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Events {
    count: u64,
    /// The begin of the current line.
    head: [u8; 8],
    /// Length of the current line, up to what matters.
    len: u8,
    has_data: bool,
    after_cr: bool,
    is_begun: bool,
}

impl Events {
    /// The next bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if let Some((first, after)) = rest.split_first()
            && std::mem::take(&mut self.after_cr)
            && *first == b'\n'
        {
            rest = after;
        }
        while let Some(end) = memchr::memchr2(b'\r', b'\n', rest) {
            let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            self.grow(line);
            self.line();
            rest = after.get(1..).unwrap_or_default();
            if after.first() == Some(&b'\r') {
                match rest.first() {
                    Some(b'\n') => rest = rest.get(1..).unwrap_or_default(),
                    Some(_) => {}
                    None => self.after_cr = true,
                }
            }
        }
        self.grow(rest);
    }

    /// Bytes are missing: the event that they belonged to is not counted.
    pub fn gap(&mut self) {
        (self.has_data, self.after_cr, self.is_begun) = (false, false, true);
        // In the middle of a line that is not one of data.
        self.len = self.head.len() as u8;
        self.head = [0; 8];
    }

    /// Events so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    fn grow(&mut self, part: &[u8]) {
        let room = self.head.get_mut(usize::from(self.len)..).unwrap_or_default();
        let len = room.len().min(part.len());
        room.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
        self.len += len as u8;
    }

    fn line(&mut self) {
        let mut line = self.head.get(..usize::from(self.len)).unwrap_or_default();
        if !std::mem::replace(&mut self.is_begun, true) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        match line {
            [] => {
                self.count += u64::from(self.has_data);
                self.has_data = false;
            }
            [b'd', b'a', b't', b'a'] | [b'd', b'a', b't', b'a', b':', ..] => self.has_data = true,
            _ => {}
        }
        self.len = 0;
    }
}

/// Whether a body of this media type has events.
#[must_use]
pub fn is_stream(content_type: &[u8]) -> bool {
    let name = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    name.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::{Events, is_stream};

    fn count(pieces: &[&[u8]]) -> u64 {
        let mut events = Events::default();
        pieces.iter().for_each(|piece| events.push(piece));
        events.count()
    }

    #[test]
    fn cap_n_01g_events_are_counted_with_every_line_end_and_at_every_cut() {
        let cases: [(&[u8], u64); 9] = [
            (b"data: a\n\ndata: b\n\n", 2),
            (b"data: a\r\rdata: b\r\r", 2),
            (b"data: a\r\n\r\ndata: b\r\n\r\n", 2),
            (b"\xef\xbb\xbfdata\n\n: comment\n\n", 1),
            (b"event: x\nid: 1\n\n", 0),
            (b"event: x\ndata: 1\ndata: 2\n\n\n\n", 1),
            (b"database: 1\n\ndata:\n\n", 1),
            (b"data: never ended\n", 0),
            (b"", 0),
        ];
        for (body, want) in cases {
            assert_eq!(count(&[body]), want, "{body:?}");
            for cut in 0..body.len() {
                assert_eq!(count(&[&body[..cut], &body[cut..]]), want, "{body:?} cut at {cut}");
            }
            let bytes: Vec<&[u8]> = body.chunks(1).collect();
            assert_eq!(count(&bytes), want, "{body:?} by bytes");
        }
    }

    #[test]
    fn cap_n_01h_an_event_with_a_gap_is_not_counted() {
        let mut events = Events::default();
        events.push(b"data: a\n\ndata: b");
        events.gap();
        events.push(b"data: not a line's begin\n\ndata: c\n\n");
        assert_eq!(events.count(), 2);
    }

    #[test]
    fn the_media_type_decides() {
        assert!(is_stream(b"Text/Event-Stream; charset=utf-8"));
        assert!(!is_stream(b"text/event-streams"));
    }
}
