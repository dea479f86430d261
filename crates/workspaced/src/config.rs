//! The daemon's configuration: its file, and over that what the environment says of a few settings.
//!
//! Who may write the environment of a pod is not asked here, so it reaches no account, no listener and no path.

use std::fs;
use std::path::Path;

use proto::workspace::Config;
use serde::de::DeserializeOwned;

use crate::Error;

/// Reads the configuration of this process.
///
/// # Errors
/// When it cannot be read, is none, or a variable says what cannot be.
pub(crate) fn read(path: &Path) -> Result<Config, Error> {
    let wrong = |why: String| Error::Config { path: path.display().to_string(), why };
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let mut config: Config = serde_saphyr::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let said =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    over(&mut config, said).map_err(wrong)?;
    config.check().map_err(wrong)?;
    Ok(config)
}

/// Lays variables over the file.
fn over(config: &mut Config, said: impl Iterator<Item = (String, String)>) -> Result<(), String> {
    for (name, value) in said {
        let Some(setting) = name.strip_prefix(PREFIX) else { continue };
        match setting {
            "GRACE_SECONDS" => config.grace_seconds = parsed(&name, &value)?,
            "SPLASH" => config.splash = value,
            "SHOW_INIT_SCRIPT_STATUS" => config.show_init_script_status = parsed(&name, &value)?,
            "ENABLE_APPS" => config.enable_apps = parsed(&name, &value)?,
            "IGNORE_ORPHANS" => config.ignore_orphans = parsed(&name, &value)?,
            _ => {
                return Err(format!("{name} is no setting of the environment: {SETTINGS} are, the file says the rest"));
            }
        }
    }
    Ok(())
}

fn parsed<T: DeserializeOwned>(name: &str, value: &str) -> Result<T, String> {
    serde_saphyr::from_str(value).map_err(|error| format!("{name}={value:?}: {error}"))
}

const PREFIX: &str = "QD_WORKSPACED_";
const SETTINGS: &str =
    "QD_WORKSPACED_GRACE_SECONDS, _SPLASH, _SHOW_INIT_SCRIPT_STATUS, _ENABLE_APPS and _IGNORE_ORPHANS";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::over;
    use proto::workspace::Config;

    fn laid(said: &[(&str, &str)]) -> Result<Config, String> {
        let file = "workspace: {uid: u, name: w, namespace: n, owner: a, blueprint: b}\nuser: {name: a, uid: 1, gid: 1}\nsplash: file\n";
        let mut config: Config = serde_saphyr::from_str(file).unwrap();
        over(&mut config, said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))?;
        Ok(config)
    }

    #[test]
    fn ac_78b_the_environment_lies_over_the_file_and_reaches_no_account_and_no_listener() {
        let config = laid(&[
            ("QD_WORKSPACED_GRACE_SECONDS", "3"),
            ("QD_WORKSPACED_ENABLE_APPS", "true"),
            ("QD_WORKSPACED_IGNORE_ORPHANS", "['^tmux', sleep]"),
            ("HOME", "/root"),
        ])
        .unwrap();
        assert_eq!((config.grace_seconds, config.enable_apps, config.splash.as_str()), (3, true, "file"));
        assert_eq!(config.ignore_orphans, ["^tmux", "sleep"]);
        assert_eq!(laid(&[("QD_WORKSPACED_SPLASH", "no: yaml: {")]).unwrap().splash, "no: yaml: {");
        for (name, value) in [
            ("QD_WORKSPACED_USER", "{name: root, uid: 0, gid: 0}"),
            ("QD_WORKSPACED_LISTEN", "0.0.0.0:1"),
            ("QD_WORKSPACED_RUNTIME_DIR", "/tmp"),
            ("QD_WORKSPACED_GRACE_SECONDS", "soon"),
        ] {
            assert!(laid(&[(name, value)]).unwrap_err().starts_with(name), "{name}");
        }
    }
}
