//! The cluster's own kubectl, on the administrator's kubeconfig.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cluster;
use crate::tasks::proc;

/// How a text is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apply {
    /// Server-side; the demo's fields are taken from whoever has them.
    Server,
    /// Server-side, to the status subresource.
    Status,
    /// The older way, which leaves a copy of the object in an annotation.
    Client,
}

impl Apply {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Server => &["apply", "--server-side", "--force-conflicts", FIELDS],
            Self::Status => &["apply", "--server-side", "--force-conflicts", FIELDS, "--subresource=status"],
            Self::Client => &["apply"],
        }
    }
}

/// kubectl for one cluster.
pub(crate) struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
}

impl Kubectl {
    /// For the cluster of this name, which must have been started.
    pub(crate) fn of(cluster: &str) -> Result<Self> {
        let kubeconfig = cluster::kubeconfig_path(cluster);
        if !kubeconfig.exists() {
            bail!("there is no cluster {cluster}: start it with `cargo xtask cluster up --name {cluster}`");
        }
        Ok(Self { program: cluster::kubectl_path()?, kubeconfig })
    }

    /// Whether a node runs pods for real; simulated ones say so in a label.
    pub(crate) fn has_real_node(&self) -> Result<bool> {
        let real = self.json(&["get", "nodes", "--selector=!quarterdeck.dev/simulated"])?;
        Ok(!items(&real).is_empty())
    }

    /// The answer of a command as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Result<Value> {
        let text = proc::output(self.command().args(arguments).arg("--output=json"))?;
        serde_json::from_str(&text).context("kubectl printed no JSON")
    }

    /// Applies a text of one or more documents, or a list.
    pub(crate) fn apply(&self, how: Apply, text: &str) -> Result<()> {
        self.with_file(how.arguments(), text)
    }

    /// Deletes the objects of a text and waits until they are gone; what is gone already is fine.
    pub(crate) fn delete(&self, text: &str) -> Result<()> {
        self.with_file(&["delete", "--ignore-not-found", "--wait", "--timeout=180s"], text)
    }

    /// Waits until the demo's own kinds are served.
    pub(crate) fn wait_for_kinds(&self) -> Result<()> {
        let arguments = ["wait", "crd", "--for=condition=Established", "--timeout=30s", MANAGED];
        proc::output(self.command().args(arguments)).map(drop)
    }

    fn with_file(&self, arguments: &[&str], text: &str) -> Result<()> {
        let mut file = tempfile::Builder::new().suffix(".yaml").tempfile().context("no temporary file")?;
        file.write_all(text.as_bytes())?;
        proc::output(self.command().args(arguments).arg("--filename").arg(file.path())).map(drop)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--kubeconfig").arg(&self.kubeconfig);
        // no setting of the user's own kubectl changes what we do
        command.env_remove("KUBECONFIG").env("KUBERC", "off").env("KUBECTL_KUBERC", "false");
        command
    }
}

/// The objects of a list.
pub(crate) fn items(list: &Value) -> &[Value] {
    list.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

const FIELDS: &str = "--field-manager=demo";
const MANAGED: &str = "--selector=app.kubernetes.io/managed-by=demo";
