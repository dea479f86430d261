//! Visitors of exposed workspaces, and certificates of this machine's own authority: what curl sees.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::console::command;
use e2e::curl::{Answer, curl};
use e2e::fresh::Fresh;
use e2e::gateway::{Serving, prepared, token};
use e2e::workspaces::{apply, operator, until};
use e2e::{errors, kubeconfig, kubectl};
use serde_json::json;
use std::process::Command;

/// Writes what the operator tells of a workspace that is reached by this host.
fn reached(namespace: &str, name: &str, host: &str) {
    let target = format!("http://{name}.{namespace}.svc.cluster.local:3000");
    let status = json!({ "status": { "externalURL": format!("https://{host}/"), "proxyTarget": target } }).to_string();
    let object = format!("workspaces.quarterdeck.dev/{name}");
    let words = ["patch", &object, "-n", namespace, "--subresource=status", "--type=merge", "-p", &status];
    let _ = kubectl::stdout(&kubeconfig(), &words);
}

/// The code on the page that leads a visitor back.
fn code(page: &Answer) -> String {
    assert_eq!(page.status, 200, "{}", page.body);
    let (_, rest) = page.body.split_once("__qd_code=").unwrap_or_else(|| panic!("{}", page.body));
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}

#[test]
fn ge_06_a_visitor_comes_in_by_their_session_at_one_host_as_long_as_they_may() {
    let fresh = Fresh::new("ws-visits");
    let ns = fresh.name();
    // its kinds are installed then
    let _operator = operator();
    let still = json!({ "owner": "ada", "state": "Stopped", "paused": true });
    for name in ["web", "other"] {
        apply(ns, name, &still);
        reached(ns, name, &format!("{name}.ws.test"));
    }
    let kubeconfig = kubeconfig();
    let prepared = prepared("");
    let root = token(prepared.0.path(), &kubeconfig, &["root", "--role", "admin"]);
    let eve = token(prepared.0.path(), &kubeconfig, &["eve", "--role", "developer"]);
    // the API server is asked on behalf of whoever comes
    let words = ["create", "rolebinding", "visits", "-n", ns, "--clusterrole=cluster-admin", "--user=qde2e:root"];
    let _ = kubectl::stdout(&kubeconfig, &words);
    let serving = Serving::start(prepared, &kubeconfig, &[]);
    let context = kubectl::stdout(&kubeconfig, &["config", "current-context"]);
    let of = |name: &str| format!("{}/{ns}/{name}", context.trim());
    let check = |name: &str, url: &str, more: &[&str]| {
        let original = format!("x-original-url: {url}");
        serving.ask(&format!("/forward-auth/check/{}", of(name)), &[&["-H", &original], more].concat())
    };
    let home = "https://web.ws.test/";

    // nobody without a cookie, whatever else they show
    assert_eq!(check("web", home, &[]).status, 401);
    let bearer = format!("authorization: Bearer {root}");
    assert_eq!(check("web", home, &["-H", &bearer]).status, 401);
    // a visitor without a session signs in first, and comes back
    let enter = |name: &str, rd: &str| format!("/forward-auth/enter/{}?rd={rd}", of(name));
    let led = serving.ask(&enter("web", "https://web.ws.test/a"), &["-H", "accept: text/html"]);
    assert_eq!(led.status, 303);
    assert!(led.header("location").unwrap().starts_with("/sign-in?next=/forward-auth/enter/"), "{led:?}");
    // who may not open it gets no code
    let refused = serving.ask_as(&eve, &enter("web", home), &[]);
    assert!(refused.status == 403 || refused.status == 404, "{refused:?}");
    assert!(!refused.body.contains("__qd_code"), "{}", refused.body);

    // a code is for the workspace's own host, wherever the visitor is said to come from
    let page = serving.ask_as(&root, &enter("web", "https://evil.test/steal"), &[]);
    assert!(page.body.contains("https://web.ws.test/?__qd_code=") && !page.body.contains("evil.test"), "{}", page.body);
    let page = serving.ask_as(&root, &enter("web", "https://web.ws.test/a%3Fb=c"), &[]);
    assert!(page.body.contains("https://web.ws.test/a?b=c&amp;__qd_code="), "{}", page.body);
    let first = code(&page);
    let stolen = code(&serving.ask_as(&root, &enter("web", home), &[]));
    assert_eq!(check("other", &format!("https://other.ws.test/?__qd_code={stolen}"), &[]).status, 401);
    assert_eq!(check("web", &format!("{home}?__qd_code={stolen}"), &[]).status, 401, "it was used up");
    let entered = check("web", &format!("{home}?__qd_code={first}"), &[]);
    assert_eq!(entered.status, 200, "{}", entered.body);
    let cookie = entered.header("set-cookie").unwrap().to_owned();
    assert!(
        cookie.starts_with("__Host-qdvisit=") && cookie.contains("; Path=/; Secure; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    assert_eq!(check("web", &format!("{home}?__qd_code={first}"), &[]).status, 401, "a code works once");

    let with = format!("cookie: a=b; {}", cookie.split(';').next().unwrap());
    assert_eq!(check("web", home, &["-H", &with]).status, 200);
    assert_eq!(check("web", home, &["-H", &with, "-H", "origin: https://web.ws.test"]).status, 200);
    // another host, another workspace, another origin
    assert_eq!(check("web", "https://other.ws.test/", &["-H", &with]).status, 401);
    assert_eq!(check("other", home, &["-H", &with]).status, 401);
    assert_eq!(check("web", home, &["-H", &with, "-H", "origin: https://other.ws.test"]).status, 403);
    // it is no key of the console
    assert_eq!(serving.ask("/api/v1/session", &["-H", &with]).code(), "token_missing");

    // it ends with what let its visitor in
    assert!(serving.serve(&["token", "revoke", "root"]).status.success());
    until("the visit has ended", 30, || check("web", home, &["-H", &with]).status == 401);
}

#[test]
fn ge_09c_a_gateway_has_a_certificate_of_this_machines_authority_and_makes_more() {
    let (home, port, metrics) = prepared("");
    let folder = home.path();
    let text = format!(
        "[serve]\nlisten = \"127.0.0.1:{port}\"\nmetrics = \"127.0.0.1:{metrics}\"\npublic_url = \"https://qd.test:{port}\"\n\
         local_certificate = true\ncertificate_hosts = [\"192.0.2.9\", \"qd.tail.test\"]\ntokens = \"{}\"\n",
        folder.join("tokens.toml").display()
    );
    std::fs::write(folder.join("qd.toml"), text).unwrap();
    let _ = token(folder, &kubeconfig(), &["root", "--role", "admin"]);
    let mut command_of = e2e::gateway::serve(folder, &kubeconfig(), &[]);
    let server = e2e::server::Server::start(&mut command_of, false);
    let cert = |args: &[&str]| command(folder, None).arg("cert").args(args).current_dir(folder).output().unwrap();
    let shown = cert(&["show"]);
    assert!(shown.status.success(), "{}", errors(&shown));
    std::fs::write(folder.join("ca.pem"), &shown.stdout).unwrap();
    let trusted = folder.join("ca.pem").display().to_string();
    for host in ["qd.test", "qd.tail.test", "localhost", "127.0.0.1", "192.0.2.9"] {
        let to = format!("{host}:{port}:127.0.0.1:{port}");
        let args = ["--cacert", &trusted, "--connect-to", &to, "-H", &format!("host: qd.test:{port}")];
        let answer = curl(&format!("https://{host}:{port}/healthz"), &args);
        assert_eq!(answer.status, 200, "{host}: {}", server.said());
    }
    let refused = Command::new("curl").args(["-sS", &format!("https://localhost:{port}/healthz")]).output().unwrap();
    assert!(!refused.status.success(), "nobody trusts it unasked");

    let made = cert(&["make", "--host", "Other.test", "--host", "192.0.2.1", "-o", "json"]);
    assert!(made.status.success(), "{}", errors(&made));
    let told: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!((&told["certificate"], &told["key"]), (&json!("Other.test.pem"), &json!("Other.test.key")));
    let verified = Command::new("openssl")
        .current_dir(folder)
        .args(["verify", "-CAfile", "ca.pem", "-verify_hostname", "other.test", "Other.test.pem"])
        .output()
        .unwrap();
    assert!(verified.status.success(), "{}", errors(&verified));
    let about = Command::new("openssl")
        .current_dir(folder)
        .args(["x509", "-in", "Other.test.pem", "-noout", "-text", "-checkend", &(89 * 86_400).to_string()])
        .output()
        .unwrap();
    let about = String::from_utf8_lossy(&about.stdout).into_owned();
    assert!(about.contains("prime256v1") && about.contains("DNS:other.test, IP Address:192.0.2.1"), "{about}");
    let wrong = cert(&["make", "--host", "no host"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", errors(&wrong));
}
