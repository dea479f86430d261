//! `cargo xtask demo up|down`: workloads with real behaviour and real traffic.
//!
//! What they are stands in `dev/demo`: one Go program for all workloads, recipes for two images from Debian packages, and
//! manifests. `up` builds and loads what is not there yet, applies the manifests in the order of their names and waits
//! until the healthy part of them is ready; a second `up` changes nothing. `down` removes everything again. Progress goes
//! to stderr, nothing to stdout.

mod images;
mod kubectl;
mod manifests;
mod parts;
mod secrets;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::tasks::proc;
use images::Images;
use kubectl::{Apply, Kubectl};
use manifests::{CLUSTER, KINDS};

/// Arguments of `cargo xtask demo`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Builds, loads and applies the demo, and waits until its healthy part is ready. Changes nothing the second time.
    Up(Target),
    /// Removes the demo's namespaces, kinds and other objects.
    Down(Target),
    /// Builds the image of a plain shell, which workspaces are tried with, and prints its archive; with a name, loads it.
    Shell {
        /// Name of a cluster that it is loaded into.
        #[arg(long)]
        name: Option<String>,
    },
}

/// Which cluster the demo is in.
#[derive(clap::Args)]
struct Target {
    /// Name of the cluster, as in `cargo xtask cluster up --name`.
    #[arg(long, default_value = "dev")]
    name: String,
    /// How many seconds `up` waits for the healthy part.
    #[arg(long, default_value_t = 180)]
    timeout: u64,
}

pub(crate) fn run(args: Args) -> Result<()> {
    match args.command {
        Command::Up(target) => up(&target),
        Command::Down(target) => down(&target),
        Command::Shell { name } => shell(name.as_deref()),
    }
}

fn shell(cluster: Option<&str>) -> Result<()> {
    let archive = images::shell()?;
    if let Some(cluster) = cluster {
        crate::cluster::load_image(cluster, &archive)?;
    }
    println!("{}", archive.display());
    Ok(())
}

fn up(target: &Target) -> Result<()> {
    let started = Instant::now();
    let say = |what: &str| proc::say(&format!("{:6.1} s  {what}", started.elapsed().as_secs_f32()));
    let kubectl = Kubectl::of(&target.name)?;
    let runs_pods = kubectl.has_real_node()?;
    let images = if runs_pods {
        let images = Images::build()?;
        say(&format!("images built: {}", images.summary()?));
        match images.load(&target.name, &kubectl)? {
            0 => say("images are in the cluster already"),
            count => say(&format!("images loaded: {count}")),
        }
        Some(images)
    } else {
        say("the nodes of this cluster are simulated: no image is built or loaded, and no program runs");
        None
    };
    let marks = images.as_ref().map(Images::marks).unwrap_or_default();
    for batch in manifests::batches(manifests::all()?) {
        proc::check()?;
        let names = batch.names.join(", ");
        kubectl
            .apply(batch.apply, &manifests::marked(&batch.text, &marks))
            .with_context(|| format!("manifests {names}"))?;
        if batch.has(CLUSTER) {
            let program = match &images {
                Some(images) => images.program().to_owned(),
                None => images::build_program()?,
            };
            kubectl.apply(Apply::Server, &secrets::objects(&kubectl, &program)?).context("certificates")?;
        }
        if batch.has(KINDS) {
            kubectl.wait_for_kinds().context("the demo's own kinds")?;
        }
        say(&format!("applied {names}"));
    }
    if runs_pods {
        parts::wait(&kubectl, Duration::from_secs(target.timeout), say)?;
        say("the demo is ready; what is in the namespace broken fails on purpose");
    } else {
        say("the demo's objects are there; whether simulated pods show as ready depends on the simulation");
    }
    Ok(())
}

/// Deleting the namespaces and the kinds takes everything else along, volumes included.
fn down(target: &Target) -> Result<()> {
    let started = Instant::now();
    let kubectl = Kubectl::of(&target.name)?;
    for manifest in manifests::all()?.iter().filter(|manifest| [CLUSTER, KINDS].contains(&manifest.name.as_str())) {
        kubectl.delete(&manifest.text).with_context(|| format!("manifest {}", manifest.name))?;
    }
    proc::say(&format!("{:6.1} s  the demo is gone", started.elapsed().as_secs_f32()));
    Ok(())
}

#[cfg(test)]
mod tests;
