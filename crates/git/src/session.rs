//! What is asked of a host: its refs, a commit with its folders, and files.

use crate::error::Error;
use crate::line::{self, Line};
use crate::object::{Entry, Id, Kind, Snapshot};
use crate::pack::{self, Fault, Objects};
use crate::remote::{Login, Reference, Remote, Settings};
use crate::request::{self, Answer, Ask};
use bytes::{Bytes, BytesMut};
use http::{StatusCode, Uri};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Reads repositories. Clones are the same.
#[derive(Clone)]
pub struct Git(Arc<Inner>);

struct Inner {
    settings: Settings,
    client: net::Client,
}

/// A repository that was found, and what its host understands.
struct Found {
    /// `https://host/owner/name.git`
    base: String,
    /// It leaves blobs out when asked to.
    filters: bool,
}

impl std::fmt::Debug for Git {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Git").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

impl Git {
    /// Reads what `settings` allow.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let client = net::Client::new(settings.rules());
        Self(Arc::new(Inner { settings, client }))
    }

    /// The commit that is meant.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn resolve(&self, remote: &Remote, reference: &Reference, login: Option<&Login>) -> Result<Id, Error> {
        self.named(remote, reference, login).await.map(|(_, commit)| commit)
    }

    /// The name of the ref that is meant, and its commit. A commit that is named itself has no other name.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn named(
        &self,
        remote: &Remote,
        reference: &Reference,
        login: Option<&Login>,
    ) -> Result<(String, Id), Error> {
        self.in_time(remote, async {
            let found = self.find(remote, login).await?;
            self.refs(remote, &found, reference, login).await
        })
        .await
    }

    /// A commit with its folders, without its files.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn snapshot(&self, remote: &Remote, commit: Id, login: Option<&Login>) -> Result<Snapshot, Error> {
        self.in_time(remote, async {
            let found = self.find(remote, login).await?;
            let more: &[&str] = if found.filters { &["deepen 1", "filter blob:none"] } else { &["deepen 1"] };
            let objects = self.fetch(remote, &found, &[commit], more, login).await?;
            Snapshot::of(commit, objects).map_err(|why| protocol(remote, why))
        })
        .await
    }

    /// Fetches files of a commit by their paths; what is no file is left out.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn files(
        &self,
        remote: &Remote,
        snapshot: &mut Snapshot,
        paths: &[&str],
        login: Option<&Login>,
    ) -> Result<(), Error> {
        let wanted: Vec<Id> = paths
            .iter()
            .filter_map(|path| match snapshot.find(path) {
                Some(Entry::File(id)) if snapshot.file(id).is_none() => Some(id),
                _ => None,
            })
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        self.in_time(remote, async {
            let found = self.find(remote, login).await?;
            let objects = self.fetch(remote, &found, &wanted, &[], login).await?;
            if !wanted.iter().all(|id| matches!(objects.get(id), Some((Kind::Blob, _)))) {
                return Err(protocol(remote, "a file did not come"));
            }
            snapshot.add(objects);
            Ok(())
        })
        .await
    }

    async fn in_time<T>(&self, remote: &Remote, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let time: Duration = self.0.settings.time;
        tokio::time::timeout(time, work).await.unwrap_or_else(|_| {
            let why = format!("it took longer than {} s", time.as_secs());
            Err(Error::Unreachable { host: remote.host.clone(), why })
        })
    }

    /// Finds the repository, wherever its host sends us.
    async fn find(&self, remote: &Remote, login: Option<&Login>) -> Result<Found, Error> {
        let scheme = if self.0.settings.is_plain(&remote.host) { "http" } else { "https" };
        let mut last = Error::NotFound(remote.to_string());
        for end in [".git", ""] {
            match self.advertised(remote, format!("{scheme}://{remote}{end}"), login).await {
                Err(Error::NotFound(what)) => last = Error::NotFound(what),
                other => return other,
            }
        }
        Err(last)
    }

    async fn advertised(&self, remote: &Remote, mut base: String, login: Option<&Login>) -> Result<Found, Error> {
        let first = remote.host.to_ascii_lowercase();
        for _ in 0..=MOST_REDIRECTS {
            let text = format!("{base}{REFS}");
            let uri: Uri = text.parse().map_err(|_| protocol(remote, "its address is none"))?;
            // What is for one host is told to no other one.
            let login = login.filter(|_| request::host_of(&uri) == first && uri.scheme_str() == Some("https"));
            let ask = Ask { uri: &uri, body: None, login, most: MOST_LIST };
            let answer = request::ask(&self.0.settings, &self.0.client, ask).await?;
            if answer.status.is_redirection() {
                let to = answer.location.ok_or_else(|| protocol(remote, "it leads nowhere"))?;
                let to = if to.starts_with('/') {
                    format!("{}://{}{to}", uri.scheme_str().unwrap_or("https"), request::host_of(&uri))
                } else {
                    to
                };
                base = to.strip_suffix(REFS).ok_or_else(|| protocol(remote, "it leads to a page"))?.to_owned();
                continue;
            }
            let body = good(remote, answer)?;
            return capabilities(remote, base, body);
        }
        Err(protocol(remote, "it leads on and on"))
    }

    async fn refs(
        &self,
        remote: &Remote,
        found: &Found,
        reference: &Reference,
        login: Option<&Login>,
    ) -> Result<(String, Id), Error> {
        let names = reference.names();
        let mut body = BytesMut::new();
        line::put(&mut body, "command=ls-refs");
        line::put(&mut body, "agent=quarterdeck");
        line::delim(&mut body);
        line::put(&mut body, "peel");
        names.iter().for_each(|name| line::put(&mut body, &format!("ref-prefix {name}")));
        line::flush(&mut body);
        let mut rest = self.post(remote, found, body.freeze(), login, MOST_LIST).await?;
        let mut known: HashMap<String, Id> = HashMap::new();
        while let Some(Line::Data(data)) = line::next(&mut rest).map_err(|why| protocol(remote, why))? {
            let mut words = line::text(&data).split(' ');
            let (Some(id), Some(name)) = (words.next().and_then(Id::parse), words.next()) else { continue };
            let peeled = words.find_map(|word| word.strip_prefix("peeled:")).and_then(Id::parse);
            known.insert(name.to_owned(), peeled.unwrap_or(id));
        }
        let named = names.into_iter().find_map(|name| known.get(&name).copied().map(|id| (name, id)));
        let commit = match reference {
            Reference::Named(name) => Id::parse(name).map(|id| (name.clone(), id)),
            _ => None,
        };
        named
            .or(commit)
            .ok_or_else(|| Error::NoReference { remote: remote.to_string(), reference: reference.to_string() })
    }

    async fn fetch(
        &self,
        remote: &Remote,
        found: &Found,
        wanted: &[Id],
        more: &[&str],
        login: Option<&Login>,
    ) -> Result<Objects, Error> {
        let mut body = BytesMut::new();
        line::put(&mut body, "command=fetch");
        line::put(&mut body, "agent=quarterdeck");
        line::delim(&mut body);
        for text in ["no-progress", "ofs-delta"].iter().chain(more) {
            line::put(&mut body, text);
        }
        wanted.iter().for_each(|id| line::put(&mut body, &format!("want {id}")));
        line::put(&mut body, "done");
        line::flush(&mut body);
        let most = self.0.settings.most_bytes;
        let mut rest = self.post(remote, found, body.freeze(), login, most).await?;
        let (mut pack, mut within) = (BytesMut::new(), false);
        while let Some(line) = line::next(&mut rest).map_err(|why| protocol(remote, why))? {
            let Line::Data(data) = line else { continue };
            match (within, data.first()) {
                (false, _) if line::text(&data) == "packfile" => within = true,
                (false, _) => {
                    // A line may say that the host does not give what was wanted.
                    if let Some(why) = line::text(&data).strip_prefix("ERR ") {
                        return Err(refused(remote, why, wanted));
                    }
                }
                (true, Some(1)) => pack.extend_from_slice(data.get(1..).unwrap_or_default()),
                (true, Some(3)) => {
                    let why = String::from_utf8_lossy(data.get(1..).unwrap_or_default()).trim().to_owned();
                    return Err(refused(remote, &why, wanted));
                }
                _ => {}
            }
        }
        pack::read(&pack, most).map_err(|fault| match fault {
            Fault::TooLarge => {
                Error::TooLarge { remote: remote.to_string(), what: "its folders are more", most: most >> 20 }
            }
            Fault::Broken(why) => protocol(remote, why),
        })
    }

    async fn post(
        &self,
        remote: &Remote,
        found: &Found,
        body: Bytes,
        login: Option<&Login>,
        most: usize,
    ) -> Result<Bytes, Error> {
        let uri: Uri = format!("{}{PACK}", found.base).parse().map_err(|_| protocol(remote, "its address is none"))?;
        let same = request::host_of(&uri) == remote.host.to_ascii_lowercase() && uri.scheme_str() == Some("https");
        let ask = Ask { uri: &uri, body: Some(body), login: login.filter(|_| same), most };
        good(remote, request::ask(&self.0.settings, &self.0.client, ask).await?)
    }
}

