//! The blueprints that a namespace sees, and what a workspace would be made of: read from the cluster when somebody asks.

use crate::acts::ActError;
use crate::blueprints::{Blueprints, Made, Platform};
use crate::follow::ours;
use crate::launch::Launch;
use crate::pages;
use crate::render::Render;
use crate::source::Sourced;
use api::blueprint::{
    BlueprintField, BlueprintList, BlueprintOption, BlueprintParam, BlueprintPreset, BlueprintPreview,
    BlueprintProblem, BlueprintRow, BlueprintValidate, BlueprintValidated,
};
use base::Code;
use blueprint::{Definition, Effective, Given, LayerKind, Library, Offers, Problem, Problems, explain};
use cluster::{Cluster, Error};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Reads the blueprints of the platform and those of a namespace.
///
/// # Errors
/// When the cluster does not tell them.
pub async fn read(cluster: &Cluster, platform: &Platform, namespace: &str) -> Result<Blueprints, ActError> {
    let platform = Platform { cluster: cluster.name().as_str().to_owned(), ..platform.clone() };
    let blueprints = Blueprints::new(platform);
    for (kind, plural, of) in [("ClusterBlueprint", "clusterblueprints", ""), ("Blueprint", "blueprints", namespace)] {
        let kind = ours(kind, plural, !of.is_empty()).ok_or(ActError::NotInstalled)?;
        let all = pages::all(cluster, &kind, of, "").await.map_err(|error| match error {
            Error::NotServed { .. } | Error::NotFound { .. } => ActError::NotInstalled,
            other => ActError::Cluster(other),
        })?;
        for object in all {
            let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            let (spec, status) =
                (object.get("spec").unwrap_or(&Value::Null), object.get("status").unwrap_or(&Value::Null));
            blueprints.told(of, name, Some((spec, status)));
        }
    }
    Ok(blueprints)
}

/// What a namespace sees.
#[must_use]
pub fn list(blueprints: &Blueprints, namespace: &str, owner: &str, org: &str) -> BlueprintList {
    let (library, broken) = blueprints.library(namespace);
    let mut all: Vec<&Definition> = library.all().collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let launch = Launch { owner: owner.to_owned(), org: org.to_owned(), ..Launch::default() };
    BlueprintList {
        blueprints: all.into_iter().map(|one| row(blueprints, &library, one, namespace, &launch)).collect(),
        problems: broken.iter().map(problem).collect(),
        default_blueprint: blueprints.usual().to_owned(),
    }
}

/// A blueprint that somebody may make a workspace of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub blueprint: String,
    /// The image that its workspaces have.
    pub image: String,
    /// What it says of itself; may be empty.
    pub description: String,
}

/// Those of what a namespace sees of which a workspace can be made without being asked anything.
#[must_use]
pub fn offers(blueprints: &Blueprints, namespace: &str, owner: &str, org: &str) -> Vec<Offer> {
    let (library, _) = blueprints.library(namespace);
    let mut all: Vec<&Definition> = library.all().filter(|one| !one.is_abstract).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let offer = |one: &Definition| {
        let blueprint = Some(one.name.clone());
        let launch = Launch { owner: owner.to_owned(), org: org.to_owned(), blueprint, ..Launch::default() };
        let effective = effective(blueprints, namespace, "preview", &launch, &Sourced::None).ok()?.effective;
        let image = effective.node.leaves().into_iter().find(|(pointer, _)| pointer.to_string() == "/image")?;
        let image = image.1.to_json().as_str()?.to_owned();
        let chain = library.chain(&one.name).unwrap_or_default();
        let description = chain.iter().rev().find_map(|one| one.description()).unwrap_or_default().to_owned();
        Some(Offer { blueprint: one.name.clone(), image, description })
    };
    all.into_iter().filter_map(offer).collect()
}

/// What a workspace would be made of.
///
/// # Errors
/// All that is wrong, at once.
pub fn effective(
    blueprints: &Blueprints,
    namespace: &str,
    name: &str,
    launch: &Launch,
    sourced: &Sourced,
) -> Result<Made, Problems> {
    composed(blueprints, namespace, name, launch, sourced, None)
}

