//! `cargo xtask gen`: the files that are written from the code. Each comes from an example program of the crate that owns
//! what is in it, so that the tasks need none of our crates to build; `--check` and a test say when one is out of date.

use std::process::Command;

use anyhow::{Context, bail};

use super::proc;
use crate::paths;

/// Arguments of `cargo xtask gen`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail when a file is out of date.
    #[arg(long)]
    check: bool,
}

/// One generated file: where it stands, the crate and example that print it, and what the example is told.
struct Generated {
    path: &'static str,
    package: &'static str,
    example: &'static str,
    args: &'static [&'static str],
}

/// A file that one example prints.
const fn file(path: &'static str, package: &'static str, example: &'static str) -> Generated {
    Generated { path, package, example, args: &[] }
}

/// The definition of a kind of ours.
const fn definition(path: &'static str, plural: &'static [&'static str]) -> Generated {
    Generated { path, package: "crd", example: "definition", args: plural }
}

const FILES: &[Generated] = &[
    file("web/src/wire/api.ts", "api", "export_types"),
    file("docs/reference/actions.md", "policy", "reference"),
    file("docs/reference/errors.md", "base", "errors"),
    file("docs/reference/openapi.json", "api", "openapi"),
    file("docs/reference/flow-records.md", "flow", "reference"),
    definition("deploy/crds/workspaces.yaml", &["workspaces"]),
    definition("deploy/crds/blueprints.yaml", &["blueprints"]),
    definition("deploy/crds/clusterblueprints.yaml", &["clusterblueprints"]),
    definition("deploy/crds/grants.yaml", &["grants"]),
    definition("deploy/crds/qdquotas.yaml", &["qdquotas"]),
    file("deploy/rbac/operator.yaml", "workspace", "operator_role"),
    Generated { args: &["routes"], ..file("deploy/rbac/gateway-api.yaml", "workspace", "operator_role") },
];

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let stale = stale()?;
    if args.check {
        if !stale.is_empty() {
            let names: Vec<&str> = stale.iter().map(|(file, _)| file.path).collect();
            bail!("out of date: {}: run cargo xtask gen", names.join(", "));
        }
        println!("{} generated files are up to date", FILES.len());
        return Ok(());
    }
    for (file, text) in &stale {
        let path = paths::root().join(file.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", file.path);
    }
    Ok(())
}

/// The files that are not what the code says now, with what they should be.
fn stale() -> anyhow::Result<Vec<(&'static Generated, String)>> {
    let mut stale = Vec::new();
    for file in FILES {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["run", "--quiet", "-p", file.package, "--example", file.example]);
        if !file.args.is_empty() {
            command.arg("--").args(file.args);
        }
        let text = proc::output(command.current_dir(paths::root())).with_context(|| file.path.to_owned())?;
        let text = format!("{}\n", text.trim_end());
        // a file that is not there yet is out of date
        if std::fs::read_to_string(paths::root().join(file.path)).unwrap_or_default() != text {
            stale.push((file, text));
        }
    }
    Ok(stale)
}

#[cfg(test)]
mod tests {
    #[test]
    fn generated_files_are_what_the_code_says() {
        super::run(&super::Args { check: true }).unwrap();
    }
}