/// The body of an answer that says yes.
fn good(remote: &Remote, answer: Answer) -> Result<Bytes, Error> {
    match answer.status {
        StatusCode::OK => Ok(answer.body),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
            Err(Error::NotFound(remote.to_string()))
        }
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Err(Error::Unreachable { host: remote.host.clone(), why: format!("it answers {status}") })
        }
        status => Err(protocol(remote, &format!("it answers {status}"))),
    }
}

/// What the host says of itself.
fn capabilities(remote: &Remote, base: String, mut body: Bytes) -> Result<Found, Error> {
    let mut lines = Vec::new();
    while let Some(line) = line::next(&mut body).map_err(|why| protocol(remote, why))? {
        if let Line::Data(data) = line {
            lines.push(line::text(&data).to_owned());
        }
    }
    if !lines.iter().any(|line| line == "version 2") {
        return Err(protocol(remote, "its host does not speak version 2 of git's protocol"));
    }
    if lines.iter().any(|line| line.starts_with("object-format=") && line != "object-format=sha1") {
        return Err(protocol(remote, "its objects are not named by SHA-1"));
    }
    let fetch = lines.iter().find_map(|line| line.strip_prefix("fetch")).unwrap_or_default();
    Ok(Found { base, filters: fetch.trim_start_matches('=').split(' ').any(|word| word == "filter") })
}

fn refused(remote: &Remote, why: &str, wanted: &[Id]) -> Error {
    if why.contains("not our ref") {
        let reference = wanted.first().map(ToString::to_string).unwrap_or_default();
        return Error::NoReference { remote: remote.to_string(), reference: format!("commit {reference}") };
    }
    let why: String = why.chars().filter(|c| !c.is_control()).take(200).collect();
    protocol(remote, &format!("its host says {why:?}"))
}

fn protocol(remote: &Remote, why: &str) -> Error {
    Error::Protocol { remote: remote.to_string(), why: why.to_owned() }
}

const REFS: &str = "/info/refs?service=git-upload-pack";
const PACK: &str = "/git-upload-pack";
const MOST_REDIRECTS: usize = 3;
/// Bytes of a list of refs.
const MOST_LIST: usize = 4 << 20;

#[cfg(test)]
mod tests;
