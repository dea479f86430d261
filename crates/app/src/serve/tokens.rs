//! `qd serve token`: the file of people and their tokens.

use super::plan::token_file;
use crate::config::Config;
use crate::error::Failed;
use cli::grammar::Output;
use cli::grammar::serve::{TokenAdd, TokenCommand};
use identity::{File, FileError, Person};
use jiff::{SignedDuration, Timestamp};
use std::io::Write;
use std::path::Path;

/// Does what is asked with the file of the configuration.
pub(super) fn run(config: &Config, command: &TokenCommand, output: Output, out: &mut impl Write) -> Result<(), Failed> {
    let path = token_file(config)?;
    // Whole seconds are read by people.
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH);
    match command {
        TokenCommand::Add(add) => {
            let TokenAdd { name, roles, org, days, user, groups } = add.clone();
            let mut file = if path.exists() { read(&path)? } else { File::default() };
            let person = Person { name, org, roles, user, groups, tokens: Vec::new() };
            let life = SignedDuration::from_hours(24 * i64::from(days));
            let (id, token) = file.add(person, now, life).map_err(Failed::of)?;
            file.write(&path).map_err(Failed::of)?;
            // The one time that it is seen.
            writeln!(out, "{}", token.text().expose())?;
            eprintln!("qd: token {id} of {}, for {days} days, in {}; it is shown this once", add.name, path.display());
        }
        TokenCommand::List => list(&read(&path)?, now, output, out)?,
        TokenCommand::Revoke { what } => {
            let mut file = read(&path)?;
            if file.revoke(what) == 0 {
                let path = path.display().to_string();
                return Err(Failed::of(FileError::Unknown { what: what.clone(), path }));
            }
            file.write(&path).map_err(Failed::of)?;
            eprintln!("qd: {what} is revoked; a running gateway ends what it had open");
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<File, Failed> {
    File::read(path).map_err(Failed::of)
}

fn list(file: &File, now: Timestamp, output: Output, out: &mut impl Write) -> Result<(), Failed> {
    let rows = file.people.iter().flat_map(|person| {
        let none = person.tokens.is_empty().then_some(None);
        person.tokens.iter().map(Some).chain(none).map(move |token| (person, token))
    });
    let json = matches!(output, Output::Json | Output::Jsonl);
    if !json {
        writeln!(out, "{:<20} {:<12} {:<24} {:<10} {:<22} STATE", "NAME", "ORG", "ROLES", "TOKEN", "EXPIRES")?;
    }
    for (person, token) in rows {
        let state = match token {
            None => "no token",
            Some(token) if token.expires <= now => "ended",
            Some(_) => "good",
        };
        let (id, expires) = token.map(|token| (token.id.clone(), token.expires.to_string())).unwrap_or_default();
        let (name, org, roles) = (&person.name, &person.org, person.roles.join(","));
        if json {
            let row = serde_json::json!({
                "name": name, "org": org, "roles": person.roles, "token": id, "expires": expires, "state": state,
            });
            writeln!(out, "{row}")?;
        } else {
            writeln!(out, "{name:<20} {org:<12} {roles:<24} {id:<10} {expires:<22} {state}")?;
        }
    }
    Ok(())
}
