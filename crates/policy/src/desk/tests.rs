#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Desk;
use crate::action::{
    self, AuditQuery, AuditVerify, BlueprintReload, BlueprintRollout, ClusterAdd, ClusterView, MountKind, ObjectDelete,
    ObjectRead, ObjectScale, ObjectTarget, ObjectView, OperatorInstall, OperatorRun, PacketLevel, PlanMake, PodLogs,
    Propagation, RolloutRestart, SecretReveal, SessionKey, SessionOpen, ShellPurpose, TapChange, TapControl, TapExport,
    TapHostNetwork, TapPayload, TapScope, TapStart, TapTarget, TapView, WorkspaceApps, WorkspaceAsk, WorkspaceConnect,
    WorkspaceCreate, WorkspaceDelete, WorkspaceDeleteAll, WorkspaceExec, WorkspaceExpire, WorkspaceFiles,
    WorkspaceImport, WorkspaceKeep, WorkspaceLogs, WorkspaceMount, WorkspaceProvision, WorkspaceProxy, WorkspacePurge,
    WorkspaceReconcile, WorkspaceSource, WorkspaceStart, WorkspaceStop, WorkspaceUpdate, WorkspaceView, WorkspaceWake,
};
use crate::provision::ProvisionRule;
use crate::tapping::TapRule;
use crate::testing::{TestGate, gate};
use crate::{Action, Answers, Decision, Need, Refusal};
use base::{ClusterName, Code, Coded};
use serde_json::{Value, json};

fn object(cluster: &str) -> ObjectTarget {
    ObjectTarget {
        cluster: ClusterName::new(cluster),
        kind: "deployments.apps".to_owned(),
        namespace: "shop".to_owned(),
        name: "web".to_owned(),
    }
}

fn delete(cluster: &str, batch: u32) -> ObjectDelete {
    ObjectDelete {
        object: object(cluster),
        propagation: Propagation::Background,
        grace_seconds: None,
        uid: None,
        batch,
    }
}

fn scale(cluster: &str, replicas: u32) -> ObjectScale {
    ObjectScale { object: object(cluster), replicas, batch: 1 }
}

fn restart(cluster: &str) -> RolloutRestart {
    RolloutRestart { object: object(cluster), batch: 1 }
}

fn desk(read_only: bool) -> TestGate {
    gate(Desk {
        read_only,
        production_contexts: [ClusterName::new("prod")].into(),
        skip_confirm: false,
        provision: Vec::new(),
        taps: Vec::new(),
    })
}

fn needs<A: Action>(t: &TestGate, action: &A) -> Vec<Need> {
    let ada = t.composed.verifier.desk("ada", []);
    match t.composed.gate.preview(&ada, action) {
        Decision::Allow(_) => Vec::new(),
        Decision::Needs(needs) => needs.0,
        Decision::Deny(denial) => panic!("denied: {}", denial.reason),
    }
}

fn typed(name: &str) -> Vec<Need> {
    vec![Need::TypedName { name: name.to_owned() }]
}

#[test]
fn ex_11b_destructive_acts_in_production_ask_for_the_typed_name() {
    let t = desk(false);
    assert_eq!(needs(&t, &delete("prod", 1)), typed("web"));
    assert_eq!(needs(&t, &delete("prod", 40)), typed("prod"), "for many, the context is typed");
    assert_eq!(needs(&t, &scale("prod", 0)), typed("web"));
    assert_eq!(needs(&t, &scale("prod", 3)), [Need::Confirm]);
    assert_eq!(needs(&t, &restart("prod")), [Need::Confirm]);
    for cluster in ["dev", "prod2", "PROD"] {
        assert_eq!(needs(&t, &delete(cluster, 1)), [Need::Confirm], "{cluster}");
    }
}

