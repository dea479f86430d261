//! `qd tap verify`: whether a file of packets is as it was written, by the manifest beside it.

use std::fs::File;
use std::io::{Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use pcap::manifest::{Checker, Report};
use serde_json::{Value, json};

use super::error::{TapError, called};
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::tap::VerifyArgs;

/// Runs `qd tap verify`.
///
/// # Errors
/// When either file cannot be read, or the file is not what was written.
pub(super) fn verify(args: &VerifyArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let manifest = args.manifest.clone().unwrap_or_else(|| beside(&args.file));
    let name = called(&manifest);
    let failed = |source| Error::of(TapError::read(&name, source));
    let about = std::fs::metadata(&manifest).map_err(failed)?;
    if about.len() > LONGEST {
        return Err(Error::of(TapError::Limit(format!("a manifest has at most {LONGEST} bytes"))));
    }
    let text = std::fs::read_to_string(&manifest).map_err(failed)?;
    let checker = Checker::new(&text).ok_or_else(|| Error::Usage(format!("{name} is no manifest")))?;
    let report = read(&args.file, checker)?;
    match output {
        Output::Json | Output::Jsonl => writeln!(out, "{}", told(&args.file, &report))?,
        _ if report.is_whole() => {
            let link = report.last.map(|link| link.to_string()).unwrap_or_default();
            writeln!(out, "{} is as it was written: {} bytes, chain {link}", args.file.display(), report.bytes)?;
        }
        _ => words(&report).iter().try_for_each(|line| writeln!(out, "{line}"))?,
    }
    match report.is_whole() {
        true => Ok(()),
        false => Err(Error::of(TapError::Changed {
            file: called(&args.file),
            why: words(&report).join("; "),
            details: told(&args.file, &report),
        })),
    }
}

/// Where the manifest of a file stands.
pub(super) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".manifest");
    name.into()
}

fn read(path: &Path, mut checker: Checker) -> Result<Report, Error> {
    let name = called(path);
    let failed = |source| Error::of(TapError::read(&name, source));
    let mut file = File::open(path).map_err(failed)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        match buffer.get(..read) {
            Some([]) | None => return Ok(checker.end()),
            Some(bytes) => checker.bytes(bytes),
        }
    }
}

/// What is wrong, each in a line.
fn words(report: &Report) -> Vec<String> {
    let bytes = |range: &Range<u64>| format!("bytes {} to {}", range.start, range.end.saturating_sub(1));
    let mut words: Vec<String> =
        report.changed.iter().take(MOST_TOLD).map(|range| format!("{} were changed", bytes(range))).collect();
    if let Some(more) = report.changed.len().checked_sub(MOST_TOLD).filter(|more| *more > 0) {
        words.push(format!("{more} more places were changed"));
    }
    words.extend(report.missing.as_ref().map(|range| format!("{} are missing", bytes(range))));
    words.extend(report.uncovered.as_ref().map(|range| {
        let why = if report.ended { "were added" } else { "came after the last entry of the manifest" };
        format!("{} {why}", bytes(range))
    }));
    if !report.ended {
        words.push("the manifest has no end: the writer was cut short, or the end was taken away".to_owned());
    }
    if !report.broken.is_empty() {
        let lines: Vec<String> = report.broken.iter().take(MOST_TOLD).map(ToString::to_string).collect();
        words.push(format!("the manifest itself was changed: its chain breaks at line {}", lines.join(", ")));
    }
    words
}

fn told(file: &Path, report: &Report) -> Value {
    let range = |range: &Range<u64>| json!([range.start, range.end]);
    json!({
        "file": file.display().to_string(),
        "whole": report.is_whole(),
        "bytes": report.bytes,
        "changed": report.changed.iter().map(range).collect::<Vec<_>>(),
        "missing": report.missing.as_ref().map(range),
        "uncovered": report.uncovered.as_ref().map(range),
        "manifest_lines": report.broken,
        "ended": report.ended,
        "chain": report.last.map(|link| link.to_string()),
    })
}

/// A manifest that is read: of a file of half a terabyte.
const LONGEST: u64 = 128 << 20;
/// Places that are told in words; JSON tells all.
const MOST_TOLD: usize = 20;
