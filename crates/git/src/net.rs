//! One request over HTTP/1.1: the address checked before anybody connects, the answer read within its budget.

use crate::error::Error;
use crate::remote::{Login, Settings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

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

/// The authorities that certificates of hosts are checked by.
pub(crate) fn tls(settings: &Settings) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "certificate authorities of the system cannot be read");
    }
    roots.add_parsable_certificates(system.certs);
    roots.add_parsable_certificates(settings.authorities.iter().cloned());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Unreachable { host: "any host".to_owned(), why: error.to_string() })?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Asks, and reads the answer. `tls` is asked for where the host is one of https.
pub(crate) async fn ask(
    settings: &Settings,
    tls: impl FnOnce() -> Result<Arc<ClientConfig>, Error>,
    ask: Ask<'_>,
) -> Result<Answer, Error> {
    let host = host_of(ask.uri);
    let gone = |why: String| Error::Unreachable { host: host.clone(), why };
    if !settings.reads(&host) {
        let why = "the platform reads repositories of other hosts alone".to_owned();
        return Err(Error::Refused { host, why });
    }
    let secure = match ask.uri.scheme_str() {
        Some("https") => true,
        Some("http") if settings.is_plain(&host) => false,
        _ => return Err(Error::Refused { host, why: "only https leads to it".to_owned() }),
    };
    let name = ask.uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = ask.uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let stream = connect(settings, &host, &name, port).await?;
    let mut request = Request::builder()
        .uri(ask.uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(header::HOST, &host)
        .header(header::USER_AGENT, concat!("git/2 (quarterdeck ", env!("CARGO_PKG_VERSION"), ")"))
        .header(header::ACCEPT_ENCODING, "identity")
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
    let request = request.body(Full::new(ask.body.unwrap_or_default())).map_err(|error| gone(error.to_string()))?;
    if secure {
        let server = ServerName::try_from(name).map_err(|error| gone(error.to_string()))?;
        let stream = TlsConnector::from(tls()?).connect(server, stream).await.map_err(|why| gone(why.to_string()))?;
        send(stream, request, &host, ask.most).await
    } else {
        send(stream, request, &host, ask.most).await
    }
}

async fn send<S>(stream: S, request: Request<Full<Bytes>>, host: &str, most: usize) -> Result<Answer, Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let gone = |error: hyper::Error| Error::Unreachable { host: host.to_owned(), why: error.to_string() };
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(gone)?;
    // It ends with whoever waits for the answer.
    let mut connection = std::pin::pin!(connection);
    let answered = async {
        let answer = sender.send_request(request).await.map_err(gone)?;
        let (parts, mut body) = answer.into_parts();
        let mut read = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(gone)?.into_data() else { continue };
            if read.len() + data.len() > most {
                let (remote, most) = (host.to_owned(), most >> 20);
                return Err(Error::TooLarge { remote, what: "what it answers is more", most });
            }
            read.extend_from_slice(&data);
        }
        let location = parts.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Answer { status: parts.status, location, body: read.freeze() })
    };
    let mut answered = std::pin::pin!(answered);
    tokio::select! {
        answer = &mut answered => answer,
        ended = &mut connection => match ended {
            // What came before it ended is read to its end.
            Ok(()) => answered.await,
            Err(error) => Err(gone(error)),
        },
    }
}

/// The host of an address, with its port where it has one.
pub(crate) fn host_of(uri: &Uri) -> String {
    uri.authority().map(|authority| authority.as_str()).unwrap_or_default().to_ascii_lowercase()
}

/// Connects to the first address of a host that is let through: the very address that was looked at.
async fn connect(settings: &Settings, host: &str, name: &str, port: u16) -> Result<TcpStream, Error> {
    let gone = |why: String| Error::Unreachable { host: host.to_owned(), why };
    let found = tokio::net::lookup_host((name, port)).await.map_err(|error| gone(error.to_string()))?;
    let all: Vec<SocketAddr> = found.collect();
    let private = settings.may_be_private(host);
    let may: Vec<SocketAddr> = all.iter().copied().filter(|one| private || is_public(one.ip())).collect();
    if may.is_empty() && !all.is_empty() {
        let why = "its address is of a private network, and the platform does not name it among those that may be";
        return Err(Error::Refused { host: host.to_owned(), why: why.to_owned() });
    }
    let mut last = "it has no address".to_owned();
    for address in may.into_iter().take(MOST_ADDRESSES) {
        match tokio::time::timeout(CONNECT_TIME, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error.to_string(),
            Err(_) => last = "nobody answers at its address".to_owned(),
        }
    }
    Err(gone(last))
}

/// Whether an address is one of the internet.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            let inner = |at: usize| {
                let octets = address.octets();
                let mut four = [0; 4];
                four.iter_mut().zip(octets.iter().skip(at)).for_each(|(to, from)| *to = *from);
                Ipv4Addr::from(four)
            };
            match (first, second) {
                // 6to4 and the prefixes for translation hold an address of version 4
                (0x2002, _) => is_public_v4(inner(2)),
                (0x64, 0xff9b) => is_public_v4(inner(12)),
                (0, _) => address.to_ipv4_mapped().is_some_and(is_public_v4),
                // 2000::/3 without documentation and Teredo
                (0x2001, 0 | 0xdb8) => false,
                _ => first & 0xe000 == 0x2000 && address != Ipv6Addr::UNSPECIFIED,
            }
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let closed = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 224;
    !closed
}

const CONNECT_TIME: Duration = Duration::from_secs(5);
const MOST_ADDRESSES: usize = 4;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::is_public;

    #[test]
    fn addresses_of_private_networks_are_known_in_every_form() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["140.82.121.3", "1.1.1.1", "2606:50c0:8000::153", "::ffff:1.1.1.1", "64:ff9b::101:101"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
