//! Blueprints and Grants as kubectl shows them, with what the operator found out about each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::Console;
use e2e::fresh::Fresh;
use e2e::workspaces::{apply, condition, get, operator, until};
use e2e::{context, kubeconfig, kubectl};
use serde_json::{Value, json};

/// An object of ours of the whole cluster or of a namespace, which goes when it is dropped.
struct Made {
    resource: &'static str,
    namespace: String,
    name: &'static str,
}

impl Made {
    fn new(kind: &str, resource: &'static str, namespace: &str, name: &'static str, spec: &Value) -> Self {
        let mut object = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": kind, "metadata": { "name": name }, "spec": spec,
        });
        if !namespace.is_empty() {
            object["metadata"]["namespace"] = namespace.into();
        }
        kubectl::apply(&kubeconfig(), &object.to_string());
        Self { resource, namespace: namespace.to_owned(), name }
    }

    fn seen(&self) -> Value {
        get(&self.namespace, self.resource, self.name)
    }

    /// The heads and the cells of its row.
    fn row(&self) -> (String, Vec<String>) {
        let mut words = vec!["get", self.resource, self.name];
        if !self.namespace.is_empty() {
            words.extend(["-n", &self.namespace]);
        }
        let table = kubectl::stdout(&kubeconfig(), &words);
        let heads = table.lines().next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        let cells = table.lines().nth(1).unwrap_or_default().split_whitespace().map(str::to_owned);
        (heads, cells.collect())
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let words = ["delete", self.resource, self.name, "-n", &self.namespace, "--wait=false"];
        let of_cluster = &words[..3];
        let words: Vec<&str> =
            if self.namespace.is_empty() { [of_cluster, &words[5..]].concat() } else { words.to_vec() };
        let _ = kubectl::kubectl(&kubeconfig(), &words);
    }
}

const PLATFORM: &str = "clusterblueprints.quarterdeck.dev";
const OWN: &str = "blueprints.quarterdeck.dev";

#[test]
fn ws_02_blueprints_tell_whether_they_are_right_what_they_build_on_and_how_many_use_them() {
    let fresh = Fresh::new("ws-kinds");
    let ns = fresh.name();
    let _console = operator();
    let image = "images.invalid/shell:1";
    let _base = Made::new(
        "ClusterBlueprint",
        PLATFORM,
        "",
        "zz-kinds-base",
        &json!({ "image": image, "isTemplate": true, "env": { "WHOSE": "platform" } }),
    );
    let spec = json!({ "template": "zz-kinds-base", "image": image, "isTemplate": false });
    let platform = Made::new("ClusterBlueprint", PLATFORM, "", "zz-kinds", &spec);
    let spec = json!({ "template": "zz-kinds", "env": { "WHOSE": "organization" } });
    let own = Made::new("Blueprint", OWN, ns, "zz-kinds", &spec);
    let spec = json!({ "template": "zz-kinds", "expressions": { "/splash": "user.nothing", "/env/A": "1 +" } });
    let bad = Made::new("Blueprint", OWN, ns, "bad", &spec);
    let stopped = |reference: Value| json!({ "blueprintRef": reference, "state": "Stopped" });
    apply(ns, "one", &stopped(json!({ "name": "zz-kinds" })));
    apply(ns, "two", &stopped(json!({ "name": "zz-kinds", "kind": "Blueprint" })));
    apply(ns, "three", &stopped(json!({ "name": "zz-kinds", "kind": "ClusterBlueprint" })));

    until("the organization's is used twice", 90, || own.seen()["status"]["usedBy"] == 2);
    until("the platform's is used once", 30, || platform.seen()["status"]["usedBy"] == 1);
    let (heads, cells) = platform.row();
    assert_eq!(heads, "NAME TEMPLATE ABSTRACT IMAGE VALID USED AGE");
    assert_eq!(cells[..6], ["zz-kinds", "zz-kinds-base", "false", image, "True", "1"]);
    assert_eq!(own.row().0, heads);
    let seen = own.seen();
    assert_eq!(seen["status"]["chain"], json!(["zz-kinds-base", "zz-kinds"]), "{seen:#}");
    assert_eq!(seen["status"]["observedGeneration"], seen["metadata"]["generation"]);
    assert_eq!(condition(&seen, "Valid").0, "True");
    assert_eq!(condition(&seen, "Resolved").0, "True");
    let digest = seen["status"]["digest"].as_str().unwrap().to_owned();
    assert!(digest.starts_with("sha256:") && platform.seen()["status"]["digest"] != digest.as_str());

    until("what is wrong is told", 30, || bad.seen()["status"]["problems"].is_array());
    let seen = bad.seen();
    assert_eq!(condition(&seen, "Valid"), ("False".into(), "CELError".into()), "{seen:#}");
    assert_eq!(condition(&seen, "Resolved").0, "False");
    let problems = seen["status"]["problems"].as_array().unwrap();
    for pointer in ["/splash", "/env/A"] {
        let one = problems.iter().find(|one| one["pointer"] == pointer).unwrap_or_else(|| panic!("{problems:#?}"));
        assert!(one["line"].as_i64() > Some(0) && one["column"].as_i64() > Some(0), "{one:#}");
    }

    // The organization's stands before the platform's of the same name, unless somebody says otherwise.
    let layers = |name: &str| -> Vec<String> {
        let seen = get(ns, "workspaces.quarterdeck.dev", name);
        let layers = seen["status"]["blueprint"]["layers"].as_array().cloned().unwrap_or_default();
        layers.iter().map(|one| one["kind"].as_str().unwrap_or_default().to_owned()).collect()
    };
    until("all of them were looked at", 60, || ["one", "two", "three"].iter().all(|name| !layers(name).is_empty()));
    assert!(layers("one").contains(&"org".to_owned()) && layers("two").contains(&"org".to_owned()));
    assert!(!layers("three").contains(&"org".to_owned()), "{:?}", layers("three"));

    // What changes below is told above.
    let spec = json!({ "template": "zz-kinds-base", "image": image, "isTemplate": false, "env": { "MORE": "1" } });
    let _changed = Made::new("ClusterBlueprint", PLATFORM, "", "zz-kinds", &spec);
    until("the digest is another one", 60, || own.seen()["status"]["digest"] != digest.as_str());
}

