//! The table of fields.

use super::checks;
use super::{Field, Repo, Shape};

const fn may(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, repo: Repo::May }
}

const fn asks(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, repo: Repo::Asks }
}

const fn never(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, repo: Repo::Never }
}

const fn text(max: usize, check: fn(&str) -> Result<(), String>) -> Shape {
    Shape::Text { max, check }
}

const fn list(of: &'static Shape) -> Shape {
    Shape::List { of, max: 256 }
}

const WORDS: Shape = text(4096, checks::any);
const LABEL: Shape = text(63, checks::label);
const NAME: Shape = text(63, checks::short_label);
const IMAGE: Shape = text(512, checks::image);
const PULL: Shape = Shape::Choice(&["Always", "Never", "IfNotPresent"]);
const CIDRS: Shape = list(&text(64, checks::cidr));
const LABELS: Shape = Shape::Map { key: checks::key_of_map, of: &text(63, checks::any), max: 64 };
const ID: Shape = Shape::Int { min: 0, max: 4_294_967_295 };
const PORT: Shape = Shape::Int { min: 1, max: 65_535 };
const SCALARS: Shape = Shape::Map { key: checks::key_of_map, of: &Shape::Scalar, max: 64 };

/// A blueprint.
pub(crate) const BLUEPRINT: Shape = Shape::Fields(&[
    may("name", text(63, checks::label)),
    never("description", text(500, checks::any)),
    never("isTemplate", Shape::Bool),
    may("template", text(63, checks::label)),
    may("splash", text(4096, crate::splash::check)),
    may("image", IMAGE),
    never("imagePullPolicy", PULL),
    may("runProfile", Shape::Choice(&["shell", "service"])),
    never("hostname", LABEL),
    never("subdomain", LABEL),
    never("agent", AGENT),
    may("env", Shape::Map { key: checks::env_name, of: &text(32_768, checks::any), max: 256 }),
    may("network", NETWORK),
    may("resources", RESOURCES),
    never("podman", PODMAN),
    may("storages", STORAGES),
    may("initScripts", Shape::List { of: &INIT_SCRIPT, max: 64 }),
    may("showInitScriptStatus", Shape::Bool),
    never("securityContext", SECURITY_CONTEXT),
    never("extFiles", EXT_FILES),
    may("enableApps", Shape::Bool),
    may("apps", Shape::Map { key: checks::label, of: &APP, max: 64 }),
    may("webProxy", WEB_PROXY),
    never("params", list(&PARAM)),
    never("presets", list(&PRESET)),
    never("allow", Shape::Map { key: checks::pointer, of: &BOUND, max: 256 }),
    never("pool", POOL),
    never("activity", ACTIVITY),
    never("ignoreEvents", list(&text(128, checks::any))),
    never("timeouts", TIMEOUTS),
    never("probes", PROBES),
]);

const AGENT: Shape = Shape::Fields(&[
    never("image", IMAGE),
    never("imagePullPolicy", PULL),
    never("ignoreOrphans", list(&text(1024, checks::regex))),
    never("connection", Shape::Fields(&[never("allowAnyNS", Shape::Bool), never("allowAnySA", Shape::Bool)])),
]);

/// The classes, the tightest first.
pub(crate) const CLASSES: &[&str] = &["isolated", "user", "workspace", "organization", "system"];

const NETWORK: Shape = Shape::Fields(&[
    may("networkPolicyClass", Shape::Choice(CLASSES)),
    asks("allowEgressToCIDRs", CIDRS),
    asks("allowEgressToPods", list(&LABELS)),
    asks("allowEgressToHosts", list(&text(253, checks::host))),
    may("denyEgressToCIDRs", CIDRS),
    asks("ports", list(&PORT_FIELDS)),
    never("kubernetesAccess", Shape::Bool),
]);

const PORT_FIELDS: Shape =
    Shape::Fields(&[may("name", LABEL), may("containerPort", PORT), may("protocol", Shape::Choice(&["TCP", "UDP"]))]);

const RESOURCES: Shape = Shape::Fields(&[may("cpu", Shape::Quantity), may("memory", Shape::Quantity)]);

