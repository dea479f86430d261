//! Apps of workspaces that are shared, at a gateway of a team: who comes from elsewhere, who is let in, and what others are told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "workspace_shared/mounts.rs"]
mod mounts;

use e2e::app::App;
use e2e::curl::{Answer, curl};
use e2e::fresh::Fresh;
use e2e::gateway::{Serving, prepared, token};
use e2e::place::{self, Borrowed};
use e2e::workspaces::{apply, condition, get, message, seen, until, wait};
use e2e::{context, errors, kubeconfig, kubectl};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A gateway with apps under a domain, people of two organizations, and a workspace with an app.
struct Place {
    serving: Serving,
    fresh: Fresh,
    app: App,
    _wiki: App,
    tokens: BTreeMap<&'static str, String>,
    route: String,
    _guard: Guard,
}

/// The exec guard of a namespace: it belongs to the whole cluster, and goes when it is dropped.
struct Guard(String);

impl Drop for Guard {
    fn drop(&mut self) {
        for kind in ["validatingadmissionpolicybinding", "validatingadmissionpolicy"] {
            let _ = kubectl::kubectl(&kubeconfig(), &["delete", kind, &self.0, "--wait=false"]);
        }
    }
}

static PLACE: place::Place<Place> = place::Place::of(9);

fn place() -> Borrowed<Place> {
    PLACE.borrow(Place::new)
}

/// What is shared, when nobody has changed it.
fn shared() -> Value {
    let ports = [3000, 3001, 3002, 3004].map(|port| json!({ "name": format!("p{port}"), "containerPort": port }));
    json!({
        "ports": ports,
        "overrides": { "webProxy": { "port": 3004, "alias": "wiki" } },
        "sharing": [
            { "kind": "User", "name": "cyd", "role": "user", "until": "2020-01-02T03:04:05Z" },
            { "kind": "User", "name": "dan", "role": "viewer" },
        ],
        "portSharing": [
            { "port": 3000, "level": "org" }, { "port": 3001, "level": "private" }, { "port": 3002, "level": "public" },
            { "port": 3004, "level": "org" },
        ],
    })
}

