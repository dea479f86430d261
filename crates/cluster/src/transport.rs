//! One HTTP request to one API server, with the error taken apart.

use crate::error::{Asked, Error};
use crate::session::{Session, Sessions};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use kube::client::Body;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Requests to one context's server.
pub(crate) struct Transport {
    pub(crate) server: String,
    sessions: Sessions,
    born: Instant,
    /// Milliseconds after `born` at which the server was heard last.
    heard: AtomicU64,
}

/// A request.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) accept: &'a str,
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) body: Option<(&'a str, Vec<u8>)>,
    /// For the words of an error.
    pub(crate) verb: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) namespace: &'a str,
}

impl<'a> Call<'a> {
    pub(crate) fn get(path: &'a str, accept: &'a str, verb: &'a str, kind: &'a str, namespace: &'a str) -> Self {
        Self { method: Method::GET, path, accept, user_agent: None, body: None, verb, kind, namespace }
    }
}

impl Transport {
    pub(crate) fn new(kubeconfig: Arc<kube::config::Kubeconfig>, context: String, server: String) -> Self {
        let sessions = Sessions::new(kubeconfig, context, server.clone());
        Self { server, sessions, born: Instant::now(), heard: AtomicU64::new(0) }
    }

    /// The server was heard.
    pub(crate) fn hear(&self) {
        let now = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(now, Ordering::Relaxed);
    }

    /// How long nothing was heard of the server.
    pub(crate) fn silence(&self) -> Duration {
        self.born.elapsed().saturating_sub(Duration::from_millis(self.heard.load(Ordering::Relaxed)))
    }

    /// Sends the request; the answer's head has come and is a success. The body is read by the caller.
    pub(crate) async fn open(&self, call: &Call<'_>) -> Result<Response<Body>, Error> {
        let late = |_| Error::Unreachable {
            server: self.server.clone(),
            message: format!("no answer within {} s", ANSWER_TIME.as_secs()),
            source: None,
        };
        let (session, response) = tokio::time::timeout(ANSWER_TIME, self.ask(call)).await.map_err(late)??;
        if response.status().is_success() {
            return Ok(response);
        }
        let (head, body) = response.into_parts();
        let retry_after =
            head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = self.collect(body).await.unwrap_or_default();
        let asked = Asked { server: &self.server, verb: call.verb, kind: call.kind, namespace: call.namespace };
        let mut error = Error::of_status(head.status, retry_after.as_deref(), &body, asked);
        // Credentials that the server does not know make us nobody, and nobody may nothing.
        if let Error::Denied { message, .. } = &error
            && message.contains("\"system:anonymous\"")
            && session.has_credentials()
        {
            let message = "the API server does not know them: it takes us for system:anonymous".to_owned();
            error = Error::Auth { server: self.server.clone(), message };
        }
        if let (Error::Auth { message, .. }, Some(words)) = (&mut error, session.own_certificate_words()) {
            message.push_str("; ");
            message.push_str(&words);
        }
        Err(error)
    }

    /// Sends the request; once more with new credentials where a 401 says that the old ones have ended.
    async fn ask(&self, call: &Call<'_>) -> Result<(Arc<Session>, Response<Body>), Error> {
        let mut session = self.sessions.get(None).await?;
        let mut response = self.send(&session, call).await?;
        if response.status() == StatusCode::UNAUTHORIZED && session.worth_renewing() {
            session = self.sessions.get(Some(&session)).await?;
            response = self.send(&session, call).await?;
        }
        self.hear();
        Ok((session, response))
    }

    async fn send(&self, session: &Session, call: &Call<'_>) -> Result<Response<Body>, Error> {
        let mut request = Self::request(call)?;
        if let Some(value) = &session.credentials.header {
            request.headers_mut().insert(header::AUTHORIZATION, value.clone());
        }
        match session.client.send(request).await {
            Ok(response) => Ok(response),
            Err(error) => {
                let mut error = Error::of_connection(error, &self.server);
                if let Error::Tls { message, certificate, .. } = &mut error
                    && let Some(seen) = crate::peer::look(&session.config).await
                {
                    message.push_str(&format!("; its certificate: {}", seen.words()));
                    *certificate = Some(Box::new(seen));
                }
                Err(error)
            }
        }
    }

    /// Sends the request and reads the whole answer, up to [`MAX_ANSWER`].
    pub(crate) async fn whole(&self, call: &Call<'_>) -> Result<Bytes, Error> {
        let response = self.open(call).await?;
        self.collect(response.into_body()).await
    }

    async fn collect(&self, body: Body) -> Result<Bytes, Error> {
        let read = http_body_util::BodyExt::collect(http_body_util::Limited::new(body, MAX_ANSWER));
        match tokio::time::timeout(BODY_TIME, read).await {
            Ok(Ok(collected)) => Ok(collected.to_bytes()),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                Err(Error::Decode(format!("it is larger than {} MB", MAX_ANSWER >> 20)))
            }
            Ok(Err(error)) => Err(Error::Unreachable {
                server: self.server.clone(),
                message: "the connection broke inside an answer".to_owned(),
                source: Some(error),
            }),
            Err(_) => Err(Error::TimedOut { server: self.server.clone(), seconds: BODY_TIME.as_secs() }),
        }
    }

    fn request(call: &Call<'_>) -> Result<Request<Body>, Error> {
        let wrong = |error: http::Error| Error::Decode(format!("the request cannot be written: {error}"));
        let mut request =
            Request::builder().method(call.method.clone()).uri(call.path).header(header::ACCEPT, call.accept).header(
                header::USER_AGENT,
                call.user_agent
                    .map_or(Ok(HeaderValue::from_static(USER_AGENT)), HeaderValue::from_str)
                    .map_err(|error| wrong(error.into()))?,
            );
        let mut body = Body::empty();
        if let Some((content_type, bytes)) = &call.body {
            request = request.header(header::CONTENT_TYPE, *content_type);
            body = Body::from(bytes.clone());
        }
        request.body(body).map_err(wrong)
    }
}

/// What requests without a permit say of themselves.
pub(crate) const USER_AGENT: &str = concat!("qd/", env!("CARGO_PKG_VERSION"));
const ANSWER_TIME: Duration = Duration::from_secs(35);
const BODY_TIME: Duration = Duration::from_secs(60);
const MAX_ANSWER: usize = 64 << 20;
