//! `qd tap image`: the image of the capture agent that this program carries, as an archive for a registry or a node.
//!
//! The archive is embedded when `qd` is built (see `build.rs`); a build without it says how to make one with it.

mod archive;

use std::io::{Read, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::error::TapError;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::tap::ImageArgs;

/// An image of the agent.
#[derive(Debug)]
pub(crate) struct Image {
    /// What it is called: `images.invalid/qd-agent:0.1.0`.
    pub(crate) name: String,
    /// Its id, as nodes know it: the hash of its configuration.
    pub(crate) id: String,
    /// For which processors.
    pub(crate) arch: String,
    /// The archive, as `ctr images import` and `docker load` read it.
    archive: Vec<u8>,
}

/// Runs `qd tap image`.
///
/// # Errors
/// When this build carries no such image, or it cannot be written.
pub(super) fn image(args: &ImageArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let images = carried()?;
    let Some(to) = &args.to else {
        return tell(&images, output, out);
    };
    let wanted = args.arch.as_deref().unwrap_or(std::env::consts::ARCH);
    let wanted = match wanted {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let Some(image) = images.iter().find(|image| image.arch == wanted) else {
        let have = images.iter().map(|image| image.arch.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Error::of(TapError::NoImage { wanted: Some(wanted.to_owned()), have }));
    };
    write(&image.archive, to, out)?;
    if to.as_os_str() != "-" {
        eprintln!("{} {} {} in {}", image.name, image.arch, image.id, to.display());
    }
    Ok(())
}

/// The images in this program; none is an error that says how to get one.
fn carried() -> Result<Vec<Image>, Error> {
    let images = embedded().map_err(|error| Error::of(TapError::Image(error)))?;
    if images.is_empty() {
        return Err(Error::of(TapError::NoImage { wanted: None, have: String::new() }));
    }
    Ok(images)
}

/// The images in this program, none where it was built without.
pub(crate) fn embedded() -> std::io::Result<Vec<Image>> {
    EMBEDDED.iter().map(|packed| Image::read(packed)).collect()
}

impl Image {
    fn read(packed: &[u8]) -> std::io::Result<Self> {
        let mut archive = Vec::new();
        flate2::read::GzDecoder::new(packed).take(LONGEST).read_to_end(&mut archive)?;
        let member = |name: &str| archive::find(&archive, name).ok_or_else(|| damaged(name));
        let manifest: Value = serde_json::from_slice(member("manifest.json")?)?;
        let text = |path: &str| manifest.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let config = text("/0/Config").ok_or_else(|| damaged("manifest.json"))?;
        let about: Value = serde_json::from_slice(member(&config)?)?;
        let arch = about.get("architecture").and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = format!("sha256:{}", config.trim_end_matches(".json"));
        Ok(Self { name: text("/0/RepoTags/0").unwrap_or_default(), id, arch, archive })
    }
}

fn damaged(name: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, format!("the embedded archive has no {name}"))
}

fn write(bytes: &[u8], to: &Path, out: &mut impl Write) -> Result<(), Error> {
    if to.as_os_str() == "-" {
        return Ok(out.write_all(bytes)?);
    }
    let failed = |source| Error::of(TapError::Write { file: to.display().to_string(), source });
    std::fs::write(to, bytes).map_err(failed)
}

fn tell(images: &[Image], output: Output, out: &mut impl Write) -> Result<(), Error> {
    let all: Vec<Value> = images.iter().map(Image::told).collect();
    match output {
        Output::Json => writeln!(out, "{}", Value::from(all))?,
        Output::Jsonl => all.iter().try_for_each(|image| writeln!(out, "{image}"))?,
        _ => {
            for image in images {
                writeln!(out, "{}   {}   {}   {} bytes", image.name, image.arch, image.id, image.archive.len())?;
            }
            writeln!(out, "qd tap image --output agent.tar writes it")?;
        }
    }
    Ok(())
}

impl Image {
    /// It in a JSON answer.
    pub(crate) fn told(&self) -> Value {
        json!({ "name": self.name, "id": self.id, "arch": self.arch, "bytes": self.archive.len() })
    }
}

/// Packed archives.
static EMBEDDED: &[&[u8]] = include!(concat!(env!("OUT_DIR"), "/agents.rs"));
/// An archive is not longer.
const LONGEST: u64 = 64 << 20;

#[cfg(test)]
mod tests;
