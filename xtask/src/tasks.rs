//! The tasks that are not the cluster or the demo: one module each. They reach those two by the commands of
//! `cargo xtask` itself, so that each part can be stopped and cleaned up alone.

pub(crate) mod arch;
mod build;
pub(crate) mod doctor;
mod lease;
mod lint;
mod metadata;
pub(crate) mod proc;
mod rows;
mod test;
mod web;

/// One task.
#[derive(clap::Subcommand)]
pub(crate) enum Task {
    /// The tests, or the named tiers of them; the last stdout line is `N passed, N failed`.
    Test(test::Args),
    /// Format, clippy, the dependency rule, web lint and types, go vet, banned crates, file lengths.
    Lint(lint::Args),
    /// The dependency rule and the who-may-use-what table, from `cargo metadata`.
    Arch,
    /// Each row of docs/spec with the tests that name it, or `open`.
    Rows(rows::Args),
    /// What this machine lacks, and the exact command that installs it.
    Doctor(doctor::Args),
}

pub(crate) fn run(task: Task) -> anyhow::Result<()> {
    match task {
        Task::Test(args) => test::run(&args),
        Task::Lint(args) => lint::run(&args),
        Task::Arch => arch::run(),
        Task::Rows(args) => rows::run(&args),
        Task::Doctor(args) => doctor::run(&args),
    }
}
