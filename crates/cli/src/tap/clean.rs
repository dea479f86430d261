//! `qd tap clean`: ends agents that no tap leads any more. Those of others only where their owner is named. What has ended
//! stays in its pod's list: nobody can take an ephemeral container out.

use super::list::{Agent, Which, agents};
use super::running::{self, Agent as Known, Folder, Left, Orphan, short};
use crate::Desk;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::tap::CleanArgs;
use crate::print::Grid;
use base::Coded;
use capture::{Ended, Owner};
use policy::action::{ObjectTarget, TapChange, TapControl, TapTarget};
use policy::{Answers, Outcome, Refusal};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::time::Duration;

/// What became of an agent.
struct Row {
    agent: Agent,
    whose: &'static str,
    done: &'static str,
    why: String,
}

/// Runs `qd tap clean`.
///
/// # Errors
/// When pods cannot be listed, policy does not let it, or an agent of this user does not end.
pub(super) async fn clean(desk: &Desk, args: &CleanArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let folder = Folder::open(&desk.state).map_err(|source| running::failed("look for taps", source))?;
    let owner = folder.owner().map_err(|source| running::failed("read the key of taps", source))?;
    let which = Which { namespace: args.namespace.as_deref(), all: args.all_namespaces, selector: None };
    let found = agents(desk, &which).await?;
    // Agents of taps that run are none of ours, whose guard is at work neither.
    let led: HashMap<String, String> = running::found(&folder)
        .await
        .into_iter()
        .flat_map(|tap| tap.board.pods.into_iter().map(move |pod| (pod.container, tap.board.id.clone())))
        .collect();
    let named =
        |agent: &Agent| args.owner.iter().any(|owner| owner.len() >= SHORTEST && agent.owner.starts_with(owner));
    let (mut rows, mut failed, mut past) = (Vec::new(), None, 0_usize);
    for agent in found {
        if agent.state == "ended" {
            past += 1;
            continue;
        }
        let mine = agent.owner == owner.public();
        let whose = if mine { "yours" } else { "another's" };
        let (done, why) = match led.get(&agent.container) {
            Some(tap) => ("left", format!("of tap {}, which runs: `qd tap stop` ends it", short(tap))),
            None if !mine && !named(&agent) => {
                let owner: String = agent.owner.chars().take(SHORTEST).collect();
                ("left", format!("`qd tap clean --owner {owner}` ends it"))
            }
            None => match end(desk, mine.then_some(&owner), &agent.known(), &agent.container, NOW).await {
                Ok(Ended::Now(_)) => ("ended", "its entry stays in the pod's list".to_owned()),
                Ok(Ended::Before | Ended::Gone) => ("ended", "by itself".to_owned()),
                Ok(Ended::Led) => {
                    ("left", "of a tap that runs: in a console of yours, or on another machine".to_owned())
                }
                Err(error) => {
                    let why = error.to_string();
                    failed = failed.or(Some(error));
                    ("failed", why)
                }
            },
        };
        rows.push(Row { agent, whose, done, why });
    }
    let looked = which.namespace(desk)?;
    for orphan in folder.orphans().into_iter().filter(|orphan| orphan.record.cluster == cluster(desk)) {
        let seen = |known: &Known| looked.as_ref().is_none_or(|namespace| known.namespace == *namespace);
        if orphan.agents.iter().all(seen) && !led.values().any(|tap| *tap == orphan.record.id) {
            forget(orphan, &rows);
        }
    }
    print(&rows, output, out)?;
    if past > 0 {
        eprintln!("qd: {past} ended agents stay in their pods' lists: they go with the pods");
    }
    failed.map_or(Ok(()), Err)
}

/// A tap that was killed is forgotten when none of its agents is there any more.
fn forget(orphan: Orphan, rows: &[Row]) {
    let runs = |known: &Known| rows.iter().any(|row| row.agent.container == known.container && row.done != "ended");
    if !orphan.agents.iter().any(runs) {
        orphan.forget();
    }
}

fn cluster(desk: &Desk) -> String {
    desk.cluster.as_ref().map(|cluster| cluster.name().to_string()).unwrap_or_default()
}

