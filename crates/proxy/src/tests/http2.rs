//! HTTP/2 from end to end: another implementation's client and app would be `curl` and node, as the suites have them; here
//! both ends are hyper's.

use super::{HOST, Place};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// An app of HTTP/2 alone: it gives back what it gets and the names of the fields, and says in trailers how it went.
async fn echo(request: Request<Incoming>) -> Result<Response<crate::Streamed>, Infallible> {
    let names: Vec<&str> = request.headers().keys().map(http::HeaderName::as_str).collect();
    let seen = format!("{} {} {:?}", request.uri(), names.join(","), request.headers().get("cookie"));
    let bytes = request.into_body().collect().await.unwrap().to_bytes();
    let trailers = HeaderMap::from_iter([(http::HeaderName::from_static("grpc-status"), HeaderValue::from(0))]);
    let frames = [Ok::<_, Infallible>(Frame::data(bytes)), Ok(Frame::trailers(trailers))];
    let body = StreamBody::new(futures::stream::iter(frames)).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    let headers = response.headers_mut();
    headers.insert("x-seen", HeaderValue::from_str(&seen).unwrap());
    headers.insert("location", HeaderValue::from_static("http://localhost:3000/next"));
    headers.append("set-cookie", HeaderValue::from_static("qdapp_5050=stolen"));
    headers.append("set-cookie", HeaderValue::from_static("theme=dark; Domain=localhost"));
    Ok(response)
}

type Sender = hyper::client::conn::http2::SendRequest<Full<Bytes>>;

/// A client of the door, and the app behind it.
async fn client(place: &Arc<Place>) -> Sender {
    let app = place.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = app.app.accept().await {
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service_fn(echo)));
        }
    });
    let (ours, theirs) = tokio::io::duplex(4096);
    let door = place.door.clone();
    let service = service_fn(move |request| {
        let door = door.clone();
        async move { Ok::<_, Infallible>(door.answer(request, "127.0.0.1".parse().unwrap()).await) }
    });
    let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    tokio::spawn(server.serve_connection(TokioIo::new(theirs), service));
    let client = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let (sender, connection) = client.handshake(TokioIo::new(ours)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn call(place: &Place, cookie: bool) -> Request<Full<Bytes>> {
    let mut request = Request::builder()
        .version(Version::HTTP_2)
        .method("POST")
        .uri(format!("http://{HOST}/lab.Echo/Say"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("x-forwarded-for", "6.6.6.6")
        .header("x-qd-user", "root");
    if cookie {
        request = request.header("cookie", format!("theme=light; qdapp_5050={}", place.cookie));
    }
    request.body(Full::new(Bytes::from_static(b"\0\0\0\0\x05hello"))).unwrap()
}

async fn said(sender: &mut Sender, request: Request<Full<Bytes>>) -> Response<Incoming> {
    sender.ready().await.unwrap();
    let answered = tokio::time::timeout(Duration::from_secs(30), sender.send_request(request)).await;
    answered.expect("it answers").unwrap()
}

#[tokio::test]
async fn wx_03f_a_call_of_grpc_passes_with_its_trailers_and_by_the_tables() {
    let place = Arc::new(Place::new().await);
    let mut sender = client(&place).await;
    for _ in 0..2 {
        let response = said(&mut sender, call(&place, true)).await;
        assert_eq!(response.status(), StatusCode::OK);
        let of = |name: &str| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
        let seen = of("x-seen");
        assert!(seen.starts_with(&format!("http://{HOST}/lab.Echo/Say ")), "{seen}");
        assert!(seen.contains("te") && seen.contains("x-forwarded-for") && !seen.contains("x-qd-user"), "{seen}");
        assert!(seen.contains("theme=light") && !seen.contains("qdapp"), "{seen}");
        assert_eq!(of("location"), format!("http://{HOST}/next"));
        let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["theme=dark"]);
        let collected = response.into_body().collect().await.unwrap();
        assert_eq!(collected.trailers().unwrap().get("grpc-status").unwrap(), "0");
        assert_eq!(collected.to_bytes(), &b"\0\0\0\0\x05hello"[..]);
    }
}

#[tokio::test]
async fn wx_03g_whoever_is_not_signed_in_calls_nothing_by_http2() {
    let place = Arc::new(Place::new().await);
    let mut sender = client(&place).await;
    let response = said(&mut sender, call(&place, false)).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("token_missing"), "{body:?}");
    let mut foreign = call(&place, true);
    foreign.headers_mut().insert("origin", HeaderValue::from_static("http://evil.example"));
    assert_eq!(said(&mut sender, foreign).await.status(), StatusCode::FORBIDDEN);
    place.login.end.cancel();
    assert_eq!(said(&mut sender, call(&place, true)).await.status(), StatusCode::UNAUTHORIZED);
}
