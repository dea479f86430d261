//! What a new workspace is asked to be, in words of a command line or a request, and the object that comes of it. Pure.

mod repository;
mod said;

pub use repository::Repository;
pub use said::Said;

use base::{Code, Coded};
use policy::action::{ObjectTarget, WorkspaceCreate};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Which workspace somebody means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meant {
    /// Its name.
    pub name: String,
    /// The user that a user string names.
    pub user: Option<String>,
    /// The cluster that it names.
    pub cluster: Option<String>,
    /// The blueprint that it names.
    pub blueprint: Option<String>,
    /// The repository that it names, as `spec.source` has it.
    pub source: Option<Value>,
    /// The ids that an earlier system had for it, by which imported workspaces are found; see [`crate::earlier`].
    pub earlier: Vec<String>,
}

impl Meant {
    /// A name as the API server takes it.
    ///
    /// # Errors
    /// When it is none, with one that is.
    pub fn name(name: &str) -> Result<Self, LaunchError> {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let ends = !name.starts_with('-') && !name.ends_with('-');
        if !name.is_empty() && name.len() <= MOST && name.chars().all(inner) && ends {
            return Ok(Self { name: name.to_owned(), ..Self::default() });
        }
        let lower = name.to_ascii_lowercase();
        let mut free: String = lower.chars().map(|c| if inner(c) { c } else { '-' }).take(MOST).collect();
        free = free.trim_matches('-').to_owned();
        let free = if free.is_empty() { "workspace".to_owned() } else { free };
        Err(LaunchError::Name { name: name.to_owned(), free })
    }
}

/// What a new workspace is asked to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Launch {
    /// Whose it is.
    pub owner: String,
    /// Of which organization.
    pub org: String,
    /// Its blueprint.
    pub blueprint: Option<String>,
    /// That is one of its namespace, or one of the platform; either where nobody says.
    pub blueprint_kind: Option<&'static str>,
    /// The image of its main container.
    pub image: Option<String>,
    /// What it is for, as `spec.source` has it.
    pub source: Option<Value>,
    /// Values of parameters.
    pub params: BTreeMap<String, String>,
    /// A preset of parameters.
    pub preset: Option<String>,
    /// Dotfiles, in words that [`dotfiles`] reads.
    pub dotfiles: Option<String>,
    /// Fields of the blueprint that are to be otherwise.
    pub overrides: Option<Map<String, Value>>,
    /// Arguments of the image's entrypoint.
    pub args: Vec<String>,
    /// Variables.
    pub env: BTreeMap<String, String>,
    /// Ports that it listens on, with their names where they have one.
    pub ports: Vec<(u16, String)>,
    /// Labels of its pod.
    pub labels: BTreeMap<String, String>,
    /// Processors, at most.
    pub cpu: Option<String>,
    /// Memory, at most.
    pub memory: Option<String>,
    /// What people should know about it.
    pub notes: Option<String>,
    /// It is not started.
    pub stopped: bool,
}

