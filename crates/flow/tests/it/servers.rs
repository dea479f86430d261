//! Database servers of the machine, each in a folder of its own and as a user without rights.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use flow::redact::{Redaction, Rules};
use flow::{Config, Engine, Packet};
use serde_json::Value;

use crate::capture::{Records, program};

/// A folder that belongs to nobody in particular.
pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    folder
}

/// The program as a user without rights.
pub(crate) fn unprivileged(path: &Path) -> Command {
    let mut command = program("setpriv", "util-linux");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--"]).arg(path);
    command.env("HOME", "/nonexistent").env("LC_ALL", "C").env_remove("PGPASSWORD");
    command
}

/// Where a program is.
pub(crate) fn path_of(name: &str, package: &str) -> PathBuf {
    PathBuf::from(program(name, package).get_program())
}

/// A program of PostgreSQL's server, which Debian keeps in a folder of its version.
pub(crate) fn postgres_program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.is_file()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| panic!("{name} is missing: apt-get install postgresql"))
}

/// Hides nothing.
pub(crate) fn open() -> Config {
    Config::default()
}

/// Hides what is hidden by default.
pub(crate) fn hiding() -> Config {
    Config { redaction: Redaction::new(Rules::default(), [3; 16]), ..Config::default() }
}

const NOBODY: u32 = 65534;

/// What the engine makes of a file from which one packet in `one_in` is missing, and all before `from`.
pub(crate) fn damaged(file: &Path, seed: u64, one_in: u64, from: usize) -> Vec<Value> {
    let bytes = std::fs::read(file).unwrap();
    let mut engine = Engine::new(open());
    let mut records = Records::default();
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for (number, packet) in (1..).zip(pcap::packets(&bytes)) {
        let (_, packet) = packet.unwrap();
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        if number > from && !random.is_multiple_of(one_in) {
            engine.packet(&Packet::from(&packet), &mut records);
        }
    }
    engine.finish(&mut records);
    records.0
}

/// Packets may be missing: what is still told as a pair is one, and most is still told.
pub(crate) fn never_pairs_wrongly(file: &Path, whole: &[Value], pair: impl Fn(&Value) -> Option<String>) {
    let all: HashSet<String> = whole.iter().filter_map(&pair).collect();
    let mut found = 0;
    for seed in 1..=3 {
        for (one_in, from) in [(20, 0), (200, 0), (u64::MAX, 40 * seed as usize), (500, 25 * seed as usize)] {
            for record in damaged(file, seed, one_in, from) {
                if let Some(pair) = pair(&record) {
                    assert!(all.contains(&pair), "seed {seed}, one in {one_in}, from {from}: {record}");
                    found += 1;
                }
            }
        }
    }
    assert!(found > all.len() * 3, "{found} pairs in 12 damaged captures; the whole one has {}", all.len());
}
