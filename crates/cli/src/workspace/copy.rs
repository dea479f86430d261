//! `qd ws cp`: files and folders into a workspace and out of it, over the daemon's files, as its user.
//!
//! A file is written beside its place, and takes it at once when it is whole; what was begun and not ended is removed, however this
//! ends. Names that a workspace gives are names and no paths: nothing is written outside of where it was asked for.

mod down;
mod told;
mod up;

use super::ready::{Way, finish, interruptible, ready};
use super::{ask, which};
use crate::Desk;
use crate::error::Error;
use crate::grammar::workspace::{CopyArgs, CopyEnd, NameArgs};
use base::{Code, Coded};
use link::Link;
use link::files::{FileError, Files};
use policy::Permit;
use policy::action::WorkspaceFiles;
use std::path::PathBuf;
use told::Told;
use workspace::files::{FilePath, FilesError};

/// Copies.
pub(super) async fn copy(desk: &Desk, args: &CopyArgs) -> Result<(), Error> {
    let (workspace, here, there, up) = match (CopyEnd::read(&args.from), CopyEnd::read(&args.to)) {
        (CopyEnd::Here(here), CopyEnd::There { workspace, path }) => (workspace, here, path, true),
        (CopyEnd::There { workspace, path }, CopyEnd::Here(here)) => (workspace, here, path, false),
        _ => return Err(Error::Usage("one of both is in a workspace: NAME:PATH; the other is here".to_owned())),
    };
    let named = NameArgs { name: workspace, namespace: args.namespace.clone() };
    let which = which(desk, &named).await?;
    let path = FilePath::parse(&there).map_err(Error::of)?;
    let way = interruptible(Box::pin(ready(desk, &which, &args.reach))).await?;
    let act = if up { "put" } else { "get" };
    let action = WorkspaceFiles { object: which.object.clone(), act: act.to_owned(), path: there, writes: up };
    let permit = ask::permit(desk, action)?;
    let mut told = Told::new(args.quiet);
    let result = held(&way, &permit, &PathBuf::from(here), path.as_bytes(), up, &mut told).await;
    told.end(result.is_ok());
    finish(permit, &result, |()| told.words());
    result
}

async fn held(
    way: &Way<'_>,
    permit: &Permit<WorkspaceFiles>,
    here: &std::path::Path,
    there: &[u8],
    up: bool,
    told: &mut Told,
) -> Result<(), Error> {
    let link = interruptible(way.enter(permit)).await?;
    let mut work = Work { files: open(&link).await?, told, permit, begun: None };
    let done = interruptible(async {
        tokio::select! {
            done = async { if up { up::into(&mut work, here, there).await } else { down::out(&mut work, there, here).await } } => done,
            () = permit.ended() => Err(Error::of(FilesError::Revoked)),
        }
    })
    .await;
    if let (Err(_), Some(begun)) = (&done, work.begun.take()) {
        // In the middle of a request the channel is no good any more: another takes away what was begun.
        if let Ok(mut files) = open(&link).await {
            let _ = files.remove(&begun).await; // nobody could do more
        }
    }
    done
}

async fn open(link: &Link) -> Result<Files, Error> {
    let session = link.files().await.map_err(|error| wrong(error.into()))?;
    Files::open(session).await.map_err(wrong)
}

/// What a copy is done with.
struct Work<'a> {
    files: Files,
    told: &'a mut Told,
    permit: &'a Permit<WorkspaceFiles>,
    /// A file in the workspace that is being written, and has its place not yet.
    begun: Option<Vec<u8>>,
}

fn wrong(error: FileError) -> Error {
    Error::of(FilesError::from(error))
}

/// What is wrong with a file, and which.
fn of(path: impl std::fmt::Display, error: &dyn Coded) -> Error {
    Error::of(Named { code: error.code(), words: format!("{path}: {error}") })
}

/// The same of a file here.
fn here(path: &std::path::Path, error: &std::io::Error) -> Error {
    let code = if error.kind() == std::io::ErrorKind::NotFound { Code::NotFound } else { Code::ReadFailed };
    Error::of(Named { code, words: format!("{}: {error}", path.display()) })
}

#[derive(Debug, thiserror::Error)]
#[error("{words}")]
struct Named {
    code: Code,
    words: String,
}

impl Coded for Named {
    fn code(&self) -> Code {
        self.code
    }
}

/// The path of something in a folder of a workspace.
fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let between: &[u8] = if folder.ends_with(b"/") { b"" } else { b"/" };
    [folder, between, name].concat()
}

fn shown(path: &[u8]) -> String {
    super::shell::plain(&String::from_utf8_lossy(path))
}
