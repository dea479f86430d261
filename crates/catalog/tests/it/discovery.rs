//! Kinds from the server's aggregated discovery.

use crate::server::Server;
use catalog::{Crd, Kind, ServedResource};
use serde_json::Value;
use std::sync::Arc;
use wire::list::List;
use wire::{Budget, Format};

const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

pub(crate) fn kinds(server: &Server) -> Vec<Arc<Kind>> {
    let mut served = Vec::new();
    for root in ["/api", "/apis"] {
        let document = server.json(root, ACCEPT).unwrap();
        for group in items(&document["items"]) {
            let name = text(&group["metadata"]["name"]);
            for (at, version) in items(&group["versions"]).iter().enumerate() {
                for resource in items(&version["resources"]) {
                    served.push(resource_of(&name, &text(&version["version"]), at == 0, resource));
                }
            }
        }
    }
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let body = server.get(path, Format::Protobuf.media_type()).unwrap();
    let list = List::open(Format::Protobuf, &body, &Budget::default()).unwrap();
    let crds: Vec<Crd> = list.items().map(|item| Crd::read(item.unwrap()).unwrap()).collect();
    catalog::kinds(&served, &crds)
}

fn resource_of(group: &str, version: &str, preferred: bool, resource: &Value) -> ServedResource {
    let list = |value: &Value| items(value).iter().map(text).collect();
    ServedResource {
        group: group.to_owned(),
        version: version.to_owned(),
        preferred,
        kind: text(&resource["responseKind"]["kind"]),
        plural: text(&resource["resource"]),
        singular: text(&resource["singularResource"]),
        short_names: list(&resource["shortNames"]),
        categories: list(&resource["categories"]),
        namespaced: resource["scope"] == "Namespaced",
        verbs: list(&resource["verbs"]),
        subresources: items(&resource["subresources"]).iter().map(|sub| text(&sub["subresource"])).collect(),
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