const PODMAN: Shape = Shape::Fields(&[
    never("enabled", Shape::Bool),
    never("image", IMAGE),
    never("resources", RESOURCES),
    never("createDockerSockSymlink", Shape::Bool),
    never("parentStorages", Shape::Bool),
    never("extFiles", EXT_FILES),
    never("storages", STORAGES),
    never("securityContext", SECURITY_CONTEXT),
]);

const STORAGES: Shape = Shape::Map { key: checks::label, of: &STORAGE, max: 32 };

const STORAGE: Shape = Shape::Fields(&[
    may("enabled", Shape::Bool),
    never("id", text(40, checks::storage_id)),
    may("type", Shape::Choice(&["local", "shared", "emptyDir", "memory"])),
    may("path", text(1024, checks::mount_path)),
    may("readonly", Shape::Bool),
    may("sizeLimit", Shape::Quantity),
    never("existingClaim", text(253, checks::any)),
    may("fsOwnerUid", ID),
    may("fsOwnerGid", ID),
    may("claimSpec", CLAIM_SPEC),
    never("claimSpecAnnotations", Shape::Map { key: checks::key_of_map, of: &text(4096, checks::any), max: 64 }),
]);

/// A PersistentVolumeClaimSpec of Kubernetes 1.34.
const CLAIM_SPEC: Shape = Shape::Fields(&[
    may("accessModes", list(&Shape::Choice(&["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]))),
    asks("storageClassName", text(253, checks::any)),
    may(
        "resources",
        Shape::Fields(&[
            may("requests", Shape::Fields(&[asks("storage", Shape::Quantity)])),
            never("limits", Shape::Fields(&[never("storage", Shape::Quantity)])),
        ]),
    ),
    never("selector", Shape::Fields(&[never("matchLabels", LABELS), never("matchExpressions", list(&EXPRESSION))])),
    never("volumeName", text(253, checks::any)),
    never("volumeMode", Shape::Choice(&["Filesystem", "Block"])),
    never("volumeAttributesClassName", text(253, checks::any)),
    never("dataSource", SOURCE),
    never("dataSourceRef", SOURCE),
]);

const EXPRESSION: Shape = Shape::Fields(&[
    never("key", text(317, checks::any)),
    never("operator", Shape::Choice(&["In", "NotIn", "Exists", "DoesNotExist"])),
    never("values", list(&text(63, checks::any))),
]);

const SOURCE: Shape = Shape::Fields(&[
    never("apiGroup", text(253, checks::any)),
    never("kind", text(63, checks::any)),
    never("name", text(253, checks::any)),
    never("namespace", text(63, checks::any)),
]);

const INIT_SCRIPT: Shape = Shape::Fields(&[may("name", NAME), may("script", text(64 << 10, checks::any))]);

/// A SecurityContext of a container, Kubernetes 1.34.
const SECURITY_CONTEXT: Shape = Shape::Fields(&[
    never("runAsUser", ID),
    never("runAsGroup", ID),
    never("runAsNonRoot", Shape::Bool),
    never("readOnlyRootFilesystem", Shape::Bool),
    never("allowPrivilegeEscalation", Shape::Bool),
    never("privileged", Shape::Bool),
    never("procMount", Shape::Choice(&["Default", "Unmasked"])),
    never(
        "capabilities",
        Shape::Fields(&[
            never("add", list(&text(64, checks::capability))),
            never("drop", list(&text(64, checks::capability))),
        ]),
    ),
    never("seccompProfile", PROFILE),
    never("appArmorProfile", PROFILE),
    never(
        "seLinuxOptions",
        Shape::Fields(&[
            never("user", text(253, checks::any)),
            never("role", text(253, checks::any)),
            never("type", text(253, checks::any)),
            never("level", text(253, checks::any)),
        ]),
    ),
]);

const PROFILE: Shape = Shape::Fields(&[
    never("type", Shape::Choice(&["RuntimeDefault", "Unconfined", "Localhost"])),
    never("localhostProfile", text(1024, checks::any)),
]);

const EXT_FILES: Shape = Shape::Map { key: checks::file_path, of: &text(1 << 20, checks::any), max: 256 };

const APP: Shape = Shape::Fields(&[
    may("name", text(100, checks::any)),
    may("enabled", Shape::Bool),
    may("binary", text(1024, checks::any)),
    may("versionCmd", list(&WORDS)),
    may("versionRegex", text(1024, checks::regex)),
    may("install", text(64 << 10, checks::any)),
    may("start", list(&WORDS)),
    may("listen", text(100, checks::listen)),
    may("restartPolicy", Shape::Choice(&["always", "on-failure", "never"])),
    may("maxRestartBackoff", text(8, checks::duration)),
    asks("installAsRoot", Shape::Bool),
    may("autoStart", Shape::Bool),
    may("protocol", Shape::Choice(&["http", "https", "ws", "wss", "tcp", "udp"])),
]);

const WEB_PROXY: Shape = Shape::Fields(&[
    may("port", PORT),
    may("alias", text(40, checks::short_label)),
    may("roles", list(&text(100, checks::any))),
]);

/// Types of parameters.
const PARAM_TYPES: &[&str] = &["string", "number", "bool", "enum", "size", "secret"];

const PARAM: Shape = Shape::Fields(&[
    never("name", text(40, checks::env_name)),
    never("type", Shape::Choice(PARAM_TYPES)),
    never("description", text(500, checks::any)),
    never("default", Shape::Scalar),
    never(
        "options",
        list(&Shape::Fields(&[
            never("value", Shape::Scalar),
            never("description", text(500, checks::any)),
            never("when", text(4096, checks::any)),
        ])),
    ),
    never("min", Shape::Scalar),
    never("max", Shape::Scalar),
    never("check", text(4096, checks::any)),
    never("message", text(500, checks::any)),
    never("when", text(4096, checks::any)),
    never("mutable", Shape::Bool),
    never("env", text(128, checks::env_name)),
]);

const PRESET: Shape = Shape::Fields(&[
    never("name", text(40, checks::short_label)),
    never("description", text(500, checks::any)),
    never("params", SCALARS),
]);

const POOL: Shape = Shape::Fields(&[
    never("size", Shape::Int { min: 0, max: 1_000 }),
    never(
        "schedule",
        Shape::Fields(&[never("cron", text(256, checks::any)), never("timezone", text(64, checks::any))]),
    ),
    never("ttl", text(32, checks::any)),
]);

const ACTIVITY: Shape = Shape::Fields(&[
    never("ignorePaths", list(&text(512, checks::any))),
    never("urls", list(&text(2048, checks::own_url))),
    never("cpuPercent", Shape::Int { min: 0, max: 100 }),
    never("cpuFor", text(32, checks::duration)),
]);

const TIMEOUTS: Shape =
    Shape::Fields(&[never("progress", text(32, checks::timeout)), never("total", text(32, checks::timeout))]);

const PROBES: Shape = Shape::Fields(&[never("startup", PROBE), never("readiness", PROBE), never("liveness", PROBE)]);

/// A Probe of Kubernetes 1.34, of what a pod's own containers are asked.
const PROBE: Shape = Shape::Fields(&[
    never(
        "httpGet",
        Shape::Fields(&[
            never("path", text(1024, checks::any)),
            never("port", PORT),
            never("scheme", Shape::Choice(&["HTTP", "HTTPS"])),
        ]),
    ),
    never("tcpSocket", Shape::Fields(&[never("port", PORT)])),
    never("exec", Shape::Fields(&[never("command", Shape::List { of: &WORDS, max: 64 })])),
    never("initialDelaySeconds", Shape::Int { min: 0, max: 3_600 }),
    never("periodSeconds", Shape::Int { min: 1, max: 3_600 }),
    never("timeoutSeconds", Shape::Int { min: 1, max: 600 }),
    never("failureThreshold", Shape::Int { min: 1, max: 1_000 }),
]);

const BOUND: Shape = Shape::Fields(&[
    never("set", Shape::Bool),
    never("min", text(32, checks::limit)),
    never("max", text(32, checks::limit)),
    never("values", list(&text(512, checks::any))),
]);
