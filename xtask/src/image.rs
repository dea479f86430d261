//! Container images without a registry: archives in the docker-archive form that `ctr images import` reads.
//!
//! The same specification and the same input bytes give the same archive: every entry belongs to root, carries the time
//! zero and keeps the order in which it was listed. Names start with `images.invalid/`, a host that cannot exist, so that a
//! missing image never reaches a real registry.

use std::collections::BTreeSet;
use std::fs::{self, File as FsFile};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;
use sha2::{Digest, Sha256};

/// What an image holds and how it starts.
#[derive(Debug, Clone, Default)]
pub(crate) struct ImageSpec {
    /// Full name with its tag, such as `images.invalid/shop:1`.
    pub(crate) name: String,
    /// Processors that run it; amd64 unless said.
    pub(crate) arch: Option<&'static str>,
    pub(crate) entrypoint: Vec<String>,
    pub(crate) cmd: Vec<String>,
    /// Added after a default `PATH`; a later `PATH` wins.
    pub(crate) env: Vec<(String, String)>,
    pub(crate) user: Option<String>,
    pub(crate) workdir: Option<String>,
    pub(crate) layers: Vec<Layer>,
}

/// One layer, from the bottom up.
#[derive(Debug, Clone)]
pub(crate) enum Layer {
    /// Single files; parent folders are made as needed.
    Files(Vec<File>),
    /// A root file system as a plain tar (from mmdebstrap), taken as it is.
    Tar(PathBuf),
}

/// One entry of a [`Layer::Files`]; `to` is absolute inside the image.
#[derive(Debug, Clone)]
pub(crate) enum File {
    /// A copy of a file of this machine.
    Copy { from: PathBuf, to: String, mode: u32 },
    /// A file with this text.
    Text { content: String, to: String, mode: u32 },
}

/// Writes the image as a docker-archive to `out`, replacing it as a whole; one that is the same already stays, for what was
/// built from it.
pub(crate) fn write(spec: &ImageSpec, out: &Path) -> Result<()> {
    let parent = out.parent().context("the image archive needs a folder")?;
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    let partial = tempfile::NamedTempFile::new_in(parent).context("cannot write the image archive")?;
    let mut archive = tar::Builder::new(BufWriter::new(partial));
    let mut layer_paths = Vec::new();
    let mut diff_ids = Vec::new();
    for layer in &spec.layers {
        let (bytes, digest) = match layer {
            Layer::Files(files) => {
                let bytes = files_layer(files)?;
                let digest = hex::encode(Sha256::digest(&bytes));
                (Source::Memory(bytes), digest)
            }
            Layer::Tar(path) => (Source::Disk(path), digest_file(path)?),
        };
        let path = format!("{digest}/layer.tar");
        if !layer_paths.contains(&path) {
            bytes.append(&mut archive, &path)?;
        }
        layer_paths.push(path);
        diff_ids.push(format!("sha256:{digest}"));
    }
    let config = serde_json::to_vec(&config(spec, &diff_ids))?;
    let config_path = format!("{}.json", hex::encode(Sha256::digest(&config)));
    append(&mut archive, &config_path, &config)?;
    let manifest = json!([{ "Config": config_path, "RepoTags": [spec.name], "Layers": layer_paths }]);
    append(&mut archive, "manifest.json", &serde_json::to_vec(&manifest)?)?;
    let partial = archive.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    if out.is_file() && digest_file(out)? == digest_file(partial.path())? {
        return Ok(());
    }
    partial.persist(out).with_context(|| format!("cannot write {}", out.display()))?;
    Ok(())
}

enum Source<'a> {
    Memory(Vec<u8>),
    Disk(&'a Path),
}

impl Source<'_> {
    fn append<W: Write>(&self, archive: &mut tar::Builder<W>, path: &str) -> Result<()> {
        match self {
            Self::Memory(bytes) => append(archive, path, bytes),
            Self::Disk(file) => {
                let mut from = FsFile::open(file).with_context(|| format!("cannot read {}", file.display()))?;
                let mut header = header(tar::EntryType::Regular, 0o644, from.metadata()?.len());
                archive.append_data(&mut header, path, &mut from)?;
                Ok(())
            }
        }
    }
}

fn config(spec: &ImageSpec, diff_ids: &[String]) -> serde_json::Value {
    let mut env = vec![format!("PATH={DEFAULT_PATH}")];
    for (name, value) in &spec.env {
        if name == "PATH" {
            env.clear();
        }
        env.push(format!("{name}={value}"));
    }
    json!({
        "architecture": spec.arch.unwrap_or("amd64"),
        "os": "linux",
        "config": {
            "Entrypoint": spec.entrypoint,
            "Cmd": spec.cmd,
            "Env": env,
            "User": spec.user.as_deref().unwrap_or(""),
            "WorkingDir": spec.workdir.as_deref().unwrap_or("/"),
        },
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
        "history": [],
    })
}

fn files_layer(files: &[File]) -> Result<Vec<u8>> {
    let mut layer = tar::Builder::new(Vec::new());
    let mut folders = BTreeSet::new();
    for (path, mode) in [("tmp", 0o1777), ("etc", 0o755), ("dev", 0o755), ("proc", 0o755), ("sys", 0o755)] {
        folder(&mut layer, &mut folders, path, mode)?;
    }
    for file in files {
        let to = match file {
            File::Copy { to, .. } | File::Text { to, .. } => to.trim_matches('/'),
        };
        for (end, _) in to.match_indices('/') {
            folder(&mut layer, &mut folders, to.get(..end).unwrap_or_default(), 0o755)?;
        }
        match file {
            File::Copy { from, mode, .. } => {
                let mut bytes = Vec::new();
                FsFile::open(from)
                    .and_then(|mut f| f.read_to_end(&mut bytes))
                    .with_context(|| format!("cannot read {}", from.display()))?;
                layer.append_data(&mut header(tar::EntryType::Regular, *mode, bytes.len() as u64), to, &*bytes)?;
            }
            File::Text { content, mode, .. } => {
                let mut header = header(tar::EntryType::Regular, *mode, content.len() as u64);
                layer.append_data(&mut header, to, content.as_bytes())?;
            }
        }
    }
    Ok(layer.into_inner()?)
}

fn folder(layer: &mut tar::Builder<Vec<u8>>, seen: &mut BTreeSet<String>, path: &str, mode: u32) -> Result<()> {
    if seen.insert(path.to_owned()) {
        layer.append_data(&mut header(tar::EntryType::Directory, mode, 0), format!("{path}/"), io::empty())?;
    }
    Ok(())
}

fn append<W: Write>(archive: &mut tar::Builder<W>, path: &str, bytes: &[u8]) -> Result<()> {
    archive.append_data(&mut header(tar::EntryType::Regular, 0o644, bytes.len() as u64), path, bytes)?;
    Ok(())
}

fn header(kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

fn digest_file(path: &Path) -> Result<String> {
    let mut file = FsFile::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut digest = Sha256::new();
    io::copy(&mut file, &mut digest).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(hex::encode(digest.finalize()))
}

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

#[cfg(test)]
mod tests;