/// Ends one agent, by a decision of its own.
async fn end(desk: &Desk, owner: Option<&Owner>, agent: &Known, tap: &str, patience: Duration) -> Result<Ended, Error> {
    let cluster = desk.cluster()?;
    let pod = ObjectTarget {
        cluster: cluster.name().clone(),
        kind: "pods".to_owned(),
        namespace: agent.namespace.clone(),
        name: agent.pod.clone(),
    };
    let target = TapTarget { cluster: cluster.name().clone(), tap: tap.to_owned() };
    let action = TapControl { tap: target, change: TapChange::End(vec![pod.clone()]) };
    let answers = Answers { confirm: desk.global.yes, ..Answers::default() };
    let permit = desk.gate.permit(&desk.principal, action, &answers);
    let permit = permit.map_err(|refusal: Refusal| Error::of(refusal))?;
    let ended = capture::end(cluster, &permit, owner, &pod, &agent.container, patience).await;
    permit.finish(match &ended {
        Ok(Ended::Now(_)) => Outcome::Done { message: format!("{} ended", agent.container) },
        Ok(Ended::Before | Ended::Gone) => Outcome::Done { message: format!("{} had ended", agent.container) },
        Ok(Ended::Led) => Outcome::Done { message: format!("{} serves its owner and goes on", agent.container) },
        Err(error) => Outcome::Failed { code: error.code().as_str().to_owned(), message: error.to_string() },
    });
    ended.map_err(Error::of)
}

/// Ends what a killed tap has left, all at the same time.
///
/// # Errors
/// The first of those that do not end.
pub(super) async fn end_left(desk: &Desk, left: Left) -> Result<(), Error> {
    let tap = left.record.id.clone();
    let ends = left.agents.iter().map(|agent| end(desk, Some(&left.owner), agent, &tap, WAITS));
    let failed = futures::future::join_all(ends).await.into_iter().find_map(Result::err);
    match failed {
        None => {
            left.end();
            Ok(())
        }
        Some(error) => Err(error),
    }
}

/// Says at the start of a tap what killed ones have left in this cluster. What has ended meanwhile is forgotten.
pub(super) async fn tell_left(desk: &Desk, folder: &Folder) {
    let led = running::found(folder).await;
    for orphan in folder.orphans() {
        let leads = |id: &str| led.iter().any(|tap| tap.board.id == id);
        if orphan.record.cluster != cluster(desk) || leads(&orphan.record.id) {
            continue;
        }
        let mut namespaces: Vec<&str> = orphan.agents.iter().map(|agent| agent.namespace.as_str()).collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        let mut runs = Vec::new();
        for namespace in namespaces {
            let which = Which { namespace: Some(namespace), all: false, selector: None };
            match agents(desk, &which).await {
                Ok(found) => runs.extend(found.into_iter().filter(|agent| {
                    agent.state != "ended" && orphan.agents.iter().any(|known| known.container == agent.container)
                })),
                Err(error) => {
                    eprintln!("qd: what tap {} has left cannot be seen: {error}", orphan.record.short());
                    return;
                }
            }
        }
        let title = format!("tap {} ({})", orphan.record.short(), orphan.record.title);
        if runs.is_empty() {
            eprintln!("qd: {title} was cut off; its agents have ended");
            orphan.forget();
            continue;
        }
        for agent in runs {
            let Agent { namespace, pod, container, .. } = agent;
            eprintln!("qd: {title} was cut off: {container} runs in {namespace}/{pod} still, `qd tap clean` ends it");
        }
    }
}

fn print(rows: &[Row], output: Output, out: &mut impl Write) -> Result<(), Error> {
    let objects = || {
        rows.iter().map(|row| {
            let Agent { namespace, pod, container, owner, .. } = &row.agent;
            json!({
                "namespace": namespace, "pod": pod, "container": container, "owner": owner, "whose": row.whose,
                "done": row.done, "why": row.why,
            })
        })
    };
    match output {
        Output::Json => writeln!(out, "{}", Value::from(objects().collect::<Vec<_>>()))?,
        Output::Jsonl => objects().try_for_each(|one| writeln!(out, "{one}"))?,
        Output::Table | Output::Wide | Output::Csv => {
            let mut grid = Grid::new(6);
            ["NAMESPACE", "POD", "CONTAINER", "WHOSE", "DONE", "WHY"].iter().for_each(|cell| grid.push(cell));
            for row in rows {
                let Agent { namespace, pod, container, .. } = &row.agent;
                [namespace, pod, container, row.whose, row.done, &row.why].iter().for_each(|cell| grid.push(cell));
            }
            if output == Output::Csv { grid.csv(out)? } else { grid.aligned(out)? }
        }
        Output::Yaml | Output::Name | Output::FlatJson => {
            return Err(Error::Usage("agents are printed as table, json, jsonl or csv".to_owned()));
        }
    }
    Ok(())
}

/// So many digits name an owner.
const SHORTEST: usize = 8;
/// An agent that serves its owner says so at once; one that ends, a moment later.
const NOW: Duration = Duration::from_secs(2);
/// The streams of a killed process are closed a moment after it.
const WAITS: Duration = Duration::from_secs(20);
