//! How a new revision of a blueprint in the cluster is rolled out, and what somebody says of it.

use super::show::{headed, laid};
use crate::Desk;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::blueprint::{BlueprintCommand, RolledArgs};
use crate::workspace::ask::permit;
use policy::action::{BlueprintRollout, ObjectRead, ObjectTarget, RolloutAct};
use std::io::Write;
use workspace::acts::{self, Rollout};

/// Runs `qd blueprint rollout`, `promote`, `hold` and `resume`.
///
/// # Errors
/// When it is refused, the cluster fails, or there is no rollout.
pub async fn rolled(desk: &Desk, command: &BlueprintCommand, out: &mut impl Write) -> Result<(), Error> {
    let (args, act) = match command {
        BlueprintCommand::Rollout(args) => (args, None),
        BlueprintCommand::Promote(args) => (args, Some(RolloutAct::Promote)),
        BlueprintCommand::Hold(args) => (args, Some(RolloutAct::Hold)),
        BlueprintCommand::Resume(args) => (args, Some(RolloutAct::Resume)),
        _ => return Ok(()),
    };
    let cluster = desk.cluster()?;
    let object = target(args, cluster.name());
    let stands = acts::rollout(cluster, &permit(desk, ObjectRead { object: object.clone() })?).await;
    let mut rollout = stands.map_err(Error::of)?;
    if let Some(act) = act {
        let action = BlueprintRollout { object, revision: rollout.revision, act };
        rollout = acts::roll(cluster, permit(desk, action)?).await.map_err(Error::of)?;
        if desk.global.output == Output::Table {
            let words = match act {
                RolloutAct::Promote => "serves everybody from now on",
                RolloutAct::Hold => "serves nobody anew",
                RolloutAct::Resume => "goes on as its blueprint says",
            };
            return Ok(writeln!(out, "revision {} of {} {words}", rollout.revision, args.name)?);
        }
    }
    print(&rollout, desk.global.output, out)
}

fn target(args: &RolledArgs, cluster: &base::ClusterName) -> ObjectTarget {
    let namespace = args.namespace.clone().unwrap_or_default();
    let plural = if namespace.is_empty() { "clusterblueprints" } else { "blueprints" };
    let kind = format!("{plural}.quarterdeck.dev");
    ObjectTarget { cluster: cluster.clone(), kind, namespace, name: args.name.clone() }
}

fn print(rollout: &Rollout, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let value = serde_json::to_value(rollout).map_err(std::io::Error::other)?;
    match output {
        Output::Json | Output::Jsonl => writeln!(out, "{value}")?,
        Output::Yaml => write!(out, "{}", serde_saphyr::to_string(&value).map_err(std::io::Error::other)?)?,
        _ => {
            let mut grid = headed(&["REVISION", "STABLE", "STATE", "PERCENT", "GROUPS", "READY", "FAILED", "WHY"]);
            let or_none = |text: String| if text.is_empty() { "-".to_owned() } else { text };
            grid.push(&rollout.revision);
            grid.push(&or_none(rollout.stable.clone()));
            grid.push(&rollout.state);
            grid.push(&or_none(rollout.percent.map(|percent| percent.to_string()).unwrap_or_default()));
            grid.push(&or_none(rollout.groups.join(", ")));
            grid.push(&rollout.ready.to_string());
            grid.push(&rollout.failed.to_string());
            grid.push(&or_none(rollout.message.clone()));
            laid(&grid, output, out)?;
        }
    }
    Ok(())
}
