//! `--where`: the expression language over members of records, read from the line that was just written.

use std::cell::RefCell;
use std::sync::Arc;

use query::{Field, FieldType, Filter, Record, Schema, Value};

use crate::cost::Cost;
use crate::json;

/// An expression, and which members it needs.
pub struct Choice {
    filter: Filter,
    used: Vec<u16>,
    values: Values,
    cost: Cost,
}

/// The members of one record that an expression needs.
#[derive(Default)]
struct Values {
    text: String,
    slots: Vec<(u16, Slot)>,
}

enum Slot {
    Text(std::ops::Range<usize>),
    Number(f64),
    Bool(bool),
}

/// The members of records that an expression may name; notes which ones one names.
#[derive(Default)]
struct Members {
    used: RefCell<Vec<u16>>,
}

impl Choice {
    /// Reads one.
    ///
    /// # Errors
    /// When it is none, or names what no record has.
    pub fn parse(text: &str) -> Result<Self, query::Error> {
        let members = Members::default();
        let filter = Filter::where_expr(text, &members)?;
        Ok(Self { filter, used: members.used.into_inner(), values: Values::default(), cost: Cost::default() })
    }

    /// Reads one, where there is any.
    ///
    /// # Errors
    /// As [`Choice::parse`].
    pub fn of(text: &str) -> Result<Option<Self>, query::Error> {
        if text.trim().is_empty() { Ok(None) } else { Self::parse(text).map(Some) }
    }

    /// Whether it holds for a record.
    pub fn holds(&mut self, line: &[u8]) -> bool {
        let Some(begun) = self.cost.begin() else { return self.look(line) };
        let holds = self.look(line);
        self.cost.add(begun.elapsed());
        holds
    }

    /// What it takes a record, told once, where that is over 50 µs: whoever asked is to know, and nothing stops.
    pub fn warning(&mut self) -> Option<String> {
        let mean = self.cost.dear()?;
        Some(format!("the expression takes {} µs a record: a shorter one keeps up with more", mean.as_micros()))
    }

    fn look(&mut self, line: &[u8]) -> bool {
        self.values.text.clear();
        self.values.slots.clear();
        for id in &self.used {
            let Some((_, path, ty)) = MEMBERS.get(usize::from(*id)) else { continue };
            if let Some(raw) = json::get(line, path) {
                self.values.take(*id, raw, *ty);
            }
        }
        self.filter.matches(&self.values, 0)
    }
}

impl Values {
    fn take(&mut self, id: u16, raw: &[u8], ty: FieldType) {
        let slot = match ty {
            FieldType::Number => std::str::from_utf8(raw).ok().and_then(|raw| raw.parse().ok()).map(Slot::Number),
            FieldType::Bool => Some(Slot::Bool(raw == b"true")),
            _ => {
                let from = self.text.len();
                json::text(raw, &mut self.text);
                Some(Slot::Text(from..self.text.len()))
            }
        };
        self.slots.extend(slot.map(|slot| (id, slot)));
    }
}

impl Record for Values {
    fn value(&self, id: u16) -> Value<'_> {
        match self.slots.iter().find(|(have, _)| *have == id) {
            Some((_, Slot::Text(range))) => self.text.get(range.clone()).map_or(Value::Absent, Value::Text),
            Some((_, Slot::Number(number))) => Value::Number(*number),
            Some((_, Slot::Bool(truth))) => Value::Bool(*truth),
            None => Value::Absent,
        }
    }

    fn map(&self, _id: u16, _key: &str) -> Value<'_> {
        Value::Absent
    }

    fn words(&self, _term: u16, test: &mut dyn FnMut(&str) -> bool) -> bool {
        test(&self.text)
    }

    fn name(&self) -> &str {
        &self.text
    }
}

impl Schema for Members {
    fn field(&self, name: &str) -> Option<Field> {
        let at = MEMBERS.iter().position(|(have, _, _)| *have == name)?;
        let (_, _, ty) = MEMBERS.get(at)?;
        let id = u16::try_from(at).ok()?;
        let mut used = self.used.borrow_mut();
        if !used.contains(&id) {
            used.push(id);
        }
        Some(Field { name: Arc::from(name), ty: *ty, id })
    }

