//! From layers to what a workspace is made from.
//!
//! ```text
//! chain (root first) ─► repo file ─► overrides ─► merged tree ─► parameters ─► expressions ─► personal ─► policy ─► defaults ─► checks
//! ```
//!
//! Every field keeps the layer and the place it came from. A blueprint that any check refuses gives no [`Effective`], and all
//! that is wrong is told at once.

#[cfg(test)]
mod tests;

use crate::allow::{Allow, Caps};
use crate::cel::Scope;
use crate::defaults::{self, Settings};
use crate::files::Files;
use crate::library::{Definition, Library, single};
use crate::merge::merge;
use crate::names::normalize_dns;
use crate::node::{Layer, LayerKind, Node, Origin, Value};
use crate::objects;
use crate::params::{self, Given, Offers, Resolved, SecretKey};
use crate::personal::Dotfiles;
use crate::pointer::{Path, Pointer};
use crate::problem::{Mark, Problem, Problems};
use crate::schema::{scalar, shape_at};
use crate::user::User;
use crate::validate::security::Level;
use crate::validate::validate;
use base::Code;
use serde_json::{Value as Json, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A file of a repository that says what its workspaces are.
#[derive(Clone, Copy)]
pub struct RepoFile<'a> {
    /// The repository's files.
    pub files: &'a dyn Files,
    /// The file in it; empty where it has none: then it is no layer, and expressions know it.
    pub path: &'a str,
    /// Owner of the repository.
    pub owner: &'a str,
    /// Name of the repository.
    pub name: &'a str,
    /// Its ref; empty for the default branch.
    pub reference: &'a str,
    /// Its address; may be empty.
    pub address: &'a str,
}

/// What is asked for beside blueprints and their parameters.
#[derive(Clone, Copy, Default)]
pub struct Beside<'a> {
    /// The values that parameters have for good, since the workspace was made.
    pub fixed: Option<&'a Given>,
    /// What whoever works in it brings along.
    pub dotfiles: Option<&'a Dotfiles>,
    /// What the workspace says of when it stops, starts and ends.
    pub lifecycle: Option<&'a Json>,
    /// Takes what may be chosen of each parameter, whatever else is wrong.
    pub offers: Option<&'a RefCell<Offers>>,
}

/// What is asked for.
#[derive(Clone)]
pub struct Request<'a> {
    /// The blueprints there are.
    pub library: &'a Library,
    /// One of them by name; without it that of the repository's file, or the first that the user may have.
    pub name: Option<&'a str>,
    /// Who asks.
    pub user: &'a User,
    /// The repository's file.
    pub repo: Option<RepoFile<'a>>,
    /// The workspace's own changes: files, and the one to read.
    pub overrides: Option<(&'a dyn Files, &'a str)>,
    /// Parameters.
    pub params: &'a Given,
    /// A preset of parameters.
    pub preset: Option<&'a str>,
    /// What else is asked for.
    pub beside: Beside<'a>,
    /// Patches that the policy obliges to.
    pub patches: &'a [(Pointer, Json)],
    /// What the platform says for all.
    pub settings: &'a Settings,
    /// What `env(name)` reads.
    pub env: &'a BTreeMap<String, String>,
    /// The workspace's name.
    pub workspace: &'a str,
    /// The cluster's name.
    pub cluster: &'a str,
}

/// What a workspace is made from.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The blueprint's name.
    pub name: String,
    /// Every field with its origin.
    pub node: Node,
    /// The layers, lowest first, as they were written; what the policy patches is the last.
    pub layers: Vec<Arc<Node>>,
    /// The parameters' values.
    pub params: BTreeMap<String, Json>,
    /// Those of them that cannot be changed later.
    pub fixed: BTreeMap<String, Json>,
    /// Variables of the main container whose value is that of a Secret, by their names.
    pub secrets: BTreeMap<String, SecretKey>,
    /// What is doubtful, and what was rewritten.
    pub warnings: Vec<Problem>,
    /// The tightest Pod Security level that lets the main container through.
    pub pod_security: Level,
    /// The longest that rules of its life may be.
    pub caps: Caps,
}

