#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod defects;
mod evaluator;
mod fields;
mod network;
mod outside;
mod profiles;
mod storages;

use super::*;
use crate::testing::Ask;
use crate::user::User;

/// A place with a uid, as the operator has one.
fn place() -> Place {
    let user = User { organization: "acme".to_owned(), uid: 1001, gid: 1001, ..User::plain("ada") };
    let mut place = Place::new("ada-x", "team", "ada-go", user, "agent:1");
    place.uid = Some("u-1".to_owned());
    place
}

/// A blueprint of these fields, in one line of YAML.
fn effective(fields: &str) -> Effective {
    let platform = format!("- {{name: go, image: \"img:1\", {fields}}}\n");
    Ask { platform: &platform, name: Some("go"), ..Ask::default() }.compose().expect("a blueprint that is right")
}

fn made(fields: &str) -> Objects {
    made_at(fields, &place())
}

fn made_at(fields: &str, place: &Place) -> Objects {
    objects(&effective(fields), place).unwrap_or_else(|problems| panic!("{problems}"))
}

/// What is refused, as `pointer: message`.
fn refused(fields: &str, place: &Place) -> Vec<String> {
    let problems = objects(&effective(fields), place).expect_err("a problem");
    problems.list().iter().map(|one| format!("{}: {}", one.pointer, one.message)).collect()
}

/// The pod as JSON.
fn pod(fields: &str) -> Json {
    json_of(&made(fields).pod)
}

fn json_of(object: &impl serde::Serialize) -> Json {
    serde_json::to_value(object).unwrap()
}

/// A container of the pod by its name.
fn container(pod: &Json, name: &str) -> Json {
    let all = |at: &str| pod.pointer(at).and_then(Json::as_array).cloned().unwrap_or_default();
    let mut all = all("/spec/initContainers").into_iter().chain(all("/spec/containers"));
    all.find(|one| one["name"] == name).unwrap_or_else(|| panic!("no container {name}"))
}

/// What is mounted at a path.
fn mounted(container: &Json, path: &str) -> Json {
    let mounts = container["volumeMounts"].as_array().unwrap();
    mounts.iter().find(|mount| mount["mountPath"] == path).cloned().unwrap_or_default()
}

/// A volume of the pod by its name.
fn volume(pod: &Json, name: &str) -> Json {
    let volumes = pod["spec"]["volumes"].as_array().unwrap();
    volumes.iter().find(|volume| volume["name"] == name).cloned().unwrap_or_default()
}

/// A variable of a container.
fn variable(container: &Json, name: &str) -> Json {
    let all = container["env"].as_array().unwrap();
    all.iter().find(|one| one["name"] == name).cloned().unwrap_or_default()
}

/// What the agent reads.
fn config(objects: &Objects) -> proto::workspace::Config {
    serde_json::from_str(&objects.config_maps[0].data.as_ref().unwrap()["config.yaml"]).unwrap()
}
