//! What can go wrong with a cluster, by what the caller can do.

use crate::certificate::Certificate;
use base::{Code, Coded};
use http::StatusCode;
use serde_json::{Value, json};
use std::error::Error as StdError;
use std::time::Duration;

type Source = Box<dyn StdError + Send + Sync>;

/// Why a request to a cluster failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no kubeconfig.
    #[error("no kubeconfig: there is neither KUBECONFIG nor a file in ~/.kube/config; name one with --kubeconfig")]
    NoKubeconfig,
    /// The kubeconfig cannot be used.
    #[error("{place}: {message}")]
    Kubeconfig {
        /// File or context.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// No such context.
    #[error("the kubeconfig has no context {context:?}: `qd contexts` lists them")]
    NoContext {
        /// The name.
        context: String,
    },
    /// Nobody answers.
    #[error("{server} does not answer: {message}")]
    Unreachable {
        /// The server.
        server: String,
        /// Why, in words.
        message: String,
        /// The cause.
        #[source]
        source: Option<Source>,
    },
    /// The server's certificate does not verify, or ours is not taken.
    #[error("no trusted connection to {server}: {message}")]
    Tls {
        /// The server.
        server: String,
        /// Why, in words.
        message: String,
        /// What the server showed, where it could be seen.
        certificate: Option<Box<Certificate>>,
    },
    /// No credentials, or they are not taken.
    #[error("the credentials for {server} are not accepted: {message}")]
    Auth {
        /// The server.
        server: String,
        /// Why, or what the exec plugin said.
        message: String,
    },
    /// RBAC says no.
    #[error("not allowed: {message}")]
    Denied {
        /// `list`, `delete`, ….
        verb: String,
        /// Kind id.
        kind: String,
        /// Namespace; empty for the whole cluster.
        namespace: String,
        /// The server's message.
        message: String,
    },
    /// An admission webhook or policy says no.
    #[error("{message}")]
    Admission {
        /// The server's message.
        message: String,
    },
    /// The server asks us to slow down.
    #[error("{server} asks to slow down")]
    Throttled {
        /// The server.
        server: String,
        /// When to come again.
        retry_after: Duration,
    },
    /// The server's own cache of the kind is not filled (yet): it has just begun, or cannot read what is stored.
    #[error("the API server is not ready for this kind: {message}")]
    NotReady {
        /// The server's message.
        message: String,
    },
    /// The object, or the kind, is not there.
    #[error("{message}")]
    NotFound {
        /// The server's message.
        message: String,
    },
    /// The server does not serve the kind.
    #[error("the cluster does not serve {kind} (any more)")]
    NotServed {
        /// Kind id.
        kind: String,
    },
    /// The version that a watch was to go on from is gone.
    #[error("the history since that version is gone")]
    Gone,
    /// The object changed meanwhile, or another manager owns the field.
    #[error("{message}")]
    Conflict {
        /// The server's message.
        message: String,
    },
    /// The change is not valid.
    #[error("{message}")]
    Invalid {
        /// The server's message.
        message: String,
        /// Causes with field paths, as the server gives them.
        causes: Value,
    },
    /// It took too long.
    #[error("{server} did not answer within {seconds} s")]
    TimedOut {
        /// The server.
        server: String,
        /// How long we waited.
        seconds: u64,
    },
    /// Any other answer.
    #[error("the API server answers {status}: {message}")]
    Server {
        /// HTTP status.
        status: u16,
        /// The server's message.
        message: String,
    },
    /// Bytes that are not what they should be.
    #[error("the answer of the API server cannot be read: {0}")]
    Decode(String),
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::NoKubeconfig => Code::KubeconfigMissing,
            Self::Kubeconfig { .. } => Code::KubeconfigInvalid,
            Self::NoContext { .. } => Code::ClusterUnknown,
            Self::Unreachable { .. } => Code::ClusterUnreachable,
            Self::Tls { .. } => Code::ClusterTls,
            Self::Auth { .. } => Code::ClusterAuthExpired,
            Self::Denied { .. } => Code::RbacDenied,
            Self::Admission { .. } => Code::AdmissionDenied,
            Self::Throttled { .. } => Code::ClusterThrottled,
            Self::NotFound { .. } => Code::NotFound,
            Self::NotServed { .. } => Code::KindNotServed,
            Self::Gone => Code::HistoryGap,
            Self::Conflict { .. } => Code::ApplyConflict,
            Self::Invalid { .. } => Code::ApplyInvalid,
            Self::TimedOut { .. } => Code::TimedOut,
            Self::Server { .. } | Self::NotReady { .. } => Code::ClusterError,
            Self::Decode(_) => Code::DecodePartial,
        }
    }

    fn details(&self) -> Option<Value> {
        match self {
            Self::Denied { verb, kind, namespace, message } => {
                let mut details = json!({ "verb": verb, "kind": kind, "namespace": namespace });
                if let (Some(fields), Some(commands)) = (details.as_object_mut(), crate::grant::commands(message)) {
                    fields.insert("grant".to_owned(), commands.into());
                }
                Some(details)
            }
            Self::Invalid { causes, .. } => Some(causes.clone()),
            Self::Tls { certificate: Some(certificate), .. } => serde_json::to_value(certificate).ok(),
            Self::Throttled { retry_after, .. } => Some(json!({ "retry_after_s": retry_after.as_secs() })),
            _ => None,
        }
    }
}

