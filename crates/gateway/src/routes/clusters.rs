//! Another kubeconfig: a file of this machine, or its text. Its clusters are there at once, for every tab.

use super::{Answer, Body, fail};
use crate::caller::Caller;
use crate::error::Refused;
use crate::server::Shared;
use api::rest::{Kubeconfig, KubeconfigAdded};
use axum::Json;
use axum::extract::{Extension, State};
use base::{Code, Coded};
use mirror::Mirror;
use policy::Answers;
use policy::action::ClusterAdd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) async fn add(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Body(asked): Body<Kubeconfig>,
) -> Answer<KubeconfigAdded> {
    let Kubeconfig { file, text } = asked;
    let bad = |words: &str| Refused::new(Code::BadRequest, words).with(&caller);
    let path = match (file.trim(), text.trim()) {
        ("", "") => return Err(bad("say which kubeconfig: the path of a file, or its text")),
        ("", _) => None,
        (file, "") => {
            Some(absolute(file).ok_or_else(|| bad("a path begins with / or ~/: it is read on this machine"))?)
        }
        _ => return Err(bad("either the path of a file or a text, not both")),
    };
    let name = path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let permit = shared.permit(&caller, ClusterAdd { file: name }, &Answers::default())?;
    let read = move || match path {
        Some(path) => read(&path),
        None => cluster::Kubeconfig::parse(&text),
    };
    let mirror: &Mirror = &shared.services.mirror;
    let added = mirror.add(permit, read).await.map_err(|error| fail(&error as &dyn Coded, &caller))?;
    Ok(Json(KubeconfigAdded { added: added.added, known: added.known }))
}

/// `~/…` is in the home of whoever runs this.
fn absolute(file: &str) -> Option<PathBuf> {
    let path = match file.strip_prefix("~/") {
        Some(rest) => std::env::home_dir()?.join(rest),
        None => PathBuf::from(file),
    };
    path.is_absolute().then_some(path)
}

/// Only files are read: what never ends is none, and no kubeconfig is so large.
fn read(path: &Path) -> Result<cluster::Kubeconfig, cluster::Error> {
    let wrong = |message: String| cluster::Error::Kubeconfig { place: path.display().to_string(), message };
    let about = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
    if !about.is_file() {
        return Err(wrong("it is no file".to_owned()));
    }
    if about.len() > MOST {
        return Err(wrong(format!("a kubeconfig has {MOST} bytes at most")));
    }
    cluster::Kubeconfig::read(&[path.to_owned()])
}

/// Bytes of a kubeconfig.
const MOST: u64 = 1 << 20;
