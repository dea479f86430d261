//! What is lost, what is joined late: names stay honest and pairs right.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::wire::{Talk, field, get, rig};
use crate::Side::{self, Client, Server};
use crate::rig::{Act, Rig};
use crate::{AfterGap, End};

/// Plays a script in packets of at most 100 bytes of which some are lost. `no_syn`: the begin is among them.
fn play(script: &[Act], is_lost: impl Fn(usize, Side) -> bool, no_syn: bool) -> Rig {
    let mut rig = rig();
    rig.facts.no_syn = no_syn;
    let mut begun = [!no_syn; 2];
    let mut nth = 0;
    for act in script {
        let Act::Send(from, now_us, bytes) = act else { continue };
        for packet in bytes.chunks(100) {
            if !is_lost(nth, *from) {
                begun[from.index()] = true;
                rig.send(*from, *now_us, packet);
            } else if begun[from.index()] {
                rig.lose(*from, *now_us, packet.len() as u64);
            }
            nth += 1;
        }
    }
    rig.end(Client, End::Eof);
    rig.end(Server, End::Eof);
    rig
}

/// Requests whose answers name them.
fn talk() -> Talk {
    let mut talk = Talk::begun();
    for turn in 0..12u32 {
        let (stream, path) = (2 * turn + 1, format!("/path/{turn}"));
        if turn % 3 == 0 {
            talk.headers(Client, stream, false, &get(&path));
            talk.data(Client, stream, true, format!("body of {path} {}", "x".repeat(150)).as_bytes());
        } else {
            talk.headers(Client, stream, true, &get(&path));
        }
        let len = format!("answer to {path} ").len() + 250;
        let (len, mut fields) = (len.to_string(), vec![(":status", "200"), ("x-path", path.as_str()), ("server", "s")]);
        if turn % 2 == 0 {
            fields.push(("content-length", &len));
        }
        talk.headers(Server, stream, false, &fields);
        talk.data(Server, stream, false, format!("answer to {path} ").as_bytes());
        talk.data(Server, stream, true, &[b'y'; 250]);
    }
    talk
}

/// No record may say anything that is not so. Gives the paths of whole, unmarked transactions.
fn check(records: &[Value]) -> Result<Vec<String>, TestCaseError> {
    let mut whole = Vec::new();
    for record in records {
        let stream = record["stream"].as_u64().unwrap();
        let path = format!("/path/{}", stream / 2);
        let known = |pointer: &str| {
            field(record, pointer).as_str().filter(|text| !text.contains("«unknown»")).map(str::to_owned)
        };
        if let Some(have) = known("/path").filter(|have| !have.is_empty()) {
            prop_assert_eq!(&have, &path);
        }
        if let Some(host) = known("/host") {
            prop_assert_eq!(host, "shop.test");
        }
        for (pointer, names) in [
            ("/request/headers", &["user-agent"][..]),
            ("/response/headers", &["x-path", "server", "content-length"][..]),
        ] {
            for pair in field(record, pointer).as_array().into_iter().flatten() {
                let (name, value) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
                prop_assert!(name == "«unknown»" || names.contains(&name), "{}", name);
                if name == "x-path" && value != "«unknown»" {
                    prop_assert_eq!(value, &path);
                }
            }
        }
        // What is shown of a body is its begin, or what was left when its begin was lost with the head.
        if let Some(body) = known("/response/body").filter(|body| body.starts_with("answer")) {
            let want = format!("answer to {path} {}", "y".repeat(250));
            prop_assert!(want.starts_with(&body), "{}", body);
        }
        let is_whole = record["pair"] == json!("ok") && record.get("partial").is_none();
        if is_whole {
            prop_assert_eq!(
                record["response"]["len"].as_u64().unwrap() as usize,
                format!("answer to {path} ").len() + 250
            );
            whole.push(path);
        }
    }
    Ok(whole)
}

