#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::{Known, Places, Right};
use crate::follow::{Change, Watched};
use crate::index::Item;
use crate::key::Key;
use base::ClusterName;
use policy::testing::gate;
use policy::{Member, Principal};
use serde_json::{Value, json};
use std::time::Duration;

fn key() -> Key {
    Key { namespace: "ns".to_owned(), name: "hers".to_owned() }
}

fn seen(state: &str, ip: &Value) -> Change {
    let object = json!({
        "metadata": { "uid": "u", "managedFields": [] }, "spec": { "state": state, "env": { "TOKEN": "canary" } },
        "status": { "routeID": "r", "pod": { "name": "hers", "ip": ip } },
    });
    let json = object.to_string().into_bytes().into();
    Change::Seen(Item::Workspace { key: key(), uid: "u".into(), generation: 1, deleting: false, json })
}

fn who() -> (Principal, Principal) {
    let verifier = gate(policy::desk::Desk::default()).composed.verifier;
    (verifier.process("gateway"), verifier.member(Member { name: "ada".to_owned(), ..Member::default() }))
}

#[tokio::test(start_paused = true)]
async fn wf_13i_where_a_workspace_runs_is_known_once_all_was_told_and_to_whom_the_api_server_let_see_it() {
    let (places, here, (process, ada)) = (Places::default(), ClusterName::new("here"), who());
    let known = |who: &Principal| places.known(&here, &key(), who);
    let running = seen("Running", &json!("192.0.2.1"));
    places.take(&here, &running);
    assert_eq!(known(&process), Known::Nothing, "not all was told");
    places.take(&here, &Change::Whole(Watched::Workspaces));
    let Known::Stands(object) = known(&process) else { panic!("the process sees what its watch sees") };
    assert_eq!(object.pointer("/status/pod/ip").unwrap(), "192.0.2.1");
    assert!(!object.to_string().contains("canary"), "no more than is needed is kept");
    // Anybody else: by what the API server let them do, for a minute, and longer while it is away.
    assert_eq!(known(&ada), Known::Nothing);
    places.lets(&here, &key(), &ada, Right::See);
    assert!(matches!(known(&ada), Known::Stands(_)));
    assert!(!places.was_let(&here, &key(), &ada, Right::Exec), "to see it is not to go in");
    tokio::time::advance(Duration::from_secs(61)).await;
    assert!(matches!(known(&ada), Known::Doubtful(_)));
    places.misses(&here);
    assert!(places.is_away(&here) && matches!(known(&ada), Known::Stands(_)));
    tokio::time::advance(Duration::from_secs(6)).await;
    assert!(!places.is_away(&here) && matches!(known(&ada), Known::Doubtful(_)), "it is asked again");
    places.take(&here, &Change::Silent(Watched::Workspaces));
    assert!(places.is_away(&here) && matches!(known(&ada), Known::Stands(_)));
    places.take(&here, &Change::Back(Watched::Workspaces));
    places.lets(&here, &key(), &ada, Right::Exec);
    assert!(places.was_let(&here, &key(), &ada, Right::Exec));
    places.refuses(&here, &key(), &ada);
    assert_eq!(known(&ada), Known::Nothing, "it said no");
    assert!(!places.was_let(&here, &key(), &ada, Right::Exec), "and so to all of it");
    // What was let long ago counts for nobody, whoever is away.
    places.lets(&here, &key(), &ada, Right::See);
    places.take(&here, &Change::Silent(Watched::Workspaces));
    tokio::time::advance(Duration::from_secs(7 * 3600)).await;
    assert!(matches!(known(&ada), Known::Stands(_)));
    tokio::time::advance(Duration::from_secs(3601)).await;
    assert_eq!(known(&ada), Known::Nothing);
    places.take(&here, &Change::Back(Watched::Workspaces));
    // Of what does not run the API server knows more.
    places.take(&here, &seen("Stopped", &json!("192.0.2.1")));
    assert_eq!(known(&process), Known::Nothing);
    places.take(&here, &seen("Running", &Value::Null));
    assert_eq!(known(&process), Known::Nothing);
    places.take(&here, &running);
    let denied = cluster::Error::NotServed { kind: "workspaces".to_owned() };
    places.take(&here, &Change::Refused(Watched::Workspaces, denied));
    assert_eq!(known(&process), Known::Nothing, "who may not watch knows nothing");
}
