//! What the doctor found, on stdout.

use std::io::Write;

use serde_json::{Value, json};

use super::rights::{ASKED, missing, resource, role};
use super::{Health, Namespace};
use crate::error::Error;
use crate::grammar::Output;
use crate::tap::image;

pub(super) fn show(health: &Health, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let carried = image::embedded()?;
    match output {
        Output::Json | Output::Jsonl => {
            let namespaces: Vec<Value> = health.namespaces.iter().map(|one| object(one, &health.user)).collect();
            let answer = json!({
                "works": health.namespaces.iter().all(|one| one.problem.is_none()),
                "server": health.version,
                "ephemeral_containers": health.served,
                "user": health.user,
                "image": health.image,
                "image_carried": carried.iter().any(|image| image.name == health.image),
                "namespaces": namespaces,
            });
            writeln!(out, "{answer}")?;
        }
        Output::Table | Output::Wide => {
            let has = if health.served { "pods have" } else { "pods have no" };
            writeln!(out, "API server {}: {has} ephemeral containers", health.version)?;
            match carried.iter().find(|image| image.name == health.image) {
                Some(image) => writeln!(out, "image {}: this qd carries it ({} {})", image.name, image.arch, image.id)?,
                None => writeln!(out, "image {}: this qd does not carry it", health.image)?,
            }
            for namespace in &health.namespaces {
                words(namespace, health, out)?;
            }
        }
        _ => return Err(Error::Usage("the doctor answers as table or json".to_owned())),
    }
    Ok(())
}

fn words(namespace: &Namespace, health: &Health, out: &mut impl Write) -> Result<(), Error> {
    writeln!(out, "namespace {}", namespace.name)?;
    let mut resources: Vec<String> = ASKED.iter().map(|right| resource(*right)).collect();
    resources.dedup();
    for wanted in resources {
        let own = namespace.rights.iter().filter(|(right, _)| resource(*right) == wanted);
        let verbs: Vec<String> =
            own.map(|(right, there)| format!("{} {}", right.verb, if *there { "yes" } else { "NO" })).collect();
        writeln!(out, "  {wanted:<28} {}", verbs.join(", "))?;
    }
    if let Some((pod, node)) = &namespace.pod {
        for trial in &namespace.trials {
            let said = trial.refused.as_deref().map_or("yes".to_owned(), |why| format!("NO: {why}"));
            writeln!(out, "  {:<28} {said}", format!("{} in {pod}", trial.profile.name()))?;
        }
        let said = match namespace.pulled {
            Some(true) => "there",
            Some(false) => {
                "the kubelet does not tell of it: `qd tap image --output agent.tar` writes it for a registry"
            }
            None => "cannot be told: the node may not be read",
        };
        writeln!(out, "  {:<28} {said}", format!("image on {node}"))?;
    }
    match &namespace.problem {
        None => writeln!(out, "  a tap works")?,
        Some((_, why)) => writeln!(out, "  NO tap works: {why}")?,
    }
    if let Some(role) = role(&namespace.name, &health.user, &missing(&namespace.rights)) {
        writeln!(out, "  whoever grants rights there can apply this:\n\n{role}")?;
    }
    Ok(())
}

fn object(namespace: &Namespace, user: &str) -> Value {
    let rights = namespace.rights.iter();
    let rights: Vec<Value> = rights
        .map(|(right, there)| json!({ "resource": resource(*right), "verb": right.verb, "there": there }))
        .collect();
    let trials = namespace.trials.iter();
    let trials: Vec<Value> = trials
        .map(|trial| json!({ "profile": trial.profile.name(), "passes": trial.refused.is_none(), "refused": trial.refused }))
        .collect();
    json!({
        "namespace": namespace.name,
        "works": namespace.problem.is_none(),
        "code": namespace.problem.as_ref().map(|(code, _)| code.as_str()),
        "why": namespace.problem.as_ref().map(|(_, why)| why),
        "rights": rights,
        "pod": namespace.pod.as_ref().map(|(pod, _)| pod),
        "node": namespace.pod.as_ref().map(|(_, node)| node),
        "profiles": trials,
        "image_on_node": namespace.pulled,
        "role": role(&namespace.name, user, &missing(&namespace.rights)),
    })
}
