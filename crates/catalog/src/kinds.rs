//! From discovery to the list of kinds.

use crate::builtin::{self, Builtin};
use crate::crd::Crd;
use crate::kind::{Act, Kind, Section, ServedResource, Source};
use crate::{column, printer};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use wire::{Format, Message};

/// Every kind that can be listed, in the order of the navigation: by section, known kinds in their own order, the rest
/// by title. Of several versions of a kind the one that our columns are written for is taken if it is served, else the
/// one that the server prefers.
#[must_use]
pub fn kinds(served: &[ServedResource], crds: &[Crd]) -> Vec<Arc<Kind>> {
    let mut chosen: FxHashMap<(&str, &str), &ServedResource> = FxHashMap::default();
    for resource in served.iter().filter(|resource| resource.verbs.iter().any(|verb| verb == "list")) {
        let rank = |candidate: &ServedResource| (wanted(candidate), candidate.preferred);
        chosen
            .entry((&resource.group, &resource.plural))
            .and_modify(|best| {
                if rank(resource) > rank(best) {
                    *best = resource;
                }
            })
            .or_insert(resource);
    }
    let mut kinds: Vec<Kind> = chosen
        .into_values()
        .map(|resource| {
            let spec = builtin::find(&id(&resource.group, &resource.plural));
            let crd = crds.iter().find(|crd| crd.group == resource.group && crd.plural == resource.plural);
            build(resource, spec, crd)
        })
        .collect();
    kinds.sort_by(|a, b| {
        (a.section, builtin::order(&a.id), &a.title, &a.id).cmp(&(b.section, builtin::order(&b.id), &b.title, &b.id))
    });
    kinds.into_iter().map(Arc::new).collect()
}

/// `plural` or `plural.group`.
pub(crate) fn id(group: &str, plural: &str) -> String {
    if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") }
}

/// The version that the built-in columns are written for.
fn wanted(resource: &ServedResource) -> bool {
    builtin::find(&id(&resource.group, &resource.plural)).is_some_and(|spec| spec.version == resource.version)
}

pub(crate) fn build(resource: &ServedResource, spec: Option<&'static Builtin>, crd: Option<&Crd>) -> Kind {
    let api_version = if resource.group.is_empty() {
        resource.version.clone()
    } else {
        format!("{}/{}", resource.group, resource.version)
    };
    let (source, columns) = match (spec, crd.and_then(|crd| crd.columns(&resource.version))) {
        (Some(spec), _) => (Source::Builtin(spec), spec.columns.iter().map(column::Col::head).collect()),
        (None, Some(printer_columns)) => {
            // Without columns of its own a custom resource shows its age, as the API server has it.
            let own = if printer_columns.is_empty() { vec![printer::age()] } else { printer_columns.to_vec() };
            let heads = printer::heads(&own);
            (Source::Printer(own), heads)
        }
        (None, None) => (Source::Plain, vec![column::age().head()]),
    };
    // Only kinds compiled into the API server have protobuf; those are the ones with a message table, unless a custom
    // resource has taken their name.
    let has_table = crd.is_none() && Message::of(&api_version, &resource.kind).is_some();
    let has = |verb: &str| resource.verbs.iter().any(|own| own == verb);
    let scalable = resource.subresources.iter().any(|name| name == "scale");
    let acts = match spec {
        Some(spec) => spec.acts.to_vec(),
        None if scalable => vec![Act::Delete, Act::Scale],
        None => vec![Act::Delete],
    };
    Kind {
        id: id(&resource.group, &resource.plural),
        group: resource.group.clone(),
        version: resource.version.clone(),
        kind: resource.kind.clone(),
        plural: resource.plural.clone(),
        singular: if resource.singular.is_empty() { resource.kind.to_lowercase() } else { resource.singular.clone() },
        short_names: resource.short_names.clone(),
        categories: resource.categories.clone(),
        namespaced: resource.namespaced,
        section: spec.map_or_else(|| section(resource, crd.is_some()), |spec| spec.section),
        title: spec.map_or_else(|| title(resource), |spec| spec.title.to_owned()),
        acts: acts.into_iter().filter(|act| *act != Act::Delete || has("delete")).collect(),
        columns,
        format: if has_table { Format::Protobuf } else { Format::Json },
        verbs: resource.verbs.clone(),
        subresources: resource.subresources.clone(),
        source,
    }
}

/// The group of the kinds that make workspaces.
const OWN_GROUP: &str = "quarterdeck.dev";

/// A kind without a row of its own: custom resources and aggregated APIs, or a built-in kind newer than our table.
fn section(resource: &ServedResource, is_crd: bool) -> Section {
    if resource.group == OWN_GROUP {
        return Section::Workspaces;
    }
    let ours = resource.group.is_empty() || !resource.group.contains('.') || resource.group.ends_with(".k8s.io");
    if ours && !is_crd { Section::Cluster } else { Section::Custom }
}

/// `VirtualService` + `virtualservices` → `VirtualServices`: the plural, with the kind's capitals. A plural that is not of
/// its kind says what it is about and not what it is: `PodMetrics` + `pods` → `PodMetrics`.
fn title(resource: &ServedResource) -> String {
    let pairs = resource.kind.bytes().zip(resource.plural.bytes());
    let same = pairs.take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    if same + 2 < resource.kind.len() {
        return resource.kind.clone();
    }
    let mut letters = resource.kind.chars();
    let mut out = String::with_capacity(resource.plural.len());
    for letter in resource.plural.chars() {
        match letters.next() {
            Some(own) if own.to_lowercase().eq(letter.to_lowercase()) => out.push(own),
            _ => {
                letters = "".chars();
                out.push(letter);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests;
