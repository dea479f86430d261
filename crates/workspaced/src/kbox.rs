//! `kbox`: the workspace's own command, which asks the daemon over the local socket.

mod attach;
mod show;

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{Error, activity, ask};

/// Carries out the words after `kbox`; the other names are short for one word.
///
/// # Errors
/// When the daemon does not answer, or says no.
pub(crate) fn run(name: &str, words: &[OsString]) -> Result<(), Error> {
    let asked = Asked::read(name, words)?;
    match asked.words().as_slice() {
        ["attach"] => attach::run(&asked, ""),
        ["attach", id] => attach::run(&asked, id),
        ["logs"] if asked.follow => asked.follow("logs?follow=true&limit=50"),
        ["apps", "logs", id] if asked.follow => asked.follow(&format!("apps/{id}/logs?follow=true&limit=50")),
        _ => {
            let told = asked.ask()?;
            let text = if asked.json { format!("{told:#}\n") } else { asked.show(&told) };
            print(&text)
        }
    }
}

struct Asked {
    words: Vec<String>,
    json: bool,
    follow: bool,
    force: bool,
    delete: bool,
    take: bool,
    sort: String,
    socket: PathBuf,
    ttl: Option<u64>,
    length: Option<u64>,
    reason: String,
}

impl Asked {
    fn read(name: &str, words: &[OsString]) -> Result<Self, Error> {
        let mut asked = Self {
            words: Vec::new(),
            json: false,
            follow: false,
            force: false,
            delete: false,
            take: false,
            sort: String::new(),
            socket: ask::socket(),
            ttl: None,
            length: None,
            reason: String::new(),
        };
        if name != "kbox" {
            asked.words.push(name.to_owned());
        }
        let mut words = words.iter().map(|word| word.to_str().ok_or(Error::Words));
        while let Some(word) = words.next() {
            match word? {
                "--json" => asked.json = true,
                "--no-ansi" => {} // nothing is coloured
                "--follow" | "-f" => asked.follow = true,
                "--force" => asked.force = true,
                "--delete" => asked.delete = true,
                "--take" => asked.take = true,
                "--sort" | "-sort" => asked.sort = words.next().ok_or(Error::Words)??.to_owned(),
                "--socket" => asked.socket = words.next().ok_or(Error::Words)??.into(),
                "--for" => {
                    asked.length = Some(activity::seconds(words.next().ok_or(Error::Words)??).ok_or(Error::Words)?)
                }
                "--reason" => asked.reason = words.next().ok_or(Error::Words)??.to_owned(),
                "--ttl" => asked.ttl = Some(words.next().ok_or(Error::Words)??.parse().map_err(|_| Error::Words)?),
                word if word.starts_with('-') => return Err(Error::Words),
                word => asked.words.push(word.to_owned()),
            }
        }
        Ok(asked)
    }

    fn words(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }

    fn ask(&self) -> Result<Value, Error> {
        let get = |path: &str| ask::ask(&self.socket, "GET", path, "");
        let post = |path: &str, body: Value| ask::ask(&self.socket, "POST", path, &body.to_string());
        match self.words().as_slice() {
            ["identity"] | ["user"] | ["user", _] => get("identity"),
            ["info"] => {
                let mut told = get("identity")?;
                if let Value::Object(told) = &mut told {
                    told.insert("system".to_owned(), get("sysinfo")?);
                }
                Ok(told)
            }
            ["splash"] => get("splash"),
            ["uptime"] => get("health"),
            ["streams"] => self.sorted(get("streams")?),
            ["last"] => get("sessions"),
            ["ports"] => get("ports"),
            ["logs"] => get("logs?limit=1000"),
            ["apps"] | ["apps", "list"] => get("apps"),
            ["apps", "logs", id] => get(&format!("apps/{id}/logs?limit=1000")),
            ["apps", "install", id] => post(&format!("apps/{id}/install"), json!({ "force": self.force })),
            ["apps", act @ ("start" | "stop" | "restart"), id] => post(&format!("apps/{id}/{act}"), json!({})),
            ["credentials", service] => post("creds", json!({ "service": service })),
            ["credentials", service, host] => post("creds", json!({ "service": service, "host": host })),
            ["validate", path] => post("validate", json!({ "path": path, "text": text_of(path)? })),
            ["passwd"] => post("passwd", json!({})),
            ["keep"] => post("keep", json!({ "seconds": self.length.ok_or(Error::Words)?, "reason": self.reason })),
            ["detach"] => post(&format!("shells/{}/detach", own()), self.detach()),
            ["detach", id] => post(&format!("shells/{id}/detach"), self.detach()),
            ["shutdown"] => post("shutdown", json!({ "delete": self.delete })),
            _ => Err(Error::Words),
        }
    }

    fn detach(&self) -> Value {
        self.ttl.map_or(json!({}), |ttl| json!({ "ttl": ttl }))
    }

    /// `created`, or `-created` for the newest first; another member of the rows as well.
    fn sorted(&self, mut told: Value) -> Result<Value, Error> {
        let (down, name) = match self.sort.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, self.sort.as_str()),
        };
        let member = match name {
            "" => return Ok(told),
            "created" => "created_ms",
            name => name,
        };
        if let Some(Value::Array(rows)) = told.get_mut("streams") {
            rows.sort_by_key(|row| match row.get(member) {
                Some(Value::Number(number)) => (number.as_u64().unwrap_or(0), String::new()),
                _ => (0, show::word(row, member)),
            });
            if down {
                rows.reverse();
            }
        }
        Ok(told)
    }

    fn show(&self, told: &Value) -> String {
        show::text(&self.words(), told)
    }

    /// Lines as they come, until the daemon ends.
    fn follow(&self, path: &str) -> Result<(), Error> {
        let (stream, rest) = ask::open(&self.socket, "GET", path, "", 200)?;
        let mut lines = BufReader::new(rest.as_slice().chain(stream));
        let mut line = Vec::new();
        let broken = || Error::system("the daemon of this workspace does not answer".to_owned());
        while (&mut lines).take(MAX_LINE).read_until(b'\n', &mut line).map_err(broken())? > 0 {
            let told: Value = serde_json::from_slice(&line).unwrap_or_default();
            let text = if self.json { format!("{told}\n") } else { show::line(&told) };
            print(&text)?;
            line.clear();
        }
        Ok(())
    }
}

/// The shell that this runs in.
fn own() -> String {
    std::env::var("QD_SHELL_ID").unwrap_or_default()
}

fn text_of(path: &str) -> Result<String, Error> {
    let wrong = || Error::system(format!("{path} cannot be read"));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(wrong())?;
    file.take(MAX_FILE + 1).read_to_string(&mut text).map_err(wrong())?;
    if text.len() as u64 > MAX_FILE {
        return Err(wrong()(std::io::ErrorKind::FileTooLarge.into()));
    }
    Ok(text)
}

fn print(text: &str) -> Result<(), Error> {
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(Error::system("cannot print".to_owned()))
}

const MAX_LINE: u64 = 64 << 10;
const MAX_FILE: u64 = 64 << 10;
