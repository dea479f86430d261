#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{DenyRule, ShareRole, Team, Wanted, Workspaces};
use crate::action::{
    AuditQuery, ClusterView, MountKind, MountOwner, ObjectDelete, ObjectRead, ObjectTarget, ObjectView, OperatorRun,
    Propagation, SecretReveal, SessionKey, SessionOpen, ShellPurpose, TapChange, TapControl, TapTarget, TapView,
    WorkspaceAsk, WorkspaceConnect, WorkspaceCreate, WorkspaceDelete, WorkspaceDeleteAll, WorkspaceExpire,
    WorkspaceMount, WorkspaceProvision, WorkspaceProxy, WorkspaceReconcile, WorkspaceSource, WorkspaceStop,
    WorkspaceView,
};
use crate::decide::{Facts, Sharing, WorkspaceFacts};
use crate::desk::Desk;
use crate::principal::{Member, Who};
use crate::provision::ProvisionRule;
use crate::testing::{TestGate, gate};
use crate::{Action, Answers, Decide, Input, Principal};
use base::{ClusterName, Code, Coded};
use std::sync::Arc;

/// `ada` owns `hers` of the organisation lab, and shares it with `cam` as user; with `old` until yesterday; a grant lets `bob` reach it by `connect` and `proxy` of port 8080.
struct Known;

impl Workspaces for Known {
    fn look(&self, who: &Who, wanted: &Wanted<'_>, _: u64) -> WorkspaceFacts {
        let granted = who.name == "bob"
            && (wanted.verbs.contains(&"connect") || (wanted.verbs.contains(&"proxy") && wanted.port == Some(8080)));
        let launch = (who.name == "eve" && wanted.verbs.contains(&"launch"))
            || (who.name == "max" && wanted.verbs.contains(&"stopAll"));
        let (owner, org) = if wanted.object.name == "hers" { ("ada", "lab") } else { ("", "") };
        WorkspaceFacts {
            owner: owner.to_owned(),
            org: org.to_owned(),
            grant: (granted || launch).then(|| "ns/share".to_owned()),
            nearest: "no grant names you".to_owned(),
            sharing: match (who.name.as_str(), wanted.role) {
                ("cam", Some(role)) if role <= ShareRole::User => Sharing::Allows("user cam as user".to_owned()),
                ("cam", Some(_)) => Sharing::Less("it is shared with you as user, which is not enough".to_owned()),
                ("old", Some(_)) => Sharing::Ended("yesterday".to_owned()),
                _ => Sharing::Nothing,
            },
            unknown: wanted.object.cluster.as_str() == "dark",
        }
    }
}

fn deny(name: &str, actions: &[&str]) -> DenyRule {
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    DenyRule { name: name.to_owned(), actions: words(actions), ..DenyRule::default() }
}

fn team() -> Team {
    let care = Desk { production_contexts: [ClusterName::new("prod")].into(), ..Desk::default() };
    let no_reveal = DenyRule { namespaces: vec!["vault".to_owned()], ..deny("vault", &["secret:reveal", "object:*"]) };
    let no_taps = DenyRule { roles: vec!["admin".to_owned()], ..deny("taps", &["tap:*"]) };
    Team { care, deny: vec![no_reveal, no_taps], workspaces: Arc::new(Known) }
}

/// The team, with a rule of the person's name that takes actions from them.
fn without(person: &str, action: &str) -> TestGate {
    let deny = DenyRule { people: vec![person.to_owned()], ..deny(person, &[action]) };
    gate(Team { deny: vec![deny], ..team() })
}

fn member(t: &TestGate, name: &str, roles: &[&str]) -> Principal {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    t.composed.verifier.member(Member { name: name.to_owned(), org: "lab".to_owned(), roles, ..Member::default() })
}

fn object(kind: &str, namespace: &str, name: &str) -> ObjectTarget {
    let (kind, namespace, name) = (kind.to_owned(), namespace.to_owned(), name.to_owned());
    ObjectTarget { cluster: ClusterName::new("dev"), kind, namespace, name }
}

fn hers() -> ObjectTarget {
    object("workspaces.quarterdeck.dev", "ns", "hers")
}

fn rule<A: Action>(t: &TestGate, who: &Principal, action: A) -> String {
    let answers = Answers { confirm: true, ..Answers::default() };
    let _ = t.composed.gate.permit(who, action, &answers);
    let decided = t.journal.decided().pop().unwrap();
    let verdict = decided.verdict.as_str();
    if verdict == "allow" { decided.rule } else { format!("{verdict} {}", decided.rule) }
}

