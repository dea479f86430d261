//! Asks registries what images say: each time as the policy allows it, with the Secrets by which they are pulled.

use super::{Said, Wanted, add};
use crate::desired::Desired;
use base::{Code, Coded, RequestId};
use cluster::{Cluster, Hands, Owned};
use hashlink::LruCache;
use parking_lot::Mutex;
use policy::action::{ObjectTarget, WorkspaceSource};
use policy::{Answers, Door, Gate, Outcome, Permit, Principal};
use registry::{Error, Facts, Image, Logins, Registry};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Asks for somebody.
pub(crate) struct Asking<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) gate: &'a Gate,
    pub(crate) principal: &'a Principal,
    pub(crate) object: ObjectTarget,
    pub(crate) owner: &'a str,
}

/// Why a registry was not asked, or did not say.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) Code, pub(crate) String);

impl Asking<'_> {
    /// That it may be asked, as is decided and written down.
    pub(crate) async fn permit(&self, image: &Image) -> Result<Permit<WorkspaceSource>, Failed> {
        let action = WorkspaceSource {
            object: self.object.clone(),
            owner: self.owner.to_owned(),
            host: image.host().to_owned(),
            repository: image.repository().to_owned(),
            reference: format!("image {}", image.version()),
        };
        let permit = self.gate.permit(self.principal, action, &Answers::default());
        let permit = permit.map_err(|refusal| Failed(refusal.code(), refusal.to_string()))?;
        match permit.settled().await {
            Ok(()) => Ok(permit),
            Err(_) => {
                let words = "the journal takes no entries, so its registry was not asked".to_owned();
                Err(Failed(Code::AuditUnavailable, words))
            }
        }
    }

    /// Asks, and writes down what came of it.
    pub(crate) async fn facts(
        &self,
        permit: Permit<WorkspaceSource>,
        image: &Image,
        architectures: &[String],
        logins: &Logins,
    ) -> Result<Arc<Facts>, Error> {
        let facts = self.registry.read(image, architectures, logins).await;
        permit.finish(match &facts {
            Ok(facts) => Outcome::Done { message: format!("digest {}", facts.digest) },
            Err(error) => Outcome::Failed { code: error.code().as_str().to_owned(), message: error.to_string() },
        });
        facts
    }
}

/// Asks for the operator.
pub(crate) struct Desk {
    pub(crate) registry: Registry,
    pub(crate) cluster: Cluster,
    pub(crate) gate: Gate,
    /// The process: it asks for the owner of a workspace.
    pub(crate) principal: Principal,
    pub(crate) kept: Kept,
}

/// What was said a moment ago. A workspace may be looked at several times until its pod is seen.
pub(crate) struct Kept {
    /// By workspace and image.
    said: Mutex<LruCache<(String, String), (Instant, Said)>>,
    /// By host: those that do not answer.
    silent: Mutex<LruCache<String, (Instant, String)>>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { said: Mutex::new(LruCache::new(MOST_KEPT)), silent: Mutex::new(LruCache::new(MOST_KEPT)) }
    }
}

impl Desk {
    /// What the image of a workspace says whose pod is about to be made.
    pub(crate) async fn look(
        &self,
        hands: &Hands,
        desired: &Desired,
        wanted: &Wanted,
        architectures: &[String],
    ) -> Said {
        let place = (desired.uid.clone(), wanted.image.clone());
        if let Some((_, said)) = self.kept.said.lock().get(&place).filter(|(at, _)| at.elapsed() < SOON) {
            return said.clone();
        }
        let said = match Box::pin(self.ask(hands, desired, wanted, architectures)).await {
            Ok(facts) => Said::of(&facts),
            Err(why) => {
                tracing::info!(workspace = %desired.key, image = wanted.image, why, "an image does not say on which ports it listens");
                Said::unknown(&why)
            }
        };
        self.kept.said.lock().insert(place, (Instant::now(), said.clone()));
        said
    }

    async fn ask(
        &self,
        hands: &Hands,
        desired: &Desired,
        wanted: &Wanted,
        architectures: &[String],
    ) -> Result<Arc<Facts>, String> {
        let image = Image::parse(&wanted.image).map_err(|error| error.to_string())?;
        // Others have waited for it in vain already.
        if let Some((_, why)) = self.kept.silent.lock().get(image.host()).filter(|(at, _)| at.elapsed() < SILENT) {
            return Err(why.clone());
        }
        let principal = self.principal.asking(RequestId::new(), Door::Process);
        let object = ObjectTarget::workspace(self.cluster.name(), &desired.key.namespace, &desired.key.name);
        let (registry, gate) = (&self.registry, &self.gate);
        let asking = Asking { registry, gate, principal: &principal, object, owner: &desired.owner };
        let permit = asking.permit(&image).await.map_err(|Failed(_, why)| why)?;
        let mut logins = Logins::default();
        for name in &wanted.pull_secrets {
            match hands.get(Owned::Secret, name).await {
                Ok(Some(secret)) if add(&mut logins, &secret) => {}
                Ok(Some(_)) => {
                    tracing::warn!(secret = name, "it is no Secret of the type kubernetes.io/dockerconfigjson")
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(secret = name, %error, "a Secret with which images are pulled cannot be read")
                }
            }
        }
        asking.facts(permit, &image, architectures, &logins).await.map_err(|error| {
            let words = error.to_string();
            if let Error::Unreachable { .. } = &error {
                self.kept.silent.lock().insert(image.host().to_owned(), (Instant::now(), words.clone()));
            }
            words
        })
    }
}

/// How long what was said holds for a workspace whose pod is not seen yet.
const SOON: Duration = Duration::from_secs(10);
/// How long a host is not asked again that did not answer.
const SILENT: Duration = Duration::from_secs(20);
const MOST_KEPT: usize = 512;
