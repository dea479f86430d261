//! Capture filters of running taps: of one pod alone, and where exactly another one begins.

use super::desk::Desk;
use e2e::tapping::alone;
use e2e::tshark::tshark;
use e2e::{fresh::Fresh, node};
use serde_json::{Value, json};

#[test]
fn cap_27f_a_filter_of_one_pod_holds_there_alone_soon_and_from_a_packet_that_a_record_names() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let space = Fresh::new("tap-filters");
    for pod in ["one", "two"] {
        space.pod(pod, &json!({}));
    }
    ["one", "two"].iter().for_each(|pod| space.running(pod));
    let body = json!({ "cluster": desk.cluster, "namespaces": [space.name()] });
    let answer = desk.call("POST", "/taps", Some(&body));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let tap = answer.json()["id"].as_str().unwrap().to_owned();
    let target = |tap: &Value, pod: &str| {
        let all = tap["targets"].as_array().unwrap().clone();
        all.into_iter().find(|own| own["pod"] == pod).unwrap_or_default()
    };
    let packets = |tap: &Value, pod: &str| target(tap, pod)["totals"]["packets"].as_u64().unwrap_or(0);
    desk.until(&tap, "both are captured", |tap| {
        ["one", "two"].iter().all(|pod| target(tap, pod)["state"] == "capturing")
    });
    let ask = |pod: &str| {
        let words = ["curl", "-sS", "--max-time", "5", "-o", "/dev/null", "http://127.0.0.1:8080/asked"];
        let _ = node::within(node::own(&node::uid(space.name(), pod)), &words);
    };
    let asked = |what: &str, pod: &str| {
        let before = packets(&desk.detail(&tap), pod);
        ask(pod);
        desk.until(&tap, what, |tap| packets(tap, pod) > before + 4);
    };
    asked("of the one", "one");
    asked("of the other", "two");

    let named = |pod: &str| format!("{}/{pod}", space.name());
    let set = |filter: &str, pod: &str| {
        desk.call("PATCH", &format!("/taps/{tap}"), Some(&json!({ "filter": filter, "pod": named(pod) })))
    };
    let wrong = set("port nonsense", "one");
    assert_eq!(wrong.code(), "filter_syntax", "{}", wrong.body);
    assert_eq!(set("tcp", "nobody").code(), "bad_request");
    assert_eq!(
        desk.call("PATCH", &format!("/taps/{tap}"), Some(&json!({ "pod": named("one") }))).code(),
        "bad_request"
    );
    let applied = || -> Vec<Value> {
        let select = "kind%3Dtap+and+state%3Dfilter_applied";
        let all = desk.call("GET", &format!("/taps/{tap}/records?select={select}"), None);
        all.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    assert_eq!(applied(), Vec::<Value>::new(), "what is refused changes nothing");
    let changed = set("udp port 9", "one").json();
    assert_eq!(changed["filter"], "", "that of the tap stays: {changed}");
    desk.until(&tap, "it is in force", |_| applied().len() == 1);
    let mark = applied().remove(0);
    assert_eq!((&mark["pod"], &mark["filter"]), (&json!(named("one")), &json!("udp port 9")), "{mark}");
    asked("the other goes on", "two");
    ask("one");
    asked("the other again", "two");
    // Nothing passes there: what it has is what came before the mark, and all of that is older.
    let (first, since) = (mark["packet"].as_u64().unwrap(), mark["ts"].as_i64().unwrap());
    let own = format!("frame.interface_name contains \"{}/\"", named("one"));
    let file = desk.file(&format!("/taps/{tap}/pcapng"));
    let times = tshark(&file, &["-Y", &own, "-T", "fields", "-e", "frame.time_epoch"]);
    let late = times.iter().filter(|time| time.parse::<f64>().unwrap() * 1e6 > since as f64 + 1.0).count();
    assert_eq!((times.len() as u64, late), (first - 1, 0), "{mark}");
    desk.until(&tap, "the agent has counted no more", |tap| packets(tap, "one") == first - 1);

    // It is remembered whose it is; an empty one gives the pod that of the tap again.
    assert_eq!(set("", "one").status, 200);
    desk.until(&tap, "it is in force as well", |_| applied().len() == 2);
    asked("the first again", "one");
    let detail = desk.detail(&tap);
    let history: Vec<(&Value, &Value)> =
        detail["filters"].as_array().unwrap().iter().map(|one| (&one["filter"], &one["pod"])).collect();
    let (one, none) = (json!(named("one")), Value::Null);
    assert_eq!(history, [(&json!(""), &none), (&json!("udp port 9"), &one), (&json!(""), &one)], "{detail}");
    // A second is enough, as the agent's clock tells it; a machine that stands still for once is no reason to fail.
    let soon = |at: usize, mark: &Value| {
        let asked = detail["filters"][at]["since_ms"].as_i64().unwrap();
        mark["ts"].as_i64().unwrap() / 1_000 - asked <= 1_000
    };
    assert!(soon(1, &mark) || soon(2, &applied()[1]), "{mark} {detail}");
}
