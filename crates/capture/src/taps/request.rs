//! From the words of a request to the target of a permit.

use super::{How, Taps, TapsError};
use crate::targets::{Found, Object, Targets};
use api::tap::{TapOnFull, TapPackets, TapRequest};
use policy::Principal;
use policy::action::{PacketLevel, TapStart};
use std::collections::BTreeMap;

impl Taps {
    /// What somebody asks for, as policy decides it; and what else they say. It is looked for by their own rights.
    ///
    /// # Errors
    /// When it names nothing that can be tapped, or the cluster cannot be asked.
    pub async fn asked(&self, who: &Principal, request: &TapRequest) -> Result<(TapStart, How), TapsError> {
        let body = request.body.unwrap_or(0);
        if body > LONGEST_BODY {
            return Err(TapsError::Limit("body", u64::from(LONGEST_BODY)));
        }
        let cluster = self.0.mirror.of(who).cluster(&request.cluster)?;
        let mut found = Found::default();
        let all = groups(request)?;
        for targets in &all {
            let more = targets.find(&cluster).await?;
            found.scope.extend(more.scope);
            found.pods.extend(more.pods);
        }
        found.pods.sort();
        found.pods.dedup();
        let packets = match request.packets {
            TapPackets::None => PacketLevel::None,
            TapPackets::Headers => PacketLevel::Headers,
            TapPackets::Masked => PacketLevel::Masked,
            TapPackets::Full => PacketLevel::Full,
        };
        let action = TapStart {
            pods: found.pods,
            scope: found.scope,
            packets,
            unredacted: request.unredacted,
            filter: request.filter.trim().to_owned(),
            seconds: request.seconds,
            privileged: false,
        };
        Ok((action, How { title: title(request), body, stops: request.on_full.map(|on| on == TapOnFull::Stop) }))
    }
}

/// What to ask the cluster for: objects by their namespaces, or the namespaces themselves.
fn groups(request: &TapRequest) -> Result<Vec<Targets>, TapsError> {
    let selector = Some(request.selector.trim().to_owned()).filter(|selector| !selector.is_empty());
    if request.targets.is_empty() {
        if request.namespaces.is_empty() {
            return Err(TapsError::Request("what is to be tapped? name `targets` or `namespaces`".to_owned()));
        }
        let all_namespaces = request.namespaces.iter().any(|name| name == "*");
        let namespaces = if all_namespaces { Vec::new() } else { request.namespaces.clone() };
        return Ok(vec![Targets { namespaces, all_namespaces, selector, ..Targets::default() }]);
    }
    if !request.namespaces.is_empty() || selector.is_some() {
        return Err(TapsError::Request("name `targets`, or `namespaces` and `selector`, not both".to_owned()));
    }
    if request.targets.len() > MOST {
        return Err(TapsError::Request(format!("{} targets are more than {MOST}", request.targets.len())));
    }
    let mut by: BTreeMap<&str, Vec<Object>> = BTreeMap::new();
    for target in &request.targets {
        if target.cluster != request.cluster {
            return Err(TapsError::Request("a tap is of one cluster: its targets are there".to_owned()));
        }
        let object = Object::parse(&format!("{}/{}", target.kind, target.name)).map_err(TapsError::Tap)?;
        by.entry(target.namespace.as_str()).or_default().push(object);
    }
    let one = |(namespace, objects): (&str, Vec<Object>)| {
        let namespaces = if namespace.is_empty() { Vec::new() } else { vec![namespace.to_owned()] };
        Targets { namespaces, objects, ..Targets::default() }
    };
    Ok(by.into_iter().map(one).collect())
}

/// What is tapped, in few words.
fn title(request: &TapRequest) -> String {
    let Some(first) = request.targets.first() else {
        let mut words: Vec<String> = match request.namespaces.iter().any(|name| name == "*") {
            true => vec!["-A".to_owned()],
            false => request.namespaces.iter().map(|name| format!("-n {name}")).collect(),
        };
        if !request.selector.trim().is_empty() {
            words.push(format!("-l {}", request.selector.trim()));
        }
        return words.join(" ");
    };
    let place =
        if first.namespace.is_empty() { first.name.clone() } else { format!("{}/{}", first.namespace, first.name) };
    match request.targets.len() - 1 {
        0 => format!("{} {place}", first.kind),
        more => format!("{} {place} and {more} more", first.kind),
    }
}

/// Bytes of a body that a record shows.
const LONGEST_BODY: u32 = 256 << 10;
/// Targets of one request.
const MOST: usize = 200;

#[cfg(test)]
mod tests;
