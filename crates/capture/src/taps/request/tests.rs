#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{groups, title};
use api::tap::TapRequest;

fn request(text: &str) -> TapRequest {
    serde_json::from_str(text).unwrap()
}

#[test]
fn cap_03a_a_request_names_namespaces_with_a_selector_or_objects() {
    let by_labels = request(r#"{"cluster":"c","namespaces":["shop","!b"],"selector":" app=front "}"#);
    let all = groups(&by_labels).unwrap();
    assert_eq!((all.len(), all[0].namespaces.len(), all[0].selector.as_deref()), (1, 2, Some("app=front")));
    assert_eq!(title(&by_labels), "-n shop -n !b -l app=front");

    let everywhere = request(r#"{"cluster":"c","namespaces":["*"]}"#);
    assert!(groups(&everywhere).unwrap()[0].all_namespaces);
    assert_eq!(title(&everywhere), "-A");

    let objects = request(
        r#"{"cluster":"c","targets":[
            {"cluster":"c","kind":"deployments.apps","namespace":"shop","name":"front"},
            {"cluster":"c","kind":"pods","namespace":"infra","name":"dns-1"},
            {"cluster":"c","kind":"services","namespace":"shop","name":"items"}]}"#,
    );
    let all = groups(&objects).unwrap();
    let seen: Vec<(&str, usize)> = all.iter().map(|one| (one.namespaces[0].as_str(), one.objects.len())).collect();
    assert_eq!(seen, [("infra", 1), ("shop", 2)]);
    assert_eq!(title(&objects), "deployments.apps shop/front and 2 more");
}

#[test]
fn a_request_that_says_nothing_or_too_much_is_refused() {
    for wrong in [
        r#"{"cluster":"c"}"#,
        r#"{"cluster":"c","selector":"a=b"}"#,
        r#"{"cluster":"c","namespaces":["a"],"targets":[{"cluster":"c","kind":"pods","namespace":"a","name":"p"}]}"#,
        r#"{"cluster":"c","targets":[{"cluster":"d","kind":"pods","namespace":"a","name":"p"}]}"#,
        r#"{"cluster":"c","targets":[{"cluster":"c","kind":"secrets","namespace":"a","name":"p"}]}"#,
    ] {
        assert!(groups(&request(wrong)).is_err(), "{wrong}");
    }
}
