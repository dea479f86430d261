//! What a socket client sees of an API server that is killed, comes back, forgets and sends damage: frames, none of which
//! takes away a row that is there.

use crate::fault::{Door, What, until};
use crate::world::{Namespace, View, World, quick};
use api::socket::{ServerFrame, Source, SourceState};
use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use table::{Content, Limits, Subscriber};

/// A client that acknowledges what it paints, and keeps what it has painted.
struct Client {
    subscriber: Subscriber,
    changed: mirror::Changed,
    names: HashMap<u64, String>,
    order: Vec<u64>,
    marks: Vec<(u64, String)>,
    sources: Vec<Source>,
    frames: usize,
}

impl Client {
    fn new(view: View, kind: &str, namespace: &str) -> Self {
        let mut subscriber = Subscriber::new(1, Limits::default());
        let query = serde_json::json!({ "kind": kind, "clusters": ["a"], "namespaces": [namespace], "len": 100 });
        let sub = serde_json::json!({ "sub": { "id": 1, "what": { "rows": query } } }).to_string();
        assert_eq!(subscriber.receive(&sub, now()).len(), 1);
        subscriber.attach(1, Content::Rows(view.0.rows));
        Self {
            subscriber,
            changed: view.0.changed,
            names: HashMap::new(),
            order: Vec::new(),
            marks: Vec::new(),
            sources: Vec::new(),
            frames: 0,
        }
    }

    fn screen(&self) -> Vec<&str> {
        self.order.iter().map(|key| self.names[key].as_str()).collect()
    }

    /// Paints every frame that comes until `done`; `always` must be on the screen in each once it was.
    async fn paint(&mut self, always: &[&str], what: &str, done: impl Fn(&Self) -> bool) {
        let end = tokio::time::Instant::now() + Duration::from_secs(60);
        loop {
            while let Some(frame) = self.subscriber.poll(now()) {
                self.take(serde_json::from_str(&frame).unwrap());
                for name in always {
                    assert!(self.screen().contains(name), "{what}: {name} blinked: {:?} {frame}", self.screen());
                }
            }
            if done(self) {
                return;
            }
            assert!(
                tokio::time::Instant::now() < end,
                "waited a minute: {what}: {:?} {:?}",
                self.screen(),
                self.sources
            );
            tokio::select! {
                () = self.changed.wait() => self.subscriber.mark_dirty(1),
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
            }
        }
    }

    fn take(&mut self, frame: ServerFrame) {
        let seq = match frame {
            ServerFrame::Snap(snap) => {
                assert!(self.frames == 0, "a second snapshot draws everything anew");
                self.order = snap.rows.iter().map(|row| row.0).collect();
                self.names = snap.rows.into_iter().map(|row| (row.0, row.3)).collect();
                (self.marks, self.sources) = (snap.marks, snap.sources);
                snap.seq
            }
            ServerFrame::Delta(delta) => {
                self.names.extend(delta.rows.into_iter().map(|row| (row.0, row.3)));
                self.order = delta.order.unwrap_or(std::mem::take(&mut self.order));
                self.marks = delta.marks.unwrap_or(std::mem::take(&mut self.marks));
                self.sources = delta.sources.unwrap_or(std::mem::take(&mut self.sources));
                delta.seq
            }
            ServerFrame::Hello(_) => return,
            other => panic!("{other:?}"),
        };
        self.frames += 1;
        self.subscriber.receive(&format!(r#"{{"ack":{{"id":1,"seq":{seq}}}}}"#), now());
    }

    fn is(&self, state: impl Fn(&SourceState) -> bool) -> bool {
        self.sources.first().is_some_and(|source| state(&source.state))
    }
}

fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_05c_no_frame_takes_a_row_from_a_client_while_the_server_comes_and_goes() {
    let space = Namespace::new("frames");
    let stay = ["one", "two", "three"];
    for name in stay {
        space.add(name);
    }
    space.add_typed("broken", "damage-this-type");
    let door = Door::open().await;
    let world = World::new(&quick(), &[("a", door.port)]);
    let view = world.open("secrets", &[&space.0]).await;
    view.live().await;
    let mut client = Client::new(view, "secrets", &space.0);
    let live = |client: &Client| client.is(|state| *state == SourceState::Live);
    client.paint(&[], "the first rows", |client| client.order.len() == 4 && live(client)).await;
    let all = ["one", "two", "three", "broken"];

    // Killed, twice: a connection that is refused, and one that breaks in the middle.
    for round in ["first", "second"] {
        door.down().await;
        client.paint(&all, round, |client| client.is(|state| matches!(state, SourceState::Stale { .. }))).await;
        door.up().await;
        client.paint(&all, round, live).await;
        assert!(client.sources[0].notes.gap.is_none(), "{round}: it went on where it was");
        door.sever();
        space.add(round);
        client.paint(&all, round, |client| client.screen().contains(&round)).await;
    }

    // It comes back without its history, and one object of the new list is damaged.
    door.fault(&["secrets?", "sendInitialEvents"], 1, What::Damage { text: "damage-this-type", back: 2, byte: 0x1f });
    door.fault(&["secrets?", "&resourceVersion="], 1, What::gone());
    door.down().await;
    space.remove("first");
    door.up().await;
    client.paint(&all, "the history is gone", |client| live(client) && !client.screen().contains(&"first")).await;
    client.paint(&all, "the gap is told", |client| client.sources[0].notes.gap.is_some()).await;
    client.paint(&all, "the damage is told", |client| client.marks.len() == 1).await;
    let (marked, why) = &client.marks[0];
    assert_eq!(client.names[marked], "broken", "{why}");
    assert_eq!(client.sources[0].notes.partial, 1);

    // It falls silent, and wakes.
    door.freeze(true);
    client.paint(&all, "silent", |client| client.is(|state| matches!(state, SourceState::Stale { .. }))).await;
    door.freeze(false);
    client.paint(&all, "awake", live).await;
    until("it was a real server all the time", async || door.asked(&["secrets?"]) > 4).await;
}