fn composed(
    blueprints: &Blueprints,
    namespace: &str,
    name: &str,
    launch: &Launch,
    sourced: &Sourced,
    offers: Option<&RefCell<Offers>>,
) -> Result<Made, Problems> {
    let usual = || launch.image.is_some().then(|| blueprints.usual());
    let chosen = launch.blueprint.as_deref().or_else(usual);
    blueprints.effective(namespace, chosen, name, &launch.spec(), sourced, offers)
}

/// The same for people who fill in a form.
#[must_use]
pub fn preview(
    blueprints: &Blueprints,
    namespace: &str,
    name: &str,
    launch: &Launch,
    sourced: &Sourced,
) -> BlueprintPreview {
    let source = match sourced {
        Sourced::Read(read) => Some(read.words()),
        _ => None,
    };
    let offers = RefCell::default();
    let preview = match composed(blueprints, namespace, name, launch, sourced, Some(&offers)) {
        Ok(made) => shown(made, sourced),
        Err(wrong) => {
            let problems = wrong.list().iter().map(problem).collect();
            BlueprintPreview { problems, ..BlueprintPreview::default() }
        }
    };
    BlueprintPreview { source, options: offers.into_inner(), ..preview }
}

/// What is wrong with a file of blueprints, and what would be made of the one that is asked for: the first, where none is.
#[must_use]
pub fn validate(
    blueprints: &Blueprints,
    namespace: &str,
    asked: &BlueprintValidate,
    owner: &str,
    org: &str,
) -> BlueprintValidated {
    let file = asked.file.as_deref().filter(|file| !file.is_empty()).unwrap_or("blueprint.yaml");
    let tried = blueprints.tried(namespace, file, &asked.text);
    let mut problems = tried.problems.clone();
    let params: Given = asked.params.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let wanted = asked.blueprint.as_deref().or(tried.whole.first().map(String::as_str));
    let made = wanted.map(|name| blueprints.made_of(&tried, name, owner, org, &params));
    let preview = match made {
        Some(Ok(made)) => Some(shown(made, &Sourced::None)),
        Some(Err(wrong)) => {
            problems.extend(wrong.list().iter().filter(|one| !tried.problems.contains(one)).cloned());
            None
        }
        None => None,
    };
    if tried.names.is_empty() && problems.is_empty() {
        problems.push(Problem {
            code: Code::BlueprintInvalid,
            warning: false,
            blueprint: String::new(),
            pointer: String::new(),
            mark: blueprint::Mark::start(file),
            message: "there is no blueprint in it".to_owned(),
        });
    }
    BlueprintValidated {
        valid: problems.iter().all(|one| one.warning),
        names: tried.names.clone(),
        problems: problems.iter().map(problem).collect(),
        preview,
    }
}

fn shown(made: Made, sourced: &Sourced) -> BlueprintPreview {
    let Made { effective, fallback, .. } = made;
    BlueprintPreview {
        valid: true,
        name: effective.name.clone(),
        fields: fields(&effective, sourced),
        source: None,
        fallback,
        params: effective.params.clone(),
        options: BTreeMap::new(),
        layers: effective.layers.iter().map(|layer| layer.origin.layer.to_string()).collect(),
        pod_security: effective.pod_security.as_str().to_owned(),
        problems: effective.warnings.iter().map(problem).collect(),
    }
}

fn fields(effective: &Effective, sourced: &Sourced) -> Vec<BlueprintField> {
    let field = |(pointer, node): (blueprint::Pointer, &blueprint::Node)| {
        let mut why = explain(effective, &pointer).map(|one| one.sentence()).unwrap_or_default();
        if let (Sourced::Read(read), LayerKind::Repo) = (sourced, node.origin.layer.kind) {
            let by = if read.author.is_empty() { String::new() } else { format!(" by {}", read.author) };
            why = format!("{why} ({}{by})", read.words());
        }
        BlueprintField {
            value: node.to_json(),
            layer: node.origin.layer.kind.as_str().to_owned(),
            blueprint: node.origin.layer.name.clone(),
            why,
            pointer: pointer.to_string(),
        }
    };
    effective.node.leaves().into_iter().map(field).collect()
}

