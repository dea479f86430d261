//! Workspaces and their events on stdout.

use crate::Desk;
use crate::error::Error;
use crate::grammar::Output;
use crate::print::Grid;
use api::workspace::WorkspaceWhy;
use serde_json::{Value, json};
use std::io::Write;
use workspace::about;

pub(super) fn list(items: &[Value], all: bool, output: Output, out: &mut impl Write) -> Result<(), Error> {
    match output {
        Output::Json | Output::Yaml => {
            return raw(&json!({ "apiVersion": "v1", "kind": "List", "items": items }), output, out);
        }
        Output::Jsonl => {
            for item in items {
                writeln!(out, "{}", row(item))?;
            }
            return Ok(());
        }
        Output::Name => {
            for item in items {
                writeln!(out, "workspaces.quarterdeck.dev/{}", text(item, "/metadata/name"))?;
            }
            return Ok(());
        }
        Output::Table | Output::Wide | Output::Csv | Output::FlatJson => {}
    }
    let mut columns: Vec<(&str, &str)> = COLUMNS.to_vec();
    if output == Output::Wide {
        columns.extend(WIDE);
    }
    let skip = usize::from(!all && output != Output::Csv);
    let columns = columns.get(skip..).unwrap_or_default();
    let mut grid = Grid::new(columns.len());
    columns.iter().for_each(|(title, _)| grid.push(title));
    for item in items {
        let row = row(item);
        columns.iter().for_each(|(_, key)| grid.push(row.get(*key).and_then(Value::as_str).unwrap_or_default()));
    }
    if output == Output::Csv {
        grid.csv(out)?
    } else {
        grid.aligned(out)?
    }
    Ok(())
}

/// A workspace as a row.
fn row(item: &Value) -> Value {
    let (ready, _) = condition(item, "Ready");
    let age = text(item, "/metadata/creationTimestamp");
    json!({
        "namespace": text(item, "/metadata/namespace"), "name": text(item, "/metadata/name"),
        "owner": text(item, "/spec/owner"), "org": text(item, "/spec/org"),
        "blueprint": text(item, "/status/blueprint/name"), "phase": text(item, "/status/phase"),
        "stage": text(item, "/status/stage"), "ready": ready, "age": age_of(&age), "created": age,
        "image": text(item, "/status/image"), "node": text(item, "/status/pod/node"), "ip": text(item, "/status/pod/ip"),
        "version": text(item, "/status/agentVersion"),
    })
}

pub(super) fn one(item: &Value, output: Output, out: &mut impl Write) -> Result<(), Error> {
    match output {
        Output::Json | Output::Yaml => return raw(item, output, out),
        Output::Jsonl => return Ok(writeln!(out, "{}", row(item))?),
        Output::Name => return Ok(writeln!(out, "workspaces.quarterdeck.dev/{}", text(item, "/metadata/name"))?),
        Output::Table | Output::Wide | Output::Csv | Output::FlatJson => {}
    }
    let mut grid = Grid::new(2);
    let row = row(item);
    for (title, key) in COLUMNS.iter().chain(WIDE) {
        grid.push(title);
        grid.push(row.get(*key).and_then(Value::as_str).unwrap_or_default());
    }
    for (title, at) in
        [("SERVICE", "/status/serviceDNS"), ("STOPPED", "/status/stopReason"), ("ERROR", "/status/lastError")]
    {
        let value = text(item, at);
        if !value.is_empty() {
            grid.push(title);
            grid.push(&value);
        }
    }
    for volume in item.pointer("/status/volumes").and_then(Value::as_array).into_iter().flatten() {
        grid.push("VOLUME");
        grid.push(&format!("{} {} {}", text(volume, "/name"), text(volume, "/claim"), text(volume, "/size")));
    }
    grid.aligned(out)?;
    writeln!(out)?;
    conditions(item, out)?;
    newer(item, out)
}

/// What a newer blueprint changes, and when.
fn newer(item: &Value, out: &mut impl Write) -> Result<(), Error> {
    if text(item, "/status/updateAvailable/digest").is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\na newer blueprint takes hold with the next start, or by `qd ws update {}`",
        text(item, "/metadata/name")
    )?;
    for change in about::changes(item) {
        let or_none = |text: String| if text.is_empty() { "(none)".to_owned() } else { text };
        writeln!(out, "  {}: {} -> {}", change.field, or_none(change.from), or_none(change.to))?;
    }
    Ok(())
}

