#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::one::One;
use super::{MAX_TAPS, Room, Taps, TapsConfig, TapsError};
use crate::{Error, Event, Profile, Step};
use api::socket::{List, ListQuery, Sort, TallyQuery};
use api::tap::TapState;
use base::{Clock, ClusterName, Code, Coded, SystemClock};
use mirror::{Mirror, MirrorConfig};
use policy::action::{Asked, ObjectTarget, PacketLevel, TapExport, TapPayload, TapScope, TapStart, TapTarget, TapView};
use policy::testing::{TestGate, gate};
use policy::{Answers, Decide, Facts, Input, Permit, Ruling};
use proto::capture::{Hello, RecordBatch, Stats};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Allows everything, with obligations on what leaves.
struct Obliging(bool);

impl Decide for Obliging {
    fn decide(&self, input: &Input, _: &Facts) -> Ruling {
        let obligations = match (&input.asked, self.0) {
            (Asked::TapPayload(_), true) => json!({ "headers_only": true }),
            (Asked::TapExport(_), true) => json!({ "max_bytes": 1_000 }),
            (Asked::TapStart(_), true) => json!({ "packets": "headers", "redact": true }),
            _ => json!({}),
        };
        Ruling { obligations, ..Ruling::allow("test") }
    }

    fn digest(&self) -> String {
        "obliging".to_owned()
    }
}

mod about;
mod found;
mod partial;
mod storm;
mod sums;
mod tls;

struct World {
    gate: TestGate,
    taps: Taps,
}

impl World {
    fn new(obliged: bool) -> Self {
        Self::with(obliged, TapsConfig::default())
    }

    fn with(obliged: bool, config: TapsConfig) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let mirror = Mirror::new(&MirrorConfig::default(), Vec::new(), &clock);
        Self { gate: gate(Obliging(obliged)), taps: Taps::new(config, mirror, clock) }
    }

    fn permit<A: policy::Action>(&self, action: A) -> Permit<A> {
        let ada = self.gate.composed.verifier.desk("ada", []);
        self.gate.composed.gate.permit(&ada, action, &Answers::default()).unwrap()
    }

    /// A tap of the registry, without agents.
    fn tap(&self, follows: bool) -> Arc<One> {
        self.tap_with(follows, None)
    }

    /// One that keeps packets there.
    fn tap_with(&self, follows: bool, spool: Option<crate::spool::Spool>) -> Arc<One> {
        self.made(follows, spool, mpsc::channel(1).0)
    }

    /// One whose orders are taken.
    fn tap_with_orders(&self) -> (Arc<One>, mpsc::Receiver<super::one::Order>) {
        let (orders, taken) = mpsc::channel(8);
        (self.made(true, None, orders), taken)
    }

    fn made(
        &self,
        follows: bool,
        spool: Option<crate::spool::Spool>,
        orders: mpsc::Sender<super::one::Order>,
    ) -> Arc<One> {
        let scope = TapScope {
            cluster: ClusterName::new("c"),
            namespaces: vec!["shop".to_owned()],
            selector: String::new(),
            names: vec![],
            node: String::new(),
            object: String::new(),
        };
        let scope = if follows { vec![scope] } else { vec![] };
        let asked = TapStart { scope, packets: PacketLevel::Full, unredacted: true, ..TapStart::default() };
        let permit = self.permit(asked);
        let id = format!("{:032x}", self.taps.0.taps.read().len() + 1);
        let how = super::How { title: "-n shop".to_owned(), ..super::How::default() };
        let one = One::new(id, how, ClusterName::new("c"), &permit, 5, orders, (self.taps.0.config.room, spool));
        let one = Arc::new(one);
        self.taps.0.taps.write().push(one.clone());
        one
    }

    fn target(&self, one: &One) -> TapTarget {
        self.taps.target(&one.id).unwrap()
    }

    /// Names and one column of a view, in its order.
    fn view(&self, query: &ListQuery, column: &str) -> Vec<(String, String)> {
        let tap = match &query.list {
            List::Taps => None,
            List::Records(id) => Some(self.taps.target(id).unwrap()),
        };
        let opened = self.taps.open(self.permit(TapView { tap }), query).unwrap();
        let view = opened.rows.view();
        let at = view.columns().iter().position(|own| own.id == column).unwrap();
        let ty = view.columns()[at].ty;
        let read = |reading: &table::Reading<'_>| {
            let window = reading.window(0, 1_000).into_iter();
            window.map(|place| (reading.name(place).to_owned(), reading.cell(place, at).display(ty, 0))).collect()
        };
        view.read(0, read).unwrap()
    }
}

