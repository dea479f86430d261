//! Accounts, roles, bindings, certificates (EX-52, EX-53, EX-57).

use super::Builtin;
use crate::cells::{Buf, Out, put};
use crate::column::{Args, Col, Path, age, count, created_at, text, with};
use crate::kind::Section;
use api::cell::ColumnType::{Span, Status, Text};
use api::cell::Level;
use wire::Node;

pub(super) static KINDS: &[Builtin] = &[
    Builtin::new("serviceaccounts", "v1", "ServiceAccount", Section::Access, "ServiceAccounts", ACCOUNTS)
        .short(&["sa"]),
    Builtin::new("roles.rbac.authorization.k8s.io", "v1", "Role", Section::Access, "Roles", ROLES),
    Builtin::new("clusterroles.rbac.authorization.k8s.io", "v1", "ClusterRole", Section::Access, "ClusterRoles", ROLES)
        .cluster_scoped(),
    Builtin::new(
        "rolebindings.rbac.authorization.k8s.io",
        "v1",
        "RoleBinding",
        Section::Access,
        "RoleBindings",
        BINDINGS,
    ),
    Builtin::new(
        "clusterrolebindings.rbac.authorization.k8s.io",
        "v1",
        "ClusterRoleBinding",
        Section::Access,
        "ClusterRoleBindings",
        BINDINGS,
    )
    .cluster_scoped(),
    Builtin::new(
        "certificatesigningrequests.certificates.k8s.io",
        "v1",
        "CertificateSigningRequest",
        Section::Access,
        "CertificateSigningRequests",
        REQUESTS,
    )
    .cluster_scoped()
    .short(&["csr"]),
    Builtin::new(
        "clustertrustbundles.certificates.k8s.io",
        "v1beta1",
        "ClusterTrustBundle",
        Section::Access,
        "ClusterTrustBundles",
        BUNDLES,
    )
    .cluster_scoped(),
];

static ACCOUNTS: &[Col] = &[count("secrets", "Secrets", &["secrets"]), age()];

static ROLES: &[Col] = &[created_at(), count("rules", "Rules", &["rules"]).extra(), age().extra()];

const SUBJECTS: &[Path] = &[&["subjects"]];

static BINDINGS: &[Col] = &[
    with("role", "Role", Text, &[&["roleRef", "kind"], &["roleRef", "name"]], |args, out| {
        let mut text = Buf::default();
        put!(text, "{}/{}", args.text(0), args.text(1));
        out.text(text.as_str());
    })
    .width(40),
    age(),
    with("users", "Users", Text, SUBJECTS, |args, out| subjects(args, out, "User")).wide(),
    with("groups", "Groups", Text, SUBJECTS, |args, out| subjects(args, out, "Group")).wide(),
    with("service_accounts", "ServiceAccounts", Text, SUBJECTS, |args, out| subjects(args, out, "ServiceAccount"))
        .wide(),
    count("subjects", "Subjects", &["subjects"]).extra(),
];

fn subjects(args: &Args<'_, '_>, out: &mut Out<'_>, kind: &str) {
    let mut text = Buf::default();
    for subject in args.get(0).map(Node::items).into_iter().flatten() {
        let member = |name| subject.get(name).and_then(Node::as_str).unwrap_or_default();
        if member("kind") != kind {
            continue;
        }
        if kind == "ServiceAccount" {
            text.join(", ", &member("namespace"));
            text.push("/");
            text.push(&member("name"));
        } else {
            text.join(", ", &member("name"));
        }
    }
    out.text(text.as_str());
}

static REQUESTS: &[Col] = &[
    age(),
    text("signer_name", "SignerName", &["spec", "signerName"]).none().width(40),
    text("requestor", "Requestor", &["spec", "username"]).width(32),
    with("requested_duration", "RequestedDuration", Span, &[&["spec", "expirationSeconds"]], |args, out| {
        match args.get(0).and_then(Node::as_i64) {
            Some(seconds) => out.span(0, Some(seconds.saturating_mul(1000))),
            None => out.absent(),
        }
    })
    .none(),
    with("condition", "Condition", Status, &[&["status", "conditions"], &["status", "certificate"]], request_condition)
        .width(16),
];

fn request_condition(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let has = |ty| crate::format::condition(args.get(0), ty).is_some();
    let (word, mut level) = if has("Denied") {
        ("Denied", Level::Bad)
    } else if has("Approved") {
        ("Approved", Level::Info)
    } else {
        ("Pending", Level::Info)
    };
    let mut text = Buf::default();
    text.push(word);
    if has("Failed") {
        text.push(",Failed");
        level = Level::Bad;
    }
    if args.get(1).and_then(Node::as_bytes_len).is_some_and(|len| len > 0) {
        text.push(",Issued");
        level = if level == Level::Info { Level::Ok } else { level };
    }
    out.status(text.as_str(), level);
}

static BUNDLES: &[Col] = &[text("signer_name", "SignerName", &["spec", "signerName"]).none(), age().extra()];