fn shell() -> WorkspaceConnect {
    WorkspaceConnect { object: hers(), purpose: ShellPurpose::Shell { program: String::new() } }
}

fn proxy(port: u16) -> WorkspaceProxy {
    WorkspaceProxy { object: hers(), port, app: String::new() }
}

fn expire() -> WorkspaceExpire {
    WorkspaceExpire { object: hers(), left: Vec::new(), over: vec!["pvc-hers-home".to_owned()] }
}

fn create(owner: &str, org: &str) -> WorkspaceCreate {
    let object = object("workspaces.quarterdeck.dev", "ns", "new");
    let (blueprint, image) = (String::new(), String::new());
    WorkspaceCreate { object, owner: owner.to_owned(), org: org.to_owned(), blueprint, image }
}

fn view(kind: &str, namespaces: &[&str]) -> ObjectView {
    let namespaces = namespaces.iter().map(|name| (*name).to_owned()).collect();
    ObjectView { kind: kind.to_owned(), clusters: vec![ClusterName::new("dev")], namespaces }
}

#[test]
fn ws_18v_whoever_has_no_role_and_no_grant_may_sign_in_and_nothing_else() {
    let t = gate(team());
    let nobody = member(&t, "nan", &[]);
    assert_eq!(rule(&t, &nobody, SessionOpen { key: SessionKey::Token, attempts: 1 }), "team.sign_in");
    for denied in [
        rule(&t, &nobody, view("pods", &["ns"])),
        rule(&t, &nobody, ClusterView { clusters: vec![], namespaces: vec![] }),
        rule(&t, &nobody, ObjectRead { object: object("pods", "ns", "a") }),
        rule(&t, &nobody, AuditQuery::default()),
        rule(&t, &nobody, TapView { tap: None }),
        rule(&t, &nobody, shell()),
        rule(&t, &nobody, create("nan", "lab")),
        rule(&t, &nobody, WorkspaceReconcile { object: hers(), owner: "ada".into(), generation: 1 }),
        rule(&t, &nobody, expire()),
    ] {
        assert_eq!(denied, "deny team.default");
    }
}

#[test]
fn gn_07c_a_grant_to_stop_all_lets_one_be_stopped_and_not_deleted() {
    let t = gate(team());
    let max = member(&t, "max", &["developer"]);
    assert_eq!(rule(&t, &max, WorkspaceStop { object: hers(), delay_seconds: 0 }), "team.grant ns/share");
    assert_eq!(rule(&t, &max, WorkspaceDelete { object: hers(), uid: None }), "deny team.default");
    assert_eq!(rule(&t, &max, shell()), "deny team.default");
}

#[test]
fn ws_18w_a_role_or_a_grant_allows_and_the_decision_names_it() {
    let t = gate(team());
    let (ada, bob) = (member(&t, "ada", &["developer"]), member(&t, "bob", &["developer"]));
    let (viewer, admin) = (member(&t, "vic", &["viewer"]), member(&t, "root", &["admin"]));
    let stop = || WorkspaceStop { object: hers(), delay_seconds: 0 };
    assert_eq!(rule(&t, &ada, shell()), "team.own");
    assert_eq!(rule(&t, &ada, stop()), "team.own");
    assert_eq!(rule(&t, &bob, shell()), "team.grant ns/share");
    assert_eq!(rule(&t, &bob, proxy(8080)), "team.grant ns/share");
    assert_eq!(rule(&t, &bob, proxy(22)), "deny team.default");
    assert_eq!(rule(&t, &bob, stop()), "deny team.default");
    assert_eq!(rule(&t, &bob, WorkspaceDelete { object: hers(), uid: None }), "deny team.default");
    let one = WorkspaceView { cluster: ClusterName::new("dev"), namespace: "ns".into(), name: "hers".into() };
    assert_eq!(rule(&t, &bob, one.clone()), "team.grant ns/share");
    assert_eq!(rule(&t, &member(&t, "zoe", &["developer"]), one.clone()), "deny team.default");
    assert_eq!(rule(&t, &viewer, one), "team.viewer");
    assert_eq!(rule(&t, &viewer, view("pods", &["ns"])), "team.viewer");
    assert_eq!(rule(&t, &viewer, shell()), "deny team.default");
    let secret = SecretReveal { object: object("secrets", "ns", "a"), key: "k".into() };
    assert_eq!(rule(&t, &viewer, secret.clone()), "deny team.default");
    assert_eq!(rule(&t, &admin, secret), "team.admin");
    assert_eq!(rule(&t, &admin, shell()), "team.admin");
    assert_eq!(rule(&t, &ada, view("workspaces.quarterdeck.dev", &["ns"])), "team.developer");
    assert_eq!(rule(&t, &ada, view("pods", &["ns"])), "deny team.default");
}

