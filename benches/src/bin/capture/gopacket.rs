//! The peer that is written with gopacket's assembler: built here, in a temporary module, from `benches/peers/gopacket`.

use anyhow::{Result, ensure};
use bench::build::output;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program, built in `folder`.
pub(crate) fn build(folder: &Path) -> Result<PathBuf> {
    let module = folder.join("gopacket");
    let program = module.join("peer");
    if program.exists() {
        return Ok(program);
    }
    std::fs::create_dir_all(&module)?;
    std::fs::write(module.join("main.go"), include_str!("../../../peers/gopacket/main.go"))?;
    std::fs::write(module.join("go.mod"), format!("module peer\n\ngo 1.21\n\nrequire {ASSEMBLER}\n"))?;
    for words in [&["mod", "tidy"][..], &["build", "-o", "peer", "."]] {
        output(Command::new("go").current_dir(&module).args(words))?;
    }
    Ok(program)
}

/// Whether it finds every transaction; one that does not is no peer.
pub(crate) fn is_whole(program: &Path, capture: &str, transactions: u64) -> Result<()> {
    let told = output(Command::new(program).arg(capture))?;
    let told = told.lines().filter(|line| line.contains("\"kind\":\"response\"")).count() as u64;
    ensure!(told == transactions, "gopacket finds {told} of {transactions} transactions");
    Ok(())
}

/// What is required of it.
const ASSEMBLER: &str = "github.com/google/gopacket v1.1.19";