async fn joins(one: &One, pod: usize, name: &str) {
    let target = ObjectTarget {
        cluster: ClusterName::new("c"),
        kind: "pods".to_owned(),
        namespace: "shop".to_owned(),
        name: name.to_owned(),
    };
    one.hear(Event::Joined { pod, target, uid: String::new() }).await;
}

async fn records(one: &One, pod: usize, lines: &[&str]) {
    let batch = RecordBatch { lines: lines.join("\n").into_bytes().into(), count: lines.len() as u32 };
    assert!(!one.hear(Event::Records { pod, batch }).await, "records are counters to the list of taps");
}

fn records_of(one: &One, filter: &str) -> ListQuery {
    ListQuery { list: List::Records(one.id.clone()), filter: filter.to_owned(), sort: vec![], at: 0, len: 100 }
}

const GET: &str = r#"{"kind":"http","ts":2000000,"flow":"0a","method":"GET","host":"items","path":"/a","status":200,"wait_us":900000,"response":{"len":2,"body":"hi"}}"#;
const FAILED: &str =
    r#"{"kind":"http","ts":1000000,"flow":"0a","method":"GET","host":"items","path":"/b","status":500,"wait_us":10}"#;
const OPEN: &str = r#"{"kind":"flow","ts":500000,"flow":"0b","state":"open","proto":"tcp","app":"unknown"}"#;
const UPDATE: &str = r#"{"kind":"flow","ts":500000,"flow":"0b","state":"update","proto":"tcp","app":"unknown","status":"open","c":{"bytes":1},"s":{"bytes":2}}"#;
const CLOSE: &str = r#"{"kind":"flow","ts":500000,"flow":"0b","state":"close","proto":"tcp","app":"unknown","status":"closed","end_by":"fin","c":{"bytes":10},"s":{"bytes":20}}"#;

#[tokio::test]
async fn cap_46b_records_are_rows_in_the_order_of_time_and_of_any_column() {
    let world = World::new(false);
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    records(&one, 0, &[GET, OPEN, FAILED]).await;
    let plain = records_of(&one, "");
    let names = |query: &ListQuery| world.view(query, "request").into_iter().map(|(_, cell)| cell).collect::<Vec<_>>();
    assert_eq!(names(&plain), ["GET /b", "GET /a"], "in the order of time; a flow that opens is no row");
    let sort = vec![Sort { column: "wait".to_owned(), descending: true }];
    assert_eq!(names(&ListQuery { sort, ..plain.clone() }), ["GET /a", "GET /b"]);
    for (filter, expected) in [
        ("where wait >= 600ms", &["GET /a"][..]),
        ("where error = true", &["GET /b"]),
        ("where status = 500", &["GET /b"]),
        ("where protocol = http and namespace = shop", &["GET /b", "GET /a"]),
        ("GET /a", &["GET /a"]),
        ("front-1", &["GET /b", "GET /a"]),
    ] {
        assert_eq!(names(&records_of(&one, filter)), expected, "{filter}");
    }
    let wrong =
        world.taps.open(world.permit(TapView { tap: Some(world.target(&one)) }), &records_of(&one, "where x = 1"));
    assert_eq!(wrong.err().unwrap().code(), Code::SelectSyntax);
}

