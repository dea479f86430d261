#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Lookup, Wanted};
use base::{ClusterName, Coded};
use serde_json::{Value, json};

fn all() -> Vec<(ClusterName, Value)> {
    let one = |name: &str, owner: &str, cpu: &str, created: &str, source: Value| {
        let object = json!({
            "metadata": { "name": name, "namespace": "lab", "creationTimestamp": created },
            "spec": { "owner": owner, "org": "default", "mode": "Standalone", "resources": { "cpu": cpu }, "source": source },
            "status": { "phase": "Running" },
        });
        (ClusterName::new("c"), object)
    };
    let repo = json!({ "repo": { "owner": "org", "name": "proj", "ref": "main" } });
    vec![
        one("small", "ada", "500m", "2026-01-01T00:00:00Z", json!(null)),
        one("large", "Bob", "4", "2026-01-02T00:00:00Z", repo),
        one("unsaid", "ada", "", "2026-01-03T00:00:00Z", json!(null)),
    ]
}

/// 2026-01-04
const NOW: u64 = 1_767_484_800_000;

fn names(wanted: &Wanted) -> (u64, Vec<String>) {
    let (total, page) = Lookup::of(wanted, None).unwrap().choose(all(), NOW);
    (total, page.iter().map(|(_, object)| object["metadata"]["name"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn wl_09c_members_and_an_expression_over_all_that_is_told_choose() {
    let text = |query: &str| names(&Wanted { query: query.to_owned(), ..Wanted::default() }).1;
    assert_eq!(text(""), ["large", "small", "unsaid"], "by name where nobody says");
    assert_eq!(text("cpu >= 500m and cpu < 4"), ["small"]);
    assert_eq!(text("status = \"Running\" and repo_owner = \"org\""), ["large"]);
    assert_eq!(text("created < 30h"), ["unsaid"]);
    assert_eq!(text("workspace_type = \"Inject\""), Vec::<String>::new());
    let people = Wanted { usernames: vec!["bob".to_owned(), "eve".to_owned()], ..Wanted::default() };
    assert_eq!(names(&people).1, ["large"], "names of people have no case");
    let repo = Wanted { repo_name: "proj".to_owned(), repo_ref: "main".to_owned(), ..Wanted::default() };
    assert_eq!(names(&repo).1, ["large"]);
    assert_eq!(names(&Wanted { workspace: "small".to_owned(), ..Wanted::default() }).1, ["small"]);
    let named = Lookup::of(&Wanted::default(), Some("unsaid".to_owned())).unwrap();
    assert_eq!(named.choose(all(), NOW).0, 1, "the name that a user string comes to");
}

#[test]
fn wl_09d_an_order_and_a_page_are_of_what_was_chosen() {
    let page = |sort: &str, offset, limit| names(&Wanted { sort: sort.to_owned(), offset, limit, ..Wanted::default() });
    assert_eq!(page("-created", 0, Some(2)), (3, vec!["unsaid".to_owned(), "large".to_owned()]));
    assert_eq!(page("username,-created", 1, None).1, ["unsaid", "small"]);
    assert_eq!(page("cpu", 0, None).1, ["small", "large", "unsaid"], "what has none comes last");
    assert_eq!(page("-cpu", 0, None).1, ["large", "small", "unsaid"], "whichever way round");
    let wrong = |wanted: Wanted| Lookup::of(&wanted, None).err().expect("it is wrong").code().as_str();
    assert_eq!(wrong(Wanted { sort: "nonsense".to_owned(), ..Wanted::default() }), "query_syntax");
    assert_eq!(wrong(Wanted { query: "nonsense = 1".to_owned(), ..Wanted::default() }), "query_syntax");
}
