//! A record as a row of the list.

use super::columns::record as column;
use crate::line::{Members, told};
use api::Level;
use api::tap::{TapEnd, TapEndKind};
use std::fmt::Write;
use table::RowBuf;

/// What is known of the pod in which a record was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) namespace: String,
    pub(super) pod: String,
    pub(super) node: String,
}

/// The name of the row with this number: it sorts as the numbers do.
pub(super) fn name(number: u64) -> String {
    format!("{number:010}")
}

/// Whether a record has a row of its own in the list. `flow` records stand for their flow.
pub(super) fn has_row(kind: &str) -> bool {
    !matches!(kind, "stats" | "agent" | "flow" | "packet" | "")
}

/// Writes the row. `text` is memory to put texts together in.
pub(super) fn write(row: &mut RowBuf, number: u64, seen: &Seen, members: &Members<'_>, text: &mut String) {
    let kind = members.plain("kind");
    row.clear();
    let name = name(number);
    row.set_identity(&seen.namespace, &name, &name, "");
    row.text(column::NAME, &name);
    if let Some(ts) = members.int("ts") {
        row.int(column::TIME, ts);
    }
    let mut put = |row: &mut RowBuf, col, write: &mut dyn FnMut(&mut String)| {
        text.clear();
        write(text);
        if !text.is_empty() {
            row.text(col, text);
        }
    };
    put(row, column::SOURCE, &mut |text| end(members, "src", "client", seen, text));
    put(row, column::DESTINATION, &mut |text| end(members, "dst", "server", seen, text));
    put(row, column::PROTOCOL, &mut |text| told::protocol(kind, members, text));
    put(row, column::REQUEST, &mut |text| request(kind, members, text));
    put(row, column::FLAGS, &mut |text| flags(kind, members, text));
    for (col, path) in [
        (column::VANTAGE, "vantage"),
        (column::TRACE, "trace.id"),
        (column::VERDICT, "verdict.code"),
        (column::FLOW, "flow"),
        (column::CONTAINER, "container"),
        (column::HOST, if kind == "http" { "host" } else { "sni" }),
    ] {
        put(row, col, &mut |text| {
            members.push(path, text);
        });
    }
    for (col, path) in [(column::SRC, "src.ip"), (column::DST, "dst.ip")] {
        put(row, col, &mut |text| {
            members.push(path, text);
        });
    }
    put(row, column::SERVICE, &mut |text| service(members, text));
    put(row, column::TARGET, &mut |text| target(members, seen, text));
    if kind == "http" && members.has("path") {
        put(row, column::URL, &mut |text| {
            members.push("host", text);
            members.push("path", text);
        });
    }
    text.clear();
    let level = status(kind, members, text);
    if !text.is_empty() {
        row.status(column::STATUS, text, level);
    }
    row.bool(column::ERROR, level >= Level::Warn && !matches!(kind, "gap" | "loss" | "anomaly" | "tap"));
    row.bool(column::PARTIAL, is_partial(kind, members));
    row.bool(column::OWN, members.raw("own").is_some_and(|raw| raw == b"true"));
    for (col, name) in [(column::POD, &seen.pod), (column::NAMESPACE, &seen.namespace), (column::NODE, &seen.node)] {
        if !name.is_empty() {
            row.text(col, name);
        }
    }
    let total = match kind {
        "flow" => members.int("end").zip(members.int("start")).map(|(end, start)| end - start),
        _ => members.first_int(&["total_us", "latency_us", "echo_us"]),
    };
    let both = |c: &str, s: &str| {
        let client = if kind == "flow" { members.int(c)? } else { return None };
        Some(client + members.int(s).unwrap_or(0))
    };
    let lasted = total.filter(|us| *us > 0);
    let rate = both("c.bytes", "s.bytes").zip(lasted).map(|(bytes, us)| bytes.saturating_mul(1_000_000) / us);
    let retrans = members.int("c.retrans").zip(members.int("s.retrans")).map(|(c, s)| c + s);
    for (col, number) in [
        (column::WAIT, members.first_int(&["wait_us", "latency_us", "hs_us", "initial_us", "echo_us"])),
        (column::TOTAL, total),
        (column::UP, members.first_int(&["request.len", "c.bytes"])),
        (column::DOWN, members.first_int(&["response.len", "s.bytes", "bytes", "len"])),
        (column::RETRANS, retrans),
        (column::PACKETS, both("c.packets", "s.packets")),
        (column::RATE, rate),
    ] {
        if let Some(number) = number {
            row.int(col, number);
        }
    }
}

/// Both ends and the protocol: what tells edges of the map apart.
pub(super) fn edge(members: &Members<'_>, seen: &Seen) -> [String; 3] {
    let [mut source, mut destination, mut named] = [const { String::new() }; 3];
    end(members, "src", "client", seen, &mut source);
    end(members, "dst", "server", seen, &mut destination);
    told::protocol(members.plain("kind"), members, &mut named);
    [source, destination, named]
}

/// What was asked. The host of an HTTP request has a column of its own: as a rule it is the destination once more.
fn request(kind: &str, members: &Members<'_>, text: &mut String) {
    if kind != "http" {
        return told::request(kind, members, text);
    }
    members.push("method", text);
    if members.has("path") {
        text.push(' ');
        members.push("path", text);
    }
    if members.has("query") {
        text.push('?');
        members.push("query", text);
    }
}

