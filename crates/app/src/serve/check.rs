//! `qd serve check`: what is wrong with the configuration, and which rights and parts a gateway would miss, with what each costs.

use super::parts::{self, Facts};
use super::plan::Plan;
use super::rights;
use crate::config::{Config, Role};
use crate::error::Failed;
use cli::grammar::Global;
use cli::grammar::serve::{CheckArgs, ServeArgs};
use cluster::{Access, Cluster, ConnectOptions};
use std::io::Write;
use workspace::install::{self, Missing};

/// Checks and tells; 1 when something is missing.
pub(super) async fn run(config: &Config, global: &Global, args: &ServeArgs, check: &CheckArgs) -> Result<u8, Failed> {
    let plan = Plan::of(config, global, args)?;
    let mut told = vec![Told::ok("configuration", format!("{}, on {}", plan.public_url, plan.listen))];
    let (people, tokens) =
        (plan.people.people.len(), plan.people.people.iter().map(|one| one.tokens.len()).sum::<usize>());
    let words = format!("{people} people, {tokens} tokens in {}", plan.tokens.display());
    told.push(if tokens == 0 {
        Told::missing("tokens", format!("{words}: nobody can sign in"))
    } else {
        Told::ok("tokens", words)
    });
    if let Some(words) = config.proxy.warning() {
        told.push(Told::ok("proxy.path_mode", format!("warning: {words}")));
    }
    for context in plan.kubeconfig.contexts() {
        let cluster =
            Cluster::connect(&plan.kubeconfig, &context.name, ConnectOptions::default()).map_err(Failed::of)?;
        let operates = plan.roles.contains(&Role::Operator).then_some(check.namespace.as_slice());
        told.extend(cluster_parts(config, &cluster, operates).await);
    }
    told.extend(parts::without(config).into_iter().map(|(part, words)| Told::without(part, words)));
    let mut out = std::io::stdout().lock();
    for Told { part, state, words } in &told {
        writeln!(out, "{:<8} {part:<32} {words}", state.word())?;
    }
    out.flush()?;
    Ok(u8::from(told.iter().any(|one| one.state == State::Missing)))
}

/// Which kinds are not there as they should be, and who puts that right.
fn outdated(missing: &[Missing]) -> String {
    format!("crd_outdated: {}: the role operator installs them with --yes", install::named(missing))
}

/// Says in the log which kinds of a cluster are missing or of another version, for a gateway that installs none itself.
pub(super) async fn warn(cluster: Cluster) {
    match install::missing(&cluster, None).await {
        Ok(missing) if missing.is_empty() => {}
        Ok(missing) => tracing::warn!(cluster = %cluster.name(), "{}", outdated(&missing)),
        // What a cluster that is away lacks is told by what does not work there.
        Err(error) => tracing::debug!(cluster = %cluster.name(), %error, "its kinds of workspaces were not looked at"),
    }
}

pub(super) struct Told {
    part: String,
    state: State,
    words: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    /// It is not there, and is not needed.
    Without,
    /// Something does not work without it.
    Missing,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Without => "without",
            Self::Missing => "missing",
        }
    }
}

impl Told {
    pub(super) fn ok(part: impl Into<String>, words: impl Into<String>) -> Self {
        Self { part: part.into(), state: State::Ok, words: words.into() }
    }

    pub(super) fn missing(part: impl Into<String>, words: impl Into<String>) -> Self {
        Self { part: part.into(), state: State::Missing, words: words.into() }
    }

    pub(super) fn without(part: impl Into<String>, words: impl Into<String>) -> Self {
        Self { part: part.into(), state: State::Without, words: words.into() }
    }
}

/// What there is of what a cluster must have. `operates`: the operator runs, and is asked about these namespaces too.
async fn cluster_parts(config: &Config, cluster: &Cluster, operates: Option<&[String]>) -> Vec<Told> {
    let reader = cluster.reader();
    let name = cluster.name();
    let version = match reader.version().await {
        Ok(version) => version,
        Err(error) => return vec![Told::missing(format!("cluster {name}"), error.to_string())],
    };
    let mut told = vec![match install::too_old(&version) {
        None => Told::ok(format!("cluster {name}"), version),
        Some(words) => Told::missing(format!("cluster {name}"), words),
    }];
    let missing = async {
        let guard = if operates.is_some() { crate::operator::guard(config, cluster).await? } else { None };
        install::missing(cluster, guard.as_ref()).await.map_err(Failed::of)
    };
    match missing.await {
        Ok(missing) if missing.is_empty() => told.push(Told::ok(format!("{name}: kinds of workspaces"), "installed")),
        Ok(missing) => told.push(Told::missing(format!("{name}: kinds of workspaces"), outdated(&missing))),
        Err(error) => told.push(Told::missing(format!("{name}: kinds of workspaces"), error.to_string())),
    }
    let ours = "quarterdeck.dev";
    let wanted = [
        ("impersonate", "", "users", "people cannot be acted for: nothing is shown to them"),
        ("impersonate", "", "groups", "people cannot be acted for: nothing is shown to them"),
        ("list", ours, "workspaces", "it is not known whose workspaces are whose: all of them are denied"),
        ("watch", ours, "workspaces", "it is not known whose workspaces are whose: all of them are denied"),
        ("list", ours, "grants", "grants allow nothing"),
        ("watch", ours, "grants", "grants allow nothing"),
    ];
    for (verb, group, resource, cost) in wanted {
        let part = format!("{name}: {verb} {resource}");
        told.push(match reader.allows(Access { verb, group, resource, ..Access::default() }).await {
            Ok(true) => Told::ok(part, ""),
            Ok(false) => Told::missing(part, cost),
            Err(error) => Told::missing(part, error.to_string()),
        });
    }
    let facts = Facts::look(cluster).await;
    if let Some(namespaces) = operates {
        let routes = facts.as_ref().is_ok_and(Facts::has_routes);
        match rights::operator(config, cluster, namespaces, routes).await {
            Ok(rights) => told.extend(rights),
            Err(error) => told.push(Told::missing(format!("{name}: the operator's rights"), error.to_string())),
        }
    }
    match facts {
        Ok(facts) => {
            let without = facts.without(config).into_iter();
            told.extend(without.map(|(part, words)| Told::without(format!("{name}: {part}"), words)));
        }
        Err(error) => told.push(Told::missing(format!("{name}: its parts"), error.to_string())),
    }
    told
}