impl Place {
    fn new() -> Self {
        let (fresh, kubeconfig) = (Fresh::new("ws-shared"), kubeconfig());
        let ns = fresh.name();
        let rule = |groups: &[&str], resources: &[&str], verbs: &[&str]| json!({ "apiGroups": groups, "resources": resources, "verbs": verbs });
        // the cluster lets all of them reach what the policy lets them reach
        let rules = json!([
            rule(&["quarterdeck.dev"], &["workspaces"], &["get", "list", "watch"]),
            rule(&[""], &["pods"], &["get"]),
            rule(&[""], &["pods/exec", "pods/portforward"], &["get", "create"]),
        ]);
        let of =
            |kind: &str, name: &str| json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name });
        let meta = json!({ "name": "developers", "namespace": ns });
        let api = "rbac.authorization.k8s.io/v1";
        for object in [
            json!({ "apiVersion": api, "kind": "Role", "metadata": meta, "rules": rules }),
            json!({ "apiVersion": api, "kind": "RoleBinding", "metadata": meta, "roleRef": of("Role", "developers"),
                "subjects": [of("Group", "qde2e:role:developer")] }),
        ] {
            kubectl::apply(&kubeconfig, &object.to_string());
        }
        let prepared = prepared(&format!(
            "apps_domain = \"apps.test\"\n[operator]\nnamespace = \"{ns}\"\nwatch_namespace = \"{ns}\"\nexec_guard = true\n"
        ));
        let mut tokens = BTreeMap::new();
        for (name, org) in [("ada", "lab"), ("bob", "lab"), ("cyd", "lab"), ("dan", "lab"), ("eve", "else")] {
            let mut words = vec![name, "--role", "developer", "--org", org];
            let more = match name {
                "ada" => &["--role", "blue"][..],
                "dan" | "eve" => &["--role", "reviewer"],
                _ => &[],
            };
            words.extend(more);
            tokens.insert(name, token(prepared.0.path(), &kubeconfig, &words));
        }
        let guard = Guard(format!("quarterdeck-exec-guard-{ns}"));
        let serving = Serving::start(prepared, &kubeconfig, &["--roles", "console,operator", "--yes"]);
        let grant = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Grant", "metadata": { "name": "launch", "namespace": ns },
            "spec": { "subjects": [{ "kind": "User", "name": "ada" }], "actions": ["launch"] },
        });
        kubectl::apply(&kubeconfig, &grant.to_string());
        apply(ns, "w", &shared());
        wait(ns, "w", "condition=Ready");
        let object = get(ns, "workspaces.quarterdeck.dev", "w");
        let pod = object["status"]["pod"]["name"].as_str().unwrap();
        let app = App::start(ns, pod, 3000, "shared");
        let wiki = App::start(ns, pod, 3004, "wiki");
        let route = object["status"]["routeID"].as_str().unwrap().to_owned();
        Self { serving, fresh, app, _wiki: wiki, tokens, route, _guard: guard }
    }

    fn host(&self, port: u16) -> String {
        format!("{port}--{}.apps.test:{}", self.route, self.serving.port)
    }

    /// As a browser asks the host of an app.
    fn visit(&self, host: &str, path: &str, args: &[&str]) -> Answer {
        let to = format!("::127.0.0.1:{}", self.serving.port);
        curl(&format!("https://{host}{path}"), &[&["-k", "--connect-to", &to], args].concat())
    }

    /// As somebody who is led to the console from there.
    fn enter(&self, who: &str, host: &str) -> Answer {
        self.serving.ask_as(&self.tokens[who], &format!("/apps/enter?host={host}&to=/x%3Fy%3D1"), &["-A", "browser"])
    }

    /// As a program that opens an app.
    fn open(&self, who: &str, port: u16, more: &str) -> Answer {
        let path = format!("/api/v1/workspaces/{}/w/open?cluster={}&port={port}{more}", self.fresh.name(), context());
        self.serving.ask_as(&self.tokens[who], &path, &["-X", "POST"])
    }

    /// Whether a login has ended; what was asked for at that moment has no answer.
    fn is_over(&self, cookie: &str) -> bool {
        let url = format!("https://{}/y", self.host(3000));
        let to = format!("::127.0.0.1:{}", self.serving.port);
        let mut curl = std::process::Command::new("curl");
        curl.args(["-sk", "--max-time", "20", "--noproxy", "*", "--connect-to", &to, "-o", "/dev/null"]);
        let asked = curl.args(["-w", "%{http_code}", "-H", &format!("cookie: {cookie}"), &url]).output();
        asked.expect("curl runs").stdout == b"401"
    }

    /// What the app answers whoever has this cookie.
    fn with(&self, cookie: &str, port: u16) -> Answer {
        self.visit(&self.host(port), "/y", &["-H", &format!("cookie: a=b; {cookie}")])
    }
}

/// Where a page leads on to: the host and the path.
fn led(page: &Answer) -> (String, String) {
    assert_eq!(page.status, 200, "{}", page.body);
    let (_, rest) = page.body.split_once("href=\"https://").unwrap_or_else(|| panic!("{}", page.body));
    let url = rest.split('"').next().unwrap().replace("&amp;", "&");
    let (host, path) = url.split_once('/').unwrap();
    (host.to_owned(), format!("/{path}"))
}

/// The cookie that an answer sets, with what is said of it.
fn set(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 303, "{answer:?}");
    let (cookie, about) = answer.header("set-cookie").unwrap().split_once("; ").unwrap();
    (cookie.to_owned(), about.to_owned())
}

