//! What a step that failed was to do, for people.

use crate::decide::Step;
use crate::render::Rendered;

/// In a few words, without why.
pub(super) fn words(step: &Step, rendered: Option<&Rendered>) -> String {
    match step {
        Step::Hold | Step::Release => "its finalizer cannot be written".to_owned(),
        Step::Apply(at) => {
            let object = rendered.and_then(|rendered| rendered.parts.get(*at));
            object
                .map_or_else(String::new, |object| format!("{} {} cannot be applied", object.kind.kind(), object.name))
        }
        Step::MakeSecret => "its Secret cannot be made".to_owned(),
        Step::Certify { .. } => "its certificate cannot be made".to_owned(),
        Step::SeeSecret(name) => format!("Secret {name} cannot be read"),
        Step::Withdraw { kind, name, .. } => format!("{} {name} cannot be taken away", kind.kind()),
        Step::MakePod | Step::MakePinned => "its pod cannot be made".to_owned(),
        Step::Pin => "what its pod was made from cannot be kept".to_owned(),
        Step::Resize { .. } => "its pod cannot be given other sizes".to_owned(),
        Step::EndPod { .. } => "its pod cannot be ended".to_owned(),
        Step::SayState { .. } => "its state cannot be set".to_owned(),
        Step::EndWorkspace { .. } => "it cannot be deleted".to_owned(),
        Step::Reclaim { claim, .. } => format!("claim {claim} cannot be taken back"),
        Step::Discard { claim, .. } => format!("claim {claim} cannot be deleted"),
    }
}
