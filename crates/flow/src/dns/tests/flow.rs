//! Queries and answers: latency, retries, time-outs, framing, budget.

use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::build::{A, AAAA, answer, query};
use crate::rig::{Act, Rig, facts, same_at_every_cut};
use crate::{App, Endpoint, Side, Transport};

fn datagrams() -> Rig {
    let mut rig = Rig::new(App::Dns);
    rig.facts.transport = Transport::Datagram;
    rig
}

fn only(rig: &Rig) -> &Value {
    assert_eq!(rig.records().len(), 1, "{:#?}", rig.records());
    &rig.records()[0]
}

#[test]
fn cap_n_02_a_query_and_its_answer_are_one_record() {
    let mut rig = datagrams();
    rig.send(Side::Client, 1_000, &query(0x1234, "web.example.org", A).opt(1232, 0x8000, &[]).bytes());
    assert!(rig.records().is_empty());
    let reply = answer(0x1234, 0, "web.example.org", A).rr(5, 30, &[1, b'w', 0xc0, 16]).rr(A, 60, &[192, 0, 2, 1]);
    rig.send(Side::Server, 3_500, &reply.opt(4096, 0, &[]).bytes());
    let record = only(&rig);
    assert_eq!(record["kind"], "dns");
    assert_eq!(record["ts"], 1_000);
    assert_eq!(record["xid"], 0x1234);
    assert_eq!(record["qname"], "web.example.org");
    assert_eq!(record["qtype"], "A");
    assert_eq!(record["opcode"], "QUERY");
    assert_eq!(record["rcode"], "NOERROR");
    assert_eq!(record["flags"], json!(["rd", "ra"]));
    assert_eq!(
        record["answers"],
        json!([
            {"name": "web.example.org", "type": "CNAME", "ttl": 30, "data": "w.example.org"},
            {"name": "web.example.org", "type": "A", "ttl": 60, "data": "192.0.2.1"}
        ])
    );
    assert_eq!(record["edns"], json!({"version": 0, "payload": 4096, "do": false, "options": []}));
    assert_eq!(
        (&record["transport"], &record["latency_us"], &record["retries"]),
        (&json!("udp"), &json!(2_500), &json!(0))
    );
    assert!(record.get("search_of").is_none());
    rig.finish();
    assert_eq!(rig.records().len(), 1, "it is over");
}

#[test]
fn cap_n_02_answers_belong_to_their_query() {
    let mut rig = datagrams();
    rig.send(Side::Client, 0, &query(1, "a", A).bytes());
    rig.send(Side::Client, 0, &query(2, "a", AAAA).bytes());
    rig.send(Side::Client, 0, &query(1, "b", A).bytes());
    // 0x20 mixing of case is no difference; another id, type or name is.
    rig.send(Side::Server, 10, &answer(1, 0, "B", A).bytes());
    rig.send(Side::Server, 20, &answer(2, 0, "a", AAAA).bytes());
    rig.send(Side::Server, 30, &answer(1, 0, "a", A).bytes());
    let seen: Vec<_> =
        rig.records().iter().map(|one| (one["qname"].as_str().unwrap(), one["latency_us"].as_u64())).collect();
    assert_eq!(seen, [("b", Some(10)), ("a", Some(20)), ("a", Some(30))]);
    let ids: std::collections::HashSet<_> = rig.records().iter().map(|one| one["id"].to_string()).collect();
    assert_eq!(ids.len(), 3);
    // The same answer once more is no second transaction; one that nobody asked for says so.
    rig.send(Side::Server, 40, &answer(1, 0, "a", A).bytes());
    assert_eq!(rig.records().len(), 3);
    rig.send(Side::Server, 50, &answer(9, 0, "c", A).bytes());
    let last = rig.records().last().unwrap();
    assert_eq!(last["partial"], json!(["request"]));
    assert!(last.get("latency_us").is_none());
}

#[test]
fn cap_n_02e_retries_are_counted_from_the_first_try() {
    let mut rig = datagrams();
    let again = query(5, "db", A).bytes();
    rig.send(Side::Client, 0, &again);
    rig.send(Side::Client, 2_000_000, &again);
    // The second resolver of the list gets the same query from the same port.
    rig.facts.server = Endpoint { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 54)), port: Some(53) };
    rig.send(Side::Client, 4_000_000, &again);
    rig.send(Side::Server, 4_500_000, &answer(5, 0, "db", A).bytes());
    let record = only(&rig);
    assert_eq!((&record["retries"], &record["latency_us"], &record["ts"]), (&json!(2), &json!(4_500_000), &json!(0)));
}

