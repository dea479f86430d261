#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::plain;
use base::{Code, RequestId};
use cluster::Error;
use serde_json::{Value, json};

fn says(error: &Error) -> (Code, String, Value) {
    let body = plain(error, "delete pods shop/web-1 in dev", RequestId::new());
    (body.code, body.message, body.details.unwrap_or(Value::Null))
}

#[test]
fn exf_13b_a_webhook_that_denies_is_named() {
    let message = "admission webhook \"guard.example.org\" denied the request: no deletes on Fridays".to_owned();
    let (code, says, details) = says(&Error::Admission { message });
    assert_eq!(code, Code::AdmissionDenied);
    assert_eq!(
        says,
        "cannot delete pods shop/web-1 in dev: the admission webhook guard.example.org denies it: no deletes on Fridays"
    );
    assert_eq!(details["webhook"], "guard.example.org");
}

#[test]
fn exf_13b_an_admission_policy_that_denies_is_named() {
    let message = "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'all' denied \
                   request: at most 3 replicas"
        .to_owned();
    let (code, says, details) = says(&Error::Admission { message });
    assert_eq!(code, Code::AdmissionDenied);
    assert!(says.ends_with("the admission policy few denies it: at most 3 replicas"), "{says}");
    assert_eq!(details["policy"], "few");
    let bare = Error::Admission { message: "admission webhook \"w\" denied the request".to_owned() };
    assert!(plain(&bare, "x", RequestId::new()).message.contains("the admission webhook w denies it"));
}

#[test]
fn exf_11a_invalid_fields_are_named_with_their_paths() {
    let causes = json!([
        { "reason": "FieldValueInvalid", "message": "must be greater than or equal to 0", "field": "spec.replicas" },
        { "reason": "FieldValueRequired", "message": "Required value", "field": "spec.selector" },
    ]);
    let (code, says, details) = says(&Error::Invalid { message: "Deployment \"web\" is invalid".to_owned(), causes });
    assert_eq!(code, Code::ApplyInvalid);
    assert!(
        says.contains("spec.replicas: must be greater than or equal to 0; spec.selector: Required value"),
        "{says}"
    );
    assert_eq!(details["fields"][1], json!({ "field": "spec.selector", "message": "Required value" }));
}

#[test]
fn exf_11a_an_immutable_field_says_what_to_do() {
    let causes = json!([{ "message": "field is immutable", "field": "spec.selector" }]);
    let (_, says, _) = says(&Error::Invalid { message: "invalid".to_owned(), causes });
    assert!(says.ends_with("delete it and make it anew"), "{says}");
}

#[test]
fn exn_06h_a_denied_step_names_the_command_that_would_grant_it() {
    let error = Error::Denied {
        verb: "patch".to_owned(),
        kind: "deployments.apps".to_owned(),
        namespace: "shop".to_owned(),
        message:
            "deployments.apps \"web\" is forbidden: User \"ada\" cannot patch resource \"deployments/scale\" in API \
                  group \"apps\" in the namespace \"shop\""
                .to_owned(),
    };
    let (_, says, details) = says(&error);
    let grant = details["grant"].as_str().unwrap();
    assert!(grant.contains("-n shop --verb=get,patch --resource=deployments.apps/scale"), "{grant}");
    assert!(says.ends_with(grant), "{says}");
    assert!(details["server"].as_str().unwrap().contains("is forbidden"), "{details}");
}

#[test]
fn a_denial_names_the_missing_right() {
    let error = Error::Denied {
        verb: "delete".to_owned(),
        kind: "pods".to_owned(),
        namespace: "shop".to_owned(),
        message: "pods \"web-1\" is forbidden: User \"ada\" cannot delete".to_owned(),
    };
    let (code, says, details) = says(&error);
    assert_eq!(code, Code::RbacDenied);
    assert!(says.starts_with(
        "you may not delete pods shop/web-1 in dev: Kubernetes gives you no right to delete pods in shop"
    ));
    assert_eq!(
        (&details["verb"], &details["kind"], &details["namespace"]),
        (&json!("delete"), &json!("pods"), &json!("shop"))
    );
}

#[test]
fn exf_11a_a_conflict_is_apply_conflict() {
    let (code, says, _) = says(&Error::Conflict { message: "the object has been modified".to_owned() });
    assert_eq!(code, Code::ApplyConflict);
    assert!(says.contains("changed by somebody else"));
}
