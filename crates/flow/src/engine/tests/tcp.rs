//! The TCP contract: order, overlap, gaps, ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::Value;

use super::net::{ACK, Client, FIN, Net, PSH, RST, SYN, Server, Tcp};
use super::run::{Out, feed, run, run_with};
use crate::{Config, Engine, Limits, Loss};

const GET: &[u8] = b"GET /one HTTP/1.1\r\nHost: shop\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";

fn opened(port: u16) -> (Net, Tcp) {
    let mut net = Net::new();
    let mut tcp = Tcp::new(port);
    tcp.open(&mut net);
    (net, tcp)
}

fn exchange(net: &mut Net, tcp: &mut Tcp) {
    tcp.send(net, Client, GET);
    tcp.send(net, Server, OK);
}

fn only_http(out: &Out) -> Value {
    let mut http = out.kind("http");
    assert_eq!(http.len(), 1, "{:#?}", out.values());
    http.remove(0)
}

#[test]
fn cap_35_segments_in_any_order_give_the_same_body() {
    for seed in 0..40_u64 {
        let (mut net, mut tcp) = opened(40_000);
        tcp.send(&mut net, Client, GET);
        tcp.mss = 7;
        let from = net.packets.len();
        tcp.send(&mut net, Server, OK);
        let mut state = seed + 1;
        for at in (from + 1..net.packets.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = from + (state >> 33) as usize % (at - from + 1);
            let (a, b) = (net.packets[at].ts_us, net.packets[other].ts_us);
            net.packets.swap(at, other);
            (net.packets[at].ts_us, net.packets[other].ts_us) = (a, b);
        }
        tcp.ack(&mut net, Client);
        let out = run(&net);
        assert_eq!(only_http(&out)["response"]["body"], "0123456789", "seed {seed}");
        assert_eq!(out.closed()[0]["s"]["lost"], 0);
    }
}

#[test]
fn cap_35b_retransmissions_are_counted_and_delivered_once() {
    let (mut net, mut tcp) = opened(40_000);
    tcp.send(&mut net, Client, GET);
    tcp.send(&mut net, Server, &OK[..30]);
    tcp.raw(&mut net, Server, PSH | ACK, -30, &OK[..30]);
    tcp.raw(&mut net, Server, PSH | ACK, -10, &OK[20..40]);
    tcp.seq[1] += 10;
    tcp.send(&mut net, Server, &OK[40..]);
    let out = run(&net);
    assert_eq!(only_http(&out)["response"]["body"], "0123456789");
    let flow = &out.closed()[0];
    assert_eq!(flow["s"]["retrans"], 2);
    assert_eq!(flow["s"]["conflict"], 0);
    assert_eq!(flow["s"]["unique"], OK.len());
    assert_eq!(flow["s"]["bytes"], OK.len() + 30 + 10);
}

#[test]
fn cap_35c_a_retransmission_that_differs_is_a_conflict_and_the_first_wins() {
    let (mut net, mut tcp) = opened(40_000);
    tcp.send(&mut net, Client, GET);
    tcp.send(&mut net, Server, OK);
    let mut other = OK.to_vec();
    *other.last_mut().unwrap() = b'X';
    tcp.raw(&mut net, Server, PSH | ACK, -(OK.len() as i32), &other);
    let out = run(&net);
    assert_eq!(only_http(&out)["response"]["body"], "0123456789");
    assert_eq!(out.closed()[0]["s"]["conflict"], 1);
    assert_eq!(out.kind("anomaly")[0]["code"], "overlap_conflict");
    assert_eq!(out.closed()[0]["anomaly"][0], "overlap_conflict");
}

#[test]
fn cap_35d_of_waiting_bytes_the_first_or_the_last_wins_as_asked() {
    for (first_wins, body) in [(true, "0123456789"), (false, "01234567XY")] {
        let (mut net, mut tcp) = opened(40_000);
        tcp.send(&mut net, Client, GET);
        let cut = OK.len() - 2;
        tcp.raw(&mut net, Server, PSH | ACK, cut as i32, &OK[cut..]);
        tcp.raw(&mut net, Server, PSH | ACK, cut as i32, b"XY");
        tcp.send(&mut net, Server, &OK[..cut]);
        let limits = Limits { first_wins, ..Limits::default() };
        let out = run_with(&net, Config { limits, ..Config::default() });
        assert_eq!(only_http(&out)["response"]["body"], body);
        assert_eq!(out.closed()[0]["s"]["conflict"], 1);
    }
}

