//! A map of edges on stdout.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::super::table;
use super::{Edge, Ends};
use crate::error::Error;
use crate::grammar::Output;
use crate::print::Grid;

/// The edges with the most transactions first, then those with the most connections.
fn sorted(edges: &BTreeMap<Ends, Edge>) -> Vec<(&Ends, &Edge)> {
    let mut all: Vec<_> = edges.iter().collect();
    all.sort_by_key(|(_, edge)| std::cmp::Reverse((edge.transactions, edge.flows)));
    all
}

/// As table, CSV or JSON.
pub(super) fn print(
    edges: &BTreeMap<Ends, Edge>,
    seconds: f64,
    output: Output,
    out: &mut impl Write,
) -> Result<(), Error> {
    match output {
        Output::Json => {
            let edges: Vec<Value> = sorted(edges).into_iter().map(|one| object(one, seconds)).collect();
            writeln!(out, "{}", json!({ "seconds": seconds, "edges": edges }))?;
        }
        Output::Jsonl => {
            for one in sorted(edges) {
                writeln!(out, "{}", object(one, seconds))?;
            }
        }
        Output::Csv => grid(edges, seconds, str::to_owned).csv(out)?,
        Output::Table | Output::Wide => grid(edges, seconds, table::length).aligned(out)?,
        Output::Yaml | Output::Name | Output::FlatJson => {
            return Err(Error::Usage("a map is printed as table, json, jsonl, csv or with --dot".to_owned()));
        }
    }
    Ok(())
}

fn grid(edges: &BTreeMap<Ends, Edge>, seconds: f64, length: impl Fn(&str) -> String) -> Grid {
    let heading = [
        "CLIENT",
        "SERVER",
        "PORT",
        "PROTOCOL",
        "FLOWS",
        "UNANSWERED",
        "REQUESTS",
        "RATE",
        "ERRORS",
        "P50",
        "P95",
        "P99",
        "UP",
        "DOWN",
    ];
    let mut grid = Grid::new(heading.len());
    heading.iter().for_each(|cell| grid.push(cell));
    for (ends, edge) in sorted(edges) {
        let percent = format!("{:.1} %", edge.error_share() * 100.0);
        let cells = [
            ends.client.clone(),
            ends.server.clone(),
            if ends.port == 0 { String::new() } else { ends.port.to_string() },
            edge.protocol(),
            edge.flows.to_string(),
            edge.unanswered.to_string(),
            edge.transactions.to_string(),
            if edge.transactions == 0 { String::new() } else { format!("{:.1}/s", edge.rate(seconds)) },
            if edge.transactions == 0 { String::new() } else { percent },
        ];
        cells.iter().for_each(|cell| grid.push(cell));
        for share in SHARES {
            let micros = edge.micros.at(share).map(|micros| micros.to_string()).unwrap_or_default();
            grid.push(&length(&micros));
        }
        grid.push(&edge.up.to_string());
        grid.push(&edge.down.to_string());
    }
    grid
}

fn object((ends, edge): (&Ends, &Edge), seconds: f64) -> Value {
    let [p50, p95, p99] = SHARES.map(|share| edge.micros.at(share));
    json!({
        "client": ends.client, "server": ends.server, "port": ends.port, "protocols": edge.protocols,
        "flows": edge.flows, "unanswered": edge.unanswered, "requests": edge.transactions, "errors": edge.errors,
        "error_share": edge.error_share(), "rate": edge.rate(seconds),
        "us": { "p50": p50, "p95": p95, "p99": p99 }, "up": edge.up, "down": edge.down,
    })
}

/// As a graph for Graphviz. Edges that nobody answered are dashed, those with errors red.
pub(super) fn dot(edges: &BTreeMap<Ends, Edge>, seconds: f64, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "digraph tap {{\n  rankdir=LR;\n  node [shape=box, style=rounded];")?;
    for (ends, edge) in sorted(edges) {
        let mut label = format!("{} {}", edge.protocol(), ends.port);
        if edge.transactions > 0 {
            let p95 = edge.micros.at(0.95).map(|micros| micros.to_string()).unwrap_or_default();
            let (rate, errors) = (edge.rate(seconds), edge.error_share() * 100.0);
            label.push_str(&format!("\n{rate:.1}/s, {errors:.1} % errors, p95 {}", table::length(&p95)));
        }
        let mut style = String::new();
        if edge.flows > 0 && edge.unanswered == edge.flows {
            style.push_str(", style=dashed");
        }
        if edge.errors > 0 {
            style.push_str(", color=red");
        }
        writeln!(out, "  {} -> {} [label={}{style}];", quoted(&ends.client), quoted(&ends.server), quoted(&label))?;
    }
    writeln!(out, "}}")
}

/// A string of Graphviz' language: quotes and backslashes are escaped, the rest of the control characters left out.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            char if char.is_control() => {}
            char => out.push(char),
        }
    }
    out.push('"');
    out
}

impl Edge {
    fn protocol(&self) -> String {
        self.protocols.iter().copied().collect::<Vec<_>>().join(",")
    }

    fn rate(&self, seconds: f64) -> f64 {
        if seconds > 0.0 { self.transactions as f64 / seconds } else { 0.0 }
    }

    fn error_share(&self) -> f64 {
        if self.transactions == 0 { 0.0 } else { self.errors as f64 / self.transactions as f64 }
    }
}

/// Which latencies are told.
const SHARES: [f64; 3] = [0.5, 0.95, 0.99];
