//! One connection of a program: `CONNECT host:port`, behind which it says what it likes, or requests for `http://host/…`.

use super::dial::{self, dial};
use crate::upward::{Desk, Pace, Who};
use base::{Coded, RequestId};
use blueprint::objects::Egress;
use bytes::Bytes;
use http::header::{
    CONNECTION, HOST, HeaderMap, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, UPGRADE,
};
use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use link::Stream;
use parking_lot::Mutex;
use policy::action::{ObjectTarget, WorkspaceAsk};
use policy::{Answers, Door, Outcome, Permit};
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

type Body = BoxBody<Bytes, hyper::Error>;

/// Why a connection broke off.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Link(#[from] link::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
}

/// A connection that is made, and is handed to the program once it has been told so.
struct Made {
    upgrade: OnUpgrade,
    host: TcpStream,
    permit: Permit<WorkspaceAsk>,
}

/// Who asks, and what is open to them.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) desk: &'a Desk,
    pub(super) who: &'a Who,
    pub(super) egress: &'a Egress,
    pub(super) pace: &'a Mutex<Pace>,
}

impl Asker<'_> {
    /// Until either side ends.
    pub(super) async fn serve(self, stream: Stream) -> Result<(), Error> {
        let made: Mutex<Option<Made>> = Mutex::new(None);
        let service = service_fn(|request| async {
            let answered = match request.method() {
                &Method::CONNECT => self.connect(request).await.map(|(answer, own)| {
                    *made.lock() = Some(own);
                    answer
                }),
                _ => self.pass(request).await,
            };
            Ok::<_, Infallible>(answered.unwrap_or_else(Refused::answer))
        });
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(MAX_HEAD).half_close(true);
        http.serve_connection(TokioIo::new(stream), service).with_upgrades().await?;
        let own = made.lock().take();
        if let Some(own) = own {
            carry(own).await?;
        }
        Ok(())
    }
}

async fn carry(made: Made) -> Result<(), Error> {
    let Made { upgrade, mut host, permit } = made;
    let mut program = TokioIo::new(upgrade.await?);
    let ended = permit.ended();
    let outcome = tokio::select! {
        copied = copy_bidirectional(&mut program, &mut host) => match copied {
            Ok((out, back)) => Outcome::Done { message: format!("{out} bytes there, {back} back") },
            Err(error) => Outcome::Failed { code: "connection_lost".to_owned(), message: error.to_string() },
        },
        () = ended => Outcome::Failed { code: "denied".to_owned(), message: "it is allowed no longer".to_owned() },
    };
    permit.finish(outcome);
    Ok(())
}

/// What a program is told instead of what it asked for.
struct Refused {
    status: StatusCode,
    code: String,
    message: String,
}

impl Refused {
    fn new(status: StatusCode, code: &str, message: impl ToString) -> Self {
        Self { status, code: code.to_owned(), message: message.to_string() }
    }

    fn answer(self) -> Response<Body> {
        let text = json!({ "code": self.code, "message": self.message }).to_string() + "\n";
        let mut answer = Response::new(Full::from(text).map_err(|never| match never {}).boxed());
        *answer.status_mut() = self.status;
        answer.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        answer
    }

    fn outcome(&self) -> Outcome {
        Outcome::Failed { code: self.code.clone(), message: self.message.clone() }
    }
}

impl From<dial::Error> for Refused {
    fn from(error: dial::Error) -> Self {
        let (status, code) = match &error {
            dial::Error::Closed { .. } => (StatusCode::FORBIDDEN, "host_closed"),
            dial::Error::Nowhere { .. } => (StatusCode::BAD_GATEWAY, "host_unknown"),
            dial::Error::Silent { .. } => (StatusCode::BAD_GATEWAY, "host_unreachable"),
        };
        Self::new(status, code, error)
    }
}

