#![allow(clippy::unwrap_used, clippy::panic)]

use super::{Action, Asked, Denied, Grant, Limit, NetworkClass, PortRange, Subject, Wanted, decide};
use crate::scalar::{Quantity, Span, Time};
use crate::workspace::ExposureType;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SYSTEM: &str = "quarterdeck-system";

fn grant(namespace: &str, spec: &Value) -> Grant {
    serde_json::from_value(json!({
        "apiVersion": "quarterdeck.dev/v1alpha1",
        "kind": "Grant",
        "metadata": { "name": "g", "namespace": namespace },
        "spec": spec,
    }))
    .unwrap()
}

fn to_dev1(more: &Value) -> Value {
    let mut spec = json!({ "subjects": [{ "kind": "User", "name": "dev1" }], "actions": ["launch", "stopAll", "proxy", "expose", "resize", "fork"] });
    for (key, value) in more.as_object().unwrap() {
        spec[key] = value.clone();
    }
    spec
}

fn at(text: &str) -> Time {
    Time(text.parse().unwrap())
}

struct Case<'a> {
    subject: Subject<'a>,
    action: Action,
    namespace: &'a str,
    labels: BTreeMap<String, String>,
    wanted: Wanted<'a>,
    in_use: i32,
}

impl Default for Case<'_> {
    fn default() -> Self {
        Self {
            subject: Subject { user: "dev1", ..Subject::default() },
            action: Action::Launch,
            namespace: "team-a",
            labels: BTreeMap::new(),
            wanted: Wanted::default(),
            in_use: 0,
        }
    }
}

