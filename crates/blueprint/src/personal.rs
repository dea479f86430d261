//! The personal layer of a workspace: the dotfiles of whoever works in it, applied after all other init scripts.
//!
//! It is one script of its own at the end, run as the workspace's user. It speaks of no other field, so that nothing of a
//! platform, an organization or a repository is changed by it.

#[cfg(test)]
mod tests;

use base::shell;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Dotfiles: those of a repository, or of a folder that the workspace has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Dotfiles {
    /// The address of a git repository: `https://host/owner/dotfiles`.
    pub repository: String,
    /// A branch or tag of it; its default branch when empty.
    #[serde(rename = "ref")]
    pub reference: String,
    /// A folder in the workspace, from its root or from the home (`~/…`).
    pub folder: String,
    /// What installs them, in their folder; found by the usual names when empty.
    pub command: String,
}

impl Dotfiles {
    /// Whether they can be applied.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn check(&self) -> Result<(), String> {
        let steers = |text: &str| text.chars().any(|c| c.is_control() || c.is_whitespace());
        match (self.repository.as_str(), self.folder.as_str()) {
            ("", "") => Err("dotfiles have a repository or a folder".to_owned()),
            ("", folder) => {
                let inside = folder.starts_with('/') || folder.starts_with("~/");
                if !inside || folder.chars().any(char::is_control) {
                    return Err(format!("a folder of dotfiles is a path from / or ~/, not {folder:?}"));
                }
                if !self.reference.is_empty() {
                    return Err("a folder of dotfiles has no ref".to_owned());
                }
                Ok(())
            }
            (address, "") => {
                let rest = address.strip_prefix("https://").unwrap_or_default();
                let (host, path) = rest.split_once('/').unwrap_or_default();
                if host.is_empty() || path.is_empty() || steers(address) {
                    return Err(format!("a repository of dotfiles is https://host/path, not {address:?}"));
                }
                if host.contains('@') {
                    return Err("the address of dotfiles holds no user and no password".to_owned());
                }
                if self.reference.starts_with('-') || steers(&self.reference) {
                    return Err(format!("{:?} is no ref of dotfiles", self.reference));
                }
                Ok(())
            }
            _ => Err("dotfiles have a repository or a folder, not both".to_owned()),
        }
    }

    /// The name of their script. Another one is run anew.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        let digest = hex::encode(Sha256::digest(self.script()));
        format!("dotfiles-{}", digest.get(..8).unwrap_or_default())
    }

    /// The script that applies them.
    #[must_use]
    pub(crate) fn script(&self) -> String {
        let fetch = if self.repository.is_empty() {
            let folder = match self.folder.strip_prefix("~/") {
                Some(rest) => format!("\"$HOME\"/{}", shell::word(rest)),
                None => shell::word(&self.folder),
            };
            format!("from={folder}\n[ -d \"$from\" ] || {{ echo \"there is no folder $from\" >&2; exit 1; }}\n")
        } else {
            let branch = match self.reference.as_str() {
                "" => String::new(),
                reference => format!(" --branch {}", shell::word(reference)),
            };
            format!(
                "command -v git >/dev/null || {{ echo 'the image has no git, which dotfiles of a repository need' >&2; exit 1; }}\n\
                 from=\"$HOME\"/.dotfiles\n\
                 export GIT_TERMINAL_PROMPT=0\n\
                 [ -d \"$from\"/.git ] && rm -rf \"$from\"\n\
                 git clone --quiet --depth 1{branch} -- {} \"$from\"\n",
                shell::word(&self.repository)
            )
        };
        let install = if self.command.is_empty() { INSTALL.to_owned() } else { format!("{}\n", self.command) };
        format!("set -eu\n{fetch}cd \"$from\"\n{install}")
    }
}

/// The first program of a usual name, or else a link in the home to each file that begins with a dot.
const INSTALL: &str = "\
for one in install.sh install bootstrap.sh bootstrap script/bootstrap setup.sh setup script/setup; do
  [ -f \"$one\" ] || continue
  if [ -x \"$one\" ]; then ./\"$one\"; else sh ./\"$one\"; fi
  exit
done
for one in .[!.]*; do
  case $one in .git | .gitmodules | .github) continue ;; esac
  [ -e \"$one\" ] || continue
  if [ -e \"$HOME/$one\" ] && [ ! -L \"$HOME/$one\" ]; then mv -f \"$HOME/$one\" \"$HOME/$one.before-dotfiles\"; fi
  ln -sfn \"$PWD/$one\" \"$HOME/$one\"
done
";
