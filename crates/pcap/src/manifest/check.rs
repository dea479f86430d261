//! A file against its manifest.

use super::Link;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::ops::Range;

/// Compares a file's bytes, as they are read, with a manifest.
#[derive(Clone, Debug)]
pub struct Checker {
    segments: Vec<Segment>,
    /// The segment that bytes go to now.
    now: usize,
    hash: Sha256,
    len: u64,
    read: u64,
    report: Report,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    at: u64,
    len: u64,
    hash: [u8; 32],
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Byte ranges that are not as they were written; neighbours are one.
    pub changed: Vec<Range<u64>>,
    /// Bytes that the manifest tells of and the file lacks.
    pub missing: Option<Range<u64>>,
    /// Bytes of the file that the manifest does not tell of.
    pub uncovered: Option<Range<u64>>,
    /// Lines of the manifest that do not follow from those before them, from 1.
    pub broken: Vec<usize>,
    /// The manifest has its end: the writer finished.
    pub ended: bool,
    /// The last link of the chain, to compare with one kept elsewhere.
    pub last: Option<Link>,
    /// Bytes of the file.
    pub bytes: u64,
}

impl Report {
    /// The file is what was written, to its end.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.changed.is_empty()
            && self.missing.is_none()
            && self.uncovered.is_none()
            && self.broken.is_empty()
            && self.ended
    }
}

impl Checker {
    /// Reads a manifest; `None` when it is none.
    #[must_use]
    pub fn new(manifest: &str) -> Option<Self> {
        let mut lines = manifest.lines().enumerate();
        let head: Value = serde_json::from_str(lines.next()?.1).ok()?;
        if head.get("manifest").and_then(Value::as_u64) != Some(1) {
            return None;
        }
        let before = head.get("before").and_then(Value::as_str).and_then(Link::read);
        let mut link = Link::first(before);
        let mut this =
            Self { segments: Vec::new(), now: 0, hash: Sha256::new(), len: 0, read: 0, report: Report::default() };
        let mut expected = 0;
        for (number, line) in lines {
            match Line::read(line) {
                Some(Line::Segment(segment, said)) if !this.report.ended && segment.at == expected => {
                    link = link.next(segment.at, segment.len, segment.hash);
                    this.links(number, link == said);
                    // what follows is judged by what is said: one changed line is one broken line
                    link = said;
                    expected = segment.at.saturating_add(segment.len);
                    this.segments.push(segment);
                }
                Some(Line::End(len, said)) if !this.report.ended => {
                    link = link.ended(len);
                    this.links(number, link == said && len == expected);
                    link = said;
                    this.report.ended = true;
                }
                _ => this.links(number, false),
            }
        }
        this.report.last = Some(link);
        Some(this)
    }

    fn links(&mut self, number: usize, right: bool) {
        if !right {
            self.report.broken.push(number + 1);
        }
    }

    /// The next bytes of the file.
    pub fn bytes(&mut self, mut bytes: &[u8]) {
        self.read += bytes.len() as u64;
        while let (Some(segment), false) = (self.segments.get(self.now).copied(), bytes.is_empty()) {
            let room = usize::try_from(segment.len - self.len).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.hash.update(now);
            self.len += now.len() as u64;
            bytes = later;
            if self.len == segment.len {
                let hash: [u8; 32] = std::mem::take(&mut self.hash).finalize().into();
                if hash != segment.hash {
                    self.change(segment.at..segment.at + segment.len);
                }
                self.len = 0;
                self.now += 1;
            }
        }
    }

    fn change(&mut self, range: Range<u64>) {
        match self.report.changed.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => self.report.changed.push(range),
        }
    }

    /// The file has no more bytes.
    #[must_use]
    pub fn end(mut self) -> Report {
        let told = self.segments.last().map_or(0, |segment| segment.at + segment.len);
        if self.read < told {
            self.report.missing = Some(self.read..told);
            // of a segment that is cut nothing can be said but that it is
            if let Some(segment) = self.segments.get(self.now).filter(|_| self.len > 0) {
                self.change(segment.at..self.read);
            }
        }
        if self.read > told {
            self.report.uncovered = Some(told..self.read);
        }
        self.report.bytes = self.read;
        self.report
    }
}

enum Line {
    Segment(Segment, Link),
    End(u64, Link),
}

impl Line {
    fn read(line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        let number = |name: &str| line.get(name).and_then(Value::as_u64);
        let said = line.get("chain").and_then(Value::as_str).and_then(Link::read)?;
        if let Some(len) = number("end") {
            return Some(Self::End(len, said));
        }
        let mut hash = [0; 32];
        hex::decode_to_slice(line.get("sha256")?.as_str()?, &mut hash).ok()?;
        let (at, len) = (number("at")?, number("len").filter(|len| *len > 0)?);
        at.checked_add(len)?;
        Some(Self::Segment(Segment { at, len, hash }, said))
    }
}
