//! What goes out of a tap beside rows: records whole, the records of a flow, all records as lines, latencies, the map.

use super::one::One;
use super::{Taps, TapsError};
use crate::line::{Choice, Members};
use crate::records::Opened;
use api::tap::{TapFlow, TapRecord};
use policy::Permit;
use policy::action::{TapExport, TapExportObligations, TapPayload, TapPayloadObligations};
use serde_json::Value;
use std::net::IpAddr;
use std::sync::Arc;

impl Taps {
    /// One record whole, with the newest `flow` record of its flow, and the lookup that its connection began with.
    ///
    /// # Errors
    /// When the decision cannot be written down, or the record is not kept any more.
    pub async fn record(&self, permit: Permit<TapPayload>) -> Result<TapRecord, TapsError> {
        permit.settled().await?;
        let TapPayloadObligations { headers_only } = *permit.obligations();
        let TapPayload { tap, record, .. } = permit.target();
        let one = self.0.find(&tap.tap)?;
        let asked: u64 = record.parse().map_err(|_| TapsError::NoRecord)?;
        let (number, latest, pod) = {
            let records = one.records.lock();
            let number = records.behind(asked).ok_or(TapsError::NoRecord)?;
            (number, records.latest(records.flow_of(number)), records.pod_of(number))
        };
        let found = Found::of(&one, headers_only);
        let record = found.value(number).ok_or(TapsError::NoRecord)?;
        let flow = latest.filter(|latest| *latest != number).and_then(|latest| found.value(latest));
        let began = flow.as_ref().unwrap_or(&record).get("start").and_then(Value::as_i64);
        let asked = record.pointer("/dst/ip").and_then(Value::as_str).and_then(|ip| ip.parse::<IpAddr>().ok());
        let lookup = pod.zip(asked).zip(began);
        let lookup = lookup.and_then(|((pod, ip), began)| one.lookups.lock().before(pod, ip, began));
        let dns = lookup.and_then(|number| found.value(number));
        let body = TapRecord { record, flow, dns };
        count(&permit, &body);
        Ok(body)
    }

    /// Everything that is kept of one flow, in order of time.
    ///
    /// # Errors
    /// When the decision cannot be written down, or nothing of it is kept any more.
    pub async fn flow(&self, permit: Permit<TapPayload>) -> Result<TapFlow, TapsError> {
        permit.settled().await?;
        let TapPayloadObligations { headers_only } = *permit.obligations();
        let TapPayload { tap, flow, .. } = permit.target();
        let one = self.0.find(&tap.tap)?;
        let flow = flow_id(flow)?.ok_or(TapsError::NoFlow)?;
        let (numbers, more) = one.records.lock().of_flow(flow, MOST_OF_FLOW);
        if numbers.is_empty() {
            return Err(TapsError::NoFlow);
        }
        let mut records = Found::of(&one, headers_only).values(&numbers);
        records.sort_by_key(|record| record.get("ts").and_then(Value::as_i64));
        let body = TapFlow { records, more };
        count(&permit, &body);
        Ok(body)
    }

    /// The records that belong to one trace, whichever connections they came by, in order of time.
    ///
    /// # Errors
    /// When the decision cannot be written down.
    pub async fn trace(&self, permit: Permit<TapPayload>) -> Result<TapFlow, TapsError> {
        permit.settled().await?;
        let TapPayloadObligations { headers_only } = *permit.obligations();
        let TapPayload { tap, trace, .. } = permit.target();
        let (one, trace) = (self.0.find(&tap.tap)?, trace.clone());
        let found = tokio::task::spawn_blocking(move || of_trace(&one, &trace, headers_only));
        let body = found.await.map_err(|error| TapsError::Unreadable(std::io::Error::other(error)))?;
        count(&permit, &body);
        Ok(body)
    }

    /// All records that are kept, as lines, a block at a time: from a number on, and only those that the
    /// permit names. Without a `limit` they are a file of all that is there.
    ///
    /// # Errors
    /// When more are asked for at once than one answer has, the decision cannot be written down, or the expression is none.
    pub async fn records(&self, permit: Permit<TapExport>, since: u64, limit: Option<u64>) -> Result<Lines, TapsError> {
        if limit.is_some_and(|limit| limit > MOST_OF_ANSWER) {
            return Err(TapsError::Limit("records", MOST_OF_ANSWER));
        }
        permit.settled().await?;
        let TapExportObligations { max_bytes } = *permit.obligations();
        let one = self.0.find(&permit.target().tap.tap)?;
        let TapExport { select, flow, .. } = permit.target();
        let (choice, flow) = (Choice::of(select)?, flow_id(flow)?);
        let end = one.records.lock().next();
        let left = limit.unwrap_or(u64::MAX);
        Ok(Lines { one, permit, choice, flow, at: since, end, left, room: max_bytes.unwrap_or(u64::MAX) })
    }
}

/// The records of a trace, in order of time.
pub(super) fn of_trace(one: &One, trace: &str, headers_only: bool) -> TapFlow {
    let (mut numbers, mut more) = (Vec::new(), false);
    let finder = memchr::memmem::Finder::new(trace.as_bytes());
    one.each(|line| {
        if more || finder.find(line.line).is_none() || Members::of(line.line).text("trace.id") != trace {
            return;
        }
        more = numbers.len() >= MOST_OF_FLOW;
        if !more {
            numbers.push(line.number);
        }
    });
    let mut records = Found::of(one, headers_only).values(&numbers);
    records.sort_by_key(|record| record.get("ts").and_then(Value::as_i64));
    TapFlow { records, more }
}

