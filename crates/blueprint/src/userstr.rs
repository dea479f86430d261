//! User strings: who comes, and to what. The user name of an SSH login, and `userstr` at every other door.
//!
//! ```text
//! dev1                                    the user's default workspace
//! dev1~go+workload=deployment~web+ns=shop a blueprint by name, here injected
//! dev1~pod=web-0+ns=shop                  a running pod
//! dev1~repo=org~proj+ref=main             a repository
//! ```
//!
//! Bytes from outside: parsed once, with a budget that is checked before anything is decoded. What [`UserString`] prints is
//! safe in every client (`ssh`, `scp`, URLs) and parses to the same value.

mod emit;
mod parse;
#[cfg(test)]
mod tests;

use base::{Code, Coded};

/// A user string that holds every rule of its form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserString {
    pub(crate) user: String,
    pub(crate) target: Target,
    pub(crate) os_user: Option<String>,
    pub(crate) cluster: Option<String>,
}

/// What the user wants to reach.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The first blueprint, by name, that the user may have.
    Default,
    /// A blueprint by name.
    Blueprint {
        /// Its name, a DNS label.
        name: String,
        /// The workload to inject into.
        workload: Option<Workload>,
    },
    /// A running pod.
    Pod {
        /// Its name.
        pod: String,
        /// Its namespace, where it is given.
        namespace: Option<String>,
        /// The container in it, where it is given.
        container: Option<String>,
    },
    /// A repository, whose own file says what the workspace is.
    Repo {
        /// Owner: the user, where none was given.
        owner: String,
        /// Name.
        name: String,
        /// Which state of it.
        revision: Revision,
        /// The workload to inject into.
        workload: Option<Workload>,
    },
}

/// A state of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Revision {
    /// The head of the default branch.
    Default,
    /// A ref; its case is kept.
    Ref(String),
    /// A pull request, which the provider resolves to a ref.
    Pull(u32),
}

/// A workload in a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Workload {
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

/// Kinds of workloads that a workspace can be injected into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkloadKind {
    /// Deployment.
    Deployment,
    /// StatefulSet.
    StatefulSet,
    /// DaemonSet.
    DaemonSet,
}

impl WorkloadKind {
    /// The lower-case word of user strings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::StatefulSet => "statefulset",
            Self::DaemonSet => "daemonset",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Deployment, Self::StatefulSet, Self::DaemonSet].into_iter().find(|kind| kind.as_str() == text)
    }
}

impl UserString {
    /// Reads a user string, wrapped (`b64-…`) or plain.
    ///
    /// # Errors
    /// When a rule of the form does not hold; `at` is the byte of the plain text (or of the raw one, where that is wrong).
    pub fn parse(raw: &str) -> Result<Self, Error> {
        parse::parse(raw)
    }

    /// The user, in lower case.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// What the user wants to reach.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The OS user to become, where one is given.
    #[must_use]
    pub fn os_user(&self) -> Option<&str> {
        self.os_user.as_deref()
    }

    /// The cluster, where one is given.
    #[must_use]
    pub fn cluster(&self) -> Option<&str> {
        self.cluster.as_deref()
    }

    /// The form that every client takes: `[A-Za-z0-9._~+=-]` alone, wrapped in base64 where that is not enough.
    #[must_use]
    pub fn emit(&self) -> String {
        emit::emit(self)
    }

    /// The wrapped form, always: for links whose program rewrites other bytes.
    #[must_use]
    pub fn emit_wrapped(&self) -> String {
        emit::wrapped(self)
    }
}

impl std::fmt::Display for UserString {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.emit())
    }
}

/// Why a text is no user string.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} (byte {at} of the user string)")]
pub struct Error {
    /// Which rule.
    pub kind: ErrorKind,
    /// The byte, from 0.
    pub at: usize,
    /// The rule in words.
    pub reason: String,
}

/// The rules of user strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Over 255 bytes, or over 128 when it is not wrapped.
    TooLong,
    /// A byte that may not stand there.
    Charset,
    /// A wrapped string in a wrapped string.
    Nested,
    /// A key that does not exist.
    UnknownKey,
    /// A key given twice.
    DuplicateKey,
    /// Keys that do not go together.
    Conflict,
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self.kind {
            ErrorKind::TooLong => Code::UserstrTooLong,
            ErrorKind::Charset => Code::UserstrCharset,
            ErrorKind::Nested => Code::UserstrNested,
            ErrorKind::UnknownKey => Code::UserstrUnknownKey,
            ErrorKind::DuplicateKey => Code::UserstrDuplicateKey,
            ErrorKind::Conflict => Code::UserstrConflict,
        }
    }
}