#[test]
fn cap_35e_sequence_numbers_wrap_at_every_offset() {
    for back in 0..OK.len() as u32 + 2 {
        let mut net = Net::new();
        let mut tcp = Tcp::new(40_000);
        tcp.seq = [u32::MAX - back, u32::MAX - back];
        tcp.open(&mut net);
        tcp.mss = 9;
        exchange(&mut net, &mut tcp);
        tcp.close(&mut net);
        let out = run(&net);
        assert_eq!(only_http(&out)["response"]["body"], "0123456789", "{back}");
        assert_eq!(out.closed()[0]["end_by"], "fin");
        assert_eq!(out.closed()[0]["s"]["lost"], 0);
    }
}

#[test]
fn cap_35f_a_hole_that_was_acknowledged_is_a_gap_after_ten_milliseconds() {
    let (mut net, mut tcp) = opened(40_000);
    tcp.send(&mut net, Client, GET);
    tcp.send(&mut net, Server, b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n0123456789");
    tcp.seq[1] += 10;
    tcp.send(&mut net, Server, b"abcdefghij");
    tcp.ack(&mut net, Client);
    let acked = net.now_us - net.step_us;
    net.wait(9_000);
    tcp.ack(&mut net, Client);
    assert!(before_end(&net).kind("gap").is_empty());
    net.wait(2_000);
    tcp.ack(&mut net, Client);
    let out = before_end(&net);
    let gap = &out.kind("gap")[0];
    assert_eq!(
        (&gap["side"], &gap["offset"], &gap["len"], &gap["cause"]),
        (&"server".into(), &49.into(), &10.into(), &"not_captured".into())
    );
    assert_eq!(gap["ts"], acked + 10_000);
    assert_eq!(gap["resync_at"], 59, "inside a body of known length parsing goes on right behind");
    let http = only_http(&out);
    assert_eq!(http["pair"], "ok");
    assert_eq!(http["response"]["len"], 30);
    assert_eq!(http["partial"], serde_json::json!(["response_body", "gap"]));
}

fn before_end(net: &Net) -> Out {
    let mut engine = Engine::new(Config::default());
    let mut out = Out::default();
    feed(&mut engine, &net.packets, &mut out);
    out
}

#[test]
fn cap_35g_without_acknowledgements_a_hole_is_given_up_after_a_second() {
    let (mut net, mut tcp) = opened(40_000);
    tcp.send(&mut net, Client, GET);
    tcp.seq[1] += 5;
    tcp.send(&mut net, Server, &OK[5..]);
    let held = net.now_us - net.step_us;
    net.wait(900_000);
    Tcp::new(5).open(&mut net);
    assert!(before_end(&net).kind("gap").is_empty());
    net.wait(200_000);
    Tcp::new(6).open(&mut net);
    let gaps = before_end(&net).kind("gap");
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0]["ts"], held + 1_000_000);
    assert!(gaps[0]["resync_at"].is_null(), "in a head the next begin is still to be found");
}

#[test]
fn cap_35h_a_reported_loss_explains_a_hole_at_once() {
    let (mut net, mut tcp) = opened(40_000);
    tcp.send(&mut net, Client, GET);
    tcp.seq[1] += 5;
    let loss_us = net.now_us;
    tcp.send(&mut net, Server, &OK[5..]);
    let mut engine = Engine::new(Config::default());
    let mut out = Out::default();
    let last = net.packets.pop().unwrap();
    feed(&mut engine, &net.packets, &mut out);
    let (from_ns, to_ns) = (loss_us as u64 * 1000 - 1000, loss_us as u64 * 1000);
    let loss = Loss { iface: 0, from_ns, to_ns, packets: Some(1), bytes: None, cause: "ring", level: 0 };
    engine.lost(&loss, &mut out);
    feed(&mut engine, &[last], &mut out);
    assert_eq!(out.kind("loss")[0]["packets"], 1);
    assert_eq!(out.kind("gap")[0]["cause"], "ring");
}

