//! `--write`: what Wireshark's programs find in the file.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{
    capture::{secured, web},
    code, records, run, tap, tshark,
};

fn packets(path: &Path, filter: &str) -> Vec<String> {
    let lines =
        tshark(path, &["-Y", filter], &["frame.time_epoch", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "frame.len"]);
    lines.into_iter().map(|line| line.join(" ")).collect()
}

#[test]
fn cap_d_14b_the_packets_of_chosen_records_are_exactly_those_of_their_flows() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = web(folder.path());
    let to = folder.path().join("some.pcapng");
    let chosen = records(&path, &["--where", "status = 503 or method = \"PUT\"", "--write", to.to_str().unwrap()]);
    assert_eq!(chosen.len(), 4);
    let ports: Vec<String> = chosen.iter().map(|record| format!("tcp.port == {}", record["src"]["port"])).collect();
    let filter = ports.join(" or ");
    let expected = packets(&path, &filter);
    assert!(expected.len() > 20);
    assert_eq!(packets(&to, "frame"), expected);
    // each transaction is told at its first packet
    let told = tshark(&to, &["-Y", "frame.comment"], &["frame.comment", "http.request.method"]);
    assert_eq!(told.len(), 4);
    assert!(told.iter().all(|line| line[0].starts_with("qd http ") && line[0].contains(" flow ")), "{told:?}");
    assert!(told.iter().any(|line| line[0].contains("→ 503 wait ")));
    let about = String::from_utf8(run("capinfos", &[to.to_str().unwrap()]).stdout).unwrap();
    assert!(about.contains("Capture application: qd ") && about.contains("where status = 503"), "{about}");
}

#[test]
fn cap_n_18q_one_flow_goes_out_alone_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = web(folder.path());
    let all = records(&path, &[]);
    let flow = all.iter().find(|record| record["path"] == "/p1").unwrap()["flow"].as_str().unwrap();
    let own: Vec<&Value> = all.iter().filter(|record| record["flow"] == flow).collect();
    let answered: Vec<&&Value> = own.iter().filter(|record| record["kind"] == "http").collect();
    assert!(answered.len() == 3 && own.len() > 3, "{} of {}", answered.len(), own.len());
    let chosen = format!("flow = \"{flow}\"");
    let from = path.to_str().unwrap();
    let said = |words: &[&str]| {
        let (out, error) = tap(&[words, &["--read", from, "--where", &chosen]].concat());
        assert!(error.is_none(), "{words:?}: {error:?}");
        out
    };
    assert_eq!(said(&["-o", "jsonl"]).lines().count(), own.len());
    // its heading beside
    assert_eq!(said(&["-o", "csv", "--fields", "ts,path"]).lines().count(), own.len() + 1);
    let har: Value = serde_json::from_str(&said(&["har"])).unwrap();
    let urls = har["log"]["entries"].as_array().unwrap().iter().map(|entry| entry["request"]["url"].as_str().unwrap());
    assert_eq!(urls.map(|url| &url[url.rfind('/').unwrap()..]).collect::<Vec<_>>(), ["/p1", "/missing", "/p3"]);
    let to = folder.path().join("one.pcapng");
    said(&["-o", "jsonl", "--write", to.to_str().unwrap()]);
    let expected = packets(&path, &format!("tcp.port == {}", own[0]["src"]["port"]));
    assert!(expected.len() > 6);
    assert_eq!(packets(&to, "frame"), expected);
}