/// Why it is as it is: its state, who said so, and what stands against what is asked for.
pub(super) fn why(desk: &Desk, item: &Value, out: &mut impl Write) -> Result<(), Error> {
    let (cluster, now_ms) = (desk.cluster()?.name(), jiff::Timestamp::now().as_millisecond());
    let why = about::why(cluster, item, now_ms, &desk.prices);
    let output = desk.global.output;
    if matches!(output, Output::Json | Output::Jsonl) {
        let body = serde_json::to_string(&why).map_err(|error| Error::Output(error.into()))?;
        return Ok(writeln!(out, "{body}")?);
    }
    let WorkspaceWhy {
        wanted,
        cause,
        phase,
        stage,
        since,
        message,
        error,
        stop_reason,
        idle,
        stop_at_ms,
        last_use,
        cost,
        ..
    } = why;
    let by = if cause.is_empty() { String::new() } else { format!(": {cause}") };
    writeln!(out, "asked for  {wanted}{by}")?;
    writeln!(out, "is         {phase}, stage {stage} since {since}")?;
    writeln!(out, "because    {message}")?;
    let time = |ms: i64| jiff::Timestamp::from_millisecond(ms).map(|at| at.to_string()).unwrap_or_default();
    let last = last_use.map(|one| {
        let what = if one.detail.is_empty() { String::new() } else { format!(": {}", one.detail) };
        format!("{} by {}{what}", time(one.at_ms), one.door)
    });
    let stops = stop_at_ms.map(|at| format!("{} if nobody uses it", time(at)));
    let took = cost.map(|took| {
        let hours = |of: u64, unit: u64| format!("{}.{:02}", of / unit, of % unit * 100 / unit);
        let (cpu, memory) = (hours(took.cpu_milli_hours, 1_000), hours(took.memory_mib_hours, 1_024));
        let amount = took.amount.map(|amount| format!(": {amount}")).unwrap_or_default();
        format!("{cpu} hours of a processor, {memory} of a GiB since {}{amount}", time(took.since_ms))
    });
    for (title, value) in [
        ("last use  ", last.unwrap_or_default()),
        ("use       ", idle),
        ("stops at  ", stops.unwrap_or_default()),
        ("stopped by", stop_reason),
        ("took      ", took.unwrap_or_default()),
        ("wrong is  ", error),
        ("evidence  ", format!("qd audit query --object '{}'", about::target(cluster, item).anchor())),
    ] {
        if !value.is_empty() {
            writeln!(out, "{title} {value}")?;
        }
    }
    newer(item, out)
}

fn conditions(item: &Value, out: &mut impl Write) -> Result<(), Error> {
    let mut grid = Grid::new(4);
    ["CONDITION", "STATUS", "REASON", "MESSAGE"].iter().for_each(|cell| grid.push(cell));
    for one in item.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten() {
        ["/type", "/status", "/reason", "/message"].iter().for_each(|at| grid.push(&text(one, at)));
    }
    Ok(grid.aligned(out)?)
}

pub(super) fn events(mut events: Vec<Value>, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let at = |event: &Value| {
        let places = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"];
        places.iter().map(|at| text(event, at)).find(|time| !time.is_empty()).unwrap_or_default()
    };
    events.sort_by_key(&at);
    if matches!(output, Output::Json | Output::Yaml) {
        return raw(&json!({ "apiVersion": "v1", "kind": "List", "items": events }), output, out);
    }
    let mut grid = Grid::new(5);
    ["AGE", "TYPE", "REASON", "OBJECT", "MESSAGE"].iter().for_each(|cell| grid.push(cell));
    for event in &events {
        let object =
            format!("{}/{}", text(event, "/involvedObject/kind").to_lowercase(), text(event, "/involvedObject/name"));
        if output == Output::Jsonl {
            let line = json!({
                "at": at(event), "type": text(event, "/type"), "reason": text(event, "/reason"), "object": object,
                "message": text(event, "/message"),
            });
            writeln!(out, "{line}")?;
            continue;
        }
        grid.push(&age_of(&at(event)));
        ["/type", "/reason"].iter().for_each(|at| grid.push(&text(event, at)));
        grid.push(&object);
        grid.push(&text(event, "/message"));
    }
    match output {
        Output::Jsonl => {}
        Output::Csv => grid.csv(out)?,
        _ => grid.aligned(out)?,
    }
    Ok(())
}

/// The object itself.
pub(super) fn raw(item: &Value, output: Output, out: &mut impl Write) -> Result<(), Error> {
    if output == Output::Yaml {
        let text = serde_saphyr::to_string(item).map_err(|error| Error::Output(std::io::Error::other(error)))?;
        return Ok(write!(out, "{text}")?);
    }
    let text = serde_json::to_string_pretty(item).map_err(|error| Error::Output(error.into()))?;
    Ok(writeln!(out, "{text}")?)
}

fn condition(item: &Value, name: &str) -> (String, String) {
    let all = item.pointer("/status/conditions").and_then(Value::as_array);
    let one = all.into_iter().flatten().find(|one| text(one, "/type") == name);
    one.map(|one| (text(one, "/status"), text(one, "/message"))).unwrap_or_default()
}

fn text(item: &Value, at: &str) -> String {
    item.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn age_of(time: &str) -> String {
    let then = time.parse::<jiff::Timestamp>().ok();
    then.map(|then| base::age::age(jiff::Timestamp::now().as_millisecond(), then.as_millisecond())).unwrap_or_default()
}

const COLUMNS: &[(&str, &str)] = &[
    ("NAMESPACE", "namespace"),
    ("NAME", "name"),
    ("OWNER", "owner"),
    ("BLUEPRINT", "blueprint"),
    ("PHASE", "phase"),
    ("READY", "ready"),
    ("AGE", "age"),
];
const WIDE: &[(&str, &str)] =
    &[("STAGE", "stage"), ("ORG", "org"), ("IMAGE", "image"), ("NODE", "node"), ("IP", "ip"), ("VERSION", "version")];
