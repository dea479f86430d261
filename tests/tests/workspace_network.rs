//! Workspaces on a node that keeps network policies: who reaches whom, and that it is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::console::Console;
use e2e::fresh::Fresh;
use e2e::network::{End, Try, Unkept, only};
use e2e::workspaces::{apply, condition, get, message, pods, until, wait};
use e2e::{alone, errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::MutexGuard;

/// What stands for the world beyond the cluster: addresses that a pod has.
const INTERNET: &str = "203.0.113.7";
const OTHER: &str = "203.0.113.9";
const METADATA: &str = "169.254.169.254";
const SHARED: &str = "100.64.7.7";
const PRIVATE: &str = "172.20.7.7";
/// Within what the platform keeps closed.
const NEVER: &str = "198.51.100.7";
const WORLD: [&str; 6] = [INTERNET, OTHER, METADATA, SHARED, PRIVATE, NEVER];

const PORT: u16 = 8000;
/// The namespace of the gateway and of the ingress controller, where there are any.
const GATE: &str = "ws-net-gate";

/// An operator that lets nothing run where no policies are kept.
fn operator() -> Console {
    operator_with("", &[])
}

/// One with more settings, that knows these names.
fn operator_with(more: &str, hosts: &[(&str, &str)]) -> Console {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), SETTINGS.replace("GATE", GATE) + more).unwrap();
    let path = file.path().to_str().unwrap();
    Console::start_knowing(hosts, Some(&kubeconfig()), &["--with-operator", "--yes", "--config", path], &[])
}

const SETTINGS: &str = r#"
[network]
require_enforcement = true
gateway_namespace = "GATE"
gateway_labels = { app = "gateway" }
never_allow = ["198.51.100.0/24"]
system = ["172.20.0.0/16", "169.254.0.0/16", "198.51.0.0/16"]
[exposure]
domains = ["ws.test"]
auth_url = "none"
ingress_namespace = "GATE"
ingress_labels = { app = "ingress" }
"#;

/// A namespace, an operator, a pod that no policy selects, and the world.
struct Place {
    fresh: Fresh,
    console: Console,
    plain: End,
    world: End,
    node: End,
    api: IpAddr,
    /// The last to go.
    _alone: MutexGuard<'static, ()>,
}

impl Place {
    fn new(name: &'static str) -> Self {
        let alone = alone();
        let fresh = Fresh::new(name);
        let console = operator();
        let ns = fresh.name();
        let plain = End::start(ns, "plain", &json!({ "app": "plain" }), false);
        let world = End::start(ns, "world", &json!({ "app": "world" }), false);
        let node = End::start(ns, "node", &json!({}), true);
        for address in WORLD {
            world.run(&format!("ip address add {address}/32 dev lo"));
            node.run(&format!("ip route replace {address}/32 via {} dev cni0", world.address));
        }
        world.listens(PORT);
        plain.listens(PORT);
        let service = get("default", "service", "kubernetes");
        let api = service["spec"]["clusterIP"].as_str().unwrap().parse().unwrap();
        let this = Self { fresh, console, plain, world, node, api, _alone: alone };
        // The world is there: what is closed below is closed by rules.
        let all = this.world_of("plain", &this.plain);
        let open: Vec<(&str, &str)> = all.iter().map(|(from, _, to, _)| (*from, *to)).collect();
        only(&all, &open);
        this
    }

