//! The operator of workspaces beside the console: `qd console --with-operator`.

use crate::config::{Config, ConfigError};
use crate::desk::{Desk, VERSION};
use crate::error::Failed;
use base::{Code, Coded, RequestId, Secret};
use cli::grammar::Global;
use cluster::{Cluster, ConnectOptions, Kubeconfig, Rate};
use policy::action::OperatorRun;
use policy::{Answers, Door, Principal};
use std::io::{BufRead, IsTerminal, Write};
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use workspace::guard::Guard;
use workspace::install::{self, Missing};
use workspace::{Blueprints, Operator, Platform, Provision, Roles, Settings};

/// A running operator.
pub(crate) struct Running {
    task: JoinHandle<()>,
    end: CancellationToken,
}

impl Running {
    /// Ends it: what it began is finished, and its lease given back.
    pub(crate) async fn stop(self) {
        self.end.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the operator broke off");
        }
    }
}

/// The cluster's kinds of workspaces are not those of this version, and nobody said yes to these.
#[derive(Debug, thiserror::Error)]
#[error("the operator needs what the cluster has not: {0}; say --yes to install it")]
struct Outdated(String);

impl Coded for Outdated {
    fn code(&self) -> Code {
        Code::CrdOutdated
    }
}

/// Installs what is missing, when that is said, and runs the operator.
pub(crate) async fn start(
    config: &Config,
    global: &Global,
    desk: &Desk,
    kubeconfig: Kubeconfig,
    roles: Roles,
) -> Result<Running, Failed> {
    let context = kubeconfig.choose(global.context.as_deref()).map_err(Failed::of)?;
    let production = config.clusters.production.contains(&context.name);
    let rate = Rate { qps: f64::from(config.operator.qps.get()), burst: f64::from(config.operator.qps.get()) * 2.0 };
    let cluster =
        Cluster::connect(&kubeconfig, &context.name, ConnectOptions { production, rate }).map_err(Failed::of)?;
    let principal = desk.principal.borrow().asking(RequestId::new(), Door::Process);
    let guard = guard(config, &cluster).await?;
    let missing = install::missing(&cluster, guard.as_ref()).await.map_err(Failed::of)?;
    if let Some(words) = install::too_old(&cluster.reader().version().await.map_err(Failed::of)?) {
        tracing::warn!(cluster = %cluster.name(), "{words}");
        eprintln!("qd: {}: {words}", cluster.name());
    }
    if !missing.is_empty() {
        let confirm = agreed(&cluster, &missing, global)?;
        let answers = Answers { confirm, ..Answers::default() };
        let action = install::action(&cluster, &missing);
        let permit = desk.gate.permit(&principal, action, &answers).map_err(Failed::of)?;
        install::install(&cluster, permit, &missing).await.map_err(Failed::of)?;
        eprintln!("qd: what workspaces need is installed in {}", cluster.name());
    }
    let run = OperatorRun { cluster: cluster.name().clone(), namespace: config.operator.namespace.clone() };
    let permit = desk.gate.permit(&principal, run, &Answers::default()).map_err(Failed::of)?;
    let end = CancellationToken::new();
    let operator = operator(config, cluster, desk, principal, roles)?;
    let ended = end.clone();
    let task = tokio::spawn(async move {
        if let Err(error) = operator.run(permit, ended).await {
            tracing::error!(%error, "the operator ended");
            eprintln!("qd: the operator ended: {error}");
        }
    });
    Ok(Running { task, end })
}

/// What keeps others than us out of the pods of workspaces, and from saying whose they are, where that is wanted.
pub(crate) async fn guard(config: &Config, cluster: &Cluster) -> Result<Option<Guard>, Failed> {
    let operator = &config.operator;
    if !operator.exec_guard && !operator.owner_guard {
        return Ok(None);
    }
    let mut accounts = operator.exec_accounts.clone();
    if accounts.is_empty() {
        accounts.push(cluster.reader().whoami().await.map_err(Failed::of)?.username);
    }
    Ok(Some(Guard {
        namespace: operator.watch_namespace.clone(),
        accounts,
        prefix: config.serve.prefix.clone(),
        address: config.serve.public_url.clone(),
        exec: operator.exec_guard,
        owners: operator.owner_guard,
    }))
}

/// What holds for all workspaces of a cluster.
pub(crate) fn platform(config: &Config, desk: &Desk, cluster: &str) -> Result<Platform, Failed> {
    let exposing = config.exposing().map_err(Failed::of)?;
    let (repositories, images) = (desk.repositories(config)?, desk.images(config)?);
    let (folder, env) = (desk.folder(config)?, config.blueprints.env.clone());
    let network = config.network.rules().map_err(Failed::of)?;
    if let Some(wrong) = ConfigError::of("[policy]", config.policy.problems()) {
        return Err(Failed::of(wrong));
    }
    let provision = (!config.policy.provision.is_empty()).then(|| {
        let process = desk.principal.borrow().asking(RequestId::new(), Door::Process);
        Arc::new(Provision::showing(desk.gate.clone(), process))
    });
    let (compat_labels, public_url) = (config.compat.labels, config.serve.public_url.clone());
    let prices = config.prices.read().map_err(Failed::of)?;
    let config = &config.operator;
    let agent_image = config.agent_image.clone().unwrap_or_else(|| format!("{AGENT_IMAGE}:{VERSION}"));
    Ok(Platform {
        prices,
        public_url,
        exposing,
        network,
        pull_secrets: config.pull_secrets.clone(),
        registry: config.registry.clone(),
        default_blueprint: config.default_blueprint.clone(),
        cluster_domain: config.cluster_domain.clone(),
        single_node: config.single_node,
        volumes: config.volumes,
        compat_labels,
        egress_port: config.egress_proxy.then_some(workspace::EGRESS_PORT),
        repositories,
        images,
        folder,
        provision,
        env,
        commit: crate::commit().to_owned(),
        ..Platform::new(cluster, &agent_image)
    })
}