#[tokio::test]
async fn cap_52e_one_subscription_counts_all_chips_and_views_that_ask_the_same_share_it() {
    let world = World::new(false);
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    records(&one, 0, &[GET, FAILED, CLOSE]).await;
    let filters = ["", "where protocol = http", "where error = true", "where wait >= 600ms"].map(str::to_owned);
    let open = |filters: Vec<String>| {
        let query = TallyQuery { list: List::Records(one.id.clone()), filters };
        world.taps.tally(world.permit(TapView { tap: Some(world.target(&one)) }), query)
    };
    let mut counts = Vec::new();
    let (tallied, _) = open(filters.to_vec()).unwrap();
    let mut subscriber = table::Subscriber::new(1, table::Limits::default());
    let sub = r#"{"sub":{"id":1,"what":{"tally":{"list":"taps","filters":[]}}}}"#;
    assert!(matches!(&subscriber.receive(sub, 0)[..], [table::Command::Open { .. }]));
    subscriber.attach(1, table::Content::Tally(tallied));
    for now in [0, 1_000] {
        while let Some(frame) = subscriber.poll(now) {
            let frame: Value = serde_json::from_str(&frame).unwrap();
            if let Some(said) = frame.get("counts") {
                counts.push(filters.each_ref().map(|filter| said["kinds"][filter.as_str()].as_u64().unwrap()));
                subscriber.receive(&json!({ "ack": { "id": 1, "seq": said["seq"] } }).to_string(), now);
            }
        }
        records(&one, 0, &[GET]).await;
        subscriber.mark_dirty(1);
    }
    assert_eq!(counts, [[3, 2, 1, 1], [4, 3, 1, 2]], "one frame has them all");
    assert_eq!(open(vec!["where x = 1".to_owned()]).err().unwrap().code(), Code::SelectSyntax);
    assert_eq!(open(vec!["where time < 5m".to_owned()]).err().unwrap().code(), Code::BadRequest);
}

#[tokio::test]
async fn cap_40b_a_connection_without_a_parser_is_one_row_that_changes() {
    let world = World::new(false);
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    records(&one, 0, &[OPEN]).await;
    assert!(world.view(&records_of(&one, ""), "down").is_empty());
    records(&one, 0, &[UPDATE]).await;
    let before = world.view(&records_of(&one, ""), "down");
    records(&one, 0, &[CLOSE]).await;
    let after = world.view(&records_of(&one, ""), "down");
    assert_eq!((before.len(), before[0].1.as_str(), after[0].1.as_str()), (1, "2", "20"));
    assert_eq!(before[0].0, after[0].0, "it is the same row");
    // Its record is the newest of the flow.
    let asked =
        TapPayload { tap: world.target(&one), record: after[0].0.clone(), flow: String::new(), trace: String::new() };
    let record = world.taps.record(world.permit(asked)).await.unwrap();
    assert_eq!(record.record["state"], "close");
    assert!(record.flow.is_none(), "it is its own flow");
}

#[tokio::test]
async fn cap_42c_a_request_of_both_ends_is_one_row_and_the_servers_connection_none() {
    let world = World::new(false);
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    joins(&one, 1, "items-1").await;
    // The server's connection is known before what it was for.
    records(&one, 1, &[OPEN, UPDATE]).await;
    assert_eq!(world.view(&records_of(&one, ""), "request").len(), 1);
    let peer =
        r#""vantage":"both","net_us":5,"server_us":6,"peer":{"flow":"0b","end":{"ip":"10.0.0.2","port":80}},"ts""#;
    records(&one, 0, &[&GET.replacen("\"ts\"", peer, 1)]).await;
    records(&one, 1, &[CLOSE]).await;
    assert_eq!(world.view(&records_of(&one, ""), "vantage"), [("0000000003".to_owned(), "both".to_owned())]);
}