impl Case<'_> {
    fn ask(&self, grants: &[Grant]) -> Result<(), Denied> {
        let asked = Asked {
            subject: self.subject,
            action: self.action,
            namespace: self.namespace,
            labels: &self.labels,
            wanted: self.wanted.clone(),
            now: at("2026-06-01T12:00:00Z"),
        };
        decide(grants, SYSTEM, &|_| self.in_use, &asked).map(|_| ())
    }

    fn limit(&self, constraints: &Value) -> Option<Limit> {
        match self.ask(&[grant("team-a", &to_dev1(&json!({ "constraints": constraints })))]) {
            Ok(()) => None,
            Err(Denied::Limit { limit, .. }) => Some(limit),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn ws_18b_without_a_grant_the_answer_is_no() {
    assert_eq!(Case::default().ask(&[]), Err(Denied::Nobody));
}

#[test]
fn ws_18c_subjects_are_users_roles_organizations_and_agents() {
    let roles = ["dev".to_owned()];
    let orgs = ["acme".to_owned()];
    let person = Subject { user: "dev1", roles: &roles, orgs: &orgs, agent: None };
    let agent = Subject { agent: Some("builder"), ..person };
    let table = [
        ("User", "dev1", true, false),
        ("User", "*", true, false),
        ("User", "dev2", false, false),
        ("Role", "dev", true, false),
        ("Role", "ops", false, false),
        ("Org", "acme", true, false),
        ("Org", "other", false, false),
        ("Agent", "builder", false, true),
        ("Agent", "*", false, true),
        ("Agent", "dev1", false, false),
    ];
    for (kind, name, for_person, for_agent) in table {
        let spec = json!({ "subjects": [{ "kind": kind, "name": name }], "actions": ["launch"] });
        let grants = [grant("team-a", &spec)];
        for (subject, allowed) in [(person, for_person), (agent, for_agent)] {
            let case = Case { subject, ..Case::default() };
            assert_eq!(case.ask(&grants).is_ok(), allowed, "{kind} {name} {subject:?}");
        }
    }
}

#[test]
fn ws_18d_each_action_is_allowed_by_its_own_word_and_by_admin() {
    for granted in Action::ALL {
        let grants =
            [grant("team-a", &json!({ "subjects": [{ "kind": "User", "name": "dev1" }], "actions": [granted] }))];
        for asked in Action::ALL {
            let allowed = Case { action: *asked, ..Case::default() }.ask(&grants);
            assert_eq!(allowed.is_ok(), granted == asked || *granted == Action::Admin, "{granted} for {asked}");
        }
        assert_eq!(serde_json::to_value(granted).unwrap(), json!(granted.as_str()));
    }
}

#[test]
fn ws_18e_a_grant_names_other_namespaces_in_the_system_namespace_alone() {
    let table = [
        ("team-a", json!([]), "team-a", true),
        ("team-a", json!([]), "team-b", false),
        ("team-a", json!(["team-b"]), "team-b", false),
        ("team-a", json!(["*"]), "team-b", false),
        (SYSTEM, json!(["team-b"]), "team-b", true),
        (SYSTEM, json!(["team-b"]), "team-a", false),
        (SYSTEM, json!(["*"]), "team-a", true),
        (SYSTEM, json!([]), "team-a", false),
    ];
    for (own, namespaces, asked, allowed) in table {
        let grants = [grant(own, &to_dev1(&json!({ "namespaces": namespaces })))];
        let case = Case { namespace: asked, ..Case::default() };
        assert_eq!(case.ask(&grants).is_ok(), allowed, "{own} {namespaces} {asked}");
    }
}

#[test]
fn ws_18f_stopping_all_takes_only_what_the_selector_selects() {
    let spec = to_dev1(&json!({ "selector": { "matchLabels": { "team": "red" }, "matchExpressions": [
        { "key": "keep", "operator": "DoesNotExist" }] } }));
    let grants = [grant("team-a", &spec)];
    let table: [(&[(&str, &str)], bool); 4] = [
        (&[], false),
        (&[("team", "red")], true),
        (&[("team", "blue")], false),
        (&[("team", "red"), ("keep", "yes")], false),
    ];
    for (labels, allowed) in table {
        let labels: BTreeMap<String, String> = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let case = Case { action: Action::StopAll, labels, ..Case::default() };
        assert_eq!(case.ask(&grants).is_ok(), allowed, "{:?}", case.labels);
    }
}

#[test]
fn ws_18g_a_grant_holds_from_its_beginning_until_its_end() {
    let table = [
        (json!({ "notBefore": "2026-06-01T12:00:00Z" }), None),
        (json!({ "notBefore": "2026-06-01T12:00:01Z" }), Some("holds from")),
        (json!({ "notAfter": "2026-06-01T12:00:01Z" }), None),
        (json!({ "notAfter": "2026-06-01T12:00:00Z" }), Some("ended")),
    ];
    for (validity, refused) in table {
        let outcome = Case::default().ask(&[grant("team-a", &to_dev1(&validity))]);
        match refused {
            None => assert_eq!(outcome, Ok(()), "{validity}"),
            Some(word) => assert!(outcome.unwrap_err().to_string().contains(word), "{validity}"),
        }
    }
}

#[test]
fn ws_18h_the_reason_is_that_of_the_grant_that_came_nearest() {
    let other = grant("team-a", &json!({ "subjects": [{ "kind": "User", "name": "dev2" }], "actions": ["launch"] }));
    let elsewhere = grant("team-b", &to_dev1(&json!({})));
    let ended = grant("team-a", &to_dev1(&json!({ "notAfter": "2020-01-01T00:00:00Z" })));
    let denied = Case::default().ask(&[ended, other.clone(), elsewhere.clone()]).unwrap_err();
    assert!(matches!(denied, Denied::Ended { .. }), "{denied}");
    assert!(matches!(Case::default().ask(&[elsewhere, other]), Err(Denied::Namespace { .. })));
}

#[test]
fn ws_18i_a_grant_that_allows_is_found_behind_one_that_does_not() {
    let ended = grant("team-a", &to_dev1(&json!({ "notAfter": "2020-01-01T00:00:00Z" })));
    assert_eq!(Case::default().ask(&[ended, grant("team-a", &to_dev1(&json!({})))]), Ok(()));
}

#[test]
fn ws_18j_limit_of_images() {
    let limits = json!({ "images": ["registry.local/team/*", "busybox:1.36", "*/code-server:4*"] });
    let table = [
        ("registry.local/team/a/b:1", true),
        ("registry.local/team", false),
        ("busybox:1.36", true),
        ("busybox:1.36.1", false),
        ("x/busybox:1.36", false),
        ("a/b/code-server:4.9", true),
        ("code-server:4.9", false),
        ("", false),
    ];
    for (image, allowed) in table {
        let images = [image];
        let case = Case { wanted: Wanted { images: &images, ..Wanted::default() }, ..Case::default() };
        assert_eq!(case.limit(&limits), (!allowed).then(|| Limit::Image(image.to_owned())), "{image}");
    }
    let two = ["busybox:1.36", "evil"];
    let case = Case { wanted: Wanted { images: &two, ..Wanted::default() }, ..Case::default() };
    assert_eq!(case.limit(&limits), Some(Limit::Image("evil".to_owned())));
    assert_eq!(Case::default().limit(&limits), Some(Limit::Unknown("images")));
}

#[test]
fn ws_18k_limit_of_ports() {
    let limits = json!({ "ports": [{ "from": 8080 }, { "from": 9000, "to": 9009 }] });
    let ranges = vec![PortRange { from: 8080, to: None }, PortRange { from: 9000, to: Some(9009) }];
    for action in [Action::Launch, Action::Proxy, Action::Expose] {
        for (port, allowed) in [(8080, true), (8081, false), (9000, true), (9009, true), (9010, false), (1, false)] {
            let ports = [port];
            let wanted = Wanted { ports: &ports, ..Wanted::default() };
            let case = Case { action, wanted, ..Case::default() };
            assert_eq!(case.limit(&limits), (!allowed).then(|| Limit::Port(port, ranges.clone())), "{action} {port}");
        }
    }
    assert_eq!(Case::default().limit(&limits), None);
    assert_eq!(Case { action: Action::Proxy, ..Case::default() }.limit(&limits), Some(Limit::Unknown("ports")));
}

#[test]
fn ws_18l_limit_of_how_many_there_are_at_once() {
    let limits = json!({ "maxConcurrent": 3 });
    for (in_use, allowed) in [(0, true), (2, true), (3, false), (4, false)] {
        let case = Case { in_use, ..Case::default() };
        assert_eq!(case.limit(&limits), (!allowed).then_some(Limit::Concurrent(3)), "{in_use}");
    }
    assert_eq!(Case { in_use: 9, action: Action::Proxy, ..Case::default() }.limit(&limits), None);
    assert_eq!(Case::default().limit(&json!({ "maxConcurrent": 0 })), Some(Limit::Concurrent(0)));
}

#[test]
fn ws_18m_limit_of_blueprints() {
    let limits = json!({ "blueprints": ["go", "web-*"] });
    for (name, allowed) in [("go", true), ("gopher", false), ("web-ide", true), ("web", false)] {
        let wanted = Wanted { blueprint: Some(name), ..Wanted::default() };
        let case = Case { wanted, ..Case::default() };
        assert_eq!(case.limit(&limits), (!allowed).then(|| Limit::Blueprint(name.to_owned())), "{name}");
    }
    assert_eq!(Case::default().limit(&limits), Some(Limit::Unknown("blueprints")));
}

#[test]
fn ws_18n_limit_of_network_classes() {
    let limits = json!({ "networkClasses": ["isolated", "user"] });
    for (class, allowed) in [(NetworkClass::Isolated, true), (NetworkClass::User, true), (NetworkClass::System, false)]
    {
        let wanted = Wanted { network_class: Some(class), ..Wanted::default() };
        let case = Case { wanted, ..Case::default() };
        assert_eq!(case.limit(&limits), (!allowed).then_some(Limit::NetworkClass(class)), "{class:?}");
    }
    assert_eq!(Case::default().limit(&limits), Some(Limit::Unknown("networkClasses")));
}

#[test]
fn wn_05c_the_class_that_is_open_to_the_cluster_is_given_by_its_name_alone() {
    let wanted = Wanted { network_class: Some(NetworkClass::System), ..Wanted::default() };
    let system = Case { wanted, ..Case::default() };
    assert_eq!(system.limit(&json!({})), Some(Limit::NetworkClass(NetworkClass::System)));
    assert_eq!(system.limit(&json!({ "networkClasses": ["user"] })), Some(Limit::NetworkClass(NetworkClass::System)));
    assert_eq!(system.limit(&json!({ "networkClasses": ["system"] })), None);
    let stop = Case { action: Action::StopAll, ..system };
    assert_eq!(stop.limit(&json!({})), None, "one that is there may be stopped");
    let other = Wanted { network_class: Some(NetworkClass::Organization), ..Wanted::default() };
    assert_eq!(Case { wanted: other, ..Case::default() }.limit(&json!({})), None);
}

#[test]
fn ws_18o_limit_of_exposures() {
    let limits = json!({ "exposures": ["Ingress"] });
    for action in [Action::Launch, Action::Expose] {
        for (exposure, allowed) in [(ExposureType::Ingress, true), (ExposureType::LoadBalancer, false)] {
            let wanted = Wanted { exposure: Some(exposure), ..Wanted::default() };
            let case = Case { action, wanted, ..Case::default() };
            assert_eq!(case.limit(&limits), (!allowed).then_some(Limit::Exposure(exposure)), "{exposure:?}");
        }
    }
    assert_eq!(Case::default().limit(&limits), None);
    assert_eq!(Case { action: Action::Expose, ..Case::default() }.limit(&limits), Some(Limit::Unknown("exposures")));
}

#[test]
fn ws_18p_limit_of_resources() {
    let limits = json!({ "maxResources": { "cpu": 2, "memory": "4Gi", "storage": "10Gi" } });
    let over = |resource, most: &str| Some(Limit::Resource { resource, most: Quantity::from(most) });
    let table = [
        ("2", "4Gi", "10Gi", None),
        ("2001m", "4Gi", "10Gi", over("cpu", "2")),
        ("2", "4097Mi", "10Gi", over("memory", "4Gi")),
        ("2", "4Gi", "11Gi", over("storage", "10Gi")),
        ("1e9", "4Gi", "10Gi", over("cpu", "2")),
        ("lots", "4Gi", "10Gi", Some(Limit::Unknown("maxResources"))),
    ];
    for (cpu, memory, storage, expected) in table {
        let (cpu, memory, storage) = (Quantity::from(cpu), Quantity::from(memory), Quantity::from(storage));
        let wanted = Wanted { cpu: Some(&cpu), memory: Some(&memory), storage: Some(&storage), ..Wanted::default() };
        for action in [Action::Launch, Action::Resize] {
            let case = Case { action, wanted: wanted.clone(), ..Case::default() };
            assert_eq!(case.limit(&limits), expected, "{action} {cpu} {memory} {storage}");
        }
    }
    assert_eq!(Case::default().limit(&limits), Some(Limit::Unknown("maxResources")));
    let memory = Quantity::from("1Gi");
    let wanted = Wanted { memory: Some(&memory), ..Wanted::default() };
    assert_eq!(Case { action: Action::Resize, wanted, ..Case::default() }.limit(&limits), None);
}

#[test]
fn ws_18q_limit_of_how_long_one_exists() {
    let limits = json!({ "maxTTL": "24h" });
    let over = Some(Limit::Ttl(Span::from("24h")));
    let table = [(Some("2026-06-02T12:00:00Z"), None), (Some("2026-06-02T12:00:01Z"), over.clone()), (None, over)];
    for (ends, expected) in table {
        let wanted = Wanted { expires_at: ends.map(at), ..Wanted::default() };
        assert_eq!(Case { wanted, ..Case::default() }.limit(&limits), expected, "{ends:?}");
    }
    assert_eq!(Case::default().limit(&json!({ "maxTTL": "0" })), None);
}

/// A limit; the actions that it binds; those of them that it denies when nothing is said of what it limits.
type Binding = (Value, &'static [Action], &'static [Action]);

fn bindings() -> Vec<Binding> {
    use Action as A;
    const RUNS: &[Action] = &[A::Launch, A::Fork, A::Inject, A::Attach];
    const MAKES: &[Action] = &[A::Launch, A::Fork];
    vec![
        (json!({ "images": ["good/*"] }), RUNS, RUNS),
        (json!({ "blueprints": ["good"] }), RUNS, RUNS),
        (json!({ "networkClasses": ["isolated"] }), RUNS, RUNS),
        (
            json!({ "ports": [{ "from": 8000 }] }),
            &[A::Launch, A::Fork, A::Proxy, A::Expose, A::Share],
            &[A::Proxy, A::Expose],
        ),
        (json!({ "exposures": ["Ingress"] }), &[A::Launch, A::Fork, A::Expose], &[A::Expose]),
        (json!({ "maxResources": { "cpu": "1" } }), &[A::Launch, A::Fork, A::Resize], MAKES),
        (json!({ "maxTTL": "1h" }), MAKES, MAKES),
        (json!({ "maxConcurrent": 2 }), MAKES, &[]),
    ]
}

/// Everything that limits are compared with, within all of them or beyond each.
fn wanted<'a>(good: bool, cpu: &'a Quantity) -> Wanted<'a> {
    Wanted {
        images: if good { &["good/a:1"] } else { &["bad/a:1"] },
        blueprint: Some(if good { "good" } else { "bad" }),
        ports: if good { &[8000] } else { &[22] },
        network_class: Some(if good { NetworkClass::Isolated } else { NetworkClass::Organization }),
        exposure: Some(if good { ExposureType::Ingress } else { ExposureType::LoadBalancer }),
        cpu: Some(cpu),
        expires_at: Some(at(if good { "2026-06-01T12:30:00Z" } else { "2026-06-02T12:00:00Z" })),
        ..Wanted::default()
    }
}

