//! The policy of a team: nothing is allowed but what a rule here allows, and every decision names its rule.
//!
//! | Rule | Whom | What |
//! |---|---|---|
//! | `provision.NAME` | the process itself | what a workspace is made of, as rules of the configuration patch or deny it |
//! | `tap.NAME` | whom the rule names | a tap that is allowed by one below, and what rules of the configuration oblige it to |
//! | `team.deny.NAME` | whom the rule names | what the configuration denies: it wins over all below |
//! | `team.process` | the process itself | its operator, and the end of agents that wait for a tap of it |
//! | `team.sign_in` | who has a token | opening the console |
//! | `team.admin` | role `admin` | everything |
//! | `team.viewer` | role `viewer` | clusters, rows and objects |
//! | `team.developer` | role `developer` | clusters; rows and objects of workspaces |
//! | `team.own` | role `developer` | everything with a workspace that is theirs |
//! | `team.grant` | whom a Grant names | what that Grant allows with a workspace |
//! | `team.mount` | whoever may make a workspace | joining volumes of their own, their organization and their roles |
//! | `team.share` | whom a workspace is shared with | what their role in it, or the level of the port, allows |
//! | `team.default` | everybody | denied |
//!
//! What API servers let somebody see or do is theirs to say, beside this: they are asked on that somebody's behalf. A change
//! asks for the same care as at a desk: a confirmation, the typed name in production.

use crate::action::{Action, ActionInfo, Asked, ObjectTarget, ShellPurpose, TapChange, WorkspaceDelete, WorkspaceStop};
use crate::decide::{Decide, Facts, Input, Ruling, Sharing, WorkspaceFacts};
use crate::desk::Desk;
use crate::mounting;
use crate::principal::Who;
use base::{ClusterName, Code};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::Arc;

/// What is known of workspaces and grants. Kept by watches: looking asks nobody.
pub trait Workspaces: Send + Sync + 'static {
    /// Whose the workspace is, and whether a grant allows any of these to whoever asks.
    fn look(&self, who: &Who, wanted: &Wanted<'_>, now_ms: u64) -> WorkspaceFacts;
}

/// What a grant is looked for.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The workspace.
    pub object: Cow<'a, ObjectTarget>,
    /// One of these is enough: words of a Grant's `actions`.
    pub verbs: &'static [&'static str],
    /// Those whom the workspace is shared with in this role, or a greater one, may do it too.
    pub role: Option<ShareRole>,
    /// The port that would be reached; 0 where it is named.
    pub port: Option<u16>,
    /// The app, or the port by its name, that would be reached.
    pub app: &'a str,
    /// The image that would run, where that is known.
    pub image: &'a str,
    /// The blueprint, where that is known.
    pub blueprint: &'a str,
}

/// What somebody whom a workspace is shared with may do in it: each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShareRole {
    /// Look at it and its logs, and reach the ports that are shared.
    Viewer,
    /// Use its terminals, files, apps and ports.
    User,
    /// Start, stop and change it.
    Admin,
}

/// The policy of a team.
#[derive(Clone)]
pub struct Team {
    /// The care that a change asks for.
    pub care: Desk,
    /// What is denied whatever else is allowed.
    pub deny: Vec<DenyRule>,
    /// What is known of workspaces.
    pub workspaces: Arc<dyn Workspaces>,
}

/// Something that nobody, or not everybody, may. A member that is empty narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenyRule {
    /// By which decisions name it.
    pub name: String,
    /// Actions: `secret:reveal`, or all of a domain: `tap:*`.
    pub actions: Vec<String>,
    /// Roles: whoever has one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// People by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// Clusters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<String>,
    /// Namespaces of objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// Why, in words that those denied are told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Decide for Team {
    fn facts(&self, input: &Input, now_ms: u64) -> Facts {
        let who = &input.who;
        let workspace = match wanted(&input.asked) {
            Some(wanted) if !who.is_process() && !has(who, ADMIN) => Some(self.workspaces.look(who, &wanted, now_ms)),
            _ => None,
        };
        Facts { now_ms, workspace }
    }

    fn decide(&self, input: &Input, facts: &Facts) -> Ruling {
        let info = input.asked.info();
        if let Some(rule) = self.deny.iter().find(|rule| rule.holds(&input.who, &input.asked, info)) {
            let reason = if rule.reason.is_empty() {
                format!("{} is denied to you here", info.name)
            } else {
                rule.reason.clone()
            };
            return Ruling::deny(format!("team.deny.{}", rule.name), Code::PolicyDenied, reason);
        }
        match allowed(input, facts) {
            Ok(rule) => {
                let care = self.care.decide(input, facts);
                // Read-only stays what it is; what is allowed asks for the desk's care, by the rule that allows it.
                let own = care.denied.is_some() || care.rule.starts_with("provision.") || care.rule.starts_with("tap.");
                if own { care } else { Ruling { rule, ..care } }
            }
            Err((code, reason)) => Ruling::deny("team.default", code, reason),
        }
    }

    fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(b"team-3");
        hasher.update(self.care.digest());
        // Lists of texts always have a JSON form.
        hasher.update(serde_json::to_vec(&self.deny).unwrap_or_default());
        hex::encode(hasher.finalize())
    }
}

