#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Folder, Job, Size, Spool};
use pcap::manifest::Checker;
use pcap::{Item, Reader, Step};
use proto::capture::codec::{PacketView, put_packet};
use proto::capture::{Interface, PacketBatch};
use std::path::Path;

fn interfaces(pod: usize) -> Job {
    let all = vec![Interface {
        index: 2,
        name: "eth0".to_owned(),
        link: 1,
        addresses: vec![vec![10, 0, 0, pod as u8]],
        ..Interface::default()
    }];
    Job::Interfaces { pod, named: format!("shop/pod-{pod}"), filter: "port 80".to_owned(), all }
}

/// Packets of one pod, from this second on.
fn batch(pod: usize, second: u64, count: u32, len: usize) -> Job {
    let (base_ns, mut before, mut bytes) = (second * 1_000_000_000, second * 1_000_000_000, Vec::new());
    for at in 0..u64::from(count) {
        let ts_ns = base_ns + at * 1_000;
        let view = PacketView { ts_ns, orig_len: len as u32 + 9, flags: (at % 8) as u32, bytes: &vec![at as u8; len] };
        put_packet(before, &view, &mut bytes);
        before = ts_ns;
    }
    Job::Packets { pod, batch: PacketBatch { interface: 2, base_ns, first: 0, packets: bytes.into(), count } }
}

fn small() -> Size {
    Size { segment: 64 << 10, budget: 512 << 10, ..Size::default() }
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Packets of a capture file; it has no damage.
fn count(bytes: &[u8]) -> u64 {
    let (mut reader, mut at, mut packets) = (Reader::new(), 0, 0);
    loop {
        match reader.next(&bytes[at..], true).unwrap() {
            Step::Item { used, item } => {
                at += used;
                match item {
                    Item::Packet(_) => packets += 1,
                    Item::Damage(damage) => panic!("{damage:?}"),
                    _ => {}
                }
            }
            Step::More { used, .. } => at += used,
            Step::End => return packets,
        }
    }
}

#[tokio::test]
async fn cap_45b_segments_are_whole_files_for_their_owner_and_the_oldest_is_dropped_and_told() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("tap");
    let spool = Spool::begin(folder.clone(), small());
    let (mut given, mut dropped) = (0, 0);
    for pod in [0, 1] {
        spool.give(interfaces(pod)).await;
    }
    for second in 1..=60 {
        spool.give(batch(second as usize % 2, second, 20, 1_000)).await;
        given += 20;
    }
    let snapshot = spool.snapshot().await.unwrap();
    dropped += spool.take_dropped();
    assert!(dropped > 0 && spool.take_dropped() == 0, "what was dropped is told once");
    assert!(spool.bytes() <= 512 << 10, "{}", spool.bytes());
    assert_eq!(snapshot.interfaces.len(), 2);
    let mut kept = 0;
    for mut segment in snapshot.segments {
        let mut all = Vec::new();
        segment.load(&mut all).unwrap();
        assert_eq!(all.len() as u64, segment.file.metadata().unwrap().len());
        kept += count(&all);
    }
    assert_eq!(kept + dropped, given);
    spool.end().await;
    assert!(!folder.exists(), "{:?}", files(&folder));
}

#[cfg(unix)]
#[tokio::test]
async fn cap_50a_packets_are_for_their_owner_alone_and_erased_at_the_end() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("tap");
    let spool = Spool::begin(folder.clone(), small());
    spool.give(interfaces(0)).await;
    for second in 1..=5 {
        spool.give(batch(0, second, 20, 1000)).await;
    }
    spool.snapshot().await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let names = files(&folder);
    assert!(names.len() >= 2, "{names:?}");
    assert!(names.iter().all(|name| mode(&folder.join(name)) == 0o600), "{names:?}");
    assert_eq!(mode(&folder), 0o700);
    spool.end().await;
    assert!(!folder.exists(), "{:?}", files(&folder));
}

#[cfg(unix)]
#[tokio::test]
async fn cap_50b_what_is_to_be_kept_stays_whole_elsewhere_and_nothing_is_made_of_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let (folder, kept) = (home.path().join("tap"), home.path().join("kept").join("tap"));
    let spool = Spool::begin(folder.clone(), small());
    spool.give(interfaces(0)).await;
    for second in 1..=5 {
        spool.give(batch(0, second, 20, 1_000)).await;
    }
    assert!(spool.keep(kept.clone()).await);
    assert!(!folder.exists());
    let names = files(&kept);
    assert!(names.len() >= 2 && names.len().is_multiple_of(2), "{names:?}");
    let mut packets = 0;
    for name in &names {
        let mode = std::fs::metadata(kept.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
        let Some(segment) = name.strip_suffix(".manifest") else { continue };
        let bytes = std::fs::read(kept.join(segment)).unwrap();
        packets += count(&bytes);
        let mut checker = Checker::new(&std::fs::read_to_string(kept.join(name)).unwrap()).unwrap();
        checker.bytes(&bytes);
        let report = checker.end();
        assert!(report.is_whole(), "{report:?}");
    }
    assert_eq!(packets, 100);
    let (none, nowhere) = (home.path().join("none"), home.path().join("nowhere"));
    let spool = Spool::begin(none.clone(), small());
    assert!(!spool.keep(nowhere.clone()).await);
    assert!(!none.exists() && !nowhere.exists());
}