/// Another program's reader of CSV finds in the columns what the lines of JSON have, objects with their quotes and commas too.
#[test]
fn cap_n_18n_columns_are_read_by_others_as_what_the_lines_have() {
    const READ: &str = "import csv, json, sys; print(json.dumps(list(csv.DictReader(sys.stdin, strict=True))))";
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = web(folder.path());
    let chosen = ["--where", "status >= 100"];
    let expected = records(&path, &chosen);
    assert!(expected.len() > 100, "{}", expected.len());
    let fields = "ts,method,path,status,src,src.port";
    let words = [&["--read", path.to_str().unwrap(), "-o", "csv", "--fields", fields], &chosen[..]].concat();
    let (columns, error) = tap(&words);
    assert!(error.is_none(), "{error:?}");
    let mut python = Command::new("python3");
    let mut python = python.args(["-c", READ]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(columns.as_bytes()).unwrap();
    let read = python.wait_with_output().unwrap().stdout;
    let rows: Vec<BTreeMap<String, String>> = serde_json::from_slice(&read).unwrap();
    assert_eq!(rows.len(), expected.len());
    for (row, record) in rows.iter().zip(&expected) {
        assert_eq!(row.keys().collect::<Vec<_>>(), ["method", "path", "src", "src.port", "status", "ts"]);
        assert_eq!(row["method"], record["method"].as_str().unwrap());
        assert_eq!(row["path"], record["path"].as_str().unwrap());
        assert_eq!(row["status"], record["status"].to_string());
        assert_eq!(row["ts"], record["ts"].to_string());
        assert_eq!(row["src.port"], record["src"]["port"].to_string());
        assert_eq!(serde_json::from_str::<Value>(&row["src"]).unwrap(), record["src"]);
    }
}

#[test]
fn cap_49c_a_whole_copy_and_the_classic_forms() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = web(folder.path());
    let expected = packets(&path, "frame");
    let from = path.to_str().unwrap();
    for form in ["pcapng", "pcap", "pcap-ns"] {
        let to = folder.path().join(form);
        let (_, error) = tap(&["--read", from, "--write", to.to_str().unwrap(), "--format", form]);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(packets(&to, "frame"), expected, "{form}");
    }
    let (_, error) = tap(&["--read", from, "--write", from]);
    assert_eq!(code(error).0, "bad_request");
    assert_eq!(packets(&path, "frame"), expected, "the capture is as it was");
    // two link types do not fit a classic file
    let (raw, both) = (folder.path().join("raw"), folder.path().join("both"));
    run("editcap", &["-F", "pcap", "-T", "rawip", "-C", "14", from, raw.to_str().unwrap()]);
    run("mergecap", &["-w", both.to_str().unwrap(), from, raw.to_str().unwrap()]);
    let to = folder.path().join("two");
    let (_, error) = tap(&["--read", both.to_str().unwrap(), "--write", to.to_str().unwrap(), "--format", "pcap"]);
    assert_eq!(code(error).0, "bad_request");
    let (_, error) = tap(&["--read", both.to_str().unwrap(), "--write", to.to_str().unwrap()]);
    assert!(error.is_none());
    assert_eq!(packets(&to, "frame"), packets(&both, "frame"));
}

#[test]
fn cap_26b_without_records_packets_are_written_and_nothing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = web(folder.path());
    let (from, expected) = (path.to_str().unwrap(), packets(&path, "frame"));
    for form in ["pcapng", "pcap"] {
        let to = folder.path().join(form);
        let words = ["--read", from, "--write", to.to_str().unwrap(), "--format", form, "--records", "off"];
        let (told, error) = tap(&words);
        assert!(error.is_none() && told.is_empty(), "{error:?}");
        assert_eq!(packets(&to, "frame"), expected, "{form}");
        assert!(tshark(&to, &["-Y", "frame.comment"], &["frame.comment"]).is_empty());
        let (_, error) = tap(&[&words[..], &["--where", "status = 503"]].concat());
        assert_eq!(code(error).0, "bad_request");
    }
    let (_, error) =
        tap(&["--read", path.with_extension("none").to_str().unwrap(), "--write", from, "--records", "off"]);
    assert!(error.is_some());
    assert_eq!(packets(&path, "frame"), expected, "nothing is written before there is a capture to read");
}

#[test]
fn cap_d_29a_the_exported_file_is_decrypted_by_the_keys_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, keys, port) = secured(folder.path());
    let decode = format!("tls.port=={port},http");
    let requests = |file: &Path| tshark(file, &["-d", &decode, "-Y", "http.request"], &["http.request.uri"]);
    assert!(requests(&path).is_empty(), "the capture itself has no keys");
    let to = folder.path().join("out.pcapng");
    let words = ["--keylog", keys.to_str().unwrap(), "--write", to.to_str().unwrap()];
    let http = records(&path, &[&words[..], &["--where", "kind = http"]].concat());
    assert_eq!(http.len(), 3, "{http:#?}");
    let shown: Vec<String> = requests(&to).into_iter().flatten().collect();
    assert_eq!(shown, ["/one", "/two", "/three"]);
    // Lines that opened nothing stay where they are.
    let used = std::fs::read(&to).unwrap();
    assert!(memchr::memmem::find(&used, &[b'a'; 96]).is_none());
    // A classic file has no place for keys.
    let (_, error) =
        tap(&["--read", path.to_str().unwrap(), "--keylog", words[1], "--write", words[3], "--format", "pcap"]);
    assert!(error.is_none(), "{error:?}");
    assert!(requests(&to).is_empty());
}