#[tokio::test]
async fn cap_57a_a_record_is_shown_whole_with_its_flow_and_without_bodies_where_policy_obliges() {
    for obliged in [false, true] {
        let world = World::new(obliged);
        let one = world.tap(true);
        joins(&one, 0, "front-1").await;
        let flow = CLOSE.replace("0b", "0a");
        records(&one, 0, &[GET, FAILED, &flow]).await;
        let tap = world.target(&one);
        let asked = |record: &str| TapPayload {
            tap: tap.clone(),
            record: record.to_owned(),
            flow: String::new(),
            trace: String::new(),
        };
        let whole = world.taps.record(world.permit(asked("0000000001"))).await.unwrap();
        assert_eq!((&whole.record["pod"], &whole.record["path"]), (&json!("shop/front-1"), &json!("/a")));
        assert_eq!(whole.record["response"].get("body").is_none(), obliged);
        assert_eq!(whole.flow.unwrap()["state"], "close");
        for gone in ["0000000009", "x", ""] {
            let error = world.taps.record(world.permit(asked(gone))).await.err().unwrap();
            assert_eq!(error.code(), Code::NotFound, "{gone}");
        }
        let asked = TapPayload { tap, record: String::new(), flow: "0a".to_owned(), trace: String::new() };
        let all = world.taps.flow(world.permit(asked)).await.unwrap();
        let times: Vec<&Value> = all.records.iter().map(|record| &record["ts"]).collect();
        assert_eq!(times, [&json!(500_000), &json!(1_000_000), &json!(2_000_000)]);
        let ended = world.gate.journal.ended();
        let payload = ended.iter().find(|entry| entry.action == "tap:payload").unwrap();
        assert!(payload.bytes > 100, "what left is counted: {payload:?}");
        let journal =
            serde_json::to_string(&world.gate.journal.decided().iter().map(|one| &one.input).collect::<Vec<_>>());
        assert!(!journal.unwrap().contains("items"), "payload is in the journal");
    }
}

