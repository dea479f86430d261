//! Which volumes somebody may join: those of their organization, of a team whose role they have, and their own. What a claim is
//! called says nothing of that; its labels and the id that is said do.

use crate::action::{MountKind, MountOwner, WorkspaceMount};

/// Why it may not be joined; nothing where it may.
pub(crate) fn denied(asked: &WorkspaceMount) -> Option<String> {
    let WorkspaceMount { owner, org, roles, claim, how, id, whose, .. } = asked;
    if roles.iter().any(|role| role == crate::team::ADMIN) {
        return None;
    }
    match whose {
        Some(MountOwner::Person(other)) => return Some(format!("claim {claim} is storage of {other}, not of {owner}")),
        Some(MountOwner::Org(other)) => {
            return Some(format!("claim {claim} is storage of the organization {other}, and {owner} is of {org}"));
        }
        Some(MountOwner::Absent | MountOwner::Unsaid | MountOwner::Same) | None => {}
    }
    let own = id.is_empty() || id == owner || id == org || roles.contains(id);
    match how {
        MountKind::Shared if !own => {
            Some(format!("{id} is no team of {owner}: claim {claim} is for whoever has that role"))
        }
        // Of several workspaces of one person. What is there says itself whose it is; at the door nobody has looked.
        MountKind::Named if !own && matches!(whose, Some(MountOwner::Absent | MountOwner::Unsaid)) => {
            let theirs = !owner.is_empty() && id.strip_prefix(owner.as_str()).is_some_and(|rest| rest.starts_with('-'));
            (!theirs).then(|| format!("{id} is neither {owner} nor a team of theirs: claim {claim} would be another's"))
        }
        MountKind::Shared | MountKind::Named | MountKind::Existing => None,
    }
}
