//! Requests to a port of a pod by the API server's own proxy: the last way, of HTTP/1.1 alone, which the API server carries.
//!
//! The API server reads what stands in a URL's path and the credentials beside it, so nothing of a client's is passed on that
//! could name another object or another asker.

use crate::acting::{Acting, Target};
use crate::error::Error;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use hyper::upgrade::Upgraded;
use kube::client::Body;
use policy::action::Changes;

/// What was answered.
pub enum Passed {
    /// An answer, whoever gave it.
    Answered(Response<Body>),
    /// The connection became another protocol.
    Became(Response<()>, Box<Upgraded>),
}

impl Acting<Changes> {
    /// Passes a request on to a port of a pod, under TLS when it is `secure`. Its body is here whole.
    ///
    /// # Errors
    /// `Decode` for a path that could lead elsewhere; as [`Error`] says otherwise. What the API server says itself is an
    /// answer as that of the pod.
    pub async fn pass(
        &self,
        pod: Target<'_>,
        port: u16,
        secure: bool,
        request: Request<Bytes>,
    ) -> Result<Passed, Error> {
        let asked = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        if leads_elsewhere(asked) {
            return Err(Error::Decode("a path with `..` in it is not passed on".to_owned()));
        }
        let scheme = if secure { "https:" } else { "" };
        let name = format!("{scheme}{}:{port}", pod.name);
        let path = Target { name: &name, ..pod }.path("proxy", asked);
        let (mut head, body) = request.into_parts();
        let wrong = |_| Error::Decode("the path cannot be written".to_owned());
        head.uri = path.parse::<Uri>().map_err(wrong)?;
        head.headers.remove(header::HOST);
        let agent = HeaderValue::from_str(self.user_agent());
        if let Ok(agent) = agent {
            head.headers.entry(header::USER_AGENT).or_insert(agent);
        }
        let becomes = head.headers.contains_key(header::UPGRADE);
        let response = self.transport().pass(Request::from_parts(head, Body::from(body))).await?;
        if !becomes || response.status() != http::StatusCode::SWITCHING_PROTOCOLS {
            return Ok(Passed::Answered(response));
        }
        let mut said = Response::new(());
        *said.status_mut() = response.status();
        *said.headers_mut() = response.headers().clone();
        let upgraded = hyper::upgrade::on(response).await.map_err(|error| Error::Unreachable {
            server: self.transport().server.clone(),
            message: "the server does not let the connection become another protocol".to_owned(),
            source: Some(Box::new(error)),
        })?;
        Ok(Passed::Became(said, Box::new(upgraded)))
    }
}

/// Whether a path has a part that is `.` or `..` for a reader who decodes it once or twice, or takes `\` for `/`.
pub(crate) fn leads_elsewhere(path_and_query: &str) -> bool {
    let path = path_and_query.split('?').next().unwrap_or_default();
    let mut seen = path.as_bytes().to_vec();
    (0..3).any(|_| {
        let odd = seen.split(|byte| matches!(byte, b'/' | b'\\')).any(|part| matches!(part, b"." | b".."));
        seen = decoded(&seen);
        odd
    })
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high << 4 | low).unwrap_or_default());
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::leads_elsewhere;

    #[test]
    fn wd_04b_no_path_leads_to_another_object() {
        let odd = ["/../../pods", "/..", "/a/./b", "/%2e%2e/x", "/%2E./x", "/.%2e", "/%252e%252e/x", "/..%2fx"];
        let more = ["/a%2f..%2fb", "/..\\x", "/a%5c..%5cb", "/%252e%252e%252fx", "/a/..?b"];
        for path in odd.into_iter().chain(more) {
            assert!(leads_elsewhere(path), "{path}");
        }
        for path in ["/", "/a..b/c", "/...", "/a?x=../..", "/.well-known/x", "/%2f", "/a%20b", "//x"] {
            assert!(!leads_elsewhere(path), "{path}");
        }
    }
}
