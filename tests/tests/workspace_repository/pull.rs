//! Pull requests: words that name one are a workspace of the ref that their host keeps for it.

use super::Place;
use e2e::alone;
use e2e::workspaces::wait;
use e2e::{context, errors, kubeconfig, out};
use serde_json::{Value, json};
use std::process::Output;

/// Questions about refs so far.
fn asked(place: &Place) -> usize {
    place.host.asked().iter().filter(|one| one.contains("info/refs")).count()
}

fn qd(place: &Place, words: &[&str]) -> Output {
    let here = format!("[{:?}]", place.host.name());
    let mut command = place.console.qd(Some(&kubeconfig()));
    command.env("QD__REPOSITORIES__HOST", place.host.name());
    command.env("QD__REPOSITORIES__PRIVATE_HOSTS", &here).env("QD__REPOSITORIES__PLAIN_HOSTS", &here);
    command.args(words).output().unwrap()
}

#[test]
fn ac_02_a_pull_request_is_the_workspace_of_the_ref_that_its_host_keeps_for_it() {
    let _alone = alone();
    let place = Place::new("ws-repo-pull");
    let ns = place.fresh.name();
    for (name, file) in [("refs/pull/7/head", "160Mi"), ("refs/merge-requests/9/head", "176Mi")] {
        place.push(&format!("blueprint:\n  template: tool\n  resources:\n    memory: {file}\n"));
        place.repository.git(&["update-ref", name, "HEAD"]);
    }
    place.host.keep("acme/shop", &place.repository);
    // By the page of a pull request.
    let made = |number: u32| {
        let kind = if number == 7 { "pull" } else { "merge_requests" };
        let page = format!("{}/{kind}/{number}", place.address());
        let body = json!({ "cluster": context(), "namespace": ns, "repository": page });
        place.console.ask("POST", "/workspaces", Some(&body), &[])
    };
    let mut names = Vec::new();
    for (number, name, memory) in [(7, "refs/pull/7/head", "160Mi"), (9, "refs/merge-requests/9/head", "176Mi")] {
        let answer = made(number);
        assert_eq!(answer.status, 202, "{}", answer.body);
        let accepted: Value = serde_json::from_str(&answer.body).unwrap();
        let row = &accepted["workspace"];
        let (id, owner) = (row["name"].as_str().unwrap().to_owned(), row["owner"].as_str().unwrap().to_owned());
        wait(ns, &id, "condition=Ready");
        let object = place.workspace(&id);
        assert_eq!(object["spec"]["source"]["repo"]["pullRequest"], number, "{object:#}");
        let pod = e2e::workspaces::pods(ns, &id).remove(0);
        assert_eq!(pod["spec"]["containers"][0]["resources"]["limits"]["memory"], memory);
        // It is that of the ref, under every name that it has.
        let before = asked(&place);
        let encoded = |text: &str| text.replace('~', "%7E").replace('+', "%2B").replace('=', "%3D");
        for words in [
            format!("{owner}~repo=acme~shop+pr={number}"),
            format!("{owner}~repo=acme~shop+ref={}", name.replace('/', "~")),
        ] {
            let list = format!("/workspaces?cluster={}&namespace={ns}&user_string={}", context(), encoded(&words));
            let answer = place.console.ask("GET", &list, None, &[]);
            let list: Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(list["workspaces"][0]["name"].as_str(), Some(id.as_str()), "{words}: {list:#}");
        }
        assert_eq!(asked(&place), before, "what its host said counts for a day");
        let words = format!("{owner}~repo=acme~shop+pr={number}");
        let shown = qd(&place, &["ws", "show", &words, "-n", ns, "-o", "json"]);
        assert!(shown.status.success(), "{}", errors(&shown));
        let shown: Value = serde_json::from_str(&out(&shown)).unwrap();
        assert!(shown.to_string().contains(&id), "{shown:#}");
        assert!(asked(&place) > before, "`qd` is another process");
        names.push(id);
    }
    assert_ne!(names[0], names[1]);
    // One that its host does not know, and a host that is not read, make nothing.
    let answer = made(70);
    assert_eq!((answer.status, answer.code().as_str()), (404, "repository_not_found"), "{}", answer.body);
    assert!(answer.body.contains("pull request 70"), "{}", answer.body);
    let body = json!({ "cluster": context(), "namespace": ns, "repository": "https://git.invalid/acme/shop/pull/7" });
    let answer = place.console.ask("POST", "/workspaces", Some(&body), &[]);
    assert_eq!(answer.code(), "repository_unreachable", "{}", answer.body);
    // What breaks a rule of their form is not looked for, and asks nobody.
    let before = asked(&place);
    for (words, code) in [
        ("root~repo=acme~shop+ref=main+pr=7", "userstr_conflict"),
        ("root~go+workload=deployment~web", "userstr_conflict"),
        ("root~pod=a+repo=acme~shop", "userstr_conflict"),
        ("root~pod=a+workload=deployment~web+ns=b", "userstr_conflict"),
        ("root~go+container=a", "userstr_conflict"),
        ("root~repo=acme~shop+color=red", "userstr_unknown_key"),
        ("root~repo=acme~shop+workload=job~a+ns=b", "userstr_charset"),
    ] {
        let body = json!({ "cluster": context(), "namespace": ns, "user_string": words });
        let answer = place.console.ask("POST", "/workspaces", Some(&body), &[]);
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{words}: {}", answer.body);
        let shown = qd(&place, &["ws", "show", words, "-n", ns]);
        assert!(!shown.status.success() && errors(&shown).contains(code), "{words}: {}", errors(&shown));
    }
    // The kind of a workload has no case, and a cluster stands anywhere.
    for words in ["root~go+workload=DEPLOYMENT~web+ns=shop", "root~cluster=elsewhere"] {
        let body = json!({ "cluster": context(), "namespace": ns, "user_string": words });
        let answer = place.console.ask("POST", "/workspaces", Some(&body), &[]);
        assert!(!answer.code().starts_with("userstr") && answer.status >= 400, "{words}: {}", answer.body);
    }
    assert_eq!(asked(&place), before);
    // The journal has who asked which host for what.
    let journal = place.console.journal();
    let asks = |line: &&str| line.contains("workspace:source") && line.contains("pull request 7 of ");
    assert!(journal.lines().any(|line| asks(&line)), "{journal}");
}
