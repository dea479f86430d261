//! `[blueprints]`: those of the platform beside the objects of the cluster.

use super::ConfigError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use workspace::Folder;

/// `[blueprints]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Blueprints {
    /// A folder of files. It is watched: a set that is right takes the place of the one before at once, one that is not is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// What `env()` reads in expressions. The environment of the process is not read.
    pub env: BTreeMap<String, String>,
}

impl Blueprints {
    /// Reads the folder, where there is one.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn open(&self) -> Result<Option<Folder>, ConfigError> {
        let Some(path) = &self.folder else { return Ok(None) };
        Folder::open(path, &self.env).map(Some).map_err(|wrong| {
            let place = format!("[blueprints] folder {}", path.display());
            ConfigError::of(&place, wrong).unwrap_or(ConfigError::Several(Vec::new()))
        })
    }
}
