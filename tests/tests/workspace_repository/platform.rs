//! The platform's own blueprints in a repository, and the policy's word on what workspaces are made of.

use super::field;
use e2e::alone;
use e2e::console::Console;
use e2e::fresh::Fresh;
use e2e::workspaces::{apply, condition, get, pods, until, wait};
use e2e::{context, kubeconfig};
use git::testing::{Host, Keys, Repository};
use serde_json::{Value, json};

fn tool(image: &str) -> String {
    format!("blueprint:\n  name: platform-tool\n  template: platform-base\n  image: {image}\n")
}

const BASE: (&str, &str) =
    ("blueprints/base.yaml", "blueprint:\n  name: platform-base\n  isTemplate: true\n  resources: {memory: 200Mi}\n");
const TOOL: &str = "blueprints/tool.yaml";

fn reload(console: &Console) -> Value {
    let answer = console.ask("POST", "/blueprints/reload", None, &[]);
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

fn listed(console: &Console, namespace: &str) -> (Option<Value>, Vec<Value>) {
    let path = format!("/blueprints?cluster={}&namespace={namespace}", context());
    let answer = console.ask("GET", &path, None, &[]);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let list: Value = serde_json::from_str(&answer.body).unwrap();
    let one = list["blueprints"].as_array().unwrap().iter().find(|one| one["name"] == "platform-tool").cloned();
    (one, list["problems"].as_array().unwrap().clone())
}

fn started(host: &Host, more: &[(&str, String)]) -> Console {
    let here = format!("[{:?}]", host.name());
    let mut variables = vec![
        ("QD__REPOSITORIES__PRIVATE_HOSTS", here.clone()),
        ("QD__REPOSITORIES__PLAIN_HOSTS", here),
        ("QD__BLUEPRINTS__GIT", format!("http://{}/acme/platform", host.name())),
        ("QD__BLUEPRINTS__REF", "main".to_owned()),
        ("QD__BLUEPRINTS__PATH", "blueprints".to_owned()),
    ];
    variables.extend(more.iter().cloned());
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &variables)
}

/// A console with the blueprints of a repository that has these files, once it lists them.
fn of_files(files: &[(&str, &str)], more: &[(&str, String)], namespace: &str) -> (Host, Console) {
    let (host, repository) = (Host::start(), Repository::new());
    repository.commit(files, "one");
    host.keep("acme/platform", &repository);
    let console = started(&host, more);
    until("it is read at the start", 60, || listed(&console, namespace).0.is_some());
    (host, console)
}

fn made(blueprint: &str, more: &Value) -> Value {
    let mut spec = json!({ "image": null, "blueprintRef": { "kind": "ClusterBlueprint", "name": blueprint } });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    spec
}

