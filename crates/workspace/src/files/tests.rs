#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::zip::{Head, Zip};
use super::{FilePath, Part, Range};
use std::process::Command;

#[test]
fn ar_07d_paths_begin_in_the_home_or_are_whole_and_can_be_paths() {
    for (said, meant) in [
        ("", "."),
        (".", "."),
        ("~", "."),
        ("~/", "."),
        ("~//", "."),
        ("~/a b", "a b"),
        ("~//etc", "etc"),
        ("a/../b", "a/../b"),
        ("/", "/"),
        ("/etc/hosts", "/etc/hosts"),
        ("~anna", "~anna"),
        ("-rf;$(x)\n\"'", "-rf;$(x)\n\"'"),
    ] {
        assert_eq!(FilePath::parse(said).unwrap().text(), meant, "{said:?}");
    }
    for wrong in ["a\0b".to_owned(), "\0".to_owned(), "/a".repeat(2049), format!("/{}", "n".repeat(256))] {
        assert!(FilePath::parse(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn ar_07e_a_range_is_what_the_file_has_of_it() {
    for (range, size, bytes) in [
        (Range::Part(0, 10), 100, Some((0, 10))),
        (Range::Part(90, 200), 100, Some((90, 100))),
        (Range::Part(100, 200), 100, None),
        (Range::From(99), 100, Some((99, 100))),
        (Range::From(100), 100, None),
        (Range::Last(5), 100, Some((95, 100))),
        (Range::Last(500), 100, Some((0, 100))),
        (Range::Last(0), 100, None),
        (Range::Last(1), 0, None),
        (Range::From(0), 0, None),
    ] {
        assert_eq!(range.within(size), bytes, "{range:?} of {size}");
    }
}

#[test]
fn ar_07f_names_of_uploads_are_no_paths() {
    for good in ["abcdefgh", "0123-4567_89AB", &"x".repeat(64)] {
        assert!(Part::is_name(good), "{good}");
    }
    for bad in ["", "short", "../../x/../", "abcdefg/h", "abcdefgh.", "abcdefgh\0", &"x".repeat(65)] {
        assert!(!Part::is_name(bad), "{bad}");
    }
}

#[test]
fn ar_07g_an_archive_is_what_other_programs_take_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let long: Vec<u8> = (0..300_000u32).flat_map(|at| (at.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
    let files: [(&str, u32, &[u8]); 5] = [
        ("box/", 0o040_755, b""),
        ("box/empty", 0o100_600, b""),
        ("box/ä b\"c", 0o100_755, b"text\n"),
        ("box/long", 0o100_644, &long),
        ("box/link", 0o120_777, b"empty"),
    ];
    let (mut zip, mut out) = (Zip::default(), Vec::new());
    for (name, mode, bytes) in files {
        let name = name.as_bytes().to_vec();
        // A size from which numbers would not fit is written in the large form, whatever comes.
        let size = if name.ends_with(b"long") { u64::from(u32::MAX) } else { bytes.len() as u64 };
        out.extend(zip.begin(Head { name, mode, changed: 1_700_000_000, size }));
        for piece in bytes.chunks(70_000) {
            out.extend(zip.data(piece).unwrap());
        }
        out.extend(zip.end().unwrap());
    }
    out.extend(zip.finish());
    let archive = folder.path().join("a.zip");
    std::fs::write(&archive, out).unwrap();
    let script = "import zipfile,sys,os\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
        print([(i.filename,oct(i.external_attr>>16),i.file_size) for i in z.infolist()])\nz.extractall(sys.argv[2])";
    let said = Command::new("python3").args(["-c", script]).arg(&archive).arg(folder.path()).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let listed = String::from_utf8_lossy(&said.stdout);
    assert!(listed.contains("('box/ä b\"c', '0o100755', 5)") || listed.contains("ä b\"c"), "{listed}");
    assert!(listed.contains("'0o120777'") && listed.contains("'0o100600'"), "{listed}");
    assert_eq!(std::fs::read(folder.path().join("box/long")).unwrap(), long);
    assert_eq!(std::fs::read(folder.path().join("box/ä b\"c")).unwrap(), b"text\n");
}
