//! How an agent ends, and who may end it; and owners who may attach to it and start nothing beside it.

use crate::capture::{begun, lines};
use crate::owner::{Agent, Owner};
use crate::space::Space;
use crate::talk::Talk;
use proto::capture::{Body, Decoder, Frame, KNOCK, Ping, Start, encode, seal};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn cap_20a_an_owner_without_a_tap_ends_an_agent_that_captures_for_another_process_of_his() {
    let mut agent = Agent::start("visit", 60);
    let mut gone = agent.connect();
    gone.begin(Owner::all());
    begun(&gone);
    // Its process is killed: nobody says goodbye.
    drop(gone);
    let mut visitor = agent.connect();
    visitor.begin(Start { tap: Vec::new(), ..Start::default() });
    visitor.send(Body::Stop(0));
    let bye = visitor.until("a last word", |body| match body {
        Body::Bye(bye) => Some(bye.clone()),
        _ => None,
    });
    assert!(bye.reason == "stop" && bye.stats.is_some(), "{bye:?}");
    drop(visitor);
    assert!(agent.ends_within(Duration::from_secs(4)));
}

#[test]
fn cap_20b_who_may_start_a_program_beside_an_agent_may_ask_it_to_end() {
    for captures in [false, true] {
        let mut agent = Agent::start("asked", 60);
        let mut owner = agent.connect();
        if captures {
            owner.begin(Owner::all());
            begun(&owner);
        }
        let mut ended = Command::new(env!("CARGO_BIN_EXE_qd-agent")).args(["end", &agent.name]).spawn().unwrap();
        if captures {
            let reason = owner.until("a last word", |body| match body {
                Body::Bye(bye) => Some(bye.reason.clone()),
                _ => None,
            });
            assert_eq!(reason, "terminated");
        }
        drop(owner);
        // This process is the agent's parent: it is gone for others once it is waited for.
        assert!(agent.ends_within(Duration::from_secs(5)), "captures: {captures}");
        assert!(ended.wait().unwrap().success());
    }
}

#[test]
fn cap_f_30c_the_time_and_the_bytes_that_policy_sets_are_a_normal_end_with_counters() {
    let mut space = Space::new("ends");
    let mut talk = Talk::start(&mut space);
    for (seconds, bytes) in [(2, 0), (0, 20_000)] {
        let mut agent = Agent::start_by(&space.by(), &[], &format!("ends-{seconds}"), 60);
        let mut owner = agent.connect();
        let mut start = Owner::all();
        let warrant = start.warrant.as_mut().unwrap();
        (warrant.max_seconds, warrant.max_bytes) = (seconds, bytes);
        owner.begin(start);
        begun(&owner);
        for _ in 0..bytes / 500 {
            talk.tell("/until-it-ends");
        }
        let bye = owner.until("a last word", |body| match body {
            Body::Bye(bye) => Some(bye.clone()),
            _ => None,
        });
        assert_eq!(bye.reason, "limit");
        assert!(bye.stats.unwrap().bytes >= bytes);
        drop(owner);
        assert!(agent.ends_within(Duration::from_secs(10)));
    }
}

/// The standard streams of an agent, as `pods/attach` gives them; and all that was written to its log.
struct Attached<'a> {
    agent: &'a mut Agent,
    log: Vec<u8>,
    at: usize,
}