    fn ns(&self) -> &'static str {
        self.fresh.name()
    }

    /// Tries to reach the world, the pod that no policy selects, the API server at both its addresses, the kubelet, and DNS.
    fn world_of<'a>(&self, from: &'a str, end: &'a End) -> Vec<Try<'a>> {
        let dns = get("kube-system", "service", "kube-dns")["spec"]["clusterIP"].as_str().unwrap().parse().unwrap();
        let mut all: Vec<Try<'a>> =
            WORLD.iter().map(|address| (from, end, *address, (address.parse().unwrap(), PORT))).collect();
        all.push((from, end, "plain", (self.plain.address, PORT)));
        all.push((from, end, "api", (self.api, 443)));
        all.push((from, end, "api at its node", (self.node.address, 6443)));
        all.push((from, end, "kubelet", (self.node.address, 10250)));
        all.push((from, end, "dns", (dns, 53)));
        all
    }

    fn blueprint(&self, name: &str, network: &Value) {
        self.blueprint_of(name, &json!({ "network": network }));
    }

    fn blueprint_of(&self, name: &str, more: &Value) {
        let mut spec = json!({ "image": "images.invalid/shell:1" });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let object = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
            "metadata": { "name": name, "namespace": self.ns() },
            "spec": spec,
        });
        kubectl::apply(&kubeconfig(), &object.to_string());
    }

    /// Asks for a workspace of a blueprint.
    fn ask(&self, name: &str, owner: &str, org: &str, blueprint: &str, more: &Value) {
        let mut spec = json!({
            "owner": owner, "org": org, "image": null, "blueprintRef": { "kind": "Blueprint", "name": blueprint },
        });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        apply(self.ns(), name, &spec);
    }

    /// Its network, once it is ready; it takes connections then.
    fn ready(&self, name: &str) -> End {
        wait(self.ns(), name, "condition=Ready");
        let end = End::of(self.ns(), name);
        end.listens(PORT);
        end
    }

    fn seen(&self, name: &str) -> Value {
        get(self.ns(), "workspaces.quarterdeck.dev", name)
    }

    /// The words of a condition.
    fn told(&self, name: &str, kind: &str) -> String {
        message(&self.seen(name), kind)
    }

    /// Waits until a field of it is not allowed: it has no pod then.
    fn refused(&self, name: &str) {
        let so = || condition(&self.seen(name), "BlueprintResolved") == ("False".into(), "FieldNotAllowed".into());
        until(&format!("{name} is refused"), 60, so);
        assert!(pods(self.ns(), name).is_empty(), "{name}");
    }

    fn exec(&self, name: &str, line: &str) -> String {
        let mut command = self.console.qd(Some(&kubeconfig()));
        let output = command.args(["ws", "exec", "-n", self.ns(), name, "--", "bash", "-c", line]).output().unwrap();
        assert!(output.status.success(), "{line}: {}", errors(&output));
        out(&output)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for address in WORLD {
            self.node.run(&format!("ip route delete {address}/32"));
        }
    }
}

/// This machine reaches an address by the node, while this lives.
struct Led(String);

impl Led {
    fn new(address: &str, node: &End) -> Self {
        let to = format!("{address}/32");
        let output =
            std::process::Command::new("ip").args(["route", "replace", &to, "via", &node.address.to_string()]).output();
        assert!(output.unwrap().status.success(), "{to}");
        Self(to)
    }
}

impl Drop for Led {
    fn drop(&mut self) {
        let _ = std::process::Command::new("ip").args(["route", "delete", &self.0]).output();
    }
}

