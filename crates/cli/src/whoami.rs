//! `qd whoami`, `qd contexts`.

use crate::error::Error;
use crate::grammar::Output;
use crate::print::Grid;
use cluster::{Cluster, Kubeconfig};
use std::io::Write;

/// Prints who the API server says we are.
///
/// # Errors
/// When it cannot be asked.
pub async fn whoami(cluster: &Cluster, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let user = cluster.reader().whoami().await.map_err(Error::of)?;
    match output {
        Output::Json | Output::Jsonl => writeln!(out, "{}", serde_json::json!(user))?,
        _ => {
            let mut grid = Grid::new(3);
            ["CLUSTER", "USER", "GROUPS"].iter().for_each(|cell| grid.push(cell));
            grid.push(cluster.name().as_str());
            grid.push(&user.username);
            grid.push(&user.groups.join(","));
            grid.aligned(out)?;
        }
    }
    Ok(())
}

/// Prints the contexts of the kubeconfig.
///
/// # Errors
/// When stdout fails.
pub fn contexts(kubeconfig: &Kubeconfig, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let mut grid = Grid::new(4);
    ["CURRENT", "NAME", "SERVER", "NAMESPACE"].iter().for_each(|cell| grid.push(cell));
    for context in kubeconfig.contexts() {
        if output == Output::Jsonl || output == Output::Json {
            let line = serde_json::json!({
                "name": context.name, "current": context.current, "server": context.server, "namespace": context.namespace,
            });
            writeln!(out, "{line}")?;
            continue;
        }
        grid.push(if context.current { "*" } else { "" });
        grid.push(&context.name);
        grid.push(&context.server);
        grid.push(context.namespace.as_deref().unwrap_or_default());
    }
    match output {
        Output::Json | Output::Jsonl => {}
        Output::Csv => grid.csv(out)?,
        _ => grid.aligned(out)?,
    }
    Ok(())
}
