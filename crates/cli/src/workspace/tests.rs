#![allow(clippy::unwrap_used)]

use super::update::patch;
use crate::grammar::workspace::UpdateArgs;
use clap::Parser;
use serde_json::json;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: UpdateArgs,
}

#[test]
fn wl_08w_an_update_names_what_changes_and_nothing_else() {
    let line = |words: &[&str]| Line::try_parse_from([&["update", "dev"], words].concat()).unwrap().args;
    let told = patch(&line(&["--cpu", "2", "--param", "A=b=c", "--image", "i"])).unwrap();
    assert_eq!(
        told,
        json!({ "resources": { "cpu": "2" }, "params": { "A": "b=c" }, "image": "i" }).as_object().cloned().unwrap()
    );
    let told = patch(&line(&["--patch", "{\"lifecycle\":{\"idleTimeout\":null}}"])).unwrap();
    assert_eq!(told, json!({ "lifecycle": { "idleTimeout": null } }).as_object().cloned().unwrap());
    assert!(patch(&line(&[])).is_err(), "nothing changes");
    assert!(patch(&line(&["--patch", "[]"])).is_err());
}
