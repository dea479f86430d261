//! Writes the reference of error codes to stdout: `docs/reference/errors.md`.

#![allow(clippy::print_stdout)]

use base::Code;

/// The table itself: what a code means stands there as its comment.
const TABLE: &str = include_str!("../src/code.rs");

fn main() {
    println!("# Error codes\n");
    println!("Every error has one of these. Written by `cargo xtask gen` from `base::code`; do not edit.\n");
    println!(
        "The exit code is that of `qd`: 1 failed, 2 wrong usage, 3 denied, 4 not found, 5 timed out, 130 interrupted.\n"
    );
    println!("| Code | Means | HTTP | Exit |\n|---|---|---|---|");
    for code in Code::ALL {
        println!("| `{code}` | {} | {} | {} |", meaning(*code), code.http_status(), code.exit_code());
    }
}

/// The comment above a code's line.
fn meaning(code: Code) -> String {
    let mark = format!(" = \"{code}\",");
    let lines: Vec<&str> = TABLE.lines().collect();
    let at = lines.iter().position(|line| line.contains(&mark)).unwrap_or_default();
    let above = lines.iter().take(at).rev().map_while(|line| line.trim().strip_prefix("/// "));
    let mut words: Vec<&str> = above.collect();
    words.reverse();
    words.join(" ")
}
