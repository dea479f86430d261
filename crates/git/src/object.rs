//! Objects of a repository: what they are called, and the files of a commit.

use crate::signature::{self, Signer};
use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use bytes::Bytes;
use std::collections::HashMap;
use std::fmt;

/// The digest by which an object is known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub(crate) [u8; 20]);

impl Id {
    /// Reads 40 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut id = [0; 20];
        hex::decode_to_slice(text, &mut id).ok()?;
        Some(Self(id))
    }

    /// The digest of an object. Git's own choice: what is asked for is taken from a host over TLS.
    pub(crate) fn of(kind: Kind, data: &[u8]) -> Self {
        let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
        context.update(format!("{} {}\0", kind.as_str(), data.len()).as_bytes());
        context.update(data);
        let mut id = [0; 20];
        for (to, from) in id.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        Self(id)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

/// What stands at a path of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File(Id),
    /// A folder.
    Folder(Id),
    /// A link to another path.
    Link,
    /// Another repository.
    Module,
}

/// The folders of one commit, and those of its files that were fetched.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The commit.
    pub commit: Id,
    /// Who wrote it, as the commit says.
    pub author: String,
    root: Id,
    objects: HashMap<Id, (Kind, Bytes)>,
}

impl Snapshot {
    /// Reads a commit out of what was fetched.
    pub(crate) fn of(commit: Id, objects: HashMap<Id, (Kind, Bytes)>) -> Result<Self, &'static str> {
        let Some((Kind::Commit, data)) = objects.get(&commit) else { return Err("the commit did not come") };
        let text = String::from_utf8_lossy(data);
        let field = |name: &str| {
            text.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        };
        let root = field("tree").and_then(Id::parse).ok_or("the commit names no tree")?;
        // `Ada <ada@example.org> 1700000000 +0000`
        let author = field("author").and_then(|line| line.split_once(" <")).map_or("", |(name, _)| name).to_owned();
        Ok(Self { commit, author, root, objects })
    }

    /// What stands at a path; `None` where nothing does.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Entry> {
        let mut here = Entry::Folder(self.root);
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let Entry::Folder(id) = here else { return None };
            here = self.entries(id)?.into_iter().find(|(own, _)| own == name)?.1;
        }
        Some(here)
    }

    /// The names in a folder with what they are, in the order of the tree.
    #[must_use]
    pub fn list(&self, path: &str) -> Vec<(String, Entry)> {
        match self.find(path) {
            Some(Entry::Folder(id)) => self.entries(id).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// The bytes of a file that was fetched.
    #[must_use]
    pub fn file(&self, id: Id) -> Option<&Bytes> {
        self.objects.get(&id).filter(|(kind, _)| *kind == Kind::Blob).map(|(_, data)| data)
    }

    /// The name of the signer whose signature the commit has.
    ///
    /// # Errors
    /// Why none of theirs counts, in words.
    pub fn signer<'a>(&self, signers: &'a [Signer]) -> Result<&'a str, String> {
        match self.objects.get(&self.commit) {
            Some((Kind::Commit, data)) => signature::signer(data, signers),
            _ => Err("the commit did not come".to_owned()),
        }
    }

    pub(crate) fn add(&mut self, objects: HashMap<Id, (Kind, Bytes)>) {
        self.objects.extend(objects);
    }

    fn entries(&self, id: Id) -> Option<Vec<(String, Entry)>> {
        let (Kind::Tree, data) = self.objects.get(&id)? else { return None };
        let (mut entries, mut rest) = (Vec::new(), data.as_ref());
        while !rest.is_empty() {
            // `100644 name NUL digest`
            let blank = rest.iter().position(|byte| *byte == b' ')?;
            let end = rest.iter().position(|byte| *byte == 0)?;
            let (mode, name) = (rest.get(..blank)?, rest.get(blank + 1..end)?);
            let mut id = [0; 20];
            id.copy_from_slice(rest.get(end + 1..end + 21)?);
            let entry = match mode {
                b"40000" => Entry::Folder(Id(id)),
                b"120000" => Entry::Link,
                b"160000" => Entry::Module,
                _ => Entry::File(Id(id)),
            };
            // A name that is no text names nothing that anybody asks for.
            if let Ok(name) = std::str::from_utf8(name) {
                entries.push((name.to_owned(), entry));
            }
            rest = rest.get(end + 21..)?;
        }
        Some(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::{Id, Kind};

    #[test]
    fn objects_have_the_digests_that_git_gives_them() {
        assert_eq!(Id::of(Kind::Blob, b"").to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(Id::of(Kind::Blob, b"hello\n").to_string(), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(Id::of(Kind::Tree, b"").to_string(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }
}
