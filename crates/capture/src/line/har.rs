//! HTTP transactions as an HTTP archive, version 1.2.

use serde_json::{Value, json};

/// What comes before the first entry.
pub fn begin(out: &mut Vec<u8>) {
    let creator = json!({"name": "qd", "version": env!("CARGO_PKG_VERSION")});
    out.extend_from_slice(
        format!("{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"pages\":[],\"entries\":[").as_bytes(),
    );
}

/// What comes after the last one.
pub fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\n]}}\n");
}

/// One `http` record as an entry; none when the line is no record.
#[must_use]
pub fn entry(line: &[u8]) -> Option<Value> {
    let record: Value = serde_json::from_slice(line).ok()?;
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let millis = |name: &str| record.get(name).and_then(Value::as_f64).map(|micros| micros / 1000.0);
    let version = match text("version") {
        "2" => "HTTP/2.0".to_owned(),
        "3" => "HTTP/3.0".to_owned(),
        version => format!("HTTP/{version}"),
    };
    let started = jiff::Timestamp::from_microsecond(record.get("ts")?.as_i64()?).ok()?;
    let (asked, answered) = (record.get("request"), record.get("response"));
    let send = millis("req_us").unwrap_or(0.0);
    let (wait, receive) = (millis("wait_us").unwrap_or(0.0), millis("resp_us").unwrap_or(0.0));
    let mut request = json!({
        "method": text("method"),
        "url": text("url"),
        "httpVersion": version,
        "cookies": [],
        "headers": headers(asked),
        "queryString": query(text("query")),
        "headersSize": number(asked, "head_len"),
        "bodySize": number(asked, "wire_len"),
    });
    if let (Some(asked), Some(parts)) = (asked, request.as_object_mut())
        && (asked.get("body").is_some() || asked.get("body_b64").is_some())
    {
        let text = asked.get("body").or(asked.get("body_b64")).cloned().unwrap_or_default();
        parts.insert("postData".to_owned(), json!({"mimeType": mime(Some(asked)), "text": text}));
    }
    let mut content = json!({"size": number(answered, "len").max(0), "mimeType": mime(answered)});
    if let (Some(answered), Some(parts)) = (answered, content.as_object_mut()) {
        if let Some(body) = answered.get("body") {
            parts.insert("text".to_owned(), body.clone());
        } else if let Some(body) = answered.get("body_b64") {
            parts.insert("text".to_owned(), body.clone());
            parts.insert("encoding".to_owned(), json!("base64"));
        }
    }
    let headers_back = headers(answered);
    let location = headers_back.iter().find(|header| {
        header.get("name").and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case("location"))
    });
    let mut entry = json!({
        "startedDateTime": started.to_string(),
        "time": millis("total_us").unwrap_or(send + wait + receive),
        "request": request,
        "response": {
            "status": record.get("status").cloned().unwrap_or(json!(0)),
            "statusText": text("reason"),
            "httpVersion": version,
            "cookies": [],
            "redirectURL": location.and_then(|header| header.get("value")).cloned().unwrap_or(json!("")),
            "headers": headers_back,
            "content": content,
            "headersSize": number(answered, "head_len"),
            "bodySize": number(answered, "wire_len"),
        },
        "cache": {},
        "timings": {"blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": send, "wait": wait, "receive": receive},
        "connection": text("flow"),
    });
    if let (Some(ip), Some(parts)) = (record.pointer("/dst/ip"), entry.as_object_mut()) {
        parts.insert("serverIPAddress".to_owned(), ip.clone());
    }
    Some(entry)
}

fn number(message: Option<&Value>, name: &str) -> i64 {
    message.and_then(|message| message.get(name)).and_then(Value::as_i64).unwrap_or(-1)
}

fn mime(message: Option<&Value>) -> &str {
    message.and_then(|message| message.get("type")).and_then(Value::as_str).unwrap_or("application/octet-stream")
}

fn headers(message: Option<&Value>) -> Vec<Value> {
    let pairs = message.and_then(|message| message.get("headers")).and_then(Value::as_array);
    pairs.into_iter().flatten().map(|pair| json!({"name": pair.get(0), "value": pair.get(1)})).collect()
}

/// Names and values of a query, as they stand in the address.
fn query(query: &str) -> Vec<Value> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            json!({"name": name, "value": value})
        })
        .collect()
}

#[cfg(test)]
mod tests;
