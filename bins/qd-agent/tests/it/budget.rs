//! What an agent leaves out when it takes more of a processor than it may, so that the pod's own work goes first; and how much
//! of packets leaves at which level.

use crate::capture::{begun, lines};
use crate::owner::{Agent, Owner};
use crate::space::Space;
use crate::talk::{BODY, SECRET, Talk};
use proto::capture::codec::{CUT, MASKED, packets};
use proto::capture::{Body, Credit, Limits, PacketLevel, Start};
use serde_json::Value;
use std::time::{Duration, Instant};

/// What came until the agent has told its counters so often, and then ended.
fn all(owner: &Owner<'_>, seconds: usize) -> Vec<Body> {
    let mut bodies = Vec::new();
    for _ in 0..seconds {
        owner.until("counters", |body| {
            bodies.push(body.clone());
            matches!(body, Body::Stats(_)).then_some(())
        });
    }
    owner.send(Body::Stop(0));
    bodies.extend(owner.rest());
    bodies
}

/// The flags of all packets, and their bytes behind each other.
fn taken(bodies: &[Body]) -> (u32, Vec<u8>) {
    let (mut flags, mut bytes) = (0, Vec::new());
    for body in bodies {
        let Body::Packets(batch) = body else { continue };
        for packet in packets(batch.base_ns, &batch.packets) {
            let packet = packet.unwrap();
            flags |= packet.flags;
            bytes.extend_from_slice(packet.bytes);
        }
    }
    (flags, bytes)
}

fn holds(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|part| part == words.as_bytes())
}

/// What an agent's program may have: the bar of its image.
const IMAGE: u64 = 4 << 20;

/// Bytes of a process that are pages of its program: of one that was built to be tested there are many, and the kernel maps
/// those that it has in large pieces.
fn program(pid: u32) -> u64 {
    let path = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap().display().to_string();
    let (mut inside, mut kib) = (false, 0);
    for line in std::fs::read_to_string(format!("/proc/{pid}/smaps")).unwrap().lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["Rss:", size, "kB"] if inside => kib += size.parse::<u64>().unwrap(),
            // The head of a mapping, of a file or of none.
            [range, _, _, _, _, ..] if range.contains('-') => inside = words.get(5) == Some(&path.as_str()),
            _ => {}
        }
    }
    assert!(kib > 0, "no pages of {path}");
    kib << 10
}

#[test]
fn cap_n_13_an_agent_that_takes_too_much_leaves_out_more_a_step_at_a_time_and_takes_it_back() {
    let mut space = Space::new("budget");
    let mut talk = Talk::start(&mut space);
    let agent = Agent::start_by(&space.by(), &[], "budget", 30);
    let mut owner = agent.connect();
    assert_eq!(owner.hello.budget, 12 << 20, "of memory, for its engine");
    let limits = Some(Limits { cpu_percent: 1, ..Limits::default() });
    owner.begin(Start { packets: PacketLevel::None as i32, limits, ring: 0, ..Owner::all() });
    begun(&owner);
    owner.send(Body::Credit(Credit { packets: 0, records: 1 << 32 }));
    // The kernel ends it first where memory is short, and lets others run first.
    let file = |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", agent.pid())).unwrap();
    assert_eq!(file("oom_score_adj").trim(), "1000");
    let stat = file("stat");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    assert_eq!(fields[16], "10", "nice: {stat}");

    let (mut levels, mut told, mut most) = (vec![0_u32], Vec::new(), 0);
    let mut reach = |owner: &Owner<'_>, what: &str, wanted: &dyn Fn(u32) -> bool| {
        let late = Instant::now() + Duration::from_secs(120);
        while !levels.last().is_some_and(|level| wanted(*level)) {
            assert!(Instant::now() < late, "{what}: {levels:?}");
            owner.until("counters", |body| match body {
                Body::Stats(stats) => {
                    most = most.max(stats.rss);
                    if levels.last() != Some(&stats.level) {
                        levels.push(stats.level);
                    }
                    Some(())
                }
                Body::Log(log) if log.code == "throttle" => {
                    told.push(log.text.clone());
                    None
                }
                _ => None,
            });
        }
    };
    talk.tell("load");
    reach(&owner, "it leaves something out", &|level| level >= 2);
    talk.tell("stop");
    reach(&owner, "it leaves nothing out", &|level| level == 0);
    assert!(levels.windows(2).all(|two| two[0].abs_diff(two[1]) == 1), "a step at a time: {levels:?}");
    assert_eq!(told.len(), levels.len() - 1, "each step is said: {told:?}");
    let own = most.saturating_sub(program(agent.pid()));
    println!("{own} of {most} bytes are its own");
    assert!(own > 0 && own + IMAGE <= 32 << 20, "{own} of {most} bytes of memory are its own");
    // What comes now is whole again.
    talk.tell("/again");
    let record = owner.until("the record", |body| lines(body).into_iter().find(|one| one["path"] == "/again"));
    assert_eq!(record["response"]["body"], BODY, "{record}");
}