/// The stream whose bytes each packet has.
fn streams(script: &[Act]) -> Vec<u32> {
    let mut all = Vec::new();
    for act in script {
        let Act::Send(_, _, bytes) = act else { continue };
        let stream = if bytes.starts_with(b"PRI") { 0 } else { u32::from_be_bytes(bytes[5..9].try_into().unwrap()) };
        all.extend(std::iter::repeat_n(stream, bytes.len().div_ceil(100)));
    }
    all
}

#[test]
fn cap_d_22a_a_loss_anywhere_makes_no_wrong_pair_and_spares_the_others() {
    let script = talk().script;
    let of = streams(&script);
    assert_eq!(check(play(&script, |_, _| false, false).records()).unwrap().len(), 12);
    let (mut intact, mut paired, mut named) = (0, 0, 0);
    for lost in 0..of.len() {
        for count in 1..4 {
            let range = lost..lost + count;
            let rig = play(&script, |nth, _| range.contains(&nth), false);
            named += check(rig.records()).unwrap().len();
            let touched: Vec<u32> =
                of.iter().enumerate().filter(|(nth, _)| range.contains(nth)).map(|(_, id)| *id).collect();
            let is_spared = |record: &&Value| !touched.contains(&(record["stream"].as_u64().unwrap() as u32));
            let pairs = rig.records().iter().filter(is_spared).filter(|record| record["pair"] == json!("ok"));
            paired += pairs.count();
            intact += (0..12).filter(|turn| !touched.contains(&(2 * turn + 1))).count();
        }
    }
    assert!(paired * 100 >= intact * 99, "{paired} of {intact} transactions whose bytes are all there are paired");
    assert!(named * 100 >= intact * 50, "{named} of {intact} have all their names");
}

#[test]
fn cap_n_01y_a_loss_inside_a_body_is_counted_through() {
    let mut talk = Talk::begun();
    talk.get(1, "/path/0", &[b'z'; 1000]);
    talk.get(3, "/path/1", b"next");
    let last =
        talk.script.iter().position(|act| matches!(act, Act::Send(Server, _, bytes) if bytes.len() > 1000)).unwrap();
    for (from, len) in [(9, 1), (9, 1000), (500, 300), (1008, 1)] {
        let mut rig = rig();
        for (nth, act) in talk.script.iter().enumerate() {
            let Act::Send(side, now_us, bytes) = act else { continue };
            if nth == last {
                rig.send(*side, *now_us, &bytes[..from]);
                assert_eq!(rig.lose(*side, *now_us, len as u64), Some(AfterGap::Continue));
                rig.send(*side, *now_us, &bytes[from + len..]);
            } else {
                rig.send(*side, *now_us, bytes);
            }
        }
        let records = rig.records();
        assert_eq!(records.len(), 2, "{from} {len}");
        assert_eq!(records[0]["response"]["len"], json!(1000));
        assert_eq!(records[0]["partial"], json!(["response_body", "gap"]));
        assert_eq!(field(&records[1], "/partial"), &Value::Null);
        assert_eq!(records[1]["response"]["headers"][1], json!(["x-path", "/path/1"]));
    }
}

#[test]
fn cap_n_01z_a_connection_joined_late_shows_what_is_unknown_as_unknown() {
    let script = talk().script;
    let total = streams(&script).len();
    for from in 4..total - 20 {
        let rig = play(&script, |nth, _| nth < from, true);
        check(rig.records()).unwrap();
        let told = rig.records().iter().filter(|record| record["pair"] == json!("ok")).count();
        let left = (total - from) * 12 / total;
        assert!(told + 2 >= left, "joined at {from} of {total}: {told} pairs of {left}");
        let all = serde_json::to_string(rig.records()).unwrap();
        assert!(from < 8 || all.contains("«unknown»"), "joined at {from}");
    }
}

