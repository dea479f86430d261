//! What is asked of a registry for one image: its manifest, the manifest of a platform, its configuration.

use crate::challenge::Challenge;
use crate::error::Error;
use crate::facts::Facts;
use crate::image::Image;
use crate::login::Login;
use crate::registry::Inner;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use net::{Answer, host_of};
use oci_spec::image::{Descriptor, ImageIndex, ImageManifest};
use serde::Deserialize;
use sha2::{Digest, Sha256, Sha512};
use std::sync::Arc;

/// One reading.
pub(crate) struct Session<'a> {
    inner: &'a Inner,
    image: &'a Image,
    login: Option<&'a Login>,
    authorization: Option<HeaderValue>,
}

/// The kinds of manifests. One form reads both the list of Docker and that of OCI.
#[derive(Deserialize)]
struct Kind {
    #[serde(default, rename = "mediaType")]
    media_type: String,
    #[serde(default)]
    manifests: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(inner: &'a Inner, image: &'a Image, login: Option<&'a Login>) -> Self {
        Self { inner, image, login, authorization: None }
    }

    /// What the image says.
    pub(crate) async fn facts(mut self, architectures: &[String]) -> Result<Arc<Facts>, Error> {
        let body = self.manifest(self.image.version()).await?;
        let digest = self.image.digest().map_or_else(|| sha256(&body), str::to_owned);
        // What a list leads to is another thing on nodes of another kind.
        let place = format!("{digest} {}", architectures.join(","));
        if let Some(known) = self.inner.kept(self.image, &place) {
            return Ok(known);
        }
        let body = if self.is_index(&body)? {
            let index: ImageIndex = self.read(&body)?;
            let of_platform = chosen(index.manifests(), architectures);
            let of_platform = of_platform.ok_or_else(|| self.wrong("it has no manifest for the nodes' platform"))?;
            self.manifest(of_platform.digest().as_ref()).await?
        } else {
            body
        };
        if self.is_index(&body)? {
            return Err(self.wrong("a list in it leads to another list"));
        }
        let manifest: ImageManifest = self.read(&body)?;
        let config = manifest.config();
        let kind = config.media_type().to_string();
        if !kind.contains("image.config") && !kind.contains("container.image") {
            return Err(self.wrong(&format!("it is no image of containers, but {}", shown(&kind))));
        }
        if usize::try_from(config.size()).is_ok_and(|size| size > MOST_CONFIG) {
            return Err(Error::TooLarge { host: self.image.host().to_owned(), most: MOST_CONFIG });
        }
        let config = config.digest().to_string();
        let path = format!("blobs/{config}");
        let answer = self.get(&path, "application/octet-stream", MOST_CONFIG).await?;
        let body = self.good(answer)?;
        self.is_of(&config, &body)?;
        let facts = Facts::of(&digest, &body).map_err(|why| self.wrong(&format!("its configuration: {why}")))?;
        let facts = Arc::new(facts);
        self.inner.keep(self.image, &place, &facts);
        Ok(facts)
    }

    /// A manifest by tag or digest.
    async fn manifest(&mut self, version: &str) -> Result<Bytes, Error> {
        let answer = self.get(&format!("manifests/{version}"), MANIFESTS, MOST_MANIFEST).await?;
        let body = self.good(answer)?;
        if version.contains(':') {
            self.is_of(version, &body)?;
        }
        Ok(body)
    }

    fn is_index(&self, body: &[u8]) -> Result<bool, Error> {
        let kind: Kind = self.read(body)?;
        Ok(kind.manifests.is_some() || kind.media_type.contains("manifest.list") || kind.media_type.contains("index"))
    }

    /// Asks the registry, and says who asks where it wants to know.
    async fn get(&mut self, path: &str, accept: &'static str, most: usize) -> Result<Answer, Error> {
        let answer = self.follow(path, accept, most).await?;
        if answer.status != StatusCode::UNAUTHORIZED || self.authorization.is_some() {
            return Ok(answer);
        }
        let Some(challenge) = Challenge::of(&answer.headers) else {
            return Err(self.wrong("its registry does not say how it wants to be asked"));
        };
        let value = match challenge {
            Challenge::Basic => self.basic()?.ok_or_else(|| Error::NotFound(self.image.to_string()))?,
            Challenge::Bearer { realm, service } => self.token(&realm, &service).await?,
        };
        self.authorization = Some(value);
        self.follow(path, accept, most).await
    }

    /// Asks the registry, and where it leads. What is for the registry is told to no other host.
    async fn follow(&self, path: &str, accept: &'static str, most: usize) -> Result<Answer, Error> {
        let host = self.image.host();
        let mut address = format!("{}://{host}/v2/{}/{path}", self.scheme(), self.image.repository());
        for _ in 0..=MOST_REDIRECTS {
            let uri: Uri = address.parse().map_err(|_| self.wrong("its registry leads to no address"))?;
            let own = host_of(&uri) == host.to_ascii_lowercase();
            if !own && uri.scheme_str() != Some("https") {
                return Err(Error::Refused { host: host_of(&uri), why: "only https leads to it".to_owned() });
            }
            let mut request = Request::builder().uri(uri.clone()).header(header::ACCEPT, accept);
            if let Some(value) = self.authorization.as_ref().filter(|_| own && uri.scheme_str() == Some(self.scheme()))
            {
                request = request.header(header::AUTHORIZATION, value.clone());
            }
            let request = request.body(Bytes::new()).map_err(|error| self.wrong(&error.to_string()))?;
            let answer = self.inner.client.ask(request, most).await?;
            if !answer.status.is_redirection() {
                return Ok(answer);
            }
            let to = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
            let to = to.ok_or_else(|| self.wrong("its registry leads nowhere"))?;
            address = if to.starts_with('/') && !to.starts_with("//") {
                format!("{}://{}{to}", uri.scheme_str().unwrap_or("https"), host_of(&uri))
            } else {
                to.to_owned()
            };
        }
        Err(self.wrong("its registry leads on and on"))
    }