#[test]
fn wd_05_each_action_by_selector_namespace_and_limit() {
    let labelled = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let (none, red, blue) = (labelled(&[]), labelled(&[("team", "red")]), labelled(&[("team", "blue"), ("x", "y")]));
    // A selector, and whether it takes each of the three.
    let selectors = [
        (json!(null), [true, true, true]),
        (json!({ "matchLabels": { "team": "red" } }), [false, true, false]),
        (json!({ "matchExpressions": [{ "key": "team", "operator": "Exists" }] }), [false, true, true]),
        (json!({ "matchExpressions": [{ "key": "x", "operator": "DoesNotExist" }] }), [true, true, false]),
    ];
    let places = [
        ("team-a", json!([]), "team-a", true),
        ("team-a", json!(["*"]), "team-b", false),
        (SYSTEM, json!(["team-b"]), "team-b", true),
        (SYSTEM, json!(["team-b"]), "team-a", false),
    ];
    let (little, much) = (Quantity::from("500m"), Quantity::from("8"));
    let (within, beyond, unsaid) = (wanted(true, &little), wanted(false, &much), Wanted::default());
    let mut asked = 0;
    for (limit, binds, unknown) in bindings() {
        for (selector, takes) in &selectors {
            for (own, namespaces, namespace, reaches) in &places {
                for granted in Action::ALL {
                    let mut spec = json!({
                        "subjects": [{ "kind": "User", "name": "dev1" }], "actions": [granted],
                        "namespaces": namespaces, "constraints": limit,
                    });
                    if !selector.is_null() {
                        spec["selector"] = selector.clone();
                    }
                    let grants = [grant(own, &spec)];
                    for (action, labels, taken) in Action::ALL.iter().flat_map(|action| {
                        [&none, &red, &blue]
                            .into_iter()
                            .zip(takes)
                            .map(move |(labels, taken)| (*action, labels, *taken))
                    }) {
                        let open = (*granted == action || *granted == Action::Admin) && *reaches && taken;
                        for (wanted, in_use, denies) in
                            [(&within, 0, &[][..]), (&beyond, 2, binds), (&unsaid, 0, unknown)]
                        {
                            let case = Case {
                                action,
                                namespace,
                                labels: labels.clone(),
                                wanted: wanted.clone(),
                                in_use,
                                ..Case::default()
                            };
                            let allowed = open && !denies.contains(&action);
                            let told = case.ask(&grants);
                            assert_eq!(
                                told.is_ok(),
                                allowed,
                                "{action} by {spec} in {namespace}, {labels:?}: {told:?}"
                            );
                            asked += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(asked, 8 * 4 * 4 * 19 * 19 * 3 * 3);
    for action in Action::ALL {
        assert_eq!(Case { action: *action, ..Case::default() }.ask(&[]), Err(Denied::Nobody), "no grant, no {action}");
    }
}
