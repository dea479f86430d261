#![allow(clippy::unwrap_used, clippy::panic)]

use super::sha256;
use crate::{Error, Facts, Image, Logins, Registry, Settings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use net::Rules;
use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What a host answers: status, more of its header, body.
type Answer = (u16, String, Vec<u8>);
type Answers = Arc<dyn Fn(&str, &str) -> Answer + Send + Sync>;

/// A host of one's own: it keeps the heads of what it is asked.
struct Host {
    name: String,
    asked: Arc<Mutex<Vec<String>>>,
    certificate: Option<CertificateDer<'static>>,
}

impl Host {
    /// Answers by path and by who asks.
    async fn start(tls: bool, answers: impl Fn(&str, &str, &str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = listener.local_addr().unwrap().to_string();
        let (own, asked) = (name.clone(), Arc::new(Mutex::new(Vec::new())));
        let answers: Answers = Arc::new(move |path, who| answers(&own, path, who));
        let (certificate, acceptor) = if tls { secured() } else { (None, None) };
        let heads = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answers, heads, acceptor) = (answers.clone(), heads.clone(), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, &answers, &heads).await;
                            }
                        }
                        None => serve(stream, &answers, &heads).await,
                    }
                });
            }
        });
        Self { name, asked, certificate }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().clone()
    }

    fn settings(&self, others: &[&Host]) -> Settings {
        let all: Vec<&Host> = std::iter::once(&self).copied().chain(others.iter().copied()).collect();
        let plain = all.iter().filter(|host| host.certificate.is_none()).map(|host| host.name.clone());
        let rules = Rules {
            private_hosts: vec!["127.0.0.1".to_owned()],
            plain_hosts: plain.collect(),
            authorities: all.iter().filter_map(|host| host.certificate.clone()).collect(),
        };
        Settings { rules, ..Settings::default() }
    }
}

fn secured() -> (Option<CertificateDer<'static>>, Option<TlsAcceptor>) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    (Some(made.cert.der().clone()), Some(TlsAcceptor::from(Arc::new(config))))
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, answers: &Answers, heads: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let who = head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or_default().to_owned();
    heads.lock().push(format!("{path} {who}").trim_end().to_owned());
    let (status, more, body) = answers(&path, &who);
    let length = body.len();
    let answer = format!("HTTP/1.1 {status} X\r\n{more}content-length: {length}\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.write_all(&body).await;
    let _ = stream.shutdown().await;
}

/// An image that listens on this port, as a registry has it: its manifest, and all by their paths.
fn shop(port: u16) -> (String, HashMap<String, Vec<u8>>) {
    let config = json!({
        "architecture": "amd64", "os": "linux", "rootfs": { "type": "layers", "diff_ids": [] },
        "config": { "ExposedPorts": { format!("{port}/tcp"): {} }, "Labels": { "org.opencontainers.image.title": "shop" } },
    });
    let config = config.to_string().into_bytes();
    let manifest = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [],
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": sha256(&config), "size": config.len() },
    });
    let manifest = manifest.to_string().into_bytes();
    let digest = sha256(&manifest);
    let all = [
        (format!("/v2/team/shop/blobs/{}", sha256(&config)), config),
        (format!("/v2/team/shop/manifests/{digest}"), manifest.clone()),
        ("/v2/team/shop/manifests/1".to_owned(), manifest),
    ];
    (digest, all.into())
}

fn found(all: &HashMap<String, Vec<u8>>, path: &str) -> Answer {
    all.get(path).map_or((404, String::new(), Vec::new()), |body| (200, String::new(), body.clone()))
}

async fn read(registry: &Registry, host: &Host, of: &str, logins: &Logins) -> Result<Arc<Facts>, Error> {
    let image = Image::parse(&format!("{}/{of}", host.name)).unwrap();
    registry.read(&image, &["amd64".to_owned()], logins).await
}

fn numbers(facts: &Facts) -> Vec<u16> {
    facts.ports.iter().map(|port| port.number).collect()
}

