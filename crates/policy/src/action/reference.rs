//! The generated reference of actions.

use super::list::{ALL, OBLIGATIONS};
use std::fmt::Write as _;

/// The page `docs/reference/actions.md`, written by `cargo xtask gen`.
#[must_use]
pub fn reference_markdown() -> String {
    let mut page = String::from(
        "# Actions\n\nEvery decision is about one of these. Written by `cargo xtask gen` from `policy::action`; do not edit.\n\n\
         *Before effect*: the decision is on disk before anything happens. *Changes*: denied under `--read-only`.\n\n\
         | Action | Allows | Before effect | Changes | Obligations |\n|---|---|---|---|---|\n",
    );
    for info in ALL {
        let obligations =
            OBLIGATIONS.iter().find(|(name, _)| *name == info.name).map_or_else(String::new, |(_, fields)| {
                fields.iter().map(|(name, doc)| format!("`{name}`:{doc}")).collect::<Vec<_>>().join(" ")
            });
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} |",
            info.name,
            info.summary,
            yes(info.before_effect),
            yes(info.changes),
            obligations
        );
    }
    page
}

const fn yes(flag: bool) -> &'static str {
    if flag { "yes" } else { "" }
}