#[test]
fn ws_18x_workspaces_are_made_for_oneself() {
    let t = gate(team());
    let (ada, eve) = (member(&t, "ada", &["developer"]), member(&t, "eve", &[]));
    assert_eq!(rule(&t, &ada, create("ada", "lab")), "team.own");
    assert_eq!(rule(&t, &ada, create("ada", "other")), "deny team.default");
    assert_eq!(rule(&t, &ada, create("bob", "lab")), "deny team.default");
    assert_eq!(rule(&t, &eve, create("eve", "")), "team.grant ns/share");
    assert_eq!(rule(&t, &eve, create("ada", "")), "deny team.default");
    let over = WorkspaceCreate { object: hers(), ..create("eve", "") };
    assert_eq!(rule(&t, &eve, over), "deny team.default", "one that is somebody's is not made anew");
}

#[test]
fn a_rule_that_denies_wins_over_all_others() {
    let t = gate(team());
    let admin = member(&t, "root", &["admin"]);
    let secret = |namespace| SecretReveal { object: object("secrets", namespace, "a"), key: "k".into() };
    assert_eq!(rule(&t, &admin, secret("ns")), "team.admin");
    assert_eq!(rule(&t, &admin, secret("vault")), "deny team.deny.vault");
    assert_eq!(rule(&t, &admin, view("pods", &["vault", "ns"])), "deny team.deny.vault");
    assert_eq!(rule(&t, &admin, view("pods", &[])), "deny team.deny.vault", "all namespaces are that one, too");
    assert_eq!(rule(&t, &admin, TapView { tap: None }), "deny team.deny.taps");
    assert_eq!(rule(&t, &member(&t, "x", &[]), TapView { tap: None }), "deny team.default");
}

#[test]
fn what_is_allowed_asks_for_the_care_of_a_desk() {
    let t = gate(team());
    let admin = member(&t, "root", &["admin"]);
    let delete = |cluster: &str| ObjectDelete {
        object: ObjectTarget { cluster: ClusterName::new(cluster), ..object("pods", "ns", "a") },
        propagation: Propagation::Background,
        grace_seconds: None,
        uid: None,
        batch: 1,
    };
    assert_eq!(rule(&t, &admin, delete("dev")), "team.admin");
    assert_eq!(rule(&t, &admin, delete("prod")), "needs team.admin");
    let read_only = Team { care: Desk { read_only: true, ..Desk::default() }, ..team() };
    let t = gate(read_only);
    assert_eq!(rule(&t, &member(&t, "root", &["admin"]), delete("dev")), "deny desk.read_only");
}

#[test]
fn the_process_runs_its_operator_and_reads_nobodys_objects() {
    let t = gate(team());
    let process = t.composed.verifier.process("operator");
    let run = OperatorRun { cluster: ClusterName::new("dev"), namespace: "ns".into() };
    assert_eq!(rule(&t, &process, run.clone()), "team.process");
    assert_eq!(
        rule(&t, &process, WorkspaceReconcile { object: hers(), owner: "ada".into(), generation: 1 }),
        "team.process"
    );
    assert_eq!(rule(&t, &process, expire()), "team.process");
    let ask = |ask: &str| WorkspaceAsk {
        object: hers(),
        owner: "ada".into(),
        ask: ask.to_owned(),
        service: String::new(),
        host: String::new(),
    };
    assert_eq!(rule(&t, &process, ask("credentials")), "team.process");
    assert_eq!(rule(&t, &member(&t, "dev", &["developer"]), ask("credentials")), "deny team.default");
    let strict = without("ada", "workspace:ask");
    let process_of = strict.composed.verifier.process("operator");
    assert!(rule(&strict, &process_of, ask("delete")).starts_with("deny"), "a rule for the owner binds her workspaces");
    let other = WorkspaceAsk { owner: "eve".into(), ..ask("delete") };
    assert_eq!(rule(&strict, &process_of, other), "team.process");
    let control = |change: TapChange| {
        let tap = TapTarget { cluster: ClusterName::new("dev"), tap: String::new() };
        TapControl { tap, change }
    };
    assert_eq!(rule(&t, &process, control(TapChange::End(Vec::new()))), "team.process");
    assert_eq!(rule(&t, &process, control(TapChange::Stop)), "deny team.default");
    assert_eq!(rule(&t, &process, view("secrets", &[])), "deny team.default");
    assert_eq!(rule(&t, &member(&t, "dev", &["developer"]), run), "deny team.default");
}

