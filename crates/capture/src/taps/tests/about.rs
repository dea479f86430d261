use super::{World, joins, records};
use crate::clock::Clock;
use crate::spool::{Job, Size, Spool};
use crate::{Event, Step};
use base::{Code, Coded};
use policy::action::{ObjectTarget, TapChange, TapControl, TapExport, TapPayload, TapView};
use proto::capture::codec::{PacketView, put_packet};
use proto::capture::{Counted, Hello, Interface, Loss, Mode, PacketBatch, Stats};
use std::sync::Arc;

fn control(world: &World, one: &super::One, change: TapChange) -> policy::Permit<TapControl> {
    world.permit(TapControl { tap: world.target(one), change })
}

/// A frame of UDP from 10.0.0.1 to a port.
fn frame(port: u16) -> Vec<u8> {
    let mut bytes = vec![2; 12];
    bytes.extend([8, 0, 0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    bytes.extend([0x10, 0]);
    bytes.extend(port.to_be_bytes());
    bytes.extend([0, 12, 0, 0, 1, 2, 3, 4]);
    bytes
}

fn eth0() -> Interface {
    Interface { index: 2, name: "eth0".to_owned(), link: 1, ..Interface::default() }
}

fn batch(ports: &[u16]) -> PacketBatch {
    let mut bytes = Vec::new();
    for port in ports {
        let frame = frame(*port);
        let view = PacketView { ts_ns: 1_000_000_000, orig_len: frame.len() as u32, flags: 0, bytes: &frame };
        put_packet(1_000_000_000, &view, &mut bytes);
    }
    let count = ports.len() as u32;
    PacketBatch { interface: 2, base_ns: 1_000_000_000, first: 0, packets: bytes.into(), count }
}

#[tokio::test]
async fn cap_47b_a_tap_says_what_it_came_to_who_its_agents_are_and_what_was_marked() {
    let world = World::new(false);
    let one = world.tap(true);
    joins(&one, 0, "front-1").await;
    let hello = Hello {
        mode: Mode::Sockets as i32,
        reason: "no right".to_owned(),
        version: "1.2.3".to_owned(),
        kernel: "6.1".to_owned(),
        host: "n1".to_owned(),
        interfaces: vec![eth0()],
        ..Hello::default()
    };
    one.hear(Event::Hello { pod: 0, hello: Box::new(hello) }).await;
    one.hear(Event::Step { pod: 0, step: Step::Capturing }).await;
    one.hear(Event::Clock { pod: 0, clock: Clock { offset_us: -7, error_us: 3 } }).await;
    let later = Interface { index: 3, name: "eth1".to_owned(), link: 1, ..Interface::default() };
    one.hear(Event::Interface { pod: 0, interface: Box::new(later) }).await;
    let malformed = vec![Counted { name: "udp".to_owned(), count: 4 }];
    let stats = Stats { packets: 9, kernel_drops: 2, cpu_ms: 11, rss: 12, level: 1, malformed, ..Stats::default() };
    one.hear(Event::Stats { pod: 0, stats }).await;
    let loss =
        |cause: &str, records| Loss { packets: 7, bytes: 70, cause: cause.to_owned(), records, ..Loss::default() };
    one.hear(Event::Loss { pod: 0, loss: loss("credit", false) }).await;
    one.hear(Event::Loss { pod: 0, loss: loss("credit", true) }).await;
    records(&one, 0, &[super::GET, super::FAILED, super::OPEN]).await;
    let mark = world.taps.mark(control(&world, &one, TapChange::Mark("before the deploy".to_owned()))).await.unwrap();
    assert_eq!((mark.text.as_str(), mark.by.as_str()), ("before the deploy", "ada"));

    let view = world.permit(TapView { tap: Some(world.target(&one)) });
    assert_eq!(world.taps.marks(&view).unwrap(), [mark]);
    let stats = world.taps.stats(&view).unwrap();
    let kinds: Vec<(&str, u64)> = stats.kinds.iter().map(|kind| (kind.name.as_str(), kind.count)).collect();
    assert_eq!(kinds, [("flow", 1), ("http", 2), ("loss", 2), ("tap", 2)]);
    let losses: Vec<_> =
        stats.losses.iter().map(|loss| (loss.cause.as_str(), loss.packets, loss.records, loss.bytes)).collect();
    assert_eq!(losses, [("credit", 7, 7, 140)]);
    assert_eq!((stats.malformed[0].name.as_str(), stats.malformed[0].count), ("udp", 4));
    assert!(stats.record_bytes > 0 && stats.spool.is_none() && stats.totals.lost == 7);
    let agents = world.taps.agents(&view).unwrap();
    let agent = &agents[0];
    assert_eq!((agent.mode.as_str(), agent.reason.as_str(), agent.node.as_str()), ("sockets", "no right", "n1"));
    assert_eq!((agent.clock_us, agent.clock_error_us, agent.kernel_drops, agent.level), (Some(-7), Some(3), 2, 1));
    assert_eq!(agent.interfaces, ["eth0", "eth1"], "one that came later too");

    for wrong in [String::new(), " ".to_owned(), "x".repeat(501)] {
        let error = world.taps.mark(control(&world, &one, TapChange::Mark(wrong))).await.err().unwrap();
        assert_eq!(error.code(), Code::BadRequest);
    }
    for taken in [TapChange::Mark("x".to_owned()), TapChange::Keys] {
        assert!(world.taps.control(control(&world, &one, taken)).await.is_err());
    }
}

#[tokio::test]
async fn cap_53b_a_filter_is_tried_on_the_packets_that_came_last() {
    let world = World::new(false);
    let home = tempfile::tempdir().unwrap();
    let spool = Spool::begin(home.path().join("tap"), Size { segment: 64 << 10, ..Size::default() });
    let all = vec![eth0()];
    spool.give(Job::Interfaces { pod: 0, named: "shop/front-1".to_owned(), filter: String::new(), all }).await;
    let one = world.tap_with(true, Some(spool));
    let preview = async |filter: &str| {
        let asked =
            TapPayload { tap: world.target(&one), record: String::new(), flow: String::new(), trace: String::new() };
        world.taps.preview(world.permit(asked), filter.to_owned()).await
    };
    let none = preview("udp port 53").await.unwrap();
    assert_eq!((none.matches, none.of), (0, 0));
    for _ in 0..100 {
        one.keep(0, batch(&[53, 80])).await;
    }
    let few = preview("udp port 53").await.unwrap();
    assert_eq!((few.matches, few.of), (100, 200));
    // Over segments: the old half is not looked at any more.
    for _ in 0..120 {
        one.keep(0, batch(&[[80; 50], [443; 50]].concat())).await;
    }
    let last = preview("udp port 443").await.unwrap();
    assert_eq!((last.matches, last.of), (5_000, 10_000));
    assert_eq!(preview("udp port 53").await.unwrap().matches, 0);
    assert_eq!(preview("").await.unwrap().matches, 10_000);
    assert_eq!(preview("port nonsense").await.err().unwrap().code(), Code::FilterSyntax);
    let without = world.tap(true);
    let asked =
        TapPayload { tap: world.target(&without), record: String::new(), flow: String::new(), trace: String::new() };
    assert_eq!(world.taps.preview(world.permit(asked), String::new()).await.err().unwrap().code(), Code::NotFound);
}

#[tokio::test]
async fn cap_n_20m_keys_are_counted_bounded_and_nowhere_to_be_read() {
    let world = World::new(false);
    let one = world.tap(true);
    let secret = "5ec2e7".repeat(16);
    let key = format!("CLIENT_RANDOM {} {secret}", "ab".repeat(32));
    let log = format!("# comment\n{key}\nnonsense\n\n{key}\r\n");
    let taken = world.taps.keys(control(&world, &one, TapChange::Keys), log).await.unwrap();
    assert_eq!((taken.keys, taken.invalid, taken.agents, taken.records), (2, 1, 0, 0));
    assert_eq!(one.keys.lock().lines().len(), 2);
    let journal = format!("{:?} {:?}", world.gate.journal.decided(), world.gate.journal.ended());
    assert!(journal.contains("keys") && !journal.contains(&secret[..12]), "{journal}");
    let mut text = String::new();
    one.each(|line| text.push_str(&String::from_utf8_lossy(line.line)));
    assert!(text.contains("2 keys were given") && !text.contains(&secret[..12]), "{text}");
    let much = format!("{key}\n").repeat((64 << 20) / (key.len() + 1));
    let error = world.taps.keys(control(&world, &one, TapChange::Keys), much).await.err().unwrap();
    assert_eq!(error.code(), Code::LimitReached);
    assert!(error.to_string().contains("key_log"), "{error}");
}

#[tokio::test]
async fn cap_27b_filters_and_pauses_of_a_tap_are_remembered_with_who_asked() {
    let world = World::new(false);
    let (one, mut orders) = world.tap_with_orders();
    let answers = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some(order) = orders.recv().await {
            match order {
                crate::taps::one::Order::Filter(pod, text, tell) => {
                    seen.push(pod.map_or(text.clone(), |pod| format!("{text} of pod {pod}")));
                    let _ = tell.send(Ok(()));
                }
                crate::taps::one::Order::Pause(paused) => seen.push(paused.to_string()),
                _ => {}
            }
        }
        seen
    });
    for change in [TapChange::Filter("tcp".to_owned()), TapChange::Pause(true), TapChange::Filter(String::new())] {
        world.taps.control(control(&world, &one, change)).await.unwrap();
    }
    let detail = one.detail();
    assert!(detail.paused);
    let filters: Vec<(&str, &str)> = detail.filters.iter().map(|one| (one.filter.as_str(), one.by.as_str())).collect();
    assert_eq!(filters, [("", "ada"), ("tcp", "ada"), ("", "ada")]);
    for _ in 0..60 {
        world.taps.control(control(&world, &one, TapChange::Filter("udp".to_owned()))).await.unwrap();
    }
    assert_eq!(one.detail().filters.len(), 50);
    world.taps.control(control(&world, &one, TapChange::Pause(false))).await.unwrap();
    let mut told = Vec::new();
    one.each(|line| told.push(crate::line::Members::of(line.line).text("state")));
    assert_eq!(told[..3], ["filter_changed", "paused", "filter_changed"]);
    assert_eq!(told.last().unwrap(), "resumed");
    world.taps.0.taps.write().clear();
    drop(Arc::into_inner(one).unwrap());
    let seen = answers.await.unwrap();
    assert_eq!(seen[..3], ["tcp", "true", ""]);
}

