//! The packets of one tap on disk: pcapng segments of 16 MiB in a folder of its own, the oldest dropped over a budget.
//!
//! ```text
//! Spool (handle) ── jobs, bounded ──▶ Writer (a thread) ──▶ 000001.pcapng, 000001.pcapng.manifest, 000002.pcapng …
//! ```
//!
//! Every segment is a capture file by itself, readable by its owner alone, with the same interface numbers as all others
//! of the tap; its manifest chains hashes of it to those of the segment before. The folder goes when the tap is forgotten
//! and when the process ends, unless it is to be kept then. On a full disk the oldest segment makes room too, or, where that was asked for, the spool ends
//! and the tap goes on. All spools of a process share one budget, equally.

mod folder;
mod writer;

pub(crate) use folder::Folder;

use pcap::Interface;
use proto::capture::{self, PacketBatch};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use tokio::sync::{mpsc, oneshot};
use writer::Writer;

/// Where a tap's packets go.
pub(crate) struct Spool {
    jobs: mpsc::Sender<Job>,
    counts: Arc<Counts>,
    size: Size,
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.size.pool.spools.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What of it is there.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Bytes of packets on disk, with what the file needs around them.
    bytes: AtomicU64,
    /// Packets that were dropped with their segment, or could not be written.
    dropped: AtomicU64,
    /// Those of them that were told.
    told: AtomicU64,
    /// The disk, or what the tap may have of it, is full: packets are dropped that come, not those that were.
    full: AtomicBool,
}

/// What the writer is asked.
pub(crate) enum Job {
    /// The interfaces of a pod, before their packets.
    Interfaces { pod: usize, named: String, filter: String, all: Vec<capture::Interface> },
    /// Packets of a pod.
    Packets { pod: usize, batch: PacketBatch },
    /// So many packets were lost before the next one of an interface.
    Lost { pod: usize, interface: u32, packets: u64 },
    /// What there is, whole up to now.
    Snapshot(oneshot::Sender<Snapshot>),
    /// Others need room: drop what is over the share.
    Shrink,
    /// Erase what there is.
    Reset,
    /// End: erase what there is, or leave it in this folder, which is made; whether anything is left.
    End { keep: Option<PathBuf>, told: oneshot::Sender<bool> },
}

/// What is on disk at one moment. It can be read as long as it is held, whatever is dropped meanwhile.
pub(crate) struct Snapshot {
    /// Segments, oldest first.
    pub(crate) segments: Vec<Segment>,
    /// Interfaces in the order of their numbers, with the pod of each and the packets lost before it.
    pub(crate) interfaces: Vec<(Interface, usize, u64)>,
}

/// A segment that can be read, and the bytes of it that belong to a moment.
pub(crate) struct Segment {
    pub(crate) file: File,
    pub(crate) len: u64,
}

impl Segment {
    /// Reads all of it into this buffer.
    pub(crate) fn load(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        bytes.clear();
        self.file.seek(SeekFrom::Start(0))?;
        (&mut self.file).take(self.len).read_to_end(bytes)?;
        Ok(())
    }
}

/// How large a spool gets.
#[derive(Clone, Debug)]
pub(crate) struct Size {
    pub(crate) segment: u64,
    pub(crate) budget: u64,
    /// A full disk or budget ends it, rather than to drop the oldest.
    pub(crate) stops: bool,
    /// What it shares with others.
    pub(crate) pool: Arc<Pool>,
}

/// What all spools of a process may take together: each an equal share.
#[derive(Debug)]
pub(crate) struct Pool {
    budget: u64,
    spools: AtomicUsize,
}

impl Pool {
    pub(crate) fn new(budget: u64) -> Arc<Self> {
        Arc::new(Self { budget, spools: AtomicUsize::new(0) })
    }
}

impl Default for Size {
    fn default() -> Self {
        Self { segment: 16 << 20, budget: 1 << 30, stops: false, pool: Pool::new(u64::MAX) }
    }
}

impl Size {
    /// Bytes that it may take now: its own budget, or its share where that is less. Two segments always.
    pub(crate) fn share(&self) -> u64 {
        let spools = self.pool.spools.load(Ordering::Relaxed).max(1) as u64;
        self.budget.min(self.pool.budget / spools).max(2 * self.segment)
    }
}

impl Spool {
    /// Begins in this folder, which is made with the first packet.
    pub(crate) fn begin(folder: PathBuf, size: Size) -> Self {
        let (jobs, mut taken) = mpsc::channel(JOBS);
        let counts = Arc::new(Counts::default());
        size.pool.spools.fetch_add(1, Ordering::Relaxed);
        let mut writer = Writer::new(folder, size.clone(), counts.clone());
        tokio::task::spawn_blocking(move || {
            while let Some(job) = taken.blocking_recv() {
                if let Job::End { keep, told } = job {
                    let kept = keep.is_some_and(|folder| writer.keep(&folder));
                    drop(writer);
                    // Whoever asked may have gone.
                    let _ = told.send(kept);
                    return;
                }
                writer.take(job);
            }
        });
        Self { jobs, counts, size }
    }

    /// Gives the writer something to do; waits while it has much.
    pub(crate) async fn give(&self, job: Job) {
        if self.jobs.send(job).await.is_err() {
            tracing::debug!("the spool has ended");
        }
    }

    /// What there is now.
    pub(crate) async fn snapshot(&self) -> Option<Snapshot> {
        let (tell, told) = oneshot::channel();
        self.give(Job::Snapshot(tell)).await;
        told.await.ok()
    }

    /// Erases it.
    pub(crate) async fn end(&self) {
        self.over(None).await;
    }

    /// Ends it, and leaves what there is in this folder; false where nothing is.
    pub(crate) async fn keep(&self, folder: PathBuf) -> bool {
        self.over(Some(folder)).await
    }

    async fn over(&self, keep: Option<PathBuf>) -> bool {
        let (tell, told) = oneshot::channel();
        self.give(Job::End { keep, told: tell }).await;
        // An error says that it has ended already.
        told.await.unwrap_or(false)
    }

    /// Bytes on disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.counts.bytes.load(Ordering::Relaxed)
    }

    /// Packets that were dropped since this was asked last.
    pub(crate) fn take_dropped(&self) -> u64 {
        let dropped = self.dropped();
        dropped.saturating_sub(self.counts.told.swap(dropped, Ordering::Relaxed))
    }

    /// Packets that were dropped ever.
    pub(crate) fn dropped(&self) -> u64 {
        self.counts.dropped.load(Ordering::Relaxed)
    }

    /// Bytes that may be on disk.
    pub(crate) fn budget(&self) -> u64 {
        self.size.share()
    }

    /// The disk is full, or what the tap may have of it: no more packets are kept.
    pub(crate) fn is_full(&self) -> bool {
        self.counts.full.load(Ordering::Relaxed)
    }
}

/// Batches that wait for the disk; more hold the agents back.
const JOBS: usize = 32;

#[cfg(test)]
mod tests;
