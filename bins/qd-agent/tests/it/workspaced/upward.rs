//! What a workspace asks of the gateway, and what is the gateway's alone.

use link::{Error, Link};
use serde_json::{Value, json};

use super::caller::{exec, finish, steps};
use super::pod::{INSIDE, Pod};

/// Runs a script in the workspace: what it printed, what it complained of, and its code.
async fn say(link: &Link, script: &str) -> (String, String, i32) {
    let mut session = link.exec(exec(&["sh", "-c", script])).await.unwrap();
    let (out, err, exit) = finish(&mut session).await;
    (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap(), exit.unwrap().code)
}

#[test]
fn ac_74b_credentials_come_from_the_gateway_for_each_use_and_are_nowhere_else() {
    let pod = Pod::start(&json!({}));
    for name in
        ["git-credential-quarterdeck", "docker-credential-quarterdeck", "kubectl-credential-quarterdeck", "kbox"]
    {
        std::os::unix::fs::symlink(INSIDE, pod.home(name)).unwrap();
    }
    let git = "printf 'protocol=https\\nhost=git.example.org\\n\\n' | ~/git-credential-quarterdeck get";
    let engine = "echo registry.example.org | ~/docker-credential-quarterdeck get";
    steps(async {
        let link = pod.link().await;
        let (out, err, code) = say(&link, git).await;
        assert!(out.is_empty() && code == 1 && err.contains("no gateway is connected"), "{err}");

        let nobody = tokio::spawn(link.upward().await.unwrap().refuse());
        let (out, err, code) = say(&link, git).await;
        assert!(out.is_empty() && code == 1 && err.contains("there are no credentials of this kind"), "{err}");
        assert_eq!(
            say(&link, engine).await,
            ("credentials not found in native keychain\n".to_owned(), String::new(), 1)
        );

        // another one comes, and is asked first
        let mut upward = link.upward().await.unwrap();
        let gateway = tokio::spawn(async move {
            let mut seen = Vec::new();
            for _ in 0..3 {
                let asked = upward.next().await.unwrap().unwrap();
                let body = json!({
                    "username": "anna", "secret": "s3cr3t-value", "host": asked.with["host"],
                    "expires_ms": 1_700_000_000_000_u64, "expires": "2023-11-14T22:13:20Z",
                });
                upward.answer(&asked, 200, body).await.unwrap();
                seen.push((asked.ask, asked.with));
            }
            seen
        });
        let (out, err, code) = say(&link, git).await;
        assert_eq!(out, "username=anna\npassword=s3cr3t-value\npassword_expiry_utc=1700000000\n", "{err}");
        assert_eq!(code, 0);
        let told: Value = serde_json::from_str(&say(&link, engine).await.0).unwrap();
        assert_eq!(told, json!({ "ServerURL": "registry.example.org", "Username": "anna", "Secret": "s3cr3t-value" }));
        let token: Value = serde_json::from_str(&say(&link, "~/kubectl-credential-quarterdeck").await.0).unwrap();
        assert_eq!(token["status"]["token"], "s3cr3t-value");
        let seen = gateway.await.unwrap();
        assert_eq!(seen[0].0, "credentials");
        assert_eq!((&seen[0].1["service"], &seen[0].1["host"]), (&json!("git"), &json!("git.example.org")));
        assert_eq!(seen[2].1["service"], "kubernetes");

        // who answered last is gone: the one before is asked again
        let (_, err, _) = say(&link, git).await;
        assert!(err.contains("there are no credentials of this kind"), "{err}");
        nobody.abort();
        assert!(!pod.said().contains("s3cr3t-value"), "no secret is logged");
        let found =
            say(&link, "grep -rl s3cr3t-value ~ /run/quarterdeck 2>/dev/null; tr '\\0' '\\n' </proc/self/environ")
                .await
                .0;
        assert!(!found.contains("s3cr3t"), "{found}");
        let refused = link.request("POST", "/api/v1/creds", Some(&json!({ "service": "git" }))).await.unwrap();
        assert_eq!(refused.0, 403, "callers have credentials of their own");
    });
    let script = "exec -a git-credential-quarterdeck \"$0\" get </dev/null";
    let other = pod.run(&["setpriv", "--reuid=9", "--clear-groups", "bash", "-c", script, INSIDE]);
    assert!(String::from_utf8_lossy(&other.stderr).contains("only the workspace's user"), "{other:?}");
}

#[test]
fn ac_77b_what_the_gateway_alone_can_do_is_handed_on_and_fails_plainly_without_it() {
    let pod = Pod::start(&json!({}));
    std::os::unix::fs::symlink(INSIDE, pod.home("kbox")).unwrap();
    std::fs::write(pod.home("blue.yaml"), "image: x\n").unwrap();
    steps(async {
        let link = pod.link().await;
        for words in ["shutdown --delete", "validate ~/blue.yaml", "passwd", "credentials git git.example.org"] {
            let (_, err, code) = say(&link, &format!("~/kbox {words}")).await;
            assert!(code == 1 && err.contains("no gateway is connected"), "{words}: {err}");
        }
        let mut upward = link.upward().await.unwrap();
        let gateway = tokio::spawn(async move {
            let mut seen = Vec::new();
            for body in [json!({ "problems": [] }), json!({ "password": false, "how": "sign in anew" }), json!({})] {
                let asked = upward.next().await.unwrap().unwrap();
                upward.answer(&asked, 200, body).await.unwrap();
                seen.push((asked.ask, asked.with));
            }
            seen
        });
        assert_eq!(say(&link, "~/kbox validate ~/blue.yaml").await, ("it is well\n".to_owned(), String::new(), 0));
        assert_eq!(say(&link, "~/kbox passwd").await, ("sign in anew\n".to_owned(), String::new(), 0));
        assert_eq!(say(&link, "~/kbox shutdown --delete").await.2, 0);
        let seen = gateway.await.unwrap();
        assert_eq!((seen[0].0.as_str(), &seen[0].1["text"]), ("validate", &json!("image: x\n")));
        assert_eq!((seen[1].0.as_str(), seen[2].0.as_str()), ("passwd", "delete"));
        // it goes on until the gateway ends it
        assert_eq!(link.request("GET", "/api/v1/health", None).await.unwrap().0, 200);
    });
}

#[test]
fn ac_71r_a_lock_has_one_holder_and_the_next_learns_who_it_is() {
    let pod = Pod::start(&json!({}));
    steps(async {
        let (one, other) = (pod.link().await, pod.link().await);
        let held = one.lock("edit").await.unwrap();
        let refused = other.lock("edit").await;
        assert!(
            matches!(&refused, Err(Error::Refused { code, message }) if code == "conflict" && message.starts_with("anna has held it")),
            "{refused:?}"
        );
        other.lock("another").await.unwrap();
        assert!(matches!(one.lock("no name").await, Err(Error::Refused { code, .. }) if code == "bad_request"));
        drop((held, one));
        let end = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
        while other.lock("edit").await.is_err() {
            assert!(tokio::time::Instant::now() < end, "who is gone holds nothing");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
}
