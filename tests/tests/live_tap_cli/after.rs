//! What a tap leaves, and what it hands on: packets that are kept, commands that get records.

use e2e::tapping::{FRONT, alone, tap};
use e2e::{errors, out};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Capture files below a folder.
fn captures(home: &Path) -> Vec<PathBuf> {
    let found = Command::new("find").arg(home).args(["-name", "*.pcapng*", "-type", "f"]).output().unwrap();
    out(&found).lines().map(PathBuf::from).collect()
}

#[test]
fn cap_50c_nothing_stays_of_a_tap_but_what_is_to_be_kept_for_its_owner_alone() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let words = ["-n", "shop", "-l", FRONT, "-o", "jsonl", "--duration", "3"];
    let output = tap(home.path(), &[&words[..], &["--packets", "masked"]].concat()).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(captures(home.path()), Vec::<PathBuf>::new());
    let output = tap(home.path(), &[&words[..], &["--keep"]].concat()).output().unwrap();
    let said = errors(&output);
    assert!(output.status.success(), "{said}");
    let told = said.lines().find_map(|line| line.strip_prefix("packets are kept in "));
    let file = PathBuf::from(told.unwrap_or_else(|| panic!("{said}")));
    assert!(file.starts_with(home.path()) && file.parent().unwrap().ends_with("taps/kept"), "{}", file.display());
    let mut all = captures(home.path());
    all.sort();
    assert_eq!(all.len(), 2, "the file and its manifest: {all:?}");
    for path in &all {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    let path = file.to_str().unwrap();
    let verified = tap(home.path(), &["verify", path]).output().unwrap();
    assert!(verified.status.success(), "{}", errors(&verified));
    let read = tap(home.path(), &["--read", path, "--proto", "http", "-o", "jsonl"]).output().unwrap();
    assert!(read.status.success() && out(&read).lines().count() > 0, "{}", errors(&read));
}

#[test]
fn cap_n_18i_a_command_gets_the_records_that_are_chosen_and_no_others() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let seen = home.path().join("seen.jsonl");
    let command = format!("cat >> {}; echo to the side", seen.display());
    let chosen = ["--where", "kind = \"http\" and status = 200", "--exec", &command];
    let words = ["-n", "shop", "-l", FRONT, "-o", "jsonl", "--count", "5"];
    let output = tap(home.path(), &[&words[..], &chosen].concat()).output().unwrap();
    let said = errors(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("--exec ran for 5 records, failed for 0, 0 were left out"), "{said}");
    assert!(said.contains("to the side"), "{said}");
    let lines = |text: &str| {
        let mut all: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        all.sort_by_key(Value::to_string);
        all
    };
    let (told, given) = (lines(&out(&output)), lines(&std::fs::read_to_string(seen).unwrap()));
    assert!(told.len() == 5 && told == given, "{told:?} {given:?}");
}

#[test]
fn cap_50d_what_a_view_in_the_browser_has_of_packets_stays_where_it_is_to_be_kept() {
    let _alone = alone();
    for keep in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let words = ["-n", "shop", "-l", FRONT, "--ui", "--ui-port", "0", "--yes"];
        let mut command = tap(home.path(), &words);
        command.args(keep.then_some("--keep")).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let large = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|about| about.len() > 20_000);
        e2e::until("packets come", Duration::from_secs(90), || captures(home.path()).iter().any(large));
        e2e::signal(child.id(), "INT");
        let output = child.wait_with_output().unwrap();
        let said = errors(&output);
        assert!(output.status.success(), "{said}");
        let left = captures(home.path());
        assert_eq!(left.is_empty(), !keep, "{left:?}");
        let Some(segment) = left.iter().find(|path| path.extension().is_some_and(|end| end == "pcapng")) else {
            continue;
        };
        let folder = segment.parent().unwrap();
        assert!(said.contains(&format!("packets are kept in {}", folder.display())), "{said}");
        assert!(folder.parent().unwrap().ends_with("taps/kept"), "{}", folder.display());
        let verified = tap(home.path(), &["verify", segment.to_str().unwrap()]).output().unwrap();
        assert!(verified.status.success(), "{}", errors(&verified));
    }
}