#[test]
fn ex_11b_yes_does_not_meet_a_typed_confirmation() {
    let t = desk(false);
    let ada = t.composed.verifier.desk("ada", []);
    let yes = Answers { confirm: true, ..Answers::default() };
    let refusal = t.composed.gate.permit(&ada, delete("prod", 1), &yes).unwrap_err();
    assert!(matches!(refusal, Refusal::Needs { .. }));
    let wrong = Answers { typed_name: "webb".to_owned(), ..yes.clone() };
    assert!(t.composed.gate.permit(&ada, delete("prod", 1), &wrong).is_err());
    let exact = Answers { typed_name: "web".to_owned(), ..Answers::default() };
    assert!(t.composed.gate.permit(&ada, delete("prod", 1), &exact).is_ok());
    assert!(t.composed.gate.permit(&ada, delete("dev", 1), &yes).is_ok());
}

#[test]
fn ex_11b_the_plain_confirmation_can_be_turned_off_but_not_in_production() {
    let desk = Desk { production_contexts: [ClusterName::new("prod")].into(), skip_confirm: true, ..Desk::default() };
    let t = gate(desk);
    assert!(needs(&t, &delete("dev", 5)).is_empty());
    assert_eq!(needs(&t, &restart("prod")), [Need::Confirm]);
    assert_eq!(needs(&t, &delete("prod", 1)), typed("web"));
}

#[test]
fn cap_n_27b_a_tap_in_production_asks_first_and_for_the_name_when_secrets_leave() {
    let t = desk(false);
    let tap = |cluster: &str, unredacted| TapStart { pods: vec![object(cluster)], unredacted, ..TapStart::default() };
    assert_eq!(needs(&t, &tap("prod", false)), [Need::Confirm]);
    assert_eq!(needs(&t, &tap("prod", true)), typed("prod"));
    assert!(needs(&t, &tap("dev", true)).is_empty());
    // What is followed counts like what is there.
    let scope = TapScope {
        cluster: ClusterName::new("prod"),
        namespaces: vec![],
        selector: String::new(),
        names: vec![],
        node: String::new(),
        object: String::new(),
    };
    assert_eq!(needs(&t, &TapStart { scope: vec![scope], unredacted: true, ..TapStart::default() }), typed("prod"));
    let quick = Desk { production_contexts: [ClusterName::new("prod")].into(), skip_confirm: true, ..Desk::default() };
    assert_eq!(needs(&gate(quick), &tap("prod", false)), [Need::Confirm]);
}

#[test]
fn cap_61b_the_network_of_nodes_is_a_decision_of_its_own_and_a_privileged_container_a_grave_one() {
    let t = desk(false);
    let nodes = TapHostNetwork { pods: vec![object("dev")], scope: vec![] };
    assert_eq!(needs(&t, &nodes), [Need::Confirm]);
    let privileged = |cluster: &str| TapStart { pods: vec![object(cluster)], privileged: true, ..TapStart::default() };
    assert!(needs(&t, &privileged("dev")).is_empty());
    assert_eq!(needs(&t, &privileged("prod")), typed("prod"));
}

#[test]
fn cap_20c_ending_what_is_left_of_a_tap_names_its_pods() {
    let t = desk(false);
    let ada = t.composed.verifier.desk("ada", []);
    let tap = TapTarget { cluster: ClusterName::new("dev"), tap: "qd-tap-abcdef".to_owned() };
    let change = TapChange::End(vec![object("dev")]);
    drop(t.composed.gate.permit(&ada, TapControl { tap, change }, &Answers::default()).unwrap());
    let draft = &t.journal.drafts()[0];
    assert!(draft.summary.contains("end in ") && draft.summary.contains("qd-tap-abcdef"), "{}", draft.summary);
    assert!(draft.anchors.iter().any(|anchor| anchor.value.ends_with("/web")), "{:?}", draft.anchors);
}

#[test]
fn cap_n_27c_what_a_tap_did_is_found_in_the_journal_by_its_cluster() {
    let t = desk(false);
    let ada = t.composed.verifier.desk("ada", []);
    let tap = TapTarget { cluster: ClusterName::new("dev"), tap: "0f".repeat(16) };
    let change = TapChange::Filter("port 80".to_owned());
    let permit = t.composed.gate.permit(&ada, TapControl { tap, change }, &Answers::default()).unwrap();
    drop(permit);
    let drafts = t.journal.drafts();
    assert!(drafts[0].summary.contains("filter `port 80` of tap 0f0f"), "{}", drafts[0].summary);
    assert!(drafts[0].anchors.iter().any(|anchor| anchor.value == "dev"), "{:?}", drafts[0].anchors);
}

