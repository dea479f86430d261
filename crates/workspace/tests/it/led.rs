//! Two operators, and whoever leads is killed again and again: no pod is made twice, and what runs goes on.

use crate::server::{Place, candidate, get, kubectl, until};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::task::JoinHandle;
use workspace::decide::Limits;

/// Those that may lead, by their names.
struct Candidates {
    namespace: String,
    made: usize,
    alive: Vec<(String, JoinHandle<()>)>,
}

impl Candidates {
    fn add(&mut self) {
        self.made += 1;
        let id = format!("candidate-{}", self.made);
        self.alive.push((id.clone(), candidate(&self.namespace, &id)));
    }

    fn leads(&self) -> Option<usize> {
        let lease = get(&["-n", &self.namespace, "lease", "quarterdeck-operator"]);
        let holder = lease["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned();
        self.alive.iter().position(|(id, _)| *id == holder)
    }

    /// Ends whoever leads as a crash would, and has another one wait in its place.
    async fn kill(&mut self) {
        until("one of them leads", 30, || self.leads().is_some());
        let (_, runs) = self.alive.remove(self.leads().expect("it goes on leading"));
        runs.abort();
        let _ = runs.await;
        self.add();
    }
}

impl Drop for Candidates {
    fn drop(&mut self) {
        self.alive.iter().for_each(|(_, runs)| runs.abort());
    }
}

/// How often the API server made a pod of each name, and took the status of each workspace.
fn written(namespace: &str) -> (BTreeMap<String, usize>, BTreeMap<String, usize>) {
    let log = std::fs::read_to_string(std::env::var("QD_TEST_AUDIT_LOG").expect("the API server's audit log")).unwrap();
    let (mut made, mut told) = (BTreeMap::new(), BTreeMap::new());
    for line in log.lines().filter(|line| line.contains(namespace)) {
        let Ok(event) = serde_json::from_str::<Value>(line) else { continue };
        let of = &event["objectRef"];
        let changes = matches!(event["verb"].as_str(), Some("create" | "patch" | "update"));
        let tried = event["requestURI"].as_str().is_some_and(|uri| uri.contains("dryRun"));
        if of["namespace"] != namespace || event["stage"] != "ResponseComplete" || !changes || tried {
            continue;
        }
        let name = of["name"].as_str().unwrap_or_default().to_owned();
        match (of["resource"].as_str(), of["subresource"].as_str(), event["responseStatus"]["code"].as_u64()) {
            (Some("pods"), None, Some(201)) => *made.entry(name).or_default() += 1,
            (Some("workspaces"), Some("status"), Some(200)) => *told.entry(name).or_default() += 1,
            _ => {}
        }
    }
    (made, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn wd_06e_who_leads_is_killed_again_and_again_and_no_pod_is_made_twice() {
    let (many, kills) = extent();
    let mut place = Place::new("led", Limits::default()).await;
    place.kill().await;
    let ns = place.namespace.clone();
    let mut candidates = Candidates { namespace: ns.clone(), made: 0, alive: Vec::new() };
    candidates.add();
    candidates.add();
    let blueprint = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
        "metadata": { "name": "bare", "namespace": ns }, "spec": { "image": "images.invalid/shell:1" },
    });
    let _ = kubectl(&["apply", "-f", "-"], &blueprint.to_string());
    let names: Vec<String> = (0..many).map(|at| format!("w{at:03}")).collect();
    let one = |name: &String| {
        json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace", "metadata": { "name": name, "namespace": ns },
            "spec": { "owner": "ada", "org": "lab", "blueprintRef": { "kind": "Blueprint", "name": "bare" } },
        })
    };
    let all = json!({ "apiVersion": "v1", "kind": "List", "items": names.iter().map(one).collect::<Vec<_>>() });
    let _ = kubectl(&["create", "-f", "-"], &all.to_string());
    let pods = || get(&["-n", &ns, "pods"])["items"].as_array().cloned().unwrap_or_default();
    // Killed while they are being made: as soon as more of them are there than before.
    for round in 1..=kills {
        until("some more are made", 60, || pods().len() >= (round * many / (kills + 1)).min(many));
        candidates.kill().await;
    }
    let running = || {
        let all = get(&["-n", &ns, "workspaces.quarterdeck.dev"]);
        let all = all["items"].as_array().cloned().unwrap_or_default();
        all.iter().filter(|one| one["status"]["phase"] == "Running").count()
    };
    until("all of them run", 120, || running() == many);
    // Killed while nothing is to do: whoever comes next looks at all of them, and has nothing to write.
    let steady = |names: &[String]| {
        let mut last = None;
        until("nothing is written for a while", 120, || {
            let now = written(&ns).1;
            let same = last.as_ref() == Some(&now);
            last = Some(now);
            std::thread::sleep(std::time::Duration::from_secs(if same { 0 } else { 3 }));
            same && names.iter().all(|name| last.as_ref().is_some_and(|all| all.contains_key(name)))
        });
        last.unwrap()
    };
    let before = steady(&names);
    let uids = |pods: Vec<Value>| pods.iter().map(|pod| pod["metadata"]["uid"].to_string()).collect::<Vec<_>>();
    let same = uids(pods());
    for _ in 0..kills {
        candidates.kill().await;
        until("another one leads", 30, || candidates.leads().is_some());
    }
    // The last one has looked at each when it has done what comes after them.
    let _ = kubectl(&["create", "-f", "-"], &one(&"last".to_owned()).to_string());
    until("the last one runs", 60, || running() == many + 1);
    let after = steady(&names);
    // Of one that was being made as its operator was killed the log says that nobody waited for the answer.
    let (made, _) = written(&ns);
    let once = made.values().all(|times| *times == 1);
    assert!(once && made.contains_key("last"), "each pod is made once: {made:?}");
    let now = uids(pods());
    assert!(same.iter().all(|uid| now.contains(uid)) && now.len() == many + 1, "those of before are those of now");
    let again: Vec<_> = names.iter().map(|name| after[name] - before[name]).collect();
    // What no operator had found out of a daemon yet, one of the next may find out; and what is found out stays.
    assert!(again.iter().all(|more| *more <= 1), "written to and fro: {again:?} after {before:?}");
}

/// How many workspaces, and how often who leads is killed: while they are made, and once more while nothing is to do. As many as
/// half a minute is enough for; with `QD_SOAK` as many as the row says.
fn extent() -> (usize, usize) {
    if std::env::var_os("QD_SOAK").is_some() { (200, 10) } else { (20, 3) }
}