impl Launch {
    /// The `spec` of the object.
    #[must_use]
    pub fn spec(&self) -> Value {
        let texts = |all: &BTreeMap<String, String>| (!all.is_empty()).then(|| json!(all));
        let reference = self.blueprint.as_ref().map(|name| match self.blueprint_kind {
            Some(kind) => json!({ "kind": kind, "name": name }),
            None => json!({ "name": name }),
        });
        let resources: Map<String, Value> = [("cpu", &self.cpu), ("memory", &self.memory)]
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value.as_deref()?.into())))
            .collect();
        let env: Vec<Value> = self.env.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        let port = |(port, name): &(u16, String)| match name.as_str() {
            "" => json!({ "containerPort": port, "protocol": "TCP" }),
            name => json!({ "containerPort": port, "name": name, "protocol": "TCP" }),
        };
        let ports: Vec<Value> = self.ports.iter().map(port).collect();
        let fields = [
            ("owner", Some(self.owner.as_str().into())),
            ("org", Some(self.org.as_str().into())),
            ("blueprintRef", reference),
            ("image", self.image.as_deref().map(Value::from)),
            ("source", self.source.clone()),
            ("params", texts(&self.params)),
            ("presetsRef", self.preset.as_deref().map(Value::from)),
            ("dotfiles", self.dotfiles.as_deref().map(dotfiles)),
            ("overrides", self.overrides.clone().map(Value::Object)),
            ("args", (!self.args.is_empty()).then(|| json!(self.args))),
            ("env", (!env.is_empty()).then(|| env.into())),
            ("ports", (!ports.is_empty()).then(|| ports.into())),
            ("podLabels", texts(&self.labels)),
            ("resources", (!resources.is_empty()).then(|| resources.into())),
            ("notes", self.notes.as_deref().map(Value::from)),
            ("state", self.stopped.then(|| "Stopped".into())),
        ];
        Value::Object(fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect())
    }

    /// Makes it from the file of its repository where nobody says what it is made from.
    pub fn by_file(&mut self) {
        if self.blueprint.is_none() && self.image.is_none() {
            self.blueprint = self.file();
        }
    }

    /// Whether it is made from the file of its repository.
    #[must_use]
    pub fn is_by_file(&self) -> bool {
        self.blueprint.is_some() && self.blueprint == self.file()
    }

    fn file(&self) -> Option<String> {
        self.source.as_ref().and_then(crate::source::blueprint_of)
    }

    /// What the policy is asked.
    #[must_use]
    pub fn action(&self, object: ObjectTarget) -> WorkspaceCreate {
        WorkspaceCreate {
            object,
            owner: self.owner.clone(),
            org: self.org.clone(),
            blueprint: self.blueprint.clone().unwrap_or_default(),
            image: self.image.clone().unwrap_or_default(),
        }
    }
}

/// Dotfiles as `spec.dotfiles` has them: a path is a folder, all else the address of a repository, with `#ref` behind it.
/// Whether they can be applied is told with the rest of what a workspace is made from.
#[must_use]
pub fn dotfiles(said: &str) -> Value {
    let said = said.trim();
    if said.starts_with(['/', '~']) {
        return json!({ "folder": said });
    }
    match said.split_once('#') {
        Some((address, reference)) if !reference.is_empty() => json!({ "repository": address, "ref": reference }),
        _ => json!({ "repository": said.trim_end_matches('#') }),
    }
}

/// Why nothing can be made of what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// It is no name.
    #[error(
        "{name:?} is no name of a workspace: small letters, digits and dashes, at most {MOST} of them, for example {free}"
    )]
    Name {
        /// What was given.
        name: String,
        /// One that is free of that fault.
        free: String,
    },
    /// It is no user string.
    #[error(transparent)]
    UserString(#[from] blueprint::userstr::Error),
    /// It asks for what cannot be done here.
    #[error("{0}")]
    Off(&'static str),
    /// What a user string means is not known yet.
    #[error("{0}")]
    Open(String),
    /// Its repository is not read: why.
    #[error("{1}")]
    Source(Code, String),
}

impl Coded for LaunchError {
    fn code(&self) -> Code {
        match self {
            Self::Name { .. } => Code::WorkspaceNameInvalid,
            Self::UserString(error) => error.code(),
            Self::Off(_) => Code::FeatureUnavailable,
            Self::Open(_) => Code::BadRequest,
            Self::Source(code, _) => *code,
        }
    }

    fn details(&self) -> Option<Value> {
        match self {
            Self::Name { free, .. } => Some(json!({ "free": free })),
            Self::UserString(error) => error.details(),
            Self::Off(_) | Self::Open(_) | Self::Source(..) => None,
        }
    }
}

/// One of these stands in every user string but a user's name alone.
const SIGNS: [char; 3] = ['~', '=', '@'];
/// Characters of a name: so that names of pods, services and hosts made from it fit.
const MOST: usize = 52;

#[cfg(test)]
mod tests;
