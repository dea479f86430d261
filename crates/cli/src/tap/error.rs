//! Why a capture cannot be used, by what one can do about it.

use std::path::Path;

use base::{Code, Coded};
use pcap::{Damage, Refused};

/// Why a capture cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum TapError {
    /// There is no such file.
    #[error("there is no file {0}")]
    Missing(String),
    /// It is no capture.
    #[error("{file} is not a capture: {why}")]
    NotACapture {
        /// Its name.
        file: String,
        /// Why.
        why: String,
    },
    /// Parts of it make no sense.
    #[error("{file} is damaged at byte {} ({}): {places} left out, {bytes} in all; everything else was used", .first.at, .first.why.text(), places = count(*.places, "place was", "places were"), bytes = count(*.bytes, "byte", "bytes"))]
    Damaged {
        /// Its name.
        file: String,
        /// The first damage.
        first: Damage,
        /// How many.
        places: u64,
        /// How much was left out.
        bytes: u64,
    },
    /// It cannot be read.
    #[error("cannot read {file}: {source}")]
    Read {
        /// Its name.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The output cannot be written.
    #[error("cannot write {file}: {source}")]
    Write {
        /// Its name.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// An object of a store cannot be written.
    #[error("cannot write {to}: {}: {why}", .reason.text())]
    Store {
        /// Its name.
        to: String,
        /// What is in the way.
        reason: Reason,
        /// What the store says.
        why: String,
    },
    /// It does not say what messages are made of.
    #[error("cannot take {file} for messages of gRPC: {why}")]
    Protos {
        /// Its name.
        file: String,
        /// Why.
        why: String,
    },
    /// A limit.
    #[error("{0}")]
    Limit(String),
    /// Nothing matches.
    #[error("no running pod matches: `qd get pods` lists them with their labels")]
    NoPod,
    /// What was waited for did not come.
    #[error("no record that is wanted came within {} (--wait-for)", .0.as_secs_f64().to_string() + " s")]
    Nothing(std::time::Duration),
    /// The end was not waited for.
    #[error("left before the agents confirmed: the guard of this tap ends them, or they do so themselves within 15 s{}", by_hand(.0))]
    Left(Vec<String>),
    /// What a tap has beside its process cannot be had.
    #[error("cannot {what}: {source}")]
    Guard {
        /// What.
        what: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// No tap of this user runs.
    #[error("no such tap runs: `qd tap list` names those that do")]
    NoTap,
    /// A tap that was asked to end goes on.
    #[error("tap {tap} does not say that it has ended: {source}")]
    Goes {
        /// Which.
        tap: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The filter is wrong.
    #[error("{0}")]
    Filter(#[source] bpf::Error),
    /// An expression over members of records is none.
    #[error("{error}{}", pointed(.text, .error))]
    Select {
        /// The expression.
        text: String,
        /// Where it is wrong.
        #[source]
        error: query::Error,
    },
    /// This build has no image of the agent, or none for these processors.
    #[error("this build of qd carries no image of the agent{}: {NO_IMAGE}", missing(.wanted.as_deref(), .have))]
    NoImage {
        /// For which processors.
        wanted: Option<String>,
        /// For which it has one.
        have: String,
    },
    /// A file of packets is not what was written.
    #[error("{file} is not as it was written: {why}")]
    Changed {
        /// Its name.
        file: String,
        /// What is different.
        why: String,
        /// The same for programs.
        details: serde_json::Value,
    },
    /// A tap would not work.
    #[error("{why}")]
    Unfit {
        /// Of which kind the reason is.
        code: Code,
        /// Why.
        why: String,
    },
    /// What is embedded is damaged.
    #[error("the agent's image in this build cannot be read: {0}")]
    Image(#[source] std::io::Error),
}

/// Why a store does not take an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Nobody said who writes.
    Credentials,
    /// It does not let them.
    Denied,
    /// There is no such bucket.
    NoBucket,
    /// It does not answer.
    Unreachable,
    /// Anything else.
    Failed,
}

impl Reason {
    /// For programs; it stays.
    fn word(self) -> &'static str {
        match self {
            Self::Credentials => "credentials_missing",
            Self::Denied => "denied",
            Self::NoBucket => "no_bucket",
            Self::Unreachable => "unreachable",
            Self::Failed => "failed",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Credentials => "there are no credentials",
            Self::Denied => "the store does not let these credentials write there",
            Self::NoBucket => "there is no such bucket, make it first",
            Self::Unreachable => "the store does not answer, see `[capture.s3]` of the configuration",
            Self::Failed => "the store does not take it",
        }
    }
}

/// How to get one.
const NO_IMAGE: &str = "`cargo xtask agent` makes its archive, and \
    `QD_AGENT_IMAGE=target/qd-agent.tar cargo build --release -p qd` a qd that carries it";

fn missing(wanted: Option<&str>, have: &str) -> String {
    wanted.map(|wanted| format!(" for {wanted}, only for {have}")).unwrap_or_default()
}

impl TapError {
    /// From what opening or reading said.
    pub(super) fn read(file: &str, source: std::io::Error) -> Self {
        let file = file.to_owned();
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::Missing(file),
            std::io::ErrorKind::IsADirectory => Self::NotACapture { file, why: "it is a folder".to_owned() },
            _ => Self::Read { file, source },
        }
    }

    pub(super) fn refused(file: &str, refused: Refused) -> Self {
        Self::NotACapture { file: file.to_owned(), why: refused.to_string() }
    }
}

/// The commands that do the same.
fn by_hand(commands: &[String]) -> String {
    if commands.is_empty() { String::new() } else { format!("; by hand:\n  {}", commands.join("\n  ")) }
}

/// How a file is called in messages.
pub(super) fn called(path: &Path) -> String {
    if path.as_os_str() == "-" { "stdin".to_owned() } else { path.display().to_string() }
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The expression on a line of its own, and carets under what is wrong.
fn pointed(text: &str, error: &query::Error) -> String {
    let plain: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    format!("\n  {plain}\n  {}{}", " ".repeat(error.at), "^".repeat(error.len.max(1)))
}

impl Coded for TapError {
    fn code(&self) -> Code {
        match self {
            Self::Missing(_) => Code::NotFound,
            Self::NotACapture { .. } => Code::NotACapture,
            Self::Damaged { .. } => Code::CaptureDamaged,
            Self::Read { .. } => Code::ReadFailed,
            Self::Write { .. } | Self::Store { .. } => Code::WriteFailed,
            Self::Limit(_) => Code::LimitReached,
            Self::NoPod => Code::PodNotFound,
            Self::Left(_) => Code::Interrupted,
            Self::Guard { .. } => Code::StoreUnavailable,
            Self::NoTap => Code::NotFound,
            Self::Goes { .. } | Self::Nothing(_) => Code::TimedOut,
            Self::Filter(error) => error.code(),
            Self::Select { .. } => Code::SelectSyntax,
            Self::Protos { .. } => Code::BadRequest,
            Self::Unfit { code, .. } => *code,
            Self::Changed { .. } => Code::CaptureChanged,
            Self::NoImage { .. } => Code::AgentNotCarried,
            Self::Image(_) => Code::Internal,
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Damaged { first, places, bytes, .. } => Some(serde_json::json!({
                "at": first.at, "why": first.why.text(), "places": places, "bytes": bytes,
            })),
            Self::Changed { details, .. } => Some(details.clone()),
            Self::Store { reason, .. } => Some(serde_json::json!({ "reason": reason.word() })),
            Self::Left(commands) => Some(serde_json::json!({ "commands": commands })),
            Self::Filter(error) => error.details(),
            Self::Select { error, .. } => error.details(),
            _ => None,
        }
    }
}
