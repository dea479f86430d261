//! One HTTP request to one API server, with the error taken apart.

use crate::error::{Asked, Error};
use crate::pace::{Pace, Rate, Urgency, jitter};
use crate::passing::leads_elsewhere;
use crate::session::{Session, Sessions};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::upgrade::Upgraded;
use kube::client::Body;
use policy::UserInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;

/// Requests to one context's server, as ourselves or as somebody for whom we ask. Whoever asks shares the connections and
/// the pace with everybody else.
pub(crate) struct Transport {
    pub(crate) server: String,
    line: Arc<Line>,
    /// Whom we ask for (impersonation); ourselves when there is nobody.
    behalf: Option<UserInfo>,
}

/// The way to the server.
struct Line {
    sessions: Sessions,
    pace: Pace,
    born: Instant,
    /// Milliseconds after `born` at which the server was heard last.
    heard: AtomicU64,
}

/// A request.
#[derive(Clone)]
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
    pub(crate) urgency: Urgency,
    /// It is to become a WebSocket of one of these protocols.
    pub(crate) websocket: Option<&'static str>,
}

impl<'a> Call<'a> {
    pub(crate) fn get(path: &'a str, accept: &'a str, verb: &'a str, kind: &'a str, namespace: &'a str) -> Self {
        let (user_agent, body, urgency, websocket) = (None, None, Urgency::Wanted, None);
        Self { method: Method::GET, path, accept, user_agent, body, verb, kind, namespace, urgency, websocket }
    }

    pub(crate) fn urgency(self, urgency: Urgency) -> Self {
        Self { urgency, ..self }
    }

    /// It stores nothing: asking again is safe.
    fn is_question(&self) -> bool {
        self.method == Method::GET || (self.method == Method::POST && self.verb == "create" && is_review(self.kind))
    }
}

impl Transport {
    pub(crate) fn new(kubeconfig: Arc<kube::config::Kubeconfig>, context: String, server: String, rate: Rate) -> Self {
        let sessions = Sessions::new(kubeconfig, context, server.clone());
        Self::over(sessions, server, rate)
    }

    fn over(sessions: Sessions, server: String, rate: Rate) -> Self {
        let line = Line { sessions, pace: Pace::new(rate), born: Instant::now(), heard: AtomicU64::new(0) };
        Self { server, line: Arc::new(line), behalf: None }
    }

    /// The same way, on behalf of somebody, or of nobody but ourselves.
    pub(crate) fn on_behalf(&self, user: Option<&UserInfo>) -> Self {
        Self { server: self.server.clone(), line: self.line.clone(), behalf: user.cloned() }
    }