impl Attached<'_> {
    /// Takes what the agent has written; false when it has ended.
    fn more(&mut self) -> bool {
        let mut buffer = [0; 64 << 10];
        let count = self.agent.output().read(&mut buffer).unwrap();
        self.log.extend_from_slice(&buffer[..count]);
        count > 0
    }

    /// Knocks and starts: the session, and a decoder of what comes.
    fn begin(&mut self, start: Start) -> (seal::Session, Decoder) {
        self.agent.input().write_all(KNOCK).unwrap();
        let mut decoder = Decoder::of_agent();
        let hello = loop {
            if let Some(Frame { body: Some(Body::Hello(hello)), .. }) = self.next(&mut decoder) {
                break hello;
            }
        };
        let mut start = start;
        let session = seal::sign(self.agent.key(), &hello.key, &mut start).unwrap();
        let mut bytes = Vec::new();
        encode(&Frame { seq: 1, ..Body::Start(Box::new(start)).into() }, &mut bytes);
        self.agent.input().write_all(&bytes).unwrap();
        (session, decoder)
    }

    fn next(&mut self, decoder: &mut Decoder) -> Option<Frame> {
        loop {
            if let Some(frame) = decoder.next_frame().unwrap() {
                return Some(frame);
            }
            if !self.more() {
                return None;
            }
            decoder.feed(&self.log[self.at..]);
            self.at = self.log.len();
        }
    }

    /// The next frame that only the owner can read.
    fn sealed(&mut self, session: &mut seal::Session, outer: &mut Decoder, inner: &mut Decoder) -> Option<Body> {
        loop {
            if let Some(frame) = inner.next_frame().unwrap() {
                return frame.body;
            }
            match self.next(outer)?.body {
                Some(Body::Sealed(mut bytes)) => inner.feed(session.unlock(&mut bytes).unwrap()),
                Some(Body::Bye(bye)) => panic!("{bye:?}"),
                other => panic!("in the clear: {other:?}"),
            }
        }
    }
}

#[test]
fn cap_d_26a_what_an_attached_owner_is_told_is_not_to_be_read_in_the_log() {
    const CANARY: &str = "canary-7f3a91";
    let mut agent = Agent::start_piped("attach", 60);
    let mut attached = Attached { agent: &mut agent, log: Vec::new(), at: 0 };
    let (mut session, mut outer) = attached.begin(Owner::all());
    let mut inner = Decoder::of_owner();
    inner.any_number_next();
    let mut seq = 1;
    let mut traffic = false;
    let mut found = false;
    let until = Instant::now() + Duration::from_secs(20);
    while !found {
        assert!(Instant::now() < until);
        match attached.sealed(&mut session, &mut outer, &mut inner).unwrap() {
            Body::FilterApplied(applied) => {
                assert_eq!(applied.error, "");
                traffic = true;
                ask(CANARY);
            }
            body => found = lines(&body).iter().any(|line| line["path"].as_str().is_some_and(|p| p.contains(CANARY))),
        }
    }
    assert!(traffic);
    // His frames prove themselves as on any other stream, and the next stream begins by a knock among the old one's.
    let mut send = |attached: &mut Attached<'_>, session: &seal::Session, body: Body| {
        seq += 1;
        let mut frame = Frame { seq, ..body.into() };
        session.seal(&mut frame);
        let mut bytes = Vec::new();
        encode(&frame, &mut bytes);
        attached.agent.input().write_all(&bytes).unwrap();
    };
    send(&mut attached, &session, Body::Ping(Ping { t1: 4 }));
    while !matches!(attached.sealed(&mut session, &mut outer, &mut inner).unwrap(), Body::Pong(pong) if pong.t1 == 4) {}
    send(&mut attached, &session, Body::Stop(0));
    while !matches!(attached.sealed(&mut session, &mut outer, &mut inner).unwrap(), Body::Bye(_)) {}
    while attached.more() {}
    let log = attached.log;
    assert!(log.len() > 1_000 && !log.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()));
    assert!(!log.windows(5).any(|window| window == b"\"http" || window == b"\"path"));
    assert!(agent.ends_within(Duration::from_secs(4)));
}

/// A request whose path has the word in it, answered.
fn ask(word: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    write!(stream, "GET /{word} HTTP/1.1\r\nHost: shop.test\r\n\r\n").unwrap();
    let (mut server, _) = listener.accept().unwrap();
    let _ = server.read(&mut [0; 4096]).unwrap();
    server.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    let _ = stream.read(&mut [0; 4096]).unwrap();
}
