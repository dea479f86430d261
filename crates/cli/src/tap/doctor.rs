//! `qd tap doctor`: whether a tap would work in a namespace: what the API server serves, which rights are there, and
//! whether admission lets the capture container in. Nothing is added; what is missing is printed as the Role that gives it.

mod rights;
mod show;

use std::io::Write;

use base::Code;
use capture::{Profile, Trial};
use catalog::Kind;
use cluster::{Cluster, PageQuery, Right};
use policy::action::{ObjectTarget, PlanMake};
use policy::{Answers, Outcome, Permit};
use serde_json::Value;
use wire::Format;

use super::error::TapError;
use crate::Desk;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::tap::DoctorArgs;

/// What was found out.
struct Health {
    version: String,
    /// Pods have ephemeral containers here.
    served: bool,
    image: String,
    user: String,
    namespaces: Vec<Namespace>,
}

/// What was found out of one namespace.
struct Namespace {
    name: String,
    rights: Vec<(Right, bool)>,
    /// The pod that was tried, and its node.
    pod: Option<(String, String)>,
    trials: Vec<Trial>,
    /// The node has the image, where the kubelet tells.
    pulled: Option<bool>,
    /// Why no tap works.
    problem: Option<(Code, String)>,
}

/// Runs `qd tap doctor`.
///
/// # Errors
/// When the cluster cannot be asked, or no tap would work in one of the namespaces.
pub(super) async fn doctor(desk: &Desk, args: &DoctorArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let cluster = desk.cluster()?;
    let reader = cluster.reader();
    let own = cluster.context().namespace.clone().unwrap_or_else(|| "default".to_owned());
    let names = if args.namespace.is_empty() { vec![own] } else { args.namespace.clone() };
    let served = reader.discover().await.map_err(Error::of)?;
    let pods = served.iter().find(|one| one.group.is_empty() && one.plural == "pods");
    let mut health = Health {
        version: reader.version().await.map_err(Error::of)?,
        served: pods.is_some_and(|pods| pods.subresources.iter().any(|sub| sub == "ephemeralcontainers")),
        image: super::agent_image(desk, args.image.as_ref()),
        user: reader.whoami().await.map_err(Error::of)?.username,
        namespaces: Vec::new(),
    };
    for name in names.iter().take(MOST) {
        let mut namespace = look(desk, cluster, name, args, &health.image).await?;
        if !health.served {
            let why = format!("API server {} has no ephemeral containers (Kubernetes 1.25 has)", health.version);
            namespace.problem = Some((Code::EphemeralUnsupported, why));
        }
        health.namespaces.push(namespace);
    }
    show::show(&health, output, out)?;
    out.flush()?;
    let first = health.namespaces.iter().find_map(|one| Some((&one.name, one.problem.as_ref()?)));
    match first {
        None => Ok(()),
        Some((name, (code, why))) => {
            Err(Error::of(TapError::Unfit { code: *code, why: format!("no tap would work in {name}: {why}") }))
        }
    }
}

