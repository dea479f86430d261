//! `qd delete`, `qd scale`, `qd restart`: shows the plan, asks, commits.

use crate::Desk;
use crate::error::Error;
use crate::grammar::{Cascade, Command, Output, TargetArgs};
use api::rest::{Act, Answers, Committed, Need, ObjectRef, Plan, PlanRequest, Propagation, Verdict};
use base::Code;
use std::io::{BufRead, IsTerminal, Write};

/// Runs the command.
///
/// # Errors
/// When the plan cannot be made or carried out, or the user says no.
pub async fn act(desk: &Desk, command: &Command, out: &mut impl Write) -> Result<(), Error> {
    let (act, target) = match command {
        Command::Delete(args) => {
            let propagation = args.cascade.map(|cascade| match cascade {
                Cascade::Background => Propagation::Background,
                Cascade::Foreground => Propagation::Foreground,
                Cascade::Orphan => Propagation::Orphan,
            });
            (Act::Delete { propagation, grace_seconds: args.grace_period }, &args.target)
        }
        Command::Scale(args) => (Act::Scale { replicas: args.replicas }, &args.target),
        Command::Restart(target) => (Act::Restart, target),
        other => return Err(Error::Usage(format!("{other:?} is not an act"))),
    };
    let objects = objects(desk, target)?;
    let plan = desk.plans.plan(&desk.principal, PlanRequest { act, objects }).await.map_err(Error::of)?;
    show(&plan, desk.global.output, out)?;
    if !plan.ready {
        return Err(refused(&plan));
    }
    if target.plan {
        return Ok(());
    }
    let answers = answers(desk, &plan)?;
    let committed = desk.plans.commit(&desk.principal, &plan.id, &answers).await.map_err(Error::of)?;
    results(&committed, desk.global.output, out)
}

/// `KIND NAME…` or `KIND/NAME…`.
fn objects(desk: &Desk, target: &TargetArgs) -> Result<Vec<ObjectRef>, Error> {
    let cluster = desk.cluster()?;
    let context = cluster.context();
    let namespace =
        target.namespace.clone().or_else(|| context.namespace.clone()).unwrap_or_else(|| "default".to_owned());
    let object = |kind: &str, name: &str| ObjectRef {
        cluster: cluster.name().clone(),
        kind: kind.to_owned(),
        namespace: namespace.clone(),
        name: name.to_owned(),
    };
    if target.targets.iter().all(|word| word.contains('/')) {
        let pairs = target.targets.iter().filter_map(|word| word.split_once('/'));
        return Ok(pairs.map(|(kind, name)| object(kind, name)).collect());
    }
    match target.targets.split_first() {
        Some((kind, names)) if !names.is_empty() && !target.targets.iter().any(|word| word.contains('/')) => {
            Ok(names.iter().map(|name| object(kind, name)).collect())
        }
        _ => Err(Error::Usage(
            "name the objects as `KIND NAME…` or as `KIND/NAME…`, for example `deploy front`".to_owned(),
        )),
    }
}

fn show(plan: &Plan, output: Output, out: &mut impl Write) -> Result<(), Error> {
    if matches!(output, Output::Json | Output::Jsonl) {
        return Ok(writeln!(out, "{}", serde_json::json!({ "plan": plan }))?);
    }
    // The plan is for the person; what was done is the data.
    let mut err = std::io::stderr().lock();
    for step in &plan.steps {
        let place =
            if step.object.namespace.is_empty() { String::new() } else { format!(" in {}", step.object.namespace) };
        let mark = match (step.decision, &step.error) {
            (_, Some(_)) | (Verdict::Deny, _) => "■",
            (Verdict::Needs, None) => "▲",
            (Verdict::Allow, None) => "●",
        };
        writeln!(err, "{mark} {} {}{place} on {}", act_words(&plan.act), name(&step.object), step.object.cluster)?;
        for line in step.diff.lines() {
            writeln!(err, "    {line}")?;
        }
        for effect in &step.effects {
            writeln!(err, "    {effect}")?;
        }
        if let Some(error) = &step.error {
            writeln!(err, "    {}: {}", error.code, error.message)?;
        } else if step.decision == Verdict::Deny {
            writeln!(err, "    denied: {}", step.reason)?;
        }
    }
    Ok(())
}

fn act_words(act: &Act) -> String {
    match act {
        Act::Delete { .. } => "delete".to_owned(),
        Act::Scale { replicas } => format!("scale to {replicas}"),
        Act::Restart => "restart".to_owned(),
    }
}

fn name(object: &ObjectRef) -> String {
    format!("{}/{}", object.kind, object.name)
}

fn refused(plan: &Plan) -> Error {
    let denied = plan.steps.iter().find(|step| step.error.is_some() || step.decision == Verdict::Deny);
    let code = denied.map_or(Code::PolicyDenied, |step| match &step.error {
        Some(error) => error.code,
        None => Code::PolicyDenied,
    });
    let failed = plan.steps.iter().filter(|step| step.error.is_some() || step.decision == Verdict::Deny).count();
    Error::Steps { failed, all: plan.steps.len(), code }
}

/// Meets the needs from the flags, or by asking at the terminal.
fn answers(desk: &Desk, plan: &Plan) -> Result<Answers, Error> {
    let global = &desk.global;
    let mut answers = Answers {
        confirm: global.yes,
        typed_name: global.confirm.clone().unwrap_or_default(),
        reason: global.reason.clone().unwrap_or_default(),
    };
    for need in &plan.needs {
        match need {
            Need::Confirm if !answers.confirm => {
                let line = ask("go on? [y/N] ", "this needs a yes: say --yes")?;
                answers.confirm = matches!(line.as_str(), "y" | "Y" | "yes");
                if !answers.confirm {
                    return Err(Error::Declined);
                }
            }
            Need::TypedName { name } if answers.typed_name != *name => {
                let hint = format!("this is production: it needs --confirm {name}");
                answers.typed_name = ask(&format!("production: type {name} to go on: "), &hint)?;
                if answers.typed_name != *name {
                    return Err(Error::Declined);
                }
            }
            Need::Reason if answers.reason.is_empty() => {
                answers.reason = ask("reason: ", "policy wants a reason: say --reason TEXT")?;
            }
            Need::Confirm | Need::TypedName { .. } | Need::Reason => {}
        }
    }
    Ok(answers)
}

pub(crate) fn ask(question: &str, without_terminal: &str) -> Result<String, Error> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Error::Unanswered(without_terminal.to_owned()));
    }
    let mut err = std::io::stderr().lock();
    write!(err, "{question}")?;
    err.flush()?;
    let mut line = String::new();
    stdin.lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

fn results(committed: &Committed, output: Output, out: &mut impl Write) -> Result<(), Error> {
    for result in &committed.results {
        match output {
            Output::Json | Output::Jsonl => writeln!(out, "{}", serde_json::json!(result))?,
            Output::Name => writeln!(out, "{}", name(&result.object))?,
            _ => match &result.error {
                None => writeln!(out, "{} {}", name(&result.object), result.message)?,
                Some(error) => writeln!(out, "{} failed: {}: {}", name(&result.object), error.code, error.message)?,
            },
        }
    }
    let failures: Vec<Code> =
        committed.results.iter().filter_map(|result| result.error.as_ref()).map(|error| error.code).collect();
    match failures.first() {
        None => Ok(()),
        Some(code) => Err(Error::Steps { failed: failures.len(), all: committed.results.len(), code: *code }),
    }
}