#[test]
fn ws_09f_a_rule_for_people_binds_the_repositories_of_their_workspaces_too() {
    let t = gate(team());
    let source = |owner: &str| WorkspaceSource {
        object: hers(),
        owner: owner.into(),
        host: "git.example.org".into(),
        repository: "acme/shop".into(),
        reference: "default branch".into(),
    };
    let process = t.composed.verifier.process("operator");
    assert_eq!(rule(&t, &process, source("ada")), "team.process");
    assert_eq!(rule(&t, &member(&t, "eve", &["developer"]), source("eve")), "team.developer");
    assert_eq!(rule(&t, &member(&t, "vic", &["viewer"]), source("vic")), "deny team.default");
    let strict = without("ada", "workspace:source");
    let process = strict.composed.verifier.process("operator");
    assert!(rule(&strict, &process, source("ada")).starts_with("deny"));
    assert_eq!(rule(&strict, &process, source("eve")), "team.process");
}

#[test]
fn what_is_not_known_denies_and_facts_decide_again_the_same() {
    let t = gate(team());
    let ada = member(&t, "ada", &["developer"]);
    let dark = ObjectTarget { cluster: ClusterName::new("dark"), ..hers() };
    assert_eq!(rule(&t, &ada, WorkspaceStop { object: dark, delay_seconds: 0 }), "deny team.default");
    assert_eq!(rule(&t, &ada, shell()), "team.own");
    let decided = t.journal.decided().pop().unwrap();
    let input: Input = serde_json::from_value(decided.input).unwrap();
    let facts: Facts = serde_json::from_value(decided.facts).unwrap();
    struct Nothing;
    impl Workspaces for Nothing {
        fn look(&self, _: &Who, _: &Wanted<'_>, _: u64) -> WorkspaceFacts {
            WorkspaceFacts::default()
        }
    }
    let later = Team { workspaces: Arc::new(Nothing), ..team() };
    assert_eq!((later.decide(&input, &facts).rule, later.digest()), ("team.own".to_owned(), decided.policy));
}

#[test]
fn ws_15c_whom_a_workspace_is_shared_with_may_do_what_their_role_says_and_no_more() {
    let t = gate(team());
    let (cam, old) = (member(&t, "cam", &[]), member(&t, "old", &["developer"]));
    let read = ObjectRead { object: hers() };
    let one = WorkspaceView { cluster: ClusterName::new("dev"), namespace: "ns".into(), name: "hers".into() };
    for allowed in [rule(&t, &cam, one), rule(&t, &cam, read), rule(&t, &cam, shell()), rule(&t, &cam, proxy(22))] {
        assert_eq!(allowed, "team.share user cam as user");
    }
    let list = || WorkspaceConnect { object: hers(), purpose: ShellPurpose::List };
    assert_eq!(rule(&t, &cam, list()), "team.share user cam as user");
    // What takes more than their role, and what no role gives.
    let stop = || WorkspaceStop { object: hers(), delay_seconds: 0 };
    assert_eq!(rule(&t, &cam, stop()), "deny team.default");
    assert_eq!(rule(&t, &cam, WorkspaceDelete { object: hers(), uid: None }), "deny team.default");
    assert_eq!(rule(&t, &cam, create("cam", "lab")), "deny team.default");
    assert_eq!(rule(&t, &cam, view("pods", &["ns"])), "deny team.default");
    let less = t.composed.gate.permit(&cam, stop(), &Answers::default()).unwrap_err();
    assert_eq!(less.code(), Code::ShareDenied);
    assert!(less.to_string().ends_with("which is not enough: ask ada, whose it is"), "{less}");
    let ended = t.composed.gate.permit(&old, proxy(8080), &Answers::default()).unwrap_err();
    assert_eq!(ended.code(), Code::ShareExpired);
    assert_eq!(ended.to_string(), "it was shared with you until yesterday: ask ada, whose it is");
    // A rule that denies wins over what is shared.
    let t = without("cam", "workspace:*");
    assert_eq!(rule(&t, &member(&t, "cam", &[]), shell()), "deny team.deny.cam");
}

