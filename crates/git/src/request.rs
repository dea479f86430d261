//! One request to a host of repositories, as its settings allow.

use crate::error::Error;
use crate::remote::{Login, Settings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header};

pub(crate) use net::host_of;

/// What is asked.
pub(crate) struct Ask<'a> {
    pub(crate) uri: &'a Uri,
    /// The body of a POST; a GET without one.
    pub(crate) body: Option<Bytes>,
    pub(crate) login: Option<&'a Login>,
    /// Bytes of the answer.
    pub(crate) most: usize,
}

/// What came.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Where it is instead.
    pub(crate) location: Option<String>,
    pub(crate) body: Bytes,
}

/// Asks, and reads the answer.
pub(crate) async fn ask(settings: &Settings, client: &net::Client, ask: Ask<'_>) -> Result<Answer, Error> {
    let host = host_of(ask.uri);
    let gone = |why: String| Error::Unreachable { host: host.clone(), why };
    if !settings.reads(&host) {
        let why = "the platform reads repositories of other hosts alone".to_owned();
        return Err(Error::Refused { host, why });
    }
    let mut request = Request::builder()
        .uri(ask.uri.clone())
        .header(header::USER_AGENT, concat!("git/2 (quarterdeck ", env!("CARGO_PKG_VERSION"), ")"))
        .header("git-protocol", "version=2");
    if let Some(login) = ask.login {
        let text = STANDARD.encode(format!("{}:{}", login.username, login.secret.expose()));
        let mut value = HeaderValue::try_from(format!("Basic {text}")).map_err(|error| gone(error.to_string()))?;
        value.set_sensitive(true);
        request = request.header(header::AUTHORIZATION, value);
    }
    if ask.body.is_some() {
        request = request
            .method("POST")
            .header(header::CONTENT_TYPE, "application/x-git-upload-pack-request")
            .header(header::ACCEPT, "application/x-git-upload-pack-result");
    }
    let request = request.body(ask.body.unwrap_or_default()).map_err(|error| gone(error.to_string()))?;
    let answer = Box::pin(client.ask(request, ask.most)).await?;
    let location = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Ok(Answer { status: answer.status, location, body: answer.body })
}

impl From<net::Error> for Error {
    fn from(error: net::Error) -> Self {
        match error {
            net::Error::Refused { host, why } => Self::Refused { host, why },
            net::Error::Unreachable { host, why } => Self::Unreachable { host, why },
            net::Error::TooLarge { host, most } => {
                Self::TooLarge { remote: host, what: "what it answers is more", most: most >> 20 }
            }
        }
    }
}
