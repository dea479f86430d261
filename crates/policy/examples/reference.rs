//! Writes the reference of actions to stdout: `docs/reference/actions.md`.

#![allow(clippy::print_stdout)]

fn main() {
    print!("{}", policy::action::reference_markdown());
}
