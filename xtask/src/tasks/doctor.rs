//! `cargo xtask doctor`: what this machine lacks and the exact command that installs it. The same table is what the other
//! tasks install from, so what the doctor prints is what they do.

mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::bail;

use super::proc;
pub(crate) use table::Need;
use table::{Detect, Install, REQUIREMENTS, Requirement};

/// Arguments of `cargo xtask doctor`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install what is missing, as far as packages of the distribution bring it.
    #[arg(long)]
    install: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if args.install {
        install(REQUIREMENTS.iter().filter(|requirement| !requirement.install.packages().is_empty()))?;
    }
    let mut missing = 0;
    for requirement in REQUIREMENTS {
        let here = requirement.detect.holds();
        missing += usize::from(!here);
        let state = if here { "ok     " } else { "MISSING" };
        let command = if here { String::new() } else { format!("   {}", requirement.install.command()) };
        println!("{state} {:<34} {:<22}{command}", requirement.what, requirement.need.purpose());
    }
    if !is_root() {
        println!("without root: the cluster is a control plane with simulated nodes, and nothing is installed");
    }
    if missing > 0 && args.install {
        bail!("{missing} missing that no package of this distribution brings: each line says how it comes");
    }
    if missing > 0 {
        bail!("{missing} missing: `cargo xtask doctor --install` as root installs what packages bring");
    }
    Ok(())
}

/// Installs what is missing for some needs: Debian packages in one go, then the rest. Without root, or where no package
/// manager can help, the error holds the commands to run.
pub(crate) fn ensure(needs: &[Need]) -> anyhow::Result<()> {
    install(REQUIREMENTS.iter().filter(|requirement| needs.contains(&requirement.need)))
}

fn install(wanted: impl Iterator<Item = &'static Requirement>) -> anyhow::Result<()> {
    let missing: Vec<&Requirement> = wanted.filter(|requirement| !requirement.detect.holds()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: BTreeSet<&str> =
        missing.iter().flat_map(|requirement| requirement.install.packages()).copied().collect();
    if !packages.is_empty() {
        if !is_root() {
            bail!(
                "missing on this machine: {}\nrun: sudo {}",
                names(&missing),
                apt(&packages.into_iter().collect::<Vec<_>>())
            );
        }
        proc::say(&format!("installing {}", packages.iter().copied().collect::<Vec<_>>().join(" ")));
        apt_get(&["update", "-qq"])?;
        let mut words = vec!["install", "-y", "-qq", "--no-install-recommends"];
        words.extend(&packages);
        apt_get(&words)?;
    }
    for requirement in &missing {
        match requirement.install {
            Install::Apt(_) => {}
            Install::ByHand(command) => bail!("{} is missing: {command}", requirement.what),
        }
    }
    let left: Vec<&Requirement> = missing.into_iter().filter(|requirement| !requirement.detect.holds()).collect();
    if !left.is_empty() {
        bail!("still missing after installing: {}", names(&left));
    }
    Ok(())
}

fn names(requirements: &[&Requirement]) -> String {
    requirements.iter().map(|requirement| requirement.what).collect::<Vec<_>>().join(", ")
}

fn apt_get(words: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new("apt-get");
    command.args(["-o", "DPkg::Lock::Timeout=300"]).args(words).env("DEBIAN_FRONTEND", "noninteractive");
    proc::run(command.stdout(std::io::stderr()))
}

fn apt(packages: &[&str]) -> String {
    format!("apt-get install -y --no-install-recommends {}", packages.join(" "))
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

impl Detect {
    /// Whether the thing is on this machine.
    fn holds(&self) -> bool {
        match self {
            Detect::Program(name) => program(name).is_some(),
            Detect::File(path) => Path::new(path).exists(),
            Detect::AtLeast(name, args, wanted) => {
                let said = Command::new(name).args(*args).stderr(Stdio::null()).output();
                said.is_ok_and(|said| version(&String::from_utf8_lossy(&said.stdout)) >= Some(*wanted))
            }
        }
    }
}

impl Install {
    /// The exact command, as one would type it.
    fn command(&self) -> String {
        match self {
            Install::Apt(packages) => apt(packages),
            Install::ByHand(command) => (*command).to_owned(),
        }
    }

    fn packages(&self) -> &'static [&'static str] {
        match self {
            Install::Apt(packages) => packages,
            Install::ByHand(_) => &[],
        }
    }
}

/// Where a program is: on PATH, or in the folders for administration that a plain user's PATH lacks.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

/// The first `major.minor` in a text.
fn version(text: &str) -> Option<(u32, u32)> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.')).find_map(|word| {
        let mut parts = word.split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests;
