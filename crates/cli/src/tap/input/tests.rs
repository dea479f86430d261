#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write;

use super::Input;

/// Everything that comes out, taken in pieces.
fn all(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    let mut input = Input::open(path)?;
    let mut out = Vec::new();
    loop {
        input.fill(100_001)?;
        if input.bytes().is_empty() {
            assert!(input.ended());
            return Ok(out);
        }
        let len = input.bytes().len().min(70_000);
        out.extend_from_slice(&input.bytes()[..len]);
        input.consume(len);
    }
}

fn sample() -> Vec<u8> {
    (0..3_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8 & 0x3f).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn cap_n_23g_gzip_and_zstd_of_several_parts_are_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let bytes = sample();
    let (first, second) = bytes.split_at(1_000_000);
    // a frame of the user's own between two frames
    let skipped = [0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3].to_vec();
    for packed in [
        bytes.clone(),
        gzip(&bytes),
        [gzip(first), gzip(second)].concat(),
        zstd(&bytes),
        [zstd(first), skipped.clone(), zstd(second)].concat(),
        [skipped, zstd(&bytes)].concat(),
    ] {
        std::fs::write(&path, &packed).unwrap();
        assert!(all(&path).unwrap() == bytes, "{:x?}", &packed[..4]);
    }
}

#[test]
fn a_compressed_file_that_was_cut_gives_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let bytes = sample();
    let packed = gzip(&bytes);
    std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    let got = all(&path).unwrap();
    assert!(got.len() > 500_000 && bytes.starts_with(&got));
}

#[test]
fn folders_and_missing_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let kind = |path: &std::path::Path| Input::open(path).err().map(|error| error.kind());
    assert_eq!(kind(folder.path()), Some(std::io::ErrorKind::IsADirectory));
    assert_eq!(kind(&folder.path().join("none")), Some(std::io::ErrorKind::NotFound));
}
