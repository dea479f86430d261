//! EXF-01, EXF-05, EXF-06: servers that go, fall silent, forget, and refuse.

use crate::fault::{Door, What, until};
use crate::world::{Namespace, World, quick};
use api::socket::SourceState;
use std::time::{Duration, Instant};

const LIST: &str = "sendInitialEvents";
const RESUME: &str = "watch=true&allowWatchBookmarks=true";

#[tokio::test(flavor = "multi_thread")]
async fn exf_01_rows_stay_while_the_server_is_away() {
    let space = Namespace::new("away");
    space.add("one");
    let door = Door::open().await;
    let world = World::new(&quick(), &[("a", door.port)]);
    let view = world.open("secrets", &[&space.0]).await;
    view.live().await;
    view.shows(&["one"]).await;

    door.down().await;
    until("the view is stale", async || matches!(view.state(), SourceState::Stale { .. })).await;
    let SourceState::Stale { since_ms, error } = view.state() else { panic!("{:?}", view.state()) };
    assert_eq!(error.code.as_str(), "cluster_unreachable", "{}", error.message);
    assert!(since_ms > 1_700_000_000_000);
    assert_eq!(view.names(), ["one"], "rows stay");
    space.add("two");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let SourceState::Stale { since_ms: later, .. } = view.state() else { panic!("{:?}", view.state()) };
    assert_eq!(later, since_ms, "since says when it began, not when it was tried last");

    door.up().await;
    view.live().await;
    view.shows(&["one", "two"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_01_a_server_that_falls_silent_is_noticed() {
    let space = Namespace::new("silent");
    space.add("one");
    let door = Door::open().await;
    let world = World::new(&quick(), &[("a", door.port)]);
    let view = world.open("secrets", &[&space.0]).await;
    view.live().await;

    door.freeze(true);
    let began = Instant::now();
    until("the view is stale", async || matches!(view.state(), SourceState::Stale { .. })).await;
    assert!(began.elapsed() < Duration::from_secs(20), "noticed by asking, not by the watch's own silence");
    assert_eq!(view.names(), ["one"]);
    space.add("two");
    door.freeze(false);
    view.live().await;
    view.shows(&["one", "two"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_05_a_broken_watch_goes_on_without_a_new_list() {
    let space = Namespace::new("broken");
    space.add("one");
    let door = Door::open().await;
    let world = World::new(&quick(), &[("a", door.port)]);
    let view = world.open("secrets", &[&space.0]).await;
    view.live().await;
    assert_eq!(door.asked(&["secrets?", LIST]), 1);
    for name in ["three", "two"] {
        let before = door.asked(&["secrets?", RESUME]);
        door.sever();
        until("it is asked again", async || door.asked(&["secrets?", RESUME]) > before).await;
        space.add(name);
    }
    view.shows(&["one", "three", "two"]).await;
    view.live().await;
    let lists = door.asked(&["secrets?"]) - door.asked(&["secrets?", "&resourceVersion="]);
    assert_eq!(lists, 1, "the list was asked for once");
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_05_a_forgotten_history_is_listed_behind_the_rows() {
    let space = Namespace::new("gone");
    for name in ["one", "three", "two"] {
        space.add(name);
    }
    let door = Door::open().await;
    let world = World::new(&quick(), &[("a", door.port)]);
    let view = world.open("secrets", &[&space.0]).await;
    view.live().await;
    let key = |view: &crate::world::View| view.0.rows.view().read(0, |r| r.key(r.window(0, 1)[0])).unwrap();
    let first = key(&view);

    door.fault(&["secrets?", "&resourceVersion="], 1, What::gone());
    // While the watch is away, an object goes and another comes.
    door.down().await;
    space.remove("two");
    space.add("four");
    door.up().await;
    until("the new list is there", async || {
        let names = view.names();
        assert!(names.iter().any(|name| name == "one"), "rows never blink: {names:?}");
        names == ["four", "one", "three"]
    })
    .await;
    view.live().await;
    assert!(key(&view) != first, "four stands first now");
    let one = view.0.rows.view().read(0, |r| r.key(r.window(1, 1)[0])).unwrap();
    assert_eq!(one, first, "a row that stayed is the same row");
    assert_eq!(door.asked(&["secrets?", LIST]), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_05_an_answer_that_breaks_off_is_taken_up_again() {
    let space = Namespace::new("cut");
    for name in ["one", "three", "two"] {
        space.add(name);
    }
    let door = Door::open().await;
    door.fault(&["secrets", LIST], 1, What::CutAfter(300));
    door.fault(&["secrets", LIST], 1, What::EndAfter(400));
    let world = World::new(&quick(), &[("a", door.port)]);
    let view = world.open("secrets", &[&space.0]).await;
    view.live().await;
    view.shows(&["one", "three", "two"]).await;
    assert_eq!(door.asked(&["secrets?", LIST]), 2);
    assert_eq!(door.asked(&["secrets?limit="]), 1, "a server that ends a live list early is asked for pages");
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_06_a_throttling_server_is_left_alone_for_as_long_as_it_asks() {
    let space = Namespace::new("slow");
    space.add("one");
    let door = Door::open().await;
    let throttled = What::Answer { status: 429, headers: vec![("retry-after", "2")], body: String::new() };
    door.fault(&["secrets", LIST], 1, throttled);
    let world = World::new(&quick(), &[("a", door.port)]);
    let began = Instant::now();
    let view = world.open("secrets", &[&space.0]).await;
    until("it was asked", async || door.asked(&["secrets?", LIST]) == 1).await;
    view.live().await;
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
    view.shows(&["one"]).await;

    // A long wait is worth telling.
    let long = What::Answer { status: 429, headers: vec![("retry-after", "60")], body: String::new() };
    door.fault(&["secrets"], 9, long);
    door.sever();
    until(
        "the view says so",
        async || matches!(view.state(), SourceState::Stale { error, .. } if error.code.as_str() == "cluster_throttled"),
    )
    .await;
    assert_eq!(view.names(), ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_06_without_watch_list_it_is_pages_and_without_protobuf_it_is_json() {
    let space = Namespace::new("old");
    for name in ["one", "three", "two"] {
        space.add(name);
    }
    let door = Door::open().await;
    let forbidden = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
    door.fault(&["secrets", LIST], 9, What::status(422, "Invalid", forbidden));
    let world = World::new(&quick(), &[("a", door.port)]);
    let view = world.open("secrets", &[&space.0]).await;
    view.live().await;
    view.shows(&["one", "three", "two"]).await;
    assert!(door.asked(&["secrets?limit=500"]) >= 1);
    space.add("four");
    view.shows(&["four", "one", "three", "two"]).await;

    let door = Door::open().await;
    door.fault(&["secrets"], 1000, What::Json);
    let world = World::new(&quick(), &[("a", door.port)]);
    let view = world.open("secrets", &[&space.0]).await;
    view.live().await;
    view.shows(&["four", "one", "three", "two"]).await;
    space.remove("four");
    view.shows(&["one", "three", "two"]).await;

    let door = Door::open().await;
    door.fault(&["secrets"], 1, What::status(406, "NotAcceptable", "only the following media types are accepted"));
    let world = World::new(&quick(), &[("a", door.port)]);
    let view = world.open("secrets", &[&space.0]).await;
    view.live().await;
    view.shows(&["one", "three", "two"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exn_02_a_slow_cluster_never_delays_the_rest() {
    let space = Namespace::new("two");
    space.add("one");
    let (fast, slow) = (Door::open().await, Door::open().await);
    slow.freeze(true);
    let world = World::new(&quick(), &[("fast", fast.port), ("slow", slow.port)]);
    let began = Instant::now();
    let view = world.open("secrets", &[&space.0]).await;
    view.shows(&["one"]).await;
    assert!(began.elapsed() < Duration::from_secs(10));
    until("one is live", async || view.states() == [SourceState::Live, SourceState::Connecting]).await;
    slow.freeze(false);
    view.shows(&["one", "one"]).await;
    until("both are live", async || view.states() == [SourceState::Live, SourceState::Live]).await;
}
