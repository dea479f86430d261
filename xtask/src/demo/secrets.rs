//! The demo's certificates, made by the demo's own program.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::kubectl::Kubectl;
use crate::tasks::proc;

/// The Secrets and the ConfigMap to apply: those in the cluster as long as they hold, new ones otherwise.
pub(crate) fn objects(kubectl: &Kubectl, program: &Path) -> Result<String> {
    let present =
        kubectl.json(&["get", "secrets", "--namespace=shop", "--selector=demo.quarterdeck.dev/certificate"])?;
    // a file that only we may read, as it holds keys
    let mut file = tempfile::NamedTempFile::new().context("no temporary file")?;
    file.write_all(present.to_string().as_bytes())?;
    proc::output(Command::new(program).arg("certs").arg("-present").arg(file.path()))
}
