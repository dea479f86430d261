//! What is said of a tap beside its records, and what is given to it: counters, agents, marks, keys.

use super::super::{Answer, Body, Params, fail};
use super::Request;
use crate::caller::Caller;
use crate::error::{Failure, Refused};
use crate::server::Shared;
use api::tap::{TapAgent, TapKeys, TapMark, TapMarkRequest, TapPreview, TapStats};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use base::Code;
use policy::action::{TapChange, TapControl, TapPayload, TapView};
use policy::{Answers, Permit};
use serde::Deserialize;
use std::sync::Arc;

impl Shared {
    fn view(&self, tap: &str, caller: &Caller) -> Result<Permit<TapView>, Failure> {
        let target = Some(self.tap(tap, caller)?);
        self.permit(caller, TapView { tap: target }, &Answers::default())
    }

    fn changes(&self, tap: &str, change: TapChange, caller: &Caller) -> Result<Permit<TapControl>, Failure> {
        let tap = self.tap(tap, caller)?;
        self.permit(caller, TapControl { tap, change }, &Answers::default())
    }
}

pub(super) async fn stats(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
) -> Answer<TapStats> {
    let permit = shared.view(&tap, &caller)?;
    shared.services.taps.stats(&permit).map(Json).map_err(|error| fail(&error, &caller))
}

pub(super) async fn agents(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
) -> Answer<Vec<TapAgent>> {
    let permit = shared.view(&tap, &caller)?;
    shared.services.taps.agents(&permit).map(Json).map_err(|error| fail(&error, &caller))
}

pub(super) async fn marks(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
) -> Answer<Vec<TapMark>> {
    let permit = shared.view(&tap, &caller)?;
    shared.services.taps.marks(&permit).map(Json).map_err(|error| fail(&error, &caller))
}

pub(super) async fn mark(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
    Body(mark): Body<TapMarkRequest>,
) -> Answer<TapMark> {
    let permit = shared.changes(&tap, TapChange::Mark(mark.text), &caller)?;
    shared.services.taps.mark(permit).await.map(Json).map_err(|error| fail(&error, &caller))
}

/// A key log as it stands in its file. What it holds is in no log of ours, and no error says any of it.
pub(super) async fn keys(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Answer<TapKeys> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Refused::new(Code::LimitReached, format!("a key log has {KEY_LOG} bytes at most (limit `key_log`)"))
                .with(&caller)
        }
        _ => Refused::new(Code::BadRequest, "the key log did not arrive whole").with(&caller),
    })?;
    let permit = shared.changes(&tap, TapChange::Keys, &caller)?;
    let log = String::from_utf8_lossy(&body).into_owned();
    shared.services.taps.keys(permit, log).await.map(Json).map_err(|error| fail(&error, &caller))
}

/// The form of records.
pub(super) async fn schemas(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
) -> Result<Response, Failure> {
    drop(shared.view(&tap, &caller)?);
    Ok(([(CONTENT_TYPE, "application/schema+json")], SCHEMA).into_response())
}

/// `GET …/preview?bpf=`
#[derive(Deserialize)]
pub(super) struct PreviewParams {
    /// A capture filter.
    #[serde(default)]
    bpf: String,
}

pub(super) async fn preview(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
    Params(params): Params<PreviewParams>,
) -> Answer<TapPreview> {
    // A filter can ask for any byte of a packet: its count is as much as a look at them.
    let asked = TapPayload::of(shared.tap(&tap, &caller)?);
    let permit = shared.permit(&caller, asked, &Answers::default())?;
    shared.services.taps.preview(permit, params.bpf).await.map(Json).map_err(|error| fail(&error, &caller))
}

/// Bytes of a key log.
pub(super) const KEY_LOG: usize = 64 << 20;
const SCHEMA: &str = include_str!("../../../../../docs/reference/flow-records.schema.json");
