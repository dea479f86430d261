//! `qd filter`: a capture filter compiled and shown; nothing is captured.

#[cfg(test)]
mod tests;

use std::io::Write;

use bpf::{Filter, Options};

use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::filter::FilterArgs;

/// Runs `qd filter`.
///
/// # Errors
/// When the filter is wrong, or stdout fails.
pub fn filter(args: &FilterArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    if args.ask.is_some() {
        return Err(Error::WordsOff);
    }
    let options = Options { snaplen: args.snaplen, ..Options::new(args.linktype) };
    let filter = Filter::compile(&args.expression, options).map_err(Error::of)?;
    let program = filter.program();
    match output {
        Output::Json | Output::Jsonl => {
            let instructions: Vec<_> = program
                .instructions()
                .iter()
                .map(|one| serde_json::json!({ "code": one.code, "jt": one.yes, "jf": one.no, "k": one.k }))
                .collect();
            let object = serde_json::json!({
                "filter": args.expression,
                "linktype": args.linktype.0,
                "snaplen": args.snaplen,
                "loops": program.has_loops(),
                "instructions": instructions,
                "explain": filter.explain().to_string(),
            });
            writeln!(out, "{object}")?;
        }
        _ if args.ddd => write!(out, "{}", program.decimal())?,
        _ if args.explain => {
            write!(out, "{}", filter.explain())?;
            if program.has_loops() {
                writeln!(
                    out,
                    "\nThe program has a loop (`protochain`): files can be filtered with it, live packets cannot."
                )?;
            }
        }
        _ => write!(out, "{program}")?,
    }
    Ok(())
}
