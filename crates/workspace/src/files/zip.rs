//! Writes a zip archive to a stream: what was written is never gone back to.
//!
//! PKWARE's APPNOTE 6.3.10. Sizes and checksums stand behind each file, since they are not known before (4.3.9), the directory at the
//! end; both in the form for large archives (4.5.3) where numbers need it. Names are bytes said to be UTF-8.

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use std::io::{self, Write};

/// An archive that is being written.
#[derive(Debug, Default)]
pub(super) struct Zip {
    /// Bytes that were given out.
    at: u64,
    /// The directory, as it is written at the end.
    directory: Vec<u8>,
    entries: u64,
    open: Option<File>,
}

#[derive(Debug)]
struct File {
    deflate: DeflateEncoder<Vec<u8>>,
    crc: Crc,
    /// Of what was given out for it.
    packed: u64,
    head: Head,
    offset: u64,
    large: bool,
}

/// What is known of one before its bytes come.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// With `/` between folders, and at the end of one.
    pub(super) name: Vec<u8>,
    /// With the bits of its kind.
    pub(super) mode: u32,
    /// Epoch seconds.
    pub(super) changed: u32,
    /// As far as it is known.
    pub(super) size: u64,
}

impl Zip {
    /// Begins one, after the one before has ended.
    pub(super) fn begin(&mut self, head: Head) -> Vec<u8> {
        // Bytes that cannot be packed become a little more.
        let large = head.size >= LARGE - (LARGE >> 8);
        let (time, date) = dos(head.changed);
        let mut out = Vec::with_capacity(64 + head.name.len());
        four(&mut out, 0x0403_4b50);
        two(&mut out, if large { 45 } else { 20 });
        two(&mut out, FLAGS);
        two(&mut out, DEFLATE);
        two(&mut out, time);
        two(&mut out, date);
        four(&mut out, 0); // checksum and sizes come behind
        let sizes = if large { u32::MAX } else { 0 };
        four(&mut out, sizes);
        four(&mut out, sizes);
        two(&mut out, short(head.name.len()));
        two(&mut out, if large { 20 + 9 } else { 9 });
        out.extend_from_slice(&head.name);
        if large {
            two(&mut out, 1);
            two(&mut out, 16);
            out.extend_from_slice(&[0; 16]);
        }
        changed(&mut out, head.changed);
        let deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
        self.open = Some(File { deflate, crc: Crc::new(), packed: 0, head, offset: self.at, large });
        self.given(out)
    }

    /// Bytes of the one that is open; what is ready of it.
    pub(super) fn data(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let Some(file) = &mut self.open else { return Ok(Vec::new()) };
        file.crc.update(bytes);
        file.deflate.write_all(bytes)?;
        let out = std::mem::take(file.deflate.get_mut());
        file.packed += out.len() as u64;
        Ok(self.given(out))
    }

    /// Ends the one that is open.
    pub(super) fn end(&mut self) -> io::Result<Vec<u8>> {
        let Some(File { deflate, crc, packed, head, offset, large }) = self.open.take() else { return Ok(Vec::new()) };
        let (sum, size) = (crc.sum(), deflate.total_in());
        let mut out = deflate.finish()?;
        let packed = packed + out.len() as u64;
        // That a file became as large as this only while it was read cannot be said any more.
        if !large && (size >= LARGE || packed >= LARGE) {
            return Err(io::Error::other("a file grew beyond four gibibytes while it was read"));
        }
        four(&mut out, 0x0807_4b50);
        four(&mut out, sum);
        if large {
            eight(&mut out, packed);
            eight(&mut out, size);
        } else {
            four(&mut out, narrow(packed));
            four(&mut out, narrow(size));
        }
        self.list(&head, sum, packed, size, offset);
        Ok(self.given(out))
    }

    /// The directory of it all.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let (start, len) = (self.at, self.directory.len() as u64);
        let mut out = std::mem::take(&mut self.directory);
        if start >= LARGE || len >= LARGE || self.entries >= 0xffff {
            four(&mut out, 0x0606_4b50);
            eight(&mut out, 44);
            two(&mut out, MADE_BY);
            two(&mut out, 45);
            four(&mut out, 0);
            four(&mut out, 0);
            eight(&mut out, self.entries);
            eight(&mut out, self.entries);
            eight(&mut out, len);
            eight(&mut out, start);
            four(&mut out, 0x0706_4b50);
            four(&mut out, 0);
            eight(&mut out, start + len);
            four(&mut out, 1);
        }
        let entries = u16::try_from(self.entries).unwrap_or(u16::MAX);
        four(&mut out, 0x0605_4b50);
        four(&mut out, 0);
        two(&mut out, entries);
        two(&mut out, entries);
        four(&mut out, narrow(len));
        four(&mut out, narrow(start));
        two(&mut out, 0);
        out
    }

    fn list(&mut self, head: &Head, sum: u32, packed: u64, size: u64, offset: u64) {
        let large: Vec<u64> = [size, packed, offset].into_iter().filter(|number| *number >= LARGE).collect();
        let extra = if large.is_empty() { 0 } else { 4 + large.len() * 8 };
        let (time, date) = dos(head.changed);
        let out = &mut self.directory;
        four(out, 0x0201_4b50);
        two(out, MADE_BY);
        two(out, if large.is_empty() { 20 } else { 45 });
        two(out, FLAGS);
        two(out, DEFLATE);
        two(out, time);
        two(out, date);
        four(out, sum);
        four(out, narrow(packed));
        four(out, narrow(size));
        two(out, short(head.name.len()));
        two(out, short(extra + 9));
        two(out, 0);
        two(out, 0);
        two(out, 0);
        let folder = if head.name.ends_with(b"/") { 0x10 } else { 0 };
        four(out, ((head.mode & 0xffff) << 16) | folder);
        four(out, narrow(offset));
        out.extend_from_slice(&head.name);
        if !large.is_empty() {
            two(out, 1);
            two(out, short(large.len() * 8));
            large.into_iter().for_each(|number| eight(out, number));
        }
        changed(out, head.changed);
        self.entries += 1;
    }

    fn given(&mut self, out: Vec<u8>) -> Vec<u8> {
        self.at += out.len() as u64;
        out
    }
}

/// When it was changed, whole and in no zone of time: nine bytes.
fn changed(out: &mut Vec<u8>, seconds: u32) {
    two(out, 0x5455);
    two(out, 5);
    out.push(1);
    four(out, seconds);
}

/// Time and date as MS-DOS has them, in UTC, from 1980 on.
fn dos(seconds: u32) -> (u16, u16) {
    let time = jiff::Timestamp::from_second(seconds.into()).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC);
    let part = |number: i8| u16::try_from(number).unwrap_or(0);
    let Ok(year) = u16::try_from(i32::from(time.year()) - 1980) else { return (0, 0x21) };
    let clock = part(time.hour()) << 11 | part(time.minute()) << 5 | (part(time.second()) / 2);
    (clock, year.min(127) << 9 | part(time.month()) << 5 | part(time.day()))
}

fn two(out: &mut Vec<u8>, number: u16) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn four(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn eight(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_le_bytes());
}

/// Lengths here are of paths.
fn short(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}

/// The number, or the mark that it stands elsewhere.
fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Numbers from this on need the large form.
const LARGE: u64 = u32::MAX as u64;
/// Sizes behind the data, names in UTF-8.
const FLAGS: u16 = 0x0808;
const DEFLATE: u16 = 8;
/// Unix, version 4.5.
const MADE_BY: u16 = 3 << 8 | 45;
