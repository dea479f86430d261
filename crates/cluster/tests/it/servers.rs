//! EXF-02: servers whose certificates do not verify, explained with subject, names and dates.

use crate::kubeconfigs::{Form, ours, theirs};
use base::Coded;
use base64::Engine;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A server with a certificate of this authority; it answers nothing.
    async fn serve(&self, params: CertificateParams) -> u16 {
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![signed.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move { drop(acceptor.accept(stream).await) });
            }
        });
        port
    }

    fn form(&self, port: u16) -> Form {
        let pem = base64::engine::general_purpose::STANDARD.encode(self.0.pem());
        let mut form = Form::new();
        form.cluster = json!({ "server": format!("https://127.0.0.1:{port}"), "certificate-authority-data": pem });
        form.user = json!({ "token": "x" });
        form
    }
}

fn named(names: &[&str], common: &str) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, common);
    params
}

async fn refused(form: &Form, marks: &[&str]) -> serde_json::Value {
    let path = form.write();
    let theirs = theirs(&path);
    assert!(theirs.is_err(), "kubectl takes it");
    let error = ours(&path).await.unwrap_err();
    assert_eq!(error.code().as_str(), "cluster_tls", "{error}");
    for mark in marks {
        assert!(error.to_string().contains(mark), "{mark} in: {error}");
    }
    error.details().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_02_an_expired_server_certificate_names_its_dates() {
    let authority = Authority::new("deck ca");
    let mut params = named(&["127.0.0.1"], "old-server");
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 2, 3);
    let form = authority.form(authority.serve(params).await);
    let details = refused(&form, &["expired", "CN=old-server", "127.0.0.1", "2021-02-03", "deck ca"]).await;
    assert_eq!(details["subject"], "CN=old-server");
    assert_eq!(details["names"], json!(["127.0.0.1"]));
    assert_eq!(details["not_after_ms"], 1_612_310_400_000_i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_02_a_wrong_authority_names_the_one_that_signed() {
    let (one, other) = (Authority::new("one ca"), Authority::new("other ca"));
    let port = other.serve(named(&["127.0.0.1"], "server")).await;
    refused(&one.form(port), &["not signed by the kubeconfig's certificate-authority", "CN=other ca"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_02_a_certificate_for_other_names_lists_them() {
    let authority = Authority::new("deck ca");
    let port = authority.serve(named(&["api.example", "10.9.8.7"], "server")).await;
    let details = refused(&authority.form(port), &["other names", "api.example", "10.9.8.7"]).await;
    assert_eq!(details["names"], json!(["api.example", "10.9.8.7"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_02_a_certificate_with_a_common_name_alone_is_refused_in_plain_words() {
    let authority = Authority::new("deck ca");
    let port = authority.serve(named(&[], "127.0.0.1")).await;
    refused(&authority.form(port), &["only a common name", "subject CN=127.0.0.1; names none"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_02_http_where_https_is_spoken_and_the_other_way_round() {
    let mut form = Form::new();
    let server = form.cluster["server"].as_str().unwrap().to_owned();
    form.cluster["server"] = server.replace("https://", "http://").into();
    let path = form.write();
    assert!(theirs(&path).is_err());
    let error = ours(&path).await.unwrap_err();
    assert!(error.to_string().contains("https"), "{error}");

    let door = crate::fault::Door::open().await;
    form.cluster["server"] = format!("https://127.0.0.1:{}", door.port).into();
    let path = form.write();
    assert!(theirs(&path).is_err());
    let error = ours(&path).await.unwrap_err();
    assert_eq!(error.code().as_str(), "cluster_tls", "{error}");
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
}
