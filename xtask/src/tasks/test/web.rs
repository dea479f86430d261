//! The console's own checks: lint, types, that it builds and that its first paint stays small count as one test each.

use super::{Count, Runner, one, watch};
use crate::tasks::{doctor, web};

pub(super) fn run(count: &mut Count) -> anyhow::Result<()> {
    doctor::ensure(&[doctor::Need::Web])?;
    anyhow::ensure!(web::folder().is_some(), "there is no web/package.json");
    web::install()?;
    for script in ["lint", "typecheck", "build", "budget"] {
        let Some(mut command) = web::script_command(script) else { continue };
        one(&mut command, count)?;
    }
    web::script_command("test").map_or(Ok(()), |mut command| watch(Runner::Vitest, &mut command, count))
}
