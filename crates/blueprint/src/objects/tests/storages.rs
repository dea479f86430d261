//! Storages and claims.

use super::*;
use serde_json::json;

fn claim<'a>(objects: &'a Objects, name: &str) -> &'a PersistentVolumeClaim {
    let mut all = objects.claims.iter();
    all.find(|claim| claim.metadata.name.as_deref() == Some(name)).unwrap_or_else(|| {
        let names: Vec<_> = objects.claims.iter().filter_map(|one| one.metadata.name.as_deref()).collect();
        panic!("no claim {name} among {names:?}")
    })
}

#[test]
fn bp_10_each_type_is_a_volume_of_its_kind() {
    let made = made(
        "resources: {memory: 2Gi}, storages: {home: {path: /home/ada, fsOwnerUid: 1001}, given: {path: /g, existingClaim: mine, \
         readonly: true}, scratch: {type: emptyDir, path: /s, sizeLimit: 1Gi}, fast: {type: memory, path: /f}, \
         off: {enabled: false, path: /o}}",
    );
    let pod = json_of(&made.pod);
    assert_eq!(volume(&pod, "storage-home")["persistentVolumeClaim"]["claimName"], "pvc-ada-x-home");
    assert_eq!(volume(&pod, "storage-given")["persistentVolumeClaim"]["claimName"], "mine");
    assert_eq!(volume(&pod, "storage-scratch")["emptyDir"], json!({"sizeLimit": "1Gi"}));
    let fast = json!({"medium": "Memory", "sizeLimit": (512_u64 << 20).to_string()});
    assert_eq!(volume(&pod, "storage-fast")["emptyDir"], fast, "a quarter of the memory");
    assert_eq!(volume(&pod, "storage-off"), Json::Null);
    let main = container(&pod, "main");
    assert_eq!(mounted(&main, "/home/ada")["name"], "storage-home");
    assert_eq!(mounted(&main, "/g")["readOnly"], true);
    assert_eq!(made.claims.len(), 1, "a claim that is there is not made again");
    let text = &made.config_maps[0].data.as_ref().unwrap()["config.yaml"];
    let config: Json = serde_json::from_str(text).unwrap();
    assert_eq!(config["volumes"], json!([{"path": "/home/ada", "uid": 1001, "gid": null}]));
    assert_eq!(config["user"]["home"], "/home/ada");
}

#[test]
fn bp_10c_a_claim_is_as_it_is_written() {
    let made = made(
        "storages: {home: {path: /h, claimSpecAnnotations: {a/b: 1}, claimSpec: {accessModes: [ReadWriteOncePod], \
         storageClassName: fast, resources: {requests: {storage: 20Gi}}}}}",
    );
    let claim = claim(&made, "pvc-ada-x-home");
    let expected = json!({
        "accessModes": ["ReadWriteOncePod"], "storageClassName": "fast", "resources": {"requests": {"storage": "20Gi"}},
    });
    assert_eq!(json_of(claim.spec.as_ref().unwrap()), expected);
    assert_eq!(claim.metadata.annotations.as_ref().unwrap()["a/b"], "1");
    assert_eq!(claim.metadata.owner_references, None);
    let mut place = place();
    place.claims.class = Some("slow".to_owned());
    let made = made_at("storages: {home: {path: /h}}", &place);
    let spec = json_of(made.claims[0].spec.as_ref().unwrap());
    assert_eq!((&spec["storageClassName"], &spec["accessModes"]), (&json!("slow"), &json!(["ReadWriteOnce"])));
}

#[test]
fn bp_11a_names_of_claims_and_what_is_shared() {
    let fields = "storages: {home: {path: /a}, mine: {path: /b, id: ada}, shared: {type: shared, path: /c}, \
                  team: {type: shared, path: /d, id: blue}}, podman: {enabled: true, image: p, storages: {x: {path: /x}}}";
    let made = made(fields);
    for name in [
        "pvc-ada-x-home",
        "pvc-ada-mine",
        "pvc-shared-acme",
        "pvc-team-acme-blue",
        "pvc-ada-x-podman-x",
        "pvc-ada-x-podman-graph",
    ] {
        assert_eq!(claim(&made, name).metadata.owner_references, None, "{name}");
    }
    assert_eq!(made.claims.len(), 6);
    let shared = claim(&made, "pvc-shared-acme");
    assert_eq!(shared.spec.as_ref().unwrap().access_modes.as_deref(), Some(&["ReadWriteMany".to_owned()][..]));
    for (name, mark) in [("pvc-ada-x-home", "own"), ("pvc-ada-mine", "shared"), ("pvc-shared-acme", "shared")] {
        let labels = claim(&made, name).metadata.labels.as_ref().unwrap();
        assert_eq!(labels.get("quarterdeck.dev/storage").map(String::as_str), Some(mark), "{name}");
    }
    let mut other = place();
    other.id = "bob-y".to_owned();
    other.workspace = "bob".to_owned();
    other.user.username = "bob".to_owned();
    let others = made_at(fields, &other);
    assert_eq!(claim(&others, "pvc-shared-acme"), shared, "who shares a claim writes the same");
    other.user.organization = "other".to_owned();
    assert!(made_at(fields, &other).claims.iter().all(|one| one.metadata.name.as_deref() != Some("pvc-shared-acme")));
}

#[test]
fn wb_26a_without_volumes_folders_last_as_long_as_the_pod_and_it_is_said() {
    let mut place = place();
    place.claims.provided = false;
    let made = made_at("storages: {home: {path: /home/ada}}", &place);
    assert!(made.claims.is_empty());
    assert_eq!(volume(&json_of(&made.pod), "storage-home")["emptyDir"], json!({}));
    assert_eq!(made.notes, ["/home/ada lasts as long as the pod: the cluster provides no volumes"]);
}

#[test]
fn bp_11b_what_a_workspace_joins_is_told_by_how_it_says_so_and_not_by_names_of_claims() {
    let fields = "storages: {home: {path: /a}, own: {path: /o, id: ada-x}, mine: {path: /b, id: ada}, \
                  team: {type: shared, path: /d, id: blue}, org: {type: shared, path: /c}, given: {path: /g, existingClaim: mine}, \
                  off: {type: shared, path: /f, enabled: false}, fast: {type: memory, path: /m}}, \
                  podman: {enabled: true, image: p, storages: {x: {path: /x, id: blue}}}";
    let told = |place: &Place| {
        let all = joined(&effective(fields), place);
        all.into_iter().map(|one| (one.claim, one.how, one.id)).collect::<Vec<_>>()
    };
    let said = |claim: &str, how, id: &str| (claim.to_owned(), how, id.to_owned());
    let place = place();
    let all = told(&place);
    assert_eq!(
        all,
        [
            said("mine", Joining::Existing, ""),
            said("pvc-ada-mine", Joining::Named, "ada"),
            said("pvc-blue-podman-x", Joining::Named, "blue"),
            said("pvc-org-acme", Joining::Shared, ""),
            said("pvc-team-acme-blue", Joining::Shared, "blue"),
        ]
    );
    // Each claim that is made and not its own is among them.
    let made = made(fields);
    for claim in &made.claims {
        let name = claim.metadata.name.clone().unwrap();
        let own = claim.metadata.labels.as_ref().unwrap()["quarterdeck.dev/storage"] == "own";
        assert_eq!(own || name == "pvc-ada-x-own", !all.iter().any(|(claim, ..)| *claim == name), "{name}");
    }
    let mut without = place;
    without.claims.provided = false;
    assert_eq!(told(&without), [said("mine", Joining::Existing, "")]);
}