#[test]
fn cap_n_02f_no_answer_is_said_after_five_seconds() {
    let mut rig = datagrams();
    rig.send(Side::Client, 1_000_000, &query(5, "db", A).bytes());
    assert_eq!(rig.dns.due(), 6_000_000);
    rig.advance(5_999_999);
    assert!(rig.records().is_empty());
    rig.advance(6_000_000);
    let record = only(&rig).clone();
    assert!(record.get("rcode").is_none() && record.get("answers").is_none() && record.get("latency_us").is_none());
    assert_eq!((&record["flags"], &record["ts"]), (&json!(["rd"]), &json!(1_000_000)));
    // An answer that comes later is a record of its own that says so.
    rig.send(Side::Server, 7_000_000, &answer(5, 2, "db", A).bytes());
    let late = rig.records()[1].clone();
    assert_eq!((&late["rcode"], &late["latency_us"]), (&json!("SERVFAIL"), &json!(6_000_000)));
    assert_eq!(late["anomaly"], json!(["answer_late"]));
    assert_ne!(late["id"], record["id"]);
    // Every retry starts the five seconds anew.
    rig.send(Side::Client, 20_000_000, &query(6, "db", A).bytes());
    rig.send(Side::Client, 24_000_000, &query(6, "db", A).bytes());
    rig.advance(28_999_999);
    assert_eq!(rig.records().len(), 2);
    rig.advance(29_000_000);
    assert_eq!(rig.records()[2]["retries"], 1);
    assert_eq!(rig.dns.due(), 34_000_000, "it is remembered for late answers");
    rig.advance(34_000_000);
    assert_eq!(rig.dns.due(), i64::MAX);
}

#[test]
fn cap_n_02g_streams_are_framed_by_length() {
    let script = [
        Act::Send(Side::Client, 1, [query(1, "a.example", A).framed(), query(2, "a.example", AAAA).framed()].concat()),
        Act::Send(
            Side::Server,
            9,
            [answer(2, 0, "a.example", AAAA).framed(), answer(1, 0, "a.example", A).framed()].concat(),
        ),
    ];
    let records = same_at_every_cut(&script, || Rig::new(App::Dns));
    let seen: Vec<_> = records.iter().map(|one| (one["xid"].as_u64(), one["transport"].as_str().unwrap())).collect();
    assert_eq!(seen, [(Some(2), "tcp"), (Some(1), "tcp")]);
}

#[test]
fn cap_n_02g_a_message_beyond_the_limit_is_read_as_far_as_it() {
    let mut big = answer(1, 0, "a.example", 16);
    for _ in 0..200 {
        big = big.rr(16, 5, &[&[250][..], &[b'x'; 250]].concat());
    }
    let framed = big.framed();
    assert!(framed.len() > 50_000);
    let script = [
        Act::Send(Side::Client, 1, query(1, "a.example", 16).framed()),
        Act::Send(Side::Server, 2, framed),
        Act::Send(Side::Client, 3, query(2, "b.example", A).framed()),
        Act::Send(Side::Server, 4, answer(2, 0, "b.example", A).framed()),
    ];
    let mut rig = Rig::new(App::Dns);
    rig.play(&script, usize::MAX);
    let mut pieces = Rig::new(App::Dns);
    pieces.play(&script, 1448);
    assert_eq!(rig.records(), pieces.records());
    assert_eq!(rig.records()[0]["truncated"], json!(["message"]));
    assert_eq!(rig.records()[0]["answers"].as_array().unwrap().len(), 64);
    assert_eq!(rig.records()[1]["qname"], "b.example");
}

#[test]
fn cap_n_02_a_malformed_message_is_no_record_of_a_guess() {
    let mut rig = datagrams();
    let mut cut = answer(1, 0, "a.example", A).rr(A, 5, &[1, 2, 3, 4]).bytes();
    cut.truncate(cut.len() - 2);
    rig.send(Side::Client, 0, &query(1, "a.example", A).bytes());
    rig.send(Side::Server, 5, &cut);
    let record = only(&rig);
    assert_eq!(record["anomaly"], json!(["dns_malformed"]));
    assert_eq!(record["answers"], json!([]));
    rig.send(Side::Client, 6, b"not a message of this protocol");
    assert_eq!(rig.violations, ["dns_malformed"]);
}

