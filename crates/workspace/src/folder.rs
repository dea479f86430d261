//! Blueprints of the platform in a folder: read whole, tried, and taken in one step. A set that is broken is not taken: the one of
//! before holds, and what is wrong with the new one is told with its file and line.
//!
//! Whoever watches the folder calls [`Folder::read`]; readers take what [`Folder::now`] holds and never wait for one who reads.

use base::Code;
use blueprint::{LayerKind, Library, Mark, Problem, Settings};
use parking_lot::RwLock;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// A folder of blueprints.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    now: RwLock<Arc<Set>>,
    /// How often another set was taken, or found wrong.
    version: AtomicU64,
    changed: Notify,
}

/// What a folder holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set {
    /// The text of every file, by its path in the folder.
    pub(crate) texts: BTreeMap<String, String>,
    /// Those of them that are files of blueprints.
    pub(crate) paths: Vec<String>,
    /// What is wrong with a newer set, which is not taken.
    pub(crate) problems: Vec<Problem>,
}

impl Folder {
    /// Reads a folder for the first time.
    ///
    /// # Errors
    /// All that is wrong with it, in words.
    pub fn open(path: &Path, env: &BTreeMap<String, String>) -> Result<Self, Vec<String>> {
        let set = load(path, env).map_err(|wrong| wrong.iter().map(Problem::line).collect::<Vec<_>>())?;
        let (now, version) = (RwLock::new(Arc::new(set)), AtomicU64::new(1));
        Ok(Self { path: path.to_owned(), now, version, changed: Notify::new() })
    }

    /// Reads it again, and takes what it holds if that is right; what is wrong otherwise.
    pub fn read(&self, env: &BTreeMap<String, String>) -> Vec<String> {
        let there = self.now();
        let next = match load(&self.path, env) {
            Ok(set) if set.texts == there.texts && there.problems.is_empty() => return Vec::new(),
            Ok(set) => set,
            Err(problems) => Set { problems, ..(*there).clone() },
        };
        let wrong = next.problems.iter().map(Problem::line).collect();
        *self.now.write() = Arc::new(next);
        self.version.fetch_add(1, Ordering::Release);
        self.changed.notify_one();
        wrong
    }

    /// The folders in it, itself among them: what is to be watched.
    #[must_use]
    pub fn folders(&self) -> BTreeSet<PathBuf> {
        let now = self.now();
        let below = now.texts.keys().filter_map(|path| Some(self.path.join(Path::new(path).parent()?)));
        below.chain(std::iter::once(self.path.clone())).collect()
    }

    /// What holds.
    pub(crate) fn now(&self) -> Arc<Set> {
        self.now.read().clone()
    }

    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Returns when something else holds.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}

/// Reads all of it, and tries the blueprints in it for users of every sort. What builds upon blueprints of the cluster is tried
/// where those are known.
fn load(root: &Path, env: &BTreeMap<String, String>) -> Result<Set, Vec<Problem>> {
    let whole =
        fs::canonicalize(root).map_err(|error| vec![unread(&root.display().to_string(), &error.to_string())])?;
    let mut set = Set::default();
    let mut room = MOST_BYTES;
    walk(&whole, &whole, 0, &mut room, &mut set.texts).map_err(|(path, why)| vec![unread(&path, &why)])?;
    let is_blueprint = |name: &&String| {
        let plain = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
        plain.is_some_and(|plain| !plain.ends_with(".test"))
    };
    set.paths = set.texts.keys().filter(is_blueprint).cloned().collect();
    let mut library = Library::default();
    let mut problems = library.add(&set.texts, &set.paths, LayerKind::Platform);
    let settings = Settings { registry: None, agent_image: None };
    let found = blueprint::lint(&library, &settings, env);
    problems.extend(found.into_iter().filter(|one| one.code != Code::BlueprintNotFound));
    problems.retain(|one| !one.warning);
    problems.dedup();
    if problems.is_empty() { Ok(set) } else { Err(problems) }
}

fn walk(
    root: &Path,
    folder: &Path,
    depth: usize,
    room: &mut u64,
    texts: &mut BTreeMap<String, String>,
) -> Result<(), (String, String)> {
    let named = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    let wrong = |path: &Path| {
        let name = named(path);
        move |error: std::io::Error| (name, error.to_string())
    };
    if depth > MOST_DEPTH {
        return Err((named(folder), format!("more than {MOST_DEPTH} folders in each other")));
    }
    for entry in fs::read_dir(folder).map_err(wrong(folder))? {
        let path = entry.map_err(wrong(folder))?.path();
        // Kubernetes keeps what it mounts in hidden folders, and links to it.
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        let real = fs::canonicalize(&path).map_err(wrong(&path))?;
        if !real.starts_with(root) {
            return Err((named(&path), "the file is outside of the folder".to_owned()));
        }
        if real.is_dir() {
            if path.is_symlink() {
                return Err((named(&path), "a link to a folder is not followed".to_owned()));
            }
            walk(root, &path, depth + 1, room, texts)?;
            continue;
        }
        let mut bytes = Vec::new();
        let file = fs::File::open(&real).map_err(wrong(&path))?;
        file.take(room.saturating_add(1)).read_to_end(&mut bytes).map_err(wrong(&path))?;
        let Some(left) = room.checked_sub(bytes.len() as u64).filter(|_| texts.len() < MOST_FILES) else {
            return Err((named(&path), format!("more than {MOST_FILES} files or {} MiB in all", MOST_BYTES >> 20)));
        };
        *room = left;
        // What is no text is no blueprint, and is missed only where one includes it.
        if let Ok(text) = String::from_utf8(bytes) {
            texts.insert(named(&path), text);
        }
    }
    Ok(())
}

fn unread(path: &str, why: &str) -> Problem {
    Problem {
        code: Code::ReadFailed,
        warning: false,
        blueprint: String::new(),
        pointer: String::new(),
        mark: Mark::start(path),
        message: why.to_owned(),
    }
}

const MOST_DEPTH: usize = 16;
const MOST_FILES: usize = 10_000;
const MOST_BYTES: u64 = 64 << 20;

#[cfg(test)]
mod tests;