#[test]
fn bc_10c_what_a_workspace_is_made_of_is_patched_and_denied_by_the_rules_of_the_configuration() {
    let small = ProvisionRule {
        name: "small".to_owned(),
        people: vec!["ada".to_owned()],
        patch: [("/resources/memory".to_owned(), "1Gi".into())].into(),
        ..ProvisionRule::default()
    };
    let wide =
        ProvisionRule { name: "no".to_owned(), people: vec!["bob".to_owned()], deny: true, ..ProvisionRule::default() };
    let mut care = team().care;
    care.provision = vec![small, wide];
    let t = gate(Team { care, ..team() });
    let provision = |owner: &str| WorkspaceProvision {
        object: hers(),
        owner: owner.to_owned(),
        org: "lab".to_owned(),
        blueprint: "ide".to_owned(),
        fields: serde_json::json!({}),
    };
    let process = t.composed.verifier.process("operator");
    let permit = t.composed.gate.permit(&process, provision("ada"), &Answers::default()).unwrap();
    assert_eq!(permit.obligations().patch["/resources/memory"], "1Gi");
    assert_eq!(rule(&t, &process, provision("ada")), "provision.small");
    assert_eq!(rule(&t, &process, provision("cam")), "team.process");
    assert_eq!(rule(&t, &process, provision("bob")), "deny provision.no");
    let ada = member(&t, "ada", &["developer"]);
    assert_eq!(rule(&t, &ada, provision("ada")), "deny team.default", "the process asks, and nobody else");
}

#[test]
fn a_rule_that_names_no_action_is_a_problem() {
    assert_eq!(deny("a", &["tap:*", "secret:reveal"]).problem(), None);
    assert!(deny("a", &["secret:revael"]).problem().unwrap().contains("secret:revael"));
    assert!(deny("a", &[]).problem().is_some() && deny("", &["tap:*"]).problem().is_some());
    let refused = gate(team()).composed.verifier.process("x");
    assert!(refused.who().is_process());
    assert_eq!(Code::PolicyDenied.exit_code(), 3);
}

#[test]
fn wf_06_who_is_denied_is_told_why_by_which_decision_and_whom_to_ask() {
    let t = gate(team());
    let bob = member(&t, "bob", &["developer"]);
    let stop = WorkspaceStop { object: hers(), delay_seconds: 0 };
    let refusal = t.composed.gate.permit(&bob, stop, &Answers::default()).unwrap_err();
    assert_eq!(refusal.code(), Code::PolicyDenied);
    assert_eq!(
        refusal.to_string(),
        "it is not yours, and no grant names you: ask its owner or an administrator for a grant of stop or stopAll"
    );
    let details = refusal.details().unwrap();
    assert_eq!(details["rule"], "team.default");
    assert_eq!(details["decision"], refusal.decision().unwrap().to_string(), "it stands in the journal");
    let nobody = t.composed.gate.permit(&bob, TapView { tap: None }, &Answers::default()).unwrap_err();
    assert!(nobody.to_string().ends_with("ask an administrator"), "{nobody}");
    let rule = t.composed.gate.permit(&member(&t, "root", &["admin"]), TapView { tap: None }, &Answers::default());
    let rule = rule.unwrap_err().details().unwrap();
    assert_eq!(rule["rule"], "team.deny.taps", "a rule that denies is named");
}

#[test]
fn wl_08l_all_workspaces_of_somebody_are_an_administrators_to_delete_or_their_own() {
    let all = |owner: &str, org: &str, kept_seconds: u64| WorkspaceDeleteAll {
        cluster: ClusterName::new("dev"),
        owner: owner.to_owned(),
        org: org.to_owned(),
        kept_seconds,
        workspaces: vec![hers()],
        uids: vec!["u".to_owned()],
    };
    let t = gate(team());
    let (ada, bob) = (member(&t, "ada", &["developer"]), member(&t, "bob", &["developer"]));
    assert_eq!(rule(&t, &ada, all("ada", "lab", 0)), "team.own");
    assert_eq!(rule(&t, &ada, all("ada", "", 0)), "deny team.default", "those of another organization are not theirs");
    assert_eq!(rule(&t, &bob, all("ada", "lab", 0)), "deny team.default", "a grant for one is none for all");
    assert_eq!(rule(&t, &member(&t, "root", &["admin"]), all("ada", "", 0)), "team.admin");
    assert_eq!(rule(&t, &member(&t, "ada", &["viewer"]), all("ada", "lab", 0)), "deny team.default");
    assert_eq!(rule(&t, &member(&t, "", &["developer"]), all("", "lab", 0)), "deny team.default");
    // Whoever may not delete one may not delete all, and may still stop them.
    let t = without("ada", "workspace:delete");
    let ada = member(&t, "ada", &["developer"]);
    assert_eq!(rule(&t, &ada, all("ada", "lab", 0)), "deny team.deny.ada");
    assert_eq!(rule(&t, &ada, all("ada", "lab", 60)), "team.own");
    let t = without("ada", "workspace:stop");
    assert_eq!(rule(&t, &member(&t, "ada", &["developer"]), all("ada", "lab", 60)), "deny team.deny.ada");
}

