//! What a cluster needs beside Kubernetes: DNS, metrics and a storage class, from images that are built here.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::layout::Layout;
use super::{control, go, module, submodule};
use crate::image::{self, File, ImageSpec, Layer};

/// An image that holds one static program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addon {
    Pause,
    CoreDns,
    MetricsServer,
    /// For the self-test.
    Probe,
}

impl Addon {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::CoreDns => "coredns",
            Self::MetricsServer => "metrics-server",
            Self::Probe => "probe",
        }
    }

    /// Builds the program.
    pub(crate) fn program(self) -> Result<PathBuf> {
        match self {
            Self::Pause | Self::Probe => go::build(&module(), self.name()),
            Self::CoreDns => go::build(&submodule("coredns"), "coredns"),
            Self::MetricsServer => {
                go::build_package(&submodule("metrics-server"), "metrics-server", Some(METRICS_SERVER))
            }
        }
    }

    /// Builds the image unless there is one of this program already.
    pub(crate) fn image(self) -> Result<PathBuf> {
        let program = self.program()?;
        let archive = program.with_extension("tar");
        if !archive.exists() {
            let to = format!("/usr/bin/{}", self.name());
            let spec = ImageSpec {
                name: format!("images.invalid/{}:1", self.name()),
                entrypoint: vec![to.clone()],
                layers: vec![Layer::Files(vec![File::Copy { from: program, to, mode: 0o755 }])],
                ..ImageSpec::default()
            };
            image::write(&spec, &archive)?;
        }
        Ok(archive)
    }
}

/// Applies the manifests: the storage class everywhere, the rest only where pods run.
pub(crate) fn apply(layout: &Layout) -> Result<()> {
    let folder = layout.dir().join("config/manifests");
    fs::create_dir_all(&folder)?;
    let mut files = vec![("storage.yaml", STORAGE)];
    if layout.node {
        files.push(("coredns.yaml", COREDNS));
        files.push(("metrics-server.yaml", METRICS));
    }
    let mut paths = Vec::new();
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text.replace("{{DNS}}", &layout.dns_address().to_string()))?;
        paths.push(path);
    }
    control::apply(layout, &paths.iter().map(PathBuf::as_path).collect::<Vec<&Path>>())
}

const METRICS_SERVER: &str = "sigs.k8s.io/metrics-server/cmd/metrics-server";
const STORAGE: &str = include_str!("../../../dev/cluster/manifests/storage.yaml");
const COREDNS: &str = include_str!("../../../dev/cluster/manifests/coredns.yaml");
const METRICS: &str = include_str!("../../../dev/cluster/manifests/metrics-server.yaml");
