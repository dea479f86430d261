//! What paths hold: objects of the older group, trees of blueprints, files of repositories, a provisioner's configuration.

use super::provisioner::Settings;
use super::{NotImported, Unread};
use crate::blueprint::ask::{Repo, is_blueprint};
use crate::blueprint::tree::{self, Tree};
use crate::error::Error;
use crate::grammar::workspace::ImportArgs;
use blueprint::import::Converted;
use crd::import::{BlueprintSource, Given, Imported, Report};
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What was read of all paths.
#[derive(Default)]
pub(super) struct Found {
    pub(super) objects: Vec<Imported>,
    /// By the name of the file.
    pub(super) settings: Vec<(String, Settings)>,
}

/// Reads them; what is wrong with one of them stops all.
pub(super) fn found(args: &ImportArgs, given: &Given<'_>) -> Result<Found, Error> {
    let mut all = Found::default();
    for path in &args.files {
        let named = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if workspace::source::NAMES.contains(&named) && !path.is_dir() {
            all.objects.push(repository(path, args)?);
        } else if path.is_dir() {
            let tree = Tree::at(path)?;
            let names = tree::found(&tree, path, &is_blueprint)?;
            all.objects.extend(blueprints(&tree, &names, given.namespace)?);
        } else {
            let (name, text) = (path.display().to_string(), text(path)?);
            if let Some(settings) = Settings::of(&text) {
                all.settings.push((name, settings));
            } else if let Some((tree, file)) = of_blueprints(path)? {
                all.objects.extend(blueprints(&tree, &[file], given.namespace)?);
            } else {
                all.objects.extend(read(&text, &name, given)?);
            }
        }
    }
    Ok(all)
}

/// The tree of a file that holds blueprints.
fn of_blueprints(path: &Path) -> Result<Option<(Tree, String)>, Error> {
    if path == Path::new("-") {
        return Ok(None);
    }
    let tree = Tree::at(path)?;
    let file = tree.name(path);
    Ok(blueprint::import::is_one(&tree, &file).then_some((tree, file)))
}

fn blueprints(tree: &Tree, names: &[String], namespace: Option<&str>) -> Result<Vec<Imported>, Error> {
    let all = blueprint::import::convert(tree, names).map_err(Error::of)?;
    if all.is_empty() {
        let name = names.join(", ");
        return Err(Error::of(Unread { name, why: "there is no blueprint in it".to_owned() }));
    }
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    for one in all {
        match object(one, namespace) {
            Ok(one) => made.push(one),
            Err(why) => refused.push(why),
        }
    }
    if refused.is_empty() { Ok(made) } else { Err(Error::of(NotImported { name: names.join(", "), refused })) }
}

/// The blueprint that the file of a repository is. It is one of the namespace, and no template bounds it any more.
fn repository(path: &Path, args: &ImportArgs) -> Result<Imported, Error> {
    let repo = Repo::at(path, args.repo_name.as_deref())?;
    let name = blueprint::repo_name(&repo.owner, &repo.name);
    let mut one = blueprint::import::convert_repo(&repo.tree, &repo.file, &name).map_err(Error::of)?;
    let why = "the file becomes a blueprint of the namespace: what its template allows repositories bounds it no more";
    one.changed.push(("/template".to_owned(), why.to_owned()));
    let namespace = args.namespace.as_deref().unwrap_or("default");
    object(one, Some(namespace))
        .map_err(|why| Error::of(NotImported { name: path.display().to_string(), refused: vec![why] }))
}

fn object(one: Converted, namespace: Option<&str>) -> Result<Imported, crd::import::Refused> {
    let mut report = Report::default();
    let field = |pointer: &str| pointer.trim_start_matches('/').replace('/', ".");
    one.changed.iter().for_each(|(at, why)| report.changed(field(at), why));
    one.left_out.iter().for_each(|(at, why)| report.unsupported(field(at), why));
    let from = format!("{}:{}", one.mark.file, one.mark.line);
    crd::import::blueprint(BlueprintSource { from: &from, name: &one.name, namespace, spec: one.spec, report })
}

/// The objects of a text, each made into one of ours.
pub(super) fn read(text: &str, name: &str, given: &Given<'_>) -> Result<Vec<Imported>, Error> {
    let unread = |why: String| Error::of(Unread { name: name.to_owned(), why });
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|error| unread(error.to_string()))?;
    let documents: Vec<Value> = documents.into_iter().filter(|one| !one.is_null()).collect();
    if documents.is_empty() {
        return Err(unread("there is no object in it".to_owned()));
    }
    let results = documents.iter().flat_map(|one| crd::import::import(one, given));
    let (mut all, mut refused) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(one) => all.push(one),
            Err(why) => refused.push(why),
        }
    }
    if refused.is_empty() { Ok(all) } else { Err(Error::of(NotImported { name: name.to_owned(), refused })) }
}

fn text(path: &Path) -> Result<String, Error> {
    let unread = |why: String| Error::of(Unread { name: path.display().to_string(), why });
    let mut source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(|error| unread(error.to_string()))?)
    };
    let mut text = String::new();
    let size = source.by_ref().take(FILE_MAX + 1).read_to_string(&mut text);
    let size = size.map_err(|error| unread(error.to_string()))?;
    if u64::try_from(size).is_ok_and(|size| size <= FILE_MAX) {
        Ok(text)
    } else {
        Err(unread(format!("it is larger than {} MiB", FILE_MAX >> 20)))
    }
}

/// How large a file may be.
const FILE_MAX: u64 = 16 << 20;
