//! The thread that writes segments.

use super::folder::{private_file, private_folder};
use super::{Counts, Job, Segment, Size, Snapshot};
use crate::files;
use pcap::manifest::{Ledger, Link};
use pcap::{Interface, Outgoing, Section};
use proto::capture::codec::packets;
use proto::capture::{self, PacketBatch};
use std::collections::{HashMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Writes the segments of one tap.
pub(super) struct Writer {
    folder: PathBuf,
    size: Size,
    counts: Arc<Counts>,
    interfaces: Vec<Known>,
    /// The number of each pod's interface.
    numbers: HashMap<(usize, u32), u32>,
    /// Whole segments, oldest first.
    closed: VecDeque<Closed>,
    open: Option<Open>,
    segments: u64,
    /// The last link of the segment before.
    link: Option<Link>,
    buffer: Vec<u8>,
    /// Nothing more is written.
    stopped: bool,
}

struct Known {
    about: Interface,
    pod: usize,
    /// Packets lost before the next one.
    lost: u64,
    lost_ever: u64,
}

struct Closed {
    path: PathBuf,
    bytes: u64,
    packets: u64,
}

/// The segment that is written now.
struct Open {
    path: PathBuf,
    file: File,
    manifest: File,
    /// Lines of the manifest that the disk did not take yet.
    lines: Vec<u8>,
    ledger: Ledger,
    writer: pcap::Writer,
    bytes: u64,
    packets: u64,
}

impl Writer {
    pub(super) fn new(folder: PathBuf, size: Size, counts: Arc<Counts>) -> Self {
        Self {
            folder,
            size,
            counts,
            interfaces: Vec::new(),
            numbers: HashMap::new(),
            closed: VecDeque::new(),
            open: None,
            segments: 0,
            link: None,
            buffer: Vec::new(),
            stopped: false,
        }
    }

    pub(super) fn take(&mut self, job: Job) {
        match job {
            Job::Interfaces { pod, named, filter, all } => {
                all.iter().for_each(|own| self.interface(pod, &named, &filter, own));
            }
            Job::Packets { pod, batch } => {
                if self.stopped {
                    self.counts.dropped.fetch_add(u64::from(batch.count), Ordering::Relaxed);
                    return;
                }
                let written = self.packets(pod, &batch);
                self.after(written, u64::from(batch.count));
            }
            Job::Shrink => self.shrink(),
            Job::Lost { pod, interface, packets } => {
                let number = self.numbers.get(&(pod, interface));
                if let Some(known) = number.and_then(|number| self.interfaces.get_mut(*number as usize)) {
                    known.lost += packets;
                    known.lost_ever += packets;
                }
            }
            Job::Snapshot(tell) => {
                // Whoever asked may have gone.
                let _ = tell.send(self.snapshot());
            }
            Job::Reset => self.erase(),
            Job::End { .. } => {}
        }
    }

    fn interface(&mut self, pod: usize, named: &str, filter: &str, own: &capture::Interface) {
        if self.numbers.contains_key(&(pod, own.index)) {
            return;
        }
        let about = files::interface(named, filter, own);
        if let Some(open) = &mut self.open {
            open.writer.interface(&about, &mut self.buffer);
        }
        self.numbers.insert((pod, own.index), u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX));
        self.interfaces.push(Known { about, pod, lost: 0, lost_ever: 0 });
        // What describes it goes out with the next packets, whichever they are of.
    }

    fn packets(&mut self, pod: usize, batch: &PacketBatch) -> io::Result<()> {
        let Some(iface) = self.numbers.get(&(pod, batch.interface)).copied() else { return Ok(()) };
        self.making_room(Self::begin)?;
        let Some(open) = &mut self.open else { return Ok(()) };
        let mut lost = self.interfaces.get_mut(iface as usize).map_or(0, |known| std::mem::take(&mut known.lost));
        let mut count = 0;
        for packet in packets(batch.base_ns, &batch.packets) {
            let Ok(packet) = packet else { break };
            let outgoing = Outgoing {
                iface,
                ts_ns: packet.ts_ns,
                orig_len: packet.orig_len,
                bytes: packet.bytes,
                flags: Some(files::direction(packet.flags)),
                lost_before: Some(std::mem::take(&mut lost)).filter(|lost| *lost > 0),
                comments: files::comments(packet.flags),
                ..Outgoing::default()
            };
            match open.writer.packet(&outgoing, &mut self.buffer) {
                Ok(()) => count += 1,
                Err(error) => tracing::warn!(%error, "a packet that no file can hold"),
            }
        }
        self.making_room(Self::flush)?;
        if let Some(open) = &mut self.open {
            self.counts.full.store(false, Ordering::Relaxed);
            open.packets += count;
            if open.bytes >= self.size.segment {
                self.close();
                self.shrink();
            }
        }
        Ok(())
    }

    /// Does something, and again each time that the oldest segment has made room for it on a full disk.
    fn making_room(&mut self, mut act: impl FnMut(&mut Self) -> io::Result<()>) -> io::Result<()> {
        loop {
            match act(self) {
                Err(error) if is_full(&error) && !self.size.stops => {
                    let Some(oldest) = self.closed.pop_front() else { return Err(error) };
                    self.counts.dropped.fetch_add(oldest.packets, Ordering::Relaxed);
                    self.remove(&oldest);
                }
                done => return done,
            }
        }
    }

    /// Begins a segment, where none is open: its head, and every interface there is.
    fn begin(&mut self) -> io::Result<()> {
        if self.open.is_some() {
            return Ok(());
        }
        private_folder(&self.folder)?;
        self.segments += 1;
        let name = format!("{:06}.pcapng", self.segments);
        let path = self.folder.join(&name);
        let files = private_file(&path).and_then(|file| Ok((file, private_file(&manifest_of(&path))?)));
        let (file, manifest) = files.inspect_err(|_| {
            // One of the two may be there.
            let _ = (fs::remove_file(&path), fs::remove_file(manifest_of(&path)));
        })?;
        let mut lines = Vec::new();
        let ledger = Ledger::begin(&name, self.link, &mut lines);
        self.buffer.clear();
        let application = concat!("qd ", env!("CARGO_PKG_VERSION"));
        let section = Section { application: Some(application), ..Section::default() };
        let mut writer = pcap::Writer::start(&section, &mut self.buffer);
        for known in &self.interfaces {
            writer.interface(&known.about, &mut self.buffer);
        }
        self.open = Some(Open { path, file, manifest, lines, ledger, writer, bytes: 0, packets: 0 });
        Ok(())
    }

    /// Writes whole blocks. What the disk does not take is cut off again, and may be written later.
    fn flush(&mut self) -> io::Result<()> {
        let Some(open) = &mut self.open else {
            self.buffer.clear();
            return Ok(());
        };
        if !self.buffer.is_empty() {
            if let Err(error) = open.file.write_all(&self.buffer) {
                let end = open.file.set_len(open.bytes).and_then(|()| open.file.seek(SeekFrom::Start(open.bytes)));
                if let Err(error) = end {
                    tracing::warn!(%error, "a segment cannot be cut back to whole blocks");
                }
                return Err(error);
            }
            open.ledger.bytes(&self.buffer, &mut open.lines);
            let written = self.buffer.len() as u64;
            open.bytes += written;
            self.counts.bytes.fetch_add(written, Ordering::Relaxed);
            self.buffer.clear();
        }
        write_lines(&mut open.manifest, &mut open.lines)
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let Open { path, mut manifest, mut lines, ledger, bytes, packets, .. } = open;
        if bytes == 0 {
            return self.remove(&Closed { path, bytes, packets });
        }
        self.link = Some(ledger.end(&mut lines));
        if let Err(error) = write_lines(&mut manifest, &mut lines) {
            tracing::warn!(%error, "a manifest is not whole: its segment shows as changed at its end");
        }
        self.closed.push_back(Closed { path, bytes, packets });
    }

    /// Drops the oldest segments over the budget.
    fn shrink(&mut self) {
        let mut all: u64 = self.closed.iter().map(|segment| segment.bytes).sum();
        // Room for the segment that is next.
        while all + self.size.segment > self.size.share() {
            if self.size.stops {
                return self.stop();
            }
            let Some(oldest) = self.closed.pop_front() else { return };
            all -= oldest.bytes;
            self.counts.dropped.fetch_add(oldest.packets, Ordering::Relaxed);
            self.remove(&oldest);
        }
    }

    fn remove(&self, segment: &Closed) {
        self.counts.bytes.fetch_sub(segment.bytes, Ordering::Relaxed);
        for path in [&segment.path, &manifest_of(&segment.path)] {
            if let Err(error) = fs::remove_file(path) {
                tracing::warn!(%error, "a segment of packets cannot be erased");
            }
        }
    }

    /// Erases everything; interfaces stay known.
    fn erase(&mut self) {
        self.buffer.clear();
        self.counts.full.store(false, Ordering::Relaxed);
        self.stopped = false;
        if let Some(open) = self.open.take() {
            self.closed.push_back(Closed { path: open.path, bytes: open.bytes, packets: open.packets });
        }
        for segment in std::mem::take(&mut self.closed) {
            self.remove(&segment);
        }
    }

    /// Leaves what there is in another folder of the same disk; false where there is nothing, or it cannot be moved.
    pub(super) fn keep(&mut self, folder: &Path) -> bool {
        if let Err(error) = self.flush() {
            tracing::warn!(%error, "the last packets of a tap are not kept");
            self.buffer.clear();
        }
        self.close();
        if self.closed.is_empty() {
            return false;
        }
        let moved = folder.parent().map_or(Ok(()), private_folder).and_then(|()| fs::rename(&self.folder, folder));
        match moved {
            Ok(()) => {
                self.closed.clear();
                self.segments = 0;
                true
            }
            Err(error) => {
                tracing::warn!(%error, "packets of a tap cannot be kept");
                false
            }
        }
    }

    fn snapshot(&mut self) -> Snapshot {
        // Interfaces that no packet followed yet.
        let _ = self.flush();
        let paths = self.closed.iter().map(|segment| (&segment.path, segment.bytes));
        let paths = paths.chain(self.open.iter().map(|open| (&open.path, open.bytes)));
        let mut segments = Vec::new();
        for (path, bytes) in paths {
            match File::open(path) {
                Ok(file) => segments.push(Segment { file, len: bytes }),
                Err(error) => tracing::warn!(%error, "a segment of packets cannot be read"),
            }
        }
        let interfaces =
            self.interfaces.iter().map(|known| (known.about.clone(), known.pod, known.lost_ever)).collect();
        Snapshot { segments, interfaces }
    }

    /// A batch that could not be written is dropped. Where the disk being full is the end, nothing more is written: what is
    /// there stays whole.
    fn after(&mut self, written: io::Result<()>, packets: u64) {
        let Err(error) = written else { return };
        self.counts.dropped.fetch_add(packets, Ordering::Relaxed);
        // What describes interfaces may have been in there: the next segment has all of them.
        self.buffer.clear();
        self.close();
        if self.size.stops || !is_full(&error) {
            tracing::warn!(%error, "packets of a tap cannot be kept any more");
            self.stop();
        } else if !self.counts.full.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "the disk is full: packets of a tap are dropped");
        }
    }

    fn stop(&mut self) {
        self.stopped = true;
        self.counts.full.store(true, Ordering::Relaxed);
    }
}

/// Writes the lines of a manifest that are due; what the disk does not take stays.
fn write_lines(manifest: &mut File, lines: &mut Vec<u8>) -> io::Result<()> {
    let mut written = 0;
    let done = loop {
        match manifest.write(lines.get(written..).unwrap_or_default()) {
            Ok(0) => break Ok(()),
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    lines.drain(..written);
    done
}

/// The disk, or what one may have of it, is full.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.erase();
        // There is no folder where nothing was written.
        if self.segments > 0
            && let Err(error) = fs::remove_dir_all(&self.folder)
        {
            tracing::warn!(%error, "the folder of a tap cannot be erased");
        }
    }
}

fn manifest_of(segment: &Path) -> PathBuf {
    segment.with_extension("pcapng.manifest")
}
