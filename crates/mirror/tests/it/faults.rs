//! EXF-01, EXF-05, EXF-06: servers that go, fall silent, forget, and refuse.

use crate::fault::{Door, What, kubectl, until};
use crate::world::{Namespace, World, quick};
use api::socket::SourceState;
use std::time::{Duration, Instant};

const LIST: &str = "sendInitialEvents";
const RESUME: &str = "watch=true&allowWatchBookmarks=true";

#[tokio::test(flavor = "multi_thread")]
async fn exf_01a_rows_stay_while_the_server_is_away() {
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
async fn exf_01a_a_server_that_falls_silent_is_noticed() {
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
async fn exf_05b_a_broken_watch_goes_on_without_a_new_list() {
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
    assert_eq!(view.notes().gap, None, "nothing was missed");
    let lists = door.asked(&["secrets?"]) - door.asked(&["secrets?", "&resourceVersion="]);
    assert_eq!(lists, 1, "the list was asked for once");
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_05b_a_forgotten_history_is_listed_behind_the_rows() {
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

    assert_eq!(view.notes().gap, None);
    door.fault(&["secrets?", "&resourceVersion="], 1, What::gone());
    let before = now_ms();
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
    let gap = view.notes().gap.expect("the gap is told");
    assert!(gap.from_ms <= before && gap.until_ms >= before && gap.until_ms <= now_ms(), "{gap:?} around {before}");
    assert!(gap.from_ms > before - 60_000, "from when the watch was heard last: {gap:?}");
    assert_eq!(door.asked(&["secrets?", LIST]), 2);
}

fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_08a_an_object_that_is_damaged_on_its_way_keeps_its_row_with_a_mark() {
    let space = Namespace::new("damage");
    space.add("whole");
    space.add_typed("broken", "damage-me-here");
    let door = Door::open().await;
    // The tag of the type (field 3, bytes) becomes one that there is not.
    let damage = What::Damage { text: "damage-me-here", back: 2, byte: 0x1f };
    door.fault(&["secrets?", LIST], 1, damage.clone());
    let world = World::new(&quick(), &[("a", door.port)]);
    let view = world.open("secrets", &[&space.0]).await;
    view.live().await;
    view.shows(&["broken", "whole"]).await;
    let marks = view.marks();
    assert_eq!(marks.len(), 1, "{marks:?}");
    assert!(marks[0].0 == "broken" && marks[0].1.contains("cannot be read"), "{marks:?}");
    assert_eq!((view.notes().partial, view.notes().unreadable), (1, 0));

    // The table goes on, and what comes whole is whole.
    space.add("later");
    view.shows(&["broken", "later", "whole"]).await;
    door.sever();
    kubectl(&["label", "secret", "broken", "-n", &space.0, "a=b"], "");
    until("the mark is gone", async || view.marks().is_empty()).await;
    assert_eq!(view.notes().partial, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_08a_objects_whose_names_cannot_be_read_are_counted_and_remove_no_row() {
    let space = Namespace::new("nameless");
    space.add("stays");
    space.add("damage-my-name");
    let door = Door::open().await;
    let world = World::new(&quick(), &[("a", door.port)]);
    let view = world.open("secrets", &[&space.0]).await;
    view.live().await;
    view.shows(&["damage-my-name", "stays"]).await;
    // The tag of the name (field 1, bytes): the new list brings the object, and nobody can tell which it is.
    door.fault(&["secrets?", LIST], 1, What::Damage { text: "damage-my-name", back: 2, byte: 0x0f });
    door.fault(&["secrets?", "&resourceVersion="], 1, What::gone());
    door.sever();
    until("the new list has come", async || view.notes().unreadable == 1).await;
    view.live().await;
    assert_eq!(view.names(), ["damage-my-name", "stays"], "rows never vanish");
    assert_eq!(view.marks().len(), 1, "{:?}", view.marks());
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_05b_an_answer_that_breaks_off_is_taken_up_again() {
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
async fn exf_06c_a_throttling_server_is_left_alone_for_as_long_as_it_asks() {
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
async fn exf_06c_without_watch_list_it_is_pages_and_without_protobuf_it_is_json() {
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
    assert_eq!(view.notes().way, "pages", "it is told how the server is asked");
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
async fn exn_02a_a_slow_cluster_never_delays_the_rest() {
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

#[tokio::test(flavor = "multi_thread")]
async fn exf_02b_credentials_that_fail_in_one_cluster_leave_the_others_alone() {
    use std::os::unix::fs::PermissionsExt;
    let space = Namespace::new("plugin");
    space.add("one");
    let door = Door::open().await;
    let (folder, path) = Door::kubeconfig(&[("a", door.port)]);
    let plugin = folder.path().join("plugin");
    std::fs::write(&plugin, "#!/bin/sh\necho 'run corp-login first' >&2\nexit 3\n").unwrap();
    std::fs::set_permissions(&plugin, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut text = std::fs::read_to_string(&path).unwrap();
    text += &format!(
        "- name: z\n  context: {{ cluster: a, user: u }}\nusers:\n- name: u\n  user: {{ exec: {{ apiVersion: \
         client.authentication.k8s.io/v1, command: {}, interactiveMode: Never }} }}\n",
        plugin.display()
    );
    std::fs::write(&path, text).unwrap();
    let world = World::of(&quick(), &path);
    let view = world.open("secrets", &[&space.0]).await;
    until("the other cluster says why", async || matches!(&view.states()[1], SourceState::Unreachable { .. })).await;
    let SourceState::Unreachable { error } = view.states().remove(1) else { panic!("{:?}", view.states()) };
    assert_eq!(error.code.as_str(), "cluster_auth_expired");
    assert!(error.message.contains("run corp-login first"), "{}", error.message);
    view.live().await;
    assert_eq!(view.names(), ["one"]);
    space.add("two");
    view.shows(&["one", "two"]).await;
}
