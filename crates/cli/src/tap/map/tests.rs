#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use clap::Parser;

use super::{Edge, Ends, Map, print};
use crate::grammar::Output;
use crate::grammar::tap::TapCommand;
use crate::grammar::{Cli, Command};
use crate::tap::lines::Chosen;

fn edges() -> BTreeMap<Ends, Edge> {
    let ends = |client: &str, port: u16| Ends { client: client.to_owned(), server: "shop \"1\"".to_owned(), port };
    let mut web = Edge { flows: 2, up: 300, down: 9_000, transactions: 4, errors: 1, ..Edge::default() };
    web.protocols.insert("http");
    [1_000, 2_000, 3_000, 40_000].iter().for_each(|micros| web.micros.add(*micros));
    let mut dead = Edge { flows: 3, unanswered: 3, up: 180, ..Edge::default() };
    dead.protocols.insert("tcp");
    [(ends("front", 80), web), (ends("10.0.0.9", 5432), dead)].into()
}

#[test]
fn cap_n_16a_edges_have_rate_errors_latencies_and_bytes() {
    let mut out = Vec::new();
    print::print(&edges(), 2.0, Output::Json, &mut out).unwrap();
    let map: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let web = &map["edges"][0];
    assert_eq!((web["client"].as_str(), web["port"].as_u64()), (Some("front"), Some(80)));
    assert_eq!((web["rate"].as_f64(), web["error_share"].as_f64()), (Some(2.0), Some(0.25)));
    assert!((1_990..=2_000).contains(&web["us"]["p50"].as_u64().unwrap()), "{web}");
    assert!((39_900..=40_000).contains(&web["us"]["p99"].as_u64().unwrap()), "{web}");
    assert_eq!((web["up"].as_u64(), web["down"].as_u64()), (Some(300), Some(9_000)));
    assert_eq!(map["edges"][1]["unanswered"], 3);
    let mut out = Vec::new();
    print::print(&edges(), 2.0, Output::Table, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let line = text.lines().nth(1).unwrap();
    assert!(line.contains("2.0/s") && line.contains("25.0 %") && line.contains("40.0 ms"), "{text}");
}

#[test]
fn cap_n_16b_a_graph_draws_what_nobody_answered_apart() {
    let mut out = Vec::new();
    print::dot(&edges(), 2.0, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("digraph tap {") && text.ends_with("}\n"));
    let line = |name: &str| text.lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(line("\"front\" -> \"shop \\\"1\\\"\"").contains("color=red"), "{text}");
    assert!(line("10.0.0.9").ends_with("style=dashed];") && !line("front").contains("dashed"), "{text}");
}

#[test]
fn cap_n_16c_addresses_of_one_name_are_one_end() {
    let cli = Cli::try_parse_from(["qd", "tap", "map", "--read", "x"]).unwrap();
    let Some(Command::Tap(tap)) = cli.command else { panic!() };
    let Some(TapCommand::Map(args)) = tap.command else { panic!() };
    let mut map = Map::new(Chosen::of(&args.read).unwrap());
    map.edges = edges();
    map.names.insert("10.0.0.9".to_owned(), "front".to_owned());
    let mut more = edges();
    let web = more.pop_last().unwrap().1;
    map.edges.insert(Ends { client: "10.0.0.9".to_owned(), server: "shop \"1\"".to_owned(), port: 80 }, web);
    let named = map.named();
    assert_eq!(named.len(), 2, "{named:?}");
    let web = named.iter().find(|(ends, _)| ends.port == 80).unwrap();
    assert_eq!((web.0.client.as_str(), web.1.transactions, web.1.errors, web.1.micros.count()), ("front", 8, 2, 8));
}