fn mount(how: MountKind, id: &str, whose: Option<MountOwner>) -> WorkspaceMount {
    WorkspaceMount {
        object: hers(),
        owner: "ada".to_owned(),
        org: "lab".to_owned(),
        roles: vec!["developer".to_owned(), "blue".to_owned()],
        claim: "pvc-team-lab-blue".to_owned(),
        how,
        id: id.to_owned(),
        whose,
    }
}

#[test]
fn bp_11c_a_volume_is_joined_by_a_decision_on_whose_it_is_and_not_by_its_name() {
    use MountKind::{Existing, Named, Shared};
    let t = gate(team());
    let operator = t.composed.verifier.process("operator");
    let (ok, no) = ("team.mount", "deny team.default");
    for (how, id, whose, verdict) in [
        (Shared, "", Some(MountOwner::Absent), ok),
        (Shared, "", Some(MountOwner::Same), ok),
        (Shared, "", Some(MountOwner::Org("shop".to_owned())), no),
        (Shared, "lab", None, ok),
        (Shared, "blue", None, ok),
        (Shared, "ada", None, ok),
        // Another team's.
        (Shared, "red", None, no),
        (Shared, "red", Some(MountOwner::Same), no),
        (Shared, "ada-red", None, no),
        (Named, "ada", Some(MountOwner::Absent), ok),
        (Named, "ada-go", Some(MountOwner::Absent), ok),
        (Named, "bob-go", Some(MountOwner::Same), ok),
        (Named, "bob-go", Some(MountOwner::Absent), no),
        (Named, "bob-go", Some(MountOwner::Person("bob".to_owned())), no),
        (Named, "ada", Some(MountOwner::Person("bob".to_owned())), no),
        (Named, "bob-go", None, ok),
        (Existing, "", Some(MountOwner::Unsaid), ok),
        (Existing, "", Some(MountOwner::Person("bob".to_owned())), no),
    ] {
        let asked = mount(how, id, whose.clone());
        assert_eq!(rule(&t, &operator, asked.clone()), verdict, "{how:?} {id} {whose:?}");
        assert_eq!(rule(&t, &member(&t, "ada", &["developer"]), asked), verdict, "{how:?} {id} {whose:?}");
    }
    let red = mount(Shared, "red", None);
    assert_eq!(rule(&t, &member(&t, "bob", &["developer"]), mount(Shared, "", None)), no, "it is joined for oneself");
    assert_eq!(rule(&t, &member(&t, "root", &["admin"]), red.clone()), "team.admin");
    let admins = WorkspaceMount { roles: vec!["admin".to_owned()], ..red };
    assert_eq!(rule(&t, &operator, admins), ok, "whose workspace it is decides, not who mounts it");
}

#[test]
fn wd_14d_a_denied_volume_names_its_decision_and_rules_of_the_configuration_hold_for_its_owner() {
    let t = gate(team());
    let operator = t.composed.verifier.process("operator");
    let refused =
        t.composed.gate.permit(&operator, mount(MountKind::Shared, "red", None), &Answers::default()).unwrap_err();
    assert_eq!(refused.code(), Code::PolicyDenied);
    let decision = refused.decision().unwrap().to_string();
    assert_eq!(t.journal.decided().pop().unwrap().decision.to_string(), decision);
    assert!(refused.to_string().contains("red is no team of ada"), "{refused}");
    let own = || mount(MountKind::Shared, "blue", None);
    let t = without("ada", "workspace:mount");
    assert_eq!(rule(&t, &t.composed.verifier.process("operator"), own()), "deny team.deny.ada");
    let deny = DenyRule { roles: vec!["blue".to_owned()], ..deny("blues", &["workspace:mount"]) };
    let t = gate(Team { deny: vec![deny], ..team() });
    assert_eq!(rule(&t, &t.composed.verifier.process("operator"), own()), "deny team.deny.blues");
}
