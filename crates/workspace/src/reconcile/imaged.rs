//! What the image of a workspace says of its ports: asked when a pod is about to be made of it, read of the pod that is there.

use super::Job;
use crate::desired::Desired;
use crate::render::{Refused, Render, Rendered};
use crate::source::Sourced;
use cluster::Hands;

/// Makes the objects with the ports that the image names, where nobody else names one. Only what may be made is asked about.
pub(super) async fn told(
    hands: &Hands,
    render: &dyn Render,
    job: &Job,
    desired: &mut Desired,
    sourced: &Sourced,
    rendered: Result<Rendered, Refused>,
) -> Result<Rendered, Refused> {
    let mut rendered = rendered?;
    let makes = desired.running && !desired.paused && !desired.deleting && job.observed.pod.is_none();
    if let (true, Some(desk), Some(wanted)) = (makes, &job.shared.images, &rendered.asks_image) {
        desired.image = Some(desk.look(hands, desired, wanted, &job.architectures).await);
        rendered = render.render(desired, &job.object, sourced)?;
    }
    if let Some(said) = &desired.image {
        said.mark(&mut rendered);
    }
    Ok(rendered)
}