    /// A token for reading this repository, and nothing else.
    async fn token(&self, realm: &str, service: &str) -> Result<HeaderValue, Error> {
        let bad = |why: &str| self.wrong(&format!("its token service {}: {why}", shown(realm)));
        let uri = self.token_address(realm, service).ok_or_else(|| bad("its address is none"))?;
        let same = host_of(&uri) == self.image.host().to_ascii_lowercase();
        let secure = uri.scheme_str() == Some("https");
        if !(secure || same && self.scheme() == "http") {
            return Err(Error::Refused { host: host_of(&uri), why: "tokens are asked for by https alone".to_owned() });
        }
        let mut request = Request::builder().uri(uri).header(header::ACCEPT, "application/json");
        if let Some(value) = self.basic()?.filter(|_| secure) {
            request = request.header(header::AUTHORIZATION, value);
        }
        let request = request.body(Bytes::new()).map_err(|error| bad(&error.to_string()))?;
        let answer = self.inner.client.ask(request, MOST_TOKEN).await?;
        let body = self.good(answer)?;
        let token: Token = serde_json::from_slice(&body).map_err(|_| bad("it gives no token"))?;
        let token = token.token.or(token.access_token).ok_or_else(|| bad("it gives no token"))?;
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| bad("it gives no token"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn token_address(&self, realm: &str, service: &str) -> Option<Uri> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !service.is_empty() {
            query.append_pair("service", service);
        }
        let scope = format!("repository:{}:pull", self.image.repository());
        let query = query.append_pair("scope", &scope).finish();
        let join = if realm.contains('?') { '&' } else { '?' };
        format!("{realm}{join}{query}").parse().ok()
    }

    /// The login, which nobody is told without TLS.
    fn basic(&self) -> Result<Option<HeaderValue>, Error> {
        let Some(login) = self.login else { return Ok(None) };
        if self.scheme() != "https" {
            let why = "a login is kept for it, and it is asked without TLS".to_owned();
            return Err(Error::Refused { host: self.image.host().to_owned(), why });
        }
        let text = STANDARD.encode(format!("{}:{}", login.username, login.password.expose()));
        let value = HeaderValue::try_from(format!("Basic {text}"));
        let mut value = value.map_err(|_| self.wrong("the login that is kept for it is none"))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    fn scheme(&self) -> &'static str {
        if self.inner.settings.rules.is_plain(self.image.host()) { "http" } else { "https" }
    }

    /// The body of an answer that says yes.
    fn good(&self, answer: Answer) -> Result<Bytes, Error> {
        match answer.status {
            StatusCode::OK => Ok(answer.body),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                Err(Error::NotFound(self.image.to_string()))
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                let why = format!("it answers {status}");
                Err(Error::Unreachable { host: self.image.host().to_owned(), why })
            }
            status => Err(self.wrong(&format!("its registry answers {status}"))),
        }
    }

    fn read<T: serde::de::DeserializeOwned>(&self, body: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(body).map_err(|error| self.wrong(&format!("its manifest: {error}")))
    }

    /// Whether something is what its digest says.
    fn is_of(&self, digest: &str, body: &[u8]) -> Result<(), Error> {
        let own = match digest.split_once(':') {
            Some(("sha256", _)) => sha256(body),
            Some(("sha512", _)) => format!("sha512:{}", hex::encode(Sha512::digest(body))),
            _ => return Err(self.wrong(&format!("it is named by {}, which is not known here", shown(digest)))),
        };
        if own == digest { Ok(()) } else { Err(self.wrong("what came has another digest than what was asked for")) }
    }

    fn wrong(&self, why: &str) -> Error {
        // It may hold what somebody else said, at any length.
        Error::Protocol { image: self.image.to_string(), why: shown(why) }
    }
}

/// The manifest for one of these architectures; else the one for this machine's, else the first of Linux.
fn chosen<'a>(all: &'a [Descriptor], architectures: &[String]) -> Option<&'a Descriptor> {
    let of = |name: &str| {
        all.iter().find(|one| {
            one.platform().as_ref().is_some_and(|platform| {
                platform.os().to_string() == "linux" && platform.architecture().to_string() == name
            })
        })
    };
    if !architectures.is_empty() {
        return architectures.iter().find_map(|name| of(name));
    }
    let own = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let linux = |one: &&Descriptor| one.platform().as_ref().is_none_or(|platform| platform.os().to_string() == "linux");
    of(own).or_else(|| all.iter().find(linux))
}

fn sha256(body: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(body)))
}

/// What somebody else said, as far as it is shown.
fn shown(text: &str) -> String {
    text.chars().filter(|one| !one.is_control()).take(MOST_SHOWN).collect()
}

const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                         application/vnd.docker.distribution.manifest.list.v2+json, \
                         application/vnd.docker.distribution.manifest.v2+json";
const MOST_REDIRECTS: usize = 3;
/// Bytes of a manifest, as the specification bounds it.
const MOST_MANIFEST: usize = 4 << 20;
/// Of a configuration.
const MOST_CONFIG: usize = 1 << 20;
/// Of what a token service answers.
const MOST_TOKEN: usize = 64 << 10;
/// Characters of what somebody else said.
const MOST_SHOWN: usize = 200;

#[cfg(test)]
mod tests;