impl DenyRule {
    fn holds(&self, who: &Who, asked: &Asked, info: ActionInfo) -> bool {
        // Whoever may not do it to one may not do it to all.
        let one = match asked {
            Asked::WorkspaceDeleteAll(all) if all.kept_seconds == 0 => WorkspaceDelete::NAME,
            Asked::WorkspaceDeleteAll(_) => WorkspaceStop::NAME,
            _ => info.name,
        };
        let action = self.actions.iter().any(|own| match own.strip_suffix('*') {
            Some(domain) => info.name.starts_with(domain),
            None => own == info.name || own == one,
        });
        // Two lists of people widen each other: those with the role, and those named.
        // What a workspace asks, or is made of, is asked for its owner, by the process.
        let (name, process) = match asked {
            Asked::WorkspaceAsk(ask) => (&ask.owner, false),
            Asked::WorkspaceSource(source) => (&source.owner, false),
            Asked::WorkspaceProvision(provision) => (&provision.owner, false),
            Asked::WorkspaceMount(mount) => (&mount.owner, false),
            _ => (&who.name, who.is_process()),
        };
        let whom = (self.roles.is_empty() && self.people.is_empty())
            || self.roles.iter().any(|role| has(who, role))
            || matches!(asked, Asked::WorkspaceMount(mount) if self.roles.iter().any(|role| mount.roles.contains(role)))
            || self.people.contains(name);
        let clusters: Vec<&str> = asked.clusters().into_iter().map(ClusterName::as_str).collect();
        action && whom && !process && meets(&self.clusters, &clusters) && meets(&self.namespaces, &namespaces(asked))
    }

    /// What is wrong with it.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        if self.name.is_empty() {
            return Some("a rule without a name".to_owned());
        }
        let known = |own: &String| match own.strip_suffix('*') {
            Some(domain) => crate::action::ALL.iter().any(|info| info.name.starts_with(domain)),
            None => crate::action::ALL.iter().any(|info| info.name == own),
        };
        if self.actions.is_empty() {
            return Some(format!("{} names no actions", self.name));
        }
        let unknown = self.actions.iter().find(|own| !known(own))?;
        Some(format!("{} names {unknown:?}, which is no action", self.name))
    }
}

/// What is asked about is among what a rule names: where it names none, or none is named, that is everything.
fn meets(rule: &[String], asked: &[&str]) -> bool {
    rule.is_empty() || asked.is_empty() || rule.iter().any(|own| asked.contains(&own.as_str()))
}