#[tokio::test]
async fn cap_47a_records_are_lines_from_any_on_chosen_and_within_their_limits() {
    let world = World::new(false);
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    for _ in 0..1_000 {
        records(&one, 0, &[GET, FAILED]).await;
    }
    let lines = async |world: &World, select: &str, since, limit| {
        let (select, tap) = (select.to_owned(), world.target(&one));
        let asked = TapExport { tap, format: "jsonl".into(), select, flow: String::new(), filter: String::new() };
        let mut lines = world.taps.records(world.permit(asked), since, limit).await.unwrap();
        let mut all = Vec::new();
        while let Some(more) = lines.next_lines() {
            all.extend(more);
        }
        let text = String::from_utf8(all).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(lines(&world, "", 0, None).await.len(), 2_000);
    let failed = lines(&world, "status >= 500", 1_001, None).await;
    assert_eq!((failed.len(), &failed[0]["n"]), (500, &json!("0000001002")));
    assert_eq!(lines(&world, "", 1_999, None).await.len(), 2);
    assert_eq!(lines(&world, "kind = http", 0, Some(7)).await.len(), 7);

    let world = World::new(true);
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    records(&one, 0, &[GET; 100]).await;
    let asked = TapExport {
        tap: world.target(&one),
        format: "jsonl".into(),
        select: String::new(),
        flow: String::new(),
        filter: String::new(),
    };
    let mut lines = world.taps.records(world.permit(asked), 0, None).await.unwrap();
    let first = lines.next_lines().unwrap();
    let kept = first.iter().filter(|byte| **byte == b'\n').count();
    assert!(kept > 2 && kept * GET.len() <= 1_000, "{kept} records of {} bytes", GET.len());
    assert!(lines.next_lines().is_none());
}

#[tokio::test]
async fn cap_d_28_a_storm_leaves_a_view_that_nobody_read_meanwhile_right_and_every_record_accounted_for() {
    const ALL: usize = 220_000;
    let world = World::new(false);
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    let newest = ListQuery {
        sort: vec![Sort { column: "time".to_owned(), descending: true }],
        len: 3,
        ..records_of(&one, "where protocol = http")
    };
    // Opened before the storm, and not looked at until it is over.
    let permit = world.permit(TapView { tap: Some(world.target(&one)) });
    let opened = world.taps.open(permit, &newest).unwrap();
    for batch in 0..ALL / 500 {
        let line = |at| {
            let at = batch * 500 + at;
            format!(r#"{{"kind":"http","ts":{at},"flow":"0a","method":"GET","path":"/{at}","status":200}}"#)
        };
        let lines: Vec<String> = (0..500).map(line).collect();
        records(&one, 0, &lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    let totals = one.totals();
    assert_eq!(totals.records, ALL as u64);
    assert!(totals.kept <= 200_000 + 10_000 && totals.kept >= 100_000, "{}", totals.kept);
    let view = opened.rows.view();
    let at = view.columns().iter().position(|own| own.id == "request").unwrap();
    let (rows, cells): (usize, Vec<String>) = view
        .read(0, |reading| {
            let window = reading.window(0, 3).into_iter();
            (reading.total(), window.map(|place| reading.cell(place, at).display(view.columns()[at].ty, 0)).collect())
        })
        .unwrap();
    assert_eq!(rows as u64, totals.kept, "what is not shown any more is counted: {} of {ALL}", ALL - rows);
    assert_eq!(cells, [ALL - 1, ALL - 2, ALL - 3].map(|at| format!("GET /{at}")));
}

#[tokio::test]
async fn cap_p_13b_a_tap_keeps_as_many_records_as_are_configured_and_rows_go_with_them() {
    let room = Room { records: 1_000 };
    let world = World::with(false, TapsConfig { room, ..TapsConfig::default() });
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    for _ in 0..50 {
        records(&one, 0, &[GET; 100]).await;
    }
    let kept = one.records.lock().len();
    assert!((1..=1_000).contains(&kept), "{kept}");
    assert_eq!(one.list.table.read().len(), kept, "a row each");
    assert_eq!(one.totals().records, 5_000, "all are counted");
}

#[tokio::test]
async fn cap_16a_each_pod_says_where_it_stands_and_the_tap_what_they_come_to() {
    let world = World::new(true);
    let one = world.tap(true);
    assert_eq!(one.stands(), TapState::Waiting);
    joins(&one, 0, "front-1").await;
    joins(&one, 1, "front-2").await;
    assert_eq!(one.stands(), TapState::Starting);
    let added = Step::Added { profile: Profile::NetRaw, container: "qd-tap-abc".to_owned(), past: 0 };
    for step in [added, Step::Waiting { reason: "ErrImagePull; event Failed: no such host".to_owned() }] {
        one.hear(Event::Step { pod: 0, step }).await;
    }
    let waits = one.detail().targets[0].clone();
    assert_eq!((waits.state.as_str(), waits.waits.as_str()), ("added", "ErrImagePull; event Failed: no such host"));
    for step in [Step::Running, Step::Capturing] {
        one.hear(Event::Step { pod: 0, step }).await;
    }
    let refused = Error::Admission { message: "no".to_owned() };
    one.hear(Event::Ended { pod: 1, error: Some(refused), stats: None }).await;
    one.hear(Event::Hello { pod: 0, hello: Box::new(Hello { host: "n1".to_owned(), ..Hello::default() }) }).await;
    one.hear(Event::Stats { pod: 0, stats: Stats { packets: 9, bytes: 900, ..Stats::default() } }).await;
    records(&one, 0, &[GET]).await;
    let detail = one.detail();
    assert_eq!((detail.state, one.pods()), (TapState::Running, (1, 2)));
    assert_eq!((detail.packets, detail.redacted), (api::tap::TapPackets::Headers, true), "after its obligations");
    let states: Vec<(&str, &str)> = detail.targets.iter().map(|one| (one.pod.as_str(), one.state.as_str())).collect();
    assert_eq!(states, [("front-1", "capturing"), ("front-2", "failed")]);
    assert_eq!(detail.targets[0].profile, "netraw");
    let steps = |at: usize| detail.targets[at].steps.iter().map(|one| one.step.as_str()).collect::<Vec<_>>();
    assert_eq!(steps(0), ["found", "added", "waiting", "running", "capturing", "hello"]);
    assert_eq!(steps(1), ["found", "failed"]);
    assert!(detail.targets[0].steps.iter().all(|one| one.at_ms > 1_600_000_000_000));
    assert_eq!(detail.targets[0].waits, "");
    assert_eq!(detail.targets[1].error.as_ref().unwrap().code, Code::TapAdmission);
    assert_eq!((detail.totals.packets, detail.totals.bytes, detail.totals.records, detail.totals.kept), (9, 900, 1, 1));
    assert_eq!(world.view(&records_of(&one, ""), "node")[0].1, "n1");
    one.end(9);
    assert_eq!((one.detail().state, one.detail().error.unwrap().code), (TapState::Ended, Code::TapAdmission));
}

#[tokio::test]
async fn a_tap_that_is_forgotten_is_gone_from_every_view_and_old_ones_make_room() {
    let world = World::new(false);
    let first = world.tap(true);
    let query = records_of(&first, "");
    let tap = Some(world.target(&first));
    let opened = world.taps.open(world.permit(TapView { tap }), &query).unwrap();
    joins(&first, 0, "front-1").await;
    records(&first, 0, &[GET]).await;
    assert_eq!(opened.rows.view().read(0, |reading| reading.total()).unwrap(), 1);
    for _ in 1..MAX_TAPS {
        world.tap(true);
    }
    assert!(matches!(world.taps.0.make_room("ada").await, Err(TapsError::TooMany(MAX_TAPS))));
    world.taps.0.make_room("bob").await.unwrap();
    first.end(1);
    world.taps.0.make_room("bob").await.unwrap();
    assert!(world.taps.target(&first.id).is_ok(), "nobody's tap makes room for another's");
    world.taps.0.make_room("ada").await.unwrap();
    assert!(matches!(world.taps.target(&first.id), Err(TapsError::NoTap)));
    assert_eq!(opened.rows.view().read(0, |reading| reading.total()).unwrap(), 0);
    let states = opened.rows.view().states();
    assert!(
        matches!(&states[0].state, api::socket::SourceState::Unreachable { error } if error.code == Code::NotFound)
    );
}

#[tokio::test]
async fn addresses_get_the_names_that_agents_and_records_say() {
    let world = World::new(false);
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    let interfaces = vec![proto::capture::Interface {
        addresses: vec![vec![10, 0, 0, 1], vec![127, 0, 0, 1]],
        ..proto::capture::Interface::default()
    }];
    one.hear(Event::Hello { pod: 0, hello: Box::new(Hello { interfaces, ..Hello::default() }) }).await;
    let ends = |dst: &str| format!(r#"{{"kind":"dns","ts":1,"src":{{"ip":"10.0.0.1"}},"dst":{dst}}}"#);
    let service = ends(r#"{"ip":"10.0.0.2","name":"shop/items","ns":"shop","service":"items"}"#);
    let pod = ends(r#"{"ip":"10.0.0.3","name":"shop/pay-1","ns":"shop","pod":"pay-1","service":"pay"}"#);
    let outside = ends(r#"{"ip":"192.0.2.1","name":"example.org"}"#);
    records(&one, 0, &[&service, &pod, &outside]).await;
    let names: Vec<String> = one.names.lock().iter().map(|(ip, name)| format!("{ip} {name}")).collect();
    assert_eq!(
        names,
        ["10.0.0.1 front-1.shop", "10.0.0.2 items.shop.svc", "10.0.0.3 pay-1.shop", "192.0.2.1 example.org"]
    );
}
