//! What is found in a tap: by words and expressions of its filter box, by a record's connection, by a trace.

use super::{GET, World, joins, records, records_of};
use base::{Code, Coded};
use policy::action::{TapPayload, TapView};
use serde_json::json;

#[tokio::test]
async fn cap_52_words_find_ends_by_address_and_name_and_slashes_make_a_regular_expression() {
    let world = World::new(false);
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    let http = r#"{"kind":"http","ts":1,"flow":"0a","src":{"ip":"10.0.0.1","port":40000,"name":"shop/front-1","ns":"shop","pod":"front-1"},"dst":{"ip":"10.96.7.7","port":80,"name":"stock/items","ns":"stock","service":"items"},"vantage":"both","peer":{"flow":"0b","end":{"ip":"10.0.9.9","port":8080,"ns":"stock","pod":"items-7f-x2"}},"method":"GET","host":"items.example","path":"/v1/list","query":"q=1","status":200}"#;
    let tls = r#"{"kind":"tls","ts":2,"flow":"0c","src":{"ip":"10.0.0.1","port":40001},"dst":{"ip":"fd00::77","port":443},"vantage":"client","sni":"api.pay.example"}"#;
    records(&one, 0, &[http, tls]).await;
    let found = |filter: &str| {
        let rows = world.view(&records_of(&one, filter), "protocol");
        rows.into_iter().map(|(_, cell)| cell).collect::<Vec<_>>()
    };
    for (filter, expected) in [
        // addresses, also of ends that have a name
        ("10.96.7", &["http"][..]),
        ("10.0.0.1", &["http", "tls"]),
        ("FD00::77", &["tls"]),
        // pods on either side, namespace, service, protocol
        ("front-1", &["http", "tls"]),
        ("items-7f", &["http"]),
        ("stock", &["http"]),
        ("stock/items", &["http"]),
        ("TLS", &["tls"]),
        // URL, host, SNI
        ("items.example/v1", &["http"]),
        ("/v1/list?q", &["http"]),
        ("pay.example", &["tls"]),
        ("!pay.example", &["http"]),
        ("elsewhere", &[]),
        // regular expressions on namespace, pod and host, and on nothing else
        ("/^items-[0-9a-f]+-/", &["http"]),
        ("/^api\\.(pay|tax)\\.EXAMPLE$/", &["tls"]),
        ("/^shop$/", &["http", "tls"]),
        ("/v1/", &[]),
        ("/list/ stock", &[]),
        ("!/^items\\.example$/", &["tls"]),
        ("/example$/ 10.96.7.7", &["http"]),
        // and expressions
        ("where src = \"10.0.0.1\" and dst ~ \"^10\\.96\"", &["http"]),
        ("where service = \"stock/items\"", &["http"]),
        ("where target = \"items-7f-x2\"", &["http"]),
    ] {
        assert_eq!(found(filter), expected, "{filter}");
    }
    let wrong = world.taps.open(world.permit(TapView { tap: Some(world.target(&one)) }), &records_of(&one, "a /(/"));
    let wrong = wrong.err().unwrap();
    assert_eq!((wrong.code(), &wrong.details().unwrap()["at"]), (Code::SelectSyntax, &json!(3)));
}

#[tokio::test]
async fn cap_58f_a_record_comes_with_the_lookup_that_its_connection_began_with() {
    let world = World::new(false);
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    joins(&one, 1, "front-2").await;
    let dns = r#"{"kind":"dns","ts":100000,"flow":"01","qname":"items.shop","latency_us":300,"answers":[{"type":"A","data":"10.0.0.2","ttl":5}]}"#;
    let flow = |id: &str, start| {
        format!(
            r#"{{"kind":"flow","ts":{start},"flow":"{id}","dst":{{"ip":"10.0.0.2"}},"state":"update","start":{start},"end":{start},"hs_us":9}}"#
        )
    };
    let get = |id: &str| GET.replacen(r#""flow":"0a""#, &format!(r#""flow":"{id}","dst":{{"ip":"10.0.0.2"}}"#), 1);
    records(&one, 0, &[dns, &flow("0a", 100_400), &get("0a"), &flow("0b", 9_000_000), &get("0b")]).await;
    records(&one, 1, &[&flow("0c", 100_500), &get("0c")]).await;
    let dns = async |record: &str| {
        let asked = TapPayload {
            tap: world.target(&one),
            record: record.to_owned(),
            flow: String::new(),
            trace: String::new(),
        };
        world.taps.record(world.permit(asked)).await.unwrap().dns
    };
    assert_eq!(dns("0000000003").await.unwrap()["latency_us"], 300);
    assert!(dns("0000000005").await.is_none(), "nobody waited for it so long");
    assert!(dns("0000000007").await.is_none(), "another pod asked");
    assert!(dns("0000000001").await.is_none());
}

#[tokio::test]
async fn cap_n_26b_the_records_of_a_trace_are_those_of_all_its_connections_and_pods() {
    for obliged in [false, true] {
        let world = World::new(obliged);
        let one = world.tap(true);
        joins(&one, 0, "front-1").await;
        joins(&one, 1, "items-1").await;
        let of = |flow: &str, ts: u32, trace: &str| {
            format!(
                r#"{{"kind":"http","ts":{ts},"flow":"{flow}","method":"GET","path":"/","request":{{"body":"{trace}"}},"trace":{{"id":"{trace}"}}}}"#
            )
        };
        records(&one, 0, &[&of("0a", 30, "4bf9"), &of("0a", 40, "7777"), &of("0b", 20, "4bf9")]).await;
        let said = r#"{"kind":"http","ts":5,"flow":"0d","method":"GET","path":"/4bf9"}"#;
        records(&one, 1, &[&of("0c", 10, "4bf9"), said]).await;
        let asked = |trace: &str| TapPayload {
            tap: world.target(&one),
            record: String::new(),
            flow: String::new(),
            trace: trace.to_owned(),
        };
        let found = world.taps.trace(world.permit(asked("4bf9"))).await.unwrap();
        let seen: Vec<(i64, &str)> =
            found.records.iter().map(|one| (one["ts"].as_i64().unwrap(), one["pod"].as_str().unwrap())).collect();
        assert_eq!(seen, [(10, "shop/items-1"), (20, "shop/front-1"), (30, "shop/front-1")]);
        assert_eq!(found.records[0]["request"].get("body").is_none(), obliged);
        assert!(!found.more);
        assert!(world.taps.trace(world.permit(asked("none"))).await.unwrap().records.is_empty());
    }
}
