//! Where tasks keep things: the project's folder and the user's cache folder, which survives between runs and clones.

use std::path::PathBuf;

/// The project's root folder.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, PathBuf::from)
}

/// `$XDG_CACHE_HOME/quarterdeck` (by default `~/.cache/quarterdeck`): built Go binaries, images, cluster state.
pub(crate) fn cache() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME").filter(|v| !v.is_empty()).map(PathBuf::from).unwrap_or_else(|| {
        let home = std::env::var_os("HOME").map_or_else(|| PathBuf::from("/root"), PathBuf::from);
        home.join(".cache")
    });
    base.join("quarterdeck")
}