/// Composes, evaluates and checks.
///
/// # Errors
/// All that is wrong, at once.
pub fn compose(request: &Request<'_>) -> Result<Effective, Problems> {
    let mut problems = Vec::new();
    let bounded = bounded_layers(request, &mut problems)?;
    let chosen = choose(request, bounded.first().filter(|one| one.layer.kind == LayerKind::Repo))?;
    let chain = match chosen {
        Chosen::Named(one) => request.library.chain_from(one)?,
        Chosen::Repo(repo) => {
            let mut chain = request.library.chain_from(repo)?;
            chain.pop();
            chain
        }
    };
    let mut node = fold(chain.iter().copied().chain(&bounded))?;
    // where nobody else says anything, the blueprints alone are the same
    let personal = request.beside.dotfiles.map(|dotfiles| personal(dotfiles, &mut problems));
    let above = if bounded.is_empty() && personal.is_none() { None } else { Some(fold(chain.iter().copied())?) };
    let allow = above.as_ref().map(Allow::of);
    let name = node.get("name").and_then(Node::text).unwrap_or_default().to_owned();
    for layer in bounded.iter().map(|layer| &*layer.node).chain(&personal) {
        allow.iter().for_each(|allow| allow.check_layer(layer, &mut problems));
    }
    let mut scope = scope(request, &name, &node);
    let from = above.as_ref().unwrap_or(&node);
    let caps = life(from, request.beside.lifecycle, &mut problems);
    let asked = params::Asked { given: request.params, preset: request.preset, fixed: request.beside.fixed };
    let Resolved { params, fixed, secrets, offers } = params::resolve(from, &asked, &scope, &mut problems);
    if let Some(taken) = request.beside.offers {
        taken.replace(offers);
    }
    scope.set("params", Json::Object(params.clone().into_iter().collect()));
    for key in ["isTemplate", "params", "presets", "allow"] {
        node.take(key);
    }
    let without_params = problems.iter().any(|one| one.code == Code::ParamInvalid);
    let before = problems.len();
    evaluate(&mut node, &Path::Root, &scope, &mut problems);
    if without_params {
        // what fails for want of a parameter is told by the parameter
        let failed = problems.split_off(before);
        problems
            .extend(failed.into_iter().filter(|one| !node.at(&Pointer::parse(&one.pointer)).is_some_and(reads_params)));
    }
    for script in personal.iter().flat_map(|own| own.get("initScripts").map_or(&[][..], Node::items)) {
        append(&mut node, "initScripts", script);
    }
    let patched = patch(&mut node, request.patches, &mut problems);
    defaults::fill(&mut node, request.settings);
    problems.extend(validate(&node).into_iter().map(of_patch));
    if let (Some(above), Some(allow)) = (&above, &allow) {
        let class = network_class(above, &scope);
        allow.check_values(&node, &class, &mut problems);
    }
    for problem in &mut problems {
        if problem.blueprint.is_empty() {
            problem.blueprint.clone_from(&name);
        }
    }
    let warnings = Problems::check(problems)?;
    let pod_security = objects::main_level(&node);
    let layers = chain.iter().copied().chain(&bounded).map(|one| one.node.clone());
    let layers = layers.chain(personal.map(Arc::new)).chain(patched.map(Arc::new)).collect();
    Ok(Effective { name, node, layers, params, fixed, secrets, warnings, pod_security, caps })
}

/// The longest that rules of a workspace's life may be, by the blueprints alone.
///
/// # Errors
/// When its parents are not there.
pub fn caps(library: &Library, name: &str) -> Result<Caps, Problem> {
    let node = fold(library.chain(name)?.into_iter())?;
    Ok(Allow::of(&node).caps())
}

/// Checks what a workspace says of its life.
fn life(above: &Node, said: Option<&Json>, problems: &mut Vec<Problem>) -> Caps {
    let allow = Allow::of(above);
    allow.check_lifecycle_rules(problems);
    said.iter().for_each(|said| allow.check_lifecycle(said, problems));
    allow.caps()
}