#[tokio::test]
async fn wo_08h_an_image_says_what_its_registry_has_by_its_digest_and_for_the_nodes_platform() {
    let (digest, mut all) = shop(3000);
    let (other, more) = shop(4000);
    all.extend(more.into_iter().filter(|(path, _)| !path.ends_with("/1")));
    let of = |digest: &str, architecture: &str| {
        json!({ "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 9, "digest": digest,
            "platform": { "os": "linux", "architecture": architecture } })
    };
    let unknown = json!({ "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 9, "digest": digest,
        "platform": { "os": "unknown", "architecture": "unknown" } });
    let index = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [unknown, of(&other, "arm64"), of(&digest, "amd64")] });
    all.insert("/v2/team/shop/manifests/many".to_owned(), index.to_string().into_bytes());
    all.insert("/v2/team/shop/manifests/list".to_owned(), {
        let docker = json!({ "schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",
            "manifests": [of(&other, "arm64")] });
        docker.to_string().into_bytes()
    });
    for (name, text) in [
        ("schema1", json!({ "schemaVersion": 1 }).to_string()),
        ("text", "hello".to_owned()),
        ("nothing", String::new()),
        ("long", json!({ "schemaVersion": "x".repeat(100_000), "config": 1 }).to_string()),
    ] {
        all.insert(format!("/v2/team/shop/manifests/{name}"), text.into_bytes());
    }
    let host = Host::start(false, move |_, path, _| found(&all, path)).await;
    let registry = Registry::new(host.settings(&[]));
    let none = Logins::default();
    let one = read(&registry, &host, "team/shop:1", &none).await.unwrap();
    assert_eq!((numbers(&one), one.digest.as_str(), one.ports_from), (vec![3000], digest.as_str(), "EXPOSE and PORT"));
    assert_eq!(one.labels["org.opencontainers.image.title"], "shop");
    assert_eq!(host.asked().len(), 2, "its manifest and its configuration: {:?}", host.asked());
    // By digest it is the same, and is not read again.
    let again = read(&registry, &host, &format!("team/shop@{digest}"), &none).await.unwrap();
    assert!(Arc::ptr_eq(&one, &again));
    let many = Image::parse(&format!("{}/team/shop:many", host.name)).unwrap();
    for (architectures, port) in [(&["amd64"][..], 3000), (&["arm64"], 4000), (&["riscv64", "arm64"], 4000)] {
        let architectures: Vec<String> = architectures.iter().map(|one| (*one).to_owned()).collect();
        assert_eq!(numbers(&registry.read(&many, &architectures, &none).await.unwrap()), [port]);
    }
    assert!(registry.read(&many, &[], &none).await.is_ok(), "whose nodes are not known has one of Linux");
    for (tag, why) in [
        ("list", "no manifest for the nodes' platform"),
        ("schema1", "its manifest"),
        ("text", "its manifest"),
        ("nothing", "its manifest"),
    ] {
        let error = read(&registry, &host, &format!("team/shop:{tag}"), &none).await.unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }) && error.to_string().contains(why), "{tag}: {error}");
    }
    let long = read(&registry, &host, "team/shop:long", &none).await.unwrap_err().to_string();
    assert!(long.len() < 400 && long.contains("its manifest"), "what others say is cut: {}", long.len());
    let gone = read(&registry, &host, "team/other:1", &none).await.unwrap_err();
    assert!(matches!(gone, Error::NotFound(_)), "{gone}");
    let elsewhere = Settings { registries: vec!["ghcr.io".to_owned()], ..host.settings(&[]) };
    let refused = read(&Registry::new(elsewhere), &host, "team/shop:1", &none).await.unwrap_err();
    assert!(refused.to_string().contains("other registries alone"), "{refused}");
    let listed = Settings { registries: vec![host.name.clone()], ..host.settings(&[]) };
    assert!(read(&Registry::new(listed), &host, "team/shop:1", &none).await.is_ok());
}

#[tokio::test]
async fn wo_08i_a_registry_is_asked_at_public_addresses_by_tls_and_within_its_budgets() {
    let (_, all) = shop(3000);
    let blob = all.keys().find(|path| path.contains("blobs")).unwrap().clone();
    let lies = all.clone();
    let plain = Host::start(false, move |_, path, _| found(&all, path)).await;
    let none = Logins::default();
    // Nobody named it: neither as private, nor as one without TLS.
    for rules in [Rules::default(), Rules { private_hosts: vec!["127.0.0.1".into()], ..Rules::default() }] {
        let registry = Registry::new(Settings { rules, ..Settings::default() });
        let error = read(&registry, &plain, "team/shop:1", &none).await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. } | Error::Unreachable { .. }), "{error}");
        assert!(plain.asked().is_empty());
    }
    // What comes is not what was named.
    let wrong = blob.clone();
    let liar = Host::start(false, move |_, path, _| match path {
        _ if path == wrong => (200, String::new(), b"{}".to_vec()),
        _ if path.ends_with(&"0".repeat(64)) => found(&lies, "/v2/team/shop/manifests/1"),
        _ => found(&lies, path),
    })
    .await;
    let registry = Registry::new(liar.settings(&[]));
    for of in ["team/shop:1".to_owned(), format!("team/shop@sha256:{}", "0".repeat(64))] {
        let error = read(&registry, &liar, &of, &none).await.unwrap_err();
        assert!(error.to_string().contains("another digest"), "{error}");
    }
    // More than is read, an answer that never ends, and one that does not come.
    let large = Host::start(false, |_, _, _| (200, String::new(), vec![b' '; (4 << 20) + 1])).await;
    let error = read(&Registry::new(large.settings(&[])), &large, "team/shop:1", &none).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    let round = Host::start(false, |own, path, _| (307, format!("location: http://{own}{path}\r\n"), Vec::new())).await;
    let error = read(&Registry::new(round.settings(&[])), &round, "team/shop:1", &none).await.unwrap_err();
    assert!(error.to_string().contains("on and on") && round.asked().len() == 4, "{error}");
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = silent.local_addr().unwrap().to_string();
    let rules = Rules { private_hosts: vec![name.clone()], plain_hosts: vec![name.clone()], ..Rules::default() };
    let registry = Registry::new(Settings { rules, time: Duration::from_millis(200), ..Settings::default() });
    let image = Image::parse(&format!("{name}/team/shop:1")).unwrap();
    let error = registry.read(&image, &[], &none).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable { why, .. } if why.contains("longer")), "{error}");
    let down = Host::start(false, |_, _, _| (503, String::new(), Vec::new())).await;
    let error = read(&Registry::new(down.settings(&[])), &down, "team/shop:1", &none).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
}

