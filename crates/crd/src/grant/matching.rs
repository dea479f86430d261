//! Whether a grant allows what somebody wants to do. Pure: the caller brings the grants, the labels and the time.

use super::deny::{Denied, Limit};
use super::{Action, Constraints, Grant, GrantSpec, GrantSubject, NetworkClass, SubjectKind};
use crate::scalar::{Quantity, Time};
use crate::workspace::ExposureType;
use std::collections::BTreeMap;

/// Who asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// The user's name.
    pub user: &'a str,
    /// The user's roles.
    pub roles: &'a [String],
    /// The user's organizations.
    pub orgs: &'a [String],
    /// The program that acts for the user, if one does. It has what grants to agents allow, and nothing of the user's.
    pub agent: Option<&'a str>,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// By whom.
    pub subject: Subject<'a>,
    /// What for.
    pub action: Action,
    /// The namespace of the workspace.
    pub namespace: &'a str,
    /// The labels of the workspace, of one that is to be made too.
    pub labels: &'a BTreeMap<String, String>,
    /// What limits are compared with.
    pub wanted: Wanted<'a>,
    /// Now.
    pub now: Time,
}

/// What limits are compared with. An action that a limit binds, and that does not say what it wants, is denied.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// Images that would run: launch, fork, inject, attach.
    pub images: &'a [&'a str],
    /// The blueprint by name: launch, fork, inject, attach.
    pub blueprint: Option<&'a str>,
    /// Ports that would be listened on, reached or exposed: launch, fork, proxy, expose, share.
    pub ports: &'a [u16],
    /// The network class: launch, fork, inject, attach.
    pub network_class: Option<NetworkClass>,
    /// How it would be exposed, if it would: launch, fork, expose.
    pub exposure: Option<ExposureType>,
    /// Processors: launch, fork, resize.
    pub cpu: Option<&'a Quantity>,
    /// Memory: launch, fork, resize.
    pub memory: Option<&'a Quantity>,
    /// Storage of all volumes: launch, fork, resize.
    pub storage: Option<&'a Quantity>,
    /// When it would end, if it would: launch, fork.
    pub expires_at: Option<Time>,
}

/// Finds the grant that allows what is asked. `in_use` says how many workspaces a grant has launched that exist.
///
/// # Errors
/// When no grant allows it: the reason of the grant that came nearest.
pub fn decide<'g>(
    grants: impl IntoIterator<Item = &'g Grant>,
    system_namespace: &str,
    in_use: &dyn Fn(&Grant) -> i32,
    asked: &Asked<'_>,
) -> Result<&'g Grant, Denied> {
    let mut nearest = Denied::Nobody;
    for grant in grants {
        match allows(grant, system_namespace, in_use, asked) {
            Ok(()) => return Ok(grant),
            Err(denied) if denied.nearness() > nearest.nearness() => nearest = denied,
            Err(_) => {}
        }
    }
    Err(nearest)
}

fn allows(
    grant: &Grant,
    system_namespace: &str,
    in_use: &dyn Fn(&Grant) -> i32,
    asked: &Asked<'_>,
) -> Result<(), Denied> {
    let spec = &grant.spec;
    let name = || grant.metadata.name.clone().unwrap_or_default();
    if !spec.subjects.iter().any(|one| one.names(asked.subject)) {
        return Err(Denied::Nobody);
    }
    if !spec.actions.iter().any(|one| *one == asked.action || *one == Action::Admin) {
        return Err(Denied::Action(asked.action));
    }
    if !spec.reaches(grant.metadata.namespace.as_deref(), system_namespace, asked.namespace) {
        return Err(Denied::Namespace { grant: name(), namespace: asked.namespace.to_owned() });
    }
    if spec.selector.as_ref().is_some_and(|selector| !selector.matches(asked.labels)) {
        return Err(Denied::Selector { grant: name() });
    }
    if let Some(from) = spec.not_before.filter(|from| asked.now < *from) {
        return Err(Denied::NotYet { grant: name(), from });
    }
    if let Some(until) = spec.not_after.filter(|until| asked.now >= *until) {
        return Err(Denied::Ended { grant: name(), until });
    }
    // What is open to a cluster is given by its name alone.
    let classes = spec.constraints.as_ref().map_or(&[][..], |constraints| &constraints.network_classes);
    let runs = matches!(asked.action, Action::Launch | Action::Fork | Action::Inject | Action::Attach);
    if runs && asked.wanted.network_class == Some(NetworkClass::System) && !classes.contains(&NetworkClass::System) {
        return Err(Denied::Limit { grant: name(), limit: Limit::NetworkClass(NetworkClass::System) });
    }
    match &spec.constraints {
        None => Ok(()),
        Some(constraints) => {
            constraints.check(asked, &|| in_use(grant)).map_err(|limit| Denied::Limit { grant: name(), limit })
        }
    }
}

