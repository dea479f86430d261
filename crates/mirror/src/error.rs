//! Why a view cannot be opened.

use base::{ClusterName, Code, Coded};

/// Why a view cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such cluster.
    #[error("there is no cluster {name}: `qd contexts` lists them")]
    UnknownCluster {
        /// The name.
        name: ClusterName,
    },
    /// A query without clusters.
    #[error("say which cluster: the query names none")]
    NoCluster,
    /// The kind is not served, or not known yet.
    #[error(transparent)]
    Kind(#[from] catalog::Error),
    /// The filter is not right.
    #[error(transparent)]
    Filter(#[from] query::Error),
    /// The sort is not right.
    #[error(transparent)]
    Sort(#[from] table::Error),
    /// The cluster could not be asked.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The cluster cannot be reached, so it is not known what it serves.
    #[error("{}", body.message)]
    Unavailable {
        /// Why, as its state says.
        body: Box<api::ErrorBody>,
    },
    /// The decision cannot be written down.
    #[error(transparent)]
    Audit(#[from] policy::AuditUnavailable),
    /// The permit is for something else than the query.
    #[error("the permit does not cover this query")]
    NotCovered,
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::UnknownCluster { .. } => Code::ClusterUnknown,
            Self::NoCluster => Code::ClusterRequired,
            Self::Kind(error) => error.code(),
            Self::Filter(error) => error.code(),
            Self::Sort(error) => error.code(),
            Self::Cluster(error) => error.code(),
            Self::Unavailable { body } => body.code,
            Self::Audit(error) => error.code(),
            Self::NotCovered => Code::Internal,
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Kind(error) => error.details(),
            Self::Filter(error) => error.details(),
            Self::Cluster(error) => error.details(),
            Self::Unavailable { body } => body.details.clone(),
            _ => None,
        }
    }
}
