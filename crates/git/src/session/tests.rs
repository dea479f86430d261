#![allow(clippy::unwrap_used, clippy::panic)]
use super::Git;
use crate::error::Error;
use crate::object::Entry;
use crate::remote::{Login, Reference, Remote, Settings};
use crate::testing::{Host, Repository};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

fn remote(host: &str) -> Remote {
    Remote { host: host.to_owned(), path: "acme/shop".to_owned() }
}

fn plain(host: &Host) -> Settings {
    let here = vec![host.name()];
    Settings { private_hosts: here.clone(), plain_hosts: here, ..Settings::default() }
}

fn shop() -> (Host, Repository) {
    let (host, repository) = (Host::start(), Repository::new());
    repository.commit(&[(".quarterdeck.yaml", "blueprint: {}\n"), ("src/a/b.txt", "b\n"), ("big", "x")], "one");
    host.keep("acme/shop", &repository);
    (host, repository)
}

#[tokio::test]
async fn ws_09a_a_commit_is_found_by_branch_tag_commit_and_pull_request_and_its_files_are_read_one_by_one() {
    let (host, repository) = shop();
    let first = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["tag", "-a", "v1", "-m", "one"]);
    repository.git(&["checkout", "-q", "-b", "feature/X"]);
    let feature = repository.commit(&[("only-here", "1")], "two");
    repository.git(&["update-ref", "refs/pull/7/head", "HEAD"]);
    repository.git(&["update-ref", "refs/merge-requests/9/head", &first]);
    repository.git(&["checkout", "-q", "main"]);
    host.keep("acme/shop", &repository);
    let git = Git::new(plain(&host));
    let remote = remote(&host.name());
    for (reference, commit) in [
        (Reference::Default, &first),
        (Reference::Named("main".into()), &first),
        (Reference::Named("feature/X".into()), &feature),
        (Reference::Named("v1".into()), &first),
        (Reference::Named("refs/tags/v1".into()), &first),
        (Reference::Named(feature.clone()), &feature),
        (Reference::Pull(7), &feature),
        (Reference::Pull(9), &first),
    ] {
        assert_eq!(git.resolve(&remote, &reference, None).await.unwrap().to_string(), *commit, "{reference}");
    }
    for reference in [Reference::Named("feature/x".into()), Reference::Pull(8)] {
        let error = git.resolve(&remote, &reference, None).await.unwrap_err();
        assert!(matches!(error, Error::NoReference { .. }), "a ref keeps its case: {error}");
    }
    let commit = git.resolve(&remote, &Reference::Default, None).await.unwrap();
    let mut snapshot = git.snapshot(&remote, commit, None).await.unwrap();
    assert_eq!(snapshot.author, "Ada");
    assert!(matches!(snapshot.find("src/a"), Some(Entry::Folder(_))));
    assert_eq!(snapshot.list("").len(), 3);
    let (Some(Entry::File(id)), Some(Entry::File(big))) = (snapshot.find("src/a/b.txt"), snapshot.find("big")) else {
        panic!("they are there")
    };
    assert!(snapshot.file(id).is_none(), "no file has come yet");
    git.files(&remote, &mut snapshot, &["src/a/b.txt", "src", "nowhere"], None).await.unwrap();
    assert_eq!(snapshot.file(id).unwrap().as_ref(), b"b\n");
    assert!(snapshot.file(big).is_none(), "nor any other one");
    // A host that leaves nothing out sends them all, and the files are there.
    host.says("acme/shop", "uploadpack.allowFilter", "false");
    let mut whole = git.snapshot(&remote, commit, None).await.unwrap();
    let asked = host.asked().len();
    git.files(&remote, &mut whole, &["src/a/b.txt"], None).await.unwrap();
    assert_eq!((whole.file(id).unwrap().as_ref(), host.asked().len()), (&b"b\n"[..], asked));
}

#[tokio::test]
async fn ws_09b_private_addresses_other_hosts_and_plain_http_are_refused_wherever_a_redirect_leads() {
    let (host, _repository) = shop();
    let (name, git) = (host.name(), |settings: Settings| Git::new(settings));
    let asks = async |git: Git, host: &str| git.resolve(&remote(host), &Reference::Default, None).await;
    let refused = |error: Error| match error {
        Error::Refused { why, .. } => why,
        other => panic!("{other}"),
    };
    let why = refused(asks(git(Settings::default()), &name).await.unwrap_err());
    assert!(why.contains("private network"), "{why}");
    let open = Settings { plain_hosts: vec![name.clone()], ..Settings::default() };
    let why = refused(asks(git(open), &name).await.unwrap_err());
    assert!(why.contains("private network"), "{why}");
    let localhost = format!("localhost:{}", host.port());
    let why = refused(asks(git(Settings::default()), &localhost).await.unwrap_err());
    assert!(why.contains("private network"), "by whatever name: {why}");
    let only = Settings { hosts: vec!["git.example.org".into()], ..plain(&host) };
    let why = refused(asks(git(only), &name).await.unwrap_err());
    assert!(why.contains("other hosts alone"), "{why}");
    assert!(host.asked().is_empty(), "nobody was asked: {:?}", host.asked());
    // A host that is let through leads to one that is not.
    let (other, _kept) = shop();
    host.moves("acme/shop", &format!("http://{}/acme/shop.git", other.name()));
    let why = refused(asks(git(plain(&host)), &name).await.unwrap_err());
    assert!(why.contains("only https"), "{why}");
    let both = Settings { plain_hosts: vec![name.clone(), other.name()], ..plain(&host) };
    let why = refused(asks(git(both), &name).await.unwrap_err());
    assert!(why.contains("private network"), "{why}");
    assert!(other.asked().is_empty());
    let both = vec![name.clone(), other.name()];
    let both = Settings { plain_hosts: both.clone(), private_hosts: both, ..Settings::default() };
    asks(git(both), &name).await.unwrap();
    assert!(other.asked().iter().any(|line| line.starts_with("POST")), "the rest is asked where it was led to");
    host.moves("acme/shop", &format!("http://{name}/acme/shop.git"));
    let error = asks(git(plain(&host)), &name).await.unwrap_err();
    assert!(error.to_string().contains("leads on and on"), "{error}");
}

