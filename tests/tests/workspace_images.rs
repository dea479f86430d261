//! Images of a registry with a login: what they say of themselves, and workspaces that are pulled from it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "workspace_images/lab.rs"]
mod lab;

use e2e::console::{Console, command};
use e2e::curl::curl;
use e2e::fresh::Fresh;
use e2e::workspaces::{apply, get, message, pods, run, until, wait};
use e2e::{errors, kubeconfig, out};
use lab::Lab;
use serde_json::{Value, json};

/// What people who generate passwords have had to live with.
const PASSWORD: &str = "p:a\"s's$w{o}r#d %41 \\n &<é→> !true";
const SLEEPS: [&str; 2] = ["sleep", "100002"];

fn console(lab: &Lab, more: &[(&'static str, &str)]) -> Console {
    let variables = lab.variables();
    let mut variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.extend(more);
    Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &variables)
}

/// The ports of a workspace's service, without the agent's.
fn ports(namespace: &str, name: &str) -> Vec<Value> {
    let service = get(namespace, "service", name);
    let all = service["spec"]["ports"].as_array().cloned().unwrap_or_default();
    all.iter().filter(|port| port["name"] != "agent").map(|port| json!([port["port"], port["protocol"]])).collect()
}

fn port_variable(pod: &Value) -> Value {
    let containers = pod["spec"]["containers"].as_array().unwrap();
    let main = containers.iter().find(|one| one["name"] == "main").unwrap();
    let all = main["env"].as_array().unwrap();
    all.iter().find(|one| one["name"] == "PORT").map_or(Value::Null, |one| one["value"].clone())
}

#[test]
fn wo_08k_a_service_listens_where_its_image_says_and_goes_on_so_when_the_registry_is_away() {
    let mut lab = Lab::start("12345", PASSWORD);
    let fresh = Fresh::new("ws-images");
    let ns = fresh.name();
    lab.secret(ns, "pull");
    let exposed = lab.push("team/shop:1", &json!({ "Cmd": SLEEPS, "ExposedPorts": { "3000/tcp": {}, "53/udp": {} } }));
    let labels = json!({ "quarterdeck.dev/ports": "web:8443, 9000", "maintainer": "ada" });
    let labelled =
        lab.push("team/shop:2", &json!({ "Cmd": SLEEPS, "ExposedPorts": { "3000/tcp": {} }, "Labels": labels }));
    let console = console(&lab, &[]);
    let service = |image: &str| json!({ "image": image, "runProfile": "service" });
    apply(ns, "exposed", &service(&exposed));
    apply(ns, "labelled", &service(&labelled));
    let mut said = service(&exposed);
    said["ports"] = json!([{ "containerPort": 7000 }]);
    apply(ns, "said", &said);
    // Its registry is nowhere: it is made all the same, and says what is not known.
    let mut nowhere = service("images.invalid/shell:1");
    nowhere["command"] = json!(SLEEPS);
    apply(ns, "nowhere", &nowhere);
    for (name, expected, variable) in [
        ("exposed", vec![json!([3000, "TCP"]), json!([53, "UDP"])], "3000"),
        ("labelled", vec![json!([8443, "TCP"]), json!([9000, "TCP"])], "8443"),
        ("said", vec![json!([7000, "TCP"])], "7000"),
        ("nowhere", vec![json!([8080, "TCP"])], "8080"),
    ] {
        wait(ns, name, "condition=Ready");
        assert_eq!((ports(ns, name), port_variable(&pods(ns, name)[0])), (expected, json!(variable)), "{name}");
    }
    let resolved = |name: &str| message(&get(ns, "workspaces.quarterdeck.dev", name), "BlueprintResolved");
    let words = resolved("nowhere");
    assert!(words.contains("8080 is taken") && words.contains("images.invalid"), "{words}");
    assert_eq!(resolved("exposed"), "the blueprint is valid");
    // Each question stands in the journal, and no password anywhere.
    let journal = console.journal();
    let asked = journal.lines().filter(|line| line.contains("workspace:source") && line.contains("team/shop"));
    assert!(asked.count() >= 2, "{journal}");
    let says = console.said();
    assert!(!journal.contains("a\\\"s's") && !says.contains("a\"s's"), "{says}");

    // The registry goes away and another operator comes: what runs stays as it is.
    let uid = pods(ns, "exposed")[0]["metadata"]["uid"].clone();
    lab.stop();
    drop(console);
    let again = self::console(&lab, &[]);
    let labels = json!({ "spec": { "env": [{ "name": "NEW", "value": "1" }] } });
    e2e::workspaces::patch(ns, "exposed", &labels);
    until("it was looked at", 60, || {
        let seen = get(ns, "workspaces.quarterdeck.dev", "exposed");
        seen["status"]["observedGeneration"] == seen["metadata"]["generation"]
    });
    assert_eq!(pods(ns, "exposed")[0]["metadata"]["uid"], uid);
    assert_eq!(ports(ns, "exposed"), [json!([3000, "TCP"]), json!([53, "UDP"])]);
    drop(again);
}

#[test]
fn wd_20b_odd_names_and_passwords_provision_and_pull() {
    let lab = Lab::start("12345", PASSWORD);
    let fresh = Fresh::new("ws-odd");
    let ns = fresh.name();
    lab.secret(ns, "pull");
    let image = lab.push("team/odd:1", &json!({ "Cmd": SLEEPS }));
    assert_eq!(lab.get("team/odd/manifests/1", false).status, 401, "nobody pulls without the login");
    let _console = console(&lab, &[]);
    let profile = |at: usize| if at.is_multiple_of(2) { "shell" } else { "service" };
    let odd = ["12345", "true", "null", "1e3", "0x1F", "yes", "~", "0"];
    let owners = ["12345", "true", "null", "1e3", "0x1F", "yes"];
    let names = ["w12345", "true", "null", "w1e3", "w0x1f", "yes"];
    let env: Vec<Value> =
        odd.iter().enumerate().map(|(at, text)| json!({ "name": format!("ODD_{at}"), "value": text })).collect();
    for (at, (owner, name)) in owners.iter().zip(names).enumerate() {
        let org = owners[(at + 1) % owners.len()];
        let profile = profile(at);
        let labels = json!({ "team": owner });
        apply(
            ns,
            name,
            &json!({
                "owner": owner, "org": org, "image": image, "runProfile": profile, "env": env, "podLabels": labels,
            }),
        );
    }
    for (at, (owner, name)) in owners.iter().zip(names).enumerate() {
        wait(ns, name, "condition=Ready");
        let pod = &pods(ns, name)[0];
        let containers = pod["spec"]["containers"].as_array().unwrap();
        let main = containers.iter().find(|one| one["name"] == "main").unwrap();
        assert_eq!(main["image"], image.as_str());
        assert_eq!(pod["metadata"]["labels"]["team"], *owner);
        assert_eq!(pod["metadata"]["labels"]["quarterdeck.dev/owner"], *owner);
        assert_eq!(pod["metadata"]["labels"]["quarterdeck.dev/org"], owners[(at + 1) % owners.len()]);
        for (at, text) in odd.iter().enumerate() {
            run(ns, name, &format!("test \"$ODD_{at}\" = '{text}'"));
        }
        if profile(at) == "shell" {
            // An account begins with a letter.
            let account = owner.to_lowercase();
            let account = if account.starts_with(char::is_alphabetic) { account } else { format!("u-{account}") };
            run(ns, name, &format!("grep -q '^{account}:' /etc/passwd"));
        }
    }
    // It was the login that let it in.
    let events = e2e::kubectl::stdout(&kubeconfig(), &["get", "events", "-n", ns, "-o", "json"]);
    let events: Value = serde_json::from_str(&events).unwrap();
    let pulled = events["items"].as_array().unwrap().iter().filter_map(|event| event["message"].as_str());
    let pulled = pulled.filter(|text| text.contains("Successfully pulled") && text.contains(&image));
    assert!(pulled.count() > 0, "{events:#}");
}

#[test]
fn gn_02e_an_image_of_a_registry_with_a_login_tells_its_labels_and_ports() {
    let lab = Lab::start("true", PASSWORD);
    let fresh = Fresh::new("ws-defaults");
    let ns = fresh.name();
    lab.secret(ns, "pull");
    let labels = json!({ "org.opencontainers.image.description": "A shop: \"yes\"", "maintainer": "ada" });
    let image =
        lab.push("guildnet/agent:1", &json!({ "Cmd": SLEEPS, "ExposedPorts": { "3000/tcp": {} }, "Labels": labels }));
    let plain = lab.push("team/plain:1", &json!({ "Cmd": SLEEPS }));
    let console = console(&lab, &[("QD__COMPAT__GUILDNET", "true"), ("QD__COMPAT__NAMESPACE", "ws-defaults")]);
    let token = format!("x-quarterdeck-token: {}", console.token());
    let defaults = |image: &str| {
        let url = format!("{}/api/image-defaults?image={image}", console.base);
        let answer = curl(&url, &["-H", &token]);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    let expected = json!({
        "ports": [{ "name": "tcp-3000", "port": 3000 }], "env": { "AGENT_HOST": "" }, "description": "A shop: \"yes\"",
        "labels": { "org.opencontainers.image.description": "A shop: \"yes\"" },
    });
    assert_eq!(defaults(&image), expected);
    assert_eq!(defaults(&plain), json!({}), "it says nothing of itself");
    assert_eq!(defaults(&format!("{}/team/none:1", lab.host)), json!({}));
    let known = defaults(&format!("{}/guildnet/agent:none", lab.host));
    assert_eq!(known["ports"][1]["port"], 8443, "what is usual for its name stays: {known:#}");
    for bad in ["UPPER", "a..b/%20c", ""] {
        assert_eq!(defaults(bad), json!({}), "{bad}");
    }
    let journal = console.journal();
    assert!(
        journal.contains("workspace:source") && journal.contains("image 1") && !journal.contains("a\\\"s's"),
        "{journal}"
    );
}

#[test]
fn wo_08l_an_agent_behind_a_web_server_of_its_own_is_a_sample_blueprint() {
    let home = tempfile::tempdir().unwrap();
    let tree = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../blueprints");
    let said = |words: &[&str]| {
        let output = command(home.path(), None).arg("blueprint").args(words).arg(&tree).output().unwrap();
        assert!(output.status.success(), "{}{}", out(&output), errors(&output));
        out(&output)
    };
    let tests = said(&["test"]);
    assert!(tests.contains("an agent stands behind a web server of its own"), "{tests}");
    let text = std::fs::read_to_string(tree.join("agent.yaml")).unwrap();
    for part in ["/healthz", "/landing", "frame-ancestors", "runAsUser: 10001", "reverse_proxy"] {
        assert!(text.contains(part), "{part}");
    }
}
