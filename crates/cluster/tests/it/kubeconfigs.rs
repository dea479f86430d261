//! EX-05, EXF-02: every form of kubeconfig that kubectl takes, we take; what it refuses, we refuse in plain words.

use crate::fault::{kubectl, kubectl_program};
use crate::proxies;
use base::Coded;
use cluster::{Cluster, ConnectOptions, Error, Kubeconfig};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with a kubeconfig of one context.
pub(crate) struct Form {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) cluster: Value,
    pub(crate) user: Value,
}

impl Form {
    /// The test cluster's own.
    pub(crate) fn new() -> Self {
        let config: Value =
            serde_json::from_str(&kubectl(&["config", "view", "--raw", "--flatten", "-o", "json"], "")).unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            cluster: config["clusters"][0]["cluster"].clone(),
            user: config["users"][0]["user"].clone(),
        }
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn script(&self, name: &str, body: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.file(name, format!("#!/bin/sh\n{body}\n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(crate) fn write(&self) -> PathBuf {
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{ "name": "c", "cluster": self.cluster }],
            "users": [{ "name": "u", "user": self.user }],
            "contexts": [{ "name": "it", "context": { "cluster": "c", "user": "u" } }],
        });
        self.file("kubeconfig", config.to_string())
    }

    pub(crate) fn decoded(value: &Value) -> Vec<u8> {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap()).unwrap()
    }
}

/// Who we are, by our own client.
pub(crate) async fn ours(path: &Path) -> Result<String, Error> {
    let kubeconfig = Kubeconfig::load(Some(path))?;
    let context = kubeconfig.choose(None)?;
    let cluster = Cluster::connect(&kubeconfig, &context.name, ConnectOptions::default())?;
    Ok(cluster.reader().whoami().await?.username)
}

/// Who we are, by kubectl.
pub(crate) fn theirs(path: &Path) -> Result<String, String> {
    let out = Command::new(kubectl_program())
        .args(["--request-timeout=10s", "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}", "--kubeconfig"])
        .arg(path)
        .output()
        .unwrap();
    if out.status.success() {
        Ok(String::from_utf8(out.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&out.stderr).into_owned())
    }
}

/// Both take it, as the same user.
pub(crate) async fn both_take(what: &str, form: &Form) -> String {
    let path = form.write();
    let theirs = theirs(&path).unwrap_or_else(|error| panic!("{what}: kubectl refuses: {error}"));
    let ours = ours(&path).await.unwrap_or_else(|error| panic!("{what}: we refuse: {error}"));
    assert_eq!(ours, theirs, "{what}");
    ours
}

