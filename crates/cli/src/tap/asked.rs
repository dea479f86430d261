//! What a record asks of whom: the endpoint that views of a capture count by, whether it went wrong, and how long it took.

use capture::line::Members;

/// A transaction, as views see it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// `http GET shop/items/{}`: what transactions with other values in the same places have in common.
    pub(super) what: String,
    /// What came of it: a status, a code, `ok`.
    pub(super) status: String,
    /// It went wrong.
    pub(super) error: bool,
    /// How long it took.
    pub(super) micros: Option<u64>,
}

impl Asked {
    /// Of a record; none where it is no transaction.
    pub(super) fn of(kind: &str, members: &Members<'_>) -> Option<Self> {
        let get = |path: &str| members.text(path);
        let (what, status, error, latency) = match kind {
            "http" => {
                let (status, grpc) = (get("status"), get("grpc.status"));
                let code = status.parse::<u16>().unwrap_or(0);
                let error = code == 0 || code >= 400 || !matches!(grpc.as_str(), "" | "0");
                let shown = match (status.is_empty(), grpc.is_empty()) {
                    (true, _) => "no answer".to_owned(),
                    (false, true) => status,
                    (false, false) => format!("{status}/{grpc}"),
                };
                (format!("{} {}{}", get("method"), get("host"), template(&get("path"))), shown, error, "total_us")
            }
            "dns" => {
                let rcode = get("rcode");
                let shown = if rcode.is_empty() { "no answer".to_owned() } else { rcode };
                let error = shown != "NOERROR";
                (format!("{} {}", get("qtype"), get("qname")), shown, error, "latency_us")
            }
            "redis" => {
                let error = !get("error").is_empty();
                (get("commands"), if error { "error" } else { "ok" }.to_owned(), error, "latency_us")
            }
            "sql" => {
                let code = get("error.code");
                let error = members.has("error");
                let shown = match (error, code.is_empty()) {
                    (false, _) => "ok".to_owned(),
                    (true, true) => "error".to_owned(),
                    (true, false) => code,
                };
                (first(get("query"), get("op")), shown, error, "latency_us")
            }
            "tls" => {
                let alert = get("alert.name");
                let error = members.has("alert");
                (get("sni"), if error { first(alert, "alert".to_owned()) } else { get("version") }, error, "hs_us")
            }
            _ => return None,
        };
        let what: String = format!("{kind} {}", what.trim()).chars().take(LONGEST).collect();
        Some(Self { what, status, error, micros: get(latency).parse().ok() })
    }
}

fn first(first: String, second: String) -> String {
    if first.is_empty() { second } else { first }
}

/// A path with `{}` for its values: numbers, ids in hexadecimal, and long words with digits in them.
fn template(path: &str) -> String {
    let parts = path.split('/').map(|part| if is_value(part) { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn is_value(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let is_hex = part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    digits > 0 && (digits == part.len() || (is_hex && part.len() >= 8) || (part.len() >= 20 && digits >= 4))
}

/// Characters of an endpoint's name that are kept.
const LONGEST: usize = 200;

#[cfg(test)]
mod tests;