#[tokio::test]
async fn cap_n_27e_the_manifests_of_segments_are_one_chain_and_name_what_was_changed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("tap");
    let spool = Spool::begin(folder.clone(), small());
    spool.give(interfaces(0)).await;
    for second in 1..=10 {
        spool.give(batch(0, second, 20, 1_000)).await;
    }
    spool.snapshot().await.unwrap();
    let report = |name: &str, change: Option<usize>| {
        let manifest = std::fs::read_to_string(folder.join(format!("{name}.manifest"))).unwrap();
        let mut bytes = std::fs::read(folder.join(name)).unwrap();
        if let Some(at) = change {
            bytes[at] ^= 1;
        }
        let mut checker = Checker::new(&manifest).unwrap();
        checker.bytes(&bytes);
        (checker.end(), manifest)
    };
    let (first, _) = report("000001.pcapng", None);
    assert!(first.is_whole(), "{first:?}");
    let (_, second) = report("000002.pcapng", None);
    assert!(second.contains(&format!("\"before\":\"{}\"", first.last.unwrap())), "{second}");
    let (changed, _) = report("000001.pcapng", Some(5_000));
    assert!(changed.changed.iter().any(|range| range.contains(&5_000)), "{changed:?}");
    spool.end().await;
}

#[tokio::test]
async fn reset_erases_packets_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("tap");
    let spool = Spool::begin(folder.clone(), small());
    spool.give(interfaces(0)).await;
    spool.give(batch(0, 1, 10, 100)).await;
    spool.give(Job::Reset).await;
    let snapshot = spool.snapshot().await.unwrap();
    assert_eq!((snapshot.segments.len(), spool.bytes(), files(&folder)), (0, 0, Vec::<String>::new()));
    spool.give(batch(0, 2, 10, 100)).await;
    let snapshot = spool.snapshot().await.unwrap();
    assert_eq!((snapshot.segments.len(), snapshot.interfaces.len()), (1, 1));
    drop(spool);
}

#[test]
fn what_a_killed_process_left_is_erased_and_what_a_running_one_has_is_not() {
    let home = tempfile::tempdir().unwrap();
    let parent = home.path().join("taps");
    let other = Folder::make(&parent, "run-1").unwrap();
    std::fs::write(other.join("000001.pcapng"), b"packets").unwrap();
    let left = parent.join("run-2");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("lock"), b"").unwrap();
    std::fs::write(left.join("000001.pcapng"), b"packets").unwrap();
    let own = Folder::make(&parent, "run-3").unwrap();
    assert_eq!(files(&parent), ["run-1", "run-3"]);
    assert!(other.join("000001.pcapng").exists());
    drop((own, other));
    assert_eq!(files(&parent), Vec::<String>::new());
}

/// A file system of its own, as small as a full disk.
struct Small(tempfile::TempDir);