/// The rule that allows it, or why none does.
fn allowed(input: &Input, facts: &Facts) -> Result<String, (Code, String)> {
    let no = |reason: String| Err((Code::PolicyDenied, reason));
    let (who, asked) = (&input.who, &input.asked);
    if let Asked::WorkspaceMount(mount) = asked
        && (who.is_process() || mount.owner == who.name && !has(who, ADMIN))
    {
        return mounting::denied(mount).map_or_else(|| Ok("team.mount".to_owned()), no);
    }
    if who.is_process() {
        let own = matches!(
            asked,
            Asked::OperatorRun(_)
                | Asked::OperatorInstall(_)
                | Asked::WorkspaceReconcile(_)
                | Asked::WorkspaceExpire(_)
                | Asked::WorkspaceSource(_)
                | Asked::WorkspaceProvision(_)
                | Asked::WorkspaceAsk(_)
                | Asked::WorkspaceStart(_)
                | Asked::WorkspaceStop(_)
                | Asked::WorkspaceWake(_)
                | Asked::WorkspaceUpdate(_)
                | Asked::WorkspaceView(_)
        ) || matches!(asked, Asked::TapControl(control) if matches!(control.change, TapChange::End(_)));
        return if own { Ok("team.process".to_owned()) } else { no("the process does this for nobody".to_owned()) };
    }
    if matches!(asked, Asked::SessionOpen(_)) {
        return Ok("team.sign_in".to_owned());
    }
    if has(who, ADMIN) {
        return Ok("team.admin".to_owned());
    }
    if has(who, VIEWER) && looks(asked) {
        return Ok("team.viewer".to_owned());
    }
    if has(who, DEVELOPER) && looks_at_workspaces(asked) {
        return Ok("team.developer".to_owned());
    }
    if let Asked::WorkspaceDeleteAll(all) = asked
        && (has(who, DEVELOPER) && !all.owner.is_empty())
        && (&all.owner, &all.org) == (&who.name, &who.org)
    {
        return Ok("team.own".to_owned());
    }
    let Some(wanted) = wanted(asked) else {
        return no(format!("none of your roles allows {}: ask an administrator", asked.info().name));
    };
    let known = facts.workspace.clone().unwrap_or_default();
    if known.unknown {
        let cluster = &wanted.object.cluster;
        return no(format!("it is not known now whose workspaces are whose in {cluster}: try again in a moment"));
    }
    let (owner, org) = match asked {
        // One that is to be made is whose it will be, unless it is somebody's already.
        Asked::WorkspaceCreate(create) if known.owner.is_empty() => (create.owner.as_str(), create.org.as_str()),
        _ => (known.owner.as_str(), known.org.as_str()),
    };
    let own = !owner.is_empty() && owner == who.name && (org.is_empty() || org == who.org);
    if own && has(who, DEVELOPER) {
        return Ok("team.own".to_owned());
    }
    let ask = format!("ask {owner}, whose it is");
    match (known.grant, known.sharing) {
        // A grant to make workspaces is one to make one's own.
        (Some(grant), _) if own || !matches!(asked, Asked::WorkspaceCreate(_)) => Ok(format!("team.grant {grant}")),
        (Some(_), _) => no("a workspace is made for oneself: its owner and organization are yours".to_owned()),
        (None, Sharing::Allows(by)) if !owner.is_empty() && wanted.role.is_some() => Ok(format!("team.share {by}")),
        (None, Sharing::Ended(until)) => {
            Err((Code::ShareExpired, format!("it was shared with you until {until}: {ask}")))
        }
        (None, Sharing::Less(what)) => Err((Code::ShareDenied, format!("{what}: {ask}"))),
        (None, _) => {
            let nearest = if known.nearest.is_empty() { "no grant allows it" } else { known.nearest.as_str() };
            let verbs = wanted.verbs.join(" or ");
            let which = if wanted.verbs.len() > 3 { String::new() } else { format!(" of {verbs}") };
            no(format!("it is not yours, and {nearest}: ask its owner or an administrator for a grant{which}"))
        }
    }
}

/// Rows, objects and clusters, and nothing that was said in them.
fn looks(asked: &Asked) -> bool {
    matches!(asked, Asked::ClusterView(_) | Asked::ObjectView(_) | Asked::ObjectRead(_) | Asked::WorkspaceView(_))
}

/// What the console's pages of workspaces need. Which workspaces those are API servers say.
fn looks_at_workspaces(asked: &Asked) -> bool {
    let ours = |kind: &str| kind.ends_with(".quarterdeck.dev");
    match asked {
        Asked::ClusterView(_) => true,
        Asked::WorkspaceView(a) => a.name.is_empty(),
        // What a workspace would be made of is looked at before it is made.
        Asked::WorkspaceSource(_) => true,
        Asked::ObjectView(a) => ours(&a.kind),
        Asked::ObjectRead(a) => ours(&a.object.kind),
        _ => false,
    }
}

fn wanted_of<'a>(object: Cow<'a, ObjectTarget>, verbs: &'static [&'static str]) -> Option<Wanted<'a>> {
    Some(Wanted { object, verbs, role: None, port: None, app: "", image: "", blueprint: "" })
}

/// What a grant or a share would have to allow.
fn wanted(asked: &Asked) -> Option<Wanted<'_>> {
    let wanted = grantable(asked)?;
    Some(Wanted { role: shareable(asked), ..wanted })
}

/// The least role in which somebody whom a workspace is shared with may do it.
fn shareable(asked: &Asked) -> Option<ShareRole> {
    match asked {
        Asked::WorkspaceView(_) | Asked::ObjectRead(_) | Asked::WorkspaceLogs(_) => Some(ShareRole::Viewer),
        Asked::WorkspaceConnect(a) if a.purpose == ShellPurpose::List => Some(ShareRole::Viewer),
        Asked::WorkspaceApps(a) if a.act == "list" || a.act == "logs" => Some(ShareRole::Viewer),
        Asked::WorkspaceConnect(_)
        | Asked::WorkspaceExec(_)
        | Asked::WorkspaceProxy(_)
        | Asked::WorkspaceFiles(_)
        | Asked::WorkspaceApps(_)
        | Asked::WorkspaceWake(_) => Some(ShareRole::User),
        Asked::WorkspaceStart(_) | Asked::WorkspaceStop(_) | Asked::WorkspaceKeep(_) | Asked::WorkspaceUpdate(_) => {
            Some(ShareRole::Admin)
        }
        _ => None,
    }
}