fn login(host: &Host, username: &str, password: &str) -> Logins {
    let mut logins = Logins::default();
    let entry: Value = json!({ "username": username, "password": password });
    assert!(logins.add(json!({ "auths": { host.name.clone(): entry } }).to_string().as_bytes()));
    logins
}

#[tokio::test]
async fn wo_08j_a_login_is_told_to_its_registry_and_the_token_service_alone() {
    let (_, all) = shop(3000);
    let basic = format!("Basic {}", STANDARD.encode("12345:a\"b:c$é"));
    let blob = all.keys().find(|path| path.contains("blobs")).unwrap().clone();
    // Where blobs are is another host, and is told nothing.
    let store = {
        let all = all.clone();
        Host::start(true, move |_, path, _| found(&all, path)).await
    };
    let (at, wanted, kept) = (store.name.clone(), basic.clone(), all.clone());
    let own = Host::start(true, move |_, path, who| match path {
        _ if who != wanted => (401, "www-authenticate: Basic realm=\"shop\"\r\n".to_owned(), Vec::new()),
        _ if path == blob => (307, format!("location: https://{at}{blob}\r\n"), Vec::new()),
        _ => found(&kept, path),
    })
    .await;
    let registry = Registry::new(own.settings(&[&store]));
    let good = login(&own, "12345", "a\"b:c$é");
    assert_eq!(numbers(&read(&registry, &own, "team/shop:1", &good).await.unwrap()), [3000]);
    assert_eq!(store.asked().len(), 1);
    assert!(!store.asked()[0].contains("Basic"), "{:?}", store.asked());
    for logins in [Logins::default(), login(&own, "12345", "other"), login(&store, "12345", "a\"b:c$é")] {
        let error = read(&registry, &own, "team/shop:1", &logins).await.unwrap_err();
        assert!(matches!(error, Error::NotFound(_)), "{error}");
    }

    // A token service of its own, which is told the login and asked for one repository.
    let (wanted, kept) = (basic.clone(), all.clone());
    let tokens = Host::start(true, move |_, path, who| {
        let token = if who == wanted { "for-12345" } else { "for-anybody" };
        assert!(path.ends_with("scope=repository%3Ateam%2Fshop%3Apull"), "{path}");
        (200, String::new(), json!({ "token": token }).to_string().into_bytes())
    })
    .await;
    let realm = format!("https://{}/token", tokens.name);
    let asks = move |realm: String, kept: HashMap<String, Vec<u8>>| {
        move |_: &str, path: &str, who: &str| match who {
            "Bearer for-12345" => found(&kept, path),
            _ => (
                401,
                format!("www-authenticate: Bearer realm=\"{realm}\",service=\"s\",scope=\"repository:*:*\"\r\n"),
                Vec::new(),
            ),
        }
    };
    let of_tokens = Host::start(true, asks(realm, kept)).await;
    let registry = Registry::new(of_tokens.settings(&[&tokens]));
    let logins = login(&of_tokens, "12345", "a\"b:c$é");
    assert!(read(&registry, &of_tokens, "team/shop:1", &logins).await.is_ok());
    assert!(of_tokens.asked().iter().all(|head| !head.contains("Basic")), "{:?}", of_tokens.asked());
    let error = read(&registry, &of_tokens, "team/shop:1", &Logins::default()).await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error}");

    // A token service without TLS, and a registry without it: nobody is told a login there.
    let in_the_clear = Host::start(false, |_, _, _| (200, String::new(), b"{\"token\":\"x\"}".to_vec())).await;
    let leads = Host::start(true, asks(format!("http://{}/token", in_the_clear.name), all.clone())).await;
    let registry = Registry::new(leads.settings(&[&in_the_clear]));
    let error = read(&registry, &leads, "team/shop:1", &login(&leads, "12345", "p")).await.unwrap_err();
    assert!(error.to_string().contains("by https alone") && in_the_clear.asked().is_empty(), "{error}");
    let plain =
        Host::start(false, |_, _, _| (401, "www-authenticate: Basic realm=\"x\"\r\n".to_owned(), Vec::new())).await;
    let registry = Registry::new(plain.settings(&[]));
    let error = read(&registry, &plain, "team/shop:1", &login(&plain, "12345", "p")).await.unwrap_err();
    assert!(error.to_string().contains("without TLS"), "{error}");
    assert!(plain.asked().iter().all(|head| !head.contains("Basic")), "{:?}", plain.asked());
}