impl Asker<'_> {
    /// Decides, and makes the connection.
    async fn open(self, at: &Authority, port: u16) -> Result<(TcpStream, Permit<WorkspaceAsk>), Refused> {
        if !self.pace.lock().allows() {
            let message = "this workspace connects too often: try again in a minute";
            return Err(Refused::new(StatusCode::TOO_MANY_REQUESTS, "too_many", message));
        }
        let (desk, key, host) = (self.desk, &self.who.key, at.host());
        let action = WorkspaceAsk {
            object: ObjectTarget::workspace(desk.cluster.name(), &key.namespace, &key.name),
            owner: self.who.owner.clone(),
            ask: "connect".to_owned(),
            service: String::new(),
            host: format!("{host}:{port}"),
        };
        let principal = desk.principal.asking(RequestId::new(), Door::Process);
        let permit = desk.gate.permit(&principal, action, &Answers::default());
        let permit =
            permit.map_err(|refusal| Refused::new(StatusCode::FORBIDDEN, refusal.code().as_str(), &refusal))?;
        if permit.settled().await.is_err() {
            let message = "the journal takes no entries, so nothing was done";
            return Err(Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message));
        }
        match dial(self.egress, host, port).await {
            Ok(stream) => Ok((stream, permit)),
            Err(error) => {
                let refused = Refused::from(error);
                permit.finish(refused.outcome());
                Err(refused)
            }
        }
    }

    async fn connect(self, request: Request<Incoming>) -> Result<(Response<Body>, Made), Refused> {
        let at = request.uri().authority().filter(|at| !at.as_str().contains('@')).cloned();
        let port = at.as_ref().and_then(Authority::port_u16).filter(|port| *port > 0);
        let (Some(at), Some(port)) = (at, port) else {
            return Err(Refused::new(StatusCode::BAD_REQUEST, "bad_request", "CONNECT takes host:port"));
        };
        let (host, permit) = self.open(&at, port).await?;
        let made = Made { upgrade: hyper::upgrade::on(request), host, permit };
        Ok((Response::new(Empty::new().map_err(|never| match never {}).boxed()), made))
    }

    /// A request that stands in the clear, passed on to its host.
    async fn pass(self, mut request: Request<Incoming>) -> Result<Response<Body>, Refused> {
        let uri = request.uri().clone();
        let at = uri.authority().filter(|at| uri.scheme_str() == Some("http") && !at.as_str().contains('@'));
        let host = at.and_then(|at| HeaderValue::from_str(at.as_str()).ok());
        let (Some(at), Some(named)) = (at, host) else {
            let message = "this is a proxy: it takes CONNECT host:port and http://host/…";
            return Err(Refused::new(StatusCode::BAD_REQUEST, "bad_request", message));
        };
        let (host, permit) = self.open(at, at.port_u16().unwrap_or(80)).await?;
        let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        *request.uri_mut() = Uri::from(path);
        hop(request.headers_mut());
        // the host that was decided about, whatever else was said
        request.headers_mut().insert(HOST, named);
        let lost = |error: hyper::Error| Refused::new(StatusCode::BAD_GATEWAY, "host_unreachable", error);
        let answered = async {
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(host)).await.map_err(lost)?;
            // it ends with the answer's body
            tokio::spawn(connection);
            sender.send_request(request).await.map_err(lost)
        };
        match answered.await {
            Ok(mut answer) => {
                hop(answer.headers_mut());
                permit.finish(Outcome::Done { message: format!("answered {}", answer.status().as_u16()) });
                Ok(answer.map(BodyExt::boxed))
            }
            Err(refused) => {
                permit.finish(refused.outcome());
                Err(refused)
            }
        }
    }
}

/// Takes out what is said between two neighbours alone.
fn hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let always = [CONNECTION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, UPGRADE];
    for name in always.into_iter().chain(named) {
        headers.remove(name);
    }
    for name in ["keep-alive", "proxy-connection"] {
        headers.remove(name);
    }
}

/// For the head of a request.
const PATIENCE: Duration = Duration::from_secs(30);
const MAX_HEAD: usize = 64 << 10;
