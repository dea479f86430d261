//! Webhooks and admission policies (EX-61).

use super::Builtin;
use crate::cells::{Buf, Out, put};
use crate::column::{Args, Col, Path, age, count, text, with};
use crate::format::sorted;
use crate::kind::Section;
use api::cell::ColumnType::Text;
use wire::Node;

macro_rules! policy_kind {
    ($id:literal, $version:literal, $kind:literal, $title:literal, $columns:expr) => {
        Builtin::new($id, $version, $kind, Section::Config, $title, $columns).cluster_scoped()
    };
}

pub(super) static KINDS: &[Builtin] = &[
    policy_kind!(
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "v1",
        "MutatingWebhookConfiguration",
        "MutatingWebhooks",
        WEBHOOKS
    ),
    policy_kind!(
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
        "v1",
        "ValidatingWebhookConfiguration",
        "ValidatingWebhooks",
        WEBHOOKS
    ),
    policy_kind!(
        "validatingadmissionpolicies.admissionregistration.k8s.io",
        "v1",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicies",
        VALIDATING
    ),
    policy_kind!(
        "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "v1",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingAdmissionPolicyBindings",
        BINDINGS
    ),
    policy_kind!(
        "mutatingadmissionpolicies.admissionregistration.k8s.io",
        "v1beta1",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicies",
        MUTATING
    ),
    policy_kind!(
        "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
        "v1beta1",
        "MutatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicyBindings",
        BINDINGS
    ),
];

static WEBHOOKS: &[Col] = &[
    count("webhooks", "Webhooks", &["webhooks"]),
    age(),
    with("failure_policy", "Failure policy", Text, &[&["webhooks"]], |args, out| {
        let mut text = Buf::default();
        crate::format::joined(args.get(0), "failurePolicy", ",", &mut text);
        out.text(text.as_str());
    })
    .extra(),
];

const PARAM_KIND: &[Path] =
    &[&["spec", "paramKind"], &["spec", "paramKind", "apiVersion"], &["spec", "paramKind", "kind"]];

const fn param_kind_column() -> Col {
    with("param_kind", "ParamKind", Text, PARAM_KIND, param_kind).absent("<unset>")
}

static VALIDATING: &[Col] =
    &[count("validations", "Validations", &["spec", "validations"]), param_kind_column(), age()];

static MUTATING: &[Col] = &[count("mutations", "Mutations", &["spec", "mutations"]), param_kind_column(), age()];

static BINDINGS: &[Col] = &[
    text("policy_name", "PolicyName", &["spec", "policyName"]),
    with("param_ref", "ParamRef", Text, &[&["spec", "paramRef"]], param_ref).absent("<unset>"),
    age(),
];

fn param_kind(args: &Args<'_, '_>, out: &mut Out<'_>) {
    if args.get(0).is_none() {
        return out.absent();
    }
    let mut text = Buf::default();
    put!(text, "{}/{}", args.text(1), args.text(2));
    out.text(text.as_str());
}

/// `namespace/name`, `*/name`, or the selector in the form in which Go prints it.
fn param_ref(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let Some(reference) = args.get(0) else { return out.absent() };
    let member = |name| reference.get(name).and_then(Node::as_str).unwrap_or_default();
    let (name, namespace) = (member("name"), member("namespace"));
    let mut text = Buf::default();
    if !name.is_empty() {
        put!(text, "{}/{name}", if namespace.is_empty() { "*" } else { &namespace });
    } else if let Some(selector) = reference.get("selector") {
        text.push("&LabelSelector{MatchLabels:map[string]string{");
        for (key, value) in sorted(selector.get("matchLabels")) {
            put!(text, "{key}: {value},");
        }
        text.push("},MatchExpressions:[]LabelSelectorRequirement{");
        for expression in selector.get("matchExpressions").map(Node::items).into_iter().flatten() {
            let member = |name| expression.get(name).and_then(Node::as_str).unwrap_or_default();
            put!(text, "LabelSelectorRequirement{{Key:{},Operator:{},Values:[", member("key"), member("operator"));
            for (at, value) in expression.get("values").map(Node::items).into_iter().flatten().enumerate() {
                put!(text, "{}{}", if at == 0 { "" } else { " " }, value.as_str().unwrap_or_default());
            }
            text.push("],},");
        }
        text.push("},}");
    }
    out.text(text.as_str());
}
