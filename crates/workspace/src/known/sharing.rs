//! Whom a workspace is shared with, as a team's policy asks.
//!
//! A user or a role is one of the workspace's own organization; another organization is named as such. Its main route is
//! shared with the roles that its blueprint names, as the operator wrote them: what runs is what is shared.

use crd::Time;
use crd::workspace::{PortLevel, PortShare, Share, ShareKind, ShareRole};
use policy::team::{ShareRole as Role, Wanted};
use policy::{Sharing, Who};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a workspace says of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    people: Vec<Share>,
    ports: Vec<PortShare>,
    /// Names of ports, with their numbers.
    names: BTreeMap<String, u16>,
    /// The port of its main route.
    main: Option<u16>,
    /// Roles that its main route is for.
    roles: Vec<String>,
}

impl Shared {
    /// Reads it; an entry that cannot be read shares nothing.
    pub(super) fn of(object: &Value) -> Self {
        let names = entries(object, "/spec/ports").filter_map(|port| {
            let number = port.get("containerPort")?.as_u64()?;
            Some((port.get("name")?.as_str()?.to_owned(), u16::try_from(number).ok()?))
        });
        Self {
            people: entries(object, "/spec/sharing").filter_map(|entry| Share::deserialize(entry).ok()).collect(),
            ports: entries(object, "/spec/portSharing")
                .filter_map(|entry| PortShare::deserialize(entry).ok())
                .collect(),
            names: names.collect(),
            main: object.pointer("/status/webProxy/port").and_then(Value::as_u64).and_then(|port| port.try_into().ok()),
            roles: entries(object, "/status/webProxy/roles")
                .filter_map(|role| role.as_str().map(str::to_owned))
                .collect(),
        }
    }

    /// What it says of what somebody wants.
    pub(super) fn with(&self, who: &Who, wanted: &Wanted<'_>, org: &str, now: Time) -> Sharing {
        let Some(least) = wanted.role else { return Sharing::Nothing };
        let named = || self.people.iter().filter(|share| names(share, who, org));
        let lasts = |share: &&Share| share.until.is_none_or(|until| until > now);
        let best = named().filter(lasts).max_by_key(|share| role(share.role));
        if let Some(share) = best.filter(|share| role(share.role) >= least) {
            return Sharing::Allows(format!("{} {} as {}", kind(share.kind), share.name, word(share.role)));
        }
        if let Some(role) = self.main_route(who, wanted, org) {
            return Sharing::Allows(format!("its main route with role {role}"));
        }
        let port = self.port(wanted);
        if let Some(share) = port {
            let reaches = match share.level {
                PortLevel::Private => best.is_some(),
                // Nobody comes without a login: that would take a policy that allows it, and there is none.
                PortLevel::Users | PortLevel::Public => who.id.starts_with("user:"),
                PortLevel::Org => !org.is_empty() && who.org == org,
            };
            if reaches {
                return Sharing::Allows(format!("{} with {}", port_word(share), level(share.level)));
            }
        }
        let ended = named().filter(|share| !lasts(share) && (role(share.role) >= least || port.is_some()));
        if let Some(until) = ended.filter_map(|share| share.until).max() {
            return Sharing::Ended(until.to_string());
        }
        match (best, port) {
            (Some(share), _) => {
                Sharing::Less(format!("it is shared with you as {}, which is not enough", word(share.role)))
            }
            (None, Some(share)) => Sharing::Less(format!("{} is for {} alone", port_word(share), level(share.level))),
            (None, None) => Sharing::Nothing,
        }
    }

    /// The role by which somebody reaches the main route, where that is what they want.
    fn main_route<'a>(&'a self, who: &Who, wanted: &Wanted<'_>, org: &str) -> Option<&'a str> {
        let within = org.is_empty() || who.org == org;
        let wants = wanted.port.is_some() && self.main.is_some() && self.number(wanted) == self.main;
        self.roles.iter().find(|role| wants && within && who.roles.contains(role)).map(String::as_str)
    }

    /// The number of the port that is wanted, by its number or its name.
    fn number(&self, wanted: &Wanted<'_>) -> Option<u16> {
        wanted.port.filter(|port| *port != 0).or_else(|| self.names.get(wanted.app).copied())
    }

    fn port(&self, wanted: &Wanted<'_>) -> Option<&PortShare> {
        let number = self.number(wanted);
        let is = |share: &&PortShare| match (&share.app, share.port) {
            (Some(app), _) => !app.is_empty() && app == wanted.app,
            (None, Some(port)) => number == Some(port),
            (None, None) => false,
        };
        wanted.port.and_then(|_| self.ports.iter().find(is))
    }
}

fn entries<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn names(share: &Share, who: &Who, org: &str) -> bool {
    let within = org.is_empty() || who.org == org;
    match share.kind {
        ShareKind::User => within && who.name == share.name,
        ShareKind::Role => within && who.roles.contains(&share.name),
        ShareKind::Org => who.org == share.name,
    }
}

const fn role(role: ShareRole) -> Role {
    match role {
        ShareRole::Viewer => Role::Viewer,
        ShareRole::User => Role::User,
        ShareRole::Admin => Role::Admin,
    }
}

const fn word(role: ShareRole) -> &'static str {
    match role {
        ShareRole::Viewer => "viewer",
        ShareRole::User => "user",
        ShareRole::Admin => "admin",
    }
}

const fn kind(kind: ShareKind) -> &'static str {
    match kind {
        ShareKind::User => "user",
        ShareKind::Role => "role",
        ShareKind::Org => "organization",
    }
}

const fn level(level: PortLevel) -> &'static str {
    match level {
        PortLevel::Private => "those whom the workspace is shared with",
        PortLevel::Users | PortLevel::Public => "everybody who is signed in",
        PortLevel::Org => "its organization",
    }
}

fn port_word(share: &PortShare) -> String {
    match (&share.app, share.port) {
        (Some(app), _) => format!("app {app}"),
        (None, port) => format!("port {}", port.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests;
