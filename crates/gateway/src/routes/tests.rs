#![allow(clippy::unwrap_used)]

use api::workspace::{WorkspaceApp, WorkspaceLine, WorkspacePortSeen, WorkspaceSystem};
use axum::Router;
use link::told;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Methods and paths of a router. Nothing but its `Debug` tells of them: by the number of each route the `Allow` header of its
/// methods, then its path.
fn served<S>(router: &Router<S>) -> BTreeSet<(String, String)> {
    let text = format!("{router:?}");
    let own = text.split("fallback_router").next().unwrap();
    let (mut methods, mut paths) = (BTreeMap::new(), BTreeMap::new());
    for route in own.split("RouteId(").skip(1) {
        let (id, told) = route.split_once("): ").unwrap();
        if let Some(path) = told.strip_prefix('"') {
            paths.insert(id, path.split('"').next().unwrap());
        } else {
            let (_, allow) = told.rsplit_once("allow_header: ").unwrap();
            let allow = allow.strip_prefix("Bytes(b\"").map_or("*", |allow| allow.split('"').next().unwrap());
            methods.insert(id, allow);
        }
    }
    assert!(!paths.is_empty() && methods.keys().eq(paths.keys()), "axum tells of its routes in other words: {text}");
    let of = |(id, allow): (&&str, &&str)| {
        let path = paths.get(*id).unwrap().to_string();
        let methods = allow.split(',').filter(|method| *method != "HEAD").map(str::to_owned).collect::<Vec<_>>();
        methods.into_iter().map(move |method| (method, path.clone()))
    };
    methods.iter().flat_map(of).collect()
}

#[test]
fn ar_08b_every_route_stands_in_the_openapi_document_and_nothing_else_does() {
    let mut ours = served(&super::paths());
    ours.extend(served(&crate::guild::paths()));
    ours.extend(["/healthz", "/readyz"].map(|path| ("GET".to_owned(), path.to_owned())));
    let written: BTreeSet<(String, String)> =
        api::openapi::calls().iter().map(|call| (call.method.to_owned(), call.path.to_owned())).collect();
    assert_eq!(ours.difference(&written).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "not written down");
    assert_eq!(written.difference(&ours).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "not served");
    assert!(ours.len() > 80, "{}", ours.len());
}

/// A value of ours is read as the form that is written down; every member is known there.
fn fits<T: serde::de::DeserializeOwned + serde::Serialize>(said: impl serde::Serialize) {
    let said: Value = serde_json::to_value(said).unwrap();
    let read: T = serde_json::from_value(said.clone()).unwrap_or_else(|error| panic!("{error}: {said:#}"));
    assert_eq!(serde_json::to_value(read).unwrap(), said);
}

#[test]
fn what_daemons_say_has_the_form_that_is_written_down() {
    let app =
        told::App { port: Some(1), pid: Some(2), started_ms: Some(3), next_start_ms: Some(4), ..told::App::default() };
    fits::<WorkspaceApp>(app);
    fits::<WorkspaceApp>(told::App::default());
    let port = told::Port { pid: Some(1), app: Some("a".into()), name: Some("b".into()), ..told::Port::default() };
    fits::<WorkspacePortSeen>(port);
    fits::<WorkspaceLine>(told::Line::default());
    let mounts = vec![told::Mount::default()];
    let (cpu_limit_millicores, memory_limit_bytes) = (Some(1), Some(2));
    fits::<WorkspaceSystem>(told::System {
        cpu_limit_millicores,
        memory_limit_bytes,
        mounts,
        ..told::System::default()
    });
    assert!(serde_json::from_value::<WorkspaceApp>(json!({ "id": "a", "more": 1 })).is_err());
}
