//! Pull requests that words for a workspace name: the ref that each stands for is asked of its host, and kept for a day.

use super::desk::{Asking, Failed};
use super::{Repositories, Wanted};
use crate::launch::{LaunchError, Meant, Said};
use git::{Error, Remote};
use hashlink::LruCache;
use parking_lot::Mutex;
use policy::action::ObjectTarget;
use policy::{Gate, Principal};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// The refs that pull requests stand for, by repository and number.
#[derive(Debug)]
pub(crate) struct Pulls(Mutex<LruCache<(Remote, git::Reference), (Instant, String)>>);

impl Default for Pulls {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST_KEPT)))
    }
}

impl Pulls {
    pub(super) fn kept(&self, wanted: &Wanted) -> Option<String> {
        let mut pulls = self.0.lock();
        let (at, name) = pulls.get(&(wanted.remote.clone(), wanted.reference.clone()))?;
        (at.elapsed() < KEPT).then(|| name.clone())
    }

    pub(super) fn keep(&self, wanted: &Wanted, name: String) {
        self.0.lock().insert((wanted.remote.clone(), wanted.reference.clone()), (Instant::now(), name));
    }
}

impl Asking<'_> {
    /// The ref that a pull request stands for.
    async fn pull(&self, wanted: &Wanted) -> Result<String, Failed> {
        let action = self.action(wanted);
        self.may(&action)?;
        if let Some(kept) = self.repositories.pulls().kept(wanted) {
            return Ok(kept);
        }
        let asking = Box::pin(self.repositories.pull(wanted));
        let found = self.asks(action, asking, String::clone).await?;
        found.map_err(Failed::of)
    }
}

impl Repositories {
    /// Asks for the ref that a pull request stands for.
    async fn pull(&self, wanted: &Wanted) -> Result<String, Error> {
        let (name, _) = self.git().named(&wanted.remote, &wanted.reference, None).await?;
        self.pulls().keep(wanted, name.clone());
        Ok(name)
    }
}

/// The workspace that is meant, for whoever asks: where that hangs on a pull request, its host says which ref that is.
///
/// # Errors
/// When the repository is not read here, may not be read, or has no such pull request.
pub async fn meant(
    said: Said,
    repositories: Option<&Repositories>,
    gate: &Gate,
    principal: &Principal,
    object: ObjectTarget,
) -> Result<Meant, LaunchError> {
    let Some(source) = said.pull() else { return said.meant(None) };
    let spec = json!({ "source": source });
    let closed = |why: &str| LaunchError::Open(format!("the pull request is not resolved to a ref: {why}"));
    let repositories = repositories.ok_or_else(|| closed("no repositories are read here, see [repositories]"))?;
    let wanted = Wanted::of(&spec, repositories.host())
        .ok_or_else(|| closed("nobody says of which host its repository is, see host in [repositories]"))?;
    let owner = principal.name();
    let asking = Asking { repositories, gate, principal, object, owner };
    let reference = Box::pin(asking.pull(&wanted)).await;
    let reference = reference.map_err(|Failed(code, why)| LaunchError::Source(code, why))?;
    said.meant(Some(&reference))
}

/// How long a host is not asked again.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
const MOST_KEPT: usize = 4096;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{MOST_KEPT, Pulls, Wanted};
    use serde_json::json;
    use std::time::Duration;

    fn wanted(number: usize) -> Wanted {
        let repo = json!({ "host": "git.example", "owner": "acme", "name": "shop", "pullRequest": number });
        Wanted::of(&json!({ "source": { "repo": repo } }), None).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn ac_02c_what_a_host_said_of_a_pull_request_counts_for_a_day_and_takes_bounded_memory() {
        let pulls = Pulls::default();
        pulls.keep(&wanted(7), "refs/pull/7/head".into());
        tokio::time::advance(Duration::from_secs(24 * 60 * 60 - 1)).await;
        assert_eq!(pulls.kept(&wanted(7)).as_deref(), Some("refs/pull/7/head"));
        assert_eq!(pulls.kept(&wanted(8)), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(pulls.kept(&wanted(7)), None);
        (0..3 * MOST_KEPT).for_each(|number| pulls.keep(&wanted(number), String::new()));
        assert!(pulls.0.lock().len() <= MOST_KEPT);
        assert_eq!(pulls.kept(&wanted(3 * MOST_KEPT - 1)).as_deref(), Some(""));
    }
}