enum Chosen<'a> {
    Named(&'a Definition),
    Repo(&'a Definition),
}

/// The blueprint that is meant, if the user may have it.
fn choose<'a>(request: &'a Request<'_>, repo: Option<&'a Definition>) -> Result<Chosen<'a>, Problem> {
    let library = request.library;
    let allowed = || library.names().into_iter().filter(|name| request.user.may_have(name)).collect::<Vec<_>>();
    let mark = Mark::start("blueprints");
    let forbidden = |message: String| Problem::new(Code::BlueprintForbidden, "", &mark, message);
    let listed = || match allowed() {
        none if none.is_empty() => "none is".to_owned(),
        allowed => format!("allowed are {}", allowed.join(", ")),
    };
    if let Some(repo) = repo {
        let Some(template) = repo.template.as_deref() else {
            let message = "a repository's blueprint names its template";
            return Err(Problem::new(Code::BlueprintInvalid, "/template", &repo.mark, message).of(&repo.name));
        };
        if request.name.is_some_and(|name| normalize_dns(name) != template) {
            return Err(forbidden(format!("the repository's blueprint builds on {template}, not on another one")));
        }
        library.chain(template).map_err(|problem| Problem { mark: repo.mark.clone(), ..problem })?;
        if !request.user.may_have(template) {
            return Err(forbidden(format!("{} may not build on {template}; {}", request.user.username, listed())));
        }
        return Ok(Chosen::Repo(repo));
    }
    let name = match request.name {
        Some(name) => normalize_dns(name),
        None => match allowed().first() {
            Some(name) => (*name).to_owned(),
            None => return Err(forbidden(format!("{} may have no blueprint", request.user.username))),
        },
    };
    library.chain(&name)?;
    let one = library.get(&name).ok_or_else(|| forbidden(listed()))?;
    if one.is_abstract {
        return Err(forbidden(format!("{name} is abstract: it is only there to be built on; {}", listed())));
    }
    if !request.user.may_have(&name) {
        return Err(forbidden(format!("{} may not have {name}; {}", request.user.username, listed())));
    }
    Ok(Chosen::Named(one))
}

/// The name of the blueprint that a repository's file is, where it says none itself.
#[must_use]
pub fn repo_name(owner: &str, name: &str) -> String {
    normalize_dns(&format!("repo-{owner}-{name}"))
}

fn bounded_layers(request: &Request<'_>, problems: &mut Vec<Problem>) -> Result<Vec<Definition>, Problem> {
    let mut layers = Vec::new();
    if let Some(repo) = request.repo.as_ref().filter(|repo| !repo.path.is_empty()) {
        let name = repo_name(repo.owner, repo.name);
        let (definition, found) = single(repo.files, repo.path, LayerKind::Repo, &name)?;
        problems.extend(found);
        layers.push(definition);
    }
    if let Some((files, path)) = request.overrides {
        let (definition, found) = single(files, path, LayerKind::Overrides, "overrides")?;
        problems.extend(found);
        layers.push(definition);
    }
    Ok(layers)
}

/// Merges layers, the root first.
fn fold<'a>(layers: impl Iterator<Item = &'a Definition>) -> Result<Node, Problem> {
    let mut merged: Option<Node> = None;
    for layer in layers {
        let mut node = Node::clone(&layer.node);
        node.take("isTemplate");
        if layer.layer.kind == LayerKind::Overrides {
            node.take("name");
        }
        let origin = node.origin.clone();
        let below = merged.unwrap_or(Node { value: Value::Map(Vec::new()), origin });
        merged = merge(below, node);
    }
    merged.ok_or_else(|| Problem::new(Code::BlueprintNotFound, "", &Mark::start("blueprints"), "there is no blueprint"))
}

/// What expressions see.
fn scope(request: &Request<'_>, name: &str, merged: &Node) -> Scope {
    let mut metadata = serde_json::Map::new();
    metadata.insert("name".to_owned(), name.into());
    if let Some(repo) = &request.repo {
        for (key, value) in [
            ("repoName", repo.name),
            ("repoOwner", repo.owner),
            ("repoRef", repo.reference),
            ("repoAddress", repo.address),
        ] {
            if !value.is_empty() {
                metadata.insert(key.to_owned(), value.into());
            }
        }
    }
    let template = merged.get("template").and_then(Node::text).unwrap_or_default();
    let variables = BTreeMap::from([
        ("user", json!(request.user)),
        ("workspaceName", request.workspace.into()),
        ("metadata", Json::Object(metadata)),
        ("blueprint", json!({ "name": name, "template": template })),
        ("params", json!({})),
        ("org", request.user.organization.as_str().into()),
        ("cluster", request.cluster.into()),
    ]);
    Scope::new(variables, request.env.clone(), request.library.compiled().clone())
}