#[test]
fn cap_n_01zp_calls_of_a_connection_joined_late_are_known_as_grpc_by_their_framing() {
    let message = |bytes: &[u8]| [&[0][..], &(bytes.len() as u32).to_be_bytes(), bytes].concat();
    let call = |talk: &mut Talk, stream, body: &[u8]| {
        let asked = [(":method", "POST"), (":path", "/shop.v1.Cart/Add"), ("content-type", "application/grpc")];
        talk.headers(Client, stream, false, &asked);
        talk.data(Client, stream, true, body);
        talk.headers(Server, stream, false, &[(":status", "200"), ("content-type", "application/grpc")]);
        talk.data(Server, stream, false, &message(b"answer"));
        talk.headers(Server, stream, true, &[("grpc-status", "0")]);
    };
    let mut talk = Talk::begun();
    call(&mut talk, 1, &message(b"one"));
    let before = talk.script.len();
    call(&mut talk, 3, &message(b"two"));
    // Anything else that stands behind a number is none.
    call(&mut talk, 5, b"\x07\0\0\0\x01x");
    call(&mut talk, 7, &message(b"two")[..6]);
    let mut rig = rig();
    rig.facts.no_syn = true;
    rig.play(&talk.script.split_off(before), usize::MAX);
    let records = rig.records();
    assert_eq!(records.len(), 3);
    assert_eq!(
        records[0]["grpc"],
        json!({
            "service": "", "method": "", "req_msgs": 1, "resp_msgs": 1, "req_sizes": [3], "resp_sizes": [6]
        })
    );
    for record in records {
        assert_eq!(
            (&record["path"], &record["partial"]),
            (&json!("«unknown»"), &json!(["headers", "no_syn"])),
            "{record}"
        );
    }
    assert!(records[1..].iter().all(|record| record.get("grpc").is_none()), "{records:?}");
}

#[test]
fn cap_n_01za_one_direction_alone_gives_halves() {
    let script = talk().script;
    let server = play(&script, |_, from| from == Client, false);
    check(server.records()).unwrap();
    assert_eq!(server.records().len(), 12);
    assert!(server.records().iter().all(|record| record["pair"] == json!("response_only")));
    let client = play(&script, |_, from| from == Server, false);
    check(client.records()).unwrap();
    assert!(client.records().iter().all(|record| record["pair"] == json!("request_only")));
    assert_eq!(client.records().len(), 12);
}

#[test]
fn cap_n_01zb_an_answer_waits_for_a_request_that_is_only_late() {
    let mut talk = Talk::begun();
    talk.get(1, "/path/0", b"one");
    // The packet with the request came last, as after a reordering in the network.
    let at = talk.script.len() - 3;
    let request = talk.script.remove(at);
    let mut rig = rig();
    rig.play(&talk.script[..at], usize::MAX);
    let Act::Send(_, _, request) = &request else { panic!("a request") };
    let Act::Send(_, _, head) = &talk.script[at] else { panic!("a head") };
    let Act::Send(_, _, body) = &talk.script[at + 1] else { panic!("a body") };
    let mut early = rig;
    early.acknowledge(Server, request.len() as u64);
    early.unseen(Server, 9000, head);
    early.unseen(Server, 9000, body);
    assert_eq!(early.records().len(), 0);
    early.send(Client, 9000, request);
    assert_eq!(early.records().len(), 1);
    assert_eq!(early.records()[0]["pair"], json!("ok"));
}

#[test]
fn cap_n_01zo_an_answer_to_a_request_before_the_capture_goes_out_at_once() {
    let mut talk = Talk::begun();
    talk.headers(Client, 1, true, &get("/before"));
    talk.headers(Server, 1, false, &[(":status", "200")]);
    talk.data(Server, 1, true, b"answer");
    let mut rig = rig();
    rig.facts.no_syn = true;
    let answers = talk.script.split_off(talk.script.len() - 2);
    rig.play(&answers, usize::MAX);
    assert_eq!(rig.records().len(), 1);
    assert_eq!((&rig.records()[0]["pair"], &rig.records()[0]["status"]), (&json!("response_only"), &json!(200)));
}

proptest! {
    #[test]
    fn any_losses_make_no_wrong_pair(lost in prop::collection::hash_set(0usize..120, 0..40), no_syn: bool) {
        let rig = play(&talk().script, |nth, _| lost.contains(&nth), no_syn);
        check(rig.records())?;
    }
}
