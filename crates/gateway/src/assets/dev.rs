//! The console's pages from a server of their own, for those who work on them: `UI_DEV_ORIGIN=http://localhost:5173`. Of builds for
//! development alone: a release has none of this.
//!
//! Who asks was found out before. Nothing by which they came in goes on to that server, and nothing that it sets comes back.
//! Over TLS its certificate is that of the file `UI_DEV_CERTIFICATE`, and no other; without TLS it is on this machine.

use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Where the pages are.
pub(super) struct Origin {
    host: Authority,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Origin {
    /// The one that the environment names, if it names one.
    pub(super) fn of_environment() -> Option<Result<Self, String>> {
        let origin = std::env::var("UI_DEV_ORIGIN").ok().filter(|origin| !origin.is_empty())?;
        let certificate = std::env::var_os("UI_DEV_CERTIFICATE");
        Some(Self::new(&origin, certificate.as_deref().map(Path::new)))
    }

    pub(super) fn new(origin: &str, certificate: Option<&Path>) -> Result<Self, String> {
        let wrong = |words: &str| format!("UI_DEV_ORIGIN: {words}");
        let uri: Uri = origin.trim_end_matches('/').parse().map_err(|_| wrong("it is no origin"))?;
        let host = uri.authority().filter(|_| uri.path().trim_matches('/').is_empty() && uri.query().is_none());
        let host = host.filter(|host| !host.as_str().contains('@')).ok_or_else(|| wrong("it is no origin"))?.clone();
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        if !secure && uri.scheme() != Some(&Scheme::HTTP) {
            return Err(wrong("an origin begins with http:// or https://"));
        }
        let port = host.port_u16().unwrap_or(if secure { 443 } else { 80 });
        if !secure {
            if !matches!(host.host(), "localhost" | "127.0.0.1" | "[::1]") {
                return Err(wrong("without TLS it has to be on this machine"));
            }
            return Ok(Self { host, port, tls: None });
        }
        let file = certificate.ok_or_else(|| wrong("https wants UI_DEV_CERTIFICATE: the file of its certificate"))?;
        let mut roots = RootCertStore::empty();
        let read = CertificateDer::pem_file_iter(file).map_err(|error| format!("{}: {error}", file.display()))?;
        for one in read {
            let one = one.map_err(|error| format!("{}: {error}", file.display()))?;
            roots.add(one).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        let name = ServerName::try_from(host.host().to_owned()).map_err(|_| wrong("its host is no name"))?;
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Ok(Self { host, port, tls: Some((TlsConnector::from(Arc::new(config)), name)) })
    }

    /// What that server says.
    pub(super) async fn answer(&self, request: Request) -> Response {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        }
        match timeout(PATIENCE, self.ask(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => (StatusCode::BAD_GATEWAY, format!("{}: {error}\n", self.host)).into_response(),
            Err(_) => (StatusCode::GATEWAY_TIMEOUT, format!("{} does not answer\n", self.host)).into_response(),
        }
    }

    async fn ask(&self, request: Request) -> Result<Response, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect((self.host.host().trim_matches(['[', ']']), self.port)).await?;
        match &self.tls {
            None => self.over(stream, request).await,
            Some((tls, name)) => self.over(tls.connect(name.clone(), stream).await?, request).await,
        }
    }

    async fn over(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        request: Request,
    ) -> Result<Response, Box<dyn std::error::Error + Send + Sync>> {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the connection to the pages' own server ended");
            }
        });
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let mut asked = http::Request::builder().method(request.method()).uri(path).body(Body::empty())?;
        for name in [header::ACCEPT, header::ACCEPT_LANGUAGE, header::IF_NONE_MATCH, header::USER_AGENT] {
            if let Some(value) = request.headers().get(&name) {
                asked.headers_mut().insert(name, value.clone());
            }
        }
        asked.headers_mut().insert(header::HOST, HeaderValue::from_str(self.host.as_str())?);
        let mut answer = sender.send_request(asked).await?.map(Body::new);
        for name in [header::SET_COOKIE, header::CONNECTION, header::TRANSFER_ENCODING] {
            answer.headers_mut().remove(name);
        }
        Ok(answer)
    }
}