#[test]
fn wx_05_a_browser_without_a_login_is_led_through_the_console_to_the_host_that_it_came_to_and_to_no_other() {
    let place = place();
    let (host, other) = (place.host(3000), place.host(3001));
    let page = ["-H", "accept: text/html"];
    let sent = place.visit(&host, "/x?y=1", &page);
    let to = format!("{}/apps/enter?host={}&to=/x%3Fy%3D1", place.serving.base, host.replace(':', "%3A"));
    assert_eq!((sent.status, sent.header("location")), (303, Some(to.as_str())), "{sent:?}");
    // programs and frames are told
    assert_eq!(place.visit(&host, "/x", &[]).code(), "token_missing");
    assert_eq!(place.visit(&host, "/x", &["-H", "accept: text/html", "-H", "sec-fetch-dest: iframe"]).status, 401);
    // the console signs them in first
    let first = place.serving.ask(&to[place.serving.base.len()..], &page);
    let next = "/sign-in?next=/apps/enter%3Fhost%3D";
    assert!(first.status == 303 && first.header("location").unwrap().starts_with(next), "{first:?}");
    for host in ["evil.test", "3000--none.apps.test", "localhost", "", &host.replace("apps", "other")] {
        let nowhere = place.enter("ada", host);
        assert!(nowhere.status == 404 && nowhere.body.contains("workspace_not_found"), "{host}: {nowhere:?}");
    }
    // a code is good for half a minute: this one is not used
    let (_, late) = led(&place.enter("ada", &host));
    let began = std::time::Instant::now();

    let entered = |who: &str| {
        let (at, path) = led(&place.enter(who, &host));
        assert_eq!(at, host);
        set(&place.visit(&host, &path, &["-A", "browser"]))
    };
    let (at, path) = led(&place.enter("ada", &host));
    assert_eq!(at, host);
    assert_eq!(place.visit(&other, &path, &["-A", "browser"]).code(), "token_invalid", "it is for its host");
    assert_eq!(place.visit(&host, &path, &["-A", "browser"]).code(), "token_invalid", "whoever tried has used it up");
    let (_, path) = led(&place.enter("ada", &host));
    assert_eq!(place.visit(&host, &path, &["-A", "another"]).code(), "token_invalid", "it is for its browser");
    let (_, path) = led(&place.enter("ada", &host));
    let back = place.visit(&host, &path, &["-A", "browser"]);
    assert_eq!(back.header("location"), Some("/x?y=1"));
    let (ada, about) = set(&back);
    assert!(ada.starts_with("__Host-qdapp="), "{ada}");
    assert_eq!(about, "Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=28800");
    assert_eq!(place.visit(&host, &path, &["-A", "browser"]).code(), "token_invalid", "it works once");
    assert_eq!(place.with(&ada, 3000).body, "shared /y 0");
    let head = place.app.heads().last().unwrap().to_ascii_lowercase();
    assert!(!head.contains("qdapp") && head.contains("\r\ncookie: a=b\r\n"), "{head}");
    assert_eq!(place.with(&ada, 3001).code(), "token_missing", "a cookie is for its host");
    // in a frame of the console
    let framed = place.open("ada", 3000, "&framed=true").json()["url"].as_str().unwrap().to_owned();
    let (_, path) = framed.split_once(&host).unwrap();
    let (_, about) = set(&place.visit(&host, path, &[]));
    assert_eq!(about, "Path=/; HttpOnly; Secure; SameSite=None; Partitioned; Max-Age=28800");

    // what was shared is asked about again each minute
    let (bob, _) = entered("bob");
    assert_eq!(place.with(&bob, 3000).body, "shared /y 0");
    apply(place.fresh.name(), "w", &json!({ "ports": shared()["ports"] }));
    until("bob's login has ended", 120, || place.is_over(&bob));
    apply(place.fresh.name(), "w", &shared());
    assert_eq!(place.with(&ada, 3000).status, 200, "it is hers all the while");
    assert!(began.elapsed() > std::time::Duration::from_secs(30), "a minute has passed");
    assert_eq!(place.visit(&host, &late, &["-A", "browser"]).code(), "token_invalid", "it is too old");
    // and a login ends at once with what let its user in
    let (second, _) = entered("ada");
    assert_eq!(place.with(&second, 3000).status, 200);
    assert!(place.serving.serve(&["token", "revoke", "ada"]).status.success());
    until("all logins of the token have ended", 30, || place.is_over(&second) && place.is_over(&ada));
}