#[tokio::test]
async fn ws_09c_what_is_too_large_too_slow_absent_or_no_git_server_is_told_so() {
    let (host, repository) = shop();
    let large: String = (0_u32..60_000).map(|at| format!("{:x}", at.wrapping_mul(2_654_435_761))).collect();
    repository.commit(&[("large", &large)], "large");
    host.keep("acme/shop", &repository);
    let name = host.name();
    let small = Git::new(Settings { most_bytes: 1 << 16, ..plain(&host) });
    let at = remote(&name);
    let commit = small.resolve(&at, &Reference::Default, None).await.unwrap();
    let mut snapshot = small.snapshot(&at, commit, None).await.unwrap();
    let error = small.files(&at, &mut snapshot, &["large"], None).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    let git = Git::new(plain(&host));
    let gone = Remote { path: "acme/none".into(), ..at.clone() };
    assert!(matches!(git.resolve(&gone, &Reference::Default, None).await, Err(Error::NotFound(_))));
    let outside = Remote { path: "../../etc".into(), ..at.clone() };
    assert!(git.resolve(&outside, &Reference::Default, None).await.is_err());
    // Somebody listens and says nothing; nobody listens.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = silent.local_addr().unwrap().to_string();
    let here = vec![name.clone()];
    let quick = Settings {
        private_hosts: here.clone(),
        plain_hosts: here,
        time: std::time::Duration::from_millis(300),
        ..Settings::default()
    };
    let git = Git::new(quick);
    let error = git.resolve(&remote(&name), &Reference::Default, None).await.unwrap_err();
    assert!(error.may_pass() && error.to_string().contains("took longer"), "{error}");
    drop(silent);
    let error = git.resolve(&remote(&name), &Reference::Default, None).await.unwrap_err();
    assert!(error.may_pass(), "{error}");
}

/// A listener that speaks TLS with a certificate of its own authority, in front of a host.
async fn secured(host: &Host) -> (String, rcgen::Certificate) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (name, to) = (listener.local_addr().unwrap().to_string(), host.name());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, to) = (acceptor.clone(), to.clone());
            tokio::spawn(async move {
                let (Ok(mut stream), Ok(mut to)) = (acceptor.accept(stream).await, TcpStream::connect(to).await) else {
                    return;
                };
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut to).await;
            });
        }
    });
    (name, made.cert)
}

#[tokio::test]
async fn ws_09d_over_tls_the_certificate_is_checked_and_credentials_stay_with_their_host() {
    let (host, _repository) = shop();
    let (name, cert) = secured(&host).await;
    host.asks_for(&STANDARD.encode("ada:a token"));
    let settings = Settings { private_hosts: vec!["127.0.0.1".into()], ..Settings::default() };
    let error = Git::new(settings.clone()).resolve(&remote(&name), &Reference::Default, None).await;
    assert!(error.unwrap_err().to_string().contains("certificate"), "nobody vouches for it");
    let git = Git::new(Settings { authorities: vec![cert.der().clone()], ..settings.clone() });
    let without = git.resolve(&remote(&name), &Reference::Default, None).await.unwrap_err();
    assert!(matches!(without, Error::NotFound(_)) && without.to_string().contains("credentials"), "{without}");
    let login = Login { username: "ada".into(), secret: base::Secret::new("a token".into()) };
    let commit = git.resolve(&remote(&name), &Reference::Default, Some(&login)).await.unwrap();
    let mut snapshot = git.snapshot(&remote(&name), commit, Some(&login)).await.unwrap();
    git.files(&remote(&name), &mut snapshot, &["big"], Some(&login)).await.unwrap();
    // Over plain HTTP, or to another host, they are not told: there they are asked for in vain.
    let here = plain(&host);
    let plain = Git::new(here.clone());
    assert!(plain.resolve(&remote(&host.name()), &Reference::Default, Some(&login)).await.is_err());
    assert!(!format!("{login:?}").contains("a token"));
    let front = Host::start();
    front.moves("acme/shop", &format!("https://{name}/acme/shop.git"));
    let at = front.name();
    let settings = Settings {
        authorities: vec![cert.der().clone()],
        private_hosts: vec!["127.0.0.1".into()],
        plain_hosts: vec![at.clone()],
        ..Settings::default()
    };
    let led = Git::new(settings).resolve(&remote(&at), &Reference::Default, Some(&login)).await;
    assert!(matches!(led, Err(Error::NotFound(_))), "{led:?}");
}
