//! Visitors of exposed workspaces, and certificates of this machine's own authority: what curl sees.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::console::{Console, command};
use e2e::curl::{Answer, curl};
use e2e::fresh::Fresh;
use e2e::gateway::{Serving, prepared, token};
use e2e::workspaces::{apply, condition, get, operator, until};
use e2e::{alone, errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};
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
    let _alone = alone();
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

/// The kind of routes of Gateway API, where the cluster has none: it goes with this.
struct Routes;

impl Routes {
    fn new() -> Self {
        let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
        let schema = json!({ "openAPIV3Schema": { "type": "object", "properties": { "spec": open, "status": open } } });
        let version = json!({ "name": "v1", "served": true, "storage": true, "schema": schema, "subresources": { "status": {} } });
        let names = json!({ "plural": "httproutes", "singular": "httproute", "kind": "HTTPRoute" });
        let object = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": { "name": "httproutes.gateway.networking.k8s.io",
                "annotations": { "api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api/pull/2466" } },
            "spec": { "group": "gateway.networking.k8s.io", "scope": "Namespaced", "names": names, "versions": [version] },
        });
        kubectl::apply(&kubeconfig(), &object.to_string());
        let words =
            ["wait", "--for=condition=Established", "crd/httproutes.gateway.networking.k8s.io", "--timeout=60s"];
        let _ = kubectl::stdout(&kubeconfig(), &words);
        Self
    }
}

impl Drop for Routes {
    fn drop(&mut self) {
        let words = ["delete", "crd", "httproutes.gateway.networking.k8s.io", "--ignore-not-found", "--wait=false"];
        let _ = kubectl::kubectl(&kubeconfig(), &words);
    }
}

/// Writes the status of an object, as whoever carries it does.
fn carried(namespace: &str, object: &str, status: &Value) {
    let patch = json!({ "status": status }).to_string();
    let words = ["patch", object, "-n", namespace, "--subresource=status", "--type=merge", "-p", &patch];
    let _ = kubectl::stdout(&kubeconfig(), &words);
}

