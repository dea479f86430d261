//! The tasks that are not the cluster or the demo: one module each. They reach those two by the commands of
//! `cargo xtask` itself, so that each part can be stopped and cleaned up alone.

mod agent;
pub(crate) mod arch;
mod bench;
mod build;
pub(crate) mod doctor;
mod gateway;
mod generate;
pub(crate) mod keeper;
mod lease;
mod lint;
mod metadata;
pub(crate) mod proc;
mod rows;
mod run;
mod steps;
mod test;
mod web;

/// One task.
#[derive(clap::Subcommand)]
pub(crate) enum Task {
    /// Everything from a fresh machine to the console in the browser on a real cluster; the last stdout line is its URL.
    Run(run::Args),
    /// The tests, or the named tiers of them; the last stdout line is `N passed, N failed`.
    Test(test::Args),
    /// Format, clippy, the dependency rule, web lint and types, go vet, banned crates, file lengths.
    Lint(lint::Args),
    /// The dependency rule and the who-may-use-what table, from `cargo metadata`.
    Arch,
    /// Each row of docs/spec with the tests that name it, or `open`.
    Rows(rows::Args),
    /// Files that are written from the code: types of the console, the references of actions and errors.
    Gen(generate::Args),
    /// The image of the capture agent, as an archive; the last stdout line is its path.
    Agent(agent::Args),
    /// The console's bundle, in web/dist, which a `qd` that is built afterwards carries.
    Console,
    /// The image of the team gateway, as an archive; the last stdout line is its path.
    Gateway(gateway::Args),
    /// One benchmark: a table, and one line `ratio NAME VALUE` per figure.
    Bench(bench::Args),
    /// What this machine lacks, and the exact command that installs it.
    Doctor(doctor::Args),
    /// Ends what a task started when the task is killed; tasks start it themselves.
    #[command(hide = true)]
    Keeper(keeper::Args),
}

fn console() -> anyhow::Result<()> {
    doctor::ensure(&[doctor::Need::Build, doctor::Need::Web])?;
    web::build()
}

pub(crate) fn run(task: Task) -> anyhow::Result<()> {
    match task {
        Task::Run(args) => run::run(&args),
        Task::Gen(args) => generate::run(&args),
        Task::Agent(args) => agent::run(&args),
        Task::Console => console(),
        Task::Gateway(args) => gateway::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Lint(args) => lint::run(&args),
        Task::Arch => arch::run(),
        Task::Rows(args) => rows::run(&args),
        Task::Doctor(args) => doctor::run(&args),
        Task::Keeper(args) => keeper::run(&args),
    }
}
