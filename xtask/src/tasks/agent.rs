//! `cargo xtask agent`: the agents, static, each in an image that holds nothing else.
//!
//! For arm64 it is linked by the linker that comes with Rust; C is compiled against the headers of another C library, of
//! which nothing is linked.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::metadata::Metadata;
use super::{build, doctor, proc};
use crate::cluster;
use crate::image::{self, File, ImageSpec, Layer};

/// Arguments of `cargo xtask agent`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The processors of the nodes.
    #[arg(long, value_enum, default_value_t = Arch::Amd64)]
    arch: Arch,
    /// What it does.
    #[arg(long, value_enum, default_value_t = Duty::Capture)]
    what: Duty,
}

/// What an agent is for: the features that it is built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Duty {
    /// Packets of a pod.
    Capture,
    /// The daemon of a workspace.
    Workspaced,
}

/// Processors that agents run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Arch {
    Amd64,
    Arm64,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let (arch, duty) = (args.arch, args.what);
    doctor::ensure(arch.needs())?;
    let triple = arch.triple();
    standard_library(triple)?;
    let metadata = Metadata::load()?;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["build", "--profile", "agent", "-p", "qd-agent", "--target", triple])
        .args(["--no-default-features", "--features", duty.feature()])
        .envs(arch.settings().iter().copied())
        .current_dir(crate::paths::root());
    proc::run(command.stdout(std::io::stderr()))?;
    let program = Path::new(&metadata.target_directory).join(triple).join("agent/qd-agent");
    let spec = ImageSpec {
        name: format!("{}:{}", duty.image(), env!("CARGO_PKG_VERSION")),
        arch: Some(arch.name()),
        entrypoint: vec!["/qd-agent".to_owned()],
        layers: vec![Layer::Files(vec![File::Copy { from: program, to: "/qd-agent".to_owned(), mode: 0o755 }])],
        ..ImageSpec::default()
    };
    let archive = arch.archive(duty, &metadata);
    image::write(&spec, &archive)?;
    let bytes = std::fs::metadata(&archive).context("the image was not written")?.len();
    proc::say(&format!("{bytes} bytes, of {}", duty.most()));
    anyhow::ensure!(bytes <= duty.most(), "the image of the agent has {bytes} bytes, and {} are allowed", duty.most());
    println!("{}", archive.display());
    Ok(())
}

/// All of them for nodes of this machine, built each by a task of its own.
pub(super) fn images() -> anyhow::Result<Vec<PathBuf>> {
    let image = |what| anyhow::Ok(PathBuf::from(proc::output(build::xtask()?.args(["agent", "--what", what]))?.trim()));
    [Duty::Capture, Duty::Workspaced].into_iter().map(|duty| image(duty.feature())).collect()
}

/// That of captures for nodes that this machine is none of: `qd` carries it too.
pub(super) fn foreign() -> anyhow::Result<()> {
    proc::output(build::xtask()?.args(["agent", "--arch", "arm64"])).map(drop)
}

/// What pods of agents and of workspaces are made from, loaded into a cluster of this machine.
pub(super) fn load(cluster: &str, images: &[PathBuf]) -> anyhow::Result<()> {
    images.iter().try_for_each(|image| cluster::load_image(cluster, image))?;
    proc::run(build::xtask()?.args(["demo", "shell", "--name", cluster]).stdout(std::io::stderr()))
}

/// The archives of the capture that there are; a `qd` that is built afterwards carries them.
pub(super) fn archives(metadata: &Metadata) -> Vec<PathBuf> {
    let all = [Arch::Amd64, Arch::Arm64].map(|arch| arch.archive(Duty::Capture, metadata));
    all.into_iter().filter(|archive| archive.is_file()).collect()
}

impl Duty {
    fn feature(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Workspaced => "workspaced",
        }
    }

    fn image(self) -> &'static str {
        match self {
            Self::Capture => "images.invalid/qd-agent",
            Self::Workspaced => "images.invalid/quarterdeck/qd-agent-workspaced",
        }
    }

    /// Bytes of the image: every node that it runs on for the first time pulls it.
    fn most(self) -> u64 {
        match self {
            Self::Capture => 4 << 20,
            Self::Workspaced => 5 << 20,
        }
    }
}

impl Arch {
    fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    fn triple(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64-unknown-linux-musl",
            Self::Arm64 => "aarch64-unknown-linux-musl",
        }
    }

    fn needs(self) -> &'static [doctor::Need] {
        match self {
            Self::Amd64 => &[doctor::Need::Build, doctor::Need::Agent],
            Self::Arm64 => &[doctor::Need::Build, doctor::Need::AgentArm],
        }
    }

    /// Settings of the build. Addresses that are put right at the start are listed in few bytes: they are memory of every
    /// agent.
    fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Amd64 => {
                &[("CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS", "-C link-arg=-Wl,-z,pack-relative-relocs")]
            }
            Self::Arm64 => &[
                ("CC_aarch64_unknown_linux_musl", "aarch64-linux-gnu-gcc"),
                // Checked forms of functions are of the other C library alone.
                ("CFLAGS_aarch64_unknown_linux_musl", "-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=0"),
                ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER", "rust-lld"),
                (
                    "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUSTFLAGS",
                    "-C link-self-contained=yes -C linker-flavor=ld.lld -C link-arg=-zpack-relative-relocs",
                ),
            ],
        }
    }

    fn archive(self, duty: Duty, metadata: &Metadata) -> PathBuf {
        let name = match (duty, self) {
            (Duty::Capture, Self::Amd64) => "qd-agent.tar",
            (Duty::Capture, Self::Arm64) => "qd-agent-arm64.tar",
            (Duty::Workspaced, Self::Amd64) => "qd-agent-workspaced.tar",
            (Duty::Workspaced, Self::Arm64) => "qd-agent-workspaced-arm64.tar",
        };
        Path::new(&metadata.target_directory).join(name)
    }
}

/// The standard library for another kind of programs, from where the toolchain itself came.
pub(super) fn standard_library(triple: &str) -> anyhow::Result<()> {
    let sysroot = proc::output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(crate::paths::root()))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(triple).exists() {
        return Ok(());
    }
    proc::run(Command::new("rustup").args(["target", "add", triple]).current_dir(crate::paths::root()))
}
