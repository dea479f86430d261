use super::{FAILED, GET, OPEN, World, joins, records};
use api::tap::TapEndKind;
use base::{Code, Coded};
use policy::action::TapView;

#[tokio::test]
async fn cap_n_16a_the_map_sums_who_asks_whom_and_histograms_what_takes_how_long() {
    let world = World::new(false);
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    let ends = r#""vantage":"client","src":{"ip":"10.0.0.1","port":9},"dst":{"ip":"10.0.0.2","port":80,"name":"items.shop","ns":"shop","service":"items"},"#;
    let full = |line: &str| line.replacen("\"ts\"", &format!("{ends}\"ts\""), 1);
    let silent = r#"{"kind":"flow","ts":3000000,"flow":"0c","state":"close","proto":"tcp","app":"unknown","status":"timeout","end_by":"idle","transactions":0,"dst":{"ip":"10.0.0.3","port":81},"src":{"ip":"10.0.0.1","port":9},"c":{"packets":3,"bytes":0},"s":{"packets":0,"bytes":0}}"#;
    records(&one, 0, &[&full(GET), &full(GET), &full(FAILED), OPEN, silent]).await;
    let permit = || world.permit(TapView { tap: Some(world.target(&one)) });
    let map = world.taps.map(permit(), "").await.unwrap();
    assert_eq!((map.from, map.to, map.edges.len(), map.more), (1_000_000, 3_000_000, 2, false));
    let edge = &map.edges[0];
    assert_eq!([&edge.source, &edge.destination, &edge.protocol], ["front-1", "items.shop:80", "http"]);
    assert_eq!((edge.count, edge.errors, edge.bytes, edge.unanswered), (3, 1, 4, 0));
    assert!(edge.us.max.unwrap().abs_diff(900_000) < 1_000);
    assert_eq!((map.edges[1].unanswered, map.edges[1].protocol.as_str()), (1, "tcp"));
    let ends: Vec<(&str, TapEndKind)> = map.ends.iter().map(|end| (end.name.as_str(), end.kind)).collect();
    let far = TapEndKind::External;
    assert_eq!(
        ends,
        [("10.0.0.1", far), ("10.0.0.3", far), ("front-1", TapEndKind::Pod), ("items.shop", TapEndKind::Service)]
    );
    assert_eq!(world.taps.map(permit(), "status >= 500").await.unwrap().edges[0].count, 1);
    let sums = world.taps.histograms(permit(), "", "").await.unwrap();
    assert_eq!((sums.groups[0].what.as_str(), sums.groups[0].count, sums.groups[0].errors), ("GET items/a", 2, 0));
    let split = async |by: &str| {
        let sums = world.taps.histograms(permit(), "", by).await.unwrap();
        sums.groups.iter().map(|group| (group.what.clone(), group.count)).collect::<Vec<_>>()
    };
    let named = |all: &[(&str, u64)]| all.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect::<Vec<_>>();
    assert_eq!(split("status").await, named(&[("200", 2), ("500", 1)]));
    assert_eq!(split("peer").await, named(&[("items.shop:80", 3)]));
    assert_eq!(split("vantage").await, named(&[("client", 3)]));
    assert_eq!(split("method, status").await.first().unwrap().0, "GET · 200");
    assert_eq!(world.taps.histograms(permit(), "", "color").await.err().unwrap().code(), Code::BadRequest);
    let metrics = world.taps.metrics(permit(), "status < 400", "route").await.unwrap();
    for line in [
        "# TYPE qd_tap_records_total counter",
        "qd_tap_records_total{tap=\"00000000000000000000000000000001\",kind=\"http\"} 3",
        "qd_tap_pods{tap=\"00000000000000000000000000000001\",state=\"starting\"} 1",
        "qd_tap_kept_transactions{tap=\"00000000000000000000000000000001\",kind=\"http\",what=\"GET items/a\"} 2",
        "qd_tap_kept_errors{tap=\"00000000000000000000000000000001\",kind=\"http\",what=\"GET items/a\"} 0",
    ] {
        assert!(metrics.lines().any(|own| own == line), "{line}\n{metrics}");
    }
    assert!(!metrics.contains("what=\"GET items/b\""), "{metrics}");
    assert_eq!(world.taps.map(permit(), "status >").await.err().unwrap().code(), Code::SelectSyntax);
}

#[tokio::test]
async fn cap_n_16d_a_service_and_the_one_workload_behind_it_are_one_and_a_connection_of_both_ends_counts_once() {
    let world = World::new(false);
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    let service = r#"{"ip":"10.96.0.2","port":80,"name":"items.shop","ns":"shop","service":"items"}"#;
    let pod = |number: u8, workload: &str| {
        format!(
            r#"{{"ip":"10.0.0.{number}","port":8080,"ns":"shop","pod":"items-{number}","service":"items","workload":"{workload}"}}"#
        )
    };
    let flow = |id: &str, port: u16, vantage: &str, dst: &str| {
        format!(
            r#"{{"kind":"flow","ts":3000000,"flow":"{id}","state":"close","proto":"tcp","vantage":"{vantage}","transactions":0,"src":{{"ip":"10.0.0.1","port":{port}}},"dst":{dst},"c":{{"packets":3,"bytes":5}},"s":{{"packets":3,"bytes":5}}}}"#
        )
    };
    let own = pod(7, "deployment/items");
    let [both, other, alone] =
        [flow("0a", 4001, "client", service), flow("0b", 4001, "server", &own), flow("0c", 4002, "server", &own)];
    records(&one, 0, &[&both, &other, &alone]).await;
    let map = async || world.taps.map(world.permit(TapView { tap: Some(world.target(&one)) }), "").await.unwrap();
    let seen = map().await;
    assert_eq!(seen.edges.iter().map(|edge| edge.count).sum::<u64>(), 2, "{:?}", seen.edges);
    let workload_of = |map: &api::tap::TapMap, name: &str| {
        map.ends.iter().find(|end| end.name == name).map(|end| end.workload.clone())
    };
    assert_eq!(workload_of(&seen, "items.shop").as_deref(), Some("deployment/items"));
    // With another workload behind it, it is a service again.
    records(&one, 0, &[&flow("0d", 4003, "server", &pod(8, "deployment/items-next"))]).await;
    assert_eq!(workload_of(&map().await, "items.shop").as_deref(), Some(""));
}