fn row(blueprints: &Blueprints, library: &Library, one: &Definition, namespace: &str, launch: &Launch) -> BlueprintRow {
    let chain = library.chain(&one.name);
    let mut problems: Vec<Problem> = chain.as_ref().err().cloned().into_iter().collect();
    let chain = chain.unwrap_or_default();
    let params = params(&chain);
    let mut valid = false;
    if !one.is_abstract && problems.is_empty() {
        let launch = Launch { blueprint: Some(one.name.clone()), ..launch.clone() };
        let asks = params.iter().any(|param| param.required);
        match effective(blueprints, namespace, "preview", &launch, &Sourced::None) {
            Ok(made) => {
                valid = true;
                problems = made.effective.warnings;
            }
            Err(wrong) => {
                // What has to be given is not wrong as long as nobody was asked for it.
                let open = |one: &&Problem| !(asks && one.code == Code::ParamInvalid);
                problems = wrong.list().iter().filter(open).cloned().collect();
                valid = problems.iter().all(|one| one.warning);
            }
        }
    }
    BlueprintRow {
        name: one.name.clone(),
        kind: kind(one).to_owned(),
        is_abstract: one.is_abstract,
        description: chain.iter().rev().find_map(|one| one.description()).unwrap_or_default().to_owned(),
        chain: chain.iter().map(|one| one.name.clone()).collect(),
        presets: presets(&chain),
        params,
        valid,
        problems: problems.iter().map(problem).collect(),
    }
}

/// Whose it is, by the document that it was read from.
fn kind(one: &Definition) -> &'static str {
    match one.layer.kind {
        LayerKind::Org => "Blueprint",
        _ if one.mark.file.starts_with("built-in/") => "built-in",
        _ if one.mark.file.starts_with("ClusterBlueprint/") => "ClusterBlueprint",
        _ => "file",
    }
}

/// What a blueprint and its parents ask: who asks again says how.
fn params(chain: &[&Definition]) -> Vec<BlueprintParam> {
    let mut all: Vec<BlueprintParam> = Vec::new();
    for one in chain.iter().flat_map(|one| one.listed("params")) {
        let param = param(&one);
        match all.iter_mut().find(|there| there.name == param.name) {
            Some(there) => *there = param,
            None => all.push(param),
        }
    }
    all
}

fn param(one: &Value) -> BlueprintParam {
    let default = one.get("default").filter(|value| !value.is_null()).cloned();
    let option = |one: &Value| BlueprintOption {
        value: said(one, "value"),
        description: said(one, "description"),
        when: said(one, "when"),
    };
    let kind = said(one, "type");
    BlueprintParam {
        name: said(one, "name"),
        kind: if kind.is_empty() { "string".to_owned() } else { kind },
        description: said(one, "description"),
        required: default.is_none() && one.get("when").is_none(),
        default,
        min: one.get("min").map(|_| said(one, "min")),
        max: one.get("max").map(|_| said(one, "max")),
        options: one.get("options").and_then(Value::as_array).into_iter().flatten().map(option).collect(),
        when: said(one, "when"),
        check: said(one, "check"),
        message: said(one, "message"),
        mutable: one.get("mutable").and_then(Value::as_bool).unwrap_or(true),
    }
}

fn presets(chain: &[&Definition]) -> Vec<BlueprintPreset> {
    let mut all: Vec<BlueprintPreset> = Vec::new();
    for one in chain.iter().flat_map(|one| one.listed("presets")) {
        let params = one.get("params").and_then(Value::as_object).cloned().unwrap_or_default();
        let preset = BlueprintPreset {
            name: said(&one, "name"),
            description: said(&one, "description"),
            params: BTreeMap::from_iter(params),
        };
        match all.iter_mut().find(|there| there.name == preset.name) {
            Some(there) => *there = preset,
            None => all.push(preset),
        }
    }
    all
}

/// A text, or what stands for one; an expression without its sign.
fn said(one: &Value, key: &str) -> String {
    match one.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.strip_prefix("!cel ").unwrap_or(text).to_owned(),
        Some(other) => other.to_string(),
    }
}

/// A problem as doors tell it.
pub(crate) fn problem(one: &Problem) -> BlueprintProblem {
    BlueprintProblem {
        code: one.code.as_str().to_owned(),
        severity: if one.warning { "warning" } else { "error" }.to_owned(),
        blueprint: one.blueprint.clone(),
        pointer: one.pointer.clone(),
        file: one.mark.file.to_string(),
        line: one.mark.line,
        column: one.mark.column,
        message: one.message.clone(),
    }
}

#[cfg(test)]
mod tests;
