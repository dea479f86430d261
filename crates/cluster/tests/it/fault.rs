//! A real API server behind a door that can be made to fail: `kubectl proxy` does the credentials, this does the faults.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

type Answer = Response<BoxBody<Bytes, std::io::Error>>;

/// What to do with requests whose path and query contain all of `marks`.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    marks: Vec<&'static str>,
    what: What,
    /// How often; then the rule is gone.
    times: u32,
}

/// A fault.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// This answer instead of the server's.
    Answer { status: u16, headers: Vec<(&'static str, &'static str)>, body: String },
    /// No answer, ever.
    Hang,
    /// The answer ends without an end after so many bytes.
    CutAfter(usize),
    /// The answer ends properly after so many bytes.
    EndAfter(usize),
    /// The server is asked for JSON, whatever the client accepts.
    Json,
    /// Wherever this text stands in the answer, the byte so far before it becomes another.
    Damage { text: &'static str, back: usize, byte: u8 },
}

impl What {
    pub(crate) fn status(status: u16, reason: &str, message: &str) -> Self {
        let body = serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": status,
        });
        Self::Answer { status, headers: vec![("content-type", "application/json")], body: body.to_string() }
    }

    /// A watch that fails at once, as a server says that the history is gone.
    pub(crate) fn gone() -> Self {
        let body = serde_json::json!({ "type": "ERROR", "object": {
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Expired", "message": "too old", "code": 410,
        } });
        Self::Answer { status: 200, headers: vec![("content-type", "application/json")], body: format!("{body}\n") }
    }
}

/// The door.
pub(crate) struct Door {
    pub(crate) port: u16,
    inner: Arc<Inner>,
    listening: Mutex<CancellationToken>,
}

struct Inner {
    upstream: &'static str,
    client: Client<HttpConnector, Incoming>,
    rules: Mutex<Vec<Rule>>,
    log: Mutex<Vec<String>>,
    frozen: watch::Sender<bool>,
    open: Mutex<CancellationToken>,
}

impl Door {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inner = Arc::new(Inner {
            upstream: upstream(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            rules: Mutex::default(),
            log: Mutex::default(),
            frozen: watch::channel(false).0,
            open: Mutex::default(),
        });
        let door = Self { port, inner, listening: Mutex::default() };
        door.serve(listener);
        door
    }

    fn serve(&self, listener: TcpListener) {
        let end = CancellationToken::new();
        *self.listening.lock().unwrap() = end.clone();
        let inner = self.inner.clone();
        tokio::spawn(async move {
            loop {
                let stream = tokio::select! {
                    () = end.cancelled() => return,
                    accepted = listener.accept() => accepted.unwrap().0,
                };
                let (inner, open) = (inner.clone(), inner.open.lock().unwrap().clone());
                tokio::spawn(async move {
                    let service = hyper::service::service_fn(move |request| handle(inner.clone(), request));
                    let connection =
                        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                    tokio::select! { _ = connection => {}, () = open.cancelled() => {} }
                });
            }
        });
    }

