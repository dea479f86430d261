//! The one table of error codes. A code is stable: scripts, tests and documents name it.

/// Declares the codes: variant, wire text, HTTP status, exit code of `qd`.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $http:literal, $exit:literal;)+) => {
        /// A stable error code. `as_str` is what travels; the HTTP status and exit code follow from it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The snake_case text on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Code::$name => $text,)+ } }

            /// The HTTP status that a REST answer with this code has.
            #[must_use]
            pub const fn http_status(self) -> u16 { match self { $(Code::$name => $http,)+ } }

            /// The exit code of `qd`: 1 failed, 2 wrong usage, 3 denied, 4 not found, 5 timed out, 130 interrupted.
            #[must_use]
            pub const fn exit_code(self) -> u8 { match self { $(Code::$name => $exit,)+ } }
        }
    };
}

codes! {
    /// No run token came with the request.
    TokenMissing = "token_missing", 401, 3;
    /// The token or one-time URL is wrong, used or too old.
    TokenInvalid = "token_invalid", 401, 3;
    /// The Host header is not one of ours.
    HostNotAllowed = "host_not_allowed", 421, 3;
    /// The Origin header is not our own.
    OriginNotAllowed = "origin_not_allowed", 403, 3;
    /// The request does not have the form that the API describes.
    BadRequest = "bad_request", 400, 2;
    /// A request body or frame over its budget.
    TooLarge = "too_large", 413, 2;
    /// No such object, plan or page.
    NotFound = "not_found", 404, 4;
    /// The cluster does not serve this kind.
    KindNotServed = "kind_not_served", 404, 4;
    /// A short name that several kinds answer to.
    KindAmbiguous = "kind_ambiguous", 400, 2;
    /// No such cluster or context.
    ClusterUnknown = "cluster_unknown", 404, 4;
    /// Several clusters, and the request names none.
    ClusterRequired = "cluster_required", 400, 2;
    /// The API server does not answer.
    ClusterUnreachable = "cluster_unreachable", 502, 1;
    /// The API server rejects our credentials, or none could be had.
    ClusterAuthExpired = "cluster_auth_expired", 502, 3;
    /// The API server's certificate does not verify.
    ClusterTls = "cluster_tls", 502, 1;
    /// The API server asks us to slow down.
    ClusterThrottled = "cluster_throttled", 503, 1;
    /// The API server answered with an error of its own.
    ClusterError = "cluster_error", 502, 1;
    /// There is no kubeconfig.
    KubeconfigMissing = "kubeconfig_missing", 404, 1;
    /// The kubeconfig cannot be read.
    KubeconfigInvalid = "kubeconfig_invalid", 400, 1;
    /// Kubernetes RBAC denies it: verb, kind and namespace are in the details.
    RbacDenied = "rbac_denied", 403, 3;
    /// Our policy denies it.
    PolicyDenied = "policy_denied", 403, 3;
    /// Our policy asks for something first: a typed name, a reason.
    NeedsUnmet = "needs_unmet", 403, 3;
    /// This process was started with `--read-only`.
    ReadOnly = "read_only", 403, 3;
    /// The journal cannot take the entry, so nothing is done.
    AuditUnavailable = "audit_unavailable", 503, 1;
    /// A hash chain of the journal does not verify.
    AuditBroken = "audit_broken", 500, 1;
    /// The object moved since the plan was made.
    PlanStale = "plan_stale", 409, 1;
    /// The plan is older than ten minutes.
    PlanExpired = "plan_expired", 410, 1;
    /// The plan belongs to somebody else.
    PlanForeign = "plan_foreign", 403, 3;
    /// The API server finds the change invalid.
    ApplyInvalid = "apply_invalid", 422, 1;
    /// Another field manager owns the field.
    ApplyConflict = "apply_conflict", 409, 1;
    /// An admission webhook or policy of the cluster denies it.
    AdmissionDenied = "admission_denied", 403, 3;
    /// An expression does not parse; the position is in the details.
    QuerySyntax = "query_syntax", 400, 2;
    /// An expression would cost too much.
    QueryTooCostly = "query_too_costly", 400, 1;
    /// Over a limit that the message names.
    LimitReached = "limit_reached", 429, 1;
    /// The client does not read fast enough.
    SlowClient = "slow_client", 429, 1;
    /// An object could be read only in part.
    DecodePartial = "decode_partial", 500, 1;
    /// A gap in a history or a log.
    HistoryGap = "history_gap", 410, 1;
    /// The port is taken.
    PortInUse = "port_in_use", 409, 1;
    /// A port under 1024 without the right to it.
    PortPrivileged = "port_privileged", 403, 1;
    /// It took longer than it may.
    TimedOut = "timed_out", 504, 5;
    /// The user stopped it.
    Interrupted = "interrupted", 499, 130;
    /// A configuration file or flag is wrong.
    ConfigInvalid = "config_invalid", 400, 2;
    /// The store cannot be read or written.
    StoreUnavailable = "store_unavailable", 503, 1;
    /// A fault of ours: the log has the rest.
    Internal = "internal", 500, 1;
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Code::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| serde::de::Error::custom(format!("unknown error code {text}")))
    }
}

/// An error that knows its code. `Display` of the error is what the user may read: it says what to do next and holds
/// no internal text; what only the log should have is in `source()`.
pub trait Coded: std::error::Error {
    /// The stable code.
    fn code(&self) -> Code;

    /// Machine-readable particulars (verb, kind, position, …), if there are any.
    fn details(&self) -> Option<serde_json::Value> {
        None
    }
}

#[cfg(test)]
mod tests;
