//! Repositories for tests, and a host of them: git's own `http-backend` behind a listener of this process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A repository with a work tree.
pub struct Repository {
    folder: tempfile::TempDir,
}

impl Default for Repository {
    fn default() -> Self {
        Self::new()
    }
}

impl Repository {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        let new = Self { folder: tempfile::tempdir().unwrap() };
        new.git(&["init", "-q", "-b", "main"]);
        new.git(&["config", "user.name", "Ada"]);
        new.git(&["config", "user.email", "ada@example.org"]);
        new.git(&["config", "commit.gpgsign", "false"]);
        new
    }

    /// Where its work tree is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs git in it; what it wrote.
    #[must_use = "or let it be"]
    fn run(&self, words: &[&str], input: &[u8]) -> Vec<u8> {
        let mut command = git(words);
        command.current_dir(self.path());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("git runs");
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Runs git in it; what it wrote, as text.
    pub fn git(&self, words: &[&str]) -> String {
        String::from_utf8(self.run(words, b"")).unwrap().trim().to_owned()
    }

    /// The same with an input, as bytes.
    #[must_use]
    pub fn git_in(&self, words: &[&str], input: &[u8]) -> Vec<u8> {
        self.run(words, input)
    }

    /// Writes files and commits them; the commit.
    pub fn commit(&self, files: &[(&str, &str)], message: &str) -> String {
        self.commit_as(files, &["commit", "-q", "--allow-empty", "-m", message])
    }

    /// The same, signed by one of these keys.
    pub fn signed_commit(&self, keys: &Keys, name: &str, files: &[(&str, &str)], message: &str) -> String {
        let key = format!("user.signingkey={}", keys.folder.path().join(name).display());
        self.commit_as(
            files,
            &["-c", "gpg.format=ssh", "-c", &key, "commit", "-q", "-S", "--allow-empty", "-m", message],
        )
    }

    fn commit_as(&self, files: &[(&str, &str)], words: &[&str]) -> String {
        for (path, text) in files {
            let path = self.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        self.git(&["add", "-A"]);
        self.git(words);
        self.git(&["rev-parse", "HEAD"])
    }
}

fn git(words: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(words).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "safe.directory").env("GIT_CONFIG_VALUE_0", "*");
    command
}

/// SSH keys with which commits are signed.
pub struct Keys {
    folder: tempfile::TempDir,
}

impl Default for Keys {
    fn default() -> Self {
        Self::new()
    }
}

impl Keys {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Makes one of a kind (`ed25519`, `rsa`) for `NAME@example.org`; its public key.
    #[must_use]
    pub fn make(&self, name: &str, kind: &str) -> String {
        let path = self.folder.path().join(name);
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-N", "", "-t", kind, "-C", &format!("{name}@example.org"), "-f"]).arg(&path);
        assert!(command.status().expect("ssh-keygen runs: OpenSSH is needed").success());
        std::fs::read_to_string(path.with_extension("pub")).unwrap()
    }
}

/// A host of repositories on a port of loopback; it ends when it is dropped.
pub struct Host {
    inner: Arc<Inner>,
    port: u16,
}

struct Inner {
    root: tempfile::TempDir,
    asked: Mutex<Vec<String>>,
    login: Mutex<Option<String>>,
    moved: Mutex<Option<(String, String)>>,
    over: AtomicBool,
}

impl Default for Host {
    fn default() -> Self {
        Self::start()
    }
}

impl Host {
    /// Starts one without repositories.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let inner = Arc::new(Inner {
            root: tempfile::tempdir().unwrap(),
            asked: Mutex::default(),
            login: Mutex::default(),
            moved: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let serving = inner.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.over.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), serving) = (stream, serving.clone()) else { continue };
                // Who goes away in the middle is nobody's fault.
                std::thread::spawn(move || drop(serving.answer(&stream)));
            }
        });
        Self { inner, port }
    }

    /// `127.0.0.1:PORT`
    #[must_use]
    pub fn name(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Takes a repository under a path (`owner/name`), or what has become of it since.
    pub fn keep(&self, path: &str, repository: &Repository) {
        let to = self.bare(path);
        if to.exists() {
            let words = ["push", "-q", "--force", "--prune", "--mirror", to.to_str().unwrap()];
            repository.git(&words);
            return;
        }
        let from = repository.path().to_str().unwrap();
        let output = git(&["clone", "-q", "--mirror", from, to.to_str().unwrap()]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.says(path, "uploadpack.allowFilter", "true");
    }

    /// Sets what the host does for a repository.
    pub fn says(&self, path: &str, key: &str, value: &str) {
        let to = self.bare(path);
        let status = git(&["config", key, value]).current_dir(to).status().unwrap();
        assert!(status.success());
    }

    fn bare(&self, path: &str) -> PathBuf {
        self.inner.root.path().join(format!("{path}.git"))
    }

    /// Asks everybody for a login from now on: `user:password` in base64.
    pub fn asks_for(&self, login: &str) {
        *self.inner.login.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("Basic {login}"));
    }

    /// Sends whoever asks for a path to another address.
    pub fn moves(&self, path: &str, to: &str) {
        let moved = Some((format!("/{path}.git/"), to.to_owned()));
        *self.inner.moved.lock().unwrap_or_else(PoisonError::into_inner) = moved;
    }

    /// What was asked so far: method and path with its query.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.inner.over.store(true, Ordering::SeqCst);
        // It waits for somebody to come.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Inner {
    /// Answers one request, and closes.
    fn answer(&self, stream: &TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split_whitespace().map(str::to_owned);
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(()) };
        let (mut length, mut kind, mut protocol, mut login) = (0, String::new(), String::new(), None);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim().split_once(':') else { break };
            let value = value.trim().to_owned();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap_or(0),
                "content-type" => kind = value,
                "git-protocol" => protocol = value,
                "authorization" => login = Some(value),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{method} {target}"));
        let mut stream = stream;
        let wanted = self.login.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if wanted.is_some() && login != wanted {
            return stream.write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
        let moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((path, to)) = moved.filter(|(path, _)| target.starts_with(path.as_str())) {
            let rest = target.strip_prefix(path.as_str()).unwrap_or_default();
            let head = format!("HTTP/1.1 301 Moved\r\nlocation: {to}/{rest}\r\ncontent-length: 0\r\n\r\n");
            return stream.write_all(head.as_bytes());
        }
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let mut command = git(&["http-backend"]);
        command.env("GIT_PROJECT_ROOT", self.root.path()).env("GIT_HTTP_EXPORT_ALL", "1");
        command.env("PATH_INFO", path).env("QUERY_STRING", query).env("REQUEST_METHOD", method);
        command.env("CONTENT_TYPE", kind).env("CONTENT_LENGTH", length.to_string());
        command.env("HTTP_GIT_PROTOCOL", &protocol).env("GIT_PROTOCOL", &protocol);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // It may not read on once it knows that it says no.
            let _ = input.write_all(&body);
        }
        let output = child.wait_with_output()?.stdout;
        let end = output.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(output.len());
        let (head, rest) = output.split_at(end);
        let head = String::from_utf8_lossy(head);
        let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK").to_owned();
        let rest = rest.get(4..).unwrap_or_default();
        let top = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", rest.len());
        stream.write_all(top.as_bytes())?;
        stream.write_all(rest)
    }
}
