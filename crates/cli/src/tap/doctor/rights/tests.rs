#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{ASKED, missing, words};

fn without(lacking: &[usize]) -> Vec<(cluster::Right, bool)> {
    ASKED.iter().enumerate().map(|(at, right)| (*right, !lacking.contains(&at))).collect()
}

fn role(namespace: &str, user: &str, rights: &[(cluster::Right, bool)]) -> Option<String> {
    super::role(namespace, user, &missing(rights))
}

fn lacks(lacking: &[usize]) -> Vec<String> {
    missing(&without(lacking)).into_iter().map(words).collect()
}

#[test]
fn cap_n_05c_one_way_to_the_agent_is_enough() {
    assert!(lacks(&[4, 5]).is_empty(), "by attach");
    assert!(lacks(&[6, 7]).is_empty(), "by exec");
    assert!(lacks(&[5, 6, 7]) == ["pods/exec get"], "the half of a way is none");
    assert_eq!(lacks(&[4, 5, 6, 7]), ["pods/exec create", "pods/exec get"], "the better one is asked for");
    assert_eq!(lacks(&[4, 5, 7]), ["pods/exec create", "pods/exec get"]);
}

#[test]
fn cap_n_05a_what_is_missing_is_a_role_and_its_binding() {
    assert_eq!(role("shop", "mira", &without(&[])), None);
    let yaml = role("shop", "mira: #1", &without(&[3, 4, 5, 6, 7])).unwrap();
    let parts: Vec<serde_json::Value> = yaml.split("---\n").map(|part| serde_saphyr::from_str(part).unwrap()).collect();
    assert_eq!(parts[0]["kind"], "Role");
    assert_eq!(parts[0]["metadata"]["namespace"], "shop");
    let rules = &parts[0]["rules"];
    assert_eq!(
        (&rules[0]["resources"][0], &rules[0]["verbs"][0]),
        (&"pods/ephemeralcontainers".into(), &"patch".into())
    );
    assert_eq!(
        rules[1],
        serde_json::json!({"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create", "get"]})
    );
    assert_eq!(parts[1]["subjects"][0]["name"], "mira: #1");
    assert_eq!(lacks(&[3, 5, 7]), ["pods/ephemeralcontainers patch", "pods/exec get"]);
    let yaml = role("shop", "system:serviceaccount:ci:runner", &without(&[0])).unwrap();
    assert!(yaml.contains("- kind: ServiceAccount\n  name: \"runner\"\n  namespace: \"ci\"\n"), "{yaml}");
}