#[test]
fn cap_n_13c_each_level_leaves_out_what_it_says() {
    const CONNECTIONS: usize = 64;
    let mut space = Space::new("levels");
    let mut talk = Talk::start(&mut space);
    // Of each level: whether bodies are shown, requests told, payload sent, and every connection looked at.
    for (floor, wanted) in [
        (0, [true, true, true, true]),
        (1, [false, true, true, true]),
        (2, [false, false, true, true]),
        (3, [false, false, false, true]),
        (4, [false, false, false, false]),
    ] {
        let agent = Agent::start_by(&space.by(), &[], &format!("level-{floor}"), 30);
        let mut owner = agent.connect();
        let limits = Some(Limits { floor, cpu_percent: 100, ..Limits::default() });
        owner.begin(Start { limits, ring: 0, ..Owner::all() });
        begun(&owner);
        for at in 0..CONNECTIONS {
            talk.tell(&format!("/{at}"));
        }
        let bodies = all(&owner, 2);
        let (_, bytes) = taken(&bodies);
        let records: Vec<Value> = bodies.iter().flat_map(lines).collect();
        let ours: Vec<&Value> = records.iter().filter(|one| one["dst"]["port"] == talk.port).collect();
        let of = |kind: &str| ours.iter().filter(|one| one["kind"] == kind).count();
        let closed = ours.iter().filter(|one| one["kind"] == "flow" && one["state"] == "close").count();
        let body = ours.iter().any(|one| one["response"]["body"] == BODY);
        let seen = [body, of("http") == CONNECTIONS, holds(&bytes, BODY), closed == CONNECTIONS];
        assert_eq!(seen, wanted, "level {floor}: {} requests, {closed} connections", of("http"));
        // What is left out is told by its bytes, or by its count.
        let lost = bodies.iter().filter_map(|body| match body {
            Body::Loss(loss) if loss.cause == "throttle" => Some((loss.packets, loss.bytes)),
            _ => None,
        });
        let (count, bytes) = lost.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        assert_eq!((count > 0, bytes > 0), (floor == 4, floor >= 3), "level {floor}");
    }
}

#[test]
fn cap_26_packets_and_records_go_their_own_ways_and_either_can_be_off() {
    let mut space = Space::new("ways");
    let mut talk = Talk::start(&mut space);
    // Of packets: whether any leave, the body in them, the secret in them; and their flags. Of records: whether any come.
    for (level, records, wanted, flags) in [
        (PacketLevel::None, true, [false, false, false], 0),
        (PacketLevel::Headers, true, [true, false, false], CUT),
        (PacketLevel::Masked, true, [true, true, false], MASKED),
        (PacketLevel::Masked, false, [true, true, false], MASKED),
        (PacketLevel::Full, true, [true, true, true], 0),
        (PacketLevel::Full, false, [true, true, true], 0),
        (PacketLevel::None, false, [false, false, false], 0),
    ] {
        let agent = Agent::start_by(&space.by(), &[], &format!("ways-{}-{records}", level as i32), 30);
        let mut owner = agent.connect();
        let limits = Some(Limits { cpu_percent: 100, ..Limits::default() });
        let start = Start { packets: level as i32, records, limits, ring: 0, ..Owner::all() };
        owner.begin(start);
        begun(&owner);
        talk.tell("/ways");
        let bodies = all(&owner, 3);
        let (seen, bytes) = taken(&bodies);
        let has = [!bytes.is_empty(), holds(&bytes, BODY), holds(&bytes, SECRET)];
        assert_eq!((has, seen & (CUT | MASKED)), (wanted, flags), "{level:?}");
        let http = bodies.iter().flat_map(lines).filter(|one| one["kind"] == "http").count();
        assert_eq!(http, usize::from(records), "{level:?}");
        assert!(records || bodies.iter().flat_map(lines).next().is_none(), "{level:?}");
    }
}
