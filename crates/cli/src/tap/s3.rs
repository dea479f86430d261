//! Objects of an S3-compatible store as destinations of packets: `s3://BUCKET/PREFIX/NAME`.
//!
//! ```text
//! blocks ─► a part of 8 MiB ─► a thread of its own, which sends it while the next one is filled ─► the object, when it is whole
//! ```
//!
//! An object is there whole or not at all: what fails, is left or interrupted is aborted, so that no parts of it stay in
//! the store. Credentials come from the environment or the shared file of the AWS tools, and go nowhere but into signatures.

mod credentials;
mod signed;
mod upload;

use super::error::{Reason, TapError};
use crate::error::Error;
use aws_credential_types::Credentials;
use net::{Client, Rules};
use rusty_s3::{Bucket, S3Action, UrlStyle};
use std::path::Path;
use std::time::Duration;
pub(super) use upload::Upload;

/// `[capture.s3]`: where objects of `s3://` are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3 {
    /// The store; that of AWS in the region, when there is none here.
    pub endpoint: Option<String>,
    /// The region; `AWS_REGION`, else `us-east-1`, when there is none here.
    pub region: Option<String>,
    /// Buckets stand in paths and not in names of hosts.
    pub path_style: bool,
}

/// An object, and all that it takes to write it.
#[derive(Clone)]
pub(super) struct Object {
    bucket: Bucket,
    credentials: Credentials,
    key: String,
    name: String,
    client: Client,
}

/// Whether a destination is an object of a store.
pub(super) fn is_object(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().starts_with(SCHEME.as_bytes())
}

impl Object {
    /// What a destination names.
    pub(super) fn of(path: &Path, settings: &S3) -> Result<Self, Error> {
        let wrong = |why: &str| Error::Usage(format!("{}: {why}", path.display()));
        let name = path.to_str().ok_or_else(|| wrong("names of objects are text"))?.to_owned();
        let (bucket, key) = name
            .strip_prefix(SCHEME)
            .and_then(|rest| rest.split_once('/'))
            .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty() && !key.ends_with('/'))
            .ok_or_else(|| wrong("write s3://BUCKET/PREFIX/NAME"))?;
        // Such segments would lead elsewhere, as they do in a file system.
        if key.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(wrong("names of objects here have no empty parts, no `.` and no `..`"));
        }
        let region = settings.region.clone().or_else(|| std::env::var("AWS_REGION").ok());
        let region = region.unwrap_or_else(|| "us-east-1".to_owned());
        let endpoint = settings.endpoint.clone().unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
        let style = if settings.path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let parsed =
            endpoint.parse().map_err(|error| Error::Usage(format!("capture.s3.endpoint: {endpoint}: {error}")))?;
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        let bucket = Bucket::new(parsed, style, bucket, region)
            .map_err(|error| Error::Usage(format!("capture.s3.endpoint: {endpoint}: {error}")))?;
        let credentials = credentials::find(&|name| std::env::var(name).ok().filter(|text| !text.is_empty()))
            .map_err(|why| Error::of(TapError::Store { to: name.clone(), reason: Reason::Credentials, why }))?;
        let url = bucket.base_url();
        let host = url.host_str().unwrap_or_default().to_owned();
        // The user names the store: it may be in their own network, and without TLS where they wrote so.
        let plain_hosts = if url.scheme() == "http" { vec![host.clone()] } else { Vec::new() };
        let client = Client::new(Rules { private_hosts: vec![host], plain_hosts, ..Rules::default() });
        Ok(Self { bucket, credentials, key, name, client })
    }

    /// Takes it away, with its manifest.
    pub(super) fn delete(&self) -> Result<(), Error> {
        let this = self.clone();
        // A thread of its own: who asks may be within a runtime.
        let done = std::thread::spawn(move || {
            let runtime = upload::runtime().map_err(|error| this.failed(Reason::Failed, error.to_string()))?;
            runtime.block_on(async {
                for key in [this.manifest(), this.key.clone()] {
                    let url = this.bucket.delete_object(None, &key).sign(UNSIGNED);
                    this.ask("DELETE", url.as_str(), Vec::new()).await?;
                }
                Ok(())
            })
        });
        let done = done.join().unwrap_or_else(|_| Err(self.failed(Reason::Failed, "it was not asked".to_owned())));
        done.map_err(Error::of)
    }

    /// Signs a request and sends it; its `ETag` and its body.
    async fn ask(&self, method: &str, url: &str, body: Vec<u8>) -> Result<(String, String), TapError> {
        let request = signed::request(method, url, body, &self.credentials, self.bucket.region());
        let request = request.map_err(|why| self.failed(Reason::Failed, why))?;
        let asked = tokio::time::timeout(LONGEST, self.client.ask(request, MOST_ANSWER)).await;
        let answer = asked
            .map_err(|_| self.failed(Reason::Unreachable, format!("no answer within {} s", LONGEST.as_secs())))?
            .map_err(|error| self.failed(Reason::Unreachable, error.to_string()))?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let code = within(&text, "Code");
        // Some requests fail after their status was sent.
        if answer.status.is_success() && !text.contains("<Error>") {
            let tag = answer.headers.get(http::header::ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default();
            return Ok((tag.to_owned(), text));
        }
        let reason = match (answer.status.as_u16(), code) {
            (_, "NoSuchBucket") => Reason::NoBucket,
            // Its answer has no body.
            (404, _) if method == "HEAD" => Reason::NoBucket,
            (401 | 403, _) => Reason::Denied,
            _ => Reason::Failed,
        };
        let said = within(&text, "Message");
        let why: String =
            format!("{} {code} {said}", answer.status.as_u16()).chars().filter(|c| !c.is_control()).take(300).collect();
        Err(self.failed(reason, why.trim().to_owned()))
    }

    /// The key of its manifest.
    fn manifest(&self) -> String {
        format!("{}{MANIFEST}", self.key)
    }

    fn failed(&self, reason: Reason, why: String) -> TapError {
        TapError::Store { to: self.name.clone(), reason, why }
    }
}

/// The text of an element of an answer that says what is wrong.
fn within<'t>(text: &'t str, element: &str) -> &'t str {
    let inner = text.split_once(&format!("<{element}>")).map(|(_, rest)| rest);
    inner.and_then(|rest| rest.split_once("</")).map_or("", |(inner, _)| inner)
}

const SCHEME: &str = "s3://";
/// What the name of a manifest has more than that of its object.
const MANIFEST: &str = ".manifest";
/// Addresses of requests without credentials are made for any time.
const UNSIGNED: Duration = Duration::ZERO;
/// So long a part may take.
const LONGEST: Duration = Duration::from_secs(300);
/// Bytes that an answer has at most.
const MOST_ANSWER: usize = 1 << 20;