#[test]
fn wf_16_whoever_is_not_let_in_reads_why_and_whom_to_ask() {
    let place = place();
    let told = |who: &str, port: u16, status: u16, code: &str, words: &str| {
        let page = place.enter(who, &place.host(port));
        assert_eq!(page.status, status, "{who} at {port}: {}", page.body);
        assert!(page.body.contains(code) && page.body.contains(words), "{who} at {port}: {}", page.body);
        assert!(page.header("content-type").unwrap().starts_with("text/html"), "{page:?}");
    };
    until("what is shared is known", 30, || place.enter("bob", &place.host(3000)).status == 200);
    told("eve", 3000, 403, "share_denied", "port 3000 is for its organization alone: ask ada, whose it is");
    told("cyd", 3001, 403, "share_expired", "it was shared with you until 2020-01-02T03:04:05Z: ask ada");
    told("dan", 4000, 403, "share_denied", "it is shared with you as viewer, which is not enough: ask ada");
    told("bob", 3001, 403, "share_denied", "those whom the workspace is shared with alone: ask ada");
    // what is shared with nobody is not there
    told("eve", 4000, 404, "workspace_not_found", "no app that you may open");
    // programs have the same codes
    for (who, port, status, code) in [
        ("eve", 3000, 403, "share_denied"),
        ("cyd", 3001, 403, "share_expired"),
        ("eve", 4000, 404, "workspace_not_found"),
    ] {
        let refused = place.open(who, port, "");
        assert_eq!((refused.status, refused.code().as_str()), (status, code), "{who} at {port}: {}", refused.body);
    }
    // the public has to sign in: no policy lets anybody in without
    let public = place.visit(&place.host(3002), "/", &["-H", "accept: text/html"]);
    assert_eq!(public.status, 303, "{public:?}");
    assert_eq!(place.visit(&place.host(3002), "/", &[]).code(), "token_missing");
    // whoever is signed in comes as far as the port, on which nothing listens
    let (host, path) = led(&place.enter("eve", &place.host(3002)));
    let (cookie, _) = set(&place.visit(&host, &path, &["-A", "browser"]));
    let nothing = place.with(&cookie, 3002);
    assert_eq!((nothing.status, nothing.code().as_str()), (502, "proxy_refused"), "{nothing:?}");
    assert!(nothing.body.contains("nothing listens on 3002, 3000, 3004 do"), "{}", nothing.body);
    let page = place.visit(&host, "/", &["-H", "accept: text/html", "-H", &format!("cookie: {cookie}")]);
    assert!(page.status == 502 && page.body.starts_with("<!doctype html>"), "{page:?}");
    assert!(page.body.contains("nothing listens on 3002, 3000, 3004 do"), "{}", page.body);
}

#[test]
fn wb_20_nobody_enters_the_pod_of_a_workspace_past_the_gateway_and_whoever_tries_reads_where_to_go() {
    let place = place();
    let ns = place.fresh.name();
    let object = get(ns, "workspaces.quarterdeck.dev", "w");
    let pod = object["status"]["pod"]["name"].as_str().unwrap();
    // somebody whom Kubernetes itself lets do anything
    let tries = |words: &[&str]| {
        let output = kubectl::kubectl(
            &kubeconfig(),
            &[&["--as", "mallory", "--as-group", "system:masters", "-n", ns], words].concat(),
        );
        (output.status.success(), errors(&output))
    };
    let told = format!("at {}", place.serving.base);
    let denied = |words: &[&str]| {
        let (done, said) = tries(words);
        !done && said.contains("quarterdeck-exec-guard") && said.contains("workspace w ") && said.contains(&told)
    };
    until("the guard stands", 60, || denied(&["exec", pod, "-c", "main", "--", "true"]));
    for words in [
        &["attach", pod, "-c", "main"][..],
        &["port-forward", pod, ":3000"],
        &["debug", pod, "--image", "images.invalid/shell:1", "--", "true"],
    ] {
        let (done, said) = tries(words);
        assert!(!done && said.contains("quarterdeck-exec-guard") && said.contains(&told), "{words:?}: {said}");
    }
    // what is no pod of a workspace is none of its business
    let (_, said) = tries(&["exec", "nobody", "--", "true"]);
    assert!(said.contains("not found") && !said.contains("guard"), "{said}");
    assert!(tries(&["get", "pod", pod]).0, "looking at it is not entering it");
    // the gateway's own account, and those for whom it asks
    let own = kubectl::kubectl(&kubeconfig(), &["exec", "-n", ns, pod, "-c", "main", "--", "true"]);
    assert!(own.status.success(), "{}", errors(&own));
    let url = place.open("ada", 3000, "").json()["url"].as_str().unwrap().to_owned();
    let (_, path) = url.split_once(&place.host(3000)).unwrap();
    let (cookie, _) = set(&place.visit(&place.host(3000), path, &[]));
    assert_eq!(place.with(&cookie, 3000).status, 200);
}

