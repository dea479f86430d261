#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;

fn spec(dir: &Path) -> ImageSpec {
    fs::write(dir.join("tool"), b"program").unwrap();
    ImageSpec {
        name: "images.invalid/tool:1".to_owned(),
        entrypoint: vec!["/usr/bin/tool".to_owned()],
        env: vec![("A".to_owned(), "b".to_owned())],
        layers: vec![Layer::Files(vec![
            File::Copy { from: dir.join("tool"), to: "/usr/bin/tool".to_owned(), mode: 0o755 },
            File::Text { content: "a=b".to_owned(), to: "/etc/tool/settings".to_owned(), mode: 0o600 },
        ])],
        ..ImageSpec::default()
    }
}

fn entries(bytes: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
    tar::Archive::new(bytes)
        .entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap(), content)
        })
        .collect()
}

#[test]
fn the_same_input_gives_the_same_archive() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("one.tar"), dir.path().join("two.tar"));
    write(&spec(dir.path()), &one).unwrap();
    write(&spec(dir.path()), &two).unwrap();
    assert_eq!(fs::read(one).unwrap(), fs::read(&two).unwrap());
    // one that is the same stays, one that is not is replaced
    let made = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1);
    FsFile::options().append(true).open(&two).unwrap().set_modified(long_ago).unwrap();
    write(&spec(dir.path()), &two).unwrap();
    assert_eq!(made(&two), long_ago);
    write(&ImageSpec { name: "images.invalid/tool:2".to_owned(), ..spec(dir.path()) }, &two).unwrap();
    assert_ne!(made(&two), long_ago);
}

#[test]
fn manifest_config_and_layer_agree() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("image.tar");
    write(&spec(dir.path()), &out).unwrap();
    let archive = entries(&fs::read(out).unwrap());
    let find = |path: &str| archive.iter().find(|(p, ..)| p == path).map(|(.., c)| c.clone()).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&find("manifest.json")).unwrap();
    assert_eq!(manifest[0]["RepoTags"][0], "images.invalid/tool:1");
    let config: serde_json::Value = serde_json::from_slice(&find(manifest[0]["Config"].as_str().unwrap())).unwrap();
    let layer = find(manifest[0]["Layers"][0].as_str().unwrap());
    assert_eq!(config["rootfs"]["diff_ids"][0], format!("sha256:{}", hex::encode(Sha256::digest(&layer))));
    assert_eq!(config["config"]["Env"][1], "A=b");
    let inside = entries(&layer);
    assert!(inside.contains(&("usr/bin/tool".to_owned(), 0o755, b"program".to_vec())));
    assert!(inside.contains(&("etc/tool/settings".to_owned(), 0o600, b"a=b".to_vec())));
    for folder in ["usr/", "usr/bin/", "etc/", "etc/tool/"] {
        assert_eq!(inside.iter().filter(|(p, ..)| p == folder).count(), 1, "{folder}");
    }
}

#[test]
fn a_missing_file_is_named_and_leaves_no_archive() {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = spec(dir.path());
    fs::remove_file(dir.path().join("tool")).unwrap();
    spec.layers.push(Layer::Tar(dir.path().join("absent.tar")));
    let out = dir.path().join("image.tar");
    let error = format!("{:#}", write(&spec, &out).unwrap_err());
    assert!(error.contains("tool"), "{error}");
    assert!(!out.exists());
}

#[test]
fn cap_30e_an_image_says_for_which_processors_it_is() {
    let dir = tempfile::tempdir().unwrap();
    for (arch, said) in [(None, "amd64"), (Some("arm64"), "arm64")] {
        let out = dir.path().join("image.tar");
        write(&ImageSpec { arch, ..spec(dir.path()) }, &out).unwrap();
        let archive = entries(&fs::read(out).unwrap());
        let manifest: serde_json::Value =
            serde_json::from_slice(&archive.iter().find(|(path, ..)| path == "manifest.json").unwrap().2).unwrap();
        let config = manifest[0]["Config"].as_str().unwrap();
        let about = &archive.iter().find(|(path, ..)| path == config).unwrap().2;
        assert_eq!(serde_json::from_slice::<serde_json::Value>(about).unwrap()["architecture"], said);
    }
}
