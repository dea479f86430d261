//! `qd tap --read` on captures of real programs, compared with Wireshark's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod capture;
mod export;
mod forms;
mod har;
mod http;
mod links;
mod server;
mod views;

use std::path::Path;
use std::process::{Command, Output};

use base::Coded;
use clap::Parser;
use cli::grammar::{Cli, Command as Words};
use serde_json::Value;

/// Runs `qd tap …` in this process: what it printed, and the error it ended with.
fn tap(words: &[&str]) -> (String, Option<cli::Error>) {
    let cli = Cli::try_parse_from(["qd", "tap"].iter().chain(words)).unwrap();
    let Some(Words::Tap(args)) = cli.command else { panic!("{words:?} is no tap") };
    let mut out = Vec::new();
    let result = cli::tap(&args, cli.global.output, &mut out);
    (String::from_utf8(out).unwrap(), result.err())
}

/// The records of a capture that must be whole.
fn records(path: &Path, more: &[&str]) -> Vec<Value> {
    let (out, error) = tap(&[&["--read", path.to_str().unwrap(), "-o", "jsonl"], more].concat());
    assert!(error.is_none(), "{error:?}");
    out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn code(error: Option<cli::Error>) -> (&'static str, u8) {
    let code = error.expect("it must fail").code();
    (code.as_str(), code.exit_code())
}

/// Runs a program that must be there and succeed.
fn run(name: &str, args: &[&str]) -> Output {
    let package = match name {
        "tshark" | "tcpdump" | "curl" | "openssl" | "zstd" | "gzip" => name,
        _ => "wireshark-common",
    };
    let output = Command::new(name).args(args).env("LC_ALL", "C").output().unwrap_or_else(|error| {
        panic!("{name} is missing ({error}): apt-get install -y --no-install-recommends {package}")
    });
    assert!(output.status.success(), "{name} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Fields as tshark tells them, a line each packet; several in one packet are separated by `|`.
fn tshark(path: &Path, more: &[&str], fields: &[&str]) -> Vec<Vec<String>> {
    let mut args = vec!["-n", "-r", path.to_str().unwrap(), "-T", "fields", "-E", "aggregator=|"];
    fields.iter().for_each(|field| args.extend(["-e", field]));
    args.extend(more);
    let out = String::from_utf8(run("tshark", &args).stdout).unwrap();
    out.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}
