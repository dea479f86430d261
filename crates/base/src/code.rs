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
    /// The kinds of workspaces in the cluster are missing or are those of another version; the message names them.
    CrdOutdated = "crd_outdated", 409, 1;
    /// The cluster is too old for it, or has it turned off; the message says what is off for that.
    FeatureUnavailable = "feature_unavailable", 501, 1;
    /// Several clusters, and the request names none.
    ClusterRequired = "cluster_required", 400, 2;
    /// The API server does not answer.
    ClusterUnreachable = "cluster_unreachable", 503, 1;
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
    /// An expression over members of records does not parse; the position is in the details.
    SelectSyntax = "select_syntax", 400, 2;
    /// An expression would cost too much.
    QueryTooCostly = "query_too_costly", 400, 1;
    /// A capture filter does not compile; line, column and what may stand there are in the details.
    FilterSyntax = "filter_syntax", 400, 2;
    /// A capture filter needs more instructions than the kernel takes.
    FilterTooLong = "filter_too_long", 400, 2;
    /// A capture filter names a host: names are not looked up, write the address.
    FilterHostUnknown = "filter_host_unknown", 400, 2;
    /// A secret stands in the command line, where every user of the machine sees it.
    SecretInArgument = "secret_in_argument", 400, 2;
    /// Words cannot be made a filter: no provider is configured.
    FilterWordsOff = "filter_words_off", 501, 1;
    /// Packets of this link type cannot be filtered.
    FilterLinkType = "filter_link_type", 400, 2;
    /// Over a limit that the message names.
    LimitReached = "limit_reached", 429, 1;
    /// The disk for packets of taps is full.
    SpoolFull = "spool_full", 507, 1;
    /// The client does not read fast enough.
    SlowClient = "slow_client", 429, 1;
    /// An object could be read only in part.
    DecodePartial = "decode_partial", 500, 1;
    /// Rights that a tap needs are missing in the namespace.
    TapForbidden = "tap_forbidden", 403, 3;
    /// Admission refuses the capture container in every form.
    TapAdmission = "tap_admission", 403, 3;
    /// The pod shares the node's network: tapping it would tap the node.
    TapHostNetwork = "tap_host_network", 422, 3;
    /// A static pod cannot be given a container.
    TapStaticPod = "tap_static_pod", 422, 1;
    /// There is no such pod, or none that matches.
    PodNotFound = "pod_not_found", 404, 4;
    /// The pod has ended.
    PodFinished = "pod_finished", 422, 4;
    /// The pod's system is none that the capture agent runs on.
    TapUnsupportedOs = "tap_unsupported_os", 422, 1;
    /// The API server has no ephemeral containers.
    EphemeralUnsupported = "ephemeral_unsupported", 501, 1;
    /// This build of `qd` carries no image of the capture agent.
    AgentNotCarried = "agent_not_carried", 501, 1;
    /// The capture container does not start.
    AgentImage = "agent_image", 502, 1;
    /// An agent sends what is not its protocol.
    AgentProtocol = "agent_protocol", 502, 1;
    /// An agent and its owner speak no protocol in common; the message says which side is older.
    AgentVersion = "agent_version", 502, 1;
    /// The file is no capture: neither pcap nor pcapng, or a folder.
    NotACapture = "not_a_capture", 400, 2;
    /// A capture is damaged: what could be read was used, the first bad place is in the details.
    CaptureDamaged = "capture_damaged", 422, 1;
    /// A file of packets is not what its manifest tells: the byte ranges are in the details.
    CaptureChanged = "capture_changed", 422, 1;
    /// A file cannot be read.
    ReadFailed = "read_failed", 500, 1;
    /// A file cannot be written: full, read-only, gone.
    WriteFailed = "write_failed", 500, 1;
    /// A gap in a history or a log.
    HistoryGap = "history_gap", 410, 1;
    /// A user string is longer than it may be.
    UserstrTooLong = "userstr_too_long", 400, 2;
    /// A byte of a user string may not stand where it does.
    UserstrCharset = "userstr_charset", 400, 2;
    /// A wrapped user string in a wrapped one.
    UserstrNested = "userstr_nested", 400, 2;
    /// A key that user strings do not have.
    UserstrUnknownKey = "userstr_unknown_key", 400, 2;
    /// A key given twice in a user string.
    UserstrDuplicateKey = "userstr_duplicate_key", 400, 2;
    /// Keys of a user string that do not go together.
    UserstrConflict = "userstr_conflict", 400, 2;
    /// No workspace of this name, or none that the caller may know.
    WorkspaceNotFound = "workspace_not_found", 404, 4;
    /// There is a workspace of this name.
    WorkspaceExists = "workspace_exists", 409, 1;
    /// What an import would make is in the report; nothing was made, since nobody said yes or a part of it cannot be made.
    ImportReport = "import_report", 409, 1;
    /// Several imported workspaces had this id; the details name them.
    WorkspaceAmbiguous = "workspace_ambiguous", 409, 2;
    /// A name that no workspace can have.
    WorkspaceNameInvalid = "workspace_name_invalid", 400, 2;
    /// A workspace does not start; the message says what is wrong.
    WorkspaceFailed = "workspace_failed", 422, 1;
    /// A workspace took longer than it may; the message says in which stage, and what it waits for.
    WorkspaceTimeout = "workspace_timeout", 504, 5;
    /// Another pod has the volume of a workspace; the message says which.
    VolumeInUse = "volume_in_use", 409, 1;
    /// The workspace is stopped; the message says how to start it.
    WorkspaceStopped = "workspace_stopped", 409, 1;
    /// The connection to a shell or program of a workspace was lost; the message says what became of it.
    ShellLost = "shell_lost", 502, 1;
    /// The workspace's user may not do this with the file.
    FileDenied = "file_denied", 403, 3;
    /// What is there is in the way: a file or folder of the name, what a folder holds, another part of an upload.
    FileConflict = "file_conflict", 409, 1;
    /// No room is left in the workspace for the file.
    FileFull = "file_full", 507, 1;
    /// The workspace's system could not do this with the file; the message has its words.
    FileFailed = "file_failed", 502, 1;
    /// The workspace is starting; the message says how far it is.
    WorkspaceWaking = "workspace_waking", 503, 1;
    /// Something else is being done to the workspace that this would undo; the details name its job.
    WorkspaceBusy = "workspace_busy", 409, 1;
    /// The workspace waits in the queue of a quota; the message says of which, and how many are before it.
    Queued = "queued", 503, 1;
    /// A workspace has no such port or app.
    ProxyPortUnknown = "proxy_port_unknown", 404, 4;
    /// Nothing listens on the port, or what does cannot be understood; the ports that answer are in the details.
    ProxyRefused = "proxy_refused", 502, 1;
    /// What listens on the port does not answer in time.
    ProxyTimeout = "proxy_timeout", 504, 5;
    /// What listens on the port does not speak TLS as it should.
    ProxyTls = "proxy_tls", 502, 1;
    /// The workspace was shared, and no longer is; the message says until when, and whom to ask.
    ShareExpired = "share_expired", 403, 3;
    /// The workspace is shared, and not for this; the message says for what, and whom to ask.
    ShareDenied = "share_denied", 403, 3;
    /// The daemon of a workspace does not answer, or the connection to it ended.
    AgentUnreachable = "agent_unreachable", 502, 1;
    /// The daemon of a workspace refuses, or cannot be understood.
    WorkspaceDaemon = "workspace_daemon", 502, 1;
    /// No grant allows it; the message names the nearest one.
    GrantMissing = "grant_missing", 403, 3;
    /// A quota is used up; the message says which bound is in the way.
    QuotaExceeded = "quota_exceeded", 409, 1;
    /// No job of this id: it may be older than 48 hours.
    JobNotFound = "job_not_found", 404, 4;
    /// Another request came with this `Idempotency-Key` before.
    IdempotencyReused = "idempotency_reused", 422, 2;
    /// No blueprint of this name; those that there are stand in the details.
    BlueprintNotFound = "blueprint_not_found", 404, 4;
    /// The blueprint is abstract, or not one of those that the user may have.
    BlueprintForbidden = "blueprint_forbidden", 403, 3;
    /// The policy obliges to a patch of what a workspace is made of that no blueprint can have: an administrator mends the rule.
    ObligationUnsupported = "obligation_unsupported", 422, 1;
    /// A blueprint is wrong; every problem with its file, line, column and pointer is in the details.
    BlueprintInvalid = "blueprint_invalid", 422, 1;
    /// Blueprints or files that include each other; the way round is in the message.
    BlueprintCycle = "blueprint_cycle", 422, 1;
    /// An expression of a blueprint does not compile, fails or costs too much.
    CelError = "cel_error", 422, 1;
    /// A parameter is unknown, missing or out of its bounds.
    ParamInvalid = "param_invalid", 422, 2;
    /// A field that this layer may not set, or not so far.
    FieldNotAllowed = "field_not_allowed", 403, 3;
    /// The platform reads no repositories of this host.
    RepositoryRefused = "repository_refused", 403, 3;
    /// No such repository, branch, tag, commit or pull request; or none without credentials.
    RepositoryNotFound = "repository_not_found", 404, 4;
    /// The host of a repository does not answer, or not as a git server does.
    RepositoryUnreachable = "repository_unreachable", 502, 1;
    /// A fixture's workspace is not as it expects.
    FixtureFailed = "fixture_failed", 422, 1;
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