/// One end: its name, the tapped pod where that end is it, else its address. The port of a client says nothing.
fn end(members: &Members<'_>, side: &str, at: &str, seen: &Seen, text: &mut String) {
    let Some(raw) = members.raw(side) else { return };
    let inner = Members::of(raw);
    let named = inner.push("name", text) || inner.push("pod", text);
    if !named {
        if members.is("vantage", at) && !seen.pod.is_empty() {
            text.push_str(&seen.pod);
        } else {
            inner.push("ip", text);
        }
    }
    if side == "dst"
        && let Some(port) = inner.int("port")
    {
        if text.contains(':') {
            text.insert(0, '[');
            text.push(']');
        }
        // A string takes everything.
        let _ = write!(text, ":{port}");
    }
}

/// The service that was asked, with its namespace.
fn service(members: &Members<'_>, text: &mut String) {
    if members.has("dst.service") {
        if members.push("dst.ns", text) {
            text.push('/');
        }
        members.push("dst.service", text);
    }
}

/// The pod that was asked, whatever it was asked as.
fn target(members: &Members<'_>, seen: &Seen, text: &mut String) {
    let named = members.push("dst.pod", text) || members.push("peer.end.pod", text);
    if !named && members.is("vantage", "server") {
        text.push_str(&seen.pod);
    }
}

/// What both ends are, by the names that edges of the map have without their ports.
pub(super) fn ends(members: &Members<'_>, seen: &Seen, edge: &[String; 3]) -> [TapEnd; 2] {
    let [source, destination, _] = edge;
    let port = members.raw("dst").and_then(|raw| Members::of(raw).int("port"));
    let server = match port {
        Some(port) => destination.strip_suffix(&format!(":{port}")).unwrap_or(destination),
        None => destination,
    };
    let server = server.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(server);
    [what(members, ("src", "client"), seen, source), what(members, ("dst", "server"), seen, server)]
}

fn what(members: &Members<'_>, (side, at): (&str, &str), seen: &Seen, name: &str) -> TapEnd {
    let inner = Members::of(members.raw(side).unwrap_or_default());
    let said = |path| {
        let mut text = String::new();
        inner.push(path, &mut text);
        text
    };
    let tapped = name == seen.pod && members.is("vantage", at);
    let kind = if tapped || inner.has("pod") {
        TapEndKind::Pod
    } else if inner.has("service") {
        TapEndKind::Service
    } else if inner.has("node") {
        TapEndKind::Node
    } else {
        TapEndKind::External
    };
    let namespace = if tapped && !inner.has("ns") { seen.namespace.clone() } else { said("ns") };
    TapEnd { name: name.to_owned(), kind, workload: said("workload"), namespace }
}

/// What came of it, in a word, and how good that is.
pub(super) fn status(kind: &str, members: &Members<'_>, text: &mut String) -> Level {
    told::status(kind, members, text);
    match kind {
        "http" => {
            let grpc = members.int("grpc.status").unwrap_or(0);
            match members.int("status") {
                None | Some(0) => {
                    text.clear();
                    text.push_str("no answer");
                    Level::Warn
                }
                Some(500..) => Level::Bad,
                Some(400..) => Level::Warn,
                Some(_) if grpc != 0 => Level::Bad,
                Some(200..300) => Level::Ok,
                Some(_) => Level::Plain,
            }
        }
        "dns" => match text.as_str() {
            "NOERROR" => Level::Ok,
            "NXDOMAIN" => Level::Warn,
            "" => {
                text.push_str("no answer");
                Level::Bad
            }
            _ => Level::Bad,
        },
        "redis" if members.has("error") => Level::Bad,
        "redis" => {
            text.push_str("ok");
            Level::Ok
        }
        "sql" if members.has("error") => Level::Bad,
        "sql" => Level::Ok,
        "tls" | "quic" if members.has("alert") => {
            text.clear();
            text.push_str("alert ");
            members.push("alert.name", text);
            Level::Bad
        }
        "flow" => match members.plain("end_by") {
            "rst" => {
                text.clear();
                text.push_str("reset");
                Level::Bad
            }
            _ if members.is("status", "timeout") => Level::Warn,
            "" => Level::Info,
            _ => Level::Plain,
        },
        "gap" | "loss" | "anomaly" => {
            text.push_str(kind);
            Level::Warn
        }
        _ => Level::Plain,
    }
}

/// A part of the record itself was not seen. That its connection is older than the tap says nothing of a transaction
/// that was seen from its first byte to its last.
fn is_partial(kind: &str, members: &Members<'_>) -> bool {
    let whole = |raw: &[u8]| matches!(raw, br#"["no_syn"]"#);
    match kind {
        "gap" => true,
        "flow" => members.has("partial"),
        _ => members.raw("partial").is_some_and(|raw| !whole(raw)),
    }
}

/// What is to be known of it, as words.
fn flags(kind: &str, members: &Members<'_>, text: &mut String) {
    let verdict = members.plain("verdict.code");
    let unknown = verdict == "uncertain" && members.is("app", "unknown");
    let encrypted = kind == "tls" || (kind == "flow" && !verdict.is_empty() && !unknown);
    for (word, there) in [
        ("partial", is_partial(kind, members)),
        ("cut", members.has("truncated")),
        ("redacted", members.has("redacted")),
        ("odd", members.has("anomaly")),
        ("encrypted", encrypted && !matches!(verdict, "plaintext" | "decrypted")),
        ("retransmit", members.int("c.retrans").unwrap_or(0) + members.int("s.retrans").unwrap_or(0) > 0),
        ("gap", kind == "gap" || members.int("c.lost").unwrap_or(0) + members.int("s.lost").unwrap_or(0) > 0),
        ("both-ends", members.is("vantage", "both")),
    ] {
        if there {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
    }
}

#[cfg(test)]
mod tests;
