#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;

#[test]
fn cap_n_32b_looks_are_rarer_when_they_cost_and_more_frequent_when_much_happens() {
    let ms = Duration::from_millis;
    assert_eq!(pace(USUAL, ms(0), 3), USUAL);
    assert_eq!(pace(USUAL, ms(1), 500), ms(500));
    assert_eq!(pace(ms(250), ms(1), 500), ms(250), "never more often than that");
    assert_eq!(pace(ms(250), ms(0), 0), ms(500), "back to the usual");
    assert_eq!(pace(USUAL, ms(80), 0), ms(2000));
    assert_eq!(pace(LONGEST, ms(900), 0), LONGEST);
    assert_eq!(pace(LONGEST, ms(10), 0), ms(2500));
}

/// Ids and states of records.
struct Told(Vec<(flow::RecordId, &'static str)>);

impl Sink for Told {
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        if let Record::Socket(socket) = record {
            self.0.push((envelope.id, socket.state));
        }
    }
}

#[test]
fn cap_n_32e_no_two_records_of_a_socket_have_one_id() {
    let mut watch = Watch::new(7, Instant::now());
    let mut told = Told(Vec::new());
    let end = |port| (std::net::Ipv4Addr::LOCALHOST.into(), port);
    let entry = Entry {
        proto: TCP,
        state: 1,
        local: end(80),
        remote: end(40_000),
        cookie: 3,
        recvq: 0,
        sendq: 0,
        uid: 0,
        inode: 0,
        interface: 0,
        tcp: None,
    };
    // Alive, ended, then its port waits, and is free.
    for state in [Some(1), Some(ENDED), Some(6), None, None] {
        watch.looks += 1;
        if let Some(state) = state {
            watch.take(Entry { state, ..entry }, 0, &mut told);
        }
        watch.gone(0, &mut told);
    }
    let states: Vec<&str> = told.0.iter().map(|(_, state)| *state).collect();
    assert_eq!(states, ["established", "closed", "time_wait", "closed"]);
    let ids: HashSet<flow::RecordId> = told.0.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), told.0.len());
    assert_eq!(watch.seen, 1);
    // Its end is told once, whether the table has it longer or not.
    for state in [Some(ENDED), None] {
        watch.looks += 1;
        if let Some(state) = state {
            watch.take(Entry { state, cookie: 4, ..entry }, 0, &mut told);
        }
        watch.gone(0, &mut told);
    }
    assert_eq!(told.0.len(), 5);
    assert!(watch.known.is_empty());
}