    fn names(&self) -> Vec<String> {
        MEMBERS.iter().map(|(name, _, _)| (*name).to_owned()).collect()
    }
}

const fn text(name: &'static str) -> (&'static str, &'static str, FieldType) {
    (name, name, FieldType::Text)
}

const fn number(name: &'static str) -> (&'static str, &'static str, FieldType) {
    (name, name, FieldType::Number)
}

const fn truth(name: &'static str) -> (&'static str, &'static str, FieldType) {
    (name, name, FieldType::Bool)
}

const fn list(name: &'static str) -> (&'static str, &'static str, FieldType) {
    (name, name, FieldType::List)
}

/// Name in expressions, path in records, type. `src` and `dst` alone are the addresses.
const MEMBERS: &[(&str, &str, FieldType)] = &[
    // every record
    text("kind"),
    text("id"),
    text("flow"),
    number("ts"),
    number("seq"),
    number("if"),
    text("vantage"),
    ("src", "src.ip", FieldType::Text),
    ("dst", "dst.ip", FieldType::Text),
    text("src.ip"),
    text("dst.ip"),
    number("src.port"),
    number("dst.port"),
    text("src.name"),
    text("dst.name"),
    ("port", "dst.port", FieldType::Number),
    list("partial"),
    list("redacted"),
    list("truncated"),
    list("anomaly"),
    // flow
    text("state"),
    text("proto"),
    text("app"),
    text("end_by"),
    text("dir_by"),
    number("start"),
    number("end"),
    number("transactions"),
    number("hs_us"),
    number("syn_us"),
    number("ack_us"),
    number("tls_us"),
    number("rtt.min"),
    number("rtt.p50"),
    number("rtt.max"),
    text("verdict.code"),
    number("c.packets"),
    number("c.bytes"),
    number("c.unique"),
    number("c.retrans"),
    number("c.lost"),
    number("c.zero_win"),
    number("s.packets"),
    number("s.bytes"),
    number("s.unique"),
    number("s.retrans"),
    number("s.lost"),
    number("s.zero_win"),
    // http
    text("version"),
    text("method"),
    text("scheme"),
    text("host"),
    text("path"),
    text("query"),
    text("url"),
    number("status"),
    text("reason"),
    text("pair"),
    number("stream"),
    number("index"),
    text("upgrade"),
    text("request.type"),
    text("request.encoding"),
    text("request.body"),
    number("request.len"),
    text("response.type"),
    text("response.encoding"),
    text("response.body"),
    number("response.len"),
    number("req_us"),
    number("wait_us"),
    number("resp_us"),
    number("ttfb_us"),
    number("total_us"),
    number("net_us"),
    number("server_us"),
    text("trace.id"),
    text("grpc.service"),
    text("grpc.method"),
    number("grpc.status"),
    text("graphql.op"),
    text("graphql.name"),
    text("outer.flow"),
    text("outer.way"),
    text("outer.peer.ip"),
    text("outer.peer.name"),
    number("outer.proxy_us"),
    number("inner.requests"),
    // ws
    text("from"),
    text("opcode"),
    number("len"),
    text("text"),
    number("close_code"),
    // dns
    text("qname"),
    text("qtype"),
    text("rcode"),
    text("transport"),
    number("latency_us"),
    number("retries"),
    // tls, quic
    text("sni"),
    text("alpn"),
    text("cipher"),
    text("group"),
    truth("resumed"),
    truth("ech"),
    text("ja3"),
    text("ja4"),
    text("ja4s"),
    // redis, sql, queues
    list("commands"),
    list("keys"),
    text("error"),
    text("engine"),
    text("op"),
    text("fingerprint"),
    text("tag"),
    text("user"),
    text("database"),
    number("rows"),
    number("affected"),
    number("ttfr_us"),
    number("bytes"),
    text("topic"),
    text("queue"),
    // icmp, gap, loss, anomaly
    number("type"),
    text("code"),
    text("cause"),
    text("side"),
    number("packets"),
    text("detail"),
];

#[cfg(test)]
mod tests;
