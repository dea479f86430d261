//! `qd tap show` and `qd tap stop`: running taps of this user on this machine, and their end, as by Ctrl-C in their terminals.

use super::error::TapError;
use super::running::{self, Board, Folder, Found, short};
use crate::Desk;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::tap::{ShowArgs, StopArgs};
use crate::print::Grid;
use base::ClusterName;
use policy::action::{TapChange, TapControl, TapTarget, TapView};
use policy::{Answers, Outcome, Refusal};
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;

/// Runs `qd tap stop`.
///
/// # Errors
/// When there is no such tap, several may be meant, policy does not let it, or one does not end.
pub(super) async fn stop(desk: &Desk, args: &StopArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let folder = Folder::open(&desk.state).map_err(|source| running::failed("look for taps", source))?;
    let taps = running::named(&folder, args.id.as_deref()).await;
    match taps.as_slice() {
        [] => return Err(Error::of(TapError::NoTap)),
        [_] => {}
        _ if args.all => {}
        many => return Err(Error::Usage(format!("{}; or --all", which(many)))),
    }
    let mut permits = Vec::new();
    for tap in &taps {
        let action = TapControl { tap: target(tap), change: TapChange::Stop };
        let answers = Answers { confirm: desk.global.yes, ..Answers::default() };
        let permit = desk.gate.permit(&desk.principal, action, &answers);
        permits.push(permit.map_err(|refusal: Refusal| Error::of(refusal))?);
    }
    for permit in &permits {
        permit.settled().await.map_err(Error::of)?;
    }
    // All are asked before the first is waited for.
    let ends = futures::future::join_all(taps.iter().map(|tap| running::ask(tap, MOST))).await;
    let (mut ended, mut failed) = (Vec::new(), None);
    for ((tap, permit), end) in taps.iter().zip(permits).zip(ends) {
        match end {
            Ok(board) => {
                permit.finish(Outcome::Done { message: format!("{} pods", board.pods.len()) });
                ended.push(board);
            }
            Err(source) => {
                let message = source.to_string();
                permit.finish(Outcome::Failed { code: "timed_out".to_owned(), message });
                failed = Some(Error::of(TapError::Goes { tap: short(&tap.board.id).to_owned(), source }));
            }
        }
    }
    print(&ended, output, out)?;
    failed.map_or(Ok(()), Err)
}

/// Runs `qd tap show`.
///
/// # Errors
/// When there is no such tap, or policy does not let it.
pub(super) async fn show(desk: &Desk, args: &ShowArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let folder = Folder::open(&desk.state).map_err(|source| running::failed("look for taps", source))?;
    let taps = running::named(&folder, args.id.as_deref()).await;
    if taps.is_empty() && args.id.is_some() {
        return Err(Error::of(TapError::NoTap));
    }
    for tap in &taps {
        let action = TapView { tap: Some(target(tap)) };
        let permit = desk.gate.permit(&desk.principal, action, &Answers::default());
        permit.map_err(|refusal: Refusal| Error::of(refusal))?.finish(Outcome::Done { message: "shown".to_owned() });
    }
    let boards: Vec<Board> = taps.into_iter().map(|tap| tap.board).collect();
    print(&boards, output, out)
}

/// A running tap as permits name it.
pub(super) fn target(tap: &Found) -> TapTarget {
    TapTarget { cluster: ClusterName::new(tap.board.cluster.as_str()), tap: tap.board.id.clone() }
}

/// Of several one is meant.
pub(super) fn which(taps: &[Found]) -> String {
    let names = taps.iter().map(|tap| format!("{} ({})", short(&tap.board.id), tap.board.title));
    format!("which tap? {}", names.collect::<Vec<_>>().join(", "))
}

fn print(taps: &[Board], output: Output, out: &mut impl Write) -> Result<(), Error> {
    let objects = || taps.iter().map(|tap| json!(tap));
    match output {
        Output::Json => writeln!(out, "{}", Value::from(objects().collect::<Vec<_>>()))?,
        Output::Jsonl => objects().try_for_each(|tap| writeln!(out, "{tap}"))?,
        Output::Table | Output::Wide | Output::Csv => {
            let mut grid = Grid::new(7);
            ["TAP", "NAMESPACE", "POD", "STATE", "PACKETS", "RECORDS", "DROPPED"]
                .iter()
                .for_each(|cell| grid.push(cell));
            for (tap, pod) in taps.iter().flat_map(|tap| tap.pods.iter().map(move |pod| (tap, pod))) {
                let counts = [pod.packets, pod.records, pod.dropped].map(|count| count.to_string());
                let words = [short(&tap.id), &pod.namespace, &pod.pod, &pod.state];
                words.into_iter().chain(counts.iter().map(String::as_str)).for_each(|cell| grid.push(cell));
            }
            if output == Output::Csv { grid.csv(out)? } else { grid.aligned(out)? }
        }
        Output::Yaml | Output::Name | Output::FlatJson => {
            return Err(Error::Usage("taps are printed as table, json, jsonl or csv".to_owned()));
        }
    }
    Ok(())
}

/// A tap waits for its agents for thirty seconds.
const MOST: Duration = Duration::from_secs(35);
