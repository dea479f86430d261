//! The commands of `cargo xtask cluster`.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::layout::{self, Layout};
use super::process::{inside, marked};
use super::{UpOptions, control, node, selftest, start, teardown};
use crate::tasks::proc;

/// Arguments of `cargo xtask cluster`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Start a cluster, or find it healthy; the last stdout line is its kubeconfig path.
    Up {
        #[command(flatten)]
        cluster: Name,
        /// etcd, API server, controllers and scheduler on loopback, without a node that runs containers.
        #[arg(long)]
        control_plane_only: bool,
        /// Keep NetworkPolicies: packets that they do not open are dropped on the node.
        #[arg(long, conflicts_with = "control_plane_only")]
        enforce: bool,
        /// Simulated nodes, up to 5000.
        #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=5000))]
        fake_nodes: u32,
        /// Simulated pods, up to 150000.
        #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=150_000))]
        fake_pods: u32,
    },
    /// One line for each cluster; with a name, fails when that one is not healthy.
    Status {
        #[arg(long)]
        name: Option<String>,
    },
    /// Where the administrator's kubeconfig is.
    Kubeconfig(Name),
    /// The logs of the parts, or of one.
    Logs {
        #[command(flatten)]
        cluster: Name,
        /// apiserver, containerd, controllers, etcd, kubelet, policies, proxy, sandbox, scheduler, simulate or volumes.
        part: Option<String>,
    },
    /// The API server's audit log, one JSON event a line.
    AuditLog {
        #[command(flatten)]
        cluster: Name,
        /// Print where the log is instead.
        #[arg(long)]
        path: bool,
    },
    /// Load image archives (docker-archive) into the node.
    LoadImage {
        #[command(flatten)]
        cluster: Name,
        #[arg(required = true, value_name = "TAR")]
        tars: Vec<PathBuf>,
    },
    /// Run a program in the node's network, mounts and processes.
    Exec {
        #[command(flatten)]
        cluster: Name,
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Run one of the cluster's own tools: `churn --rate N --seconds S`, `fill --count N`, `informer`.
    Tool {
        #[command(flatten)]
        cluster: Name,
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// End the controllers and the scheduler, for measurements that they would disturb; `up` starts them again.
    PauseControllers(Name),
    /// End a cluster and remove every trace of it.
    Down {
        #[command(flatten)]
        cluster: Name,
        /// Every cluster.
        #[arg(long, conflicts_with = "name")]
        all: bool,
    },
    /// Prove that nothing stays: after `down`, and after a crash or an interrupt in the middle of `up` or of `cargo xtask run`.
    Selftest { parts: Vec<selftest::Part> },
}

/// Which cluster.
#[derive(clap::Args)]
struct Name {
    #[arg(long, default_value = "dev")]
    name: String,
}

pub(crate) fn run(args: Args) -> Result<()> {
    match args.command {
        Command::Up { cluster, control_plane_only, enforce, fake_nodes, fake_pods } => {
            let options = UpOptions { name: cluster.name, control_plane_only, enforce, fake_nodes, fake_pods };
            let up = start::up(&options)?;
            if !up.runs_pods {
                proc::say("a control plane without a real node: pods are objects only");
            }
            println!("{}", up.kubeconfig.display());
            Ok(())
        }
        Command::Status { name } => status(name.as_deref()),
        Command::Kubeconfig(cluster) => {
            println!("{}", there(&cluster.name)?.kubeconfig().display());
            Ok(())
        }
        Command::Logs { cluster, part } => logs(&there(&cluster.name)?, part.as_deref()),
        Command::AuditLog { cluster, path } => audit_log(&there(&cluster.name)?, path),
        Command::LoadImage { cluster, tars } => tars.iter().try_for_each(|tar| node::load_image(&cluster.name, tar)),
        Command::Exec { cluster, words } => exec(&there(&cluster.name)?, &words),
        Command::Tool { cluster, words } => tool(&there(&cluster.name)?, &words),
        Command::PauseControllers(cluster) => control::pause_controllers(&there(&cluster.name)?),
        Command::Down { all: true, .. } => layout::all()?.iter().try_for_each(|layout| teardown::down(&layout.name)),
        Command::Down { cluster, .. } => teardown::down(&cluster.name),
        Command::Selftest { parts } => selftest::run(&parts),
    }
}

fn there(name: &str) -> Result<Layout> {
    layout::check_name(name)?;
    Layout::load(name)?.with_context(|| format!("there is no cluster {name}: `cargo xtask cluster up --name {name}`"))
}

fn status(name: Option<&str>) -> Result<()> {
    let layouts = match name {
        Some(name) => vec![there(name)?],
        None => layout::all()?,
    };
    for layout in &layouts {
        let healthy = layout.complete && start::healthy(layout, 5);
        let state = if healthy { "healthy" } else { "unhealthy" };
        let kind = if layout.node { "node" } else { "control-plane" };
        let processes = marked(&layout.dir())?.len();
        println!(
            "{:<20} {kind:<14} {state:<10} {} enforce={} fake_nodes={} fake_pods={} processes={processes} {}",
            layout.name,
            layout.api(),
            layout.enforce,
            layout.fake_nodes,
            layout.fake_pods,
            layout.kubeconfig().display()
        );
        if name.is_some() && !healthy {
            bail!("cluster {} is not healthy: see `cargo xtask cluster logs --name {}`", layout.name, layout.name);
        }
    }
    Ok(())
}

fn logs(layout: &Layout, part: Option<&str>) -> Result<()> {
    let mut files = Vec::new();
    match part {
        Some(part) if part.chars().all(|c| c.is_ascii_lowercase()) => files.push(layout.log(part)),
        Some(part) => bail!("no part is called {part:?}"),
        None => {
            for entry in fs::read_dir(layout.dir().join("log"))? {
                files.push(entry?.path());
            }
            files.retain(|file| file.extension().is_some_and(|extension| extension == "log"));
            files.sort();
        }
    }
    for file in files {
        if part.is_none() {
            println!("==> {} <==", file.display());
        }
        print_file(&file)?;
    }
    Ok(())
}

fn audit_log(layout: &Layout, path: bool) -> Result<()> {
    if path {
        println!("{}", layout.audit_log().display());
        return Ok(());
    }
    print_file(&layout.audit_log())
}

fn print_file(path: &std::path::Path) -> Result<()> {
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    io::copy(&mut file, &mut io::stdout().lock())?;
    Ok(())
}

fn exec(layout: &Layout, words: &[String]) -> Result<()> {
    let (program, arguments) = words.split_first().context("which program?")?;
    proc::run(inside(layout, program)?.args(arguments))
}

fn tool(layout: &Layout, words: &[String]) -> Result<()> {
    let (name, arguments) = words.split_first().context("which tool?")?;
    let mut command = match name.as_str() {
        "churn" => {
            let mut churn = control::tool(layout, "churn")?;
            churn.args(["--pods", &layout.fake_pods.to_string()]);
            churn
        }
        "fill" => control::tool(layout, "fill")?,
        "informer" => {
            let mut informer = inside(layout, layout.dir().join("bin/tools"))?;
            informer.arg("informer").arg("--kubeconfig").arg(layout.kubeconfig());
            informer
        }
        _ => bail!("the tools to run are churn, fill and informer, not {name:?}"),
    };
    proc::run(command.args(arguments))
}
