//! The one error body of every door.

use base::{Code, Coded, RequestId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `{code, message, details?, request_id}`. The code is stable; the message says what to do next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct ErrorBody {
    /// Stable snake_case code: see `docs/reference/errors.md`.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub code: Code,
    /// For a person: what happened and what to do next. No internal text.
    pub message: String,
    /// Machine-readable particulars: `{verb, kind, namespace}` of a denial, `{at, len}` of a syntax error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "unknown", optional)]
    pub details: Option<serde_json::Value>,
    /// The request's id, also in the log and the journal.
    #[ts(type = "string")]
    #[schemars(with = "String")]
    pub request_id: RequestId,
}

impl ErrorBody {
    /// The body that says what `error` says.
    pub fn of(error: &dyn Coded, request_id: RequestId) -> Self {
        Self { code: error.code(), message: error.to_string(), details: error.details(), request_id }
    }
}
