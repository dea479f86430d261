//! Files that other tools read of a repository: what of them a blueprint can say. Pure.
//!
//! Of `devcontainer.json` the image, variables and the commands that run once; of `devfile.yaml` without a parent the first
//! container with its variables and sizes, and the commands after its start. What has to be built is refused.

use base::shell;
use jsonc_parser::{CollectOptions, ParseOptions};
use serde_json::{Map, Value, json};

/// Whether a path is one of theirs.
pub(crate) fn is_one(path: &str) -> bool {
    path.ends_with("devcontainer.json") || path.rsplit('/').next() == Some("devfile.yaml")
}

/// The fields of a blueprint that a file stands for, without the blueprint that it builds on.
///
/// # Errors
/// What cannot be taken, in words.
pub(crate) fn fields(path: &str, text: &str) -> Result<Value, String> {
    if path.ends_with(".json") {
        // It may have comments, and commas before an end.
        let read = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default());
        let read = read.map_err(|error| format!("{path}: {error}"))?;
        container(&read.value.map(Value::from).unwrap_or_default())
    } else {
        devfile(&blueprint::read_json(text, path)?)
    }
}

/// `devcontainer.json`.
fn container(read: &Value) -> Result<Value, String> {
    if !read.is_object() {
        return Err("a devcontainer is a map".to_owned());
    }
    for key in ["build", "dockerFile", "dockerComposeFile"] {
        if read.get(key).is_some() {
            return Err(format!("its {key} would have to be built: name an image, or write a .quarterdeck.yaml"));
        }
    }
    let image = text(read, "image").ok_or("a devcontainer names an image")?;
    let mut env = Map::new();
    for key in ["containerEnv", "remoteEnv"] {
        for (name, value) in read.get(key).and_then(Value::as_object).into_iter().flatten() {
            // What stands for something of another machine means nothing here.
            if let Some(value) = value.as_str().filter(|value| !value.contains("${")) {
                env.insert(name.clone(), value.into());
            }
        }
    }
    let mut scripts = Vec::new();
    for key in ["onCreateCommand", "updateContentCommand", "postCreateCommand"] {
        let command = read.get(key).unwrap_or(&Value::Null);
        match command.as_object() {
            Some(all) => scripts.extend(all.iter().filter_map(|(name, one)| script(&format!("{key}-{name}"), one))),
            None => scripts.extend(script(key, command)),
        }
    }
    Ok(made(image, env, scripts, Map::new()))
}

/// `devfile.yaml`.
fn devfile(read: &Value) -> Result<Value, String> {
    if read.get("parent").is_some() {
        return Err("its parent is not read: write out what it brings, or write a .quarterdeck.yaml".to_owned());
    }
    let all = |key: &str| read.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let container = all("components").iter().find_map(|one| one.get("container"));
    let container = container.ok_or("a devfile has a component with a container")?;
    let image = text(container, "image").ok_or("the container of a devfile names an image")?;
    let pairs = container.get("env").and_then(Value::as_array).into_iter().flatten();
    let env = pairs.filter_map(|one| Some((text(one, "name")?.to_owned(), one.get("value")?.clone()))).collect();
    let sizes = [("cpu", "cpuLimit"), ("memory", "memoryLimit")];
    let sizes =
        sizes.into_iter().filter_map(|(to, from)| Some((to.to_owned(), container.get(from)?.clone()))).collect();
    let started = read.pointer("/events/postStart").and_then(Value::as_array).into_iter().flatten();
    let command = |id: &Value| {
        let one = all("commands").iter().find(|one| one.get("id") == Some(id))?;
        script(id.as_str()?, one.pointer("/exec/commandLine")?)
    };
    Ok(made(image, env, started.filter_map(command).collect(), sizes))
}

fn made(image: &str, env: Map<String, Value>, scripts: Vec<Value>, resources: Map<String, Value>) -> Value {
    let mut fields = Map::from_iter([("image".to_owned(), image.into())]);
    let parts = [("env", Value::Object(env)), ("initScripts", scripts.into()), ("resources", Value::Object(resources))];
    for (key, value) in parts {
        let empty = value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            fields.insert(key.to_owned(), value);
        }
    }
    Value::Object(fields)
}

/// A command: a line for a shell, or its words.
fn script(name: &str, command: &Value) -> Option<Value> {
    let line = match command {
        Value::String(line) => line.clone(),
        Value::Array(words) => {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            words.iter().map(|word| shell::word(word)).collect::<Vec<_>>().join(" ")
        }
        _ => return None,
    };
    (!line.trim().is_empty()).then(|| json!({ "name": name, "script": line }))
}

fn text<'a>(of: &'a Value, key: &str) -> Option<&'a str> {
    of.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{fields, is_one};
    use serde_json::json;

    #[test]
    fn wb_04a_of_a_devcontainer_the_image_variables_and_commands_are_taken() {
        let text = r#"{
            // the image
            "image": "mcr.example/dev//go:1", /* not
            built */
            "containerEnv": { "A": "1", "B": "${localEnv:HOME}", },
            "remoteEnv": { "C": "say \"hi\" // here" },
            "onCreateCommand": ["go", "mod", "down load"],
            "postCreateCommand": { "db": "make db", "ui": ["npm", "ci"] },
        }"#;
        let read = fields(".devcontainer/devcontainer.json", text).unwrap();
        assert_eq!(read["image"], "mcr.example/dev//go:1");
        assert_eq!(read["env"], json!({ "A": "1", "C": "say \"hi\" // here" }));
        let scripts: Vec<_> = read["initScripts"].as_array().unwrap().iter().map(|one| one["script"].clone()).collect();
        assert_eq!(scripts, [json!("go mod 'down load'"), json!("make db"), json!("npm ci")]);
        let built = fields("devcontainer.json", r#"{ "build": { "dockerfile": "Dockerfile" } }"#).unwrap_err();
        assert!(built.contains("would have to be built"), "{built}");
        assert!(fields("devcontainer.json", "[]").is_err() && fields("devcontainer.json", "{").is_err());
        let wrong = fields("devcontainer.json", "{ /* a\nb */\n\"image\": [,\n}").unwrap_err();
        assert!(wrong.contains("line 3"), "{wrong}");
        let deep = fields("devcontainer.json", &"[".repeat(100_000)).unwrap_err();
        assert!(deep.len() < 200, "{deep}");
    }

    #[test]
    fn ws_09m_of_a_devfile_without_a_parent_the_first_container_is_taken() {
        let text = "\
schemaVersion: 2.2.0
components:
- {name: data, volume: {size: 1Gi}}
- name: dev
  container: {image: 'quay.example/go:1', memoryLimit: 512Mi, cpuLimit: 500m, env: [{name: A, value: b}]}
commands:
- {id: deps, exec: {component: dev, commandLine: go mod download}}
- {id: run, exec: {component: dev, commandLine: go run .}}
events: {postStart: [deps]}
";
        let read = fields("devfile.yaml", text).unwrap();
        let scripts = json!([{ "name": "deps", "script": "go mod download" }]);
        let resources = json!({ "cpu": "500m", "memory": "512Mi" });
        let wanted = json!({ "image": "quay.example/go:1", "env": { "A": "b" }, "initScripts": scripts, "resources": resources });
        assert_eq!(read, wanted);
        assert!(fields("devfile.yaml", "parent: {id: go}\n").unwrap_err().contains("parent"));
        assert!(is_one("svc/devfile.yaml") && is_one(".devcontainer.json") && !is_one(".quarterdeck.yaml"));
    }
}