#[test]
fn bp_16c_of_two_that_ask_for_a_name_one_has_it_and_the_other_starts_without_until_it_is_free() {
    let place = place();
    let ns = place.fresh.name();
    let asks = json!({ "overrides": { "webProxy": { "port": 8080, "alias": "docs" } } });
    let alias = |name: &str| seen(ns, name)["status"]["webProxy"]["alias"].clone();
    apply(ns, "first", &asks);
    until("the first has the name", 60, || alias("first") == "docs");
    apply(ns, "second", &asks);
    wait(ns, "second", "condition=Ready");
    let second = seen(ns, "second");
    assert_eq!(condition(&second, "Degraded"), ("True".into(), "AliasContested".into()));
    assert!(message(&second, "Degraded").contains(&format!("the name docs is that of your workspace {ns}/first")));
    assert_eq!((&second["status"]["webProxy"]["port"], alias("second")), (&json!(8080), Value::Null));
    let _ = kubectl::stdout(&kubeconfig(), &["delete", "-n", ns, "workspaces.quarterdeck.dev/first", "--timeout=120s"]);
    until("the second has it then", 60, || alias("second") == "docs");
    until("and no warning", 30, || condition(&seen(ns, "second"), "Degraded").0 == "False");
    let _ =
        kubectl::stdout(&kubeconfig(), &["delete", "-n", ns, "workspaces.quarterdeck.dev/second", "--timeout=120s"]);
}

#[test]
fn bp_16d_roles_that_a_blueprint_names_reach_the_main_route_and_nothing_else() {
    let place = place();
    let ns = place.fresh.name();
    let ports = [3000, 3004].map(|port| json!({ "name": format!("p{port}"), "containerPort": port }));
    let asks = json!({ "ports": ports, "overrides": { "webProxy": { "port": 3004, "roles": ["reviewer"] } } });
    apply(ns, "review", &asks);
    wait(ns, "review", "condition=Ready");
    let open = |who: &str, port: u16| {
        let path = format!("/api/v1/workspaces/{ns}/review/open?cluster={}&port={port}", context());
        place.serving.ask_as(&place.tokens[who], &path, &["-X", "POST"])
    };
    until("its roles are known", 30, || open("dan", 3004).status == 200);
    assert!(open("dan", 3004).json()["url"].as_str().unwrap().starts_with("https://3004--"));
    for (who, port) in [("dan", 3000), ("bob", 3004), ("eve", 3004)] {
        let answer = open(who, port);
        assert!(matches!(answer.status, 403 | 404), "{who} {port}: {answer:?}");
    }
    apply(ns, "review", &json!({ "ports": ports, "overrides": { "webProxy": { "port": 3004 } } }));
    until("who is no longer named is no longer let in", 30, || open("dan", 3004).status != 200);
    let _ =
        kubectl::stdout(&kubeconfig(), &["delete", "-n", ns, "workspaces.quarterdeck.dev/review", "--timeout=120s"]);
}

#[test]
fn wx_03k_a_workspace_has_the_name_that_it_asks_for_and_another_is_reached_by_its_port() {
    let place = place();
    let ns = place.fresh.name();
    let alias = format!("wiki.apps.test:{}", place.serving.port);
    // who comes without a login is led through the console and back to the name that they came to
    let enter = |who: &str| {
        place.serving.ask_as(&place.tokens[who], &format!("/apps/enter?host={alias}&to=/x"), &["-A", "browser"])
    };
    until("the name is known", 60, || enter("bob").status == 200);
    let sent = place.visit(&alias, "/x", &["-H", "accept: text/html"]);
    assert!(
        sent.status == 303 && sent.header("location").unwrap().contains("/apps/enter?host=wiki.apps.test"),
        "{sent:?}"
    );
    let (at, path) = led(&enter("bob"));
    assert_eq!(at, alias);
    let (cookie, about) = set(&place.visit(&alias, &path, &["-A", "browser"]));
    assert!(cookie.starts_with("__Host-qdapp=") && !about.contains("Domain"), "{about}");
    let answer = place.visit(&alias, "/y", &["-H", &format!("cookie: {cookie}")]);
    assert_eq!((answer.status, answer.body.as_str()), (200, "wiki /y 0"));
    assert_eq!(place.with(&cookie, 3004).code(), "token_missing", "a cookie is for its host");
    assert_eq!(enter("eve").status, 403, "the policy is the same");
    // a program that opens the port has that name too; other ports have theirs
    let url = |port: u16| {
        let answer = place.open("ada", port, "");
        answer.json()["url"].as_str().map(str::to_owned).unwrap_or_else(|| panic!("{answer:?}"))
    };
    assert!(url(3004).starts_with(&format!("https://{alias}/")));
    assert!(url(3001).contains(&place.host(3001)));
    // who comes second does not have it
    let mut other = shared();
    other["ports"] = json!([{ "name": "p3004", "containerPort": 3004 }]);
    other["portSharing"] = json!([]);
    apply(ns, "v", &other);
    let told = || condition(&seen(ns, "v"), "Degraded") == ("True".into(), "AliasContested".into());
    until("it is told that the name is taken", 60, told);
    let path = format!("/api/v1/workspaces/{ns}/v/open?cluster={}&port=3004", context());
    let url = || place.serving.ask_as(&place.tokens["ada"], &path, &["-X", "POST"]);
    until("it can be opened", 60, || url().status == 200);
    assert!(url().json()["url"].as_str().unwrap().starts_with("https://3004--"), "{}", url().body);
    // what nobody has is not ours to answer
    let nobody = place.visit(&format!("none.apps.test:{}", place.serving.port), "/", &[]);
    assert_eq!(nobody.code(), "host_not_allowed", "{nobody:?}");
}