#[test]
fn cap_35i_what_the_snap_length_cut_is_a_gap_inside_the_body() {
    let (mut net, mut tcp) = opened(40_000);
    tcp.send(&mut net, Client, GET);
    let mut big = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_vec();
    big.resize(big.len() + 1000, b'x');
    tcp.send(&mut net, Server, &big);
    exchange(&mut net, &mut tcp);
    net.snap(200);
    let out = run(&net);
    let http = out.kind("http");
    assert_eq!(http.len(), 2, "{:#?}", out.values());
    assert_eq!(http[0]["response"]["len"], 1000);
    assert_eq!(http[0]["partial"], serde_json::json!(["response_body", "gap"]));
    assert_eq!(http[1]["response"]["body"], "0123456789");
    assert_eq!(http[1]["pair"], "ok");
    assert_eq!(out.kind("gap")[0]["cause"], "snaplen");
}

#[test]
fn cap_d_02a_half_close_and_late_packets_are_one_flow() {
    let (mut net, mut tcp) = opened(40_000);
    tcp.send(&mut net, Client, GET);
    tcp.fin(&mut net, Client);
    net.wait(30_000_000);
    tcp.send(&mut net, Server, OK);
    tcp.fin(&mut net, Server);
    tcp.ack(&mut net, Client);
    net.wait(1_000_000);
    tcp.raw(&mut net, Server, FIN | ACK, -1, &[]);
    tcp.raw(&mut net, Server, PSH | ACK, -1 - OK.len() as i32, OK);
    let out = run(&net);
    assert_eq!(only_http(&out)["pair"], "ok");
    assert_eq!(out.closed().len(), 1);
    assert_eq!(out.closed()[0]["status"], "closed");
    assert_eq!(out.closed()[0]["s"]["packets"], 5);
}

#[test]
fn cap_d_02b_a_new_syn_on_the_same_ports_is_a_new_flow() {
    let (mut net, mut tcp) = opened(40_000);
    exchange(&mut net, &mut tcp);
    tcp.seq = [77_000_000, 88_000_000];
    tcp.open(&mut net);
    exchange(&mut net, &mut tcp);
    tcp.close(&mut net);
    let out = run(&net);
    let ends: Vec<_> = out.closed().iter().map(|flow| flow["end_by"].clone()).collect();
    assert_eq!(ends, ["reused", "fin"]);
    assert_eq!(out.kind("http").len(), 2);
    assert_ne!(out.closed()[0]["flow"], out.closed()[1]["flow"]);
    // The same SYN again is not.
    let (mut net, mut tcp) = opened(40_001);
    tcp.raw(&mut net, Client, SYN, -1, &[]);
    exchange(&mut net, &mut tcp);
    assert_eq!(run(&net).closed().len(), 1);
}

#[test]
fn cap_39a_a_reset_ends_both_directions_only_inside_the_window() {
    let (mut net, mut tcp) = opened(40_000);
    tcp.send(&mut net, Client, GET);
    tcp.raw(&mut net, Server, RST, 900_000_000, &[]);
    tcp.send(&mut net, Server, &OK[..42]);
    tcp.raw(&mut net, Server, RST | ACK, 0, &[]);
    let out = run(&net);
    assert_eq!(out.kind("anomaly")[0]["code"], "rst_out_of_window");
    assert_eq!(out.closed()[0]["status"], "reset");
    assert_eq!(out.closed()[0]["end_by"], "rst");
    assert_eq!(only_http(&out)["partial"], serde_json::json!(["response_body"]));
    // A refused connection.
    let mut net = Net::new();
    let mut tcp = Tcp::new(40_002);
    tcp.syn(&mut net);
    tcp.seq[1] = 0;
    tcp.raw(&mut net, Server, RST | ACK, 0, &[]);
    assert_eq!(run(&net).closed()[0]["status"], "reset");
}

#[test]
fn cap_39b_idle_flows_end_by_their_state() {
    let mut net = Net::new();
    let mut tcp = Tcp::new(40_000);
    tcp.syn(&mut net);
    net.wait(11_000_000);
    let (mut other, mut late) = (Tcp::new(40_001), Tcp::new(40_002));
    other.open(&mut net);
    let out = before_end(&net);
    assert_eq!(out.closed().len(), 1);
    assert_eq!(out.closed()[0]["status"], "timeout");
    net.wait(3_600_000_000);
    late.open(&mut net);
    assert_eq!(before_end(&net).closed().len(), 1, "an open connection may be silent for two hours");
    net.wait(3_700_000_000);
    Tcp::new(40_003).syn(&mut net);
    assert_eq!(before_end(&net).closed().len(), 2);
    other.close(&mut net);
}

