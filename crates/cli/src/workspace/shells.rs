//! `qd ws shells`: what runs in a workspace for somebody outside.

use super::ready::{failed, finish};
use super::shell::plain;
use super::{ask, which};
use crate::Desk;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::workspace::NameArgs;
use crate::print::Grid;
use policy::action::{ShellPurpose, WorkspaceConnect};
use serde_json::{Value, json};
use std::io::Write;
use workspace::reach::reach;

/// Lists them.
pub(super) async fn shells(desk: &Desk, args: &NameArgs, out: &mut impl Write) -> Result<(), Error> {
    let which = which(desk, args).await?;
    let permit = ask::permit(desk, WorkspaceConnect { object: which.object.clone(), purpose: ShellPurpose::List })?;
    let told = async {
        let link = reach(which.cluster, &permit).await.map_err(|error| failed(&which.object, error))?;
        let (_, told) =
            link.request("GET", "/api/v1/streams", None).await.map_err(|error| failed(&which.object, error.into()))?;
        Ok(told.get("streams").and_then(Value::as_array).cloned().unwrap_or_default())
    }
    .await;
    finish(permit, &told, |_| "listed".to_owned());
    print(&told?, desk.global.output, out)
}

fn print(streams: &[Value], output: Output, out: &mut impl Write) -> Result<(), Error> {
    match output {
        Output::Json => return Ok(writeln!(out, "{}", json!({ "streams": streams }))?),
        Output::Jsonl => return Ok(streams.iter().try_for_each(|one| writeln!(out, "{one}"))?),
        Output::Yaml => return super::show::raw(&json!({ "streams": streams }), output, out),
        Output::Name => return Ok(streams.iter().try_for_each(|one| writeln!(out, "{}", text(one, "id")))?),
        Output::Table | Output::Wide | Output::Csv | Output::FlatJson => {}
    }
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let titles = ["ID", "KIND", "STATE", "AGE", "VIEWERS", "COMMAND", "TO GO ON"];
    let mut grid = Grid::new(titles.len());
    titles.iter().for_each(|title| grid.push(title));
    for one in streams {
        let number = |key: &str| one.get(key).and_then(Value::as_u64);
        let then = number("created_ms").and_then(|ms| i64::try_from(ms).ok()).unwrap_or(now_ms);
        for cell in [text(one, "id"), text(one, "kind"), text(one, "state")] {
            grid.push(&cell);
        }
        grid.push(&base::age::age(now_ms, then));
        grid.push(&number("viewers").map(|count| count.to_string()).unwrap_or_default());
        grid.push(&text(one, "command"));
        grid.push(&text(one, "resume"));
    }
    if output == Output::Csv {
        grid.csv(out)?
    } else {
        grid.aligned(out)?
    }
    Ok(())
}

fn text(one: &Value, key: &str) -> String {
    plain(one.get(key).and_then(Value::as_str).unwrap_or_default())
}