#[test]
fn wf_01b_what_somebody_may_not_know_of_is_answered_as_what_there_is_not() {
    let place = place();
    let ns = place.fresh.name();
    apply(ns, "hidden", &json!({ "state": "Stopped" }));
    wait(ns, "hidden", "jsonpath={.status.phase}=Stopped");
    let ask = |who: &str, name: &str, method: &str, more: &str, body: &str| {
        let sign = if more.contains('?') { '&' } else { '?' };
        let path = format!("/api/v1/workspaces/{ns}/{name}{more}{sign}cluster={}", context());
        let json = ["-X", method, "-H", "content-type: application/json", "-d", body];
        let args = if body.is_empty() { &json[..2] } else { &json[..] };
        place.serving.ask_as(&place.tokens[who], &path, args)
    };
    until("its owner sees it", 30, || ask("ada", "hidden", "GET", "", "").status == 200);
    let yes = r#"{"answers":{"confirm":true}}"#;
    let mut wrong = Vec::new();
    for (method, more, body) in [
        ("GET", "", ""),
        ("GET", "/why", ""),
        ("GET", "/events", ""),
        ("GET", "/logs?tail=5", ""),
        ("GET", "/apps", ""),
        ("GET", "/ports", ""),
        ("GET", "/sysinfo", ""),
        ("GET", "/shells", ""),
        ("GET", "/remains", ""),
        ("GET", "/files/list?path=", ""),
        ("GET", "/files?path=a", ""),
        ("POST", "/open?port=3000", ""),
        ("POST", "/start", yes),
        ("POST", "/stop", yes),
        ("POST", "/keep", r#"{"seconds":60,"answers":{"confirm":true}}"#),
        ("PATCH", "", r#"{"spec":{"notes":"x"},"answers":{"confirm":true}}"#),
        ("DELETE", "?mode=full", yes),
        ("DELETE", "?mode=full&purge=true", r#"{"answers":{"typed_name":"hidden"}}"#),
    ] {
        let told = |name: &str| {
            let answer = ask("eve", name, method, more, body);
            let mut told: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| answer.body.clone().into());
            if let Some(told) = told.as_object_mut() {
                told.remove("request_id");
            }
            (answer.status, told.to_string().replace(name, "NAME"))
        };
        let (hidden, none) = (told("hidden"), told("nobody"));
        if hidden != none || none.0 != 404 || !none.1.contains("workspace_not_found") {
            wrong.push(format!("{method} {more}: {hidden:?} {none:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(get(ns, "workspaces.quarterdeck.dev", "hidden")["status"]["phase"], "Stopped");
    // Nor is it listed to her, though Kubernetes would list it; what is shared with somebody is.
    let listed = |who: &str| {
        let path = format!("/api/v1/workspaces?cluster={}&namespace={ns}", context());
        let told = place.serving.ask_as(&place.tokens[who], &path, &[]).json();
        let names = told["workspaces"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>(), told["total"].clone())
    };
    let has = |who: &str, name: &str| listed(who).0.iter().any(|one| one == name);
    assert!(has("ada", "hidden") && has("ada", "w") && has("dan", "w"), "{:?} {:?}", listed("ada"), listed("dan"));
    assert_eq!((has("dan", "hidden"), listed("eve")), (false, (Vec::new(), json!(0))));
}