#[test]
fn cap_n_02_answers_give_addresses_their_names() {
    let mut rig = datagrams();
    let ip = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    rig.send(Side::Client, 0, &query(1, "web.example.org", A).bytes());
    let reply = answer(1, 0, "web.example.org", A).rr(5, 1, b"\x03cdn\xc0\x10").rr(A, 60, &[192, 0, 2, 1]);
    rig.send(Side::Server, 10, &reply.bytes());
    assert_eq!(rig.dns.name(ip, 20), Some("web.example.org"), "what the client asked for, not the alias");
    assert_eq!(rig.dns.name(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 20), None);
    assert_eq!(rig.dns.name(ip, 3_600_000_010), Some("web.example.org"), "connections outlive a short time to live");
    assert_eq!(rig.dns.name(ip, 3_600_000_011), None);
    // What was refused teaches nothing.
    rig.send(Side::Server, 10, &answer(2, 5, "evil", A).rr(A, 60, &[192, 0, 2, 9]).bytes());
    assert_eq!(rig.dns.name(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9)), 20), None);
}

#[test]
fn cap_n_02h_the_table_keeps_its_budget() {
    let mut rig = datagrams();
    let bytes = 200 << 10;
    rig.dns = crate::dns::Table::new(bytes);
    let mut most = 0;
    for number in 0..20_000_u32 {
        let name = format!("host-{number}.shop.svc.cluster.local");
        let id = (number & 0xffff) as u16;
        rig.facts.client.port = Some(1024 + (number % 60_000) as u16);
        rig.facts.flow = facts(App::Dns, rig.facts.client.port.unwrap()).flow;
        rig.send(Side::Client, i64::from(number), &query(id, &name, A).bytes());
        if number % 3 == 0 {
            let [_, b, c, d] = number.to_be_bytes();
            rig.send(Side::Server, i64::from(number), &answer(id, 0, &name, A).rr(A, 9, &[10, b, c, d]).bytes());
        }
        most = most.max(rig.dns.heap());
    }
    assert!(most <= bytes, "{most} of {bytes}");
    assert!(most > bytes / 4, "{most} of {bytes}: the budget is used");
    rig.finish();
    assert_eq!(rig.records().len(), 20_000, "every query has its record, the evicted ones too");
}

#[test]
fn cap_n_02h_long_names_keep_the_budget_too() {
    let mut rig = datagrams();
    let bytes = 100 << 10;
    rig.dns = crate::dns::Table::new(bytes);
    for number in 0..3_000_u32 {
        let name = format!("{number}.{0}.{0}.{0}.org", "x".repeat(60));
        let [_, b, c, d] = number.to_be_bytes();
        rig.send(Side::Client, i64::from(number), &query(1, &name, A).bytes());
        rig.send(Side::Server, i64::from(number), &answer(1, 0, &name, A).rr(A, 9, &[10, b, c, d]).bytes());
        assert!(rig.dns.heap() <= bytes, "{} of {bytes}", rig.dns.heap());
        let newest = rig.dns.name(IpAddr::V4(Ipv4Addr::new(10, b, c, d)), i64::from(number));
        assert_eq!(newest, Some(name.as_str()));
    }
}

proptest! {
    #[test]
    fn no_stream_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), server in any::<bool>()) {
        let from = if server { Side::Server } else { Side::Client };
        for mut rig in [datagrams(), Rig::new(App::Dns)] {
            rig.send(from, 0, &bytes);
            rig.finish();
        }
    }

    /// Some bytes of real messages are other than they should be.
    #[test]
    fn no_damage_makes_it_panic(at in 0_usize..80, byte in any::<u8>()) {
        let mut rig = datagrams();
        let mut ask = query(5, "db.shop", A).opt(1232, 0, &[0, 10, 0, 1, 0]).bytes();
        let mut reply = answer(5, 0, "db.shop", A).rr(A, 5, &[1, 2, 3, 4]).rr(16, 5, b"\x02ab").bytes();
        for bytes in [&mut ask, &mut reply] {
            let len = bytes.len();
            bytes[at % len] = byte;
        }
        rig.send(Side::Client, 0, &ask);
        rig.send(Side::Server, 1, &reply);
        rig.finish();
        prop_assert!(rig.records().len() <= 2);
    }
}
