//! The tasks that are not the cluster or the demo.

/// One task.
#[derive(clap::Subcommand)]
pub(crate) enum Task {
    /// The dependency rule of ARCHITECTURE.md, from `cargo metadata`.
    Arch,
}

pub(crate) fn run(_task: Task) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}
