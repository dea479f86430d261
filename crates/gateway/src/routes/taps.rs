//! `/api/v1/taps…`: taps, what is to be done with them, and what they captured.

mod about;

use super::{Answer, Body, Params, answers, fail};
use crate::caller::Caller;
use crate::error::Failure;
use crate::server::Shared;
use api::tap::{Tap, TapChange, TapFlow, TapHistograms, TapMap, TapRecord, TapRequest, TapTls, TapTraceLogs};
use axum::body::{Body as Bytes, Bytes as Chunk};
use axum::extract::DefaultBodyLimit;
use axum::extract::{Extension, Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use capture::line::har;
use capture::taps::{Lines, TapsError};
use policy::Answers;
use policy::action::{self, ObjectTarget, TapControl, TapExport, TapPayload, TapTarget, TapView};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;

/// Its paths.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/v1/taps", get(all).post(start))
        .route("/api/v1/taps/{id}", get(show).patch(change).delete(stop))
        .route("/api/v1/taps/{id}/reset", post(reset))
        .route("/api/v1/taps/{id}/records", get(records))
        .route("/api/v1/taps/{id}/records/{record}", get(record))
        .route("/api/v1/taps/{id}/flows/{flow}", get(flow))
        .route("/api/v1/taps/{id}/traces/{trace}", get(trace))
        .route("/api/v1/taps/{id}/traces/{trace}/logs", get(logs))
        .route("/api/v1/taps/{id}/har", get(archive))
        .route("/api/v1/taps/{id}/packets", get(crate::packets::upgrade))
        .route("/api/v1/taps/{id}/pcapng", get(packets))
        .route("/api/v1/taps/{id}/stats", get(about::stats))
        .route("/api/v1/taps/{id}/agents", get(about::agents))
        .route("/api/v1/taps/{id}/marks", get(about::marks).post(about::mark))
        .route("/api/v1/taps/{id}/keys", post(about::keys).layer(DefaultBodyLimit::max(about::KEY_LOG)))
        .route("/api/v1/taps/{id}/schemas", get(about::schemas))
        .route("/api/v1/taps/{id}/preview", get(about::preview))
        .route("/api/v1/taps/{id}/map", get(map))
        .route("/api/v1/taps/{id}/tls", get(tls))
        .route("/api/v1/taps/{id}/histograms", get(histograms))
        .route("/api/v1/taps/{id}/metrics", get(metrics))
}

type Request = Extension<Caller>;

impl Shared {
    fn tap(&self, id: &str, caller: &Caller) -> Result<TapTarget, Failure> {
        self.services.taps.target(id).map_err(|error| fail(&error, caller))
    }
}

async fn all(State(shared): State<Arc<Shared>>, Extension(caller): Request) -> Answer<Vec<Tap>> {
    let permit = shared.permit(&caller, TapView { tap: None }, &Answers::default())?;
    shared.services.taps.all(&permit).map(Json).map_err(|error| fail(&error, &caller))
}

async fn start(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Body(request): Body<TapRequest>,
) -> Answer<Tap> {
    let taps = &shared.services.taps;
    let (action, how) = taps.asked(&caller.principal, &request).await.map_err(|error| fail(&error, &caller))?;
    let permit = shared.permit(&caller, action, &answers(request.answers))?;
    let tap = taps.start(permit, how).await.map_err(|error| fail(&error, &caller))?;
    detail(&shared, &tap, &caller)
}

async fn show(State(shared): State<Arc<Shared>>, Extension(caller): Request, Path(tap): Path<String>) -> Answer<Tap> {
    detail(&shared, &tap, &caller)
}

fn detail(shared: &Shared, tap: &str, caller: &Caller) -> Answer<Tap> {
    let target = Some(shared.tap(tap, caller)?);
    let permit = shared.permit(caller, TapView { tap: target }, &Answers::default())?;
    shared.services.taps.tap(&permit).map(Json).map_err(|error| fail(&error, caller))
}

async fn change(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
    Body(change): Body<TapChange>,
) -> Answer<Tap> {
    let TapChange { filter, pod, paused } = change;
    let filter = filter.map(|filter| filter.trim().to_owned());
    let filter = match (filter, pod) {
        (None, Some(_)) => {
            let error = TapsError::Request("`pod` says whose `filter` it is: give both".to_owned());
            return Err(fail(&error, &caller));
        }
        (Some(filter), Some(pod)) => {
            let cluster = shared.tap(&tap, &caller)?.cluster;
            let (namespace, name) = pod.split_once('/').unwrap_or(("", &pod));
            let (namespace, name) = (namespace.to_owned(), name.to_owned());
            let pod = ObjectTarget { cluster, kind: "pods".to_owned(), namespace, name };
            Some(action::TapChange::FilterOf { pod, filter })
        }
        (filter, None) => filter.map(action::TapChange::Filter),
    };
    for change in [filter, paused.map(action::TapChange::Pause)].into_iter().flatten() {
        drop(control(&shared, &tap, change, &caller).await?);
    }
    detail(&shared, &tap, &caller)
}

