//! Prints the definition of one of our kinds, named by its plural, as YAML: what `cargo xtask gen` keeps in `deploy/crds`.
#![allow(clippy::expect_used)]

fn main() {
    let plural = std::env::args().nth(1).expect("the plural of a kind");
    let kind = crd::Kind::of_plural(&plural).expect("no such kind");
    let text = serde_saphyr::to_string(&kind.definition()).expect("a definition is YAML");
    print!("# Written by `cargo xtask gen` from crates/crd: change the types there.\n{text}");
}