#[tokio::test]
async fn cap_27c_a_filter_of_one_pod_goes_to_its_agent_and_where_it_begins_is_a_record_of_that_pod() {
    let world = World::new(false);
    let (one, mut orders) = world.tap_with_orders();
    for (place, name) in [(0, "front-1"), (1, "front-2"), (2, "front-1")] {
        joins(&one, place, name).await;
    }
    let answers = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some(order) = orders.recv().await {
            if let crate::taps::one::Order::Filter(pod, text, tell) = order {
                seen.push((pod, text));
                let _ = tell.send(Ok(()));
            }
        }
        seen
    });
    let cluster = world.target(&one).cluster;
    let of = |name: &str, filter: &str| {
        let (kind, namespace, name) = ("pods".to_owned(), "shop".to_owned(), name.to_owned());
        let pod = ObjectTarget { cluster: cluster.clone(), kind, namespace, name };
        TapChange::FilterOf { pod, filter: filter.to_owned() }
    };
    for change in [of("front-1", "udp"), TapChange::Filter("tcp".to_owned()), of("front-2", "")] {
        world.taps.control(control(&world, &one, change)).await.unwrap();
    }
    let nobody = world.taps.control(control(&world, &one, of("front-9", "udp"))).await.err().unwrap();
    assert_eq!(nobody.code(), Code::BadRequest);
    one.hear(Event::Filter { pod: 2, filter: "udp".to_owned(), packet: 17, at_ns: 5_000_000 }).await;
    let detail = one.detail();
    assert_eq!(detail.filter, "tcp", "that of the tap");
    let filters: Vec<_> = detail.filters.iter().map(|one| (one.filter.as_str(), one.pod.as_deref())).collect();
    assert_eq!(filters, [("", None), ("udp", Some("shop/front-1")), ("tcp", None), ("", Some("shop/front-2"))]);
    let mut told = Vec::new();
    one.each(|line| {
        let members = crate::line::Members::of(line.line);
        told.push((line.pod, members.text("state"), members.int("packet"), members.int("ts")));
    });
    let last = told.last().unwrap();
    assert_eq!((last.0, last.1.as_str(), last.2, last.3), (2, "filter_applied", Some(17), Some(5_000)));
    assert_eq!(told.iter().filter(|one| one.1 == "filter_changed").count(), 3);
    world.taps.0.taps.write().clear();
    drop(Arc::into_inner(one).unwrap());
    let wanted = [(Some(2), "udp"), (None, "tcp"), (Some(1), "")].map(|(pod, text)| (pod, text.to_owned()));
    assert_eq!(answers.await.unwrap(), wanted, "the newest pod of a name");
}

