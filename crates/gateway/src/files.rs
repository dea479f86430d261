//! `/api/v1/workspaces/{namespace}/{name}/files…`: files of a workspace, each request decided on its own.
//!
//! ```text
//! GET    files?path=          the bytes, or a range of them     GET  files/list?path=&hidden=   what a folder holds
//! GET    files/zip?path=      a folder as an archive            POST files/mkdir, files/rename
//! PUT    files?path=&upload=  a file, or the next part of one   DELETE files?path=&recursive=
//! ```
//!
//! Bodies are streamed both ways. Whatever a file is, a browser is told that it is a file to keep: it comes from the origin of the
//! console, and is never run there.

mod head;

use crate::caller::Caller;
use crate::error::{Failure, Refused};
use crate::place;
use crate::routes::{self, Answer, Answered, Params, answers, fail};
use crate::server::Shared;
use api::files::{FileDone, FileEntry, FileFolder, FileList, FileReceived, FileRename};
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Extension, Path, State};
use axum::http::header::{ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base::{ClusterName, Code};
use futures::StreamExt;
use head::{Content, etag, kept_as, wanted};
use policy::Answers;
use policy::action::WorkspaceFiles;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use workspace::activity::Door;
use workspace::files::{self, Archive, Download, FilePath, FilesError, Listed, Opened, Part, Received};

/// Its paths.
pub(crate) fn router() -> Router<Arc<Shared>> {
    let files = "/api/v1/workspaces/{namespace}/{name}/files";
    let streamed = get(fetch).put(put).delete(delete).layer(DefaultBodyLimit::disable());
    Router::new()
        .route(files, streamed)
        .route(&format!("{files}/list"), get(list))
        .route(&format!("{files}/zip"), get(zip))
        .route(&format!("{files}/mkdir"), post(make_folder))
        .route(&format!("{files}/rename"), post(rename))
}

type Place = Path<(String, String)>;

/// What all of them are asked with.
#[derive(Deserialize)]
struct Asked {
    cluster: ClusterName,
    #[serde(default)]
    path: String,
    /// Names that begin with a dot too.
    #[serde(default)]
    hidden: bool,
    /// With what a folder holds.
    #[serde(default)]
    recursive: bool,
    /// The upload that this is a part of.
    #[serde(default)]
    upload: String,
    /// Permission bits in octal digits.
    #[serde(default)]
    mode: String,
    /// When the file was changed, epoch milliseconds.
    #[serde(default)]
    mtime_ms: Option<u64>,
    /// A file that is there is in the way.
    #[serde(default)]
    keep: bool,
}

/// A request about files, before its permit.
struct Files<'a> {
    shared: &'a Shared,
    caller: &'a Caller,
    place: (String, String),
    cluster: ClusterName,
}

impl Files<'_> {
    /// Decides, and comes to the files.
    async fn open(self, act: &str, path: &str, writes: bool, answers: &Answers) -> Result<Opened, Failure> {
        let Self { shared, caller, place: (namespace, name), cluster } = self;
        let object = place::object(cluster, namespace, name);
        let cluster = place::cluster(shared, caller, &object).map_err(|error| fail(&error, caller))?;
        let meter = place::meter(shared, &object);
        let action = WorkspaceFiles { object, act: act.to_owned(), path: path.to_owned(), writes };
        let permit = shared.workspaces().permit(&caller.principal, action, answers);
        let permit = permit.map_err(|error| fail(&error, caller))?;
        // whoever is refused has not used it
        meter.touch(Door::Files, act);
        files::open(&shared.services.calling, &cluster, permit).await.map_err(|error| fail(&error, caller))
    }
}

async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(place): Place,
    Params(asked): Params<Asked>,
    Answered(given): Answered,
) -> Answer<FileList> {
    let files = Files { shared: &shared, caller: &caller, place, cluster: asked.cluster };
    let opened = files.open("list", &asked.path, false, &given).await?;
    let folder = opened.list().await.map_err(|error| fail(&error, &caller))?;
    let path = String::from_utf8_lossy(&folder.path).into_owned();
    let all = folder.entries.len();
    let shown = folder.entries.iter().filter(|one| asked.hidden || !one.entry.name.starts_with(b"."));
    let entries: Vec<FileEntry> = shown.map(|one| entry(&path, one)).collect();
    let hidden = u32::try_from(all - entries.len()).unwrap_or(u32::MAX);
    Ok(Json(FileList { path, home: String::from_utf8_lossy(&folder.home).into_owned(), entries, hidden }))
}

