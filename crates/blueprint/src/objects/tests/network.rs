//! Who talks to whom.

use super::*;
use serde_json::json;
use std::collections::BTreeMap;

fn policy(fields: &str, place: &Place) -> Json {
    json_of(&made_at(fields, place).network_policy)["spec"].clone()
}

fn in_cluster() -> Place {
    let mut place = place();
    let labels = BTreeMap::from([("app".to_owned(), "qd".to_owned())]);
    place.network.gateway = Some(Pods { namespace: "qd".to_owned(), labels });
    place.network.pods = vec!["10.244.0.0/16".to_owned()];
    place.network.services = vec!["203.0.113.0/24".to_owned()];
    place.network.nodes = vec!["192.0.2.0/24".to_owned()];
    place.network.api_server = vec!["192.0.2.7".to_owned()];
    place.network.node_dns = vec!["169.254.20.10".to_owned()];
    place
}

/// The address blocks of all rules for egress.
fn blocks(policy: &Json) -> Vec<Json> {
    let rules = policy["egress"].as_array().unwrap().iter();
    rules.flat_map(|rule| rule["to"].as_array().unwrap().clone()).filter(|peer| !peer["ipBlock"].is_null()).collect()
}

fn block<'a>(blocks: &'a [Json], cidr: &str) -> Option<&'a Json> {
    blocks.iter().map(|one| &one["ipBlock"]).find(|one| one["cidr"] == cidr)
}

fn is_except(block: &Json, range: &str) -> bool {
    block["except"].as_array().is_some_and(|all| all.iter().any(|one| one == range))
}

#[test]
fn wn_01a_the_base_of_all_classes() {
    let policy = policy("network: {ports: [{containerPort: 3000}]}", &in_cluster());
    assert_eq!(policy["podSelector"], json!({"matchLabels": {"quarterdeck.dev/canonical-id": "ada-x"}}));
    assert_eq!(policy["policyTypes"], json!(["Ingress", "Egress"]));
    let gateway = json!({
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "qd"}},
        "podSelector": {"matchLabels": {"app": "qd"}},
    });
    let ports = json!([{"port": 2822, "protocol": "TCP"}, {"port": 3000, "protocol": "TCP"}]);
    assert_eq!(policy["ingress"], json!([{"from": [gateway], "ports": ports}]));
    let dns = &policy["egress"][0];
    assert_eq!(dns["ports"], json!([{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]));
    assert_eq!(dns["to"][1]["ipBlock"]["cidr"], "169.254.20.10/32");
    let blocks = blocks(&policy);
    let (v4, v6) = (block(&blocks, "0.0.0.0/0").unwrap(), block(&blocks, "::/0").unwrap());
    for range in [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "192.0.0.0/24",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "203.0.113.0/24",
        "192.0.2.0/24",
    ] {
        assert!(is_except(v4, range), "{range}");
    }
    for range in ["fc00::/7", "fe80::/10", "::1/128", "ff00::/8", "64:ff9b::/96"] {
        assert!(is_except(v6, range), "{range}");
    }
    // one exception never stands in another
    assert!(!is_except(v4, "10.244.0.0/16") && !is_except(v4, "192.0.2.7/32"));
    let mut nat64 = in_cluster();
    nat64.network.nat64 = true;
    let policy = super::network::policy("", &nat64);
    assert!(!is_except(block(&super::network::blocks(&policy), "::/0").unwrap(), "64:ff9b::/96"));
    // without a gateway in the cluster nobody comes in
    assert_eq!(super::network::policy("", &place())["ingress"], json!([]));
}