/// What a grant would have to allow.
fn grantable(asked: &Asked) -> Option<Wanted<'_>> {
    match asked {
        Asked::WorkspaceCreate(a) => {
            let blueprint = a.blueprint.rsplit('/').next().unwrap_or_default();
            Some(Wanted { image: &a.image, blueprint, ..wanted_of(Cow::Borrowed(&a.object), &["launch"])? })
        }
        Asked::WorkspaceSource(a) => wanted_of(Cow::Borrowed(&a.object), &["launch"]),
        Asked::WorkspaceView(a) if !a.name.is_empty() => {
            let (cluster, namespace, name) = (a.cluster.clone(), a.namespace.clone(), a.name.clone());
            wanted_of(Cow::Owned(ObjectTarget::workspace(&cluster, namespace, name)), ANY)
        }
        Asked::WorkspaceLogs(a) => wanted_of(Cow::Borrowed(&a.object), &["readLogs"]),
        Asked::WorkspaceConnect(a) => wanted_of(Cow::Borrowed(&a.object), &["connect"]),
        Asked::WorkspaceExec(a) => wanted_of(Cow::Borrowed(&a.object), &["connect"]),
        Asked::WorkspaceProxy(a) => {
            Some(Wanted { port: Some(a.port), app: &a.app, ..wanted_of(Cow::Borrowed(&a.object), &["proxy"])? })
        }
        Asked::WorkspaceFiles(a) => wanted_of(Cow::Borrowed(&a.object), &["files"]),
        Asked::WorkspaceApps(a) if a.act == "list" => {
            wanted_of(Cow::Borrowed(&a.object), &["apps", "proxy", "connect"])
        }
        Asked::WorkspaceApps(a) if a.act == "logs" => wanted_of(Cow::Borrowed(&a.object), &["apps", "readLogs"]),
        Asked::WorkspaceApps(a) => wanted_of(Cow::Borrowed(&a.object), &["apps"]),
        Asked::WorkspaceUpdate(a) => wanted_of(Cow::Borrowed(&a.object), &["admin"]),
        Asked::WorkspaceStart(a) => wanted_of(Cow::Borrowed(&a.object), &["start"]),
        // Whoever may come to one of its doors may wake it.
        Asked::WorkspaceWake(a) => wanted_of(Cow::Borrowed(&a.object), &["start", "proxy", "connect"]),
        // Whoever may start it may keep it going.
        Asked::WorkspaceKeep(a) => wanted_of(Cow::Borrowed(&a.object), &["start"]),
        Asked::WorkspacePurge(a) => wanted_of(Cow::Borrowed(&a.object), &["admin"]),
        // Whoever may stop all that a grant selects may stop one of them.
        Asked::WorkspaceStop(a) => wanted_of(Cow::Borrowed(&a.object), &["stop", "stopAll"]),
        Asked::WorkspaceDelete(a) => wanted_of(Cow::Borrowed(&a.object), &["delete"]),
        Asked::ObjectRead(a) if a.object.kind == ObjectTarget::WORKSPACES => wanted_of(Cow::Borrowed(&a.object), ANY),
        _ => None,
    }
}

/// The namespaces it is about; none where it is about all of them.
fn namespaces(asked: &Asked) -> Vec<&str> {
    match asked {
        Asked::ObjectView(a) => a.namespaces.iter().map(String::as_str).collect(),
        Asked::ClusterView(a) => a.namespaces.iter().map(String::as_str).collect(),
        Asked::WorkspaceView(a) => Some(a.namespace.as_str()).filter(|name| !name.is_empty()).into_iter().collect(),
        _ => asked.objects().iter().map(|object| object.namespace.as_str()).collect(),
    }
}

fn has(who: &Who, role: &str) -> bool {
    who.roles.iter().any(|own| own == role)
}

/// Everything.
pub const ADMIN: &str = "admin";
/// What is there.
pub const VIEWER: &str = "viewer";
/// Workspaces of one's own.
pub const DEVELOPER: &str = "developer";
const ANY: &[&str] = &["connect", "readLogs", "proxy", "start", "stop", "files", "apps", "delete"];

#[cfg(test)]
mod tests;
