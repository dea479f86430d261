//! Errors of these paths: `{code, message, request_id, details}`, with the words that their users' programs know.

use crate::error::Failure;
use api::ErrorBody;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base::{Code, Coded};
use serde_json::{Map, Value, json};

/// An error of these paths.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wrong {
    status: StatusCode,
    code: String,
    message: String,
    details: Map<String, Value>,
}

/// An error that goes out with an answer, for whoever writes its body.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// Of every other path.
    Body(Box<ErrorBody>),
    /// Of these.
    Wrong(Wrong),
}

impl Wrong {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), details: Map::new() }
    }

    /// With a member of the details.
    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    /// What an error of a service is here; `otherwise` where there is no word for it.
    pub(super) fn of(error: &dyn Coded, otherwise: &str) -> Self {
        let code = error.code();
        if code.http_status() >= 500 {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            tracing::warn!(%error, cause, %code, "request failed");
        }
        let status = StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (status, word) = match code {
            Code::WorkspaceNotFound | Code::NotFound | Code::JobNotFound => (StatusCode::NOT_FOUND, "not_found"),
            Code::KindNotServed
            | Code::CrdOutdated
            | Code::ClusterUnknown
            | Code::KubeconfigMissing
            | Code::KubeconfigInvalid => (StatusCode::SERVICE_UNAVAILABLE, "dyn_unavailable"),
            // The status by which users of these paths know that what is behind them does not answer.
            Code::ClusterUnreachable => (StatusCode::BAD_GATEWAY, "dyn_unavailable"),
            Code::ClusterAuthExpired | Code::ClusterTls | Code::ClusterThrottled => (status, "dyn_unavailable"),
            Code::BadRequest
            | Code::WorkspaceNameInvalid
            | Code::ApplyInvalid
            | Code::BlueprintNotFound
            | Code::BlueprintInvalid
            | Code::BlueprintCycle
            | Code::CelError
            | Code::ParamInvalid => (StatusCode::BAD_REQUEST, "invalid_spec"),
            _ if status == StatusCode::FORBIDDEN => (status, "forbidden"),
            // What is in the way is told apart from what is broken.
            _ if status == StatusCode::CONFLICT => (status, code.as_str()),
            _ if code.http_status() >= 500 => (status, otherwise),
            _ => (status, code.as_str()),
        };
        let details = match error.details() {
            Some(Value::Object(details)) => details,
            Some(other) => Map::from_iter([("more".to_owned(), other)]),
            None => Map::new(),
        };
        Self { details, ..Self::new(status, word, error.to_string()) }.with("cause", code.as_str())
    }

    /// The word for it.
    pub(super) fn code(&self) -> &str {
        &self.code
    }

    /// What people read.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// May not be done.
    pub(super) fn is_refusal(&self) -> bool {
        self.status == StatusCode::FORBIDDEN
    }

    /// The body that a client reads.
    pub(super) fn body(self, request_id: &str) -> api::guild::Wrong {
        let Self { code, message, details, .. } = self;
        api::guild::Wrong { code, message, request_id: request_id.to_owned(), details: Value::Object(details) }
    }
}

impl From<ErrorBody> for Wrong {
    fn from(body: ErrorBody) -> Self {
        let status = StatusCode::from_u16(body.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let details = body.details.unwrap_or_else(|| json!({}));
        let details = if let Value::Object(details) = details { details } else { Map::new() };
        // Whoever is not let in meets the same words as everywhere.
        let word = if status == StatusCode::FORBIDDEN { "forbidden" } else { body.code.as_str() };
        Self { status, code: word.to_owned(), message: body.message, details }.with("cause", body.code.as_str())
    }
}

impl From<Told> for Wrong {
    fn from(told: Told) -> Self {
        match told {
            Told::Body(body) => (*body).into(),
            Told::Wrong(wrong) => wrong,
        }
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        // Its body is written where the id of the request is known.
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Told::Wrong(self));
        response
    }
}

impl Failure {
    /// What goes out, for whoever writes another form of it.
    pub(crate) fn told(&self) -> Told {
        Told::Body(Box::new(self.body().clone()))
    }
}