fn entry(folder: &str, listed: &Listed) -> FileEntry {
    let own = listed.entry.attributes;
    let shown = listed.to.unwrap_or(own);
    let name = String::from_utf8_lossy(&listed.entry.name).into_owned();
    FileEntry {
        path: format!("{}/{name}", folder.trim_end_matches('/')),
        size: shown.size.unwrap_or(0),
        mode: shown.mode.unwrap_or(0) & 0o7777,
        dir: shown.is_folder(),
        link: own.is_link(),
        odd: !shown.is_folder() && !shown.is_file(),
        mtime_ms: shown.times.map_or(0, |(_, changed)| u64::from(changed) * 1000),
        name,
    }
}

async fn fetch(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(place): Place,
    Params(asked): Params<Asked>,
    Answered(given): Answered,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if !asked.upload.is_empty() {
        return have(&shared, &caller, place, asked, &given).await;
    }
    let files = Files { shared: &shared, caller: &caller, place, cluster: asked.cluster };
    let opened = files.open("get", &asked.path, false, &given).await?;
    let found = opened.get().await.map_err(|error| fail(&error, &caller))?;
    let (size, etag) = (found.size, etag(found.size, found.changed));
    let name = String::from_utf8_lossy(found.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()).into_owned();
    let same = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, kept_as(&name)),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (ETAG, etag.clone()),
    ];
    let Some(range) = wanted(&headers, &etag) else {
        let body = self::body(found);
        return Ok((same, [(CONTENT_LENGTH, size.to_string())], body).into_response());
    };
    let Some((first, end)) = range.within(size) else {
        let range = [(CONTENT_RANGE, format!("bytes */{size}"))];
        return Ok((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
    };
    let of_it =
        [(CONTENT_LENGTH, (end - first).to_string()), (CONTENT_RANGE, format!("bytes {first}-{}/{size}", end - 1))];
    let body = self::body(found.only(first, end));
    Ok((StatusCode::PARTIAL_CONTENT, same, of_it, body).into_response())
}

async fn zip(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(place): Place,
    Params(asked): Params<Asked>,
    Answered(given): Answered,
) -> Result<Response, Failure> {
    let files = Files { shared: &shared, caller: &caller, place, cluster: asked.cluster };
    let opened = files.open("get", &asked.path, false, &given).await?;
    let archive = opened.zip().await.map_err(|error| fail(&error, &caller))?;
    let name = kept_as(&format!("{}.zip", archive.name));
    let body = self::body(archive);
    Ok(([(CONTENT_TYPE, "application/zip".to_owned()), (CONTENT_DISPOSITION, name)], body).into_response())
}

/// What a body is made of.
trait Source: Send + 'static {
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, FilesError>> + Send;
}

impl Source for Download {
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, FilesError>> + Send {
        self.next_bytes()
    }
}

impl Source for Archive {
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, FilesError>> + Send {
        self.next_bytes()
    }
}

/// A body, piece by piece; an error cuts it, so that nobody takes it for whole.
fn body(from: impl Source) -> Body {
    Body::from_stream(futures::stream::unfold(Some(from), |from| async move {
        let mut from = from?;
        match from.next().await {
            Ok(Some(bytes)) => Some((Ok(Bytes::from(bytes)), Some(from))),
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(%error, "a file was cut");
                Some((Err(error), None))
            }
        }
    }))
}

/// How much of an upload is there.
async fn have(
    shared: &Shared,
    caller: &Caller,
    place: (String, String),
    asked: Asked,
    given: &Answers,
) -> Result<Response, Failure> {
    named(&asked.upload, caller)?;
    let files = Files { shared, caller, place, cluster: asked.cluster };
    let opened = files.open("put", &asked.path, true, given).await?;
    let have = opened.have(&asked.upload).await.map_err(|error| fail(&error, caller))?;
    Ok(Json(received(have)).into_response())
}

async fn put(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(place): Place,
    Params(asked): Params<Asked>,
    Answered(given): Answered,
    headers: HeaderMap,
    body: Body,
) -> Answer<FileReceived> {
    // Whoever goes in the middle ends the body, and what came of it is cleared away.
    let request = caller.request;
    let task =
        shared.sockets.clone().spawn(async move { take(&shared, &caller, place, asked, &given, &headers, body).await });
    match task.await {
        Ok(answer) => answer.map(Json),
        Err(error) => {
            tracing::error!(%error, "an upload ended without an answer");
            Err(Refused::new(Code::Internal, "the upload ended without an answer").with(request))
        }
    }
}