/// `DELETE /api/v1/taps/{id}?forget=`
#[derive(Deserialize)]
struct StopParams {
    /// What it captured is erased too.
    #[serde(default)]
    forget: bool,
}

async fn stop(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
    Params(params): Params<StopParams>,
) -> Answer<Tap> {
    let change = if params.forget { action::TapChange::Forget } else { action::TapChange::Stop };
    control(&shared, &tap, change, &caller).await
}

async fn reset(State(shared): State<Arc<Shared>>, Extension(caller): Request, Path(tap): Path<String>) -> Answer<Tap> {
    control(&shared, &tap, action::TapChange::Reset, &caller).await
}

async fn control(shared: &Shared, tap: &str, change: action::TapChange, caller: &Caller) -> Answer<Tap> {
    let tap = shared.tap(tap, caller)?;
    let permit = shared.permit(caller, TapControl { tap, change }, &Answers::default())?;
    shared.services.taps.control(permit).await.map(Json).map_err(|error| fail(&error, caller))
}

async fn record(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path((tap, record)): Path<(String, String)>,
) -> Answer<TapRecord> {
    let asked = TapPayload { record, ..TapPayload::of(shared.tap(&tap, &caller)?) };
    let permit = shared.permit(&caller, asked, &Answers::default())?;
    shared.services.taps.record(permit).await.map(Json).map_err(|error| fail(&error, &caller))
}

async fn flow(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path((tap, flow)): Path<(String, String)>,
) -> Answer<TapFlow> {
    let asked = TapPayload { flow, ..TapPayload::of(shared.tap(&tap, &caller)?) };
    let permit = shared.permit(&caller, asked, &Answers::default())?;
    shared.services.taps.flow(permit).await.map(Json).map_err(|error| fail(&error, &caller))
}

async fn trace(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path((tap, trace)): Path<(String, String)>,
) -> Answer<TapFlow> {
    let asked = TapPayload { trace, ..TapPayload::of(shared.tap(&tap, &caller)?) };
    let permit = shared.permit(&caller, asked, &Answers::default())?;
    shared.services.taps.trace(permit).await.map(Json).map_err(|error| fail(&error, &caller))
}

/// Two decisions: to look at the trace for where it went, and to read what those pods wrote.
async fn logs(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path((tap, trace)): Path<(String, String)>,
) -> Answer<TapTraceLogs> {
    let taps = &shared.services.taps;
    let asked = TapPayload { trace, ..TapPayload::of(shared.tap(&tap, &caller)?) };
    let permit = shared.permit(&caller, asked, &Answers::default())?;
    let (pods, first_us) = taps.traced(permit).await.map_err(|error| fail(&error, &caller))?;
    let permit = shared.permit(&caller, pods, &Answers::default())?;
    taps.logs(permit, first_us).await.map(Json).map_err(|error| fail(&error, &caller))
}

/// `GET …/records?select=&flow=&since=&limit=` and `GET …/har?select=&flow=`
#[derive(Deserialize)]
struct RecordParams {
    /// An expression over members of records.
    #[serde(default)]
    select: String,
    /// One flow alone.
    #[serde(default)]
    flow: String,
    /// Only records after this one.
    #[serde(default)]
    since: u64,
    /// So many at most.
    #[serde(default)]
    limit: Option<u64>,
}

async fn records(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
    Params(params): Params<RecordParams>,
) -> Result<Response, Failure> {
    let lines = lines(&shared, &tap, "jsonl", params, &caller).await?;
    let chunks = futures::stream::unfold(lines, |mut lines| async move {
        let chunk = lines.next_lines()?;
        Some((ready(chunk).await, lines))
    });
    Ok(file(Bytes::from_stream(chunks), "application/x-ndjson", &format!("tap-{tap}.jsonl")))
}

async fn archive(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
    Params(params): Params<RecordParams>,
) -> Result<Response, Failure> {
    let lines = lines(&shared, &tap, "har", params, &caller).await?;
    let mut head = Vec::new();
    har::begin(&mut head);
    let entries = futures::stream::unfold((Some(lines), false), |(lines, mut begun)| async move {
        let mut lines = lines?;
        match lines.next_entries(&mut begun) {
            Some(chunk) => Some((ready(chunk).await, (Some(lines), begun))),
            None => {
                let mut tail = Vec::new();
                har::end(&mut tail);
                Some((ready(tail).await, (None, begun)))
            }
        }
    });
    let head = futures::stream::once(ready(head));
    let chunks = futures::StreamExt::chain(head, entries);
    Ok(file(Bytes::from_stream(chunks), "application/json", &format!("tap-{tap}.har")))
}

