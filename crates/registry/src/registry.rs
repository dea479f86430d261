//! Reads what images say, and keeps it by their digests.

use crate::error::Error;
use crate::facts::Facts;
use crate::image::Image;
use crate::login::Logins;
use crate::session::Session;
use hashlink::LruCache;
use net::{Client, Rules};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// What the platform allows.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The registries that are asked; empty for any.
    pub registries: Vec<String>,
    /// Where hosts may be.
    pub rules: Rules,
    /// For one image, with all that is asked for it.
    pub time: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { registries: Vec::new(), rules: Rules::default(), time: Duration::from_secs(5) }
    }
}

/// Reads what images say. Clones are the same.
#[derive(Clone, Debug)]
pub struct Registry(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) client: Client,
    kept: Mutex<LruCache<(String, String), Arc<Facts>>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Registry {
    /// Reads what `settings` allow.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let client = Client::new(settings.rules.clone());
        Self(Arc::new(Inner { settings, client, kept: Mutex::new(LruCache::new(MOST_KEPT)) }))
    }

    /// What an image says, for a node of one of these architectures (`amd64`), with the login that is for it. Its registry is asked
    /// each time whether it is there; what a digest names is read once.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn read(&self, image: &Image, architectures: &[String], logins: &Logins) -> Result<Arc<Facts>, Error> {
        let time = self.0.settings.time;
        let host = image.host();
        if !self.0.settings.registries.is_empty() && !net::names(&self.0.settings.registries, host) {
            let why = "the platform reads images of other registries alone".to_owned();
            return Err(Error::Refused { host: host.to_owned(), why });
        }
        tokio::time::timeout(time, Box::pin(self.with_each(image, architectures, logins))).await.unwrap_or_else(|_| {
            let why = format!("it took longer than {} s", time.as_secs());
            Err(Error::Unreachable { host: host.to_owned(), why })
        })
    }

    /// Tries the logins that are for it, or none.
    async fn with_each(&self, image: &Image, architectures: &[String], logins: &Logins) -> Result<Arc<Facts>, Error> {
        let mut last = None;
        for login in logins.of(image).into_iter().take(MOST_LOGINS) {
            match Session::new(&self.0, image, Some(login)).facts(architectures).await {
                Err(Error::NotFound(what)) => last = Some(Error::NotFound(what)),
                other => return other,
            }
        }
        match last {
            Some(error) => Err(error),
            None => Session::new(&self.0, image, None).facts(architectures).await,
        }
    }
}

impl Inner {
    pub(crate) fn kept(&self, image: &Image, place: &str) -> Option<Arc<Facts>> {
        self.kept.lock().get(&key(image, place)).cloned()
    }

    pub(crate) fn keep(&self, image: &Image, place: &str, facts: &Arc<Facts>) {
        self.kept.lock().insert(key(image, place), facts.clone());
    }
}

/// A digest is looked for where it was found alone.
fn key(image: &Image, place: &str) -> (String, String) {
    (format!("{}/{}", image.host(), image.repository()), place.to_owned())
}

const MOST_KEPT: usize = 512;
const MOST_LOGINS: usize = 3;