    /// The server was heard.
    pub(crate) fn hear(&self) {
        let now = u64::try_from(self.line.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.line.heard.store(now, Ordering::Relaxed);
    }

    /// How long nothing was heard of the server.
    pub(crate) fn silence(&self) -> Duration {
        let heard = Duration::from_millis(self.line.heard.load(Ordering::Relaxed));
        self.line.born.elapsed().saturating_sub(heard)
    }

    /// Sends the request; the answer's head has come and is a success. The body is read by the caller.
    pub(crate) async fn open(&self, call: &Call<'_>) -> Result<Response<Body>, Error> {
        self.line.pace.turn(call.urgency).await;
        let late = |_| Error::Unreachable {
            server: self.server.clone(),
            message: format!("no answer within {} s", ANSWER_TIME.as_secs()),
            source: None,
        };
        let (session, response) = tokio::time::timeout(ANSWER_TIME, self.ask(call)).await.map_err(late)??;
        let agreed = call.websocket.is_some() && response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if response.status().is_success() || agreed {
            return Ok(response);
        }
        let (head, body) = response.into_parts();
        let retry_after =
            head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = self.collect(body).await.unwrap_or_default();
        let asked = Asked { server: &self.server, verb: call.verb, kind: call.kind, namespace: call.namespace };
        let mut error = Error::of_status(head.status, retry_after.as_deref(), &body, asked);
        if let Error::Throttled { retry_after, .. } = &error {
            self.line.pace.rest(*retry_after);
        }
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
        let mut session = self.line.sessions.get(None).await?;
        let mut response = self.send(&session, call).await?;
        if response.status() == StatusCode::UNAUTHORIZED && session.worth_renewing() {
            session = self.line.sessions.get(Some(&session)).await?;
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
        if let Some(user) = &self.behalf {
            impersonate(request.headers_mut(), user)?;
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

    /// Passes a request on as it is, and gives whatever is answered. Who asks is said by this transport alone.
    pub(crate) async fn pass(&self, mut request: Request<Body>) -> Result<Response<Body>, Error> {
        self.line.pace.turn(Urgency::Wanted).await;
        let session = self.line.sessions.get(None).await?;
        let headers = request.headers_mut();
        let ours = |name: &HeaderName| {
            *name == header::AUTHORIZATION
                || name.as_str().starts_with("impersonate-")
                || name.as_str().starts_with("x-remote-")
        };
        let said: Vec<HeaderName> = headers.keys().filter(|name| ours(name)).cloned().collect();
        for name in said {
            headers.remove(name);
        }
        if let Some(value) = &session.credentials.header {
            headers.insert(header::AUTHORIZATION, value.clone());
        }
        if let Some(user) = &self.behalf {
            impersonate(headers, user)?;
        }
        let response = session.client.send(request).await;
        let response = response.map_err(|error| Error::of_connection(error, &self.server))?;
        self.hear();
        Ok(response)
    }

    /// Sends the request and reads the whole answer, up to [`MAX_ANSWER`]. A question that the server puts off for a
    /// short while is asked again then.
    pub(crate) async fn whole(&self, call: &Call<'_>) -> Result<Bytes, Error> {
        let mut tries = 0;
        loop {
            match self.open(call).await {
                Ok(response) => return self.collect(response.into_body()).await,
                Err(Error::Throttled { retry_after, .. })
                    if call.is_question() && tries < TRIES && retry_after <= SHORT_WAIT =>
                {
                    // At least as long as it asks, and longer each time: it may ask everybody for the same second.
                    let own = Duration::from_millis(500 << tries);
                    tokio::time::sleep(retry_after.max(own).mul_f64(1.0 + 0.25 * jitter())).await;
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks for a WebSocket; the server has agreed, and its bytes come and go from now on.
    pub(crate) async fn upgrade(&self, call: &Call<'_>, protocols: &'static str) -> Result<Upgraded, Error> {
        let call = Call { websocket: Some(protocols), ..call.clone() };
        let response = self.open(&call).await?;
        hyper::upgrade::on(response).await.map_err(|error| Error::Unreachable {
            server: self.server.clone(),
            message: "the server does not let the connection become a WebSocket".to_owned(),
            source: Some(Box::new(error)),
        })
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
        // A name that leads to another object is none: whoever stands before the server may resolve it.
        if leads_elsewhere(call.path) {
            return Err(Error::NotFound { message: "no object has a name like this".to_owned() });
        }
        let wrong = |error: http::Error| Error::Decode(format!("the request cannot be written: {error}"));
        let mut request =
            Request::builder().method(call.method.clone()).uri(call.path).header(header::ACCEPT, call.accept).header(
                header::USER_AGENT,
                call.user_agent
                    .map_or(Ok(HeaderValue::from_static(USER_AGENT)), HeaderValue::from_str)
                    .map_err(|error| wrong(error.into()))?,
            );
        if let Some(protocols) = call.websocket {
            request = request
                .header(header::CONNECTION, "Upgrade")
                .header(header::UPGRADE, "websocket")
                .header(header::SEC_WEBSOCKET_VERSION, "13")
                .header(header::SEC_WEBSOCKET_KEY, generate_key())
                .header(header::SEC_WEBSOCKET_PROTOCOL, protocols);
        }
        let mut body = Body::empty();
        if let Some((content_type, bytes)) = &call.body {
            request = request.header(header::CONTENT_TYPE, *content_type);
            body = Body::from(bytes.clone());
        }
        request.body(body).map_err(wrong)
    }
}

/// Says on whose behalf a request is. What cannot be said is not asked: it would be asked as ourselves.
fn impersonate(headers: &mut HeaderMap, user: &UserInfo) -> Result<(), Error> {
    let value = |text: &str| {
        let wrong = || Error::Decode(format!("nothing can be asked on behalf of {text:?}"));
        HeaderValue::from_str(text).ok().filter(|value| !value.is_empty()).ok_or_else(wrong)
    };
    headers.insert(IMPERSONATE_USER, value(&user.username)?);
    for group in &user.groups {
        headers.append(IMPERSONATE_GROUP, value(group)?);
    }
    Ok(())
}

/// What requests without a permit say of themselves.
pub(crate) const USER_AGENT: &str = concat!("qd/", env!("CARGO_PKG_VERSION"));
/// Reviews are put as a POST and store nothing.
fn is_review(kind: &str) -> bool {
    kind.ends_with("reviews.authentication.k8s.io") || kind.ends_with("reviews.authorization.k8s.io")
}

const IMPERSONATE_USER: HeaderName = HeaderName::from_static("impersonate-user");
const IMPERSONATE_GROUP: HeaderName = HeaderName::from_static("impersonate-group");
/// How often a question that was put off is asked again.
const TRIES: u32 = 3;
/// A longer wait than this is told instead.
const SHORT_WAIT: Duration = Duration::from_secs(10);
const ANSWER_TIME: Duration = Duration::from_secs(35);
const BODY_TIME: Duration = Duration::from_secs(60);
const MAX_ANSWER: usize = 64 << 20;