async fn take(
    shared: &Shared,
    caller: &Caller,
    place: (String, String),
    asked: Asked,
    given: &Answers,
    headers: &HeaderMap,
    body: Body,
) -> Result<FileReceived, Failure> {
    let wrong = |words: &str| Refused::new(Code::BadRequest, words).with(caller);
    if !asked.upload.is_empty() {
        named(&asked.upload, caller)?;
    }
    let Content { at, total } = Content::read(headers).map_err(wrong)?;
    if at > 0 && asked.upload.is_empty() {
        return Err(wrong("a part that is not the first belongs to an upload: name it"));
    }
    let mode = match asked.mode.as_str() {
        "" => None,
        digits => Some(
            u32::from_str_radix(digits, 8)
                .ok()
                .filter(|mode| *mode <= 0o7777)
                .ok_or_else(|| wrong("`mode` is permission bits in octal digits"))?,
        ),
    };
    let changed = asked.mtime_ms.map(|ms| u32::try_from(ms / 1000).unwrap_or(u32::MAX));
    let part = Part { upload: asked.upload, at, total, mode, changed, replace: !asked.keep };
    let files = Files { shared, caller, place, cluster: asked.cluster };
    let opened = files.open("put", &asked.path, true, given).await?;
    let mut upload = opened.put(part).await.map_err(|error| fail(&error, caller))?;
    let mut pieces = body.into_data_stream();
    loop {
        let written = match pieces.next().await {
            Some(Ok(bytes)) => upload.write(&bytes).await,
            Some(Err(_)) => Err(FilesError::Short { have: upload.have(), total: total.unwrap_or(upload.have()) }),
            None => break,
        };
        if let Err(error) = written {
            let failure = fail(&error, caller);
            upload.fail(&error).await;
            drain(pieces).await;
            return Err(failure);
        }
    }
    upload.finish().await.map(received).map_err(|error| fail(&error, caller))
}

/// Reads what still comes, within a bound: a connection that is closed before that is reset, and its client learns nothing of the answer.
async fn drain(mut pieces: impl futures::Stream<Item = Result<Bytes, axum::Error>> + Unpin) {
    let rest = async {
        let mut came = 0;
        while let Some(Ok(bytes)) = pieces.next().await {
            came += bytes.len();
            if came > MOST_DRAINED {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(PATIENCE, rest).await; // whoever is slower is not waited for
}

fn named(upload: &str, caller: &Caller) -> Result<(), Failure> {
    if Part::is_name(upload) {
        return Ok(());
    }
    let words = "`upload` is 8 to 64 letters, digits, `-` and `_`";
    Err(Refused::new(Code::BadRequest, words).with(caller))
}

fn received(received: Received) -> FileReceived {
    let Received { have, whole } = received;
    FileReceived { have, whole }
}

async fn make_folder(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(place): Place,
    Params(Where { cluster }): Params<Where>,
    routes::Body(FileFolder { path, parents, answers: given }): routes::Body<FileFolder>,
) -> Answer<FileDone> {
    let files = Files { shared: &shared, caller: &caller, place, cluster };
    let opened = files.open("mkdir", &path, true, &answers(given)).await?;
    opened.make_folder(parents).await.map_err(|error| fail(&error, &caller))?;
    Ok(Json(FileDone { count: 1 }))
}

async fn rename(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(place): Place,
    Params(Where { cluster }): Params<Where>,
    routes::Body(FileRename { from, to, replace, answers: given }): routes::Body<FileRename>,
) -> Answer<FileDone> {
    let to = FilePath::parse(&to).map_err(|error| fail(&error, &caller))?;
    let files = Files { shared: &shared, caller: &caller, place, cluster };
    let opened = files.open("rename", &from, true, &answers(given)).await?;
    opened.rename(&to, replace).await.map_err(|error| fail(&error, &caller))?;
    Ok(Json(FileDone { count: 1 }))
}

async fn delete(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(place): Place,
    Params(asked): Params<Asked>,
    Answered(given): Answered,
) -> Answer<FileDone> {
    let files = Files { shared: &shared, caller: &caller, place, cluster: asked.cluster };
    let opened = files.open("delete", &asked.path, true, &given).await?;
    let count = opened.delete(asked.recursive).await.map_err(|error| fail(&error, &caller))?;
    Ok(Json(FileDone { count }))
}

/// The cluster alone.
#[derive(Deserialize)]
struct Where {
    cluster: ClusterName,
}

/// Bytes of a body that is not taken which are read nevertheless.
const MOST_DRAINED: usize = 64 << 20;
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