#[test]
fn bc_02_the_blueprints_of_a_repository_are_those_of_the_platform_commit_by_commit() {
    let _alone = alone();
    let fresh = Fresh::new("ws-platform-git");
    let ns = fresh.name();
    let (host, repository, keys) = (Host::start(), Repository::new(), Keys::new());
    let ada = keys.make("ada", "ed25519");
    drop(keys.make("eve", "ed25519"));
    let first = repository.signed_commit(&keys, "ada", &[BASE, (TOOL, &tool("images.invalid/shell:1"))], "one");
    host.keep("acme/platform", &repository);
    let console = started(&host, &[("QD__BLUEPRINTS__SIGNERS", format!("[{:?}]", ada.trim()))]);
    until("it is read at the start", 60, || listed(&console, ns).0.is_some());
    let one = listed(&console, ns).0.unwrap();
    assert_eq!((&one["kind"], &one["valid"]), (&json!("file"), &json!(true)), "{one:#}");
    assert_eq!(one["chain"], json!(["platform-base", "platform-tool"]));
    apply(ns, "runs", &made("platform-tool", &json!({})));
    wait(ns, "runs", "condition=Ready");
    let pod = pods(ns, "runs").remove(0);
    assert_eq!(pod["spec"]["containers"][0]["resources"]["limits"]["memory"], "200Mi");

    // A commit that is broken, and one of somebody else, are told and not taken.
    repository.signed_commit(&keys, "ada", &[(TOOL, "blueprint:\n  name: platform-tool\n  image: [\n")], "two");
    host.keep("acme/platform", &repository);
    let broken = reload(&console);
    assert_eq!((&broken["changed"], &broken["commit"]), (&json!(false), &json!(first)), "{broken:#}");
    assert!(broken["problems"][0].as_str().unwrap().contains("tool.yaml:"), "it says where: {broken:#}");
    let (one, problems) = listed(&console, ns);
    assert!(one.is_some() && problems.iter().any(|one| one["file"] == "tool.yaml"), "{problems:#?}");
    repository.signed_commit(&keys, "eve", &[(TOOL, &tool("images.invalid/other:1"))], "three");
    host.keep("acme/platform", &repository);
    let foreign = reload(&console);
    assert!(foreign["problems"][0].as_str().unwrap().contains("not among the signers"), "{foreign:#}");
    apply(ns, "next", &made("platform-tool", &json!({})));
    wait(ns, "next", "condition=Ready");

    // One that is right takes their place, for what is made from then on.
    let small = BASE.1.replace("200Mi", "180Mi");
    let files = [(BASE.0, small.as_str()), (TOOL, &tool("images.invalid/shell:1"))];
    let mended = repository.signed_commit(&keys, "ada", &files, "four");
    host.keep("acme/platform", &repository);
    let taken = reload(&console);
    assert_eq!((&taken["changed"], &taken["commit"], &taken["problems"]), (&json!(true), &json!(mended), &json!([])));
    apply(ns, "last", &made("platform-tool", &json!({})));
    wait(ns, "last", "condition=Ready");
    assert_eq!(pods(ns, "last")[0]["spec"]["containers"][0]["resources"]["limits"]["memory"], "180Mi");
    assert_eq!(pods(ns, "runs")[0]["metadata"]["uid"], pod["metadata"]["uid"], "what runs goes on");
    let journal = console.journal();
    assert!(
        journal.lines().any(|line| line.contains("blueprint:reload") && line.contains("acme/platform")),
        "{journal}"
    );
}

#[test]
fn bc_10_the_policy_patches_what_a_workspace_is_made_of_or_denies_it() {
    let _alone = alone();
    let fresh = Fresh::new("ws-provision");
    let ns = fresh.name();
    let open = "blueprint:\n  name: platform-open\n  template: platform-base\n  image: images.invalid/shell:1\n  network: {networkPolicyClass: organization}\n";
    let odd = "blueprint:\n  name: platform-odd\n  template: platform-base\n  image: images.invalid/shell:1\n";
    let files =
        [BASE, (TOOL, &tool("images.invalid/shell:1")), ("blueprints/open.yaml", open), ("blueprints/odd.yaml", odd)];
    let rules = format!(
        "[{}, {}, {}]",
        "{ name = \"small\", blueprints = [\"platform-tool\"], fields = { \"/resources/memory\" = [\"200Mi\"] }, patch = { \"/resources/memory\" = \"150Mi\" } }",
        "{ name = \"closed\", fields = { \"/network/networkPolicyClass\" = [\"organization\"] }, deny = true, reason = \"open networks are for root: ask them\" }",
        "{ name = \"odd\", blueprints = [\"platform-odd\"], patch = { \"/resources/memory\" = \"much\" } }",
    );
    let (_host, console) = of_files(&files, &[("QD__POLICY__PROVISION", rules)], ns);
    let shown = |blueprint: &str| -> Value {
        let body = json!({ "cluster": context(), "namespace": ns, "blueprint": blueprint });
        let answer = console.ask("POST", "/blueprints/preview", Some(&body), &[]);
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    };
    // A form shows who set what; the workspace is made so, and its status has the patches as a layer.
    let preview = shown("platform-tool");
    let memory = field(&preview, "/resources/memory");
    assert_eq!((&memory["layer"], &memory["value"]), (&json!("policy"), &json!("150Mi")));
    let why = memory["why"].as_str().unwrap();
    assert!(why.contains("set by policy, over \"200Mi\" of platform platform-base"), "{why}");
    apply(ns, "patched", &made("platform-tool", &json!({})));
    wait(ns, "patched", "condition=Ready");
    assert_eq!(pods(ns, "patched")[0]["spec"]["containers"][0]["resources"]["limits"]["memory"], "150Mi");
    let object = get(ns, "workspaces.quarterdeck.dev", "patched");
    let layers = object["status"]["blueprint"]["layers"].as_array().unwrap();
    assert_eq!(layers.last().unwrap()["kind"], "policy", "{layers:#?}");
    // What is denied is not made, and says by which decision, which stands in the journal.
    apply(ns, "denied", &made("platform-open", &json!({})));
    let denied = || get(ns, "workspaces.quarterdeck.dev", "denied");
    until("it is told", 60, || condition(&denied(), "Accepted") == ("False".into(), "PolicyDenied".into()));
    let told = denied()["status"]["lastError"].as_str().unwrap().to_owned();
    assert!(told.contains("open networks are for root: ask them (decision "), "{told}");
    assert!(pods(ns, "denied").is_empty());
    let decision = told.rsplit_once("(decision ").unwrap().1.trim_end_matches(')').to_owned();
    let journal = console.journal();
    let line = journal.lines().find(|line| line.contains(&decision)).unwrap_or_else(|| panic!("{journal}"));
    assert!(line.contains("workspace:provision"), "{line}");
    let refused = shown("platform-open");
    assert_eq!(refused["problems"][0]["code"], "policy_denied", "{refused:#}");
    // A patch that cannot be is the rule's fault, and told as such before anything is made.
    let odd = shown("platform-odd");
    assert_eq!(
        (&odd["valid"], &odd["problems"][0]["code"]),
        (&json!(false), &json!("obligation_unsupported")),
        "{odd:#}"
    );
}