async fn look(desk: &Desk, cluster: &Cluster, name: &str, args: &DoctorArgs, image: &str) -> Result<Namespace, Error> {
    let reader = cluster.reader();
    let kind = Kind::builtin("pods").ok_or_else(|| Error::Usage("pods are not known".to_owned()))?;
    let mut rights = Vec::new();
    for right in rights::ASKED {
        rights.push((right, reader.may(right, &kind, name).await.map_err(Error::of)?));
    }
    let may = |wanted: Right| rights.iter().any(|(right, there)| *right == wanted && *there);
    let mut found = Namespace {
        name: name.to_owned(),
        pod: None,
        trials: Vec::new(),
        pulled: None,
        problem: None,
        rights: Vec::new(),
    };
    let (lists, patches) = (may(Right::of("list")), may(Right::on("patch", "ephemeralcontainers")));
    found.rights = rights;
    if lists {
        found.pod = pod(cluster, &kind, name, args.pod.as_deref()).await?;
    }
    let missing = rights::missing(&found.rights);
    if !missing.is_empty() {
        let missing: Vec<String> = missing.into_iter().map(rights::words).collect();
        found.problem = Some((Code::TapForbidden, format!("rights are missing: {}", missing.join(", "))));
    }
    let Some((pod, node)) = found.pod.clone() else {
        let why = "there is no running pod to try it on".to_owned();
        found.problem = found.problem.or(Some((Code::NotFound, why)));
        return Ok(found);
    };
    if patches {
        match tried(desk, cluster, name, &pod, image).await {
            Ok(trials) => found.trials = trials,
            Err(problem) => found.problem = found.problem.or(Some(problem)),
        }
        let passes = |profile| found.trials.iter().any(|one| one.profile == profile && one.refused.is_none());
        let packets = passes(Profile::NetRaw) || passes(Profile::Inherited);
        if !packets && !found.trials.is_empty() {
            let why = match passes(Profile::Sockets) {
                true => "admission lets the container in without the right to packets alone",
                false => "admission refuses the container in every profile",
            };
            found.problem = found.problem.or(Some((Code::TapAdmission, why.to_owned())));
        }
    }
    found.pulled = has_image(cluster, &node, image).await;
    Ok(found)
}

/// The named pod, or one that runs; with its node.
async fn pod(
    cluster: &Cluster,
    kind: &Kind,
    namespace: &str,
    named: Option<&str>,
) -> Result<Option<(String, String)>, Error> {
    let fields = match named {
        Some(name) => format!("metadata.name={name}"),
        None => "status.phase=Running".to_owned(),
    };
    let query = PageQuery {
        namespace: Some(namespace),
        limit: 100,
        token: "",
        selector: "",
        fields: &fields,
        version: "",
        format: Format::Json,
    };
    let bytes = cluster.reader().page(kind, query).await.map_err(Error::of)?;
    let page: Value =
        serde_json::from_slice(&bytes).map_err(|error| Error::of(cluster::Error::Decode(error.to_string())))?;
    let text = |pod: &Value, path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let fits = |pod: &&Value| {
        let mirror = pod.pointer("/metadata/annotations").and_then(|all| all.get("kubernetes.io/config.mirror"));
        named.is_some()
            || (mirror.is_none()
                && pod.pointer("/spec/hostNetwork").and_then(Value::as_bool) != Some(true)
                && pod.pointer("/metadata/deletionTimestamp").is_none())
    };
    let found = page.get("items").and_then(Value::as_array).into_iter().flatten().find(fits);
    Ok(found.map(|pod| (text(pod, "/metadata/name"), text(pod, "/spec/nodeName"))))
}

/// The dry-runs, decided and journalled like those of a plan.
async fn tried(
    desk: &Desk,
    cluster: &Cluster,
    namespace: &str,
    pod: &str,
    image: &str,
) -> Result<Vec<Trial>, (Code, String)> {
    let object = ObjectTarget {
        cluster: cluster.name().clone(),
        kind: "pods".to_owned(),
        namespace: namespace.to_owned(),
        name: pod.to_owned(),
    };
    let action = PlanMake { action: "tap:start".to_owned(), objects: vec![object] };
    let said = |error: &dyn base::Coded| (error.code(), error.to_string());
    let permit: Permit<PlanMake> =
        desk.gate.permit(&desk.principal, action, &Answers::default()).map_err(|refusal| said(&refusal))?;
    let trials = capture::trial(cluster, &permit, image).await.map_err(|error| said(&error));
    permit.finish(Outcome::Done { message: "tried".to_owned() });
    trials
}

/// Whether the node has the image: kubelets tell of their largest ones alone, so `false` is a hint.
async fn has_image(cluster: &Cluster, node: &str, image: &str) -> Option<bool> {
    let kind = Kind::builtin("nodes")?;
    let node = cluster.reader().get_json(&kind, "", node).await.ok()?;
    let images = node.pointer("/status/images").and_then(Value::as_array)?;
    let names = images.iter().filter_map(|one| one.get("names").and_then(Value::as_array)).flatten();
    Some(names.filter_map(Value::as_str).any(|name| name == image))
}

/// Namespaces that are looked at.
const MOST: usize = 100;