#[test]
fn ws_03_a_grant_shows_for_whom_it_is_what_it_allows_until_when_and_how_many_it_matches() {
    let fresh = Fresh::new("ws-grants");
    let ns = fresh.name();
    let _console = operator();
    let spec = json!({
        "subjects": [{ "kind": "User", "name": "ada" }, { "kind": "Org", "name": "lab" }],
        "actions": ["stop", "readLogs"], "notAfter": "2099-01-02T03:04:05Z",
        "selector": { "matchExpressions": [{ "key": "team", "operator": "In", "values": ["red"] }] },
    });
    let grant = Made::new("Grant", "grants.quarterdeck.dev", ns, "reds", &spec);
    for (name, team) in [("one", "red"), ("two", "red"), ("three", "blue")] {
        apply(ns, name, &json!({ "state": "Stopped" }));
        let object = format!("workspaces.quarterdeck.dev/{name}");
        let _ = kubectl::stdout(&kubeconfig(), &["label", "-n", ns, &object, &format!("team={team}")]);
    }
    until("it matches two", 90, || grant.seen()["status"]["matched"] == 2);
    let (heads, cells) = grant.row();
    assert_eq!(heads, "NAME SUBJECTS ACTIONS VALID UNTIL MATCHES AGE");
    let row = cells.join(" ");
    for words in ["reds", "ada", "stop", "readLogs", "2099-01-02T03:04:05Z"] {
        assert!(row.contains(words), "{words}: {row}");
    }
    assert_eq!(cells[cells.len() - 2], "2", "{row}");
    let seen = grant.seen();
    assert_eq!(condition(&seen, "Valid"), ("True".into(), "AsExpected".into()), "{seen:#}");
    assert_eq!(seen["status"]["observedGeneration"], seen["metadata"]["generation"]);
    assert_eq!(seen["status"]["inUse"], 0, "it launched none of them");
}

#[test]
fn bc_02e_a_folder_of_blueprints_is_watched_and_a_broken_set_is_told_and_left() {
    let fresh = Fresh::new("ws-folder");
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("own.yaml", "blueprint:\n  name: of-a-folder\n  image: !cel \"'images.invalid/' + env('TEAM') + ':1'\"\n");
    let path = folder.path().display().to_string();
    let variables = [("QD__BLUEPRINTS__FOLDER", path.as_str()), ("QD__BLUEPRINTS__ENV", "{ TEAM = \"red\" }")];
    let console = Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &variables);
    let listed = || {
        let path = format!("/blueprints?cluster={}&namespace={}", context(), fresh.name());
        console.ask("GET", &path, None, &[]).json()
    };
    let row = |name: &str| {
        let all = listed()["blueprints"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|one| one["name"] == name)
    };
    let image = |name: &str| {
        let asked = json!({ "cluster": context(), "namespace": fresh.name(), "blueprint": name });
        let told = console.ask("POST", "/blueprints/preview", Some(&asked), &[]).json();
        let fields = told["fields"].as_array().cloned().unwrap_or_default();
        fields.into_iter().find(|one| one["pointer"] == "/image").map(|one| one["value"].clone())
    };
    let of = row("of-a-folder").expect("it stands among the others");
    assert_eq!((of["kind"].as_str(), &of["valid"]), (Some("file"), &json!(true)), "{of:#}");
    assert_eq!(image("of-a-folder"), Some(json!("images.invalid/red:1")), "what env() reads is of the configuration");
    write("own.yaml", "blueprint:\n  name: of-a-folder\n  image: images.invalid/own:2\n");
    until("the other set is taken", 60, || image("of-a-folder") == Some(json!("images.invalid/own:2")));
    write("more.yaml", "blueprint:\n  name: more\n  imag: images.invalid/more:1\n");
    until("what is wrong is told with its place", 60, || {
        let problems = listed()["problems"].as_array().cloned().unwrap_or_default();
        problems.iter().any(|one| one["pointer"] == "/imag" && one["file"] == "more.yaml" && one["line"] == 3)
    });
    assert!(row("more").is_none() && row("of-a-folder").is_some(), "the set of before holds");
    write("more.yaml", "blueprint:\n  name: more\n  image: images.invalid/more:1\n");
    until("it is taken once it is right", 60, || row("more").is_some());
}
