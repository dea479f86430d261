//! HTTP transactions against tshark's.

use std::collections::BTreeMap;

use crate::{capture::web, records, tshark};

/// What one client port asked and was answered, in order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Talk {
    asked: Vec<(String, String, String)>,
    answered: Vec<u64>,
}

#[test]
fn cap_n_23h_requests_and_answers_are_those_of_tshark() {
    let folder = tempfile::tempdir().unwrap();
    let (path, port) = web(folder.path());
    let mut theirs: BTreeMap<u64, Talk> = BTreeMap::new();
    let decode = format!("tcp.port=={port},http");
    let fields =
        ["tcp.srcport", "tcp.dstport", "http.request.method", "http.host", "http.request.uri", "http.response.code"];
    for line in tshark(&path, &["-d", &decode, "-Y", "http"], &fields) {
        let split = |at: usize| line[at].split('|').filter(|part| !part.is_empty()).map(str::to_owned);
        for ((method, host), uri) in split(2).zip(split(3)).zip(split(4)) {
            theirs.entry(line[0].parse().unwrap()).or_default().asked.push((method, host, uri));
        }
        for status in split(5) {
            theirs.entry(line[1].parse().unwrap()).or_default().answered.push(status.parse().unwrap());
        }
    }
    let mut ours: BTreeMap<u64, Talk> = BTreeMap::new();
    let all = records(&path, &[]);
    for record in all.iter().filter(|record| record["kind"] == "http") {
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        let talk = ours.entry(record["src"]["port"].as_u64().unwrap()).or_default();
        let query = record["query"].as_str().map(|query| format!("?{query}")).unwrap_or_default();
        talk.asked.push((text("method"), text("host"), text("path") + &query));
        talk.answered.push(record["status"].as_u64().unwrap());
        assert_eq!(record["pair"], "ok");
        assert_eq!(record["dst"]["port"], u64::from(port));
        assert!(record.get("partial").is_none() && record.get("anomaly").is_none(), "{record}");
    }
    let asked: usize = ours.values().map(|talk| talk.asked.len()).sum();
    assert_eq!(asked, 2 * (48 + 7) + 3);
    assert_eq!(ours, theirs);
    // flows: one for each connection
    let streams = tshark(&path, &["-Y", "tcp.flags.syn==1 && tcp.flags.ack==0"], &["tcp.stream"]).len();
    let closed = all.iter().filter(|record| record["kind"] == "flow" && record["state"] == "close").count();
    assert_eq!(closed, streams);
    let stats = all.last().unwrap();
    assert_eq!(stats["kind"], "stats");
    assert_eq!(stats["packets"].as_u64().unwrap() as usize, tshark(&path, &[], &["frame.number"]).len());
}