#[test]
fn wn_01b_ports_are_exposed_to_whom_is_said() {
    let fields = "network: {ports: [{containerPort: 3000}, {containerPort: 4000}]}";
    let mut place = in_cluster();
    place.exposure = Exposure::Anywhere(vec![3000, 5000, 2822]);
    assert_eq!(policy(fields, &place)["ingress"][1], json!({"ports": [{"port": 3000, "protocol": "TCP"}]}));
    place.exposure = Exposure::Ingress(vec![4000]);
    assert_eq!(policy(fields, &place)["ingress"].as_array().unwrap().len(), 1, "there is no controller");
    place.network.ingress = Some(Pods { namespace: "in".to_owned(), labels: BTreeMap::new() });
    let rule = policy(fields, &place)["ingress"][1].clone();
    assert_eq!(rule["ports"], json!([{"port": 4000, "protocol": "TCP"}]));
    assert_eq!(rule["from"][0]["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"], "in");
    place.exposure = Exposure::Anywhere(vec![5000]);
    assert_eq!(policy(fields, &place)["ingress"].as_array().unwrap().len(), 1, "a rule without ports would open all");
}

/// A workspace, as its labels tell it.
struct One {
    owner: &'static str,
    org: &'static str,
    blueprint: &'static str,
    class: &'static str,
}

/// Whether one rule of one workspace lets another through.
fn admits(rules: &Json, key: &str, labels: &BTreeMap<String, String>, namespace: &str) -> bool {
    rules.as_array().unwrap().iter().flat_map(|rule| rule[key].as_array().cloned().unwrap_or_default()).any(|peer| {
        let wanted = peer["podSelector"]["matchLabels"].as_object().cloned();
        let stands = &peer["namespaceSelector"]["matchExpressions"][0]["values"];
        wanted.is_some_and(|wanted| {
            wanted.iter().all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str())
        }) && stands.as_array().is_some_and(|all| all.iter().any(|one| one == namespace))
    })
}

fn objects_of(one: &One) -> Objects {
    let platform = format!("- {{name: {}, image: i, network: {{networkPolicyClass: {}}}}}\n", one.blueprint, one.class);
    let effective = Ask { platform: &platform, name: Some(one.blueprint), ..Ask::default() }.compose().unwrap();
    let mut place = place();
    place.id = format!("{}-{}-{}", one.owner, one.blueprint, one.class);
    place.user.username = one.owner.to_owned();
    place.user.organization = one.org.to_owned();
    objects(&effective, &place).unwrap()
}

#[test]
fn wn_02_all_pairs_of_classes() {
    const CLASSES: [&str; 5] = ["isolated", "user", "workspace", "organization", "system"];
    let mut all = Vec::new();
    for owner in ["ada", "bob"] {
        for org in ["acme", "other"] {
            for blueprint in ["go", "web"] {
                all.extend(CLASSES.map(|class| One { owner, org, blueprint, class }));
            }
        }
    }
    let rendered: Vec<Objects> = all.iter().map(objects_of).collect();
    // what a class admits by itself; both ends have to
    let base = |one: &One, other: &One| match one.class {
        "user" => one.owner == other.owner && one.org == other.org,
        "workspace" => one.blueprint == other.blueprint && one.org == other.org,
        "organization" => one.org == other.org && matches!(other.class, "organization" | "system"),
        _ => false,
    };
    let connects = |from: &One, to: &One| match (from.class, to.class) {
        ("system", "organization") => from.org == to.org,
        ("system", _) | (_, "system") => false,
        _ => base(from, to) && base(to, from),
    };
    for (from, source) in all.iter().zip(&rendered) {
        for (to, target) in all.iter().zip(&rendered) {
            let labels = |objects: &Objects| objects.pod.metadata.labels.clone().unwrap();
            let egress = json_of(&source.network_policy)["spec"]["egress"].clone();
            let ingress = json_of(&target.network_policy)["spec"]["ingress"].clone();
            let opened =
                admits(&egress, "to", &labels(target), "team") && admits(&ingress, "from", &labels(source), "team");
            let told = |one: &One| format!("{} {} {} {}", one.owner, one.org, one.blueprint, one.class);
            assert_eq!(opened, connects(from, to), "{} → {}", told(from), told(to));
            assert!(!admits(&ingress, "from", &labels(source), "elsewhere"), "labels of other namespaces say nothing");
        }
    }
}

