//! From words of the command line to an effective blueprint.

use super::tree::{Tree, found};
use crate::error::Error;
use crate::grammar::blueprint::{Ask, Sources};
use blueprint::{
    Effective, Files, Given, Key, LayerKind, Library, Problem, Problems, RepoCase, RepoFile, Request, Settings, User,
    UserString,
};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The blueprints of paths, and what is wrong with their files.
pub(super) fn library(paths: &[PathBuf], sources: &Sources) -> Result<(Library, Vec<Problem>), Error> {
    let mut library = Library::default();
    let mut problems = Vec::new();
    for (paths, kind) in [(paths, LayerKind::Platform), (&sources.org, LayerKind::Org)] {
        for path in paths {
            let tree = Tree::at(path)?;
            let names = found(&tree, path, &is_blueprint)?;
            problems.extend(library.add(&tree, &names, kind));
        }
    }
    Ok((library, problems))
}

/// Whether a file of that name may hold blueprints.
pub(crate) fn is_blueprint(name: &str) -> bool {
    (name.ends_with(".yaml") || name.ends_with(".yml")) && !name.ends_with(".test.yaml") && !name.ends_with(".test.yml")
}

pub(super) fn settings(sources: &Sources) -> Settings {
    Settings { registry: sources.registry.clone(), agent_image: None }
}

/// What was asked for.
pub(super) struct Asked {
    pub(super) effective: Effective,
    /// Who asks.
    pub(super) user: User,
    /// The canonical id that the workspace would have.
    pub(super) id: String,
}

/// What a workspace would be made from.
pub(super) fn effective(name: Option<&str>, ask: &Ask) -> Result<Asked, Error> {
    let (library, problems) = library(&ask.from, &ask.sources)?;
    // a file that cannot be read takes blueprints away; an answer without them would be a guess
    Problems::check(problems).map_err(Error::of)?;
    let user = user(&ask.user)?;
    let params: Given = ask.params.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let repo = ask.repo.as_deref().map(|path| Repo::at(path, ask.repo_name.as_deref())).transpose()?;
    let overrides =
        ask.overrides.as_deref().map(|path| Tree::at(path).map(|tree| (tree.name(path), tree))).transpose()?;
    let workspace = workspace(&user, name, repo.as_ref(), &ask.reference);
    let effective = blueprint::compose(&Request {
        library: &library,
        name,
        user: &user,
        repo: repo.as_ref().map(|repo| RepoFile {
            files: &repo.tree,
            path: &repo.file,
            owner: &repo.owner,
            name: &repo.name,
            reference: &ask.reference,
            address: "",
        }),
        overrides: overrides.as_ref().map(|(path, tree)| (tree as &dyn Files, path.as_str())),
        params: &params,
        preset: ask.preset.as_deref(),
        beside: blueprint::Beside::default(),
        patches: &[],
        settings: &settings(&ask.sources),
        env: &ask.sources.env.iter().cloned().collect(),
        workspace: &workspace,
        cluster: &ask.on,
    })
    .map_err(Error::of)?;
    Ok(Asked { effective, user, id: workspace })
}

/// Warnings, on stderr.
pub(super) fn told(warnings: &[Problem]) -> Result<(), Error> {
    let mut stderr = std::io::stderr().lock();
    for warning in warnings {
        writeln!(stderr, "qd: warning: {warning}")?;
    }
    Ok(())
}

/// The file of a repository.
pub(crate) struct Repo {
    pub(crate) tree: Tree,
    /// Its name in the tree.
    pub(crate) file: String,
    pub(crate) owner: String,
    pub(crate) name: String,
}

impl Repo {
    /// A file; the repository's name is that of the folders above it, where none is said.
    pub(crate) fn at(path: &Path, named: Option<&str>) -> Result<Self, Error> {
        let tree = Tree::at(path)?;
        let file = tree.name(path);
        let (owner, name) = match named {
            Some(named) => named
                .split_once('/')
                .map(|(owner, name)| (owner.to_owned(), name.to_owned()))
                .ok_or_else(|| Error::Usage("--repo-name is OWNER/NAME".to_owned()))?,
            None => {
                let real = std::fs::canonicalize(path)?;
                let mut above = real.ancestors().skip(1).filter_map(|folder| folder.file_name());
                let mut next =
                    |other: &str| above.next().map_or(other.to_owned(), |name| name.to_string_lossy().into_owned());
                let name = next("repo");
                (next("owner"), name)
            }
        };
        Ok(Self { tree, file, owner, name })
    }
}

/// The canonical id that the workspace would have; where its parts make no user string, the user's name.
fn workspace(user: &User, name: Option<&str>, repo: Option<&Repo>, reference: &str) -> String {
    let target = match (repo, name) {
        (Some(repo), _) if reference.is_empty() => format!("~repo={}~{}", repo.owner, repo.name),
        (Some(repo), _) => format!("~repo={}~{}+ref={}", repo.owner, repo.name, reference.replace('/', "~")),
        (None, Some(name)) => format!("~{name}"),
        (None, None) => String::new(),
    };
    UserString::parse(&format!("{}{target}", user.username))
        .ok()
        .and_then(|user| Key::of(&user, RepoCase::Keeps, None).ok())
        .map_or_else(|| user.username.clone(), |key| key.id())
}

/// A file of a user's fields, the fields themselves, or the name of a synthetic user.
fn user(given: &str) -> Result<User, Error> {
    let usage = |why: String| Error::Usage(format!("--user: {why}"));
    let path = Path::new(given);
    let value: serde_json::Value = if given.trim_start().starts_with('{') {
        blueprint::read_json(given, "--user").map_err(usage)?
    } else if path.is_file() {
        let tree = Tree::at(path)?;
        let text = tree.text(&tree.name(path))?;
        blueprint::read_json(&text, given).map_err(usage)?
    } else {
        given.into()
    };
    blueprint::user(&value).map_err(usage)
}
