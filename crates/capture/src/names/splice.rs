//! Names put into lines of records, without making a tree of them. What Quarterdeck itself says to a pod is marked as its own:
//! that is what is said to the daemon of a workspace.

use super::index::{Found, Index};
use memchr::memmem::Finder;
use std::net::IpAddr;

/// The lines with their ends named; `None` where nobody of them is known.
pub(super) fn name(lines: &[u8], index: &Index) -> Option<Vec<u8>> {
    if index.is_empty() {
        return None;
    }
    // In the order in which they stand in a line. No other member begins as the last one does.
    let finders = [Finder::new(b"\"src\":{"), Finder::new(b"\"dst\":{"), Finder::new(b"\"outer\":{\"peer\":{")];
    let mut out: Vec<u8> = Vec::new();
    // What is copied to `out` so far.
    let (mut done, mut start) = (0, 0);
    while start < lines.len() {
        let rest = lines.get(start..).unwrap_or_default();
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let line = rest.get(..len).unwrap_or_default();
        let mut from = 0;
        for finder in &finders {
            let Some(found) = finder.find(line.get(from..).unwrap_or_default()) else { continue };
            let at = from + found + finder.needle().len();
            let Some(end) = End::read(line, at) else { continue };
            from = end.close;
            let Some(who) = index.find(end.ip) else { continue };
            if out.is_empty() {
                out.reserve(lines.len() + lines.len() / 2);
            }
            out.extend_from_slice(lines.get(done..start + end.keep).unwrap_or_default());
            write(&who, &mut out);
            done = start + end.go_on;
            if who.is_workspace() && end.port == Some(crd::AGENT_PORT) {
                let close = start + end.close + 1;
                out.extend_from_slice(lines.get(done..close).unwrap_or_default());
                out.extend_from_slice(b",\"own\":true");
                done = close;
            }
        }
        start += len;
    }
    if done == 0 {
        return None;
    }
    out.extend_from_slice(lines.get(done..).unwrap_or_default());
    Some(out)
}

/// An endpoint in a line.
#[derive(Debug, PartialEq, Eq)]
struct End {
    ip: IpAddr,
    port: Option<u16>,
    /// Up to here it stays: before a name that it has, or its closing brace.
    keep: usize,
    /// From here on it stays again.
    go_on: usize,
    /// Its closing brace.
    close: usize,
}

impl End {
    /// Reads the members of the object that begins at `at`, after its brace. `None` for what is no endpoint.
    fn read(line: &[u8], mut at: usize) -> Option<Self> {
        let (mut ip, mut port, mut cut) = (None, None, None::<(usize, usize)>);
        loop {
            let before = if line.get(at) == Some(&b',') { at } else { at.checked_sub(1)? };
            at += usize::from(line.get(at) == Some(&b','));
            let key_end = string(line, at)?;
            let key = line.get(at + 1..key_end - 1)?;
            if line.get(key_end) != Some(&b':') {
                return None;
            }
            let value = key_end + 1;
            let value_end = if line.get(value) == Some(&b'"') { string(line, value)? } else { scalar(line, value)? };
            match key {
                b"ip" => ip = std::str::from_utf8(line.get(value + 1..value_end - 1)?).ok()?.parse().ok(),
                b"port" => {
                    port = std::str::from_utf8(line.get(value..value_end)?).ok().and_then(|text| text.parse().ok())
                }
                // A name that is here was a guess from what was said: that of the cluster stands instead.
                b"name" if line.get(before) == Some(&b',') => cut = Some((before, value_end)),
                b"name_by" if cut.is_some_and(|(_, end)| end == before) => cut = cut.map(|(from, _)| (from, value_end)),
                _ => {}
            }
            at = value_end;
            match line.get(at)? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
        let (keep, go_on) = cut.unwrap_or((at, at));
        Some(Self { ip: ip?, port, keep, go_on, close: at })
    }
}

/// The end of the string that begins here, after its quote.
fn string(line: &[u8], at: usize) -> Option<usize> {
    if line.get(at) != Some(&b'"') {
        return None;
    }
    let mut end = at + 1;
    loop {
        match line.get(end)? {
            b'"' => return Some(end + 1),
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
}

/// The end of the number or word that begins here.
fn scalar(line: &[u8], at: usize) -> Option<usize> {
    let rest = line.get(at..)?;
    let len = rest.iter().position(|byte| matches!(byte, b',' | b'}'))?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    (len > 0 && rest.get(..len)?.iter().all(plain)).then_some(at + len)
}

/// The members that name an endpoint. Names of objects need no escapes: those that would are not kept.
fn write(who: &Found<'_>, out: &mut Vec<u8>) {
    let mut put = |name: &str, parts: &[&str]| {
        out.extend_from_slice(b",\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":\"");
        for part in parts {
            out.extend_from_slice(part.as_bytes());
        }
        out.push(b'"');
    };
    put("name", &who.name());
    put("name_by", &["api"]);
    for (name, value) in [("ns", who.ns), ("pod", who.pod)] {
        if let Some(value) = value {
            put(name, &[value]);
        }
    }
    if let Some(uid) = who.uid() {
        put("uid", &[&uid]);
    }
    for (name, value) in [("workload", who.workload), ("service", who.service), ("node", who.node)] {
        if let Some(value) = value {
            put(name, &[value]);
        }
    }
}

#[cfg(test)]
mod tests;
