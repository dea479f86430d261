//! Blueprints of the platform in a folder of this machine or of a git repository: read whole, tried, and taken in one step. A set
//! that is broken is not taken: the one of before holds, and what is wrong with the new one is told with its file and line.
//!
//! Whoever watches the folder calls [`Folder::read`], whoever looks after a repository [`Folder::reload`]; readers take what
//! [`Folder::now`] holds and never wait for one who reads.

use crate::upstream::Upstream;
use base::Code;
use blueprint::{LayerKind, Library, Mark, Problem, Settings};
use parking_lot::RwLock;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Mutex, Notify};

/// A folder of blueprints.
#[derive(Debug)]
pub struct Folder {
    place: Place,
    now: RwLock<Arc<Set>>,
    /// How often another set was taken, or found wrong.
    version: AtomicU64,
    changed: Notify,
    /// One reads it at a time.
    turn: Mutex<()>,
}

#[derive(Debug)]
enum Place {
    Here(PathBuf),
    Upstream(Upstream),
}

/// What came of reading it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Where it is, in words.
    pub source: String,
    /// The commit that holds, of a repository.
    pub commit: String,
    /// Files that hold.
    pub files: usize,
    /// What holds is not what held before.
    pub changed: bool,
    /// Why what is there now is not taken; nothing where it is.
    pub problems: Vec<String>,
}

/// What a folder holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set {
    /// The text of every file, by its path in the folder.
    pub(crate) texts: BTreeMap<String, String>,
    /// Those of them that are files of blueprints.
    pub(crate) paths: Vec<String>,
    /// Of which commit they are.
    pub(crate) commit: Option<String>,
    /// Nothing was taken so far.
    pub(crate) unread: bool,
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
        Ok(Self::of(Place::Here(path.to_owned()), set))
    }

    /// The folder of a repository, which [`Self::reload`] reads.
    #[must_use]
    pub fn upstream(upstream: Upstream) -> Self {
        Self::of(Place::Upstream(upstream), Set { unread: true, ..Set::default() })
    }

    fn of(place: Place, set: Set) -> Self {
        let (now, version) = (RwLock::new(Arc::new(set)), AtomicU64::new(1));
        Self { place, now, version, changed: Notify::new(), turn: Mutex::new(()) }
    }

    /// Where it is, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.place {
            Place::Here(path) => format!("the folder {}", path.display()),
            Place::Upstream(upstream) => upstream.words(),
        }
    }

    /// It is in a repository: nobody tells when that changes.
    #[must_use]
    pub fn is_upstream(&self) -> bool {
        matches!(self.place, Place::Upstream(_))
    }

    /// Why nothing of it holds so far.
    pub(crate) fn pending(&self) -> Option<String> {
        let now = self.now();
        let why = now.problems.first().map_or_else(|| "they come in a moment".to_owned(), Problem::line);
        now.unread.then(|| format!("the blueprints of {} are not read yet: {why}", self.words()))
    }

    /// Reads it again wherever it is, and takes what is there if that is right. Who comes while another reads waits, and reads
    /// again.
    pub async fn reload(self: &Arc<Self>, env: &BTreeMap<String, String>) -> Reloaded {
        let _turn = self.turn.lock().await;
        let before = self.version();
        let problems = match &self.place {
            Place::Here(_) => {
                let (folder, env) = (self.clone(), env.clone());
                let read = tokio::task::spawn_blocking(move || folder.read(&env)).await;
                read.unwrap_or_else(|_| vec!["it could not be read".to_owned()])
            }
            Place::Upstream(upstream) => self.fetched(upstream, env).await,
        };
        let now = self.now();
        Reloaded {
            source: self.words(),
            commit: now.commit.clone().unwrap_or_default(),
            files: now.texts.len(),
            changed: self.version() != before && problems.is_empty(),
            problems,
        }
    }

    async fn fetched(&self, upstream: &Upstream, env: &BTreeMap<String, String>) -> Vec<String> {
        let there = self.now();
        let next = match upstream.fetch(there.commit.as_deref()).await {
            Ok(None) => Ok((*there).clone()),
            Ok(Some(fetched)) => tried(fetched.texts, env).map(|set| Set { commit: Some(fetched.commit), ..set }),
            Err(problem) => Err(vec![problem]),
        };
        self.take(next.map(|set| Set { problems: Vec::new(), ..set }))
    }

    /// Reads it again, and takes what it holds if that is right; what is wrong otherwise.
    pub fn read(&self, env: &BTreeMap<String, String>) -> Vec<String> {
        match &self.place {
            Place::Here(path) => self.take(load(path, env)),
            Place::Upstream(_) => Vec::new(),
        }
    }

    /// Takes a set, or what is wrong with one; that in words.
    fn take(&self, next: Result<Set, Vec<Problem>>) -> Vec<String> {
        let there = self.now();
        let is_same = |set: &Set| set.texts == there.texts && set.commit == there.commit && !there.unread;
        let next = match next {
            Ok(set) if is_same(&set) && there.problems.is_empty() => return Vec::new(),
            Ok(set) => set,
            Err(problems) if problems == there.problems => return problems.iter().map(Problem::line).collect(),
            Err(problems) => Set { problems, ..(*there).clone() },
        };
        let wrong = next.problems.iter().map(Problem::line).collect();
        *self.now.write() = Arc::new(next);
        self.version.fetch_add(1, Ordering::Release);
        self.changed.notify_one();
        wrong
    }

    /// The folders in it, itself among them: what is to be watched. None of a repository.
    #[must_use]
    pub fn folders(&self) -> BTreeSet<PathBuf> {
        let Place::Here(root) = &self.place else { return BTreeSet::new() };
        let now = self.now();
        let below = now.texts.keys().filter_map(|path| Some(root.join(Path::new(path).parent()?)));
        below.chain(std::iter::once(root.clone())).collect()
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

/// Reads all of a folder, and tries what is in it.
fn load(root: &Path, env: &BTreeMap<String, String>) -> Result<Set, Vec<Problem>> {
    let whole =
        fs::canonicalize(root).map_err(|error| vec![unread(&root.display().to_string(), &error.to_string())])?;
    let (mut texts, mut room) = (BTreeMap::new(), MOST_BYTES);
    walk(&whole, &whole, 0, &mut room, &mut texts).map_err(|(path, why)| vec![unread(&path, &why)])?;
    tried(texts, env)
}

/// Tries the blueprints in files for users of every sort. What builds upon blueprints of the cluster is tried where those are
/// known.
fn tried(texts: BTreeMap<String, String>, env: &BTreeMap<String, String>) -> Result<Set, Vec<Problem>> {
    let mut set = Set { texts, ..Set::default() };
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
