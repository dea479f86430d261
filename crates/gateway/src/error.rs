//! Errors as this door answers them: the error body for programs, a plain page for people.

use api::ErrorBody;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use base::{Code, Coded, RequestId};

/// A refusal without its request id yet.
#[derive(Debug)]
pub(crate) struct Refused {
    code: Code,
    message: String,
    details: Option<serde_json::Value>,
}

impl Refused {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: None }
    }

    /// What a crate's error says.
    pub(crate) fn of(error: &dyn Coded) -> Self {
        if error.code().http_status() >= 500 {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            tracing::warn!(%error, cause, code = %error.code(), "request failed");
        }
        Self { code: error.code(), message: error.to_string(), details: error.details() }
    }

    pub(crate) fn body(self, request_id: RequestId) -> ErrorBody {
        ErrorBody { code: self.code, message: self.message, details: self.details, request_id }
    }

    pub(crate) fn with(self, request_id: impl Into<RequestId>) -> Failure {
        Failure(self.body(request_id.into()))
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        status(self.code)
    }

    /// Nobody has said yet who asks.
    pub(crate) fn is_unknown(&self) -> bool {
        self.code == Code::TokenMissing
    }

    /// What a person reads.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// A page for a person who came without a key.
    pub(crate) fn page(self, request_id: RequestId) -> Response {
        let text = format!(
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=color-scheme content='light dark'><title>Quarterdeck</title>\
             <h1>Quarterdeck</h1><p>{}</p><p><code>{}</code> · request {request_id}</p></html>",
            self.message, self.code
        );
        (status(self.code), Html(text)).into_response()
    }
}

/// An error answer.
#[derive(Debug)]
pub(crate) struct Failure(ErrorBody);

impl Failure {
    pub(crate) const fn body(&self) -> &ErrorBody {
        &self.0
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let told = self.told();
        let mut response = (status(self.0.code), Json(self.0)).into_response();
        response.extensions_mut().insert(told);
        response
    }
}

fn status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