impl Small {
    fn mount(bytes: u64) -> Self {
        let home = tempfile::tempdir().unwrap();
        let size = format!("size={bytes}");
        let words = ["-t", "tmpfs", "-o", &size, "qd-test"];
        let mounted = std::process::Command::new("mount").args(words).arg(home.path()).output().unwrap();
        assert!(
            mounted.status.success(),
            "a small file system cannot be mounted: run the tests as root. {}",
            String::from_utf8_lossy(&mounted.stderr)
        );
        Self(home)
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("tap")
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Packets in whole segments, each a capture file by itself.
async fn kept(spool: &Spool) -> u64 {
    let mut kept = 0;
    for mut segment in spool.snapshot().await.unwrap().segments {
        let mut all = Vec::new();
        segment.load(&mut all).unwrap();
        assert_eq!(all.len() as u64, segment.file.metadata().unwrap().len(), "what is on disk is whole blocks");
        kept += count(&all);
    }
    kept
}

/// Every segment is as its manifest says, and they are one chain.
fn is_chain(folder: &Path) {
    for name in files(folder).iter().filter(|name| name.ends_with(".pcapng")) {
        let manifest = std::fs::read_to_string(folder.join(format!("{name}.manifest"))).unwrap();
        let mut checker = Checker::new(&manifest).unwrap();
        checker.bytes(&std::fs::read(folder.join(name)).unwrap());
        let report = checker.end();
        assert!(report.changed.is_empty(), "{name}: {report:?}");
    }
}

#[tokio::test]
async fn cap_f_13a_on_a_full_disk_the_oldest_packets_make_room_and_are_told() {
    let disk = Small::mount(400 << 10);
    // Its budget is more than there is.
    let spool = Spool::begin(disk.path(), Size { budget: 64 << 20, ..small() });
    spool.give(interfaces(0)).await;
    let mut given = 0;
    for second in 1..=100 {
        spool.give(batch(0, second, 20, 1_000)).await;
        given += 20;
    }
    let kept = self::kept(&spool).await;
    assert!(kept > 100, "the newest are there: {kept}");
    assert_eq!(kept + spool.take_dropped(), given);
    assert!(!spool.is_full(), "it goes on");
    is_chain(&disk.path());
    // Somebody else takes all of it: what comes is dropped, what is there stays whole, and it goes on when there is room.
    let other = disk.0.path().join("other");
    spool.give(Job::Reset).await;
    spool.snapshot().await.unwrap();
    let filled = std::fs::write(&other, vec![0; 500 << 10]);
    assert!(filled.is_err(), "the disk is full");
    spool.give(batch(0, 200, 20, 1_000)).await;
    assert_eq!((self::kept(&spool).await, spool.is_full(), spool.take_dropped()), (0, true, 20));
    std::fs::remove_file(&other).unwrap();
    spool.give(batch(0, 201, 20, 1_000)).await;
    assert_eq!((self::kept(&spool).await, spool.is_full(), spool.take_dropped()), (20, false, 0));
    spool.end().await;
}

#[tokio::test]
async fn cap_f_13b_where_a_full_disk_is_the_end_the_first_packets_stay() {
    let disk = Small::mount(300 << 10);
    let spool = Spool::begin(disk.path(), Size { budget: 64 << 20, stops: true, ..small() });
    spool.give(interfaces(0)).await;
    for second in 1..=40 {
        spool.give(batch(0, second, 20, 1_000)).await;
    }
    let kept = self::kept(&spool).await;
    assert!(spool.is_full() && kept > 100, "{kept}");
    assert_eq!(kept + spool.take_dropped(), 800);
    is_chain(&disk.path());
    assert!(files(&disk.path()).contains(&"000001.pcapng".to_owned()), "the oldest is there");
    // Emptied, it begins anew.
    spool.give(Job::Reset).await;
    spool.give(batch(0, 100, 20, 1_000)).await;
    assert_eq!((self::kept(&spool).await, spool.is_full()), (20, false));
    spool.end().await;

    // The same at the budget of the tap.
    let home = tempfile::tempdir().unwrap();
    let spool = Spool::begin(home.path().join("tap"), Size { stops: true, ..small() });
    spool.give(interfaces(0)).await;
    for second in 1..=60 {
        spool.give(batch(0, second, 20, 1_000)).await;
    }
    let kept = self::kept(&spool).await;
    assert!(spool.is_full() && spool.bytes() <= 512 << 10, "{}", spool.bytes());
    assert_eq!(kept + spool.take_dropped(), 1_200);
    spool.end().await;
}

#[tokio::test]
async fn cap_45c_taps_share_one_budget_so_that_many_do_not_fill_the_disk() {
    let home = tempfile::tempdir().unwrap();
    let pool = super::Pool::new(1 << 20);
    let size = Size { budget: 1 << 20, pool, ..small() };
    let mut spools = Vec::new();
    for number in 0..4 {
        let spool = Spool::begin(home.path().join(number.to_string()), size.clone());
        spool.give(interfaces(0)).await;
        for second in 1..=60 {
            spool.give(batch(0, second, 20, 1_000)).await;
        }
        spools.push(spool);
        for spool in &spools {
            spool.give(Job::Shrink).await;
            spool.snapshot().await.unwrap();
        }
        let all: u64 = spools.iter().map(Spool::bytes).sum();
        assert!(all <= 1 << 20, "{number}: {all}");
        assert!(spools.iter().all(|spool| spool.bytes() > 100_000), "each has its share");
    }
    assert_eq!(spools[0].budget(), 256 << 10);
    let last = spools.pop().unwrap();
    for gone in spools {
        gone.end().await;
    }
    assert_eq!(last.budget(), 1 << 20, "what others leave is its");
    last.end().await;
}