#[test]
fn wo_01d_new_kinds_ask_for_a_yes_wherever_and_workspaces_for_what_production_is_worth() {
    let t = desk(false);
    assert_eq!(needs(&t, &OperatorInstall { objects: vec![object("dev")] }), [Need::Confirm]);
    assert!(needs(&t, &create("dev")).is_empty());
    assert_eq!(needs(&t, &create("prod")), [Need::Confirm]);
    assert!(needs(&t, &WorkspaceStart { object: object("dev") }).is_empty());
    assert_eq!(needs(&t, &WorkspaceStop { object: object("dev"), delay_seconds: 0 }), [Need::Confirm]);
    assert_eq!(needs(&t, &WorkspaceDelete { object: object("dev"), uid: None }), [Need::Confirm]);
    assert_eq!(needs(&t, &WorkspaceDelete { object: object("prod"), uid: None }), typed("web"));
}

fn create(cluster: &str) -> WorkspaceCreate {
    let (owner, org, blueprint) = ("ada".to_owned(), String::new(), String::new());
    WorkspaceCreate { object: object(cluster), owner, org, blueprint, image: "shell".to_owned() }
}

/// Permit and preview of one action; whether it was allowed and with which code not.
fn both<A: Action>(t: &TestGate, action: A) -> (&'static str, Option<Code>) {
    let ada = t.composed.verifier.desk("ada", []);
    let given = Answers { confirm: true, typed_name: "web".to_owned(), reason: "test".to_owned() };
    let preview = t.composed.gate.preview(&ada, &action);
    let code = t.composed.gate.permit(&ada, action, &given).err().map(|refusal| refusal.code());
    assert_eq!(matches!(preview, Decision::Deny(_)), code.is_some(), "preview and permit agree on {}", A::NAME);
    (A::NAME, code)
}