#[test]
fn ge_04_by_the_platforms_domain_and_class_a_workspace_has_a_host_of_its_own_at_an_ingress_or_a_gateway() {
    let _alone = alone();
    let fresh = Fresh::new("ws-domain");
    let ns = fresh.name();
    let _routes = Routes::new();
    let start = |variables: &[(&str, &str)]| {
        let variables = [&[("WORKSPACE_DOMAIN", "ws.test"), ("INGRESS_AUTH_URL", "none")], variables].concat();
        Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &variables)
    };
    let ports = json!([{ "name": "web", "containerPort": 3000 }]);
    let status = |name: &str| get(ns, "workspaces.quarterdeck.dev", name)["status"].clone();
    let host = |name: &str| format!("{}.ws.test", status(name)["routeID"].as_str().unwrap_or_default());
    let exposed = |name: &str| condition(&get(ns, "workspaces.quarterdeck.dev", name), "Exposed");

    // Where nobody says otherwise the class is nginx; and with a load balancer there is no Ingress.
    let console = start(&[]);
    apply(ns, "web", &json!({ "ports": ports }));
    apply(ns, "tls", &json!({ "ports": [{ "name": "https", "containerPort": 8443 }] }));
    apply(ns, "balanced", &json!({ "ports": ports, "exposure": { "type": "LoadBalancer" } }));
    until("its Ingress is there", 90, || !get(ns, "ingress", "web").is_null());
    until("the others are there", 90, || {
        !get(ns, "ingress", "tls").is_null() && !get(ns, "service", "balanced-lb").is_null()
    });
    assert!(get(ns, "ingress", "balanced").is_null());
    let ingress = get(ns, "ingress", "web");
    assert_eq!(ingress["spec"]["ingressClassName"], "nginx");
    assert_eq!(ingress["spec"]["rules"][0]["host"], host("web").as_str());
    let backend = &ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"];
    assert_eq!(backend, &json!({ "name": "web", "port": { "number": 3000 } }));
    let noted = |object: &Value, name: &str| {
        object["metadata"]["annotations"][format!("nginx.ingress.kubernetes.io/{name}")].clone()
    };
    for (name, value) in [
        ("enable-websocket", "true"),
        ("proxy-read-timeout", "3600"),
        ("proxy-send-timeout", "3600"),
        ("backend-protocol", "HTTP"),
    ] {
        assert_eq!(noted(&ingress, name), value, "{name}");
    }
    assert_eq!(noted(&get(ns, "ingress", "tls"), "backend-protocol"), "HTTPS");
    carried(ns, "ingress/web", &json!({ "loadBalancer": { "ingress": [{ "ip": "192.0.2.8" }] } }));
    until("it is reached", 60, || exposed("web").0 == "True");
    assert_eq!(status("web")["externalURL"], format!("https://{}/", host("web")));
    drop(console);

    // By another class.
    let console = start(&[("INGRESS_CLASS_NAME", "traefik")]);
    until("the Ingress is of that class", 90, || get(ns, "ingress", "web")["spec"]["ingressClassName"] == "traefik");
    drop(console);

    // By a class that is a Gateway.
    let _console = start(&[("INGRESS_CLASS_NAME", "edge/public")]);
    until("its route is there", 90, || !get(ns, "httproute", "web").is_null());
    let route = get(ns, "httproute", "web");
    assert_eq!(route["spec"]["parentRefs"][0]["name"], "public", "{route:#}");
    assert_eq!(route["spec"]["parentRefs"][0]["namespace"], "edge", "{route:#}");
    assert_eq!(route["spec"]["hostnames"], json!([host("web")]));
    assert_eq!(route["spec"]["rules"][0]["backendRefs"][0]["port"], 3000);
    until("its Ingress has gone", 60, || get(ns, "ingress", "web").is_null());
    let taken = json!({ "type": "Accepted", "status": "True", "reason": "Accepted", "message": "" });
    let parents = json!([{ "parentRef": { "name": "public", "namespace": "edge" }, "controllerName": "test/x", "conditions": [taken] }]);
    carried(ns, "httproute/web", &json!({ "parents": parents }));
    until("it is reached", 60, || exposed("web").0 == "True");
    assert_eq!(status("web")["externalURL"], format!("https://{}/", host("web")));
}

#[test]
fn ge_05_the_certificate_of_a_host_is_the_given_one_or_that_of_an_issuer_or_the_operators_own() {
    let _alone = alone();
    let fresh = Fresh::new("ws-certified");
    let ns = fresh.name();
    let start = |variables: &[(&str, &str)]| {
        let variables = [&[("WORKSPACE_DOMAIN", "ws.test"), ("INGRESS_AUTH_URL", "none")], variables].concat();
        Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &variables)
    };
    let tls = |name: &str| get(ns, "ingress", name)["spec"]["tls"][0].clone();
    let issuer = || get(ns, "ingress", "web")["metadata"]["annotations"]["cert-manager.io/cluster-issuer"].clone();
    let exposed = || condition(&get(ns, "workspaces.quarterdeck.dev", "web"), "Exposed");
    let ports = json!([{ "name": "web", "containerPort": 3000 }]);

    // One that is given for all hosts of the domain goes before an issuer.
    let console = start(&[("WORKSPACE_TLS_SECRET", "wild"), ("CERT_MANAGER_ISSUER", "letsencrypt")]);
    apply(ns, "web", &json!({ "ports": ports }));
    until("its Ingress is there", 90, || tls("web")["secretName"] == "wild");
    let host = tls("web")["hosts"][0].as_str().unwrap().to_owned();
    assert!(host.ends_with(".ws.test") && issuer().is_null(), "{host}");
    carried(ns, "ingress/web", &json!({ "loadBalancer": { "ingress": [{ "ip": "192.0.2.9" }] } }));
    until("the Secret is awaited", 60, || exposed() == ("False".to_owned(), "CertificatePending".to_owned()));
    let words = ["create", "secret", "generic", "wild", "-n", ns, "--from-literal=tls.crt=x"];
    let _ = kubectl::stdout(&kubeconfig(), &words);
    until("it is there", 60, || exposed().0 == "True");
    drop(console);

    // An issuer writes one for each workspace: nobody else does.
    let console = start(&[("CERT_MANAGER_ISSUER", "letsencrypt")]);
    until("the issuer is named", 90, || issuer() == "letsencrypt" && tls("web")["secretName"] == "workspace-web-tls");
    until("its certificate is awaited", 60, || exposed() == ("False".to_owned(), "CertificatePending".to_owned()));
    assert!(get(ns, "secret", "workspace-web-tls").is_null());
    drop(console);

    // With neither the operator makes it, by the authority of its machine.
    let console = start(&[]);
    until("it is made", 90, || !get(ns, "secret", "workspace-web-tls").is_null());
    until("it is reached", 60, || exposed().0 == "True" && issuer().is_null());
    let secret = get(ns, "secret", "workspace-web-tls");
    assert_eq!(secret["type"], "kubernetes.io/tls");
    let at = |name: &str| console.home().join(name);
    let shown = command(console.home(), None).args(["cert", "show"]).output().unwrap();
    assert!(shown.status.success(), "{}", errors(&shown));
    std::fs::write(at("ca.pem"), &shown.stdout).unwrap();
    std::fs::write(at("leaf64"), secret["data"]["tls.crt"].as_str().unwrap()).unwrap();
    let leaf = Command::new("base64").arg("-d").arg(at("leaf64")).output().unwrap();
    std::fs::write(at("leaf.pem"), &leaf.stdout).unwrap();
    let verified = Command::new("openssl")
        .current_dir(console.home())
        .args(["verify", "-CAfile", "ca.pem", "-verify_hostname", &host, "leaf.pem"])
        .output()
        .unwrap();
    assert!(verified.status.success(), "{}", errors(&verified));
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