/// Whether two workspaces may talk, as both of their policies say.
fn talks(from: &One, to: &One) -> bool {
    let (source, target) = (objects_of(from), objects_of(to));
    let labels = |objects: &Objects| objects.pod.metadata.labels.clone().unwrap();
    let spec = |objects: &Objects| json_of(&objects.network_policy)["spec"].clone();
    admits(&spec(&source)["egress"], "to", &labels(&target), "team")
        && admits(&spec(&target)["ingress"], "from", &labels(&source), "team")
}

#[test]
fn wn_03a_workspaces_of_one_blueprint_and_organization_reach_each_other() {
    let one = |owner, org, blueprint, class| One { owner, org, blueprint, class };
    let mine = one("ada", "acme", "go", "workspace");
    for (other, meets) in [
        (one("bob", "acme", "go", "workspace"), true),
        (one("ada", "acme", "go", "workspace"), true),
        (one("bob", "acme", "web", "workspace"), false),
        (one("bob", "other", "go", "workspace"), false),
        // theirs says owner alone, and it is another one's
        (one("bob", "acme", "go", "user"), false),
        (one("ada", "acme", "go", "user"), true),
        (one("bob", "acme", "go", "isolated"), false),
        (one("bob", "acme", "go", "organization"), false),
    ] {
        let told = (other.owner, other.org, other.blueprint, other.class);
        assert_eq!((talks(&mine, &other), talks(&other, &mine)), (meets, meets), "{told:?}");
    }
    let rules = json_of(&objects_of(&mine).network_policy)["spec"].clone();
    assert_eq!(rules["podSelector"]["matchLabels"].as_object().unwrap().len(), 1, "the policy is of one pod");
}

#[test]
fn wn_04_an_organization_opens_to_itself_and_widens_nobody_else() {
    let one = |owner, org, blueprint, class| One { owner, org, blueprint, class };
    let mine = one("ada", "acme", "go", "organization");
    for (other, from_me, to_me) in [
        (one("bob", "acme", "web", "organization"), true, true),
        (one("bob", "other", "web", "organization"), false, false),
        (one("bob", "acme", "web", "system"), false, true),
        (one("bob", "other", "web", "system"), false, false),
        (one("ada", "acme", "go", "isolated"), false, false),
        (one("ada", "acme", "go", "user"), false, false),
        (one("ada", "acme", "go", "workspace"), false, false),
    ] {
        let told = (other.owner, other.org, other.blueprint, other.class);
        assert_eq!((talks(&mine, &other), talks(&other, &mine)), (from_me, to_me), "{told:?}");
    }
    // who is isolated has not one rule more for it
    let isolated = json_of(&objects_of(&one("ada", "acme", "go", "isolated")).network_policy)["spec"].clone();
    assert_eq!(isolated["ingress"], json!([]));
}

#[test]
fn wn_05_a_system_lets_in_who_names_it_and_metadata_stays_closed() {
    let mut place = in_cluster();
    place.network.system = vec!["10.0.0.0/8".to_owned(), "169.254.0.0/16".to_owned(), "192.0.0.0/8".to_owned()];
    let made = made_at("network: {networkPolicyClass: system}", &place);
    let spec = json_of(&made.network_policy)["spec"].clone();
    let blocks = blocks(&spec);
    assert!(block(&blocks, "10.0.0.0/8").is_some());
    assert!(block(&blocks, "169.254.0.0/16").is_none(), "nothing is left of it");
    assert!(is_except(block(&blocks, "192.0.0.0/8").unwrap(), "192.0.2.0/24"), "nodes stay closed");
    let naming = super::made("network: {allowEgressToPods: [{quarterdeck.dev/canonical-id: ada-x}]}");
    let other = super::made("");
    let labels = |objects: &Objects| objects.pod.metadata.labels.clone().unwrap();
    assert!(admits(&spec["ingress"], "from", &labels(&naming), "team"));
    assert!(!admits(&spec["ingress"], "from", &labels(&other), "team"));
}

