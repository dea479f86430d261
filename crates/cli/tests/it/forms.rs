//! Every form of one capture gives the same records; what is no capture, or damaged, is told.

use std::path::Path;

use crate::{capture::web, code, run, tap};

fn read(path: &Path) -> String {
    let (out, error) = tap(&["--read", path.to_str().unwrap(), "-o", "jsonl", "--no-redact"]);
    assert!(error.is_none(), "{}: {error:?}", path.display());
    out
}

#[test]
fn cap_n_23i_every_form_gives_exactly_the_same_records() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = web(folder.path());
    let expected = read(&path);
    assert!(expected.lines().count() > 140);
    let plain = path.to_str().unwrap();
    for form in ["pcapng", "nsecpcap", "modpcap"] {
        let to = folder.path().join(form);
        run("editcap", &["-F", form, plain, to.to_str().unwrap()]);
        assert!(read(&to) == expected, "{form}");
    }
    run("gzip", &["-k", plain]);
    run("zstd", &["-q", plain]);
    for packed in [format!("{plain}.gz"), format!("{plain}.zst")] {
        assert!(read(Path::new(&packed)) == expected, "{packed}");
    }
    // a section in the other byte order, by hand: the classic header and records with every number turned round
    let turned = folder.path().join("turned.pcap");
    std::fs::write(&turned, other_order(&std::fs::read(&path).unwrap())).unwrap();
    assert!(read(&turned) == expected, "the other byte order");
}

fn other_order(file: &[u8]) -> Vec<u8> {
    let mut out = file.to_vec();
    let turn = |out: &mut Vec<u8>, at: usize, len: usize| out[at..at + len].reverse();
    for (at, len) in [(0, 4), (4, 2), (6, 2), (8, 4), (12, 4), (16, 4), (20, 4)] {
        turn(&mut out, at, len);
    }
    let mut at = 24;
    while at < file.len() {
        let kept = u32::from_le_bytes(file[at + 8..at + 12].try_into().unwrap()) as usize;
        (0..4).for_each(|word| turn(&mut out, at + word * 4, 4));
        at += 16 + kept;
    }
    out
}

#[test]
fn cap_f_20_what_is_no_capture_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    for path in [file("empty", b""), file("text", b"no capture at all"), folder.path().to_str().unwrap().to_owned()] {
        let (out, error) = tap(&["--read", &path, "-o", "json"]);
        assert_eq!((out.as_str(), code(error)), ("", ("not_a_capture", 2)), "{path}");
    }
    let (_, error) = tap(&["--read", &file("x", b"")[1..]]);
    assert_eq!(code(error), ("not_found", 4));
    let header = [&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0][..], &[0; 8], &[0, 0, 4, 0], &[1, 0, 0, 0]].concat();
    let (out, error) = tap(&["--read", &file("header", &header), "-o", "jsonl"]);
    assert!(out.is_empty() && error.is_none(), "a header alone is an empty capture");
}

#[test]
fn cap_f_19i_damage_is_told_after_everything_else_was_used() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = web(folder.path());
    let whole = read(&path).lines().filter(|line| line.contains("\"kind\":\"http\"")).count();
    let mut bytes = std::fs::read(&path).unwrap();
    // from the begin of a record near the middle on
    let kept = |at: usize| u32::from_le_bytes(bytes[at + 8..at + 12].try_into().unwrap()) as usize;
    let mut middle = 24;
    while middle < bytes.len() / 2 {
        middle += 16 + kept(middle);
    }
    bytes[middle..middle + 500].fill(0xff);
    let broken = folder.path().join("broken.pcap");
    std::fs::write(&broken, &bytes).unwrap();
    let (out, error) = tap(&["--read", broken.to_str().unwrap(), "-o", "jsonl"]);
    let details = base::Coded::details(error.as_ref().unwrap()).unwrap();
    assert!(details["at"] == middle && details["bytes"].as_u64().unwrap() >= 500);
    assert_eq!(code(error), ("capture_damaged", 1));
    let left = out.lines().filter(|line| line.contains("\"kind\":\"http\"")).count();
    assert!(left + 4 >= whole && left <= whole, "{left} of {whole} transactions");
    // a cut last packet is no failure
    std::fs::write(&broken, &bytes[..middle - 1]).unwrap();
    let (out, error) = tap(&["--read", broken.to_str().unwrap(), "-o", "jsonl"]);
    assert!(error.is_none() && out.lines().count() > 50);
}

/// A block of a pcapng section.
fn block(big: bool, kind: u32, body: &[u8]) -> Vec<u8> {
    let word = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    let len = word(body.len() as u32 + 12);
    [&word(kind)[..], &len, body, &len].concat()
}

/// A section of one raw IP interface with nanoseconds and no snap length, and packets at these times.
fn section(big: bool, times: &[u64]) -> Vec<u8> {
    let word = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    let half = |value: u16| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    let head = [&word(0x1a2b_3c4d)[..], &half(1), &half(0), &[0xff; 8]].concat();
    let about = [&half(101)[..], &half(0), &word(0), &half(9), &half(1), &[9, 0, 0, 0]].concat();
    let mut out = [block(big, 0x0a0d_0d0a, &head), block(big, 1, &about)].concat();
    // an ICMP echo
    let packet = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 8, 0, 0, 0, 0, 1, 0, 1];
    for ns in times {
        let fixed = [0, (ns >> 32) as u32, *ns as u32, 28, 28].map(word).concat();
        out.extend(block(big, 6, &[&fixed[..], &packet].concat()));
    }
    out
}

#[test]
fn cap_f_19_every_damage_of_a_capture_is_survived_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcapng");
    let at = |seconds: u64| (1_700_000_000 + seconds) * 1_000_000_000;
    let times: Vec<u64> = (0..6).map(at).collect();
    let good = section(false, &times);
    let one = block(false, 6, &[0; 48]).len();
    let third = good.len() - 4 * one;
    let with = |place: usize, bytes: &[u8]| {
        let mut out = good.clone();
        out[place..place + bytes.len()].copy_from_slice(bytes);
        out
    };
    let mut unknown = good.clone();
    unknown.splice(third..third, block(false, 0x77, &[1; 40]));
    let cases = [
        // what it is, the file, packets used, the damage told
        ("whole", good.clone(), 6, None),
        ("an unknown block", unknown, 6, None),
        ("both byte orders", [section(false, &times), section(true, &times)].concat(), 12, None),
        ("cut in the last packet", good[..good.len() - 7].to_vec(), 5, None),
        ("a bad block length", with(third + 4, &[0xff; 4]), 5, Some(third)),
        ("a length that is too short", with(third + 4, &[8, 0, 0, 0]), 5, Some(third)),
        ("a length that leads astray", with(third + 4, &[0, 1, 0, 0]), 5, Some(third)),
        ("a negative time", with(third + 12, &[0xff; 8]), 5, Some(third)),
    ];
    for (what, file, used, damage) in cases {
        std::fs::write(&path, file).unwrap();
        let (out, error) = tap(&["stats", "--read", path.to_str().unwrap(), "-o", "json"]);
        let told = error.as_ref().and_then(base::Coded::details).and_then(|details| details["at"].as_u64());
        assert_eq!(told, damage.map(|at| at as u64), "{what}: {error:?}");
        if error.is_some() {
            assert_eq!(code(error), ("capture_damaged", 1), "{what}");
        }
        let stats: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{what}: no counts"));
        assert_eq!(stats["packets"], used, "{what}");
    }
}