#[tokio::test]
async fn cap_f_28_limits_are_named_where_they_are_reached() {
    let world = World::new(false);
    let home = tempfile::tempdir().unwrap();
    let spool = Spool::begin(home.path().join("tap"), Size::default());
    let one = world.tap_with(true, Some(spool));
    joins(&one, 0, "front-1").await;
    let flow = r#"{"kind":"flow","ts":1,"flow":"0a","state":"open","src":{"ip":"10.0.0.1","port":4096},"dst":{"ip":"10.0.0.2","port":53}}"#;
    records(&one, 0, &[flow]).await;
    let look = || {
        let asked =
            TapPayload { tap: world.target(&one), record: String::new(), flow: "0a".to_owned(), trace: String::new() };
        world.taps.look(world.permit(asked), crate::taps::Shown::default())
    };
    let mut viewers = Vec::new();
    for _ in 0..200 {
        viewers.push(look().await.unwrap());
    }
    let view = world.permit(TapView { tap: Some(world.target(&one)) });
    assert_eq!(world.taps.stats(&view).unwrap().viewers, 200);
    let error = look().await.err().unwrap();
    assert_eq!((error.code(), error.to_string().contains("`viewers`, 200")), (Code::LimitReached, true), "{error}");
    viewers.pop();
    assert_eq!(look().await.unwrap().about(3).client, "10.0.0.1:4096");
    let mut request: api::tap::TapRequest = serde_json::from_str(r#"{"cluster":"c","namespaces":["shop"]}"#).unwrap();
    request.body = Some(262_145);
    let ada = world.gate.composed.verifier.desk("ada", []);
    let error = world.taps.asked(&ada, &request).await.err().unwrap();
    assert_eq!((error.code(), error.to_string().contains("`body`, 262144")), (Code::LimitReached, true), "{error}");
    // Records of one answer; more are asked for by where the last one ended, or as a file of all.
    let lines = async |limit| {
        let tap = world.target(&one);
        let asked = TapExport {
            tap,
            format: "jsonl".into(),
            select: String::new(),
            flow: String::new(),
            filter: String::new(),
        };
        world.taps.records(world.permit(asked), 0, limit).await
    };
    assert!(lines(Some(10_000)).await.is_ok() && lines(None).await.is_ok());
    let error = lines(Some(10_001)).await.err().unwrap();
    assert_eq!((error.code(), error.to_string().contains("`records`, 10000")), (Code::LimitReached, true), "{error}");
    // Taps of one user: another's are not in his way, and only one's own make room.
    for _ in 1..20 {
        world.tap(true);
    }
    let error = world.taps.0.make_room("ada").await.err().unwrap();
    let words = error.to_string().contains("20 taps") && error.to_string().contains("`taps_per_user`");
    assert_eq!((error.code(), words), (Code::LimitReached, true), "{error}");
    world.taps.0.make_room("bob").await.unwrap();
}

#[tokio::test]
async fn cap_d_11_no_name_that_comes_from_outside_is_a_path() {
    let world = World::new(false);
    let home = tempfile::tempdir().unwrap();
    let spool = Spool::begin(home.path().join("tap"), Size { segment: 1 << 10, ..Size::default() });
    let one = world.tap_with(true, Some(spool));
    let hostile = ["../../../escaped", "a/b\0c", "/etc/escaped", &"x".repeat(1 << 20)];
    for (pod, name) in hostile.into_iter().enumerate() {
        joins(&one, pod, name).await;
        let own = Interface { name: name.to_owned(), ..eth0() };
        let hello = Hello { host: name.to_owned(), interfaces: vec![own], ..Hello::default() };
        one.hear(Event::Hello { pod, hello: Box::new(hello) }).await;
        one.keep(pod, batch(&[53; 50])).await;
    }
    one.spool.as_ref().unwrap().snapshot().await.unwrap();
    let mut files = Vec::new();
    for folder in [home.path().to_path_buf(), home.path().join("tap")] {
        files.extend(std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()));
    }
    let ours = |name: &String| {
        name == "tap" || name.trim_end_matches(".manifest").trim_end_matches(".pcapng").parse::<u32>().is_ok()
    };
    assert!(files.len() > 4 && files.iter().all(ours), "{files:?}");
    for wrong in ["../x", "", "0\0", &"f".repeat(1 << 20)] {
        assert!(world.taps.target(wrong).is_err());
        let asked =
            TapPayload { tap: world.target(&one), record: String::new(), flow: wrong.to_owned(), trace: String::new() };
        assert!(world.taps.look(world.permit(asked), crate::taps::Shown::default()).await.is_err());
    }
}
