//! Helpers that bring credentials to git, to container engines and to kubectl: each asks the daemon, which asks the gateway.
//!
//! Nothing is kept: every use asks again, and a secret is in a helper's output alone.

use std::ffi::OsString;
use std::io::{Read, Write};

use serde_json::{Map, Value, json};

use crate::{Error, ask};

/// Which program asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// git's: lines of names and values both ways.
    Git,
    /// Docker's and Podman's: JSON.
    Engine,
    /// kubectl's: an ExecCredential.
    Kubectl,
}

impl Asker {
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        match name {
            "git-credential-quarterdeck" => Some(Self::Git),
            "docker-credential-quarterdeck" => Some(Self::Engine),
            "kubectl-credential-quarterdeck" => Some(Self::Kubectl),
            _ => None,
        }
    }
}

/// Carries out what the program asks its helper.
///
/// # Errors
/// When there are no credentials, in words for whoever called the program.
pub(crate) fn run(asker: Asker, words: &[OsString]) -> Result<(), Error> {
    let verb = words.first().and_then(|word| word.to_str()).unwrap_or_default();
    let text = match (asker, verb) {
        (Asker::Kubectl, _) => kubectl(&fetch(&json!({ "service": "kubernetes" }))?),
        (Asker::Git, "get") => git(&fetch(&wanted(&input()?))?),
        (Asker::Engine, "get") => match fetch(&json!({ "service": "registry", "host": input()?.trim() })) {
            Ok(told) => engine(&told),
            // these words mean to go on without credentials
            Err(Error::Said { code, .. }) if code == "not_found" => {
                println!("credentials not found in native keychain");
                return Err(Error::Told);
            }
            Err(error) => {
                println!("{error}"); // where its caller looks for words
                return Err(Error::Told);
            }
        },
        // what git learned elsewhere is not kept
        (Asker::Git, "store" | "erase") => String::new(),
        (Asker::Engine, "list") => "{}\n".to_owned(),
        (Asker::Engine, "store" | "erase") => {
            println!("credentials of this workspace are kept by the gateway alone");
            return Err(Error::Told);
        }
        _ => return Err(Error::Words),
    };
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(Error::system("cannot print".to_owned()))
}

fn fetch(wanted: &Value) -> Result<Value, Error> {
    ask::ask(&ask::socket(), "POST", "creds", &wanted.to_string())
}

fn input() -> Result<String, Error> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MAX_INPUT).read_to_string(&mut text);
    read.map_err(Error::system("what is wanted cannot be read".to_owned()))?;
    Ok(text)
}

/// Lines of `name=value`, up to an empty one.
fn wanted(text: &str) -> Value {
    let mut wanted = Map::from_iter([("service".to_owned(), json!("git"))]);
    for (name, value) in text.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once('=')) {
        if matches!(name, "protocol" | "host" | "path" | "username") {
            wanted.insert(name.to_owned(), json!(value));
        }
    }
    Value::Object(wanted)
}

fn git(told: &Value) -> String {
    let mut text = format!("username={}\npassword={}\n", word(told, "username"), word(told, "secret"));
    if let Some(until) = told.get("expires_ms").and_then(Value::as_u64) {
        text.push_str(&format!("password_expiry_utc={}\n", until / 1000));
    }
    text
}

fn engine(told: &Value) -> String {
    let host = word(told, "host");
    format!("{}\n", json!({ "ServerURL": host, "Username": word(told, "username"), "Secret": word(told, "secret") }))
}

fn kubectl(told: &Value) -> String {
    let (token, until) = (word(told, "secret"), word(told, "expires"));
    let status = match until.as_str() {
        "" => json!({ "token": token }),
        until => json!({ "token": token, "expirationTimestamp": until }),
    };
    let kind = "ExecCredential";
    format!("{}\n", json!({ "apiVersion": "client.authentication.k8s.io/v1", "kind": kind, "status": status }))
}

/// A line end in a value would be another line of the answer.
fn word(told: &Value, name: &str) -> String {
    let text = told.get(name).and_then(Value::as_str).unwrap_or_default();
    text.chars().filter(|one| !one.is_control()).collect()
}

const MAX_INPUT: u64 = 64 << 10;

#[cfg(test)]
mod tests;