#[test]
fn read_only_denies_every_change_at_permit_and_preview_and_no_read() {
    let t = desk(true);
    let plan = PlanMake { action: "object:delete".to_owned(), objects: vec![object("dev")] };
    let view = ObjectView { kind: "pods".to_owned(), clusters: vec![], namespaces: vec![] };
    let pods = vec![object("dev")];
    let start = TapStart { pods, packets: PacketLevel::Full, unredacted: true, ..TapStart::default() };
    let tap = TapTarget { cluster: ClusterName::new("dev"), tap: "0f".repeat(16) };
    let (record, flow) = ("0000000007".to_owned(), String::new());
    let export = TapExport {
        tap: tap.clone(),
        format: "jsonl".to_owned(),
        select: String::new(),
        flow: String::new(),
        filter: String::new(),
    };
    let create = create("dev");
    let reconcile = WorkspaceReconcile { object: object("dev"), owner: "ada".to_owned(), generation: 1 };
    let (cluster, name) = (ClusterName::new("dev"), String::new());
    let run = OperatorRun { cluster: cluster.clone(), namespace: "kube-system".to_owned() };
    let seen = [
        both(&t, ClusterView { clusters: vec![], namespaces: vec![] }),
        both(&t, ClusterAdd { file: String::new() }),
        both(&t, view),
        both(&t, ObjectRead { object: object("dev") }),
        both(&t, SecretReveal { object: object("dev"), key: "k".to_owned() }),
        both(&t, plan),
        both(&t, delete("dev", 1)),
        both(&t, scale("dev", 1)),
        both(&t, restart("dev")),
        both(&t, start),
        both(&t, TapHostNetwork { pods: vec![object("dev")], scope: vec![] }),
        both(&t, TapView { tap: Some(tap.clone()) }),
        both(&t, TapPayload { tap: tap.clone(), record, flow, trace: name.clone() }),
        both(&t, PodLogs { pods: vec![object("dev")], ids: vec!["4bf9".to_owned()] }),
        both(&t, export),
        both(&t, TapControl { tap, change: TapChange::Stop }),
        both(&t, WorkspaceView { cluster, namespace: name.clone(), name }),
        both(&t, WorkspaceLogs { object: object("dev") }),
        both(&t, WorkspaceConnect { object: object("dev"), purpose: ShellPurpose::List }),
        both(&t, WorkspaceExec { object: object("dev"), program: "ls".to_owned(), terminal: false }),
        both(&t, WorkspaceProxy { object: object("dev"), port: 8080, app: String::new() }),
        both(&t, files("dev", false)),
        both(&t, apps("dev", "list")),
        both(&t, source("dev")),
        both(&t, provision(json!({}))),
        both(&t, mount("dev")),
        both(&t, BlueprintReload { source: "the folder /etc/blueprints".to_owned() }),
        both(
            &t,
            BlueprintRollout { object: object("dev"), revision: "4f3a".to_owned(), act: action::RolloutAct::Promote },
        ),
        both(&t, ask("dev", "credentials")),
        both(&t, WorkspaceUpdate { object: object("dev"), fields: vec!["/spec/image".to_owned()] }),
        both(&t, WorkspaceWake { object: object("dev"), door: "http".to_owned() }),
        both(&t, create),
        both(&t, WorkspaceImport { object: object("dev"), from: "blueprints/go.yaml:1".to_owned() }),
        both(&t, WorkspaceStart { object: object("dev") }),
        both(&t, WorkspaceStop { object: object("dev"), delay_seconds: 0 }),
        both(&t, WorkspaceDelete { object: object("dev"), uid: None }),
        both(&t, all_of("dev", 0)),
        both(&t, WorkspaceKeep { object: object("dev"), seconds: 60, reason: String::new() }),
        both(&t, purge("dev")),
        both(&t, WorkspaceExpire { object: object("dev"), left: vec![], over: vec!["pvc-web-home".to_owned()] }),
        both(&t, reconcile),
        both(&t, OperatorInstall { objects: vec![object("dev")] }),
        both(&t, run),
        both(&t, SessionOpen { key: SessionKey::Code, attempts: 1 }),
        both(&t, AuditQuery::default()),
        both(&t, AuditVerify {}),
    ];
    assert_eq!(seen.map(|(name, _)| name).to_vec(), action::ALL.iter().map(|a| a.name).collect::<Vec<_>>());
    for ((name, code), info) in seen.iter().zip(action::ALL) {
        assert_eq!(*code, info.changes.then_some(Code::ReadOnly), "{name}");
    }
    assert!(desk(false).journal.decided().is_empty());
}

#[test]
fn ac_71i_shells_and_programs_ask_for_a_yes_in_production_alone_and_only_the_program_is_told() {
    let t = desk(false);
    let connect = |cluster: &str, purpose| WorkspaceConnect { object: object(cluster), purpose };
    let vi = || ShellPurpose::Shell { program: "vi".to_owned() };
    let exec = |cluster: &str| WorkspaceExec { object: object(cluster), program: "ls".to_owned(), terminal: false };
    assert!(needs(&t, &connect("dev", vi())).is_empty() && needs(&t, &exec("dev")).is_empty());
    assert!(needs(&t, &connect("prod", ShellPurpose::List)).is_empty());
    assert_eq!(needs(&t, &connect("prod", vi())), [Need::Confirm]);
    assert_eq!(needs(&t, &connect("prod", ShellPurpose::Attach { shell: String::new() })), [Need::Confirm]);
    assert_eq!(needs(&t, &exec("prod")), [Need::Confirm]);
    let words = connect("dev", vi()).asked().summary();
    assert_eq!(words, "vi on a terminal of deployments.apps shop/web in dev");
    assert_eq!(exec("dev").asked().summary(), "ls in deployments.apps shop/web in dev");
}

