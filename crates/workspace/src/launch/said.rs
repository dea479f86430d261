//! Words for a workspace: its name, or a user string. The ref of a pull request is asked for before they mean one.

use super::{LaunchError, Meant, Repository, SIGNS};
use blueprint::identity::{Key, RepoCase};
use blueprint::userstr::{Revision, Target, UserString};
use serde_json::{Map, Value, json};

/// Words for a workspace that were read.
#[derive(Clone, Debug)]
pub struct Said(Form);

#[derive(Clone, Debug)]
enum Form {
    Name(Box<Meant>),
    User {
        user: Box<UserString>,
        /// The repository, as `spec.source` has it.
        source: Option<Value>,
    },
}

impl Said {
    /// A name, or a user string, of which a workspace is to be made: what has a sign of user strings is one.
    ///
    /// # Errors
    /// When it is neither, or names what no workspace of its own is.
    pub fn new(text: &str) -> Result<Self, LaunchError> {
        if text.contains(SIGNS) { Self::user_string(text) } else { Self::name(text) }
    }

    /// Either, of a workspace that is looked for: it may be one that was made elsewhere.
    ///
    /// # Errors
    /// When it is neither, or names a pod.
    pub fn sought(text: &str) -> Result<Self, LaunchError> {
        if text.contains(SIGNS) { Self::sought_string(text) } else { Self::name(text) }
    }

    /// A user string of which a workspace is to be made.
    ///
    /// # Errors
    /// When it breaks a rule of their form, or names what no workspace of its own is.
    pub fn user_string(text: &str) -> Result<Self, LaunchError> {
        let user = UserString::parse(text)?;
        match user.target() {
            Target::Blueprint { workload: Some(_), .. } | Target::Repo { workload: Some(_), .. } => {
                Err(LaunchError::Off("no workspace is made a part of a workload here: leave workload and ns out"))
            }
            _ => Self::of(user),
        }
    }

    /// A user string whose workspace is looked for.
    ///
    /// # Errors
    /// When it breaks a rule of their form, or names a pod.
    pub fn sought_string(text: &str) -> Result<Self, LaunchError> {
        Self::of(UserString::parse(text)?)
    }

    /// The workspace that this user has for a repository.
    ///
    /// # Errors
    /// When no user string says so.
    pub fn repository(repository: &Repository, user: &str) -> Result<Self, LaunchError> {
        Ok(match Self::user_string(&repository.user_string(user))?.0 {
            Form::User { user, .. } => Self(Form::User { user, source: Some(repository.source()) }),
            name @ Form::Name(_) => Self(name),
        })
    }

    /// The repository whose pull request has to be known before it is said which workspace is meant, as `spec.source` has it.
    #[must_use]
    pub fn pull(&self) -> Option<&Value> {
        let Form::User { source: Some(source), .. } = &self.0 else { return None };
        source.pointer("/repo/pullRequest").map(|_| source)
    }

    /// The user that a user string names.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        match &self.0 {
            Form::Name(_) => None,
            Form::User { user, .. } => Some(user.user()),
        }
    }

    /// The cluster that it names.
    #[must_use]
    pub fn cluster(&self) -> Option<&str> {
        match &self.0 {
            Form::Name(_) => None,
            Form::User { user, .. } => user.cluster(),
        }
    }

    /// The workspace; `pull_ref` is the ref of [`Self::pull`].
    ///
    /// # Errors
    /// When that is not given.
    pub fn meant(self, pull_ref: Option<&str>) -> Result<Meant, LaunchError> {
        let (user, source) = match self.0 {
            Form::Name(meant) => return Ok(*meant),
            Form::User { user, source } => (user, source),
        };
        let key = Key::of(&user, RepoCase::Folds, pull_ref).map_err(|error| LaunchError::Open(error.to_string()))?;
        let blueprint = match user.target() {
            Target::Blueprint { name, .. } => Some(name.clone()),
            _ => None,
        };
        Ok(Meant {
            name: key.id(),
            user: Some(user.user().to_owned()),
            cluster: user.cluster().map(str::to_owned),
            earlier: key.legacy_ids(),
            blueprint,
            source,
        })
    }

    fn name(text: &str) -> Result<Self, LaunchError> {
        Meant::name(text).map(|meant| Self(Form::Name(Box::new(meant))))
    }

    fn of(user: UserString) -> Result<Self, LaunchError> {
        let source = match user.target() {
            Target::Pod { .. } => {
                let why = "it names a running pod, and no pod but that of a workspace is entered here";
                return Err(LaunchError::Off(why));
            }
            Target::Default | Target::Blueprint { .. } => None,
            Target::Repo { owner, name, revision, .. } => {
                let mut repo = Map::from_iter([
                    ("owner".to_owned(), owner.as_str().into()),
                    ("name".to_owned(), name.as_str().into()),
                ]);
                match revision {
                    Revision::Default => None,
                    Revision::Ref(reference) => repo.insert("ref".to_owned(), reference.as_str().into()),
                    Revision::Pull(number) => repo.insert("pullRequest".to_owned(), (*number).into()),
                };
                Some(json!({ "repo": repo }))
            }
        };
        Ok(Self(Form::User { user: Box::new(user), source }))
    }
}
