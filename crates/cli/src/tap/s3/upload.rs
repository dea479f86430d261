//! An object that is being written: parts of it, one after the other.

use super::{MANIFEST, Object, UNSIGNED};
use crate::error::Error;
use crate::signals::Signals;
use crate::tap::error::{Reason, TapError};
use base::Code;
use rusty_s3::S3Action;
use rusty_s3::actions::CreateMultipartUpload;
use std::cell::Cell;
use std::thread::JoinHandle;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::block_in_place;

/// An object that is being written. Dropped before its end, nothing of it stays.
pub(in super::super) struct Upload {
    to: Option<mpsc::Sender<Sent>>,
    part: Vec<u8>,
    thread: Option<JoinHandle<Result<(), TapError>>>,
    object: Object,
}

enum Sent {
    Part(Vec<u8>),
    /// The last one, and the manifest.
    Last(Vec<u8>, Vec<u8>),
}

impl Upload {
    /// Begins it: whoever may not write there is told now. `alone` says that nobody else obeys signals.
    pub(in super::super) fn begin(object: Object, alone: bool) -> Result<Self, Error> {
        let (to, from) = mpsc::channel(1);
        let (begun, mut said) = mpsc::channel(1);
        let of = object.clone();
        let thread = std::thread::spawn(move || {
            let runtime = runtime().map_err(|error| of.failed(Reason::Failed, error.to_string()))?;
            runtime.block_on(of.whole(from, alone, begun))
        });
        let mut this = Self { to: Some(to), part: Vec::new(), thread: Some(thread), object };
        if block_in_place(|| said.blocking_recv()).is_none() {
            return Err(this.why());
        }
        Ok(this)
    }

    /// Adds bytes; waits while two parts are on their way.
    pub(in super::super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.part.extend_from_slice(bytes);
        if self.part.len() < PART {
            return Ok(());
        }
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(PART));
        self.send(Sent::Part(part))
    }

    /// Nothing follows: the object is there, and its manifest beside it.
    pub(in super::super) fn end(mut self, manifest: Vec<u8>) -> Result<(), Error> {
        let part = std::mem::take(&mut self.part);
        self.send(Sent::Last(part, manifest))?;
        self.joined().map_err(Error::of)
    }

    fn send(&mut self, what: Sent) -> Result<(), Error> {
        let Some(to) = &self.to else { return Err(self.why()) };
        match block_in_place(|| to.blocking_send(what)) {
            Ok(()) => Ok(()),
            Err(_) => Err(self.why()),
        }
    }

    /// Why its thread has ended.
    fn why(&mut self) -> Error {
        Error::of(self.joined().err().unwrap_or_else(|| self.object.left()))
    }

    fn joined(&mut self) -> Result<(), TapError> {
        self.to = None;
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().unwrap_or_else(|_| Err(self.object.failed(Reason::Failed, "its thread has ended".to_owned())))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // What was begun is taken away before this process may end.
        if let Err(error) = self.joined() {
            tracing::debug!(%error, "an object that was left");
        }
    }
}

impl Object {
    /// Writes the object: whole, or not at all.
    async fn whole(self, from: mpsc::Receiver<Sent>, alone: bool, begun: mpsc::Sender<()>) -> Result<(), TapError> {
        let signals = if alone { Signals::new() } else { Err(std::io::ErrorKind::Unsupported.into()) };
        // Some stores take parts for buckets that they do not have; who may write need not be let to ask that.
        let url = self.bucket.head_bucket(None).sign(UNSIGNED);
        if let Err(error @ TapError::Store { reason: Reason::NoBucket | Reason::Unreachable, .. }) =
            self.ask("HEAD", url.as_str(), Vec::new()).await
        {
            return Err(error);
        }
        let url = self.bucket.create_multipart_upload(None, &self.key).sign(UNSIGNED);
        let (_, text) = self.ask("POST", url.as_str(), Vec::new()).await?;
        let response = CreateMultipartUpload::parse_response(&text);
        let response = response.map_err(|error| self.failed(Reason::Failed, error.to_string()))?;
        let id = response.upload_id().to_owned();
        let interrupted = async {
            match signals {
                Ok(mut signals) => signals.any().await,
                Err(_) => std::future::pending().await,
            }
        };
        let beside = Cell::new(false);
        let result = if begun.send(()).await.is_err() {
            Err(self.left())
        } else {
            tokio::select! {
                result = self.parts(&id, from, &beside) => result,
                () = interrupted => {
                    self.abort(&id, beside.get()).await;
                    eprintln!("qd: interrupted: nothing of {} stays", self.name);
                    std::process::exit(i32::from(Code::Interrupted.exit_code()))
                }
            }
        };
        if result.is_err() {
            self.abort(&id, beside.get()).await;
        }
        result
    }

    /// Sends the parts; `beside` says from when on a manifest may be there. It comes before the object: there is none without.
    async fn parts(&self, id: &str, mut from: mpsc::Receiver<Sent>, beside: &Cell<bool>) -> Result<(), TapError> {
        let mut tags: Vec<String> = Vec::new();
        loop {
            let (part, manifest) = match from.recv().await {
                Some(Sent::Part(part)) => (part, None),
                Some(Sent::Last(part, manifest)) => (part, Some(manifest)),
                None => return Err(self.left()),
            };
            let number = u16::try_from(tags.len() + 1).ok().filter(|number| *number <= MOST_PARTS);
            let number =
                number.ok_or_else(|| self.failed(Reason::Failed, "it is larger than 78 GiB: --rotate".to_owned()))?;
            let url = self.bucket.upload_part(None, &self.key, number, id).sign(UNSIGNED);
            let (tag, _) = self.ask("PUT", url.as_str(), part).await?;
            tags.push(tag);
            let Some(manifest) = manifest else { continue };
            beside.set(true);
            let url = self.bucket.put_object(None, &self.manifest()).sign(UNSIGNED);
            self.ask("PUT", url.as_str(), manifest).await?;
            let tags = tags.iter().map(String::as_str);
            let complete = self.bucket.complete_multipart_upload(None, &self.key, id, tags);
            let url = complete.sign(UNSIGNED);
            return self.ask("POST", url.as_str(), complete.body().into_bytes()).await.map(drop);
        }
    }

    /// Takes away what was sent. Where the store knows the parts no more, the object is whole, and its manifest stays too.
    async fn abort(&self, id: &str, beside: bool) {
        let url = self.bucket.abort_multipart_upload(None, &self.key, id).sign(UNSIGNED);
        if let Err(error) = self.ask("DELETE", url.as_str(), Vec::new()).await {
            eprintln!("qd: parts of {} may stay in the store until it takes them away: {error}", self.name);
            return;
        }
        if !beside {
            return;
        }
        let url = self.bucket.delete_object(None, &self.manifest()).sign(UNSIGNED);
        if let Err(error) = self.ask("DELETE", url.as_str(), Vec::new()).await {
            eprintln!("qd: {}{MANIFEST} may stay in the store: {error}", self.name);
        }
    }

    fn left(&self) -> TapError {
        self.failed(Reason::Failed, "it was left before its end".to_owned())
    }
}

/// For the requests of one thread.
pub(super) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Bytes of a part: a store takes none below 5 MiB but the last.
const PART: usize = 8 << 20;
/// A store takes no more.
const MOST_PARTS: u16 = 10_000;
