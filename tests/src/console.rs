//! A running `qd console`, with a home folder of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A console of this test alone. Stopped by SIGTERM when dropped.
pub struct Console {
    child: Child,
    home: tempfile::TempDir,
    /// The first URL it printed: works once.
    pub url: String,
    /// `http://127.0.0.1:PORT`
    pub base: String,
    /// Its port.
    pub port: u16,
}

impl Console {
    /// Starts `qd console --no-open` with these further arguments and waits for its URL.
    #[must_use]
    pub fn start(kubeconfig: Option<&Path>, args: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a folder for HOME");
        let port = free_port();
        let mut command = command(home.path(), kubeconfig);
        command.args(["console", "--no-open", "--listen", &format!("127.0.0.1:{port}")]).args(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("qd starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout"));
        let mut url = String::new();
        lines.read_line(&mut url).expect("qd prints its URL");
        if url.trim().is_empty() {
            let mut text = String::new();
            child.stderr.take().expect("stderr").read_to_string(&mut text).expect("stderr is text");
            panic!("qd ended without a URL: {text}");
        }
        // Keep reading, so that a full pipe never stops it.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let mut errors = child.stderr.take().expect("stderr");
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::stderr()));
        let url = url.trim().to_owned();
        Self { child, home, url, base: format!("http://127.0.0.1:{port}"), port }
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its home folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The run token, from the state file.
    #[must_use]
    pub fn token(&self) -> String {
        let text = std::fs::read_to_string(self.state_file()).expect("the state file is there");
        let record: serde_json::Value = serde_json::from_str(&text).expect("the state file is JSON");
        record["token"].as_str().expect("it holds the token").to_owned()
    }

    /// Where the state file is.
    #[must_use]
    pub fn state_file(&self) -> PathBuf {
        self.home().join(format!(".local/state/quarterdeck/console-{}.json", self.port))
    }

    /// Another command of the same user.
    #[must_use]
    pub fn qd(&self, kubeconfig: Option<&Path>) -> Command {
        command(self.home(), kubeconfig)
    }

    /// Sends SIGTERM and waits for the end; the exit code.
    pub fn stop(&mut self) -> Option<i32> {
        terminate(self.child.id());
        let deadline = Instant::now() + Duration::from_secs(15);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("wait") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        if self.stop().is_none() && self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.child.kill().expect("kill");
            self.child.wait().expect("wait");
        }
    }
}

/// `qd` with nothing of this user's environment but the path.
#[must_use]
pub fn command(home: &Path, kubeconfig: Option<&Path>) -> Command {
    let mut command = Command::new(crate::qd());
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    if let Some(path) = kubeconfig {
        command.env("KUBECONFIG", path);
    }
    command
}

/// A port that nobody listens on right now.
#[must_use]
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

fn terminate(pid: u32) {
    Command::new("kill").args(["-TERM", &pid.to_string()]).stderr(Stdio::null()).status().expect("kill runs");
}
