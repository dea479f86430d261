//! A registry of a test: CNCF's `distribution` with TLS and a login, where the node and this machine reach it.

use e2e::curl::{Answer, curl};
use e2e::workspaces::until;
use e2e::{env, errors, kubeconfig, kubectl};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A registry. It ends when it is dropped.
pub(crate) struct Lab {
    folder: tempfile::TempDir,
    /// Its name in names of images.
    pub(crate) host: String,
    pub(crate) username: &'static str,
    pub(crate) password: &'static str,
    program: Child,
    trusted: PathBuf,
}

impl Lab {
    /// Starts one that lets in this user alone, and has the node's container runtime trust its certificate.
    pub(crate) fn start(username: &'static str, password: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = machine();
        let port = TcpListener::bind((address, 0)).unwrap().local_addr().unwrap().port();
        let host = format!("{address}:{port}");
        let at = |name: &str| folder.path().join(name);
        made(
            Command::new("openssl")
                .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
                .args(["-subj", "/CN=lab", "-addext", &format!("subjectAltName=IP:{address}")])
                .args(["-addext", "basicConstraints=critical,CA:FALSE"])
                .args(["-keyout", "key.pem", "-out", "cert.pem"])
                .current_dir(folder.path()),
        );
        // The C library has bcrypt, the one digest that this registry takes.
        let digest =
            made(Command::new("perl").args(["-e", "print crypt($ARGV[0], '$2b$05$abcdefghijklmnopqrstuu')", password]));
        std::fs::write(at("users"), format!("{username}:{digest}\n")).unwrap();
        let config = json!({
            "version": "0.1",
            "log": { "level": "error", "accesslog": { "disabled": true } },
            "storage": { "filesystem": { "rootdirectory": at("store") } },
            "http": { "addr": host, "secret": "of a test", "tls": { "certificate": at("cert.pem"), "key": at("key.pem") } },
            "auth": { "htpasswd": { "realm": "lab", "path": at("users") } },
        });
        std::fs::write(at("config.yaml"), config.to_string()).unwrap();
        let mut command = Command::new(env("QD_REGISTRY"));
        command.arg("serve").arg(at("config.yaml")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let program = command.env("OTEL_TRACES_EXPORTER", "none").spawn().expect("it starts");
        let trusted = trust(&host, &at("cert.pem"));
        let lab = Self { folder, host, username, password, program, trusted };
        until("the registry answers", 30, || {
            Command::new("curl").args(["-sk", &lab.url("")]).output().unwrap().status.success()
        });
        lab
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}/v2/{path}", self.host)
    }

    /// Asks it as its user, or as nobody.
    pub(crate) fn ask(&self, url: &str, login: bool, more: &[&str]) -> Answer {
        let (certificate, user) = (self.certificate(), format!("{}:{}", self.username, self.password));
        let mut args = vec!["--cacert", certificate.to_str().unwrap()];
        if login {
            args.extend(["-u", &user]);
        }
        args.extend(more);
        curl(url, &args)
    }

    pub(crate) fn get(&self, path: &str, login: bool) -> Answer {
        self.ask(&self.url(path), login, &[])
    }

    /// Pushes an image of a plain shell whose configuration says this; its name.
    pub(crate) fn push(&self, name: &str, config: &Value) -> String {
        let (repository, tag) = name.split_once(':').unwrap();
        let layer = self.layer();
        let digest = |path: &Path| {
            let text = made(Command::new("sha256sum").arg(path));
            format!("sha256:{}", text.split(' ').next().unwrap())
        };
        let of = digest(&layer);
        let whole = json!({
            "architecture": "amd64", "os": "linux", "config": config,
            "rootfs": { "type": "layers", "diff_ids": [of] },
        });
        let file = self.folder.path().join("config.json");
        std::fs::write(&file, whole.to_string()).unwrap();
        for blob in [&layer, &file] {
            let begun = self.ask(&self.url(&format!("{repository}/blobs/uploads/")), true, &["-X", "POST"]);
            assert_eq!(begun.status, 202, "{begun:?}");
            let to = begun.header("location").unwrap();
            let join = if to.contains('?') { '&' } else { '?' };
            let sent = format!("@{}", blob.display());
            let words =
                ["-X", "PUT", "-H", "content-type: application/octet-stream", "-H", "expect:", "--data-binary", &sent];
            let put = self.ask(&format!("{to}{join}digest={}", digest(blob)), true, &words);
            assert_eq!(put.status, 201, "{put:?}");
        }
        let size = |path: &Path| path.metadata().unwrap().len();
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({
            "schemaVersion": 2, "mediaType": kind,
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(&file), "size": size(&file) },
            "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": of, "size": size(&layer) }],
        });
        let (kind, text) = (format!("content-type: {kind}"), manifest.to_string());
        let put = self.ask(
            &self.url(&format!("{repository}/manifests/{tag}")),
            true,
            &["-X", "PUT", "-H", &kind, "-d", &text],
        );
        assert_eq!(put.status, 201, "{put:?}");
        format!("{}/{name}", self.host)
    }

    /// The layer of the image of a plain shell.
    fn layer(&self) -> PathBuf {
        let folder = self.folder.path().join("shell");
        if !folder.exists() {
            std::fs::create_dir(&folder).unwrap();
            let said = made(Command::new(env("QD_XTASK")).args(["demo", "shell"]));
            let archive =
                said.lines().map(str::trim).find(|line| line.ends_with(".tar")).expect("it prints its archive");
            made(Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(&folder));
        }
        let list: Value = serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
        let layers = list[0]["Layers"].as_array().unwrap();
        assert_eq!(layers.len(), 1, "{list:#}");
        folder.join(layers[0].as_str().unwrap())
    }

    /// Makes the Secret by which its images are pulled, as people make it.
    pub(crate) fn secret(&self, namespace: &str, name: &str) {
        let words = [
            &["create", "secret", "docker-registry", name, "-n", namespace][..],
            &["--docker-server", &self.host, "--docker-username", self.username, "--docker-password", self.password],
        ];
        let _ = kubectl::stdout(&kubeconfig(), &words.concat());
    }

    /// The variables by which `qd` asks it, and has its images pulled.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("QD__REGISTRIES__PRIVATE_HOSTS", format!("[{:?}]", self.host)),
            ("QD__REGISTRIES__AUTHORITIES_FILE", self.certificate().display().to_string()),
            ("QD__OPERATOR__PULL_SECRETS", "[\"pull\"]".to_owned()),
        ]
    }

    pub(crate) fn stop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.trusted);
    }
}

/// The address of this machine where the node reaches it: the other end of the node's link.
fn machine() -> Ipv4Addr {
    let words = ["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"];
    let server = kubectl::stdout(&kubeconfig(), &words);
    let node: Ipv4Addr = server.split(['/', ':']).find_map(|part| part.parse().ok()).expect("the node's address");
    Ipv4Addr::from(u32::from(node) - 1)
}

/// Has the node's container runtime trust a certificate of a registry; the folder that says so.
fn trust(host: &str, certificate: &Path) -> PathBuf {
    let folder = kubeconfig().parent().unwrap().join("config/certs.d").join(host);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(certificate, folder.join("ca.pem")).unwrap();
    let ca = folder.join("ca.pem");
    let text =
        format!("server = \"https://{host}\"\n[host.\"https://{host}\"]\n  ca = {:?}\n", ca.display().to_string());
    std::fs::write(folder.join("hosts.toml"), text).unwrap();
    folder
}

/// What a program prints that does its work.
fn made(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", errors(&output));
    e2e::out(&output)
}