/// Records on their way out, with the permit that lets them.
pub struct Lines {
    one: Arc<One>,
    permit: Permit<TapExport>,
    choice: Option<Choice>,
    flow: Option<u128>,
    at: u64,
    /// What comes after the begin is left out, so that there is an end.
    end: u64,
    left: u64,
    room: u64,
}

impl Lines {
    /// The next lines, each with its line end; `None` after the last. Works for some milliseconds.
    pub fn next_lines(&mut self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let pods = self.one.pod_names();
        self.each(|one, number, pod, line| {
            one.line(&pods, number, pod, line, &mut out);
            out.push(b'\n');
        })
        .then_some(out)
    }

    /// Shows each record of the next block that is chosen; false after the last.
    fn each(&mut self, mut show: impl FnMut(&One, u64, u16, &[u8])) -> bool {
        if self.at >= self.end || self.left == 0 || self.room == 0 {
            return false;
        }
        let Some(opened) = self.one.block(self.at) else { return false };
        for line in opened.from(self.at) {
            if line.number >= self.end || self.left == 0 {
                break;
            }
            if self.flow.is_some_and(|flow| flow != line.flow)
                || self.choice.as_mut().is_some_and(|choice| !choice.holds(line.line))
            {
                continue;
            }
            let size = line.line.len() as u64;
            if size > self.room {
                self.room = 0;
                break;
            }
            self.room -= size;
            self.left -= 1;
            self.permit.count_bytes(size);
            show(&self.one, line.number, line.pod, line.line);
        }
        self.at = opened.end();
        tell_dear(&self.one, self.choice.as_mut());
        true
    }

    /// The next entries of an HTTP archive, each with what stands between it and the one before.
    pub fn next_entries(&mut self, begun: &mut bool) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        self.each(|_, _, _, line| {
            if !Members::of(line).is("kind", "http") {
                return;
            }
            if let Some(entry) = crate::line::har::entry(line) {
                let lead = if std::mem::replace(begun, true) { ",\n" } else { "\n" };
                out.extend_from_slice(format!("{lead}{entry}").as_bytes());
            }
        })
        .then_some(out)
    }
}

/// Records of a tap by their numbers.
struct Found<'a> {
    one: &'a One,
    pods: Vec<String>,
    headers_only: bool,
}

impl<'a> Found<'a> {
    fn of(one: &'a One, headers_only: bool) -> Self {
        Self { one, pods: one.pod_names(), headers_only }
    }

    fn value(&self, number: u64) -> Option<Value> {
        self.values(&[number]).pop()
    }

    /// Those of these that are kept, in their order. Each block is opened once.
    fn values(&self, numbers: &[u64]) -> Vec<Value> {
        let (mut opened, mut out): (Option<Opened>, Vec<Value>) = (None, Vec::new());
        for number in numbers {
            if opened.as_ref().is_none_or(|block| block.end() <= *number) {
                opened = self.one.block(*number);
            }
            let Some(block) = &opened else { break };
            let Some(line) = block.from(*number).next().filter(|line| line.number == *number) else { continue };
            let mut text = Vec::new();
            self.one.line(&self.pods, line.number, line.pod, line.line, &mut text);
            match serde_json::from_slice(&text) {
                Ok(mut value) => {
                    if self.headers_only {
                        without_payload(&mut value);
                    }
                    out.push(value);
                }
                Err(error) => tracing::warn!(%error, number, "a record that is no JSON"),
            }
        }
        out
    }
}

/// A `tap` record says it where an expression takes long for each record; it chooses on.
pub(super) fn tell_dear(one: &One, choice: Option<&mut Choice>) {
    if let Some(words) = choice.and_then(Choice::warning) {
        one.say("select_dear", &words);
    }
}

/// The flow that is asked for; none where nothing is said.
pub(super) fn flow_id(text: &str) -> Result<Option<u128>, TapsError> {
    let text = text.trim();
    if text.is_empty() { Ok(None) } else { u128::from_str_radix(text, 16).map(Some).map_err(|_| TapsError::NoFlow) }
}

/// Takes away what a message carried.
fn without_payload(record: &mut Value) {
    let Some(members) = record.as_object_mut() else { return };
    for name in ["text", "b64", "args", "reply", "params", "push"] {
        members.remove(name);
    }
    for side in ["request", "response"] {
        if let Some(message) = members.get_mut(side).and_then(Value::as_object_mut) {
            message.remove("body");
            message.remove("body_b64");
        }
    }
}

/// Counts what leaves under a permit.
fn count(permit: &Permit<TapPayload>, body: &impl serde::Serialize) {
    let bytes = serde_json::to_vec(body).map_or(0, |bytes| bytes.len());
    permit.count_bytes(bytes as u64);
}

/// Records of an answer that names a number of them.
const MOST_OF_ANSWER: u64 = 10_000;
/// Records of one flow that are shown at once.
const MOST_OF_FLOW: usize = 1_000;