/// What was asked, for the words of an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) server: &'a str,
    pub(crate) verb: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) namespace: &'a str,
}

impl Error {
    /// Reads an answer that is not a success.
    pub(crate) fn of_status(status: StatusCode, retry_after: Option<&str>, body: &[u8], asked: Asked<'_>) -> Self {
        let parsed = parsed(body);
        let field = |name: &str| parsed.as_ref().and_then(|body| body.get(name)).cloned();
        let text = |name: &str| field(name).and_then(|value| value.as_str().map(str::to_owned));
        let message = text("message").unwrap_or_else(|| excerpt(body, status));
        let details = field("details").unwrap_or(Value::Null);
        match status.as_u16() {
            401 => Self::Auth {
                server: asked.server.to_owned(),
                message: "the API server answers 401 Unauthorized".to_owned(),
            },
            400 if message.contains("HTTP request to an HTTPS server") => Self::Tls {
                server: asked.server.to_owned(),
                message: "it speaks https: the kubeconfig's server says http".to_owned(),
                certificate: None,
            },
            403 if is_admission(&message) => Self::Admission { message },
            403 => Self::Denied {
                verb: denied_verb(&message).unwrap_or(asked.verb).to_owned(),
                kind: asked.kind.to_owned(),
                namespace: asked.namespace.to_owned(),
                message,
            },
            404 if details.get("name").is_none() && !asked.kind.is_empty() => {
                Self::NotServed { kind: asked.kind.to_owned() }
            }
            404 => Self::NotFound { message },
            409 => Self::Conflict { message },
            410 => Self::Gone,
            400 | 422 if is_admission(&message) => Self::Admission { message },
            422 => Self::Invalid { message, causes: details.get("causes").cloned().unwrap_or(Value::Null) },
            429 if message.contains("(re)initializing") => Self::NotReady { message },
            429 => Self::Throttled {
                server: asked.server.to_owned(),
                retry_after: Duration::from_secs(
                    retry_after.and_then(|text| text.trim().parse().ok()).unwrap_or(1).min(300),
                ),
            },
            504 => Self::TimedOut { server: asked.server.to_owned(), seconds: 0 },
            code => Self::Server { status: code, message },
        }
    }

    /// Reads an error of the connection, by the words of its causes.
    pub(crate) fn of_connection(error: kube::Error, server: &str) -> Self {
        let words = chain(&error);
        let server = server.to_owned();
        if let kube::Error::Auth(auth) = &error {
            return Self::Auth { server, message: chain(auth) };
        }
        if let Some(message) = tls_words(&words) {
            return Self::Tls { server, message, certificate: None };
        }
        let message = CONNECTION_WORDS
            .iter()
            .find(|(mark, _)| words.contains(mark))
            .map_or_else(|| words.clone(), |(_, says)| (*says).to_owned());
        Self::Unreachable { server, message, source: Some(Box::new(error)) }
    }

    /// Nobody answers there, or whoever does has nothing behind it: nothing can be done in the cluster now.
    #[must_use]
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::TimedOut { .. } | Self::NotReady { .. })
            || matches!(self, Self::Server { status, .. } if *status >= 500)
    }

    /// Trying again later, as it is, may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Throttled { .. }
                | Self::NotReady { .. }
                | Self::TimedOut { .. }
                | Self::Gone
                | Self::Decode(_)
        ) || matches!(self, Self::Server { status, .. } if *status >= 500)
    }
}