fn source(cluster: &str) -> WorkspaceSource {
    let (host, repository) = ("git.example.org".to_owned(), "acme/shop".to_owned());
    WorkspaceSource {
        object: object(cluster),
        owner: "ada".to_owned(),
        host,
        repository,
        reference: "default branch".to_owned(),
    }
}

#[test]
fn ws_09e_to_read_the_file_of_a_repository_asks_nothing_and_is_told_with_its_host() {
    let t = desk(true);
    assert!(needs(&t, &source("prod")).is_empty(), "it reads");
    let words = source("dev").asked().summary();
    assert_eq!(words, "default branch of git.example.org/acme/shop for deployments.apps shop/web in dev");
}

fn provision(fields: Value) -> WorkspaceProvision {
    let (owner, org, blueprint) = ("ada".to_owned(), "lab".to_owned(), "ide".to_owned());
    WorkspaceProvision { object: object("dev"), owner, org, blueprint, fields }
}

#[test]
fn bc_10b_a_rule_denies_what_a_workspace_is_made_of_or_obliges_to_patches_and_is_named() {
    let rule = |text: Value| serde_json::from_value::<ProvisionRule>(text).unwrap();
    let deny = json!({ "name": "open", "fields": { "/network/networkPolicyClass": ["system"] }, "deny": true });
    let rules = vec![rule(deny), rule(json!({ "name": "small", "patch": { "/resources/memory": "1Gi" } }))];
    let t = gate(Desk { provision: rules, ..Desk::default() });
    let ada = t.composed.verifier.desk("ada", []);
    let permit = t.composed.gate.permit(&ada, provision(json!({})), &Answers::default()).unwrap();
    assert_eq!(permit.obligations().patch["/resources/memory"], "1Gi");
    let open = provision(json!({ "network": { "networkPolicyClass": "system" } }));
    let refusal = t.composed.gate.permit(&ada, open, &Answers::default()).unwrap_err();
    assert_eq!(refusal.code(), Code::PolicyDenied);
    assert_eq!(refusal.details().unwrap()["rule"], "provision.open");
    assert_eq!(refusal.to_string(), "no workspace is made of ide here: ask an administrator");
}

fn ask(cluster: &str, what: &str) -> WorkspaceAsk {
    let (ask, owner, service) = (what.to_owned(), "ada".to_owned(), "git".to_owned());
    WorkspaceAsk { object: object(cluster), owner, ask, service, host: "example.org".to_owned() }
}

#[test]
fn ac_77c_what_a_workspace_asks_is_allowed_but_its_deletion_in_production() {
    let t = desk(false);
    assert!(needs(&t, &ask("prod", "credentials")).is_empty() && needs(&t, &ask("dev", "delete")).is_empty());
    assert_eq!(needs(&t, &ask("prod", "delete")), [Need::Confirm], "and nobody is there to say yes");
    let words = ask("dev", "credentials").asked().summary();
    assert_eq!(words, "credentials git example.org for deployments.apps shop/web in dev");
}

fn files(cluster: &str, writes: bool) -> WorkspaceFiles {
    let act = if writes { "put" } else { "get" }.to_owned();
    WorkspaceFiles { object: object(cluster), act, path: "/home/anna/a".to_owned(), writes }
}

fn apps(cluster: &str, act: &str) -> WorkspaceApps {
    WorkspaceApps { object: object(cluster), act: act.to_owned(), app: "ide".to_owned() }
}

#[test]
fn to_look_into_a_workspace_asks_nothing_and_to_change_it_in_production_a_yes() {
    let t = desk(false);
    for cluster in ["dev", "prod"] {
        assert!(needs(&t, &files(cluster, false)).is_empty() && needs(&t, &apps(cluster, "logs")).is_empty());
    }
    assert!(needs(&t, &files("dev", true)).is_empty() && needs(&t, &apps("dev", "stop")).is_empty());
    assert_eq!(needs(&t, &files("prod", true)), [Need::Confirm]);
    assert_eq!(needs(&t, &apps("prod", "stop")), [Need::Confirm]);
    let proxy = WorkspaceProxy { object: object("prod"), port: 8080, app: "ide".to_owned() };
    assert_eq!(needs(&t, &proxy), [Need::Confirm]);
    assert_eq!(proxy.asked().summary(), "ide on port 8080 of deployments.apps shop/web in prod");
    let update = WorkspaceUpdate { object: object("dev"), fields: vec!["/spec/image".to_owned()] };
    assert_eq!(needs(&t, &update), [Need::Confirm]);
}

