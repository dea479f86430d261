//! The configuration: defaults < file (TOML) < `QD__SECTION__KEY` < flags. It is parsed whole before any port opens.

use base::{Code, Coded};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The local console.
    pub console: Console,
    /// The clusters.
    pub clusters: Clusters,
}

/// `[console]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Console {
    /// Address to listen on: loopback only. Unset: `127.0.0.1:5050`, or a free port when that is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<std::net::SocketAddr>,
    /// Open the browser at the start.
    pub open: bool,
    /// Nothing but reads.
    pub read_only: bool,
}

impl Default for Console {
    fn default() -> Self {
        Self { listen: None, open: true, read_only: false }
    }
}

/// `[clusters]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clusters {
    /// Contexts in which a destructive plan asks for the typed name.
    pub production: Vec<String>,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that a flag or variable names is not there, or cannot be read.
    #[error("cannot read the configuration file {path}: {source}")]
    Read {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file or a variable does not have the form of the configuration.
    #[error("{place}: {message}")]
    Form {
        /// File or variable.
        place: String,
        /// What is wrong, with the line.
        message: String,
    },
}

impl Coded for ConfigError {
    fn code(&self) -> Code {
        Code::ConfigInvalid
    }
}

impl Config {
    /// Reads `file` (or the usual place, which may be missing) and lays the variables over it.
    ///
    /// # Errors
    /// When the file or a variable is wrong: nothing is taken from either then.
    pub fn load(file: Option<&Path>, vars: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut table = match file.map(PathBuf::from).or_else(|| usual_file().filter(|path| path.exists())) {
            Some(path) => read(&path)?,
            None => toml::Table::new(),
        };
        for (name, value) in vars {
            if let Some(rest) = name.strip_prefix("QD__") {
                overlay(&mut table, &name, rest, &value)?;
            }
        }
        table.try_into().map_err(|error: toml::de::Error| ConfigError::Form {
            place: file.map_or_else(|| "configuration".to_owned(), |path| path.display().to_string()),
            message: error.message().to_owned(),
        })
    }

    /// The whole configuration in force, as TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_default()
    }
}

/// `$XDG_CONFIG_HOME/quarterdeck/config.toml`
pub(crate) fn usual_file() -> Option<PathBuf> {
    dir("XDG_CONFIG_HOME", ".config").map(|path| path.join("config.toml"))
}

/// `$XDG_STATE_HOME/quarterdeck`: the journal and the state files of running consoles.
pub(crate) fn state_dir() -> Option<PathBuf> {
    dir("XDG_STATE_HOME", ".local/state")
}

fn dir(variable: &str, under_home: &str) -> Option<PathBuf> {
    let set = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = set.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(under_home)))?;
    Some(base.join("quarterdeck"))
}

fn read(path: &Path) -> Result<toml::Table, ConfigError> {
    let place = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: place.clone(), source })?;
    text.parse().map_err(|error: toml::de::Error| {
        let line =
            error.span().map_or(1, |span| text.get(..span.start).map_or(1, |before| before.lines().count().max(1)));
        ConfigError::Form { place: format!("{place}, line {line}"), message: error.message().to_owned() }
    })
}

/// `QD__CONSOLE__READ_ONLY=true`: the value is TOML where it parses as TOML, else a string.
fn overlay(table: &mut toml::Table, name: &str, rest: &str, value: &str) -> Result<(), ConfigError> {
    let wrong = |message: &str| ConfigError::Form { place: name.to_owned(), message: message.to_owned() };
    let (section, key) = rest.split_once("__").ok_or_else(|| wrong("the form is QD__SECTION__KEY"))?;
    let (section, key) = (section.to_ascii_lowercase(), key.to_ascii_lowercase());
    let parsed = format!("value = {value}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("value"));
    let value = parsed.unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let entry = table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    let section = entry.as_table_mut().ok_or_else(|| wrong("this section is not a table"))?;
    section.insert(key, value);
    Ok(())
}

#[cfg(test)]
mod tests;