/// Each of these with each other, by their names.
fn between<'a>(all: &'a [(&'a str, End)]) -> Vec<Try<'a>> {
    let pairs = all.iter().flat_map(|from| all.iter().map(move |to| (from, to)));
    pairs.map(|((from, end), (to, target))| (*from, end, *to, (target.address, PORT))).collect()
}

#[test]
fn wn_01d_an_isolated_workspace_has_names_and_the_internet_and_nobody_else() {
    let place = Place::new("ws-net-isolated");
    let ns = place.ns();
    // Two of one owner and one image, without a word of networks.
    apply(ns, "a", &json!({ "ports": [{ "name": "web", "containerPort": PORT }] }));
    apply(ns, "b", &json!({}));
    let (a, b) = (place.ready("a"), place.ready("b"));
    assert_eq!(pods(ns, "a")[0]["metadata"]["labels"]["quarterdeck.dev/network-class"], "isolated");
    let all = [("a", a.clone()), ("b", b), ("plain", place.plain.clone()), ("world", place.world.clone())];
    let tries: Vec<Try<'_>> = [between(&all), place.world_of("a", &a)].concat();
    // Pods that are not selected meet; a workspace meets itself, names and the internet.
    let free = [("plain", "plain"), ("plain", "world"), ("world", "world"), ("world", "plain")];
    let own = [("a", "a"), ("b", "b"), ("a", INTERNET), ("a", OTHER), ("a", "dns")];
    only(&tries, &[&free[..], &own[..]].concat());
    // A port that is declared is for the gateway alone, which there is none of here; this machine is closed out, too.
    let target = std::net::SocketAddr::new(a.address, PORT);
    assert!(std::net::TcpStream::connect_timeout(&target, std::time::Duration::from_secs(1)).is_err());
    // Names are resolved, over UDP, and doors lead in by the API server.
    let named = "exec 3<>/dev/tcp/kube-dns.kube-system.svc.cluster.local/53 && echo resolved";
    assert_eq!(place.exec("a", named).trim(), "resolved");
    wait(ns, "a", "condition=Reachable");
}

#[test]
fn wn_01e_gateways_reach_the_daemon_and_declared_ports_and_who_else_comes_is_said_by_the_exposure() {
    let place = Place::new("ws-net-doors");
    let gate = Fresh::new(GATE);
    let app = |namespace: &str, name: &str, kind: &str| {
        let end = End::start(namespace, name, &json!({ "app": kind }), false);
        end.listens(PORT);
        end
    };
    let from = [
        ("gateway", app(gate.name(), "gateway", "gateway")),
        ("ingress", app(gate.name(), "ingress", "ingress")),
        ("other", app(gate.name(), "other", "other")),
        // labels alone are no gateway
        ("false", app(place.ns(), "false", "gateway")),
        ("plain", place.plain.clone()),
    ];
    let ports = json!([{ "name": "web", "containerPort": PORT }]);
    let exposed = |kind: &str| json!({ "ports": ports, "exposure": { "type": kind } });
    let mut by_ingress = exposed("Ingress");
    by_ingress["exposure"]["domain"] = json!("ws.test");
    apply(place.ns(), "inner", &exposed("ClusterIP"));
    apply(place.ns(), "ingress", &by_ingress);
    apply(place.ns(), "balanced", &exposed("LoadBalancer"));
    let to = ["inner", "ingress", "balanced"].map(|name| {
        let end = place.ready(name);
        end.listens(9000);
        (name, end)
    });
    let names: Vec<[String; 3]> =
        to.iter().map(|(name, _)| [2822, PORT, 9000].map(|port| format!("{name}:{port}"))).collect();
    let mut tries: Vec<Try<'_>> = Vec::new();
    for ((_, target), names) in to.iter().zip(&names) {
        for (name, end) in &from {
            for (port, what) in [2822, PORT, 9000].into_iter().zip(names) {
                tries.push((*name, end, what, (target.address, port)));
            }
        }
    }
    // Workspaces reach the gateway, and nothing else beside it.
    for (name, end) in &to {
        for (there, target) in &from {
            tries.push((*name, end, *there, (target.address, PORT)));
        }
    }
    let mut open: Vec<(&str, &str)> = Vec::new();
    for ((name, _), [daemon, web, _]) in to.iter().zip(&names) {
        open.extend([("gateway", daemon.as_str()), ("gateway", web.as_str()), (*name, "gateway")]);
    }
    open.push(("ingress", "ingress:8000"));
    open.extend(["ingress", "other", "false", "plain"].map(|name| (name, "balanced:8000")));
    only(&tries, &open);
}

#[test]
fn wn_03b_workspaces_of_one_blueprint_and_organization_meet_and_no_others() {
    let place = Place::new("ws-net-workspace");
    place.blueprint("go", &json!({ "networkPolicyClass": "workspace" }));
    place.blueprint("web", &json!({ "networkPolicyClass": "workspace" }));
    let none = json!({});
    let tighter = json!({ "overrides": { "network": { "networkPolicyClass": "isolated" } } });
    for (name, owner, org, blueprint, more) in [
        ("ada", "ada", "acme", "go", &none),
        ("bob", "bob", "acme", "go", &none),
        ("elsewhere", "bob", "other", "go", &none),
        ("web", "ada", "acme", "web", &none),
        ("tight", "ada", "acme", "go", &tighter),
    ] {
        place.ask(name, owner, org, blueprint, more);
    }
    let names = ["ada", "bob", "elsewhere", "web", "tight"];
    let mut all: Vec<(&str, End)> = names.iter().map(|name| (*name, place.ready(name))).collect();
    all.push(("plain", place.plain.clone()));
    let mut open: Vec<(&str, &str)> = all.iter().map(|(name, _)| (*name, *name)).collect();
    open.extend([("ada", "bob"), ("bob", "ada")]);
    only(&between(&all), &open);
}

#[test]
fn bp_07c_lists_open_ranges_and_pods_of_one_namespace_and_nothing_that_is_kept_closed() {
    let place = Place::new("ws-net-lists");
    let other = Fresh::new("ws-net-lists-b");
    let ns = place.ns();
    let app = |namespace: &str, name: &str| {
        let end = End::start(namespace, name, &json!({ "app": name }), false);
        end.listens(PORT);
        end
    };
    let (db, web) = (app(ns, "db"), app(ns, "web"));
    let (db_there, web_there) = (app(other.name(), "db"), app(other.name(), "web"));
    let lists = json!({
        "allowEgressToCIDRs": ["100.64.0.0/10", "172.16.0.0/12", "198.51.0.0/16"],
        "denyEgressToCIDRs": ["203.0.113.8/29"],
        "allowEgressToPods": [{ "app": "db" }, { "app": "web", "kubernetes.io/metadata.name": other.name() }],
        "allowEgressToHosts": ["example.com"],
    });
    place.blueprint("lists", &lists);
    place.ask("lists", "ada", "acme", "lists", &json!({}));
    // What a workspace says itself makes it tighter.
    let closed = json!({ "network": { "denyEgressToCIDRs": ["203.0.113.8/29", "172.20.0.0/16"] } });
    place.ask("tight", "ada", "acme", "lists", &json!({ "overrides": closed }));
    let all = [("lists", place.ready("lists")), ("tight", place.ready("tight"))];
    let mut tries = Vec::new();
    for (name, end) in &all {
        tries.extend(place.world_of(name, end));
        tries.push((*name, end, "db", (db.address, PORT)));
        tries.push((*name, end, "web", (web.address, PORT)));
        tries.push((*name, end, "db there", (db_there.address, PORT)));
        tries.push((*name, end, "web there", (web_there.address, PORT)));
    }
    let mut open = vec![("lists", PRIVATE)];
    for name in ["lists", "tight"] {
        open.extend([(name, INTERNET), (name, SHARED), (name, "dns"), (name, "db"), (name, "web there")]);
    }
    only(&tries, &open);
    assert!(place.seen("lists").to_string().contains("allowEgressToHosts opens nothing"), "it is said");

    // A workspace makes nothing wider.
    let wider = json!({ "overrides": { "network": { "networkPolicyClass": "system" } } });
    place.ask("wider", "ada", "acme", "lists", &wider);
    place.refused("wider");
}

#[test]
fn bp_07e_hosts_by_name_are_reached_through_the_operator_and_nothing_else_is() {
    let mut place = Place::new("ws-net-names");
    let api = place.api.to_string();
    let names = [
        ("git.corp.test", PRIVATE),
        ("web.else.test", INTERNET),
        ("wiki.else.test", PRIVATE),
        ("meta.corp.test", METADATA),
        ("never.corp.test", NEVER),
        ("denied.corp.test", OTHER),
        ("api.corp.test", api.as_str()),
        ("self.corp.test", "127.0.0.1"),
    ];
    // the operator stands outside of the node: of the world it sees what is led there
    let _seen = [Led::new(PRIVATE, &place.node), Led::new(INTERNET, &place.node)];
    place.console = operator_with("[operator]\negress_proxy = true\n", &names);
    place.world.answers(8080);
    let lists = |hosts: &[&str]| json!({ "allowEgressToHosts": hosts, "denyEgressToCIDRs": ["203.0.113.8/29"] });
    place.blueprint("names", &lists(&["*.corp.test"]));
    place.ask("names", "ada", "acme", "names", &json!({}));
    let end = place.ready("names");
    assert!(!end.reaches(PRIVATE.parse().unwrap(), 8080), "its own rules close it");

    // as curl asks a proxy: what stands in the clear, and a tunnel
    let curl = |more: &[&str], url: &str| {
        let words = ["curl", "-sS", "--max-time", "40", "--noproxy", "", "-x", "http://127.0.0.1:2823"];
        let output = end.output(&[&words, more, &[url]].concat());
        (out(&output), errors(&output))
    };
    for tunnel in [&[][..], &["-p"]] {
        let (said, wrong) = curl(tunnel, "http://git.corp.test:8080/x?y");
        assert!(said.starts_with("GET /x?y HTTP/1.1|"), "{tunnel:?} {said} {wrong}");
        assert!(said.to_lowercase().contains("|host: git.corp.test:8080|") && !said.contains("Proxy"), "{said}");
        let (said, wrong) = curl(tunnel, "http://web.else.test:8080/z");
        assert!(said.starts_with("GET /z "), "what its own rules open is open by any name: {said} {wrong}");
        let address = format!("http://{PRIVATE}:8080/");
        for (url, code) in [
            ("http://never.corp.test:8080/", "host_closed"),
            ("http://meta.corp.test:8080/", "host_closed"),
            ("http://denied.corp.test:8080/", "host_closed"),
            ("http://api.corp.test:443/", "host_closed"),
            ("http://self.corp.test:22/", "host_closed"),
            ("http://wiki.else.test:8080/", "host_closed"),
            (&address, "host_closed"),
            ("http://git.corp.test:8081/", "host_unreachable"),
            ("http://nowhere.corp.test:8080/", "host_unknown"),
        ] {
            let (said, wrong) = curl(&[tunnel, &["-i"]].concat(), url);
            if tunnel.is_empty() {
                assert!(said.contains(code), "{url}: {said} {wrong}");
            } else {
                let status = if code == "host_closed" { "403" } else { "502" };
                assert!(wrong.contains(status), "{url}: {said} {wrong}");
            }
        }
    }

    // what was decided about is what is asked, whatever else a program says
    let (said, wrong) = curl(&["-H", "Host: wiki.else.test"], "http://git.corp.test:8080/x");
    assert!(said.contains("host: git.corp.test:8080|") && !said.contains("wiki"), "{said} {wrong}");

    // programs find it by their environment, in a shell and in the container
    let proxy = "http://127.0.0.1:2823\n";
    assert_eq!(place.exec("names", "echo $HTTPS_PROXY"), proxy);
    assert!(place.exec("names", "echo $no_proxy").starts_with("localhost,127.0.0.1,::1,.svc,.cluster.local"));
    let inside = ["exec", "-n", place.ns(), "names", "-c", "main", "--", "sh", "-c", "echo $http_proxy"];
    assert_eq!(kubectl::stdout(&kubeconfig(), &inside), proxy);

    // each is a decision, and what became of it is told; nobody hears of paths
    let entries =
        place.console.ask("GET", "/audit?action=workspace:ask&limit=200", None, &[]).json()["entries"].clone();
    let text = entries.to_string();
    for part in
        ["git.corp.test:8080", "\"connect\"", "answered 200", "bytes there", "host_closed", "nowhere.corp.test:8080"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("x?y"));

    // what is no longer listed is cut
    let stays = std::thread::scope(|scope| {
        let stays = scope.spawn(|| curl(&["-p"], "http://git.corp.test:8080/stay"));
        std::thread::sleep(std::time::Duration::from_secs(2));
        place.blueprint("names", &lists(&["other.test"]));
        until("it is closed", 60, || curl(&[], "http://git.corp.test:8080/x").0.contains("host_closed"));
        stays.join().unwrap()
    });
    assert!(
        stays.0.starts_with("GET /stay") && stays.1.contains("curl: ") && !stays.1.contains("timed out"),
        "{stays:?}"
    );
}

#[test]
fn wn_06g_what_the_platform_keeps_closed_is_refused_where_it_is_listed() {
    let place = Place::new("ws-net-refused");
    for (name, network) in [
        ("metadata", json!({ "allowEgressToCIDRs": ["169.254.169.254/32"] })),
        ("never", json!({ "allowEgressToCIDRs": ["198.51.100.0/28"] })),
        ("node", json!({ "allowEgressToCIDRs": [format!("{}/32", place.node.address)] })),
    ] {
        place.blueprint(name, &network);
        place.ask(name, "ada", "acme", name, &json!({}));
    }
    for name in ["metadata", "never", "node"] {
        place.refused(name);
    }
}

#[test]
fn wd_12e_no_class_widens_another_and_none_reaches_what_is_kept_closed() {
    let place = Place::new("ws-net-classes");
    let classes = ["isolated", "user", "workspace", "organization", "system"];
    for class in classes {
        place.blueprint(class, &json!({ "networkPolicyClass": class }));
    }
    let who = [
        ("isolated", "ada", "acme", "isolated"),
        ("user", "ada", "acme", "user"),
        ("user too", "ada", "acme", "user"),
        ("user bob", "bob", "acme", "user"),
        ("workspace", "ada", "acme", "workspace"),
        ("org", "ada", "acme", "organization"),
        ("org bob", "bob", "acme", "organization"),
        ("org other", "ada", "other", "organization"),
        ("system", "ada", "acme", "system"),
    ];
    let name = |words: &str| words.replace(' ', "-");
    for (words, owner, org, class) in who {
        place.ask(&name(words), owner, org, class, &json!({}));
    }
    let mut all: Vec<(&str, End)> = who.iter().map(|(words, ..)| (*words, place.ready(&name(words)))).collect();
    all.push(("plain", place.plain.clone()));
    let mut tries = between(&all);
    let mut open: Vec<(&str, &str)> = all.iter().map(|(name, _)| (*name, *name)).collect();
    open.extend([("user", "user too"), ("user too", "user"), ("org", "org bob"), ("org bob", "org")]);
    open.extend([("system", "org"), ("system", "org bob")]);
    for (name, end) in &all {
        if *name == "plain" {
            continue;
        }
        tries.extend(place.world_of(name, end).into_iter().filter(|one| one.2 != "plain"));
        open.extend([(*name, INTERNET), (*name, OTHER), (*name, "dns")]);
    }
    // The ranges that the platform gives to the widest, without what it keeps closed.
    open.push(("system", PRIVATE));
    only(&tries, &open);
}

#[test]
fn wn_07e_what_is_said_of_the_network_is_so_and_nothing_runs_where_it_keeps_no_rules() {
    let mut place = Place::new("ws-net-canary");
    let ns = place.ns();
    place.blueprint("closed", &json!({ "networkPolicyClass": "isolated" }));
    place.blueprint_of("open", &json!({ "kubernetesAccess": true }));
    let says = |place: &Place, name: &str, status: &str, reason: &str| {
        let what = format!("NetworkIsolated of {name} is {status}");
        until(&what, 60, || condition(&place.seen(name), "NetworkIsolated") == (status.into(), reason.into()));
        place.told(name, "NetworkIsolated")
    };
    place.ask("kept", "ada", "acme", "closed", &json!({}));
    place.ask("open", "ada", "acme", "open", &json!({}));
    let (kept, open) = (place.ready("kept"), place.ready("open"));
    // It is tried from the pod, where the connection to the API server must fail; where it need not, nothing is claimed.
    let told = says(&place, "kept", "True", "AsExpected");
    assert!(
        told.contains(&format!("a connection to {}:443, which its rules close, was not made", place.api)),
        "{told}"
    );
    let told = says(&place, "open", "Unknown", "Unknown");
    assert!(told.contains("there is nothing that must fail"), "{told}");
    let tries: Vec<Try<'_>> =
        [("kept", &kept), ("open", &open)].map(|(name, end)| (name, end, "api", (place.api, 443))).into();
    only(&tries, &[("open", "api")]);

    // The network stops keeping rules: who starts then is stopped, and nobody starts after that.
    let unkept = Unkept::on(&place.node);
    assert!(kept.reaches(place.api, 443), "nothing is kept any more");
    place.ask("late", "ada", "acme", "closed", &json!({}));
    until("what came late is stopped", 90, || place.seen("late")["spec"]["state"] == "Stopped");
    until("its pod is gone", 60, || pods(ns, "late").is_empty());
    let cause = place.seen("late")["metadata"]["annotations"].to_string();
    assert!(cause.contains("the network keeps no policies, and no workspace may run without"), "{cause}");
    place.ask("next", "ada", "acme", "closed", &json!({}));
    until("what comes next is not let in", 60, || {
        condition(&place.seen("next"), "Accepted") == ("False".into(), "NotEnforced".into())
    });
    assert!(pods(ns, "next").is_empty() && place.told("next", "Accepted").contains("the next try is at "));

    // It is mended. Another operator, which knows nothing of that, has one try.
    drop(unkept);
    place.console = operator();
    wait(ns, "next", "condition=Ready");
    says(&place, "next", "True", "AsExpected");
    let patch = json!({ "spec": { "state": "Running" } }).to_string();
    let object = "workspaces.quarterdeck.dev/late";
    let _ = kubectl::stdout(&kubeconfig(), &["patch", "-n", ns, object, "--type=merge", "-p", &patch]);
    wait(ns, "late", "condition=Ready");
    says(&place, "late", "True", "AsExpected");
}
