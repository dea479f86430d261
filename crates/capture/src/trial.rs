//! Whether admission lets the capture container into a pod, by the API server's dry-run: nothing is added.

use crate::container::{self, Profile};
use crate::{Error, Owner};
use catalog::Kind;
use cluster::{Cluster, PatchKind, Target};
use policy::Permit;
use policy::action::PlanMake;

/// What came of one profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The profile.
    pub profile: Profile,
    /// Why it is refused, unless it would be let in.
    pub refused: Option<String>,
}

/// Tries every profile on the first pod of the plan, best first.
///
/// # Errors
/// When the decision cannot be written down, or the API server answers with anything but admission's yes or no.
pub async fn trial(cluster: &Cluster, permit: &Permit<PlanMake>, image: &str) -> Result<Vec<Trial>, Error> {
    permit.settled().await?;
    let kind = Kind::builtin("pods").ok_or(Error::Unsupported)?;
    let Some(pod) = permit.target().objects.first() else { return Ok(Vec::new()) };
    let target = Target { kind: &kind, namespace: &pod.namespace, name: &pod.name };
    let acting = cluster.acting(permit);
    let (name, owner) = (container::name()?, Owner::new()?.public());
    let mut trials = Vec::new();
    for profile in Profile::ALL {
        let patch = container::patch(&name, image, &owner, IDLE, profile, None);
        let tried = acting.try_patch(target, "ephemeralcontainers", PatchKind::Strategic, &patch).await;
        let refused = tried.err().map(container::refusal).transpose()?;
        trials.push(Trial { profile, refused });
    }
    Ok(trials)
}

/// Seconds in the arguments of a container that never runs.
const IDLE: u32 = 15;