async fn lines(
    shared: &Shared,
    tap: &str,
    format: &str,
    params: RecordParams,
    caller: &Caller,
) -> Result<Lines, Failure> {
    let RecordParams { select, flow, since, limit } = params;
    let tap = shared.tap(tap, caller)?;
    let asked = TapExport { tap, format: format.to_owned(), select, flow, filter: String::new() };
    let permit = shared.permit(caller, asked, &Answers::default())?;
    let since = since.saturating_add(1);
    shared.services.taps.records(permit, since, limit).await.map_err(|error| fail(&error, caller))
}

/// `GET …/pcapng?flow=&select=&bpf=&from=&to=&format=`
#[derive(Deserialize)]
struct PacketParams {
    /// The packets of one flow alone.
    #[serde(default)]
    flow: String,
    /// Those of the flows of records that an expression chooses.
    #[serde(default)]
    select: String,
    /// A capture filter.
    #[serde(default)]
    bpf: String,
    /// Not before, in epoch microseconds.
    #[serde(default)]
    from: Option<i64>,
    /// Not after.
    #[serde(default)]
    to: Option<i64>,
    /// `pcapng`, `pcap` or `pcap-ns`.
    #[serde(default)]
    format: Option<String>,
}

async fn packets(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
    Params(params): Params<PacketParams>,
) -> Result<Response, Failure> {
    let PacketParams { flow, select, bpf, from, to, format } = params;
    let format = format.unwrap_or_else(|| "pcapng".to_owned());
    let name = format!("tap-{tap}.{}", if format == "pcapng" { "pcapng" } else { "pcap" });
    let asked = TapExport { tap: shared.tap(&tap, &caller)?, format, select, flow, filter: bpf };
    let permit = shared.permit(&caller, asked, &Answers::default())?;
    let pieces = shared.services.taps.packets(permit, from, to).await.map_err(|error| fail(&error, &caller))?;
    let chunks = futures::stream::unfold(pieces, |mut pieces| async move {
        let piece = pieces.next().await?;
        Some((Ok::<_, Infallible>(Chunk::from(piece)), pieces))
    });
    Ok(file(Bytes::from_stream(chunks), "application/x-pcapng", &name))
}

/// `GET …/map?select=`, `GET …/tls?select=`, `GET …/histograms?select=&by=` and `GET …/metrics?select=&by=`
#[derive(Deserialize)]
struct SumParams {
    /// An expression over members of records.
    #[serde(default)]
    select: String,
    /// What latencies are told apart by.
    #[serde(default)]
    by: String,
}

async fn map(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
    Params(params): Params<SumParams>,
) -> Answer<TapMap> {
    let target = Some(shared.tap(&tap, &caller)?);
    let permit = shared.permit(&caller, TapView { tap: target }, &Answers::default())?;
    let map = shared.services.taps.map(permit, &params.select).await;
    map.map(Json).map_err(|error| fail(&error, &caller))
}

async fn tls(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
    Params(params): Params<SumParams>,
) -> Answer<TapTls> {
    let target = Some(shared.tap(&tap, &caller)?);
    let permit = shared.permit(&caller, TapView { tap: target }, &Answers::default())?;
    let board = shared.services.taps.tls(permit, &params.select).await;
    board.map(Json).map_err(|error| fail(&error, &caller))
}

async fn histograms(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
    Params(params): Params<SumParams>,
) -> Answer<TapHistograms> {
    let target = Some(shared.tap(&tap, &caller)?);
    let permit = shared.permit(&caller, TapView { tap: target }, &Answers::default())?;
    let sums = shared.services.taps.histograms(permit, &params.select, &params.by).await;
    sums.map(Json).map_err(|error| fail(&error, &caller))
}

async fn metrics(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Request,
    Path(tap): Path<String>,
    Params(params): Params<SumParams>,
) -> Result<Response, Failure> {
    let target = Some(shared.tap(&tap, &caller)?);
    let permit = shared.permit(&caller, TapView { tap: target }, &Answers::default())?;
    let text = shared.services.taps.metrics(permit, &params.select, &params.by).await;
    let text = text.map_err(|error| fail(&error, &caller))?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// A piece of a body; others have their turn between two.
async fn ready(chunk: Vec<u8>) -> Result<Chunk, Infallible> {
    tokio::task::yield_now().await;
    Ok(Chunk::from(chunk))
}

/// A body that a browser keeps as a file.
fn file(body: Bytes, ty: &'static str, name: &str) -> Response {
    let kept = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, ty.to_owned()), (CONTENT_DISPOSITION, kept)], body).into_response()
}
