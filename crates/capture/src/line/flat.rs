//! Records under flat names, one object for each, as programs that were made for one list of flows read them.

use serde_json::{Map, Value, json};
use std::collections::{HashMap, VecDeque};

/// Makes flat objects of records. What only the record of a connection says (its handshakes, its packets) is remembered for
/// what is said on it.
#[derive(Debug, Default)]
pub struct Flat {
    flows: HashMap<String, Known>,
    order: VecDeque<String>,
}

/// What is known of a connection.
#[derive(Clone, Debug, Default)]
struct Known {
    tcp_ms: Option<f64>,
    tls_ms: Option<f64>,
    /// Bytes and packets of client and server, so far.
    counters: Option<[u64; 4]>,
    tls: Option<Value>,
}

impl Flat {
    /// The record of this line; none when it is no record.
    #[must_use]
    pub fn entry(&mut self, line: &[u8]) -> Option<Value> {
        let record: Value = serde_json::from_slice(line).ok()?;
        let known = self.learn(&record);
        let text = |path: &str| record.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let whole = |path: &str| record.pointer(path).and_then(Value::as_u64);
        let started = jiff::Timestamp::from_microsecond(record.get("ts")?.as_i64()?).ok()?;
        let kind = text("/kind");
        let mut protocol = String::new();
        super::told::protocol(kind, &super::Members::of(line), &mut protocol);
        let sum = |paths: [&str; 2]| {
            let found = paths.map(whole);
            found.iter().any(Option::is_some).then(|| found.iter().flatten().sum::<u64>())
        };
        let sent = sum(["/request/head_len", "/request/wire_len"]).or(known.counters.map(|all| all[0]));
        let received = sum(["/response/head_len", "/response/wire_len"]).or(known.counters.map(|all| all[2]));
        let own = record.get("own").and_then(Value::as_bool).unwrap_or(false);
        let mut flat = json!({
            "id": text("/id"),
            "timestamp": started.to_string(),
            "duration": duration(&record),
            "srcIP": text("/src/ip"), "srcPort": whole("/src/port"), "srcPod": text("/src/pod"), "srcNamespace": text("/src/ns"),
            "dstIP": text("/dst/ip"), "dstPort": whole("/dst/port"), "dstPod": text("/dst/pod"), "dstNamespace": text("/dst/ns"),
            "dstService": text("/dst/service"),
            "protocol": protocol.to_uppercase(),
            "status": status(&record, kind),
            "bytesSent": sent, "bytesReceived": received,
            "packetsSent": known.counters.map(|all| all[1]), "packetsReceived": known.counters.map(|all| all[3]),
            "tcpHandshakeMs": known.tcp_ms, "tlsHandshakeMs": known.tls_ms, "ttfbMs": millis(&record, "/ttfb_us"),
            "isAgentTraffic": own,
            "agentTrafficType": if own { "unknown" } else { "" },
        });
        let parts = flat.as_object_mut()?;
        if kind == "http" {
            parts.insert("http".to_owned(), http(&record));
        }
        if let Some(tls) = known.tls {
            parts.insert("tls".to_owned(), tls);
        }
        Some(flat)
    }

    /// What is known of the connection of a record, with what the record adds.
    fn learn(&mut self, record: &Value) -> Known {
        let Some(flow) = record.get("flow").and_then(Value::as_str) else { return Known::default() };
        if !self.flows.contains_key(flow) {
            if self.order.len() >= FLOWS
                && let Some(oldest) = self.order.pop_front()
            {
                self.flows.remove(&oldest);
            }
            self.order.push_back(flow.to_owned());
        }
        let known = self.flows.entry(flow.to_owned()).or_default();
        match record.get("kind").and_then(Value::as_str) {
            Some("flow") => {
                known.tcp_ms = millis(record, "/hs_us").or(known.tcp_ms);
                known.tls_ms = millis(record, "/tls_us").or(known.tls_ms);
                let counters = ["/c/bytes", "/c/packets", "/s/bytes", "/s/packets"];
                known.counters = Some(counters.map(|path| record.pointer(path).and_then(Value::as_u64).unwrap_or(0)));
            }
            Some("tls") => {
                known.tls_ms = millis(record, "/hs_us").or(known.tls_ms);
                known.tls = Some(tls(record));
            }
            _ => {}
        }
        known.clone()
    }
}

fn millis(record: &Value, path: &str) -> Option<f64> {
    record.pointer(path).and_then(Value::as_f64).map(|micros| micros / 1000.0)
}

/// In milliseconds.
fn duration(record: &Value) -> Option<f64> {
    let span = || Some((record.get("end")?.as_f64()? - record.get("start")?.as_f64()?) / 1000.0);
    ["/total_us", "/latency_us", "/echo_us"].into_iter().find_map(|path| millis(record, path)).or_else(span)
}

fn status(record: &Value, kind: &str) -> String {
    match kind {
        "flow" => record.get("status").and_then(Value::as_str).unwrap_or_default().to_uppercase(),
        _ if record.get("pair").is_some_and(|pair| pair == "request_only") => "OPEN".to_owned(),
        _ => "CLOSED".to_owned(),
    }
}

fn http(record: &Value) -> Value {
    let member = |path: &str| record.pointer(path).cloned().unwrap_or(Value::Null);
    let headers = |path: &str| {
        let mut all = Map::new();
        for pair in record.pointer(path).and_then(Value::as_array).into_iter().flatten() {
            let [Some(name), Some(value)] = [0, 1].map(|at| pair.get(at).and_then(Value::as_str)) else { continue };
            // One name stands once: what was said again follows with a comma, as it may on the wire.
            match all.get_mut(name) {
                Some(Value::String(before)) => *before = format!("{before}, {value}"),
                _ => drop(all.insert(name.to_owned(), value.into())),
            }
        }
        Value::Object(all)
    };
    let body = |side: &str| {
        let [text, base64] = ["body", "body_b64"].map(|name| record.pointer(&format!("/{side}/{name}")).cloned());
        text.or(base64).unwrap_or_default()
    };
    json!({
        "method": member("/method"),
        "url": record.get("url").or(record.get("path")).cloned().unwrap_or_default(),
        "host": member("/host"),
        "statusCode": member("/status"),
        "statusText": member("/reason"),
        "requestHeaders": headers("/request/headers"),
        "responseHeaders": headers("/response/headers"),
        "requestBody": body("request"),
        "responseBody": body("response"),
        "contentType": member("/response/type"),
        "contentLength": member("/response/len"),
    })
}

fn tls(record: &Value) -> Value {
    let member = |name: &str| record.get(name).cloned().unwrap_or(Value::Null);
    let read = record.pointer("/verdict/code").is_some_and(|code| code == "decrypted");
    json!({
        "version": member("version"),
        "sni": member("sni"),
        "cipherSuite": member("cipher"),
        "cipherSuites": member("ciphers"),
        "alpn": record.get("alpn").or(record.get("alpn_offered")).cloned().unwrap_or_default(),
        "encrypted": !read,
    })
}

/// Connections that are remembered.
const FLOWS: usize = 50_000;

#[cfg(test)]
mod tests;
