//! `qd audit`: the journal.

use crate::Desk;
use crate::error::Error;
use crate::grammar::{AuditCommand, Output};
use crate::print::Grid;
use policy::Answers;
use policy::action::{AuditQuery, AuditVerify};
use serde_json::Value;
use std::io::Write;

/// Runs `qd audit …`.
///
/// # Errors
/// When policy says no, the journal cannot be read, or a chain is broken.
pub async fn audit(desk: &Desk, command: &AuditCommand, out: &mut impl Write) -> Result<(), Error> {
    match command {
        AuditCommand::Query { action, object, limit } => {
            let asked = AuditQuery { action: action.clone(), object: object.clone(), ..AuditQuery::default() };
            let permit = desk.gate.permit(&desk.principal, asked, &Answers::default()).map_err(Error::of)?;
            let page = operate::audit_query(&desk.store, permit, None, *limit).await.map_err(Error::of)?;
            entries(&page.entries, desk.global.output, out)
        }
        AuditCommand::Verify => {
            let permit = desk.gate.permit(&desk.principal, AuditVerify {}, &Answers::default()).map_err(Error::of)?;
            let report = operate::audit_verify(&desk.store, permit).await.map_err(Error::of)?;
            match desk.global.output {
                Output::Json | Output::Jsonl => writeln!(out, "{}", serde_json::json!(report))?,
                _ => writeln!(out, "{} entries of {} writers verify", report.entries, report.writers)?,
            }
            Ok(())
        }
    }
}

fn entries(entries: &[Value], output: Output, out: &mut impl Write) -> Result<(), Error> {
    if matches!(output, Output::Json | Output::Jsonl) {
        for entry in entries {
            writeln!(out, "{entry}")?;
        }
        return Ok(());
    }
    let mut grid = Grid::new(3);
    ["TIME", "KIND", "SUMMARY"].iter().for_each(|cell| grid.push(cell));
    for entry in entries {
        let at = entry.get("at_ms").and_then(Value::as_i64).and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        grid.push(&at.map(|at| at.to_string()).unwrap_or_default());
        grid.push(entry.get("kind").and_then(Value::as_str).unwrap_or_default());
        grid.push(entry.get("summary").and_then(Value::as_str).unwrap_or_default());
    }
    if output == Output::Csv {
        grid.csv(out)?
    } else {
        grid.aligned(out)?
    }
    Ok(())
}
