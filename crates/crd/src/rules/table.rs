//! The table of rules.

use super::Rule;
use crate::schema::Kind::{self, Blueprint, ClusterBlueprint, Grant, Quota, Workspace};

/// Every rule of every kind.
pub const RULES: &[Rule] = &[
    // ---- what cannot be changed
    rule(WORKSPACE, &["spec", "owner"], "self == oldSelf", "the owner cannot be changed"),
    rule(WORKSPACE, &["spec", "org"], "self == oldSelf", "the organization cannot be changed"),
    rule(WORKSPACE, &["spec", "mode"], "self == oldSelf", "the mode cannot be changed"),
    rule(
        WORKSPACE,
        &["spec"],
        "has(self.target) == has(oldSelf.target) && (!has(self.target) || self.target == oldSelf.target)",
        "the target cannot be changed",
    ),
    rule(
        WORKSPACE,
        &["spec"],
        "(has(self.storage) && has(self.storage.from)) == (has(oldSelf.storage) && has(oldSelf.storage.from)) && \
         (!has(self.storage) || !has(self.storage.from) || self.storage.from == oldSelf.storage.from)",
        "storage.from cannot be changed: volumes are filled once",
    ),
    // ---- workspaces
    rule(
        WORKSPACE,
        &[],
        "size(self.metadata.name) <= 52",
        "the name of a workspace has at most 52 characters, so that names of its objects fit",
    ),
    rule(
        WORKSPACE,
        &["spec"],
        "has(self.blueprintRef) || has(self.image)",
        "a workspace needs a blueprintRef or an image",
    ),
    rule(
        WORKSPACE,
        &["spec"],
        "has(self.target) == (self.mode != 'Standalone')",
        "a target is there exactly when the mode is Inject or Attach",
    ),
    rule(
        WORKSPACE,
        &["spec"],
        "self.mode != 'Inject' || !has(self.target) || self.target.kind != 'pod'",
        "a workspace is injected into a deployment, statefulset or daemonset; attach it to a pod",
    ),
    rule(
        WORKSPACE,
        &["spec", "dotfiles"],
        "has(self.repository) != has(self.folder) && (has(self.repository) || !has(self.ref))",
        "dotfiles have a repository, with or without a ref, or a folder",
    ),
    rule(
        WORKSPACE,
        &["spec", "source", "repo"],
        "!(has(self.ref) && has(self.pullRequest))",
        "a repository is checked out at ref or at pullRequest, not both",
    ),
    rule(
        WORKSPACE,
        &["spec", "ports"],
        "self.all(p, self.exists_one(q, q.containerPort == p.containerPort && q.protocol == p.protocol))",
        "a port and protocol stand in the list once",
    ),
    rule(
        WORKSPACE,
        &["spec", "ports"],
        "self.all(p, !has(p.name) || self.exists_one(q, has(q.name) && q.name == p.name))",
        "a name of a port stands in the list once",
    ),
    rule(
        WORKSPACE,
        &["spec", "ports"],
        "self.all(p, p.containerPort != 2822)",
        "port 2822 is the agent's; take another",
    ),
    rule(
        WORKSPACE,
        &["spec", "env"],
        "self.all(e, e.name.matches('^[A-Za-z_][A-Za-z0-9_]*$'))",
        "a variable has letters, digits and underscores, and begins with no digit",
    ),
    rule(
        WORKSPACE,
        &["spec", "env"],
        "self.all(e, self.exists_one(o, o.name == e.name))",
        "a variable stands in the list once",
    ),
    rule(
        WORKSPACE,
        &["spec", "env"],
        "self.all(e, !(has(e.value) && has(e.valueFrom)))",
        "a variable has a value or a valueFrom, not both",
    ),
    rule(WORKSPACE, &["spec", "resources", "cpu"], OVER_ZERO, CPU),
    rule(WORKSPACE, &["spec", "resources", "memory"], OVER_ZERO, MEMORY),
    rule(WORKSPACE, &["spec", "overrides", "resources", "cpu"], OVER_ZERO, CPU),
    rule(WORKSPACE, &["spec", "overrides", "resources", "memory"], OVER_ZERO, MEMORY),
    rule(
        WORKSPACE,
        &["spec", "exposure"],
        "self.type != 'Ingress' || has(self.domain)",
        "an Ingress needs a domain for its host name",
    ),
    rule(
        WORKSPACE,
        &["spec", "exposure"],
        "self.type != 'LoadBalancer' || !has(self.domain)",
        "a LoadBalancer has an address and no domain: leave it out or take Ingress or Gateway",
    ),
    rule(
        WORKSPACE,
        &["spec"],
        "!has(self.portSharing) || self.portSharing.all(s, has(s.app) || (has(s.port) && has(self.ports) && \
         self.ports.exists(p, p.containerPort == s.port)))",
        "what is shared is an app, or a port of the list of ports",
    ),
    rule(
        WORKSPACE,
        &["spec", "portSharing"],
        "self.all(s, !(has(s.app) && has(s.port)))",
        "what is shared is an app or a port, not both",
    ),
    rule(
        WORKSPACE,
        &["spec", "storage", "from"],
        "has(self.snapshot) != has(self.workspace)",
        "volumes are filled from a snapshot or from a workspace: exactly one",
    ),
    rule(
        WORKSPACE,
        &["spec", "podLabels"],
        "self.all(k, !k.startsWith('quarterdeck.dev/') && !k.contains('.quarterdeck.dev/'))",
        "labels of quarterdeck.dev are the operator's",
    ),
    rule(
        WORKSPACE,
        &["spec", "overrides"],
        "!has(self.storages) || self.storages.all(n, !has(self.storages[n].id) && \
         !has(self.storages[n].existingClaim))",
        "a workspace may not choose ids of shared volumes or claims that are there already",
    ),
    // ---- blueprints
    rule(BLUEPRINTS, &[], "size(self.metadata.name) <= 40", "the name of a blueprint has at most 40 characters"),
    rule(BLUEPRINTS, &["spec"], "has(self.hostname) == has(self.subdomain)", "hostname and subdomain are set together"),
    rule(
        BLUEPRINTS,
        &["spec", "expressions"],
        "self.all(p, p.startsWith('/'))",
        "an expression stands under the pointer of its field: /resources/cpu",
    ),
    rule(
        BLUEPRINTS,
        &["spec", "allow"],
        "self.all(p, p.startsWith('/'))",
        "a field is named by its pointer: /resources/cpu, /apps/*/start",
    ),
    rule(
        BLUEPRINTS,
        &["spec", "podman"],
        "!has(self.enabled) || !self.enabled || has(self.image)",
        "a container engine that is enabled needs an image",
    ),
    rule(
        BLUEPRINTS,
        &["spec", "storages", "*"],
        "!(has(self.existingClaim) && has(self.claimSpec))",
        "a volume has an existingClaim or a claimSpec, not both",
    ),
    rule(BLUEPRINTS, &["spec", "resources", "cpu"], OVER_ZERO, CPU),
    rule(BLUEPRINTS, &["spec", "resources", "memory"], OVER_ZERO, MEMORY),
    // ---- grants
    rule(
        &[Grant],
        &["spec"],
        "!has(self.notBefore) || !has(self.notAfter) || self.notBefore < self.notAfter",
        "a grant begins before it ends",
    ),
    rule(
        &[Grant],
        &["spec", "constraints", "ports", "items"],
        "!has(self.to) || self.from <= self.to",
        "a range of ports goes from the lower number to the higher one",
    ),
    rule(
        &[Grant],
        &["spec", "selector", "matchExpressions", "items"],
        "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
        "In and NotIn need values; Exists and DoesNotExist have none",
    ),
    rule(&[Grant], &["spec", "constraints", "maxResources", "cpu"], OVER_ZERO, CPU),
    rule(&[Grant], &["spec", "constraints", "maxResources", "memory"], OVER_ZERO, MEMORY),
    rule(&[Grant], &["spec", "constraints", "maxResources", "storage"], OVER_ZERO, STORAGE),
    // ---- quotas
    rule(
        &[Quota],
        &["spec", "subject"],
        "[has(self.user), has(self.role), has(self.org), has(self.__namespace__), has(self.all) && \
         self.all].filter(x, x).size() == 1",
        "a quota binds exactly one of user, role, org, namespace, all",
    ),
    rule(&[Quota], &["spec", "hard", "cpu"], NOT_NEGATIVE, AMOUNT),
    rule(&[Quota], &["spec", "hard", "memory"], NOT_NEGATIVE, AMOUNT),
    rule(&[Quota], &["spec", "hard", "storage"], NOT_NEGATIVE, AMOUNT),
    rule(&[Quota], &["spec", "hard", "cpuHours", "perDay"], NOT_NEGATIVE, AMOUNT),
    rule(&[Quota], &["spec", "hard", "cpuHours", "perWeek"], NOT_NEGATIVE, AMOUNT),
    rule(&[Quota], &["spec", "perWorkspace", "cpu"], OVER_ZERO, CPU),
    rule(&[Quota], &["spec", "perWorkspace", "memory"], OVER_ZERO, MEMORY),
    rule(&[Quota], &["spec", "perWorkspace", "storage"], OVER_ZERO, STORAGE),
];

const fn rule(kinds: &'static [Kind], at: &'static [&'static str], rule: &'static str, message: &'static str) -> Rule {
    Rule { kinds, at, rule, message }
}

const WORKSPACE: &[Kind] = &[Workspace];
const BLUEPRINTS: &[Kind] = &[Blueprint, ClusterBlueprint];

/// A quantity may be written as a number or as a text.
const OVER_ZERO: &str = "isQuantity(string(self)) && quantity(string(self)).isGreaterThan(quantity('0'))";
const NOT_NEGATIVE: &str = "isQuantity(string(self)) && !quantity(string(self)).isLessThan(quantity('0'))";
const CPU: &str = "cpu is a quantity over 0: 500m, 2";
const MEMORY: &str = "memory is a quantity over 0: 512Mi, 4Gi";
const STORAGE: &str = "storage is a quantity over 0: 10Gi";
const AMOUNT: &str = "a quantity that is not negative is expected: 20, 64Gi";
