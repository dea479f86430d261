//! `qd tap join`: the records of a tap that runs in another terminal of this user, from now on.

use super::show::Shown;
use crate::Desk;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::tap::JoinArgs;
use crate::tap::error::TapError;
use crate::tap::lines::Chosen;
use crate::tap::running::{self, Folder, short};
use crate::tap::stop::{target, which};
use policy::action::{TapExport, TapExportObligations};
use policy::{Answers, Outcome, Refusal};
use std::io::{ErrorKind, Write};
use tokio::io::AsyncBufReadExt;

/// Runs `qd tap join`.
///
/// # Errors
/// When there is no such tap, several may be meant, or policy does not let it.
pub(in crate::tap) async fn join(
    desk: &Desk,
    args: &JoinArgs,
    output: Output,
    out: &mut impl Write,
) -> Result<(), Error> {
    let chosen = Chosen::new(&args.proto, args.where_expr.as_deref())?;
    let mut shown = Shown::new(chosen, &args.fields, output)?;
    let folder = Folder::open(&desk.state).map_err(|source| running::failed("look for taps", source))?;
    let taps = running::named(&folder, args.id.as_deref()).await;
    let tap = match taps.as_slice() {
        [] => return Err(Error::of(TapError::NoTap)),
        [one] => one,
        many => return Err(Error::Usage(which(many))),
    };
    let select = args.where_expr.clone().unwrap_or_default();
    let (format, none) = ("jsonl".to_owned(), String::new());
    let action = TapExport { tap: target(tap), format, select, flow: none.clone(), filter: none };
    let permit = desk.gate.permit(&desk.principal, action, &Answers::default());
    let permit = permit.map_err(|refusal: Refusal| Error::of(refusal))?;
    permit.settled().await.map_err(Error::of)?;
    let TapExportObligations { max_bytes } = *permit.obligations();
    let gone = |source| Error::of(TapError::Goes { tap: short(&tap.board.id).to_owned(), source });
    let mut records = running::follow(tap).await.map_err(gone)?;
    eprintln!("joined tap {} ({}): Ctrl-C leaves it, and does not end it", short(&tap.board.id), tap.board.title);
    let (mut left, mut room) = (args.count.unwrap_or(u64::MAX), max_bytes.unwrap_or(u64::MAX));
    let (mut count, mut line) = (0_u64, Vec::new());
    while left > 0 && room > 0 {
        line.clear();
        let read = tokio::select! {
            read = records.read_until(b'\n', &mut line) => read.map_err(gone)?,
            _ = tokio::signal::ctrl_c() => break,
        };
        if read == 0 {
            break;
        }
        let record = line.strip_suffix(b"\n").unwrap_or(&line);
        let Some(rest) = room.checked_sub(record.len() as u64) else { break };
        shown.take_whole(record);
        let printed = shown.print(out).and_then(|printed| Ok(out.flush().map(|()| printed)?));
        match printed {
            Ok(true) => {
                (room, left, count) = (rest, left - 1, count + 1);
                permit.count_bytes(record.len() as u64);
            }
            Ok(false) => {}
            // The reader has enough.
            Err(Error::Output(source)) if source.kind() == ErrorKind::BrokenPipe => break,
            Err(error) => return Err(error),
        }
    }
    permit.finish(Outcome::Done { message: format!("{count} records") });
    shown.end(out)?;
    Ok(out.flush()?)
}
