//! Reads repositories, and keeps what was read by commit. One asks a host for one thing at a time; the others wait for what
//! comes of it.

use super::pull::Pulls;
use super::{NO_FILE, Read, Wanted, foreign};
use git::{Entry, Error, Git, Login, Snapshot};
use parking_lot::Mutex;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex as Turn;

/// Reads repositories. Clones are the same.
#[derive(Clone, Debug)]
pub struct Repositories(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    git: Git,
    /// The host of repositories that name none.
    host: Option<String>,
    /// The blueprint of a repository without a file.
    usual: Option<String>,
    slots: Mutex<HashMap<Key, Arc<Turn<Slot>>>>,
    /// What was read, by commit: refs that lead to one commit share it.
    commits: Mutex<HashMap<(Key, String), Arc<Read>>>,
    pulls: Pulls,
}

/// What is wanted, and for whom where that needs credentials: namespace and owner.
type Key = (Wanted, Option<(String, String)>);

#[derive(Debug, Default)]
struct Slot {
    read: Option<(Instant, Arc<Read>)>,
    failed: Option<(Instant, Error)>,
}

impl Repositories {
    /// Reads by `git`; repositories without a host are of `host`, and those without a file are made of the blueprint `usual`.
    #[must_use]
    pub fn new(git: Git, host: Option<String>, usual: Option<String>) -> Self {
        Self(Arc::new(Inner {
            git,
            host,
            usual,
            slots: Mutex::default(),
            commits: Mutex::default(),
            pulls: Pulls::default(),
        }))
    }

    /// The host of repositories that name none.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.0.host.as_deref()
    }

    /// The blueprint of a repository without a file.
    #[must_use]
    pub fn usual(&self) -> Option<&str> {
        self.0.usual.as_deref()
    }

    pub(super) fn git(&self) -> &Git {
        &self.0.git
    }

    pub(super) fn pulls(&self) -> &Pulls {
        &self.0.pulls
    }

    /// Whether [`Self::read`] would ask its host.
    pub(crate) fn asks(&self, wanted: &Wanted, whose: Option<(&str, &str)>, age: Duration) -> bool {
        let slot = self.0.slots.lock().get(&key(wanted, whose)).cloned();
        // Who has it asks already.
        slot.is_none_or(|slot| slot.try_lock().is_ok_and(|slot| slot.answer(age).is_none()))
    }

    /// What was read for the same less than `age` ago.
    pub(crate) fn kept(&self, wanted: &Wanted, whose: Option<(&str, &str)>, age: Duration) -> Option<Arc<Read>> {
        let slot = self.0.slots.lock().get(&key(wanted, whose)).cloned()?;
        let slot = slot.try_lock().ok()?;
        slot.answer(age)?.ok()
    }

    /// Reads a repository; what was read less than `age` ago, or failed a moment ago, is not asked for again.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn read(
        &self,
        wanted: &Wanted,
        login: Option<&Login>,
        whose: Option<(&str, &str)>,
        age: Duration,
    ) -> Result<Arc<Read>, Error> {
        let key = key(wanted, whose.filter(|_| login.is_some()));
        let slot = {
            let mut slots = self.0.slots.lock();
            if slots.len() >= MOST_KEPT && !slots.contains_key(&key) {
                slots.retain(|_, slot| Arc::strong_count(slot) > 1);
            }
            slots.entry(key.clone()).or_default().clone()
        };
        let mut slot = slot.lock().await;
        if let Some(answer) = slot.answer(age) {
            return answer;
        }
        match Box::pin(self.fetch(&key, login)).await {
            Ok(read) => {
                (slot.read, slot.failed) = (Some((Instant::now(), read.clone())), None);
                Ok(read)
            }
            Err(error) => {
                slot.failed = Some((Instant::now(), error.clone()));
                match &slot.read {
                    // A host that is away for a while changes nothing.
                    Some((_, read)) if error.may_pass() => Ok(read.clone()),
                    _ => {
                        slot.read = None;
                        Err(error)
                    }
                }
            }
        }
    }

    async fn fetch(&self, key: &Key, login: Option<&Login>) -> Result<Arc<Read>, Error> {
        let (git, wanted) = (&self.0.git, &key.0);
        let commit = git.resolve(&wanted.remote, &wanted.reference, login).await?;
        let kept = (key.clone(), commit.to_string());
        if let Some(read) = self.0.commits.lock().get(&kept) {
            return Ok(read.clone());
        }
        let mut snapshot = git.snapshot(&wanted.remote, commit, login).await?;
        let mut read = Read {
            owner: wanted.owner.clone(),
            name: wanted.name.clone(),
            reference: match &wanted.reference {
                git::Reference::Default => String::new(),
                git::Reference::Named(name) => name.clone(),
                git::Reference::Pull(number) => format!("refs/pull/{number}/head"),
            },
            address: format!("https://{}", wanted.remote),
            commit: commit.to_string(),
            author: snapshot.author.clone(),
            file: found(&snapshot, wanted),
            foreign: false,
            texts: BTreeMap::new(),
        };
        read.foreign = read.file.as_deref().is_some_and(foreign::is_one);
        let mut more: Vec<String> = read.file.clone().into_iter().collect();
        for _ in 0..MOST_TURNS {
            let paths: Vec<&str> = more.iter().map(String::as_str).collect();
            if paths.is_empty() {
                break;
            }
            git.files(&wanted.remote, &mut snapshot, &paths, login).await?;
            for path in &more {
                let mut text = text(&snapshot, path);
                if read.foreign {
                    let fields = text.and_then(|text| foreign::fields(path, &text));
                    text = fields.map(|fields| json!({ "blueprint": fields }).to_string());
                }
                read.texts.insert(path.clone(), text);
            }
            more = match &read.file {
                Some(file) if !read.foreign => blueprint::included(&read, file),
                _ => Vec::new(),
            };
            more.retain(|path| !read.texts.contains_key(path));
        }
        let read = Arc::new(read);
        let mut commits = self.0.commits.lock();
        if commits.len() >= MOST_KEPT {
            commits.clear();
        }
        commits.insert(kept, read.clone());
        Ok(read)
    }
}

