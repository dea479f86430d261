//! The console's own checks: lint, types, that it builds, that its first paint stays small and that every view of it shows
//! count as one test each. The pictures are of objects that are made up, for looking at, in web/screenshots.

use super::{Count, Runner, one, watch};
use crate::tasks::{doctor, web};

pub(super) fn run(count: &mut Count) -> anyhow::Result<()> {
    doctor::ensure(&[doctor::Need::Web, doctor::Need::Browser])?;
    anyhow::ensure!(web::folder().is_some(), "there is no web/package.json");
    match web::build() {
        Ok(()) => count.passed += 1,
        Err(error) => count.failure(&format!("the console is not built: {error:#}")),
    }
    for words in [&["lint"][..], &["typecheck"], &["budget"], &["screens", "--", "--once"]] {
        let Some(mut command) = web::command(words) else { continue };
        one(&format!("npm run {}", words.join(" ")), &mut command, count)?;
    }
    web::script_command("test").map_or(Ok(()), |mut command| watch(Runner::Vitest, &mut command, count))
}
