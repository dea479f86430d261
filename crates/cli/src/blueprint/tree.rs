//! Blueprints on a disk: a folder is a tree, and nothing outside of it is read, through links neither.

use crate::error::Error;
use base::{Code, Coded};
use blueprint::Files;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The files under a folder. Their names are relative to `base`, so that a problem's place can be opened from where the
/// command was given.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    base: PathBuf,
    root: PathBuf,
    /// Put before names that `Files` is asked for.
    folder: String,
}

impl Tree {
    /// The tree of a folder, or of the folder of a file.
    pub(crate) fn at(path: &Path) -> Result<Self, Error> {
        let is_folder = fs::metadata(path).map_err(|error| unread(path, &error.to_string()))?.is_dir();
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = if is_folder { path } else { parent };
        let root = fs::canonicalize(folder).map_err(|error| unread(folder, &error.to_string()))?;
        // a path that leads up or begins at the root is named from its own folder
        let plain = path
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
        let base = if plain { PathBuf::from(".") } else { root.clone() };
        Ok(Self { base, root, folder: String::new() })
    }

    /// The same tree, for names relative to the folder of a file in it.
    pub(crate) fn beside(&self, file: &str) -> Self {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        Self { folder: folder.to_owned(), ..self.clone() }
    }

    /// The name of a path in this tree.
    pub(crate) fn name(&self, path: &Path) -> String {
        let path = if self.base == Path::new(".") {
            path.to_owned()
        } else {
            // the folder is resolved, the file is not: a link keeps its own name
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let folder = fs::canonicalize(folder).unwrap_or_default();
            let folder = folder.strip_prefix(&self.root).map(Path::to_owned).unwrap_or_default();
            folder.join(path.file_name().unwrap_or_default())
        };
        let parts: Vec<_> = path
            .components()
            .filter_map(|part| match part {
                std::path::Component::Normal(name) => Some(name.to_string_lossy()),
                _ => None,
            })
            .collect();
        parts.join("/")
    }

    /// The text of a file.
    pub(crate) fn text(&self, name: &str) -> Result<String, Error> {
        self.read(name).map_err(|why| unread(Path::new(name), &why))
    }
}

impl Files for Tree {
    fn read(&self, path: &str) -> Result<String, String> {
        let named = if self.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", self.folder) };
        let real = fs::canonicalize(self.base.join(named)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        })?;
        if !real.starts_with(&self.root) {
            return Err("the file is outside of the tree".to_owned());
        }
        let file = fs::File::open(&real).map_err(|error| error.to_string())?;
        if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
            return Err("this is no file".to_owned());
        }
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(format!("the file is larger than {} MiB", MAX_BYTES >> 20));
        }
        String::from_utf8(bytes).map_err(|_| "the file is not UTF-8".to_owned())
    }
}

/// Names of the files at a path that are wanted, sorted. Hidden ones are not looked at, but when they are named.
pub(crate) fn found(tree: &Tree, path: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    if path.is_dir() {
        walk(tree, path, wanted, 0, &mut names)?
    } else {
        names.push(tree.name(path))
    }
    names.sort();
    Ok(names)
}

fn walk(
    tree: &Tree,
    folder: &Path,
    wanted: &dyn Fn(&str) -> bool,
    depth: usize,
    names: &mut Vec<String>,
) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(unread(folder, &format!("more than {MAX_DEPTH} folders in each other")));
    }
    for entry in fs::read_dir(folder).map_err(|error| unread(folder, &error.to_string()))? {
        let entry = entry.map_err(|error| unread(folder, &error.to_string()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().map_err(|error| unread(&entry.path(), &error.to_string()))?;
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            walk(tree, &entry.path(), wanted, depth + 1, names)?;
        } else if wanted(&name) {
            names.push(tree.name(&entry.path()));
        }
        if names.len() > MAX_FILES {
            return Err(unread(folder, &format!("more than {MAX_FILES} files")));
        }
    }
    Ok(())
}

fn unread(path: &Path, why: &str) -> Error {
    Error::of(Unread { path: path.to_owned(), why: why.to_owned() })
}

#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {why}", path.display())]
struct Unread {
    path: PathBuf,
    why: String,
}

impl Coded for Unread {
    fn code(&self) -> Code {
        Code::ReadFailed
    }
}

const MAX_BYTES: u64 = 4 << 20;
const MAX_DEPTH: usize = 16;
const MAX_FILES: usize = 10_000;
