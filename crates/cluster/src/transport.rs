//! One HTTP request to one API server, with the error taken apart.

use crate::error::{Asked, Error};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use kube::client::Body;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// The client of one context. It is built at the first request, so that a broken context costs nothing until then.
pub(crate) struct Transport {
    pub(crate) context: String,
    pub(crate) server: String,
    kubeconfig: Arc<kube::config::Kubeconfig>,
    client: OnceCell<kube::Client>,
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
        Self { context, server, kubeconfig, client: OnceCell::new() }
    }

    /// Sends the request; the answer's head has come and is a success. The body is read by the caller.
    pub(crate) async fn open(&self, call: &Call<'_>) -> Result<Response<Body>, Error> {
        let send = async {
            let client = self.client.get_or_try_init(|| self.connect()).await?;
            let response = client.send(self.request(call)?).await;
            response.map_err(|error| Error::of_connection(error, &self.server))
        };
        let late = |_| Error::TimedOut { server: self.server.clone(), seconds: ANSWER_TIME.as_secs() };
        let response = tokio::time::timeout(ANSWER_TIME, send).await.map_err(late)??;
        if response.status().is_success() {
            return Ok(response);
        }
        let (head, body) = response.into_parts();
        let retry_after =
            head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = self.collect(body).await.unwrap_or_default();
        let asked = Asked { server: &self.server, verb: call.verb, kind: call.kind, namespace: call.namespace };
        Err(Error::of_status(head.status, retry_after.as_deref(), &body, asked))
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

    fn request(&self, call: &Call<'_>) -> Result<Request<Body>, Error> {
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

    async fn connect(&self) -> Result<kube::Client, Error> {
        let options = kube::config::KubeConfigOptions { context: Some(self.context.clone()), ..Default::default() };
        let wrong = |message: String| Error::Kubeconfig { place: format!("context {}", self.context), message };
        let loaded = kube::Config::from_custom_kubeconfig((*self.kubeconfig).clone(), &options);
        let mut config = loaded.await.map_err(|error| wrong(crate::error::chain(&error)))?;
        config.connect_timeout = Some(Duration::from_secs(10));
        config.read_timeout = None;
        config.write_timeout = None;
        config.default_retry = false;
        // The client of a context may run an exec plugin; kube does it without a limit of time.
        let built = tokio::task::spawn_blocking({
            let runtime = tokio::runtime::Handle::current();
            move || {
                let _entered = runtime.enter();
                kube::Client::try_from(config)
            }
        });
        match tokio::time::timeout(PLUGIN_TIME, built).await {
            Ok(Ok(client)) => client.map_err(|error| Error::of_connection(error, &self.server)),
            Ok(Err(_)) => Err(wrong("its client could not be made".to_owned())),
            Err(_) => Err(Error::Auth {
                server: self.server.clone(),
                message: format!("the exec plugin did not end within {} s", PLUGIN_TIME.as_secs()),
            }),
        }
    }
}

/// What requests without a permit say of themselves.
pub(crate) const USER_AGENT: &str = concat!("qd/", env!("CARGO_PKG_VERSION"));
const ANSWER_TIME: Duration = Duration::from_secs(35);
const BODY_TIME: Duration = Duration::from_secs(60);
const PLUGIN_TIME: Duration = Duration::from_secs(15);
const MAX_ANSWER: usize = 64 << 20;
