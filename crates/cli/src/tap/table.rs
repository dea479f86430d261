//! A record as one line for people: time, ends, protocol, what was asked, what came of it, how long it took.

use std::io::Write;

use super::view;
use capture::line::{Members, told};

/// The columns of CSV where none are named.
pub(super) const CSV: &[&str] = &[
    "ts",
    "kind",
    "src.ip",
    "src.port",
    "dst.ip",
    "dst.port",
    "method",
    "host",
    "path",
    "status",
    "qname",
    "rcode",
    "sni",
    "op",
    "wait_us",
    "total_us",
    "latency_us",
    "request.len",
    "response.len",
    "flow",
];

/// The heading.
pub(super) fn heading(out: &mut Vec<u8>) {
    put(out, ["TIME", "SOURCE", "DESTINATION", "PROTOCOL", "REQUEST", "STATUS", "WAIT", "TOTAL", "UP/DOWN", "FLAGS"]);
}

/// Columns that the user named.
pub(super) fn columns(cells: impl Iterator<Item = String>, out: &mut Vec<u8>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.extend_from_slice(b"   ");
        }
        let text: String = cell.chars().flat_map(view::clean).collect();
        // a buffer takes everything
        let _ = write!(out, "{text:<16}");
    }
    trim(out);
}

/// A record in one sentence, for the comment of a packet.
pub(super) fn comment(line: &[u8]) -> String {
    let members = Members::of(line);
    let get = |path: &str| clean(&members.text(path));
    let kind = get("kind");
    let (mut request, mut status) = Default::default();
    told::request(&kind, &members, &mut request);
    told::status(&kind, &members, &mut status);
    let (request, status) = (clean(&request), clean(&status));
    let mut out = format!("qd {kind} {request}");
    if !status.is_empty() {
        out.push_str(&format!(" → {status}"));
    }
    let wait = first_of(get("wait_us"), get("latency_us"));
    if !wait.is_empty() {
        out.push_str(&format!(" wait {}", length(&wait)));
    }
    out.push_str(&format!(" flow {}", get("flow")));
    out
}

/// One record.
pub(super) fn line(line: &[u8], out: &mut Vec<u8>) {
    put(out, cells(&Members::of(line)).each_ref().map(String::as_str));
}

/// The cells of a record, without anything that a terminal would obey.
pub(super) fn cells(members: &Members<'_>) -> [String; 10] {
    let get = |path: &str| clean(&members.text(path));
    let kind = get("kind");
    let (mut request, mut status, mut protocol) = Default::default();
    told::request(&kind, members, &mut request);
    told::status(&kind, members, &mut status);
    told::protocol(&kind, members, &mut protocol);
    let [request, status, protocol] = [request, status, protocol].map(|text| clean(&text));
    let first = |paths: &[&str]| paths.iter().map(|path| get(path)).find(|text| !text.is_empty()).unwrap_or_default();
    let end = |side: &str| {
        let ip = first(&[&format!("{side}.name"), &format!("{side}.ip")]);
        let port = get(&format!("{side}.port"));
        let ip = if ip.contains(':') && !port.is_empty() { format!("[{ip}]") } else { ip };
        if port.is_empty() { ip } else { format!("{ip}:{port}") }
    };
    let sizes = [first(&["request.len", "c.bytes"]), first(&["response.len", "s.bytes", "bytes"])];
    // That a connection is older than the capture is no lack of what was seen on it.
    let said = |text: &String| !text.is_empty() && text != "no_syn";
    let flags: Vec<String> = ["partial", "truncated", "anomaly"].iter().map(|path| get(path)).filter(said).collect();
    let way = match get("outer.way").as_str() {
        "in" => format!("by TLS from {}", first(&["outer.peer.name", "outer.peer.ip"])),
        "out" => format!("by TLS to {}", first(&["outer.peer.name", "outer.peer.ip"])),
        _ => String::new(),
    };
    let redacted = if get("redacted").is_empty() { "" } else { "redacted" };
    let flags = [flags.join(","), redacted.to_owned(), way].into_iter().filter(|text| !text.is_empty());
    [
        time(&get("ts")),
        end("src"),
        end("dst"),
        protocol,
        request,
        status,
        length(&first(&["wait_us", "latency_us", "hs_us"])),
        length(&get("total_us")),
        if sizes.iter().all(String::is_empty) { String::new() } else { sizes.join("/") },
        flags.collect::<Vec<_>>().join(","),
    ]
}

fn first_of(first: String, second: String) -> String {
    if first.is_empty() { second } else { first }
}

/// The cells with their least widths; a longer cell moves the rest of its line.
fn put(out: &mut Vec<u8>, cells: [&str; 10]) {
    for (cell, width) in cells.iter().zip(WIDTHS) {
        // a buffer takes everything
        let _ = write!(out, "{cell:<width$}   ");
    }
    trim(out);
}

fn trim(out: &mut Vec<u8>) {
    out.truncate(out.trim_ascii_end().len());
    out.push(b'\n');
}

const WIDTHS: [usize; 10] = [15, 21, 21, 8, 40, 6, 8, 8, 11, 0];

/// Time of day in UTC, to the microsecond.
fn time(ts: &str) -> String {
    let Ok(ts) = ts.parse::<i64>() else { return String::new() };
    let (seconds, micros) = (ts.div_euclid(1_000_000).rem_euclid(86_400), ts.rem_euclid(1_000_000));
    format!("{:02}:{:02}:{:02}.{micros:06}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A length of time in the unit that suits it.
pub(super) fn length(micros: &str) -> String {
    let Ok(micros) = micros.parse::<f64>() else { return String::new() };
    match micros {
        ..1_000.0 => format!("{micros:.0} µs"),
        ..1_000_000.0 => format!("{:.1} ms", micros / 1_000.0),
        _ => format!("{:.2} s", micros / 1_000_000.0),
    }
}

fn clean(text: &str) -> String {
    text.chars().flat_map(view::clean).collect()
}