impl GrantSpec {
    /// Whether a grant that stands in `own` is for workspaces in `namespace`. Names of other namespaces count in the system
    /// namespace alone: elsewhere whoever may write a grant could give away what is not theirs.
    #[must_use]
    pub fn reaches(&self, own: Option<&str>, system: &str, namespace: &str) -> bool {
        own == Some(namespace)
            || (own == Some(system) && self.namespaces.iter().any(|one| one == "*" || one == namespace))
    }
}

impl GrantSubject {
    fn names(&self, subject: Subject<'_>) -> bool {
        let is = |name: &str| self.name == "*" || self.name == name;
        match (self.kind, subject.agent) {
            (SubjectKind::Agent, Some(agent)) => is(agent),
            (SubjectKind::Agent, None) | (_, Some(_)) => false,
            (SubjectKind::User, None) => !subject.user.is_empty() && is(subject.user),
            (SubjectKind::Role, None) => subject.roles.iter().any(|one| is(one)),
            (SubjectKind::Org, None) => subject.orgs.iter().any(|one| is(one)),
        }
    }
}

impl Constraints {
    fn check(&self, asked: &Asked<'_>, in_use: &dyn Fn() -> i32) -> Result<(), Limit> {
        use Action as A;
        let wanted = &asked.wanted;
        let among = |actions: &[Action]| actions.contains(&asked.action);
        let makes = among(&[A::Launch, A::Fork]);
        let runs = makes || among(&[A::Inject, A::Attach]);
        if runs && !self.images.is_empty() {
            if wanted.images.is_empty() {
                return Err(Limit::Unknown("images"));
            }
            if let Some(image) = wanted.images.iter().find(|image| !any_glob(&self.images, image)) {
                return Err(Limit::Image((*image).to_owned()));
            }
        }
        if runs && !self.blueprints.is_empty() {
            let name = wanted.blueprint.ok_or(Limit::Unknown("blueprints"))?;
            if !any_glob(&self.blueprints, name) {
                return Err(Limit::Blueprint(name.to_owned()));
            }
        }
        if runs && !self.network_classes.is_empty() {
            let class = wanted.network_class.ok_or(Limit::Unknown("networkClasses"))?;
            if !self.network_classes.contains(&class) {
                return Err(Limit::NetworkClass(class));
            }
        }
        if !self.ports.is_empty() && (makes || among(&[A::Proxy, A::Expose, A::Share])) {
            if wanted.ports.is_empty() && among(&[A::Proxy, A::Expose]) {
                return Err(Limit::Unknown("ports"));
            }
            if let Some(port) = wanted.ports.iter().find(|port| !self.ports.iter().any(|range| range.holds(**port))) {
                return Err(Limit::Port(*port, self.ports.clone()));
            }
        }
        if !self.exposures.is_empty() && (makes || asked.action == A::Expose) {
            match wanted.exposure {
                Some(exposure) if !self.exposures.contains(&exposure) => return Err(Limit::Exposure(exposure)),
                None if asked.action == A::Expose => return Err(Limit::Unknown("exposures")),
                _ => {}
            }
        }
        if makes || asked.action == A::Resize {
            self.resources(wanted, makes)?;
        }
        if makes && let Some(most) = &self.max_ttl {
            let seconds = most.seconds().ok_or(Limit::Unknown("maxTTL"))?;
            let longest = i64::try_from(seconds).ok().and_then(|s| s.checked_mul(1000)).unwrap_or(i64::MAX);
            let ends = wanted.expires_at.map(|at| at.millis().saturating_sub(asked.now.millis()));
            // a grant that says 0 sets no limit, as everywhere
            if seconds != 0 && ends.is_none_or(|left| left > longest) {
                return Err(Limit::Ttl(most.clone()));
            }
        }
        match self.max_concurrent {
            Some(most) if makes && in_use() >= most => Err(Limit::Concurrent(most)),
            _ => Ok(()),
        }
    }

    /// Resources against their limits. A change that does not touch a resource is not bound by its limit.
    fn resources(&self, wanted: &Wanted<'_>, all: bool) -> Result<(), Limit> {
        let Some(most) = &self.max_resources else { return Ok(()) };
        let table = [
            ("cpu", &most.cpu, wanted.cpu),
            ("memory", &most.memory, wanted.memory),
            ("storage", &most.storage, wanted.storage),
        ];
        for (resource, most, wanted) in table {
            match (most, wanted) {
                (None, _) => {}
                (Some(_), None) if !all => {}
                (Some(_), None) => return Err(Limit::Unknown("maxResources")),
                (Some(most), Some(wanted)) => match (most.milli(), wanted.milli()) {
                    (Some(bound), Some(amount)) if amount <= bound => {}
                    (Some(_), Some(_)) => return Err(Limit::Resource { resource, most: most.clone() }),
                    _ => return Err(Limit::Unknown("maxResources")),
                },
            }
        }
        Ok(())
    }
}

fn any_glob(globs: &[String], text: &str) -> bool {
    globs.iter().any(|glob| base::glob(glob.as_bytes(), text.as_bytes()))
}
