//! Blueprints of the platform in a git repository: one commit at a time, fetched whole. [`crate::Folder`] tries what comes and
//! takes it in one step, as it does with a folder of this machine.
//!
//! Where signers are named, a commit that none of them signed is not read any further.

use base::{Code, Coded as _};
use blueprint::{Mark, Problem};
use git::{Entry, Git, Login, Reference, Remote, Signer, Snapshot};
use std::collections::BTreeMap;

/// A repository of blueprints.
#[derive(Debug)]
pub struct Upstream {
    /// Reads it.
    pub git: Git,
    /// The repository.
    pub remote: Remote,
    /// The branch, tag or commit.
    pub reference: Reference,
    /// The folder in it; empty for all of it.
    pub folder: String,
    /// Whoever may read it, where not everybody may.
    pub login: Option<Login>,
    /// Those of whom one has to have signed the commit; nobody has to where there are none.
    pub signers: Vec<Signer>,
}

/// A commit with the files of its folder.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// The commit.
    pub(crate) commit: String,
    /// The text of every file, by its path in the folder.
    pub(crate) texts: BTreeMap<String, String>,
}

impl Upstream {
    /// The repository with what is meant of it, in words.
    pub(crate) fn words(&self) -> String {
        format!("{} of {}", self.reference, self.remote)
    }

    /// Fetches the commit that is meant now; nothing where that is `known`.
    pub(crate) async fn fetch(&self, known: Option<&str>) -> Result<Option<Fetched>, Problem> {
        let failed = |error: git::Error| self.problem(error.code(), &error.to_string());
        let login = self.login.as_ref();
        let commit = self.git.resolve(&self.remote, &self.reference, login).await.map_err(failed)?;
        if known == Some(commit.to_string().as_str()) {
            return Ok(None);
        }
        let mut snapshot = self.git.snapshot(&self.remote, commit, login).await.map_err(failed)?;
        if !self.signers.is_empty()
            && let Err(why) = snapshot.signer(&self.signers)
        {
            return Err(self.problem(Code::RepositoryRefused, &format!("commit {commit} is not taken: {why}")));
        }
        let refused = |why: String| self.problem(Code::RepositoryRefused, &format!("commit {commit}: {why}"));
        if !matches!(snapshot.find(&self.folder), Some(Entry::Folder(_))) {
            return Err(refused(format!("there is no folder {}", self.folder)));
        }
        let paths = files(&snapshot, &self.folder).map_err(refused)?;
        let wanted: Vec<&str> = paths.iter().map(String::as_str).collect();
        self.git.files(&self.remote, &mut snapshot, &wanted, login).await.map_err(failed)?;
        let inside =
            |path: &str| path.strip_prefix(self.folder.as_str()).unwrap_or(path).trim_start_matches('/').to_owned();
        let text = |path: &String| {
            let Some(Entry::File(id)) = snapshot.find(path) else { return None };
            // What is no text is no blueprint, and is missed only where one includes it.
            Some((inside(path), String::from_utf8(snapshot.file(id)?.to_vec()).ok()?))
        };
        Ok(Some(Fetched { commit: commit.to_string(), texts: paths.iter().filter_map(text).collect() }))
    }

    fn problem(&self, code: Code, message: &str) -> Problem {
        Problem {
            code,
            warning: false,
            blueprint: String::new(),
            pointer: String::new(),
            mark: Mark::start(&self.remote.to_string()),
            message: message.to_owned(),
        }
    }
}

/// The files below a folder but hidden ones. Links and other repositories are left out: a blueprint that includes one misses it.
fn files(snapshot: &Snapshot, folder: &str) -> Result<Vec<String>, String> {
    let (mut files, mut folders) = (Vec::new(), vec![(folder.to_owned(), 0)]);
    while let Some((folder, depth)) = folders.pop() {
        if depth > MOST_DEPTH {
            return Err(format!("{folder}: more than {MOST_DEPTH} folders in each other"));
        }
        for (name, entry) in snapshot.list(&folder) {
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            match entry {
                _ if name.starts_with('.') => {}
                Entry::Folder(_) => folders.push((path, depth + 1)),
                Entry::File(_) => files.push(path),
                Entry::Link | Entry::Module => {}
            }
        }
        if files.len() > MOST_FILES {
            return Err(format!("more than {MOST_FILES} files"));
        }
    }
    Ok(files)
}

const MOST_DEPTH: usize = 16;
const MOST_FILES: usize = 10_000;

#[cfg(test)]
mod tests;
