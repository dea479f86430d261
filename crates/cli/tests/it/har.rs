//! `qd tap har` against an independent validator of HTTP archives.

use std::path::PathBuf;
use std::process::Command;

use crate::{capture::web, tap};

/// The validator from the npm registry, installed once below the target folder.
fn validator() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("har-validator");
    if !folder.join("node_modules/har-validator").is_dir() {
        let words =
            ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", "har-validator@5.1.5", "--prefix"];
        let installed = Command::new("npm").args(words).arg(&folder).status();
        let installed = installed.expect("npm is missing: install Node 20 or later");
        assert!(installed.success(), "npm cannot install har-validator 5.1.5");
    }
    folder
}

const SCRIPT: &str = "
const { har } = require('har-validator');
const archive = JSON.parse(require('fs').readFileSync(0, 'utf8'));
har(archive).then(
    () => console.log('valid'),
    (error) => { console.error(JSON.stringify(error.errors)); process.exit(1); },
);";

/// What the validator says of an archive.
fn verdict(archive: &str) -> Result<(), String> {
    use std::io::Write;
    let mut child = Command::new("node")
        .args(["-e", SCRIPT])
        .current_dir(validator())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("node is missing: install Node 20 or later");
    child.stdin.take().unwrap().write_all(archive.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn cap_n_18f_the_archive_is_valid_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = web(folder.path());
    let (out, error) = tap(&["har", "--read", path.to_str().unwrap()]);
    assert!(error.is_none(), "{error:?}");
    verdict(&out).unwrap();
    // it can tell
    let broken = out.replacen("\"startedDateTime\"", "\"started\"", 1);
    assert!(verdict(&broken).unwrap_err().contains("startedDateTime"));
}