/// Both refuse it; ours with this code, in words with this mark.
pub(crate) async fn both_refuse(what: &str, form: &Form, code: &str, mark: &str) {
    let path = form.write();
    if let Ok(user) = theirs(&path) {
        panic!("{what}: kubectl takes it, as {user}");
    }
    let error = ours(&path).await.expect_err(what);
    assert_eq!(error.code().as_str(), code, "{what}: {error}");
    assert!(error.to_string().contains(mark), "{what}: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_05a_certificates_keys_and_authorities_in_every_form() {
    let mut form = Form::new();
    let me = both_take("data", &form).await;

    let (pair, key) = (form.user["client-certificate-data"].clone(), form.user["client-key-data"].clone());
    let authority = form.cluster["certificate-authority-data"].clone();
    let files = [("a.crt", &pair), ("a.key", &key), ("ca.crt", &authority)];
    let paths = files.map(|(name, data)| form.file(name, Form::decoded(data)));
    form.user = json!({ "client-certificate": paths[0], "client-key": paths[1] });
    form.cluster = json!({ "server": form.cluster["server"], "certificate-authority": paths[2] });
    assert_eq!(both_take("files", &form).await, me);
    form.user = json!({ "client-certificate": "a.crt", "client-key": "./a.key" });
    form.cluster["certificate-authority"] = "ca.crt".into();
    assert_eq!(both_take("files beside the kubeconfig", &form).await, me);

    let server = form.cluster["server"].as_str().unwrap().to_owned();
    form.cluster["server"] = server.trim_start_matches("https://").into();
    // kubectl speaks plain HTTP to it, and fails: a context with certificates can only mean HTTPS.
    assert_eq!(ours(&form.write()).await.unwrap(), me, "a server without a scheme");
    form.cluster["server"] = format!("{server}/").into();
    both_take("a server with a slash", &form).await;
    form.cluster["server"] = server.clone().into();

    form.user["client-key"] = "missing.key".into();
    both_refuse("a key that is not there", &form, "kubeconfig_invalid", "missing.key").await;
    form.user["client-key"] = "ca.crt".into();
    both_refuse("a key that is none", &form, "kubeconfig_invalid", "private key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_05a_key_types_rsa_ec_and_pkcs8() {
    let form = Form::new();
    let openssl = |arguments: &[&str]| {
        let out = Command::new("openssl").args(arguments).current_dir(form.folder.path()).output().unwrap();
        assert!(out.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    };
    openssl(&["genrsa", "-traditional", "-out", "rsa.key", "2048"]);
    openssl(&["ecparam", "-name", "prime256v1", "-genkey", "-out", "ec.key"]);
    openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", "ec.key", "-out", "pkcs8.key"]);
    for kind in ["rsa", "ec", "pkcs8"] {
        let (key, request, user) = (format!("{kind}.key"), format!("{kind}.csr"), format!("matrix-{kind}"));
        openssl(&["req", "-new", "-key", &key, "-subj", &format!("/CN={user}"), "-out", &request]);
        let text = std::fs::read(form.folder.path().join(&request)).unwrap();
        let name = format!("{user}-{}", std::process::id());
        use base64::Engine;
        let csr = json!({
            "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": { "name": name },
            "spec": {
                "request": base64::engine::general_purpose::STANDARD.encode(text),
                "signerName": "kubernetes.io/kube-apiserver-client", "usages": ["client auth"], "expirationSeconds": 3600,
            },
        });
        kubectl(&["create", "-f", "-"], &csr.to_string());
        kubectl(&["certificate", "approve", &name], "");
        kubectl(&["wait", "csr", &name, "--for=jsonpath={.status.certificate}", "--timeout=30s"], "");
        let signed = kubectl(&["get", "csr", &name, "-o", "jsonpath={.status.certificate}"], "");
        kubectl(&["delete", "csr", &name], "");
        form.file(&format!("{kind}.crt"), Form::decoded(&signed.into()));
        let form = Form {
            user: json!({ "client-certificate": form.folder.path().join(format!("{kind}.crt")),
            "client-key": form.folder.path().join(&key) }),
            ..Form::new()
        };
        assert_eq!(both_take(kind, &form).await, user);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_05a_trust_names_and_impersonation() {
    let mut form = Form::new();
    form.cluster["tls-server-name"] = "kubernetes".into();
    both_take("tls-server-name", &form).await;
    form.cluster["tls-server-name"] = "elsewhere.example".into();
    both_refuse("another tls-server-name", &form, "cluster_tls", "other names").await;

    let mut form = Form::new();
    form.cluster["insecure-skip-tls-verify"] = true.into();
    both_refuse("no verification and an authority", &form, "kubeconfig_invalid", "exclude each other").await;
    form.cluster.as_object_mut().unwrap().remove("certificate-authority-data");
    both_take("no verification", &form).await;
    form.cluster.as_object_mut().unwrap().remove("insecure-skip-tls-verify");
    both_refuse("an authority that nobody knows", &form, "cluster_tls", "not signed by").await;

    let mut form = Form::new();
    form.user["as"] = "ada".into();
    assert_eq!(both_take("as", &form).await, "ada");
    form.user["as-groups"] = json!(["crew", "system:masters"]);
    form.user["as-uid"] = "7".into();
    form.user["as-user-extra"] = json!({ "deck": ["upper", "lower"], "odd/key%": ["x"] });
    assert_eq!(both_take("as with groups, uid and extra", &form).await, "ada");
    let kubeconfig = Kubeconfig::load(Some(&form.write())).unwrap();
    let cluster = Cluster::connect(&kubeconfig, "it", ConnectOptions::default()).unwrap();
    let user = cluster.reader().whoami().await.unwrap();
    assert!(user.groups.contains(&"crew".to_owned()), "{user:?}");
    form.user.as_object_mut().unwrap().remove("as");
    both_refuse("groups without as", &form, "kubeconfig_invalid", "no `as`").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_05a_tokens_and_passwords() {
    let token = kubectl(&["create", "token", "default", "-n", "default"], "").trim().to_owned();
    let mut form = Form::new();
    form.user = json!({ "token": token });
    let me = both_take("token", &form).await;
    assert_eq!(me, "system:serviceaccount:default:default");
    form.file("token", format!("{token}\n"));
    form.user = json!({ "tokenFile": "token" });
    assert_eq!(both_take("tokenFile", &form).await, me);
    form.user = json!({ "tokenFile": "token", "token": "stale" });
    assert_eq!(both_take("tokenFile before token", &form).await, me);
    form.user = json!({ "token": "wrong" });
    both_refuse("a wrong token", &form, "cluster_auth_expired", "401").await;
    form.user = json!({ "tokenFile": "missing" });
    both_refuse("a token file that is not there", &form, "cluster_auth_expired", "missing").await;
    form.user = json!({ "username": "ada", "password": "canary" });
    both_refuse("a password", &form, "cluster_auth_expired", "system:anonymous").await;
    form.user = json!({ "username": "ada", "password": "canary", "token": token });
    both_refuse("a password and a token", &form, "kubeconfig_invalid", "keep one").await;
    form.user = json!({ "auth-provider": { "name": "gcp", "config": {} } });
    both_refuse("an auth-provider of old", &form, "kubeconfig_invalid", "exec plugin").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_05a_files_are_merged_and_broken_ones_named() {
    let form = Form::new();
    let first = form.file(
        "first",
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "contexts": [{ "name": "it", "context": { "cluster": "c", "user": "u" } }],
            "users": [{ "name": "u", "user": form.user }],
        })
        .to_string(),
    );
    let second = form.file(
        "second",
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "other",
            "contexts": [{ "name": "other", "context": { "cluster": "c", "user": "u", "namespace": "n" } }],
            "clusters": [{ "name": "c", "cluster": form.cluster }],
        })
        .to_string(),
    );
    let list = std::env::join_paths([&first, &form.folder.path().join("absent"), &second]).unwrap();
    let out = Command::new(kubectl_program())
        .args(["config", "get-contexts", "-o", "name"])
        .env("KUBECONFIG", &list)
        .output()
        .unwrap();
    let merged = Kubeconfig::read(&[first.clone(), second.clone()]).unwrap();
    let names: Vec<String> = merged.contexts().into_iter().map(|context| context.name).collect();
    assert_eq!(String::from_utf8(out.stdout).unwrap().lines().collect::<Vec<_>>(), names);
    assert_eq!(merged.choose(None).unwrap().name, "it", "the first file's current context");
    assert_eq!(merged.choose(Some("other")).unwrap().namespace.as_deref(), Some("n"));
    let cluster = Cluster::connect(&merged, "it", ConnectOptions::default()).unwrap();
    cluster.reader().version().await.unwrap();

    let broken = form.file("broken", "clusters: [\n");
    let error = Kubeconfig::read(&[first, broken.clone()]).unwrap_err();
    assert_eq!(error.code().as_str(), "kubeconfig_invalid");
    assert!(error.to_string().contains(broken.to_str().unwrap()), "{error}");
    let error = Kubeconfig::read(&[]).unwrap_err();
    assert_eq!(error.code().as_str(), "kubeconfig_missing");
    let error = merged.choose(Some("nowhere")).unwrap_err();
    assert_eq!(error.code().as_str(), "cluster_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_05a_proxies() {
    let mut form = Form::new();
    let (http, seen) = proxies::http().await;
    form.cluster["proxy-url"] = format!("http://127.0.0.1:{http}").into();
    both_take("an HTTP proxy", &form).await;
    assert!(seen.lock().unwrap().len() >= 2, "both went through it");
    form.cluster["proxy-url"] = format!("http://me:secret@127.0.0.1:{http}").into();
    both_take("an HTTP proxy with a password", &form).await;
    assert!(seen.lock().unwrap().last().unwrap().contains("proxy-authorization: basic bwu6c2vjcmv0"));
    let (socks, count) = proxies::socks().await;
    for scheme in ["socks5", "socks5h"] {
        form.cluster["proxy-url"] = format!("{scheme}://127.0.0.1:{socks}").into();
        let before = *count.lock().unwrap();
        let path = form.write();
        ours(&path).await.unwrap();
        assert!(*count.lock().unwrap() > before, "{scheme}");
        // kubectl 1.34 knows only the first name.
        assert_eq!(theirs(&path).is_ok(), scheme == "socks5", "{scheme}");
    }
    form.cluster["proxy-url"] = "ftp://127.0.0.1:1".into();
    both_refuse("a proxy of another kind", &form, "kubeconfig_invalid", "must begin with").await;
    form.cluster["proxy-url"] = "http://127.0.0.1:1".into();
    both_refuse("a proxy that is not there", &form, "cluster_unreachable", "refused").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_05b_paths_are_relative_to_the_file_that_names_them() {
    let form = Form::new();
    let me = both_take("data", &form).await;
    let folder = form.folder.path().to_owned();
    for name in ["trust", "people"] {
        std::fs::create_dir(folder.join(name)).unwrap();
    }
    let data = |value: &Value| Form::decoded(value);
    form.file("trust/ca.crt", data(&form.cluster["certificate-authority-data"]));
    form.file("people/me.crt", data(&form.user["client-certificate-data"]));
    form.file("people/me.key", data(&form.user["client-key-data"]));
    let cluster = json!({ "server": form.cluster["server"], "certificate-authority": "ca.crt" });
    let first = form.file(
        "trust/config",
        json!({ "apiVersion": "v1", "kind": "Config", "clusters": [{ "name": "c", "cluster": cluster }] }).to_string(),
    );
    let user = json!({ "client-certificate": "me.crt", "client-key": "./me.key" });
    let second = form.file(
        "people/config",
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "users": [{ "name": "u", "user": user }],
            "contexts": [{ "name": "it", "context": { "cluster": "c", "user": "u" } }],
            // What stands first wins, whole: this server is never asked.
            "clusters": [{ "name": "c", "cluster": { "server": "https://127.0.0.1:1", "tls-server-name": "nobody" } }],
        })
        .to_string(),
    );
    let merged = Kubeconfig::read(&[first.clone(), second.clone()]).unwrap();
    let ours = Cluster::connect(&merged, "it", ConnectOptions::default()).unwrap().reader().whoami().await.unwrap();
    let out = Command::new(kubectl_program())
        .args(["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"])
        .env("KUBECONFIG", std::env::join_paths([&first, &second]).unwrap())
        .current_dir("/")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), ours.username, "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(ours.username, me);
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_05b_a_server_below_a_path() {
    let door = crate::fault::Door::open().await;
    let mut form = Form::new();
    let below = format!("http://127.0.0.1:{}{}", door.port, crate::fault::BELOW);
    form.cluster = json!({ "server": below });
    form.user = json!({});
    let me = both_take("a path", &form).await;
    assert!(door.asked(&[crate::fault::BELOW, "selfsubjectreviews"]) >= 2, "both asked below it");
    form.cluster = json!({ "server": format!("{below}/") });
    assert_eq!(both_take("a path with a slash", &form).await, me);
    // A live list too, with its query.
    let kubeconfig = Kubeconfig::load(Some(&form.write())).unwrap();
    let cluster = Cluster::connect(&kubeconfig, "it", ConnectOptions::default()).unwrap();
    let mut feed = cluster.reader().feed(catalog::Kind::builtin("namespaces").unwrap(), None);
    feed.next().await.unwrap();
    assert!(door.asked(&[crate::fault::BELOW, "/namespaces?watch=true"]) == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_02c_a_client_certificate_that_has_ended_is_named_with_its_day() {
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, date_time_ymd};
    let mut form = Form::new();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "ada-of-old");
    params.not_before = date_time_ymd(2019, 1, 1);
    params.not_after = date_time_ymd(2020, 2, 3);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let (pair, key) = (form.file("old.crt", certificate.pem()), form.file("old.key", key.serialize_pem()));
    form.user = json!({ "client-certificate": pair, "client-key": key });
    let path = form.write();
    assert!(theirs(&path).is_err());
    let error = ours(&path).await.unwrap_err();
    assert_eq!(error.code().as_str(), "cluster_auth_expired", "{error}");
    let words = error.to_string();
    assert!(words.contains("ada-of-old") && words.contains("ended on 2020-02-03"), "{words}");
}
