//! What is known of a file, and what is set of it.

use std::fs::{self, File, FileTimes, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, fchown};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use super::packet::{Broken, Reader, Reply};

/// Each is there or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) size: Option<u64>,
    pub(super) owner: Option<(u32, u32)>,
    pub(super) mode: Option<u32>,
    /// Of access and of change, epoch seconds.
    pub(super) times: Option<(u32, u32)>,
}

impl Attributes {
    pub(super) fn of(meta: &Metadata) -> Self {
        let seconds = |time: i64| u32::try_from(time).unwrap_or(0);
        Self {
            size: Some(meta.len()),
            owner: Some((meta.uid(), meta.gid())),
            mode: Some(meta.mode()),
            times: Some((seconds(meta.atime()), seconds(meta.mtime()))),
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Broken> {
        let flags = reader.number()?;
        let mut read = Self::default();
        if flags & SIZE != 0 {
            read.size = Some(reader.long()?);
        }
        if flags & OWNER != 0 {
            read.owner = Some((reader.number()?, reader.number()?));
        }
        if flags & MODE != 0 {
            read.mode = Some(reader.number()?);
        }
        if flags & TIMES != 0 {
            read.times = Some((reader.number()?, reader.number()?));
        }
        Ok(read)
    }

    pub(super) fn write(&self, reply: &mut Reply) {
        let flag = |there: bool, flag: u32| if there { flag } else { 0 };
        reply.number(
            flag(self.size.is_some(), SIZE)
                | flag(self.owner.is_some(), OWNER)
                | flag(self.mode.is_some(), MODE)
                | flag(self.times.is_some(), TIMES),
        );
        if let Some(size) = self.size {
            reply.long(size);
        }
        if let Some((uid, gid)) = self.owner {
            reply.number(uid);
            reply.number(gid);
        }
        if let Some(mode) = self.mode {
            reply.number(mode);
        }
        if let Some((access, change)) = self.times {
            reply.number(access);
            reply.number(change);
        }
    }

    pub(super) fn set(&self, path: &Path) -> io::Result<()> {
        if let Some(size) = self.size {
            File::options().write(true).open(path)?.set_len(size)?;
        }
        if let Some((uid, gid)) = self.owner {
            chown(path, Some(uid), Some(gid))?;
        }
        if let Some(mode) = self.mode {
            fs::set_permissions(path, Permissions::from_mode(mode & 0o7777))?;
        }
        if self.times.is_some() {
            File::open(path)?.set_times(self.file_times())?;
        }
        Ok(())
    }

    pub(super) fn set_on(&self, file: &File) -> io::Result<()> {
        if let Some(size) = self.size {
            file.set_len(size)?;
        }
        if let Some((uid, gid)) = self.owner {
            fchown(file, Some(uid), Some(gid))?;
        }
        if let Some(mode) = self.mode {
            file.set_permissions(Permissions::from_mode(mode & 0o7777))?;
        }
        if self.times.is_some() {
            file.set_times(self.file_times())?;
        }
        Ok(())
    }

    fn file_times(&self) -> FileTimes {
        let at = |seconds: u32| UNIX_EPOCH + Duration::from_secs(seconds.into());
        let times = FileTimes::new();
        self.times.map_or(times, |(access, change)| times.set_accessed(at(access)).set_modified(at(change)))
    }
}

/// As `ls -l` writes it, as far as clients read it.
pub(super) fn line(name: &str, meta: &Metadata) -> String {
    let mode = meta.mode();
    let kind = match mode & 0o170_000 {
        0o040_000 => 'd',
        0o120_000 => 'l',
        0o020_000 => 'c',
        0o060_000 => 'b',
        0o010_000 => 'p',
        0o140_000 => 's',
        _ => '-',
    };
    let bits = ['r', 'w', 'x'].into_iter().cycle().zip((0..9).rev());
    let bits: String = bits.map(|(letter, bit)| if mode >> bit & 1 == 1 { letter } else { '-' }).collect();
    format!(
        "{kind}{bits} {:4} {:8} {:8} {:8} {:12} {name}",
        meta.nlink(),
        meta.uid(),
        meta.gid(),
        meta.len(),
        meta.mtime()
    )
}

const SIZE: u32 = 1;
const OWNER: u32 = 2;
const MODE: u32 = 4;
const TIMES: u32 = 8;