impl Slot {
    fn answer(&self, age: Duration) -> Option<Result<Arc<Read>, Error>> {
        let fresh = self.read.as_ref().filter(|(at, _)| at.elapsed() < age);
        let failed = self.failed.as_ref().filter(|(at, _)| at.elapsed() < AGAIN);
        match (fresh, failed, &self.read) {
            (Some((_, read)), ..) | (None, Some(_), Some((_, read))) => Some(Ok(read.clone())),
            (None, Some((_, error)), None) => Some(Err(error.clone())),
            (None, None, _) => None,
        }
    }
}

fn key(wanted: &Wanted, whose: Option<(&str, &str)>) -> Key {
    (wanted.clone(), whose.map(|(namespace, owner)| (namespace.to_owned(), owner.to_owned())))
}

/// The file that is named, or the first of the usual ones: in the folder that is named, then at the top.
fn found(snapshot: &Snapshot, wanted: &Wanted) -> Option<String> {
    let is_file = |path: &String| matches!(snapshot.find(path), Some(Entry::File(_)));
    if let Some(file) = &wanted.file {
        return Some(file.clone());
    }
    let under = |folder: &str, name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let mut folders = vec![wanted.folder.as_str()];
    folders.extend((!wanted.folder.is_empty()).then_some(""));
    folders.into_iter().find_map(|folder| {
        let ours = NAMES.iter().chain(FOREIGN).map(|name| under(folder, name)).find(&is_file);
        let several = || {
            let at = under(folder, ".devcontainer");
            let all = snapshot.list(&at).into_iter().map(|(name, _)| format!("{at}/{name}/devcontainer.json"));
            all.into_iter().find(&is_file)
        };
        ours.or_else(several).or_else(|| Some(under(folder, "devfile.yaml")).filter(&is_file))
    })
}

/// The text of a file.
fn text(snapshot: &Snapshot, path: &str) -> Result<String, String> {
    let id = match snapshot.find(path) {
        Some(Entry::File(id)) => id,
        Some(Entry::Link) => return Err("it is a link, and links are not followed".to_owned()),
        Some(Entry::Folder(_)) => return Err("it is a folder".to_owned()),
        Some(Entry::Module) | None => return Err(NO_FILE.to_owned()),
    };
    let bytes = snapshot.file(id).ok_or_else(|| NO_FILE.to_owned())?;
    if bytes.len() > MOST_BYTES {
        return Err(format!("it is larger than {} MiB", MOST_BYTES >> 20));
    }
    String::from_utf8(bytes.to_vec()).map_err(|_| "it is no text in UTF-8".to_owned())
}

/// The usual names of the file.
pub const NAMES: &[&str] = &[".quarterdeck.yaml", ".k8shell.yaml", ".k8shell"];
/// Those of other tools.
const FOREIGN: &[&str] = &[".devcontainer/devcontainer.json", ".devcontainer.json"];
const MOST_BYTES: usize = 4 << 20;
/// Files that include each other.
const MOST_TURNS: usize = 32;
const MOST_KEPT: usize = 512;
/// Until a host that failed is asked again.
const AGAIN: Duration = Duration::from_secs(10);