#[test]
fn wl_07_what_takes_too_long_is_left_for_inspection_and_marked_and_goes_on_once_it_can() {
    let _alone = alone();
    let fresh = Fresh::new("ws-timeouts");
    let ns = fresh.name();
    let quick = format!("{}  timeouts: {{progress: 3s, total: 10m}}\n", tool("images.invalid/shell:1"));
    let (_host, console) = of_files(&[BASE, (TOOL, &quick)], &[], ns);
    let nowhere = json!({ "placement": { "nodeSelector": { "quarterdeck.test/nowhere": "yes" } } });
    apply(ns, "late", &made("platform-tool", &nowhere));
    let late = || get(ns, "workspaces.quarterdeck.dev", "late");
    until("it is stalled", 60, || condition(&late(), "Stalled") == ("True".into(), "DeadlineExceeded".into()));
    let object = late();
    assert_eq!(condition(&object, "Progressing"), ("False".into(), "DeadlineExceeded".into()));
    let told = object["status"]["lastError"].as_str().unwrap();
    assert!(told.contains("no progress for 3 s in stage Scheduling"), "{told}");
    let pod = pods(ns, "late").remove(0);
    assert!(pod["metadata"]["deletionTimestamp"].is_null(), "it is left as it is");
    // Told another place it is made anew there, by the same operator and without a second pod beside it.
    apply(ns, "late", &made("platform-tool", &json!({ "placement": null })));
    let answer = console.ask(
        "POST",
        &format!("/workspaces/{ns}/late/stop?cluster={}", context()),
        Some(&json!({ "answers": { "confirm": true } })),
        &[],
    );
    assert_eq!(answer.status, 202, "{}", answer.body);
    until("it is stopped", 90, || late()["status"]["phase"] == "Stopped");
    let answer = console.ask(
        "POST",
        &format!("/workspaces/{ns}/late/start?cluster={}", context()),
        Some(&json!({ "answers": { "confirm": true } })),
        &[],
    );
    assert_eq!(answer.status, 202, "{}", answer.body);
    wait(ns, "late", "condition=Ready");
    until("it is not stalled any more", 60, || condition(&late(), "Stalled").0 != "True");
    assert_eq!(pods(ns, "late").len(), 1);
    assert_ne!(pods(ns, "late")[0]["metadata"]["uid"], pod["metadata"]["uid"]);
}
