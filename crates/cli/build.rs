//! Embeds the images of the capture agent: the archives that `QD_AGENT_IMAGE` lists (separated as in PATH), packed.
//! Without the variable none is embedded, and the program says how to get one.

use std::io::Write;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    if let Err(error) = embed() {
        println!("cargo::error=the image of the agent cannot be embedded: {error}");
    }
}

fn embed() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    let list = std::env::var_os(VARIABLE).unwrap_or_default();
    let mut names = String::new();
    for (number, archive) in std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).enumerate() {
        println!("cargo::rerun-if-changed={}", archive.display());
        let packed = folder.join(format!("agent-{number}.gz"));
        pack(&archive, &packed)?;
        names.push_str(&format!("include_bytes!({:?}),", packed.display().to_string()));
    }
    std::fs::write(folder.join("agents.rs"), format!("&[{names}]"))
}

fn pack(archive: &Path, to: &Path) -> std::io::Result<()> {
    let bytes = std::fs::read(archive)?;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&bytes)?;
    std::fs::write(to, packed.finish()?)
}

const VARIABLE: &str = "QD_AGENT_IMAGE";