#[test]
fn wn_06a_lists_of_ranges_within_what_is_never_opened() {
    let place = in_cluster();
    let fields = "network: {allowEgressToCIDRs: [10.1.0.0/16, 192.0.0.0/16, 'fd00::/8'], denyEgressToCIDRs: [10.1.2.0/24, 8.8.8.0/24]}";
    let blocks = blocks(&policy(fields, &place));
    assert!(is_except(block(&blocks, "10.1.0.0/16").unwrap(), "10.1.2.0/24"));
    assert!(is_except(block(&blocks, "192.0.0.0/16").unwrap(), "192.0.2.0/24"));
    assert!(is_except(block(&blocks, "fd00::/8").unwrap(), "fd00:ec2::254/128"));
    assert!(is_except(block(&blocks, "0.0.0.0/0").unwrap(), "8.8.8.0/24"));
    for range in ["169.254.169.254/32", "192.0.2.7/32", "192.0.2.128/25", "168.63.129.16/32"] {
        let told = refused(&format!("network: {{allowEgressToCIDRs: [1.2.3.0/24, {range}]}}"), &place);
        assert!(told[0].starts_with(&format!("/network/allowEgressToCIDRs/1: {range} is never opened")), "{told:?}");
    }
    let mut closed = place.clone();
    closed.network.never_allow = vec!["10.0.0.0/8".to_owned()];
    assert!(refused("network: {allowEgressToCIDRs: [10.1.0.0/16]}", &closed)[0].contains("lies in 10.0.0.0/8"));
    // all of a family can be closed: then no block is left, and none that is empty
    let none = policy("network: {denyEgressToCIDRs: [0.0.0.0/0, '::/0']}", &place);
    assert!(super::network::blocks(&none).iter().all(|one| one["ipBlock"]["cidr"] == "169.254.20.10/32"));
    closed.network.never_allow = vec!["nonsense".to_owned()];
    assert!(refused("", &closed)[0].contains("nonsense"));
}

#[test]
fn wn_06b_pods_are_named_in_one_namespace() {
    let fields = "network: {allowEgressToPods: [{app: db, kubernetes.io/metadata.name: data}, {app: own}]}";
    let policy = policy(fields, &place());
    let rule = policy["egress"].as_array().unwrap().last().unwrap().clone();
    let peer = |namespace: &str, app: &str| {
        json!({
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "podSelector": {"matchLabels": {"app": app}},
        })
    };
    assert_eq!(rule["to"], json!([peer("data", "db"), peer("team", "own")]));
}

#[test]
fn wn_06c_the_api_server_and_hosts() {
    let place = in_cluster();
    let opened = |fields: &str| {
        let blocks = blocks(&policy(fields, &place));
        block(&blocks, "192.0.2.7/32").is_some()
    };
    assert!(!opened("") && opened("network: {kubernetesAccess: true}"));
    let made = made_at("network: {allowEgressToHosts: [crates.io]}", &place);
    assert!(made.notes[0].contains("opens nothing") && made.notes[0].contains("others by allowEgressToCIDRs"));
    assert_eq!(made.egress, None);
}