#[test]
fn cap_f_14b_a_full_disk_leaves_whole_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = web(folder.path());
    let (_, error) = tap(&["--read", path.to_str().unwrap(), "--write", "/dev/full"]);
    assert_eq!(code(error), ("write_failed", 1));
    let (_, error) = tap(&["--read", path.to_str().unwrap(), "--write", "/no/such/folder/x"]);
    assert_eq!(code(error), ("write_failed", 1));
}

#[test]
fn cap_f_26_a_key_log_that_is_bad_or_of_others_is_counted_and_said_at_each_connection() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _, _) = secured(folder.path());
    let keys = folder.path().join("others.log");
    let random = "c".repeat(64);
    let labels = ["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0"];
    let mut log: Vec<String> = labels.iter().map(|label| format!("{label} {random} {}", "d".repeat(96))).collect();
    log.insert(1, "CLIENT_RANDOM zz 00".to_owned());
    log.push("not a line of a key log".to_owned());
    std::fs::write(&keys, log.join("\n")).unwrap();
    let all = records(&path, &["--keylog", keys.to_str().unwrap()]);
    let stats = all.iter().rfind(|record| record["kind"] == "stats").unwrap();
    assert_eq!(stats["keys_invalid"], 2, "{stats}");
    let closed = |record: &&serde_json::Value| record["kind"] == "flow" && record["state"] == "close";
    let flows: Vec<_> = all.iter().filter(closed).filter(|flow| flow["app"] == "tls").collect();
    assert!(flows.len() >= 3, "{all:#?}");
    assert!(flows.iter().all(|flow| flow["verdict"]["code"] == "keys_for_other_connections"), "{flows:#?}");
    assert!(flows.iter().all(|flow| !flow["verdict"]["why"].as_str().unwrap().is_empty()));
    assert!(all.iter().all(|record| record["kind"] != "http"));
}

/// A file system of its own, gone when dropped.
struct Disk<'f>(&'f Path);

impl<'f> Disk<'f> {
    fn of(folder: &'f Path, size: &str) -> Self {
        std::fs::create_dir(folder).unwrap();
        let disk = Self(folder);
        disk.mount(&format!("size={size}"));
        disk
    }

    fn mount(&self, options: &str) {
        let done =
            std::process::Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(self.0).status();
        assert!(done.unwrap().success(), "a file system cannot be mounted (it needs root)");
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").args(["-l"]).arg(self.0).status();
    }
}

#[test]
fn cap_f_14_what_stands_in_a_file_on_a_full_disk_is_whole_and_a_disk_for_reading_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (once, _) = web(folder.path());
    let path = folder.path().join("often.pcapng");
    run("mergecap", &[&["-a", "-w", path.to_str().unwrap()][..], &[once.to_str().unwrap(); 20]].concat());
    let place = folder.path().join("disk");
    let from = path.to_str().unwrap();
    let disk = Disk::of(&place, "512k");
    let to = place.join("out.pcapng");
    let words = ["--read", from, "--write", to.to_str().unwrap()];
    let (_, error) = tap(&words);
    assert_eq!(code(error), ("write_failed", 1));
    let (there, whole) = (packets(&to, "frame"), packets(&path, "frame"));
    assert!(!there.is_empty() && there.len() < whole.len(), "{} of {}", there.len(), whole.len());
    assert_eq!(there, whole[..there.len()]);
    // Nothing stands behind the last block: Wireshark does not call the file cut, and neither do we.
    let (_, error) = tap(&["--read", to.to_str().unwrap(), "-o", "jsonl"]);
    assert!(error.is_none(), "{error:?}");
    let said = run("capinfos", &["-c", to.to_str().unwrap()]);
    assert!(!String::from_utf8_lossy(&said.stderr).contains("cut short"), "{said:?}");
    drop(disk);
    let disk = Disk(&place);
    disk.mount("ro,size=512k");
    let (_, error) = tap(&words);
    assert_eq!(code(error), ("write_failed", 1));
    drop(disk);
}

#[test]
fn cap_n_18b_har_and_counts_have_every_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = web(folder.path());
    let (out, error) = tap(&["har", "--read", path.to_str().unwrap()]);
    assert!(error.is_none());
    let har: serde_json::Value = serde_json::from_str(&out).unwrap();
    let entries = har["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 113);
    assert!(entries.iter().all(|entry| entry["response"]["status"].as_u64().unwrap() >= 200));
    let (out, error) = tap(&["stats", "--read", path.to_str().unwrap(), "-o", "json"]);
    assert!(error.is_none());
    let stats: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(stats["records"]["http"], 113);
    let counted: u64 = stats["groups"].as_array().unwrap().iter().map(|group| group["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, 113);
}
