//! What `kbox` prints for people.

use serde_json::Value;

/// An answer to these words.
pub(super) fn text(words: &[&str], told: &Value) -> String {
    match words {
        ["identity"] => members(told),
        ["user"] => members(&told.get("user").cloned().unwrap_or_default()),
        ["user", member] => {
            let user = told.get("user").cloned().unwrap_or_default();
            word(&user, if *member == "name" { "full_name" } else { member }) + "\n"
        }
        ["info"] => info(told),
        ["splash"] => word(told, "splash") + "\n",
        ["uptime"] => {
            let up = told.get("uptime_seconds").and_then(Value::as_u64).unwrap_or(0);
            format!("up {}:{:02}:{:02}\n", up / 3600, up / 60 % 60, up % 60)
        }
        ["streams"] => lines(told.get("streams"), &["id", "kind", "state", "created_ms", "command"]),
        ["last"] => lines(told.get("sessions"), &["id", "principal", "state", "created_ms", "command"]),
        ["ports"] => lines(told.get("ports"), &["port", "process", "pid", "app", "loopback"]),
        ["logs"] | ["apps", "logs", _] => {
            told.get("lines").and_then(Value::as_array).into_iter().flatten().map(line).collect()
        }
        ["apps"] | ["apps", "list"] => lines(told.get("apps"), APP),
        ["apps", ..] => told.get("app").map(|app| row(app, APP)).unwrap_or_default(),
        ["credentials", ..] => members(told),
        ["validate", _] => match told.get("problems").and_then(Value::as_array) {
            Some(problems) if !problems.is_empty() => problems.iter().map(problem).collect(),
            _ => "it is well\n".to_owned(),
        },
        ["passwd"] => word(told, "how") + "\n",
        _ => String::new(),
    }
}

/// One thing that is wrong with a blueprint.
fn problem(told: &Value) -> String {
    let place = [word(told, "file"), word(told, "line"), word(told, "column")].join(":");
    format!("{place}  {}  {}\n", word(told, "severity"), word(told, "message"))
}

/// A line of a log.
pub(super) fn line(told: &Value) -> String {
    row(told, &["ms", "level", "component", "text"])
}

fn info(told: &Value) -> String {
    let system = told.get("system").cloned().unwrap_or_default();
    let number = |name: &str| system.get(name).and_then(Value::as_u64).unwrap_or(0);
    let of = |name: &str, unit: u64| match system.get(name).and_then(Value::as_u64) {
        Some(limit) => format!(" of {}", limit / unit),
        None => String::new(),
    };
    let mut text = members(told);
    let mut put = |name: &str, value: String| text.push_str(&format!("{name:<16}{value}\n"));
    put("cpu", format!("{}{} m", number("cpu_millicores"), of("cpu_limit_millicores", 1)));
    put("memory", format!("{}{} MiB", number("memory_bytes") / MIB, of("memory_limit_bytes", MIB)));
    put("load", word(&system, "load"));
    for mount in system.get("mounts").and_then(Value::as_array).into_iter().flatten() {
        let bytes = |name: &str| mount.get(name).and_then(Value::as_u64).unwrap_or(0) / MIB;
        put(&word(mount, "path"), format!("{} of {} MiB free", bytes("bytes_free"), bytes("bytes")));
    }
    text
}

fn members(told: &Value) -> String {
    let members = told.as_object().into_iter().flatten().filter(|(_, value)| !value.is_object());
    members.map(|(name, _)| format!("{name:<16}{}\n", word(told, name))).collect()
}

fn lines(rows: Option<&Value>, columns: &[&str]) -> String {
    let rows = rows.and_then(Value::as_array).into_iter().flatten();
    rows.map(|one| row(one, columns)).collect()
}

fn row(told: &Value, columns: &[&str]) -> String {
    columns.iter().map(|name| word(told, name)).collect::<Vec<_>>().join("  ") + "\n"
}

/// A member as a word.
pub(super) fn word(told: &Value, name: &str) -> String {
    plain(told.get(name).unwrap_or(&Value::Null))
}

/// Control characters of others do not reach the terminal.
fn plain(told: &Value) -> String {
    let text = match told {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    text.chars().filter(|one| *one == '\n' || !one.is_control()).collect()
}

const APP: &[&str] = &["id", "state", "port", "version", "restarts", "ended"];
const MIB: u64 = 1 << 20;