fn operator(
    config: &Config,
    cluster: Cluster,
    desk: &Desk,
    principal: Principal,
    roles: Roles,
) -> Result<Operator, Failed> {
    let mut platform = platform(config, desk, cluster.name().as_str())?;
    platform.roles = roles.clone();
    platform.password = password(config, std::env::var(PASSWORD).ok())?;
    platform.provision = (!config.policy.provision.is_empty())
        .then(|| Arc::new(Provision::acting(desk.gate.clone(), principal.clone())));
    if config.exposure.local_authority {
        platform.authority = Some(crate::cert::folder()?);
    }
    let require_enforcement = config.network.require_enforcement;
    let config = &config.operator;
    let id = format!("{}-{}", std::process::id(), uuid::Uuid::new_v4().simple());
    let settings = Settings {
        namespace: config.watch_namespace.clone(),
        require_grants: config.require_grants,
        require_enforcement,
        roles,
        system_namespace: config.namespace.clone(),
        guards_owners: config.owner_guard,
        repositories: platform.repositories.clone(),
        images: platform.images.clone(),
        folder: platform.folder.clone(),
        ..Settings::new(id)
    };
    Ok(Operator {
        cluster,
        gate: desk.gate.clone(),
        principal,
        clock: desk.clock.clone(),
        render: Arc::new(Blueprints::new(platform)),
        activity: desk.activity.clone(),
        calling: desk.calling.clone(),
        figures: desk.figures.clone(),
        settings,
    })
}

/// The password of images that ask for one: by its file, else by the variable of an earlier system.
fn password(config: &Config, variable: Option<String>) -> Result<Option<Secret<String>>, Failed> {
    let said = match &config.operator.password_file {
        Some(path) => Some(
            std::fs::read_to_string(path)
                .map_err(|source| Failed::of(ConfigError::Read { path: path.display().to_string(), source }))?,
        ),
        None => variable,
    };
    let said = said.map(|said| said.trim().to_owned()).filter(|said| !said.is_empty());
    if said.as_deref() == Some("changeme") {
        let message =
            "changeme is what everybody tries first: set another one, or none for a random one each".to_owned();
        return Err(Failed::of(ConfigError::Form { place: PASSWORD.to_owned(), message }));
    }
    Ok(said.map(Secret::new))
}

const PASSWORD: &str = "AGENT_DEFAULT_PASSWORD";

/// Says what would be installed, and asks.
fn agreed(cluster: &Cluster, missing: &[Missing], global: &Global) -> Result<bool, Failed> {
    let mut err = std::io::stderr().lock();
    writeln!(err, "qd: the operator needs these objects in {}:", cluster.name())?;
    for one in missing {
        writeln!(err, "  {} ({})", one.name, if one.new { "new" } else { "other than this version's" })?;
    }
    if global.yes {
        return Ok(true);
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failed::of(Outdated(install::named(missing))));
    }
    write!(err, "install them? [y/N] ")?;
    err.flush()?;
    let mut line = String::new();
    stdin.lock().read_line(&mut line)?;
    if matches!(line.trim(), "y" | "Y" | "yes") { Ok(true) } else { Err(Failed::of(cli::Error::Declined)) }
}

const AGENT_IMAGE: &str = "images.invalid/quarterdeck/qd-agent-workspaced";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::password;
    use crate::config::Config;

    #[test]
    fn ge_07b_the_password_is_that_of_the_file_else_of_the_variable_and_never_the_known_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "of the file\n").unwrap();
        let mut config = Config::default();
        let said = |config: &Config, variable: Option<&str>| {
            password(config, variable.map(str::to_owned)).map(|said| said.map(|said| said.expose().clone()))
        };
        assert_eq!(said(&config, None).unwrap(), None, "each workspace has one of its own");
        assert_eq!(said(&config, Some(" ")).unwrap(), None);
        assert_eq!(said(&config, Some("of the variable")).unwrap().as_deref(), Some("of the variable"));
        assert!(said(&config, Some("changeme")).unwrap_err().to_string().contains("what everybody tries first"));
        config.operator.password_file = Some(file.clone());
        assert_eq!(said(&config, Some("of the variable")).unwrap().as_deref(), Some("of the file"));
        std::fs::write(&file, "changeme").unwrap();
        assert!(said(&config, None).is_err());
        std::fs::remove_file(&file).unwrap();
        assert!(said(&config, None).is_err(), "a file that is named is there");
    }
}
