//! Running the programs of Wireshark; a missing one is a failure that names its package.

use std::path::Path;
use std::process::{Command, Output};

/// Runs a program and gives what it printed; it must succeed.
pub(crate) fn run(name: &str, args: &[&str]) -> String {
    let output = output(name, args);
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name} {args:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a program that may fail.
pub(crate) fn output(name: &str, args: &[&str]) -> Output {
    let package = if name == "tshark" { "tshark" } else { "wireshark-common" };
    Command::new(name).args(args).env("LC_ALL", "C").env("TZ", "UTC").output().unwrap_or_else(|error| {
        panic!("{name} is missing ({error}): apt-get install -y --no-install-recommends {package}")
    })
}

/// What tshark says of each packet: the fields, separated by tabs. A warning of tshark is a failure.
pub(crate) fn fields(path: &Path, fields: &[&str], more: &[&str]) -> Vec<Vec<String>> {
    let mut args = vec!["-n", "-r", path.to_str().unwrap(), "-T", "fields"];
    fields.iter().for_each(|field| args.extend(["-e", field]));
    args.extend(more);
    let output = output("tshark", &args);
    let complaint: String = String::from_utf8_lossy(&output.stderr)
        .lines()
        .filter(|line| !line.contains("as user \"root\""))
        .collect::<Vec<_>>()
        .join("\n");
    assert!(output.status.success() && complaint.is_empty(), "tshark says: {complaint}");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect()
}

/// What tshark says of each packet's time, lengths and interface, without a warning.
pub(crate) fn theirs(path: &Path) -> Vec<super::Line> {
    fields(path, &LINE, &[]).iter().map(|line| parsed(line)).collect()
}

/// What tshark makes of a file that may be damaged.
pub(crate) struct Told {
    pub(crate) lines: Vec<super::Line>,
    /// It read all of it.
    pub(crate) whole: bool,
}

pub(crate) fn told(path: &Path) -> Told {
    // tshark shows custom blocks as if they were packets, but without a link type
    let mut args = vec!["-n", "-r", path.to_str().unwrap(), "-Y", "frame.encap_type", "-T", "fields"];
    LINE.iter().for_each(|field| args.extend(["-e", field]));
    let output = output("tshark", &args);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| parsed(&line.split('\t').map(str::to_owned).collect::<Vec<_>>())).collect();
    Told { lines, whole: output.status.success() }
}

fn parsed(line: &[String]) -> super::Line {
    // simple packets have no time
    let ts_ns = line[0].split_once('.').map_or(0, |(seconds, fraction)| {
        assert_eq!(fraction.len(), 9);
        seconds.parse::<u64>().unwrap() * 1_000_000_000 + fraction.parse::<u64>().unwrap()
    });
    super::Line {
        ts_ns,
        kept: line[1].parse().unwrap(),
        orig: line[2].parse().unwrap(),
        iface: line[3].parse().unwrap_or(0),
    }
}

const LINE: [&str; 4] = ["frame.time_epoch", "frame.cap_len", "frame.len", "frame.interface_id"];