#[test]
fn the_digest_follows_the_configuration() {
    use crate::Decide;
    let base = Desk::default();
    let digests = [
        base.digest(),
        Desk { read_only: true, ..base.clone() }.digest(),
        Desk { skip_confirm: true, ..base.clone() }.digest(),
        Desk { production_contexts: [ClusterName::new("p")].into(), ..base.clone() }.digest(),
        Desk { provision: vec![ProvisionRule::default()], ..base.clone() }.digest(),
        Desk { taps: vec![TapRule::default()], ..base.clone() }.digest(),
    ];
    assert_eq!(digests.iter().collect::<std::collections::HashSet<_>>().len(), 6);
    assert_eq!(base.digest(), Desk::default().digest());
}

#[test]
fn the_reference_names_every_action_and_obligation() {
    let page = action::reference_markdown();
    for info in action::ALL {
        assert!(page.contains(&format!("| `{}` | {}", info.name, info.summary)), "{}", info.name);
    }
    assert!(page.contains("`max_bytes`: Largest value"));
    let names: std::collections::HashSet<_> = action::ALL.iter().map(|a| a.name).collect();
    assert_eq!(names.len(), action::ALL.len());
    assert!(names.iter().all(|n| n.split_once(':').is_some_and(|(d, v)| !d.is_empty() && !v.is_empty())));
}

fn purge(cluster: &str) -> WorkspacePurge {
    WorkspacePurge { object: object(cluster), uid: None, claims: vec!["pvc-web-home".to_owned()] }
}

#[test]
fn wl_08g_a_purge_asks_for_the_exact_name_wherever() {
    let t = desk(false);
    assert_eq!(needs(&t, &purge("dev")), typed("web"));
    assert_eq!(needs(&t, &purge("prod")), typed("web"));
    let keep = |cluster: &str| WorkspaceKeep { object: object(cluster), seconds: 60, reason: String::new() };
    assert!(needs(&t, &keep("dev")).is_empty());
    assert_eq!(needs(&t, &keep("prod")), [Need::Confirm]);
}

fn all_of(cluster: &str, kept_seconds: u64) -> WorkspaceDeleteAll {
    WorkspaceDeleteAll {
        cluster: ClusterName::new(cluster),
        owner: "ada".to_owned(),
        org: String::new(),
        kept_seconds,
        workspaces: vec![object(cluster)],
        uids: vec!["u".to_owned()],
    }
}

fn mount(cluster: &str) -> WorkspaceMount {
    WorkspaceMount {
        object: object(cluster),
        owner: "ada".to_owned(),
        org: "lab".to_owned(),
        roles: Vec::new(),
        claim: "pvc-team-lab-red".to_owned(),
        how: MountKind::Shared,
        id: "red".to_owned(),
        whose: None,
    }
}

#[test]
fn wl_08k_all_of_somebody_are_worth_a_yes_and_their_name_in_production() {
    let t = desk(false);
    assert_eq!(needs(&t, &all_of("dev", 0)), [Need::Confirm]);
    assert_eq!(needs(&t, &all_of("prod", 0)), typed("ada"));
    assert_eq!(needs(&t, &all_of("prod", 3_600)), [Need::Confirm], "what is kept can be started again");
    let sure = gate(Desk { skip_confirm: true, ..Desk::default() });
    assert_eq!(needs(&sure, &all_of("dev", 0)), [Need::Confirm], "that much is never done in passing");
    assert_eq!(all_of("dev", 0).asked().summary(), "1 workspaces of ada in dev");
}