#[test]
fn ge_09h_this_machine_trusts_the_authority_once_it_is_told_to_and_no_more_when_that_is_taken_back() {
    let (home, port, metrics) = prepared("");
    let folder = home.path();
    let text = format!(
        "[serve]\nlisten = \"127.0.0.1:{port}\"\nmetrics = \"127.0.0.1:{metrics}\"\npublic_url = \"https://localhost:{port}\"\n\
         local_certificate = true\ntokens = \"{}\"\n",
        folder.join("tokens.toml").display()
    );
    std::fs::write(folder.join("qd.toml"), text).unwrap();
    let _ = token(folder, &kubeconfig(), &["root", "--role", "admin"]);
    let mut command_of = e2e::gateway::serve(folder, &kubeconfig(), &[]);
    let server = e2e::server::Server::start(&mut command_of, false);
    // In a place of its own, so that this machine's list stays as it is.
    let qd = e2e::env("QD_BIN").display().to_string();
    let ask =
        format!("curl -sS -o /dev/null -w '%{{http_code}} ' https://localhost:{port}/healthz 2>&1 || echo refused");
    let script = format!(
        "set -e; mount --make-rprivate /; cp -a /etc/ssl/certs certs; mount --bind certs /etc/ssl/certs; \
         mount -t tmpfs none /usr/local/share/ca-certificates; {ask}; '{qd}' cert trust; {ask}; '{qd}' cert trust --remove; {ask}"
    );
    let mut placed = Command::new("unshare");
    placed.args(["-m", "sh", "-c", &script]).current_dir(folder).env("HOME", folder).env_remove("XDG_STATE_HOME");
    let output = placed.output().unwrap();
    let said = out(&output);
    assert!(output.status.success(), "{said}{} {}", errors(&output), server.said());
    let lines: Vec<&str> = said.lines().collect();
    let at = |word: &str| lines.iter().position(|line| line.contains(word)).unwrap_or_else(|| panic!("{word}: {said}"));
    let (trusts, again) =
        (at("this machine trusts \"Quarterdeck local authority"), at("this machine no longer trusts"));
    assert!(lines[..trusts].iter().any(|line| line.contains("refused")), "{said}");
    assert!(lines[trusts..=again].iter().any(|line| line.starts_with("200 ")), "{said}");
    assert!(lines[again..].iter().any(|line| line.contains("refused")), "{said}");
}