    /// From now on, `times` times: requests with all these marks get this.
    pub(crate) fn fault(&self, marks: &[&'static str], times: u32, what: What) {
        self.inner.rules.lock().unwrap().push(Rule { marks: marks.to_vec(), what, times });
    }

    pub(crate) fn no_faults(&self) {
        self.inner.rules.lock().unwrap().clear();
    }

    /// Breaks every connection.
    pub(crate) fn sever(&self) {
        std::mem::take(&mut *self.inner.open.lock().unwrap()).cancel();
    }

    /// Nobody answers at the address any more.
    pub(crate) async fn down(&self) {
        self.listening.lock().unwrap().cancel();
        self.sever();
        until("the port is free", async || tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err())
            .await;
    }

    /// Somebody answers again.
    pub(crate) async fn up(&self) {
        self.serve(TcpListener::bind(("127.0.0.1", self.port)).await.unwrap());
    }

    /// Connections stay, and nothing comes over them.
    pub(crate) fn freeze(&self, frozen: bool) {
        self.inner.frozen.send_replace(frozen);
    }

    /// How many requests had all these marks.
    pub(crate) fn asked(&self, marks: &[&str]) -> usize {
        let log = self.inner.log.lock().unwrap();
        log.iter().filter(|line| marks.iter().all(|mark| line.contains(mark))).count()
    }

    /// A kubeconfig of this door, speaking as another user, with that user's own namespace.
    pub(crate) fn kubeconfig_as(&self, user: &str, namespace: &str) -> (tempfile::TempDir, PathBuf) {
        let config = serde_json::json!({
            "apiVersion": "v1", "kind": "Config",
            "clusters": [{ "name": "a", "cluster": { "server": format!("http://127.0.0.1:{}", self.port) } }],
            "users": [{ "name": "u", "user": { "as": user } }],
            "contexts": [{ "name": "a", "context": { "cluster": "a", "user": "u", "namespace": namespace } }],
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubeconfig");
        std::fs::write(&path, config.to_string()).unwrap();
        (folder, path)
    }

    /// A kubeconfig with one context for each name and port.
    pub(crate) fn kubeconfig(doors: &[(&str, u16)]) -> (tempfile::TempDir, PathBuf) {
        let mut text = String::from("apiVersion: v1\nkind: Config\nclusters:\n");
        for (name, port) in doors {
            text += &format!("- name: {name}\n  cluster: {{ server: \"http://127.0.0.1:{port}\" }}\n");
        }
        text += "contexts:\n";
        for (name, _) in doors {
            text += &format!("- name: {name}\n  context: {{ cluster: {name} }}\n");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubeconfig");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }
}

async fn handle(inner: Arc<Inner>, mut request: Request<Incoming>) -> Result<Answer, std::io::Error> {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    inner.log.lock().unwrap().push(path.clone());
    // As servers of many clusters have it: the cluster's own paths begin below another.
    let path = path.strip_prefix(BELOW).map_or(path.clone(), str::to_owned);
    let mut frozen = inner.frozen.subscribe();
    frozen.wait_for(|frozen| !frozen).await.unwrap();
    let what = {
        let mut rules = inner.rules.lock().unwrap();
        let at = rules.iter().position(|rule| rule.marks.iter().all(|mark| path.contains(mark)));
        at.map(|at| {
            let what = rules[at].what.clone();
            rules[at].times -= 1;
            if rules[at].times == 0 {
                rules.remove(at);
            }
            what
        })
    };
    match &what {
        Some(What::Hang) => std::future::pending().await,
        Some(What::Answer { status, headers, body }) => {
            let mut answer = Response::builder().status(*status);
            for (name, value) in headers {
                answer = answer.header(*name, *value);
            }
            return Ok(answer
                .body(Full::new(Bytes::from(body.clone())).map_err(|never| match never {}).boxed())
                .unwrap());
        }
        Some(What::Json) => {
            request.headers_mut().insert("accept", "application/json".parse().unwrap());
        }
        _ => {}
    }
    *request.uri_mut() = format!("http://{}{path}", inner.upstream).parse().unwrap();
    request.headers_mut().insert("host", inner.upstream.parse().unwrap());
    let (head, mut body) = match inner.client.request(request).await {
        Ok(answer) => answer.into_parts(),
        Err(error) => return Err(std::io::Error::other(error)),
    };
    let (sender, mut receiver) = mpsc::channel::<Result<Frame<Bytes>, std::io::Error>>(4);
    tokio::spawn(async move {
        let mut left = match what {
            Some(What::CutAfter(bytes) | What::EndAfter(bytes)) => bytes,
            _ => usize::MAX,
        };
        while let Some(Ok(frame)) = body.frame().await {
            frozen.wait_for(|frozen| !frozen).await.unwrap();
            let Ok(mut data) = frame.into_data() else { continue };
            if let Some(What::Damage { text, back, byte }) = &what {
                data = damaged(&data, text.as_bytes(), *back, *byte);
            }
            data.truncate(left);
            left -= data.len();
            if sender.send(Ok(Frame::data(data))).await.is_err() {
                return;
            }
            if left == 0 {
                if matches!(what, Some(What::CutAfter(_))) {
                    let _ = sender.send(Err(std::io::Error::other("cut"))).await;
                }
                return;
            }
        }
    });
    let stream = futures::stream::poll_fn(move |context| receiver.poll_recv(context));
    Ok(Response::from_parts(head, BodyExt::boxed(StreamBody::new(stream))))
}

fn damaged(data: &[u8], text: &[u8], back: usize, byte: u8) -> Bytes {
    let mut out = data.to_vec();
    for at in (back..data.len().saturating_sub(text.len() - 1)).filter(|&at| data[at..].starts_with(text)) {
        out[at - back] = byte;
    }
    out.into()
}

/// A path below which the door answers too.
pub(crate) const BELOW: &str = "/k8s/clusters/c-1";

/// Waits for a condition; a minute at most.
pub(crate) async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    for _ in 0..1200 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited a minute: {what}");
}

/// The test cluster's kubeconfig.
pub(crate) fn real_kubeconfig() -> PathBuf {
    // The end-to-end suites have a cluster under another name.
    let named = ["QD_TEST_KUBECONFIG", "QD_E2E_KUBECONFIG"].into_iter().find_map(std::env::var_os);
    named.expect("these tests need an API server: run them with `cargo xtask test it`").into()
}

/// kubectl with the test cluster.
pub(crate) fn kubectl_program() -> String {
    let named = ["QD_TEST_KUBECTL", "QD_KUBECTL"].into_iter().find_map(|name| std::env::var(name).ok());
    named.unwrap_or_else(|| "kubectl".to_owned())
}

/// Runs kubectl as the cluster's administrator; its standard output.
pub(crate) fn kubectl(arguments: &[&str], input: &str) -> String {
    use std::io::Write;
    let mut child = Command::new(kubectl_program())
        .arg("--kubeconfig")
        .arg(real_kubeconfig())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubectl starts: its path is in QD_TEST_KUBECTL");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "kubectl {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// `kubectl proxy`, one for the test program; it ends with it, because `sh` sees the end of its standard input.
fn upstream() -> &'static str {
    static PROXY: OnceLock<(Mutex<Child>, String)> = OnceLock::new();
    let start = || {
        let script = "\"$0\" --kubeconfig \"$1\" proxy --port=0 & pid=$!; cat >/dev/null; kill $pid";
        let mut child = Command::new("sh")
            .args(["-c", script, &kubectl_program()])
            .arg(real_kubeconfig())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(address.contains(':'), "kubectl proxy says where it listens: {line:?}");
        (Mutex::new(child), address)
    };
    &PROXY.get_or_init(start).1
}
