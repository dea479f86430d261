//! Search lists: names tried in turn are one row.

use serde_json::{Value, json};

use super::build::{A, AAAA, answer, query};
use crate::rig::{Rig, facts};
use crate::{App, Side, Transport};

const NXDOMAIN: u16 = 3;

/// Each query has a port of its own, as stub resolvers do.
fn ask(rig: &mut Rig, port: u16, ts_us: i64, name: &str, kind: u16, rcode: u16) {
    rig.facts = crate::Facts { transport: Transport::Datagram, ..facts(App::Dns, port) };
    rig.send(Side::Client, ts_us, &query(port, name, kind).bytes());
    let reply = answer(port, rcode, name, kind);
    let reply = if rcode == 0 { reply.rr(A, 5, &[10, 1, 2, 3]) } else { reply };
    rig.send(Side::Server, ts_us + 100, &reply.bytes());
}

fn rows(rig: &Rig) -> Vec<(&str, &str, Value)> {
    let row = |one: &Value| one.get("searched").cloned().unwrap_or(Value::Null);
    rig.records().iter().map(|one| (one["qname"].as_str().unwrap(), one["rcode"].as_str().unwrap(), row(one))).collect()
}

#[test]
fn cap_n_02i_a_search_list_is_one_row() {
    let mut rig = Rig::new(App::Dns);
    for (step, name) in ["db.shop.svc.cluster.local", "db.svc.cluster.local", "db.cluster.local"].iter().enumerate() {
        let at = step as i64 * 1_000;
        ask(&mut rig, 1000 + step as u16, at, name, A, NXDOMAIN);
        ask(&mut rig, 2000 + step as u16, at + 10, name, AAAA, NXDOMAIN);
    }
    ask(&mut rig, 1003, 3_000, "db", A, 0);
    ask(&mut rig, 2003, 3_010, "db", AAAA, 0);
    rig.finish();
    let searched = json!(["db.shop.svc.cluster.local", "db.svc.cluster.local", "db.cluster.local"]);
    assert_eq!(rows(&rig), [("db", "NOERROR", searched.clone()), ("db", "NOERROR", searched)]);
    let first = &rig.records()[0];
    assert_eq!(
        (&first["search_of"], &first["latency_us"], &first["search_us"]),
        (&json!("db"), &json!(100), &json!(3_100))
    );
    assert_eq!((&rig.records()[0]["qtype"], &rig.records()[1]["qtype"]), (&json!("A"), &json!("AAAA")));
}

#[test]
fn cap_n_02i_a_search_may_fail_to_the_end() {
    let mut rig = Rig::new(App::Dns);
    ask(&mut rig, 1, 0, "api.example.com.shop.svc.cluster.local", A, NXDOMAIN);
    ask(&mut rig, 2, 1_000, "api.example.com.svc.cluster.local", A, NXDOMAIN);
    ask(&mut rig, 3, 2_000, "api.example.com", A, NXDOMAIN);
    assert!(rig.records().is_empty(), "held for the next name");
    rig.advance(2_100 + 499_999);
    assert!(rig.records().is_empty());
    rig.advance(2_100 + 500_000);
    let searched = json!(["api.example.com.shop.svc.cluster.local", "api.example.com.svc.cluster.local"]);
    assert_eq!(rows(&rig), [("api.example.com", "NXDOMAIN", searched)]);
    assert_eq!(rig.records()[0]["search_of"], "api.example.com");
}

#[test]
fn cap_n_02i_an_unrelated_domain_counts_once_the_search_is_known() {
    let mut rig = Rig::new(App::Dns);
    ask(&mut rig, 1, 0, "db.svc.cluster.local", A, NXDOMAIN);
    ask(&mut rig, 2, 1_000, "db.cluster.local", A, NXDOMAIN);
    ask(&mut rig, 3, 2_000, "db.corp.example", A, 0);
    rig.finish();
    assert_eq!(rows(&rig), [("db.corp.example", "NOERROR", json!(["db.svc.cluster.local", "db.cluster.local"]))]);
}

#[test]
fn cap_n_02i_names_that_are_no_search_stay_apart() {
    let mut rig = Rig::new(App::Dns);
    // Other owners' names that begin alike, another type, another client, and too late.
    ask(&mut rig, 1, 0, "www.example.org", A, NXDOMAIN);
    ask(&mut rig, 2, 1_000, "www.example.net", A, 0);
    ask(&mut rig, 3, 2_000, "db.svc.cluster.local", A, NXDOMAIN);
    ask(&mut rig, 4, 3_000, "db.cluster.local", AAAA, 0);
    rig.advance(3_000_000);
    ask(&mut rig, 5, 3_000_000, "db.cluster.local", A, 0);
    rig.finish();
    assert!(rig.records().iter().all(|one| one.get("search_of").is_none()), "{:#?}", rig.records());
    assert_eq!(rig.records().len(), 5);
}

#[test]
fn cap_n_02i_the_same_question_again_is_no_search() {
    let mut rig = Rig::new(App::Dns);
    ask(&mut rig, 1, 0, "gone.example.org", A, NXDOMAIN);
    ask(&mut rig, 2, 1_000, "gone.example.org", A, NXDOMAIN);
    rig.finish();
    assert_eq!(rig.records().len(), 2);
}
