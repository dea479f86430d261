//! Captures that other crates publish for their own tests, fetched by cargo; none of them is kept here.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{
    ours,
    programs::{Told, told},
};

/// Crates, with the version whose captures are known.
const CRATES: [(&str, &str); 4] =
    [("pcap-parser", "0.17.0"), ("pdu", "1.5.1"), ("net-parser-rs", "0.3.0"), ("protolens", "0.2.3")];

/// Every capture in the sources of these crates.
fn captures() -> Vec<PathBuf> {
    let project = tempfile::tempdir().unwrap();
    let mut manifest =
        "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[dependencies]\n".to_owned();
    CRATES.iter().for_each(|(name, version)| manifest.push_str(&format!("{name} = \"={version}\"\n")));
    std::fs::create_dir(project.path().join("src")).unwrap();
    std::fs::write(project.path().join("src/lib.rs"), "").unwrap();
    std::fs::write(project.path().join("Cargo.toml"), manifest).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--quiet"])
        .current_dir(project.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo cannot fetch: {}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).unwrap();
    let mut found = Vec::new();
    for (name, version) in CRATES {
        let end = format!("/{name}-{version}/Cargo.toml\"");
        let at = told.find(&end).unwrap_or_else(|| panic!("{name} is not in cargo's metadata"));
        let from = told[..at].rfind('"').unwrap() + 1;
        collect(&PathBuf::from(&told[from..at + end.len() - "/Cargo.toml\"".len()]), &mut found);
    }
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng") {
            found.push(path);
        }
    }
}

#[test]
fn cap_n_23j_published_captures_read_as_tshark_reads_them() {
    let all = captures();
    assert!(all.len() >= 40, "{} captures", all.len());
    let mut packets = 0;
    for path in all {
        let (lines, damages) = ours(&path);
        let Told { lines: theirs, whole } = told(&path);
        packets += lines.len();
        let other: Vec<_> = theirs.iter().map(|line| (line.ts_ns, line.kept, line.orig)).collect();
        // a packet without time in tshark has that of the packet before it in ours
        let timed = |at: usize| other.get(at).is_none_or(|line| line.0 > 0);
        let mine: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(at, line)| (if timed(at) { line.ts_ns } else { 0 }, line.kept, line.orig))
            .collect();
        if whole {
            assert_eq!(mine, other, "{}", path.display());
            assert_eq!(damages, [], "{}", path.display());
        } else {
            assert_eq!(mine.get(..other.len()), Some(&other[..]), "{}", path.display());
            assert!(!damages.is_empty(), "{}", path.display());
        }
    }
    assert!(packets > 200_000, "{packets} packets");
}
