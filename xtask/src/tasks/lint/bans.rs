//! The bans and licences of deny.toml, checked from `cargo metadata`, so that no other tool is needed. `cargo deny check`
//! reads the same file and adds advisories.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::paths;
use crate::tasks::metadata::{Metadata, Package};
use crate::tasks::proc;

pub(super) fn run() -> anyhow::Result<()> {
    let path = paths::root().join("deny.toml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let deny: Deny = toml::from_str(&text).context("deny.toml")?;
    let metadata = Metadata::load()?;
    let compiled = compiled()?;
    let is_compiled = |package: &&Package| compiled.contains(&format!("{} v{}", package.name, package.version));
    let packages: Vec<&Package> = metadata.resolved().into_iter().filter(is_compiled).collect();
    let found = violations(&deny, &packages);
    if !found.is_empty() {
        bail!("deny.toml is not kept:\n  {}", found.join("\n  "));
    }
    Ok(())
}

/// `name vX.Y.Z` of every crate that is compiled on some platform. The graph in the metadata also holds optional crates
/// that no feature turns on.
fn compiled() -> anyhow::Result<BTreeSet<String>> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["tree", "--workspace", "--target", "all", "--edges", "normal,build", "--prefix", "none"]);
    let text = proc::output(command.current_dir(paths::root()))?;
    Ok(text.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect())
}

/// Each banned crate and each licence outside the list, by name.
fn violations(deny: &Deny, packages: &[&Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        if let Some(ban) = deny.bans.deny.iter().find(|ban| ban.name == package.name) {
            let reason = ban.reason.as_deref().unwrap_or("banned");
            found.push(format!("{} {} is compiled: {reason}", package.name, package.version));
        }
        let allowed = |name: &str| {
            deny.licenses.allow.iter().any(|licence| licence == name)
                || deny.licenses.exceptions.iter().any(|exception| {
                    exception.name == package.name && exception.allow.iter().any(|licence| licence == name)
                })
        };
        match &package.license {
            None => found.push(format!("{} {} names no licence", package.name, package.version)),
            Some(expression) if !holds(expression, &allowed) => {
                found.push(format!("{} {}: the licence {expression} is not allowed", package.name, package.version));
            }
            Some(_) => {}
        }
    }
    found
}

/// Whether a licence expression (`A OR B`, `A AND (B OR C)`, the old `A/B`) can be met by what is allowed.
fn holds(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    any(&mut words, allowed)
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Words<'_>, allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &dyn Fn(&str) -> bool) -> bool {
    match words.next() {
        Some("(") => {
            let met = any(words, allowed);
            words.next();
            met
        }
        Some(name) => {
            // an exception only adds rights: `Apache-2.0 WITH LLVM-exception` is met by Apache-2.0
            if words.next_if_eq(&"WITH").is_some() {
                words.next();
            }
            allowed(name)
        }
        None => false,
    }
}

/// What we read of deny.toml; cargo-deny reads the rest.
#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
    #[serde(flatten)]
    _rest: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    name: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    name: String,
    reason: Option<String>,
}

#[cfg(test)]
mod tests;