/// The `Status` of an answer: in protobuf where the request asked for that.
fn parsed(body: &[u8]) -> Option<Value> {
    if body.starts_with(wire::MAGIC) {
        let node = wire::object(wire::Format::Protobuf, body, &wire::Budget::default()).ok()?;
        return Some(wire::to_json(node));
    }
    serde_json::from_slice(body).ok()
}

/// All causes in one line, each once.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        if !words.contains(&text) {
            words.push_str(": ");
            words.push_str(&text);
        }
        cause = next.source();
    }
    words
}

fn is_admission(message: &str) -> bool {
    message.contains("admission webhook") || message.contains("ValidatingAdmissionPolicy")
}

/// The verb that the API server says is missing: opening a live list needs `watch`, whatever we call it.
fn denied_verb(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once(" cannot ")?;
    rest.split_once(" resource").map(|(verb, _)| verb).filter(|verb| verb.len() < 20)
}

fn excerpt(body: &[u8], status: StatusCode) -> String {
    let text = String::from_utf8_lossy(body.get(..body.len().min(200)).unwrap_or_default());
    let text = text.trim();
    if text.is_empty() { status.canonical_reason().unwrap_or("no reason given").to_owned() } else { text.to_owned() }
}

/// What rustls found wrong, in words that name the next step. `None` when it is not about TLS.
fn tls_words(words: &str) -> Option<String> {
    let says = TLS_WORDS.iter().find(|(mark, _)| words.contains(mark)).map(|(_, says)| *says)?;
    let found = words.find("invalid peer certificate").and_then(|at| words.get(at..)).unwrap_or(words);
    Some(format!("{says} ({found})"))
}

const TLS_WORDS: &[(&str, &str)] = &[
    (
        "not valid for any names",
        "its certificate has no subject alternative names, only a common name, which nobody trusts any more: issue one with names",
    ),
    ("UnknownIssuer", "its certificate is not signed by the kubeconfig's certificate-authority"),
    ("certificate expired", "its certificate has expired"),
    ("Expired", "its certificate has expired"),
    ("NotValidYet", "its certificate is not valid yet: check the clock"),
    ("not valid yet", "its certificate is not valid yet: check the clock"),
    ("NotValidForName", "its certificate is for other names: set tls-server-name, or use one of those"),
    ("not valid for name", "its certificate is for other names: set tls-server-name, or use one of those"),
    (
        "UnsupportedCertVersion",
        "its certificate has no subject alternative names, only a common name: issue one that has",
    ),
    ("certificate required", "it wants a client certificate"),
    ("received fatal alert", "it refuses our side of the connection"),
    ("invalid peer certificate", "its certificate does not verify"),
    ("InvalidCertificate", "its certificate does not verify"),
    ("InvalidContentType", "it does not speak TLS on that port"),
    ("corrupt message", "it does not speak TLS on that port"),
];

const CONNECTION_WORDS: &[(&str, &str)] = &[
    ("Connection refused", "the connection is refused: is the server running, and is the address right?"),
    ("dns error", "its name cannot be resolved"),
    ("failed to lookup address", "its name cannot be resolved"),
    ("No route to host", "there is no route to it"),
    ("Network is unreachable", "the network is unreachable"),
    ("deadline has elapsed", "no connection within 10 s"),
    ("timed out", "no answer in time"),
    ("Connection reset", "the connection was reset"),
];

#[cfg(test)]
mod status_tests {
    #![allow(clippy::unwrap_used)]
    use super::{Asked, Error};
    use http::StatusCode;

    /// `k8s\0`, then `runtime.Unknown{typeMeta{v1, Status}, raw Status{message, reason, code}}`.
    fn protobuf(message: &str) -> Vec<u8> {
        let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat();
        let meta = [field(1, b"v1"), field(2, b"Status")].concat();
        let status = [field(2, b"Failure"), field(3, message.as_bytes()), field(4, b"Forbidden")].concat();
        [b"k8s\0".as_slice(), &field(1, &meta), &field(2, &status)].concat()
    }

    #[test]
    fn exf_04_a_denial_in_protobuf_is_read() {
        let asked = Asked { server: "s", verb: "list", kind: "pods", namespace: "" };
        let error = Error::of_status(StatusCode::FORBIDDEN, None, &protobuf("pods is forbidden"), asked);
        assert_eq!(error.to_string(), "not allowed: pods is forbidden");
    }
}
