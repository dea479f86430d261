//! Exec credential plugins (`client.authentication.k8s.io`): run with a limit of time, killed with all they started.
//!
//! Source: <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>.

use kube::config::{ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::OnceCell;

/// What a plugin gives.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Given {
    pub(crate) token: Option<String>,
    pub(crate) client_certificate_data: Option<String>,
    pub(crate) client_key_data: Option<String>,
    /// RFC 3339.
    pub(crate) expiration_timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    api_version: String,
    status: Option<Given>,
}

/// Runs the plugin. The error is for the user: it has what the plugin wrote to its standard error.
pub(crate) async fn run(config: &ExecConfig, cluster: &kube::config::Cluster) -> Result<Given, String> {
    let program = config.command.as_deref().filter(|program| !program.is_empty());
    let program = program.ok_or("the exec plugin has no command")?;
    if config.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err(format!(
            "the exec plugin `{program}` wants a terminal (interactiveMode: Always), and has none here"
        ));
    }
    let version = config.api_version.as_deref().unwrap_or_default();
    if !VERSIONS.contains(&version) {
        return Err(format!(
            "the exec plugin `{program}` has apiVersion {version:?}; known are {}",
            VERSIONS.join(", ")
        ));
    }
    let known = if config.provide_cluster_info {
        Some(ExecAuthCluster::try_from(cluster).map_err(|error| error.to_string())?)
    } else {
        None
    };
    let spec = match known {
        Some(cluster) => json!({ "interactive": false, "cluster": cluster }),
        None => json!({ "interactive": false }),
    };
    let told = json!({ "apiVersion": version, "kind": "ExecCredential", "spec": spec });
    let out = spawn_and_wait(config, program, &told).await?;
    let said = String::from_utf8_lossy(&out.stderr);
    let said = excerpt(said.trim());
    if !out.status.success() {
        return Err(format!("the exec plugin `{program}` failed ({}): {said}", out.status));
    }
    // client-go reads YAML there too; JSON is YAML.
    let answer: Answer = serde_saphyr::from_slice(&out.stdout).map_err(|_| {
        // Not the parser's words: they would quote what may be a token.
        format!("the exec plugin `{program}` did not print an ExecCredential: {said}")
    })?;
    if answer.kind != "ExecCredential" || answer.api_version != version {
        return Err(format!(
            "the exec plugin `{program}` answers {:?} of {:?}, and its apiVersion is {version:?}",
            answer.kind, answer.api_version
        ));
    }
    answer.status.ok_or_else(|| format!("the exec plugin `{program}` gave no credentials: {said}"))
}

async fn spawn_and_wait(config: &ExecConfig, program: &str, told: &Value) -> Result<Output, String> {
    let path = path().await;
    let mut command = Command::new(find(program, &path));
    command.args(config.args.iter().flatten()).env("PATH", &path).env("KUBERNETES_EXEC_INFO", told.to_string());
    for entry in config.env.iter().flatten() {
        if let (Some(name), Some(value)) = (entry.get("name"), entry.get("value")) {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let child = command.spawn().map_err(|error| {
        let hint = config.install_hint.as_deref().map(|hint| format!("; {}", hint.trim())).unwrap_or_default();
        format!("the exec plugin `{program}` cannot be started: {error}{hint}")
    })?;
    let mut group = Group(child.id());
    match tokio::time::timeout(PLUGIN_TIME, collect(child)).await {
        Ok(Ok(out)) => {
            // It ended by itself: what it left running (an agent that keeps its login) is its own.
            group.0 = None;
            Ok(out)
        }
        Ok(Err(error)) => Err(format!("the exec plugin `{program}` cannot be read: {error}")),
        Err(_) => {
            drop(group);
            Err(format!("the exec plugin `{program}` did not end within {} s and was stopped", PLUGIN_TIME.as_secs()))
        }
    }
}

/// Reads both streams up to [`MAX_OUTPUT`], and waits. A child of the plugin that keeps a stream open cannot hold us
/// longer than the limit of time.
async fn collect(mut child: Child) -> std::io::Result<Output> {
    use tokio::io::AsyncReadExt;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let read_out = async {
        match out {
            Some(out) => out.take(MAX_OUTPUT).read_to_end(&mut stdout).await,
            None => Ok(0),
        }
    };
    let read_err = async {
        match err {
            Some(err) => err.take(MAX_OUTPUT).read_to_end(&mut stderr).await,
            None => Ok(0),
        }
    };
    let (status, _, _) = tokio::try_join!(child.wait(), read_out, read_err)?;
    Ok(Output { status, stdout, stderr })
}

/// Ends the plugin and everything that it started, when dropped before the plugin has ended.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(id) = self.0.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
    }
}

/// A bare name is looked for in the path that the plugin gets, not in ours.
fn find(program: &str, path: &OsString) -> OsString {
    if program.contains(std::path::MAIN_SEPARATOR) {
        return program.into();
    }
    let found = std::env::split_paths(path).map(|folder| folder.join(program)).find(|file| file.is_file());
    found.map_or_else(|| program.into(), Into::into)
}

/// Our own path, then what the login shell adds: a program that was started from a desktop has a short path.
async fn path() -> OsString {
    static FROM_SHELL: OnceCell<Option<String>> = OnceCell::const_new();
    let own = std::env::var_os("PATH").unwrap_or_default();
    let from_shell = FROM_SHELL.get_or_init(shell_path).await;
    let mut folders: Vec<_> = std::env::split_paths(&own).collect();
    for folder in from_shell.iter().flat_map(std::env::split_paths) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    std::env::join_paths(folders).unwrap_or(own)
}

async fn shell_path() -> Option<String> {
    let shell = std::env::var("SHELL").ok().filter(|shell| shell.starts_with('/'))?;
    let mut command = Command::new(shell);
    command.args(["-lc", "printf '\\n%s%s%s' qd-path= \"$PATH\" =qd-path"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let child = command.spawn().ok()?;
    let _group = Group(child.id());
    let out = tokio::time::timeout(SHELL_TIME, collect(child)).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let (_, rest) = text.rsplit_once("qd-path=")?;
    // The end mark shares its letters with the start mark, so that a profile that prints cannot confuse them.
    let path = rest.strip_suffix("=qd-path").or_else(|| rest.split("=qd-path").next())?;
    Some(path.to_owned()).filter(|path| !path.is_empty())
}

fn excerpt(text: &str) -> &str {
    let end = text.char_indices().map(|(at, _)| at).nth(2000).unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

pub(crate) const PLUGIN_TIME: Duration = Duration::from_secs(15);
const SHELL_TIME: Duration = Duration::from_secs(5);
const MAX_OUTPUT: u64 = 1 << 20;
const VERSIONS: &[&str] = &[
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
    "client.authentication.k8s.io/v1alpha1",
];