/// Replaces expressions by what they give; one that fails stays, so that the rest is checked too.
fn evaluate(node: &mut Node, at: &Path<'_>, scope: &Scope, problems: &mut Vec<Problem>) {
    match &mut node.value {
        Value::Cel(text) => {
            let result = scope.evaluate(text).and_then(|value| {
                let result = Node { value, origin: node.origin.clone() };
                match shape_at(&at.pointer()) {
                    Some((shape, _)) => scalar(&result, shape)
                        .map(|()| result)
                        .map_err(|why| format!("what the expression gives does not fit: {why}")),
                    None => Ok(result),
                }
            });
            match result {
                Ok(result) => *node = result,
                Err(why) => problems.push(Problem::new(Code::CelError, at, &node.origin.mark, why)),
            }
        }
        Value::Map(entries) => {
            entries.iter_mut().for_each(|entry| evaluate(&mut entry.node, &Path::Key(at, &entry.key), scope, problems));
        }
        Value::List(items) => {
            let items = items.iter_mut().enumerate();
            items.for_each(|(index, item)| evaluate(item, &Path::Item(at, index), scope, problems));
        }
        _ => {}
    }
}

fn reads_params(node: &Node) -> bool {
    matches!(&node.value, Value::Cel(text) if text.contains("params"))
}

/// The layer of whoever works in it: one script, whatever they are.
fn personal(dotfiles: &Dotfiles, problems: &mut Vec<Problem>) -> Node {
    let layer = Arc::new(Layer { kind: LayerKind::Personal, name: String::new() });
    let origin = Origin { layer, mark: Mark::start("spec") };
    if let Err(why) = dotfiles.check() {
        problems.push(Problem::new(Code::BlueprintInvalid, "/dotfiles", &origin.mark, why));
        return Node { value: Value::Map(Vec::new()), origin };
    }
    let script = json!({ "initScripts": [{ "name": dotfiles.name(), "script": dotfiles.script() }] });
    Node::from_json(&script, &origin)
}

/// Adds to a list, which there may be none of.
fn append(node: &mut Node, key: &str, item: &Node) {
    let mut items = node.get(key).map(|there| there.items().to_vec()).unwrap_or_default();
    let origin = node.get(key).map_or(&item.origin, |there| &there.origin).clone();
    items.push(item.clone());
    node.put(key, Node { value: Value::List(items), origin });
}

/// Sets what the policy obliges to, and gives the layer that it is.
fn patch(node: &mut Node, patches: &[(Pointer, Json)], problems: &mut Vec<Problem>) -> Option<Node> {
    let layer = Arc::new(Layer { kind: LayerKind::Policy, name: String::new() });
    let origin = Origin { layer, mark: Mark::start(POLICY) };
    let mut own = Node { value: Value::Map(Vec::new()), origin: origin.clone() };
    for (pointer, value) in patches {
        let patch = Node::from_json(value, &origin);
        if shape_at(pointer).is_none() || !node.set(pointer, patch.clone()) {
            let message =
                "the policy obliges to a patch of a field that cannot be set: an administrator mends the rule";
            problems.push(Problem::new(Code::ObligationUnsupported, pointer, &origin.mark, message));
        }
        // Positions in lists are of the whole, and told by the field itself.
        own.set(pointer, patch);
    }
    (!patches.is_empty()).then_some(own)
}

/// What is wrong with a value that the policy set is no fault of a blueprint.
fn of_patch(problem: Problem) -> Problem {
    let by_policy = !problem.warning && *problem.mark.file == *POLICY;
    if by_policy { Problem { code: Code::ObligationUnsupported, ..problem } } else { problem }
}

/// What stands for a file where the policy set something.
const POLICY: &str = "policy";

/// The network class of the blueprints alone; where it cannot be told, the tightest.
fn network_class(above: &Node, scope: &Scope) -> String {
    let at = Pointer::parse("/network/networkPolicyClass");
    let mut node = above.clone();
    evaluate(&mut node, &Path::Root, scope, &mut Vec::new());
    node.at(&at).and_then(Node::text).unwrap_or("isolated").to_owned()
}
