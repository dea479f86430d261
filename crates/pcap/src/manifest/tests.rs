#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::single_range_in_vec_init
)]

use super::{Checker, Ledger, Report};

/// A file and its manifest.
fn made(len: usize) -> (Vec<u8>, String) {
    let file: Vec<u8> = (0..len as u64).map(|at| (at.wrapping_mul(2_654_435_761) >> 7) as u8).collect();
    let mut lines = Vec::new();
    let mut ledger = Ledger::begin("a \"file\".pcapng", None, &mut lines);
    // in pieces that fit nothing
    file.chunks(77_777).for_each(|piece| ledger.bytes(piece, &mut lines));
    ledger.end(&mut lines);
    (file, String::from_utf8(lines).unwrap())
}

fn check(file: &[u8], manifest: &str) -> Report {
    let mut checker = Checker::new(manifest).unwrap();
    file.chunks(50_001).for_each(|piece| checker.bytes(piece));
    checker.end()
}

const MIB: u64 = 1 << 20;

#[test]
fn cap_n_27c_a_file_as_it_was_written_is_whole() {
    for len in [0, 1, MIB as usize, 3 * MIB as usize + 5] {
        let (file, manifest) = made(len);
        let report = check(&file, &manifest);
        assert!(report.is_whole(), "{len}: {report:?}");
        assert_eq!(report.bytes, len as u64);
        assert_eq!(manifest.lines().count(), 2 + len.div_ceil(MIB as usize));
    }
}

#[test]
fn cap_n_27d_every_changed_byte_range_is_named() {
    let (file, manifest) = made(4 * MIB as usize + 100);
    for at in [0, MIB - 1, MIB, 3 * MIB + 9, 4 * MIB + 99] {
        let mut other = file.clone();
        other[at as usize] ^= 1;
        let start = at / MIB * MIB;
        let report = check(&other, &manifest);
        assert_eq!(report.changed, [start..(start + MIB).min(file.len() as u64)], "{at}");
        assert!(!report.is_whole() && report.broken.is_empty());
    }
    let mut other = file.clone();
    other[MIB as usize - 1..=MIB as usize].fill(9);
    assert_eq!(check(&other, &manifest).changed, [0..2 * MIB], "neighbours are one range");
    // cut, and grown
    let report = check(&file[..3 * MIB as usize], &manifest);
    assert_eq!((report.missing, report.changed.len()), (Some(3 * MIB..4 * MIB + 100), 0));
    let report = check(&file[..3 * MIB as usize + 7], &manifest);
    assert_eq!(report.changed, [3 * MIB..3 * MIB + 7]);
    let report = check(&[&file[..], b"more"].concat(), &manifest);
    assert_eq!(report.uncovered, Some(4 * MIB + 100..4 * MIB + 104));
}

#[test]
fn cap_n_27e_a_changed_manifest_is_named_by_its_line() {
    let (file, manifest) = made(3 * MIB as usize);
    let lines: Vec<&str> = manifest.lines().collect();
    // a segment made anew with its own right hash: the links after it tell
    let other = made(1).1;
    let forged = other.lines().nth(1).unwrap().replace("\"len\":1", &format!("\"len\":{MIB}"));
    let with = |at: usize, line: &str| {
        let mut lines = lines.clone();
        lines[at] = line;
        lines.join("\n")
    };
    let report = check(&file, &with(1, &forged));
    assert_eq!((report.broken.clone(), report.changed.clone()), (vec![2, 3], vec![0..MIB]), "{report:?}");
    assert_eq!(check(&file, &with(2, "{}")).broken[0], 3);
    // without its end the file was cut short, and what is behind the last segment is not covered
    let cut = lines[..3].join("\n");
    let report = check(&file, &cut);
    assert!(!report.ended && report.uncovered == Some(2 * MIB..3 * MIB) && !report.is_whole());
    assert!(Checker::new("").is_none() && Checker::new("{}").is_none() && Checker::new("\n\n").is_none());
}

#[test]
fn cap_n_27f_files_that_follow_each_other_are_one_chain() {
    let (mut first, mut second, mut again) = (Vec::new(), Vec::new(), Vec::new());
    let link = Ledger::begin("1", None, &mut first).end(&mut first);
    Ledger::begin("2", Some(link), &mut second).end(&mut second);
    Ledger::begin("2", None, &mut again).end(&mut again);
    let last = |lines: Vec<u8>| Checker::new(&String::from_utf8(lines).unwrap()).unwrap().end();
    let (joined, alone) = (last(second), last(again));
    assert!(joined.is_whole() && alone.is_whole());
    assert_ne!(joined.last, alone.last);
}
