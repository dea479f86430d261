//! A running `qd console`, with a home folder of its own.

use crate::curl::{Answer, curl};
use crate::server::Server;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A console of this test alone. Stopped by SIGTERM when dropped.
pub struct Console {
    server: Server,
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
        Self::start_with(kubeconfig, args, &[])
    }

    /// The same, with these variables in its environment.
    ///
    /// # Panics
    /// When it ends without a URL.
    #[must_use]
    pub fn start_with(kubeconfig: Option<&Path>, args: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_knowing(&[], kubeconfig, args, variables)
    }

    /// The same, where these names have these addresses: in a mount namespace of its own, with its own `/etc/hosts`.
    ///
    /// # Panics
    /// When it ends without a URL.
    #[must_use]
    pub fn start_knowing(
        hosts: &[(&str, &str)],
        kubeconfig: Option<&Path>,
        args: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let home = tempfile::tempdir().expect("a folder for HOME");
        let mut command = command(home.path(), kubeconfig);
        if !hosts.is_empty() {
            let names: String = hosts.iter().map(|(name, address)| format!("{address} {name}\n")).collect();
            let file = home.path().join("hosts");
            std::fs::write(&file, format!("127.0.0.1 localhost\n{names}")).expect("its names");
            let mut within = Command::new("unshare");
            within.args([
                "--mount",
                "--propagation=private",
                "sh",
                "-ec",
                "mount --bind \"$0\" /etc/hosts; exec \"$@\"",
            ]);
            within.arg(file).arg(command.get_program());
            within.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
            command = within;
        }
        // Other suites run beside this one: a port that was free a moment ago may not be.
        command.args(["console", "--no-open", "--listen", "127.0.0.1:0"]).args(args);
        command.envs(variables.iter().copied());
        let server = Server::start(&mut command, true);
        let url = server.first.clone();
        let port = url.split(['/', ':']).find_map(|part| part.parse().ok()).expect("a URL names its port");
        Self { server, home, url, base: format!("http://127.0.0.1:{port}"), port }
    }

    /// What it wrote on stderr so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.server.said()
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.server.pid()
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

    /// Asks the API: a path below `/api/v1`, a body of JSON where there is one, and more words for curl.
    #[must_use]
    pub fn ask(&self, method: &str, path: &str, body: Option<&serde_json::Value>, more: &[&str]) -> Answer {
        let token = format!("x-quarterdeck-token: {}", self.token());
        let text = body.map(serde_json::Value::to_string);
        let mut args = vec!["-X", method, "-H", &token];
        if let Some(text) = &text {
            args.extend(["-H", "content-type: application/json", "-d", text]);
        }
        curl(&format!("{}/api/v1{path}", self.base), &[&args, more].concat())
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

    /// The entries of its journal, a line of JSON each.
    ///
    /// # Panics
    /// When they cannot be read.
    #[must_use]
    pub fn journal(&self) -> String {
        let mut command = self.qd(None);
        let output = command.args(["audit", "query", "--limit", "500", "-o", "jsonl"]).output().expect("qd runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("the journal is text")
    }

    /// Sends SIGTERM and waits for the end; the exit code.
    pub fn stop(&mut self) -> Option<i32> {
        self.server.stop()
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
