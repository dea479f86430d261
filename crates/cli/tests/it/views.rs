//! Views of a capture: who talks to whom, what is different, whether a file is as it was written.

use serde_json::Value;

use crate::{capture::web, code, records, tap, tshark};

#[test]
fn cap_n_16d_the_map_counts_what_wireshark_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (path, port) = web(folder.path());
    let (out, error) = tap(&["map", "--read", path.to_str().unwrap(), "-o", "json"]);
    assert!(error.is_none(), "{error:?}");
    let map: Value = serde_json::from_str(&out).unwrap();
    // over IPv4 and IPv6
    let edges = map["edges"].as_array().unwrap();
    let servers: Vec<&str> = edges.iter().map(|edge| edge["server"].as_str().unwrap()).collect();
    assert_eq!(servers, ["127.0.0.1", "::1"]);
    assert!(edges.iter().all(|edge| edge["port"] == port && edge["protocols"] == serde_json::json!(["http"])), "{map}");
    let sum = |name: &str| edges.iter().map(|edge| edge[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!(sum("requests"), 113);
    let bad = records(&path, &["--where", "status >= 400"]).len() as u64;
    assert!(bad > 0);
    assert_eq!(sum("errors"), bad);
    let streams = tshark(&path, &["-Y", "tcp.flags.syn==1 && tcp.flags.ack==0"], &["tcp.stream"]).len();
    assert_eq!(sum("flows"), streams as u64);
    let bytes = |filter: &str| -> u64 {
        let lines = tshark(&path, &["-Y", filter], &["tcp.len"]);
        lines.iter().map(|line| line[0].parse::<u64>().unwrap()).sum()
    };
    assert_eq!(sum("up"), bytes(&format!("tcp.dstport == {port}")));
    assert_eq!(sum("down"), bytes(&format!("tcp.srcport == {port}")));
}

#[test]
fn cap_n_25g_a_capture_is_not_different_from_itself_and_from_a_part_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = web(folder.path());
    let all = path.to_str().unwrap();
    let (out, error) = tap(&["diff", all, all, "-o", "json"]);
    assert!(error.is_none(), "{error:?}");
    let same: Value = serde_json::from_str(&out).unwrap();
    assert!(same["changes"] == serde_json::json!([]) && same["before"]["transactions"] == 113, "{same}");
    let part = folder.path().join("part.pcapng");
    records(&path, &["--where", "status = 503", "--write", part.to_str().unwrap()]);
    let (out, error) = tap(&["diff", all, part.to_str().unwrap(), "-o", "jsonl"]);
    assert!(error.is_none(), "{error:?}");
    let changes: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(
        changes.iter().any(|one| one["change"] == "gone" && one["what"].as_str().unwrap().ends_with("/missing")),
        "{out}"
    );
}

#[test]
fn cap_n_27g_verify_names_the_bytes_of_a_written_file_that_were_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = web(folder.path());
    let copy = folder.path().join("copy.pcapng");
    let to = copy.to_str().unwrap();
    records(&path, &["--write", to]);
    let (out, error) = tap(&["verify", to]);
    assert!(error.is_none() && out.contains("is as it was written"), "{out} {error:?}");
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&copy, &bytes).unwrap();
    let (out, error) = tap(&["verify", to, "-o", "json"]);
    assert_eq!(code(error), ("capture_changed", 1));
    let told: Value = serde_json::from_str(&out).unwrap();
    let [range] = told["changed"].as_array().unwrap().as_slice() else { panic!("{told}") };
    assert!((range[0].as_u64().unwrap()..range[1].as_u64().unwrap()).contains(&(middle as u64)), "{told}");
    let (_, error) = tap(&["verify", path.to_str().unwrap()]);
    assert_eq!(code(error), ("not_found", 4), "a capture of others has no manifest");
}
