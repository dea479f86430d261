//! What can go wrong with the registry of taps, by what its user can do.

use base::{Code, Coded};

/// Why a tap is not started, shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum TapsError {
    /// No such tap.
    #[error("there is no such tap: it was forgotten, or this server did not start it")]
    NoTap,
    /// No such record.
    #[error("this record is not kept any more")]
    NoRecord,
    /// No such flow.
    #[error("nothing of this flow is kept any more")]
    NoFlow,
    /// The request does not make sense.
    #[error("{0}")]
    Request(String),
    /// The tap is over.
    #[error("this tap has ended: start another one")]
    Ended,
    /// Too many run.
    #[error("{0} taps of yours run, and no more are allowed (limit `taps_per_user`): stop one first")]
    TooMany(usize),
    /// Over a limit.
    #[error("over a limit of taps (limit `{0}`, {1})")]
    Limit(&'static str, u64),
    /// The permit is for something else.
    #[error("the permit does not cover this")]
    NotCovered,
    /// Policy, or the journal, does not let it.
    #[error(transparent)]
    Audit(#[from] policy::AuditUnavailable),
    /// The tap itself.
    #[error(transparent)]
    Tap(#[from] crate::Error),
    /// The cluster.
    #[error(transparent)]
    Mirror(#[from] mirror::Error),
    /// The cluster does not do it.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The filter is not right.
    #[error(transparent)]
    Filter(#[from] query::Error),
    /// The sort is not right.
    #[error(transparent)]
    Sort(#[from] table::Error),
    /// The capture filter is not right.
    #[error(transparent)]
    Bpf(#[from] bpf::Error),
    /// No packets are kept.
    #[error("this tap keeps no packets: start one with `packets` of headers, masked or full")]
    NoPackets,
    /// Policy lets headers alone be shown.
    #[error("policy lets headers alone be shown: the stream is withheld")]
    Withheld,
    /// The folder for packets cannot be made.
    #[error("packets cannot be kept here: the state folder cannot be written")]
    Folder(#[source] std::io::Error),
    /// What was kept cannot be read.
    #[error("the packets of this tap cannot be read")]
    Unreadable(#[source] std::io::Error),
}

impl Coded for TapsError {
    fn code(&self) -> Code {
        match self {
            Self::NoTap | Self::NoRecord | Self::NoFlow => Code::NotFound,
            Self::Request(_) => Code::BadRequest,
            Self::Ended => Code::HistoryGap,
            Self::TooMany(_) | Self::Limit(..) => Code::LimitReached,
            Self::NotCovered => Code::Internal,
            Self::Audit(error) => error.code(),
            Self::Tap(error) => error.code(),
            Self::Mirror(error) => error.code(),
            Self::Cluster(error) => error.code(),
            Self::Filter(_) => Code::SelectSyntax,
            Self::Sort(error) => error.code(),
            Self::Bpf(error) => error.code(),
            Self::NoPackets => Code::NotFound,
            Self::Withheld => Code::PolicyDenied,
            Self::Folder(_) => Code::WriteFailed,
            Self::Unreadable(_) => Code::ReadFailed,
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Tap(error) => error.details(),
            Self::Mirror(error) => error.details(),
            Self::Cluster(error) => error.details(),
            Self::Filter(error) => error.details(),
            Self::Bpf(error) => error.details(),
            _ => None,
        }
    }
}
