//! What a server serves: the aggregated form (one answer for all groups), or group by group where it has none.

use crate::error::Error;
use crate::reader::Reader;
use crate::transport::Call;
use catalog::ServedResource;
use serde_json::Value;

/// Asks for both roots.
pub(crate) async fn discover(reader: &Reader) -> Result<Vec<ServedResource>, Error> {
    let mut found = Vec::new();
    for root in ["/api", "/apis"] {
        let answer = reader.transport.whole(&Call::get(root, ACCEPT, "get", "", "")).await?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|error| Error::Decode(error.to_string()))?;
        if answer.get("kind").and_then(Value::as_str) == Some("APIGroupDiscoveryList") {
            list(&answer, "items").iter().for_each(|group| aggregated(group, &mut found));
        } else {
            by_group(reader, root, &answer, &mut found).await?;
        }
    }
    Ok(found)
}

/// `APIGroupDiscovery` (apidiscovery.k8s.io/v2, KEP-3352).
fn aggregated(group: &Value, found: &mut Vec<ServedResource>) {
    let name = text(group.pointer("/metadata/name"));
    for (at, version) in list(group, "versions").iter().enumerate() {
        if text(version.get("freshness")) == "Stale" && list(version, "resources").is_empty() {
            continue;
        }
        for resource in list(version, "resources") {
            found.push(ServedResource {
                group: name.clone(),
                version: text(version.get("version")),
                preferred: at == 0,
                kind: text(resource.pointer("/responseKind/kind")),
                plural: text(resource.get("resource")),
                singular: text(resource.get("singularResource")),
                short_names: texts(resource.get("shortNames")),
                categories: texts(resource.get("categories")),
                namespaced: text(resource.get("scope")) == "Namespaced",
                verbs: texts(resource.get("verbs")),
                subresources: list(resource, "subresources").iter().map(|sub| text(sub.get("subresource"))).collect(),
            });
        }
    }
}

/// The older form: a list of groups, then one `APIResourceList` for each group and version.
async fn by_group(reader: &Reader, root: &str, answer: &Value, found: &mut Vec<ServedResource>) -> Result<(), Error> {
    let mut versions: Vec<(String, String, bool)> = Vec::new();
    for version in texts(answer.get("versions")) {
        versions.push((String::new(), version, true));
    }
    for group in list(answer, "groups") {
        let preferred = text(group.pointer("/preferredVersion/version"));
        for version in list(group, "versions") {
            let version = text(version.get("version"));
            let is_preferred = version == preferred;
            versions.push((text(group.get("name")), version, is_preferred));
        }
    }
    for (group, version, preferred) in versions {
        let path = if group.is_empty() { format!("{root}/{version}") } else { format!("{root}/{group}/{version}") };
        match reader.json(&path, "get", "", "").await {
            Ok(resources) => legacy(&resources, &group, &version, preferred, found),
            // An aggregated API whose server is down: its kinds are not there now.
            Err(error) if !group.is_empty() => tracing::info!(%error, %path, "a group of the API does not answer"),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn legacy(resources: &Value, group: &str, version: &str, preferred: bool, found: &mut Vec<ServedResource>) {
    let from = found.len();
    for resource in list(resources, "resources") {
        let name = text(resource.get("name"));
        if let Some((plural, sub)) = name.split_once('/') {
            if let Some(own) = found.iter_mut().skip(from).find(|own| own.plural == plural) {
                own.subresources.push(sub.to_owned());
            }
            continue;
        }
        found.push(ServedResource {
            group: group.to_owned(),
            version: version.to_owned(),
            preferred,
            kind: text(resource.get("kind")),
            plural: name,
            singular: text(resource.get("singularName")),
            short_names: texts(resource.get("shortNames")),
            categories: texts(resource.get("categories")),
            namespaced: resource.get("namespaced").and_then(Value::as_bool).unwrap_or(false),
            verbs: texts(resource.get("verbs")),
            subresources: Vec::new(),
        });
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
