//! Bodies of what a tap tells beside its records: servers that speak TLS, and log lines that name a trace.

use crate::error::ErrorBody;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `GET /api/v1/taps/{id}/tls`: servers that speak TLS, whose certificate ends first before the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapTls {
    /// The servers.
    pub servers: Vec<TapTlsServer>,
    /// There are more.
    pub more: bool,
}

/// A server that speaks TLS, by the name that its clients want, else by its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapTlsServer {
    /// Its name.
    pub server: String,
    /// The ends that clients of this name came to, as the column `destination` says them; some of them where there are many.
    pub ends: Vec<String>,
    /// Handshakes; one that two pods saw counts once.
    #[ts(type = "number")]
    pub connections: u64,
    /// Those that ended with an alert.
    #[ts(type = "number")]
    pub failed: u64,
    /// Versions that were spoken.
    pub versions: Vec<String>,
    /// Fingerprints of its clients.
    pub ja3: Vec<String>,
    /// The same.
    pub ja4: Vec<String>,
    /// Its own fingerprints.
    pub ja4s: Vec<String>,
    /// What it showed last. Absent where that was encrypted, as TLS 1.3 does it, or came before the tap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub certificate: Option<TapCertificate>,
}

/// A server's own certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapCertificate {
    /// Whom it names.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Names that it is good for.
    pub sans: Vec<String>,
    /// Good from, epoch seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number", optional)]
    pub from: Option<i64>,
    /// Good until, epoch seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number", optional)]
    pub to: Option<i64>,
    /// Whole days until then; negative when that is past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number", optional)]
    pub days_left: Option<i64>,
    /// How it stands in time.
    pub standing: TapCertificateStanding,
    /// It is not good for the name that clients want.
    pub mismatch: bool,
    /// Its fingerprint, hexadecimal.
    pub sha256: String,
    /// Certificates that this server showed beside it.
    #[ts(type = "number")]
    pub others: u64,
}

/// How a certificate stands in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum TapCertificateStanding {
    /// It is good for 30 days and more.
    Good,
    /// It ends within 30 days.
    Soon,
    /// Its time is past.
    Expired,
    /// Its time has not come.
    Early,
    /// Its times could not be read.
    #[default]
    Unread,
}

/// `GET /api/v1/taps/{id}/traces/{trace}/logs`: lines of the logs of a trace's pods that name it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapTraceLogs {
    /// What lines are looked for by: the id of the trace, and those of its requests.
    pub ids: Vec<String>,
    /// The lines, in order of time; 500 at most.
    pub lines: Vec<TapTraceLine>,
    /// Pods whose logs were looked through, as `namespace/name`.
    pub pods: Vec<String>,
    /// Pods whose logs could not be read.
    pub unread: Vec<TapUnread>,
    /// There is more than was looked through or is shown.
    pub more: bool,
}

/// One line of a container's log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapTraceLine {
    /// When, as the node says it: RFC 3339.
    pub time: String,
    /// `namespace/name` of its pod.
    pub pod: String,
    /// The container.
    pub container: String,
    /// The line.
    pub text: String,
}

/// A pod whose log could not be read.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapUnread {
    /// `namespace/name`.
    pub pod: String,
    /// Why.
    pub error: ErrorBody,
}
