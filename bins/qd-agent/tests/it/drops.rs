//! What the kernel drops: counted to the packet, and less of it after a while.

use crate::capture::{begun, lines};
use crate::links::compiled;
use crate::owner::{Agent, Owner};
use crate::space::Space;
use proto::capture::codec::packets;
use proto::capture::{Body, Limits, PacketLevel, Start};
use std::process::Command;

/// Sends so many datagrams of 8000 bytes, as fast as it can.
const BURST: &str = "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
s.connect(('10.9.8.9', 4000))
words = b'x' * 8000
for _ in range(int(sys.argv[1])): s.send(words)
";

/// What came of packets, and what was said of others.
#[derive(Default)]
struct Tally {
    seen: u64,
    /// By frames, and by records.
    lost: [u64; 2],
    /// The longest time that one loss covers, nanoseconds.
    longest: u64,
    /// What was said of the ring.
    grown: Vec<String>,
}

impl Tally {
    fn take(&mut self, body: &Body) {
        match body {
            Body::Packets(batch) => self.seen += packets(batch.base_ns, &batch.packets).count() as u64,
            Body::Loss(loss) => {
                assert_eq!(loss.cause, "ring");
                self.lost[0] += loss.packets;
                self.longest = self.longest.max(loss.to_ns - loss.from_ns);
            }
            Body::Log(log) if log.code == "ring" => self.grown.push(format!("{} {}", log.level, log.text)),
            body => {
                for record in lines(body).iter().filter(|record| record["kind"] == "loss") {
                    assert_eq!(record["cause"], "ring");
                    self.lost[1] += record["packets"].as_u64().unwrap();
                }
            }
        }
    }
}

fn signal(agent: &Agent, name: &str) {
    assert!(Command::new("kill").args([name, &agent.pid().to_string()]).status().unwrap().success());
}

/// Sends a burst while the agent stands still; what was seen and lost of it.
fn burst(space: &Space, agent: &Agent, owner: &Owner<'_>, count: u64) -> Tally {
    signal(agent, "-STOP");
    space.run(&["python3", "-c", BURST, &count.to_string()]);
    signal(agent, "-CONT");
    let (mut tally, mut told) = (Tally::default(), 0);
    // All is told within a second, and what is wrong then is told in the next one.
    owner.until("the count of all", |body| {
        tally.take(body);
        told += u32::from(matches!(body, Body::Stats(_)) && tally.seen + tally.lost[0] >= count);
        (told >= 2).then_some(())
    });
    tally
}

#[test]
fn cap_f_12_what_the_kernel_drops_is_counted_by_second_and_interface_and_the_ring_grows() {
    let space = Space::new("drops");
    space.wire("out", "in");
    for end in ["out", "in"] {
        space.ip(&["link", "set", end, "mtu", "9000"]);
    }
    space.towards_nobody("out", "10.9.8");
    let agent = Agent::start_by(&space.by(), &[], "drops", 30);
    let mut owner = agent.connect();
    let index = owner.hello.interfaces.iter().find(|link| link.name == "in").unwrap().index;
    owner.begin(Start {
        interfaces: vec!["in".into()],
        packets: PacketLevel::Headers as i32,
        filter: Some(compiled("udp port 4000")),
        ring: 1 << 20,
        limits: Some(Limits { memory: 33 << 20, ..Limits::default() }),
        ..Owner::all()
    });
    begun(&owner);

    let first = burst(&space, &agent, &owner, 2000);
    assert_eq!(first.seen + first.lost[0], 2000, "what was sent was seen or is told to be lost");
    assert_eq!(first.lost[0], first.lost[1], "records tell the same");
    assert!(first.lost[0] > 1000 && first.seen > 50, "seen {}, lost {:?}", first.seen, first.lost);
    // The agent stood still for a part of it, and looks each second.
    assert!(first.longest >= 900_000_000, "{}", first.longest);
    assert_eq!(first.grown, [format!("info interface {index} has 2 MiB now")]);

    // What one ring could not hold fits now.
    let second = burst(&space, &agent, &owner, 150);
    assert_eq!((second.seen, second.lost, second.grown.len()), (150, [0, 0], 0));

    // It grows on while it loses, as far as the budget goes, and all is counted still.
    let mut last = String::new();
    for _ in 0..8 {
        let more = burst(&space, &agent, &owner, 4000);
        assert_eq!(more.seen + more.lost[0], 4000);
        let Some(grown) = more.grown.last() else { break };
        last.clone_from(grown);
    }
    assert_eq!(last, format!("info interface {index} has 13 MiB now"), "the budget, without what the rest needs");
}
