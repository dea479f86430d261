#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write;

use super::{Image, archive};

/// A tar archive of these members.
fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, bytes) in members {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

#[test]
fn cap_30c_an_embedded_archive_says_what_it_is() {
    let manifest = br#"[{"Config":"ab12.json","RepoTags":["images.invalid/qd-agent:1"],"Layers":["x/layer.tar"]}]"#;
    let config = br#"{"architecture":"arm64","os":"linux"}"#;
    let bytes = tar(&[("x/layer.tar", &[7; 1000]), ("ab12.json", config), ("manifest.json", manifest)]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bytes).unwrap();
    let image = Image::read(&packed.finish().unwrap()).unwrap();
    assert_eq!(
        (image.name.as_str(), image.id.as_str(), image.arch.as_str()),
        ("images.invalid/qd-agent:1", "sha256:ab12", "arm64")
    );
    assert_eq!(image.archive, bytes);
}

#[test]
fn members_are_found_and_a_cut_archive_has_none() {
    let bytes = tar(&[("a", b"one"), ("b", b""), ("c", &[1; 513])]);
    assert_eq!(archive::find(&bytes, "a"), Some(&b"one"[..]));
    assert_eq!(archive::find(&bytes, "b"), Some(&b""[..]));
    assert_eq!(archive::find(&bytes, "c"), Some(&[1; 513][..]));
    assert_eq!(archive::find(&bytes, "d"), None);
    assert_eq!(archive::find(&bytes[..1600], "c"), None);
    assert_eq!(archive::find(&[], "a"), None);
}