#[test]
fn wn_06h_names_are_opened_by_a_proxy_that_looks_at_each_address() {
    let mut place = in_cluster();
    place.egress_port = Some(2823);
    place.network.never_allow = vec!["198.51.100.0/24".to_owned()];
    let lists = "network: {allowEgressToHosts: [git.corp.example, '*.in.example'], allowEgressToCIDRs: [172.20.0.0/16], denyEgressToCIDRs: [10.9.0.0/16]}";
    let made = made_at(lists, &place);
    assert!(made.notes.is_empty(), "{:?}", made.notes);
    let egress = made.egress.unwrap();
    for (host, listed) in [
        ("git.corp.example", true),
        ("GIT.corp.example.", true),
        ("a.in.example", true),
        ("b.a.in.example", true),
        ("in.example", false),
        ("xin.example", false),
        ("evil-git.corp.example", false),
        ("git.corp.example.evil.example", false),
        ("10.0.0.1", false),
    ] {
        assert_eq!(egress.lists(host), listed, "{host}");
    }
    let opens = |listed: bool, address: &str| egress.opens(listed, address.parse().unwrap());
    for (address, by_name, without) in [
        ("93.184.216.34", Ok(()), Ok(())),
        ("2606:2800::1", Ok(()), Ok(())),
        ("10.1.2.3", Ok(()), Err(Closed::Private)),
        ("fd00::1", Ok(()), Err(Closed::Private)),
        ("10.244.1.1", Err(Closed::Never), Err(Closed::Never)),
        ("203.0.113.10", Err(Closed::Never), Err(Closed::Never)),
        ("::ffff:10.1.2.3", Ok(()), Err(Closed::Private)),
        ("172.20.1.1", Ok(()), Ok(())),
        ("10.9.1.1", Err(Closed::Denied), Err(Closed::Denied)),
        ("192.0.2.7", Err(Closed::Never), Err(Closed::Never)),
        ("198.51.100.1", Err(Closed::Never), Err(Closed::Never)),
        ("169.254.169.254", Err(Closed::Never), Err(Closed::Never)),
        ("127.0.0.1", Err(Closed::Never), Err(Closed::Never)),
        ("::1", Err(Closed::Never), Err(Closed::Never)),
        ("::ffff:127.0.0.1", Err(Closed::Never), Err(Closed::Never)),
        ("0.0.0.0", Err(Closed::Never), Err(Closed::Never)),
        ("fe80::1", Err(Closed::Never), Err(Closed::Never)),
        ("224.0.0.1", Err(Closed::Never), Err(Closed::Never)),
    ] {
        assert_eq!((opens(true, address), opens(false, address)), (by_name, without), "{address}");
    }

    // A range of all addresses closes what is not listed, and no more.
    let only = "network: {allowEgressToHosts: [git.example], denyEgressToCIDRs: ['0.0.0.0/0', '::/0', 10.9.0.0/16]}";
    let egress = made_at(only, &place).egress.unwrap();
    let opens = |listed: bool, address: &str| egress.opens(listed, address.parse().unwrap());
    assert_eq!((opens(true, "93.184.216.34"), opens(true, "10.1.2.3")), (Ok(()), Ok(())));
    assert_eq!((opens(false, "93.184.216.34"), opens(true, "10.9.1.1")), (Err(Closed::Denied), Err(Closed::Denied)));
}

#[test]
fn bp_07f_programs_find_the_proxy_by_their_environment_where_nobody_says_another() {
    let mut place = in_cluster();
    place.egress_port = Some(2823);
    let env = |fields: &str, name: &str| {
        let made = made_at(fields, &place);
        let pod = json_of(&made.pod);
        let all = container(&pod, "main")["env"].as_array().cloned().unwrap_or_default();
        let of_pod = all.iter().find(|one| one["name"] == name).map(|one| one["value"].as_str().unwrap().to_owned());
        let text = made.config_maps.iter().find_map(|map| map.data.as_ref()?.get("config.yaml").cloned()).unwrap();
        let config: Json = serde_json::from_str(&text).unwrap();
        let of_shells = config["env"][name].as_str().map(str::to_owned);
        assert_eq!(of_pod, of_shells, "{name}");
        (of_pod, config["egressPort"].as_u64())
    };
    assert_eq!(env("", "HTTPS_PROXY"), (None, None));
    let lists = "network: {allowEgressToHosts: [git.example]}";
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
        assert_eq!(env(lists, name), (Some("http://127.0.0.1:2823".to_owned()), Some(2823)), "{name}");
    }
    assert_eq!(env(lists, "no_proxy").0.unwrap(), "localhost,127.0.0.1,::1,.svc,.cluster.local");
    assert_eq!(
        env(&format!("{lists}, env: {{HTTPS_PROXY: 'http://own.example:1'}}"), "HTTPS_PROXY").0.unwrap(),
        "http://own.example:1"
    );
}

#[test]
fn wn_06d_ranges_of_both_families() {
    let range = |text: &str| Range::parse(text);
    for good in ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.1/32", "::/0", "fd00::/8", "::1/128"] {
        assert_eq!(range(good).unwrap().to_string(), good);
    }
    for bad in ["10.0.0.1/8", "10.0.0.0", "10.0.0.0/33", "fd00::1/8", "::ffff:1.2.3.4/128", "/8", "a/8"] {
        assert_eq!(range(bad), None, "{bad}");
    }
}
