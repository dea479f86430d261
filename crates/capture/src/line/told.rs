//! What a record asked for and what came of it, in words, by kind.

use super::Members;

/// Appends what both ends speak.
pub fn protocol(kind: &str, members: &Members<'_>, text: &mut String) {
    match kind {
        "http" if members.has("grpc") => text.push_str("grpc"),
        "sql" => {
            members.push("engine", text);
        }
        "flow" => {
            if !members.push("app", text) || text == "unknown" {
                text.clear();
                members.push("proto", text);
            }
        }
        kind => text.push_str(kind),
    }
}

/// Appends what was asked: a method and path, a statement, a name.
pub fn request(kind: &str, members: &Members<'_>, out: &mut String) {
    match kind {
        "http" => {
            members.push("method", out);
            out.push(' ');
            members.push("host", out);
            members.push("path", out);
            if members.has("query") {
                out.push('?');
                members.push("query", out);
            }
        }
        "dns" => join(members, &["qtype", "qname"], out),
        "tls" | "quic" => join(members, &["sni", "alpn"], out),
        "redis" => join(members, &["commands", "keys"], out),
        "sql" => join(members, &["query"], out),
        "ws" => join(members, &["from", "opcode", "text"], out),
        "icmp" => join(members, &["type", "code"], out),
        "gap" => join(members, &["side", "len", "cause"], out),
        // Heads of packets left, and what they carried did not.
        "loss" if members.int("packets") == Some(0) => {
            members.push("bytes", out);
            out.push_str(" bytes of payload ");
            members.push("cause", out);
        }
        "loss" => join(members, &["packets", "cause"], out),
        "anomaly" => join(members, &["code", "detail"], out),
        "flow" => join(members, &["sni", "verdict.code"], out),
        "tap" => join(members, &["reason", "filter"], out),
        _ => join(members, &["op", "topic", "queue", "subject", "key"], out),
    }
}

/// Appends what came of it: a status, a code, how it ended.
pub fn status(kind: &str, members: &Members<'_>, out: &mut String) {
    match kind {
        "http" => {
            members.push("status", out);
            if members.has("grpc.status") {
                out.push('/');
                members.push("grpc.status", out);
            }
        }
        "dns" => first(members, &["rcode"], out),
        "tls" | "quic" => first(members, &["version"], out),
        "redis" if members.has("error") => out.push_str("error"),
        "sql" => first(members, &["error.code", "tag"], out),
        "ws" => first(members, &["close_code"], out),
        "flow" => first(members, &["end_by", "status"], out),
        "tap" => first(members, &["state"], out),
        _ => {}
    }
}

/// Appends those that are there, with blanks between.
fn join(members: &Members<'_>, paths: &[&str], out: &mut String) {
    let from = out.len();
    for path in paths {
        let before = out.len();
        if before > from {
            out.push(' ');
        }
        if !members.push(path, out) {
            out.truncate(before);
        }
    }
}

/// Appends the first that is there.
fn first(members: &Members<'_>, paths: &[&str], out: &mut String) {
    for path in paths {
        if members.push(path, out) {
            return;
        }
    }
}
