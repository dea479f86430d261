//! A running `qd serve`, with a home folder, certificates and people of its own.

use crate::console::{command, free_port};
use crate::curl::{Answer, curl};
use crate::server::Server;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// A gateway of this test alone. Stopped by SIGTERM when dropped.
pub struct Serving {
    server: Server,
    home: tempfile::TempDir,
    kubeconfig: PathBuf,
    /// `https://localhost:PORT`
    pub base: String,
    /// Its port.
    pub port: u16,
    /// The port of its health and figures.
    pub metrics: u16,
}

/// A home folder with a certificate for `localhost`, and a configuration over these further lines.
///
/// # Panics
/// When openssl is not there.
#[must_use]
pub fn prepared(more: &str) -> (tempfile::TempDir, u16, u16) {
    let home = tempfile::tempdir().expect("a folder for HOME");
    let (port, metrics) = (free_port(), free_port());
    let at = |name: &str| home.path().join(name).display().to_string();
    certificate(home.path());
    let text = format!(
        "[serve]\nlisten = \"127.0.0.1:{port}\"\nmetrics = \"127.0.0.1:{metrics}\"\npublic_url = \"https://localhost:{port}\"\n\
         certificate = \"{}\"\nkey = \"{}\"\ntokens = \"{}\"\nprefix = \"qde2e:\"\n{more}",
        at("tls.crt"),
        at("tls.key"),
        at("tokens.toml"),
    );
    std::fs::write(at("qd.toml"), text).expect("the folder takes files");
    (home, port, metrics)
}

/// Writes a certificate for `localhost` and its key into a folder, anew.
///
/// # Panics
/// When openssl fails.
pub fn certificate(folder: &Path) {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-keyout", "new.key", "-out", "new.crt"])
        .output()
        .expect("openssl runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::rename(folder.join("new.key"), folder.join("tls.key")).expect("the key moves");
    std::fs::rename(folder.join("new.crt"), folder.join("tls.crt")).expect("the certificate moves");
}

/// `qd serve …` of a home folder.
#[must_use]
pub fn serve(home: &Path, kubeconfig: &Path, args: &[&str]) -> Command {
    let mut command = command(home, Some(kubeconfig));
    command.arg("--config").arg(home.join("qd.toml")).arg("serve").args(args);
    command
}

/// Runs it to its end.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn served(home: &Path, kubeconfig: &Path, args: &[&str]) -> Output {
    serve(home, kubeconfig, args).output().expect("qd runs")
}

/// Gives somebody a token.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn token(home: &Path, kubeconfig: &Path, words: &[&str]) -> String {
    let output = served(home, kubeconfig, &[&["token", "add"], words].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

impl Serving {
    /// Starts it over what [`prepared`] made, and waits until it is ready.
    ///
    /// # Panics
    /// When it ends, or is not ready within a minute.
    #[must_use]
    pub fn start(prepared: (tempfile::TempDir, u16, u16), kubeconfig: &Path, args: &[&str]) -> Self {
        let (home, port, metrics) = prepared;
        let server = Server::start(&mut serve(home.path(), kubeconfig, args), false);
        let base = format!("https://localhost:{port}");
        let this = Self { server, home, kubeconfig: kubeconfig.to_owned(), base, port, metrics };
        assert_eq!(this.server.first, this.base, "{}", this.said());
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let ready = this.ops("/readyz");
            if ready.status == 200 {
                return this;
            }
            assert!(Instant::now() < end, "not ready: {}\n{}", ready.body, this.said());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Its home folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// What it wrote on stderr so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.server.said()
    }

    /// Gives somebody a token.
    #[must_use]
    pub fn token(&self, words: &[&str]) -> String {
        token(self.home(), &self.kubeconfig, words)
    }

    /// Another command of the same home: `token revoke …`.
    #[must_use]
    pub fn serve(&self, args: &[&str]) -> Output {
        served(self.home(), &self.kubeconfig, args)
    }

    /// Asks by curl over TLS that is checked.
    #[must_use]
    pub fn ask(&self, path: &str, args: &[&str]) -> Answer {
        let certificate = self.home().join("tls.crt").display().to_string();
        let args: Vec<&str> = ["--cacert", &certificate].iter().copied().chain(args.iter().copied()).collect();
        curl(&format!("{}{path}", self.base), &args)
    }

    /// The same with somebody's token.
    #[must_use]
    pub fn ask_as(&self, token: &str, path: &str, args: &[&str]) -> Answer {
        let bearer = format!("authorization: Bearer {token}");
        let args: Vec<&str> = ["-H", &bearer].iter().copied().chain(args.iter().copied()).collect();
        self.ask(path, &args)
    }

    /// What it tells of itself.
    #[must_use]
    pub fn ops(&self, path: &str) -> Answer {
        curl(&format!("http://127.0.0.1:{}{path}", self.metrics), &[])
    }

    /// Sends SIGTERM and waits for the end; the exit code.
    pub fn stop(&mut self) -> Option<i32> {
        self.server.stop()
    }
}
