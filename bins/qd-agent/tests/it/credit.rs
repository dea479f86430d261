//! An owner who takes nothing: what leaves becomes less, and all is counted.

use crate::capture::begun;
use crate::links::compiled;
use crate::owner::{Agent, Owner};
use crate::space::Space;
use proto::capture::codec::{CUT, packets};
use proto::capture::{Body, Credit, Limits, Start};
use std::collections::BTreeMap;

/// Sends so many datagrams of 1200 bytes, with a breath now and then: no ring overflows.
const STEADY: &str = "
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(('10.9.7.9', 4000))
words = b'x' * 1200
for at in range(int(sys.argv[1])):
    s.send(words)
    if at % 32 == 0: time.sleep(0.002)
";

/// What came: packets whole and cut, and packets lost by their cause.
#[derive(Default)]
struct Tally {
    whole: u64,
    cut: u64,
    /// Bytes that are said to have stayed.
    stayed: u64,
    lost: BTreeMap<String, u64>,
}

impl Tally {
    fn take(&mut self, body: &Body) {
        match body {
            Body::Packets(batch) => {
                for packet in packets(batch.base_ns, &batch.packets) {
                    let is_cut = packet.unwrap().flags & CUT != 0;
                    self.cut += u64::from(is_cut);
                    self.whole += u64::from(!is_cut);
                }
            }
            Body::Loss(loss) if loss.packets == 0 => {
                assert_eq!(loss.cause, "credit");
                self.stayed += loss.bytes;
            }
            Body::Loss(loss) if !loss.records => *self.lost.entry(loss.cause.clone()).or_default() += loss.packets,
            _ => {}
        }
    }

    fn all(&self) -> u64 {
        self.whole + self.cut + self.lost.values().sum::<u64>()
    }

    /// Takes frames until so many packets are accounted for.
    fn until(&mut self, owner: &Owner<'_>, count: u64) {
        owner.until("the count of all", |body| {
            self.take(body);
            (self.all() >= count && self.stayed >= self.cut * 1200).then_some(())
        });
    }
}

#[test]
fn cap_f_11_an_owner_without_credit_left_loses_payload_first_then_packets_and_every_one_is_counted() {
    const MANY: u64 = 30_000;
    let space = Space::new("credit");
    space.wire("out", "in");
    space.towards_nobody("out", "10.9.7");
    let agent = Agent::start_by(&space.by(), &[], "credit", 30);
    let mut owner = agent.connect();
    owner.begin(Start {
        interfaces: vec!["in".into()],
        filter: Some(compiled("udp port 4000")),
        ring: 8 << 20,
        records: false,
        limits: Some(Limits { cpu_percent: 100, ..Limits::default() }),
        ..Owner::all()
    });
    begun(&owner);

    space.run(&["python3", "-c", STEADY, &MANY.to_string()]);
    let mut tally = Tally::default();
    tally.until(&owner, MANY);
    assert_eq!(tally.all(), MANY, "{:?}", tally.lost);
    assert!(tally.whole > 2_000 && tally.cut > 10_000, "whole {}, cut {}", tally.whole, tally.cut);
    assert!(tally.lost["credit"] > 1_000, "{:?}", tally.lost);
    assert_eq!(tally.stayed, tally.cut * 1200, "what was cut of packets is told to the byte");

    // With credit again, packets are whole again.
    owner.send(Body::Credit(Credit { packets: 8 << 20, records: 0 }));
    space.run(&["python3", "-c", STEADY, "100"]);
    let mut after = Tally::default();
    after.until(&owner, 100);
    assert_eq!((after.whole, after.cut, after.all()), (100, 0, 100), "{:?}", after.lost);
}
