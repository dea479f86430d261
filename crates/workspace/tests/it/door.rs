//! The real API server behind a door that an operator goes through: it counts what is written, can stop at any of it, and can
//! hold all of it. `kubectl proxy` does the credentials.

use crate::server::{kubeconfig, program};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Empty, StreamBody, combinators::BoxBody};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Where the door stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// The server does not hear of the write.
    Before,
    /// The server has done it, and whoever asked does not hear of it.
    After,
}

/// The door. It and its proxy end when it is dropped.
pub(crate) struct Door {
    inner: Arc<Inner>,
    proxy: Child,
    serves: JoinHandle<()>,
    folder: tempfile::TempDir,
}

struct Inner {
    upstream: String,
    client: Client<HttpConnector, Incoming>,
    /// Writes that pass until it stops, and how.
    plan: Mutex<Option<(usize, At)>>,
    stopped: watch::Sender<bool>,
    held: watch::Sender<bool>,
}

type Answer = Response<BoxBody<Bytes, hyper::Error>>;

impl Door {
    pub(crate) async fn open() -> Self {
        // It ends with this program, since the shell sees the end of its standard input.
        let script = "\"$0\" --kubeconfig \"$1\" proxy --port=0 & pid=$!; cat >/dev/null; kill $pid";
        let mut proxy = Command::new("sh")
            .args(["-c", script, &program()])
            .arg(kubeconfig())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh starts");
        let mut line = String::new();
        BufReader::new(proxy.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let upstream = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(upstream.contains(':'), "kubectl proxy says where it listens: {line:?}");
        let inner = Arc::new(Inner {
            upstream,
            client: Client::builder(TokioExecutor::new()).build_http(),
            plan: Mutex::default(),
            stopped: watch::channel(false).0,
            held: watch::channel(false).0,
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (serving, folder) = (inner.clone(), tempfile::tempdir().unwrap());
        let serves = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let inner = serving.clone();
                tokio::spawn(async move {
                    let service = hyper::service::service_fn(move |request| pass(inner.clone(), request));
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        let config = serde_json::json!({
            "apiVersion": "v1", "kind": "Config",
            "clusters": [{ "name": "door", "cluster": { "server": format!("http://127.0.0.1:{port}") } }],
            "contexts": [{ "name": "door", "context": { "cluster": "door" } }],
        });
        std::fs::write(folder.path().join("kubeconfig"), config.to_string()).unwrap();
        Self { inner, proxy, serves, folder }
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// What the server has, past the door; null where there is nothing.
    pub(crate) async fn look(&self, path: &str) -> Value {
        let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let address = format!("http://{}{path}", self.inner.upstream).parse().unwrap();
        let answer = client.get(address).await.unwrap();
        if answer.status() == http::StatusCode::NOT_FOUND {
            return Value::Null;
        }
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap()
    }

    /// Lets so many writes pass, and stops at the next one: nothing goes on from then.
    pub(crate) fn stop_at(&self, write: usize, at: At) {
        *self.inner.plan.lock().unwrap() = Some((write, at));
    }

    /// It has stopped.
    pub(crate) fn stopped(&self) -> bool {
        *self.inner.stopped.borrow()
    }

    /// Everything passes, from whoever comes next.
    pub(crate) fn free(&self) {
        *self.inner.plan.lock().unwrap() = None;
        self.inner.stopped.send_replace(false);
    }

    /// Nothing is answered, and no connection ends: as of a server that is paused.
    pub(crate) fn hold(&self) {
        self.inner.held.send_replace(true);
    }

    /// What was held goes on.
    pub(crate) fn release(&self) {
        self.inner.held.send_replace(false);
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.serves.abort();
        drop(self.proxy.stdin.take());
        let _ = self.proxy.wait();
    }
}

async fn pass(inner: Arc<Inner>, mut request: Request<Incoming>) -> Result<Answer, hyper_util::client::legacy::Error> {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
    // The lease, tries and what is about no workspace are no steps.
    let step = writes && !path.contains("/leases") && !path.contains("dryRun") && !path.contains("/qdquotas/");
    let mut held = inner.held.subscribe();
    let _ = held.wait_for(|held| !held).await;
    let stops = if step { inner.step() } else { None };
    if inner.stopped.borrow().to_owned() && stops != Some(At::After) {
        return std::future::pending().await;
    }
    *request.uri_mut() = format!("http://{}{path}", inner.upstream).parse().unwrap();
    request.headers_mut().insert("host", inner.upstream.parse().unwrap());
    let (head, body) = inner.client.request(request).await?.into_parts();
    if stops == Some(At::After) {
        let _ = body.collect().await;
        return std::future::pending().await;
    }
    // What comes over watches is held as well.
    let stream = futures::stream::unfold((body, held), async |(mut body, mut held)| {
        let frame = body.frame().await?;
        let _ = held.wait_for(|held| !held).await;
        Some((frame, (body, held)))
    });
    Ok(Response::from_parts(head, BodyExt::boxed(StreamBody::new(Box::pin(stream)))))
}

impl Inner {
    /// Counts a write; how it stops here, where it does.
    fn step(&self) -> Option<At> {
        let mut plan = self.plan.lock().unwrap();
        let (left, at) = plan.as_mut()?;
        if *left > 0 {
            *left -= 1;
            return None;
        }
        let at = *at;
        *plan = None;
        self.stopped.send_replace(true);
        Some(at)
    }
}