const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::Origin;
    use axum::body::{Body, to_bytes};
    use axum::extract::Request;
    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    fn request(method: &str) -> Request {
        let request = Request::builder().method(method).uri("/src/main.tsx?t=1").header("cookie", "qd_session=secret");
        let request = request.header("authorization", "Bearer secret").header("x-quarterdeck-token", "secret");
        request.header("accept", "text/html").body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn gn_11a_pages_come_from_their_own_server_without_what_lets_somebody_in() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4096];
            let mut len = 0;
            while !head.get(..len).unwrap().ends_with(b"\r\n\r\n") {
                len += stream.read(head.get_mut(len..).unwrap()).await.unwrap();
            }
            let answer =
                b"HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nSet-Cookie: a=b\r\nContent-Length: 4\r\n\r\npage";
            stream.write_all(answer).await.unwrap();
            String::from_utf8_lossy(head.get(..len).unwrap()).to_lowercase()
        });
        let origin = Origin::new(&format!("http://localhost:{port}"), None).ok().unwrap();
        let answer = origin.answer(request("GET")).await;
        assert_eq!((answer.status().as_u16(), answer.headers().get("set-cookie")), (200, None));
        assert_eq!(answer.headers()["content-type"], "text/javascript");
        assert_eq!(to_bytes(answer.into_body(), 100).await.unwrap(), "page");
        let head = served.await.unwrap();
        assert!(head.starts_with("get /src/main.tsx?t=1 http/1.1\r\n") && !head.contains("secret"), "{head}");
        assert!(head.contains(&format!("host: localhost:{port}\r\n")), "{head}");
        assert_eq!(origin.answer(request("POST")).await.status(), 405);
        assert_eq!(origin.answer(request("GET")).await.status(), 502, "nobody listens any more");
    }

    #[test]
    fn gn_11b_without_tls_it_is_on_this_machine_and_with_tls_its_certificate_is_named() {
        for wrong in [
            "",
            "localhost:5173",
            "ftp://localhost",
            "http://192.168.0.1:5173",
            "http://localhost.evil.test",
            "http://user@localhost:5173",
            "http://localhost:5173/path",
            "https://ui.test",
        ] {
            assert!(Origin::new(wrong, None).is_err(), "{wrong}");
        }
        assert!(Origin::new("https://ui.test", Some(Path::new("/none"))).is_err());
        assert!(Origin::new("http://127.0.0.1:5173/", None).is_ok());
    }

    struct Server(Child);

    impl Drop for Server {
        fn drop(&mut self) {
            let _ = self.0.kill(); // it may have ended
            let _ = self.0.wait();
        }
    }

    #[tokio::test]
    async fn gn_11c_a_server_that_has_another_certificate_is_not_asked() {
        let folder = tempfile::tempdir().unwrap();
        let openssl = |words: &[&str]| {
            let mut command = Command::new("openssl");
            command
                .args(words)
                .current_dir(folder.path())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            command
        };
        for (key, certificate) in [("key", "crt"), ("other-key", "other")] {
            let make = [
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-keyout",
                key,
                "-out",
                certificate,
                "-subj",
                "/CN=localhost",
            ];
            let named = ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"];
            assert!(openssl(&[&make[..], &named[..]].concat()).status().expect("openssl runs").success());
        }
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let at = port.to_string();
        let serve = ["s_server", "-accept", &at, "-key", "key", "-cert", "crt", "-www", "-quiet"];
        let _server = Server(openssl(&serve).spawn().expect("openssl runs"));
        let listens = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), listens).await.expect("it listens");
        let origin = format!("https://localhost:{port}");
        let asked = async |certificate: &str| {
            let origin = Origin::new(&origin, Some(&folder.path().join(certificate))).ok().unwrap();
            origin.answer(request("GET")).await.status().as_u16()
        };
        assert_eq!(asked("other").await, 502);
        assert_eq!(asked("crt").await, 200);
    }
}