#[test]
fn cap_39c_a_flow_that_changes_is_told_every_five_seconds() {
    let (mut net, mut tcp) = opened(40_000);
    for _ in 0..30 {
        exchange(&mut net, &mut tcp);
        net.wait(1_000_000);
    }
    let out = before_end(&net);
    let states: Vec<_> = out.kind("flow").iter().map(|flow| flow["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states.iter().filter(|state| *state == "open").count(), 1);
    assert_eq!(states.iter().filter(|state| *state == "update").count(), 5);
    // Nothing is told while nothing changes.
    let quiet = out.kind("flow").len();
    net.wait(60_000_000);
    Tcp::new(1).syn(&mut net);
    assert_eq!(before_end(&net).kind("flow").len(), quiet + 1);
}

#[test]
fn cap_35j_keep_alive_probes_and_dup_acks_are_no_data() {
    let (mut net, mut tcp) = opened(40_000);
    exchange(&mut net, &mut tcp);
    tcp.raw(&mut net, Client, ACK, -1, b"\0");
    tcp.raw(&mut net, Client, ACK, -1, &[]);
    tcp.ack(&mut net, Server);
    tcp.send(&mut net, Server, b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
    let out = run(&net);
    assert_eq!(out.closed()[0]["c"]["retrans"], 0);
    assert_eq!(out.closed()[0]["c"]["conflict"], 0);
    assert_eq!(out.kind("http").len(), 2);
    assert_eq!(out.kind("http")[1]["pair"], "response_only");
}

#[test]
fn cap_35k_mid_stream_direction_by_payload_and_partial_no_syn() {
    let mut net = Net::new();
    let mut tcp = Tcp::new(40_000);
    tcp.ends[1].1 = 50_000;
    exchange(&mut net, &mut tcp);
    exchange(&mut net, &mut tcp);
    let out = run(&net);
    assert_eq!(out.closed()[0]["dir_by"], "payload");
    assert_eq!(out.closed()[0]["src"]["port"], 40_000);
    assert_eq!(out.closed()[0]["partial"], serde_json::json!(["no_syn"]));
    let pairs: Vec<_> = out.kind("http").iter().map(|http| http["pair"].clone()).collect();
    assert_eq!(pairs.last().unwrap(), "ok", "{:#?}", out.values());
}

#[test]
fn cap_35l_a_response_captured_before_its_request_waits_for_it() {
    let (mut net, mut tcp) = opened(40_000);
    exchange(&mut net, &mut tcp);
    let at = net.packets.len();
    let (a, b) = (net.packets[at - 2].ts_us, net.packets[at - 1].ts_us);
    net.packets.swap(at - 2, at - 1);
    (net.packets[at - 2].ts_us, net.packets[at - 1].ts_us) = (a, b);
    let out = run(&net);
    assert_eq!(only_http(&out)["pair"], "ok");
    assert_eq!(out.closed()[0]["c"]["lost"], 0);
}

#[test]
fn cap_f_25_a_flood_of_syns_leaves_open_connections_alone() {
    let (mut net, mut tcp) = opened(40_000);
    tcp.send(&mut net, Client, &GET[..10]);
    for n in 0..8_000_u32 {
        let mut syn = Tcp::new((n % 60_000) as u16);
        syn.ends[0].0 = std::net::IpAddr::from((0x0a01_0000 + n).to_be_bytes());
        syn.syn(&mut net);
        net.now_us -= 90;
    }
    tcp.send(&mut net, Client, &GET[10..]);
    tcp.send(&mut net, Server, OK);
    let out = run_with(&net, Config { budget: 1 << 20, ..Config::default() });
    assert_eq!(only_http(&out)["pair"], "ok");
    let evicted = out.closed().iter().filter(|flow| flow["end_by"] == "evicted").count();
    assert!(evicted > 5_000, "{evicted}");
    assert_eq!(out.closed().len(), 8_001);
    // What was half open at the end takes a quarter of the table at most.
    let most = Engine::new(Config { budget: 1 << 20, ..Config::default() }).table.most();
    assert!((8_000 - evicted) * 4 <= most + 4, "{evicted} went, and the table has room for {most}");
}

#[test]
fn cap_p_04a_the_budget_holds_while_segments_wait_and_heads_are_long() {
    let mut net = Net::new();
    let junk = vec![b'a'; 1400];
    for port in 0..400 {
        let mut tcp = Tcp::new(port);
        tcp.open(&mut net);
        tcp.send(&mut net, Client, b"GET / HTTP/1.1\r\nX: ");
        for _ in 0..20 {
            tcp.send(&mut net, Client, &junk);
        }
        tcp.seq[0] += 7;
        for _ in 0..20 {
            tcp.send(&mut net, Client, &junk);
        }
    }
    // `run` asserts after every packet that the budget holds.
    let out = run_with(&net, Config { budget: 1 << 20, ..Config::default() });
    assert_eq!(out.closed().len(), 400);
}

#[test]
fn cap_f_21_time_that_goes_back_is_told_and_durations_stay_positive() {
    let (mut net, mut tcp) = opened(40_000);
    tcp.send(&mut net, Client, GET);
    net.wait(-500_000);
    tcp.send(&mut net, Server, OK);
    let mut idle = Tcp::new(40_001);
    idle.syn(&mut net);
    assert!(before_end(&net).kind("anomaly").is_empty(), "less than a second is tolerated");
    net.wait(-5_000_000);
    exchange(&mut net, &mut tcp);
    net.wait(9_000_000);
    exchange(&mut net, &mut tcp);
    assert!(before_end(&net).closed().is_empty(), "who was silent before the jump is silent since the jump");
    net.wait(2_000_000);
    exchange(&mut net, &mut tcp);
    let out = before_end(&net);
    assert_eq!(out.closed().len(), 1);
    assert_eq!((&out.closed()[0]["src"]["port"], &out.closed()[0]["end_by"]), (&40_001.into(), &"idle".into()));
    assert!(out.closed()[0]["end"].as_i64() >= out.closed()[0]["start"].as_i64());
    let anomalies = out.kind("anomaly");
    assert_eq!((anomalies.len(), &anomalies[0]["code"]), (1, &"time_jump".into()));
    let http = out.kind("http");
    assert_eq!(http.len(), 4);
    assert_eq!(http[0]["wait_us"], 0);
}

#[test]
fn cap_39_flows_say_how_they_ended() {
    let mut net = Net::new();
    let [mut fin, mut rst, mut again, mut eof, mut idle] = [40_000, 40_001, 40_002, 40_003, 40_004].map(Tcp::new);
    for tcp in [&mut fin, &mut rst, &mut again, &mut eof] {
        tcp.open(&mut net);
        exchange(&mut net, tcp);
    }
    idle.syn(&mut net);
    // One direction that is closed ends nothing.
    fin.raw(&mut net, Client, FIN | ACK, 0, &[]);
    fin.seq[0] += 1;
    fin.send(&mut net, Server, OK);
    assert!(before_end(&net).closed().is_empty());
    fin.raw(&mut net, Server, FIN | ACK, 0, &[]);
    rst.raw(&mut net, Server, RST | ACK, 0, &[]);
    net.wait(11_000_000);
    let mut next = Tcp::new(40_002);
    next.seq = [77_000_000, 88_000_000];
    next.open(&mut net);
    let out = run(&net);
    let mut ends: Vec<String> = out
        .closed()
        .iter()
        .map(|flow| {
            let text = |name: &str| flow[name].as_str().unwrap().to_owned();
            format!("{} {} {}", flow["src"]["port"], text("status"), text("end_by"))
        })
        .collect();
    ends.sort();
    let expected = [
        "40000 closed fin",
        "40001 reset rst",
        "40002 eof eof",
        "40002 reused reused",
        "40003 eof eof",
        "40004 timeout idle",
    ];
    assert_eq!(ends, expected);
    // Each was told once when it opened, unless nothing but a handshake was seen of it.
    let opened = out.kind("flow").iter().filter(|flow| flow["state"] == "open").count();
    assert!((4..=6).contains(&opened), "{opened}");
}

#[test]
fn cap_n_10h_flow_records_have_the_initial_sequence_numbers_of_both_sides() {
    let mut net = Net::new();
    let mut tcp = Tcp::new(40_000);
    // The number before the wrap is a number too.
    tcp.seq = [u32::MAX, 7];
    tcp.open(&mut net);
    exchange(&mut net, &mut tcp);
    // Of a connection without its handshake nothing is known.
    let mut late = Tcp::new(40_001);
    exchange(&mut net, &mut late);
    let out = run(&net);
    for flow in out.kind("flow") {
        let seen = flow["src"]["port"] == 40_000;
        assert_eq!(flow["c"]["isn"], if seen { Value::from(u32::MAX) } else { Value::Null });
        assert_eq!(flow["s"]["isn"], if seen { Value::from(7) } else { Value::Null });
    }
}
