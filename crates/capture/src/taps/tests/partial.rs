//! What is missing: told, counted, and never under a plain green state.

use super::{CLOSE, OPEN, World, joins, records, records_of};
use crate::spool::{Size, Spool};
use crate::taps::one::One;
use crate::{Event, Step};
use api::cell::{Cell, Level};
use api::socket::{List, ListQuery};
use proto::capture::{Loss, Stats};
use std::sync::Arc;

fn taps(filter: &str) -> ListQuery {
    ListQuery { list: List::Taps, filter: filter.to_owned(), sort: vec![], at: 0, len: 10 }
}

/// The level of the tap's row in the list of taps, and its word.
fn stands(world: &World, one: &One) -> (String, Level) {
    world.taps.0.show(one);
    let opened = world.taps.open(world.permit(policy::action::TapView { tap: None }), &taps("")).unwrap();
    let view = opened.rows.view();
    let at = view.columns().iter().position(|own| own.id == "state").unwrap();
    let read = |reading: &table::Reading<'_>| {
        let mut places = reading.window(0, 100).into_iter().filter(|place| reading.name(*place) == one.id);
        match reading.cell(places.next().unwrap(), at) {
            Cell::Status(word, level) => (word.to_owned(), level),
            other => panic!("{other:?}"),
        }
    };
    view.read(0, read).unwrap()
}

/// A tap that captures and lacks nothing.
async fn whole(world: &World, spool: Option<Spool>) -> Arc<One> {
    let one = world.tap_with(true, spool);
    joins(&one, 0, "front-1").await;
    one.hear(Event::Step { pod: 0, step: Step::Capturing }).await;
    records(&one, 0, &[super::GET, OPEN, CLOSE]).await;
    assert_eq!((stands(world, &one), one.detail().partial), (("running".to_owned(), Level::Ok), false));
    one
}

fn rows(world: &World, one: &One) -> Vec<String> {
    let all = world.view(&records_of(one, ""), "request").into_iter().chain(world.view(&records_of(one, ""), "status"));
    all.map(|(_, cell)| cell).collect()
}

#[tokio::test]
async fn cap_n_12_whatever_is_missing_is_a_record_a_row_and_a_counter_and_the_tap_is_never_plain_green() {
    let world = World::new(false);
    let loss = |cause: &str, packets, bytes, records| {
        let loss = Loss { packets, bytes, cause: cause.to_owned(), records, ..Loss::default() };
        Event::Loss { pod: 0, loss }
    };
    // What the agents say: dropped by the kernel, shed, payload that stayed, records, what broke with a stream.
    for (event, row) in [
        (loss("ring", 7, 0, false), None),
        (loss("credit", 7, 70, false), Some("7 credit")),
        (loss("throttle", 0, 9_000, false), Some("9000 bytes of payload throttle")),
        (loss("stream", 7, 0, true), Some("stream")),
    ] {
        let one = whole(&world, None).await;
        let said = format!("{event:?}");
        one.hear(event).await;
        assert_eq!((stands(&world, &one).1, one.detail().partial), (Level::Warn, true), "{said}");
        let rows = rows(&world, &one);
        assert!(row.is_none_or(|row| rows.iter().any(|cell| cell.contains(row))), "{said}: {rows:?}");
        let sums = world.taps.stats(&world.permit(policy::action::TapView { tap: Some(world.target(&one)) })).unwrap();
        assert_eq!(sums.losses.len(), 1, "{said}");
        let sum = &sums.losses[0];
        assert!(sum.packets + sum.records == 7 || sum.bytes == 9_000, "{said}: {sum:?}");
        let of_pod = one.detail().targets[0].totals.lost;
        assert_eq!(of_pod, sum.packets, "{said}: the pod has its own count");
    }
    // What the engine says: a loss of the ring, a part of a stream, a connection that had no room any more.
    for (line, row) in [
        (r#"{"kind":"loss","ts":3,"packets":7,"cause":"ring","from":1,"to":2,"level":0}"#, Some("7 ring")),
        (r#"{"kind":"gap","ts":3,"flow":"0a","side":"client","len":9,"cause":"ring"}"#, Some("client 9 ring")),
        (&CLOSE.replace("\"closed\",\"end_by\":\"fin\"", "\"evicted\""), Some("evicted")),
    ] {
        let one = whole(&world, None).await;
        records(&one, 0, &[line]).await;
        let rows = rows(&world, &one);
        assert!(row.is_none_or(|row| rows.iter().any(|cell| cell.contains(row))), "{line}: {rows:?}");
        assert_eq!((stands(&world, &one).1, one.detail().partial), (Level::Warn, true), "{line}");
    }
    // Bodies, and more, that an agent leaves out to spare its pod; until it tells all again the tap is not green.
    let one = whole(&world, None).await;
    for (level, words) in [(1, "bodies are not shown (level 1)"), (0, "all is told again (level 0)")] {
        one.hear(Event::Stats { pod: 0, stats: Stats { level, ..Stats::default() } }).await;
        let mut told = Vec::new();
        one.each(|line| told.push(crate::line::Members::of(line.line).text("reason")));
        assert!(told.iter().any(|told| told.contains(words)), "{told:?}");
        assert_eq!(stands(&world, &one).1 == Level::Warn, level > 0);
    }
    // Packets that the disk has no room for.
    let home = tempfile::tempdir().unwrap();
    let size = Size { segment: 1 << 10, budget: 4 << 10, ..Size::default() };
    let one = whole(&world, Some(Spool::begin(home.path().join("tap"), size))).await;
    one.hear(loss("spool", 0, 0, false)).await;
    assert_eq!(stands(&world, &one).1, Level::Warn);
    let lossy = world.view(&taps("where state = running and lost > 0"), "lost");
    assert_eq!(lossy.len(), 2, "{lossy:?}");
}
