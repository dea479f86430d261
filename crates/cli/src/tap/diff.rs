//! `qd tap diff`: what is different between two captures.
//!
//! ```text
//! BEFORE ─► Side (endpoints: statuses, latencies, headers, bodies) ┐
//!                                                                  ├─► compare ─► Change… ─► print
//! AFTER  ─► Side ──────────────────────────────────────────────────┘
//! ```
//!
//! Two captures are never equal: a difference that chance explains is not told (`--confidence`).

mod compare;
mod odds;
mod print;
mod side;

use std::io::Write;
use std::path::Path;

use super::drive;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::tap::{DiffArgs, ReadArgs};
use side::Side;

/// Runs `qd tap diff`.
///
/// # Errors
/// When a capture cannot be read, or stdout fails.
pub(super) fn diff(args: &DiffArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    if !(50.0..100.0).contains(&args.confidence) {
        return Err(Error::Usage("--confidence is a percentage from 50 to under 100".to_owned()));
    }
    let (before, first) = read(args, &args.before)?;
    let (after, second) = read(args, &args.after)?;
    let changes = compare::compare(&before, &after, args.confidence / 100.0);
    print::print(&before, &after, &changes, output, out)?;
    // what was damaged is told after what could be used
    first.end()?;
    second.end()
}

fn read(args: &DiffArgs, path: &Path) -> Result<(Side, drive::Summary), Error> {
    let read = ReadArgs {
        read: Some(path.to_owned()),
        filter: args.filter.clone(),
        where_expr: args.where_expr.clone(),
        proto: args.proto.clone(),
        keylog: args.keylog.clone(),
        proto_file: Vec::new(),
        body: BODY,
        no_redact: false,
        decap: false,
        checksums: false,
    };
    let mut side = Side::of(&read)?;
    let summary = drive::drive(&read, None, &mut side)?;
    Ok((side, summary))
}

/// Bytes of a body that its shape is read from.
const BODY: usize = 16 << 10;
