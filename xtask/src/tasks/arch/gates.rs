//! Only `app` builds a gate: who names the module that does, or the one that does for tests, is found here. The types
//! keep the rest (a permit and a principal come only from what that module gives).

use std::path::Path;

use anyhow::Context;

use super::table::Layer;
use crate::tasks::metadata::Metadata;

/// Modules of `policy` and the crates whose sources may name them. Tests may name all.
const MODULES: &[(&str, &[&str])] = &[("compose", &["policy", "app"]), ("testing", &["policy"])];

/// Every source that names a module it may not name.
pub(super) fn breaks(metadata: &Metadata) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for package in metadata.ours().filter(|package| Layer::of(&package.name) != Some(Layer::Tool)) {
        let folder = Path::new(&package.manifest_path).parent().context("a manifest stands in a folder")?.join("src");
        for entry in walkdir::WalkDir::new(&folder) {
            let entry = entry?;
            let path = entry.path();
            let test = path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs");
            if test || path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(path)?;
            for (module, crates) in MODULES {
                if !crates.contains(&package.name.as_str()) && names(&text, module) {
                    let reason = "only app builds a gate, and tests";
                    found.push(format!("`{}` names `policy::{module}` ({}): {reason}", package.name, path.display()));
                }
            }
        }
    }
    Ok(found)
}

/// Whether code outside tests names a module of `policy`, alone or in a braced import. Tests stand last in a file.
fn names(text: &str, module: &str) -> bool {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code: String = code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    code.match_indices("policy::").any(|(at, mark)| {
        let rest = code.get(at + mark.len()..).unwrap_or_default();
        let inside = match rest.strip_prefix('{') {
            Some(braced) => braced.split(';').next().unwrap_or_default(),
            None => rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default(),
        };
        inside.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == module)
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn every_way_of_naming_the_module_is_found() {
        for named in [
            "use policy::compose::{Parts, compose};",
            "use policy::{\n    Gate,\n    compose::compose,\n};",
            "let gate = policy::compose::compose(parts);",
            "use policy::{compose, Gate};",
        ] {
            assert!(names(named, "compose"), "{named}");
        }
        for clean in [
            "use policy::{Gate, Permit};\nfn compose() {}",
            "// policy::compose builds it",
            "use policy::composed;",
            "fn a() {}\n#[cfg(test)]\nmod tests { use policy::compose::compose; }",
        ] {
            assert!(!names(clean, "compose"), "{clean}");
        }
    }
}
