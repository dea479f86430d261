//! The configuration of K8shell's provisioner as a file of settings for `--config`. Pure.
//!
//! Nothing is lost in silence: what has no place here, or is no setting, stands in the notes. No value is repeated there, since
//! some are secret.

use serde_json::{Map, Value};
use toml::Table;

/// What comes of a configuration.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The settings, by their sections.
    pub(super) table: Table,
    /// What has no place here, and what to do instead.
    pub(super) notes: Vec<String>,
}

impl Settings {
    /// Reads a text that is one; `None` for any other, which holds objects.
    pub(super) fn of(text: &str) -> Option<Self> {
        let documents: Vec<Value> = serde_saphyr::from_multiple(text).ok()?;
        let mut documents = documents.into_iter().filter(|one| !one.is_null());
        let (Some(Value::Object(fields)), None) = (documents.next(), documents.next()) else { return None };
        let is_one = !fields.contains_key("kind") && KEYS.iter().any(|key| fields.contains_key(*key));
        is_one.then(|| Self::read(fields))
    }

    fn read(mut fields: Map<String, Value>) -> Self {
        let mut settings = Self::default();
        if let Some(namespace) = take(&mut fields, "targetNamespace") {
            settings.set("operator", "namespace", namespace.clone().into());
            settings.set("operator", "watch_namespace", namespace.into());
        }
        for (key, ours) in [("clusterDomain", "cluster_domain"), ("defaultRegistry", "registry")] {
            if let Some(text) = take(&mut fields, key) {
                settings.set("operator", ours, text.into());
            }
        }
        settings.registry(fields.remove("privateRegistry"));
        settings.certificates(fields.remove("certManager"));
        settings.blueprints(fields.remove("blueprints"));
        for (key, note) in NOTES {
            if fields.remove(*key).is_some_and(|value| !is_empty(&value)) {
                settings.notes.push(format!("{key}: {note}"));
            }
        }
        let roles: Vec<&str> =
            ROLES.iter().filter(|(key, _)| fields.remove(*key).is_some()).map(|(_, role)| *role).collect();
        if !roles.is_empty() {
            let all = ["console", "operator"].into_iter().filter(|role| roles.contains(role));
            settings.set("serve", "roles", all.map(toml::Value::from).collect::<Vec<_>>().into());
            let note = "are roles of one program here: people are given roles and tokens by `qd serve token add`, and nothing \
                        is verified by another service";
            settings.notes.push(format!("grpc, identity, authz and jwtVerifier {note}"));
        }
        settings.notes.extend(fields.keys().map(|key| format!("{key} has no place here and is left out")));
        settings
    }

    fn registry(&mut self, said: Option<Value>) {
        let Some(said) = said.filter(is_on) else { return };
        let secret = ["imagePullSecret", "secretName", "secret"].iter().find_map(|key| text(said.get(*key)));
        match secret.or_else(|| text(Some(&said))) {
            Some(name) => self.set("operator", "pull_secrets", vec![toml::Value::from(name)].into()),
            None => self.notes.push("privateRegistry names no Secret: make one with `kubectl create secret docker-registry`, and name it in [operator] pull_secrets".to_owned()),
        }
        if ["password", "token", "auth"].iter().any(|key| said.get(*key).is_some_and(|value| !is_empty(value))) {
            self.notes.push("privateRegistry: its credentials are not copied, they belong in the Secret".to_owned());
        }
    }

    fn certificates(&mut self, said: Option<Value>) {
        let Some(said) = said.filter(is_on) else { return };
        let named = ["clusterIssuer", "issuer", "issuerName"].iter().find_map(|key| said.get(*key));
        match text(named).or_else(|| text(named.and_then(|issuer| issuer.get("name")))) {
            Some(issuer) => self.set("exposure", "issuer", issuer.into()),
            None => self.notes.push(
                "certManager names no issuer: set [exposure] issuer, or the operator makes certificates itself"
                    .to_owned(),
            ),
        }
    }

    fn blueprints(&mut self, said: Option<Value>) {
        let Some(Value::Object(mut said)) = said else { return };
        if let Some(folder) = take(&mut said, "directory") {
            self.set("blueprints", "folder", folder.into());
        }
        if let Some(name) = take(&mut said, "defaultCustomBlueprint") {
            self.set("repositories", "default_blueprint", name.into());
        }
        self.notes.extend(said.keys().map(|key| format!("blueprints.{key} has no place here and is left out")));
    }

    fn set(&mut self, section: &str, key: &str, value: toml::Value) {
        let section = self.table.entry(section.to_owned()).or_insert_with(|| Table::new().into());
        if let Some(section) = section.as_table_mut() {
            section.insert(key.to_owned(), value);
        }
    }
}

/// Takes a text out.
fn take(fields: &mut Map<String, Value>, key: &str) -> Option<String> {
    let value = fields.remove(key)?;
    text(Some(&value))
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// What is not turned off.
fn is_on(value: &Value) -> bool {
    !is_empty(value) && value.get("enabled") != Some(&Value::Bool(false))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// A document with one of these and without a `kind` is such a configuration.
const KEYS: &[&str] = &[
    "targetNamespace",
    "injectNamespaces",
    "clusterDomain",
    "defaultRegistry",
    "privateRegistry",
    "k8shellCapabilities",
    "certManager",
    "nats",
    "blueprints",
    "jwtVerifier",
];
/// Services of their own there, and the role that does their work here.
const ROLES: &[(&str, &str)] =
    &[("grpc", "operator"), ("identity", "console"), ("authz", "console"), ("jwtVerifier", "console")];
/// What is no setting here, and why.
const NOTES: &[(&str, &str)] = &[
    ("injectNamespaces", "workspaces are no part of workloads here, so there are no namespaces for that"),
    (
        "k8shellCapabilities",
        "the agent keeps CHOWN, SETGID and SETUID; a blueprint says others in securityContext.capabilities",
    ),
    ("nats", "there is no bus: jobs stand in the store of this program, which has no provisionBucketTTL"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::Settings;

    const WHOLE: &str = "targetNamespace: shells
injectNamespaces: [shop]
clusterDomain: lab.local
defaultRegistry: registry.example
privateRegistry: { enabled: true, secretName: pull, password: hunter2 }
k8shellCapabilities: [NET_RAW]
certManager: { enabled: true, issuer: { name: letsencrypt } }
nats: { url: 'nats://x', kv: { provisionBucketTTL: 24h } }
blueprints: { directory: /etc/blueprints, defaultCustomBlueprint: base, watch: true }
grpc: { port: 50051 }
identity: { url: x }
authz: { url: y }
jwtVerifier: { secret: hunter2 }
surprise: 1
";

    #[test]
    fn wl_10c_a_provisioners_configuration_becomes_settings_and_what_has_no_place_is_told() {
        let settings = Settings::of(WHOLE).unwrap();
        let expected: toml::Table = toml::from_str(
            "[operator]\nnamespace = \"shells\"\nwatch_namespace = \"shells\"\ncluster_domain = \"lab.local\"\nregistry = \"registry.example\"\n\
             pull_secrets = [\"pull\"]\n[exposure]\nissuer = \"letsencrypt\"\n[blueprints]\nfolder = \"/etc/blueprints\"\n\
             [repositories]\ndefault_blueprint = \"base\"\n[serve]\nroles = [\"console\", \"operator\"]\n",
        )
        .unwrap();
        assert_eq!(settings.table, expected);
        let notes = settings.notes.join("\n");
        for word in [
            "injectNamespaces",
            "k8shellCapabilities",
            "nats",
            "provisionBucketTTL",
            "credentials are not copied",
            "blueprints.watch",
            "jwtVerifier",
            "surprise has no place",
        ] {
            assert!(notes.contains(word), "{word}: {notes}");
        }
        assert!(!notes.contains("hunter2") && !settings.table.to_string().contains("hunter2"));
        let off =
            Settings::of("targetNamespace: a\nprivateRegistry: {enabled: false}\ncertManager: {enabled: false}\n")
                .unwrap();
        assert_eq!((off.table.len(), off.notes.len()), (1, 0), "{off:?}");
        assert!(Settings::of("apiVersion: guildnet.io/v1alpha1\nkind: Workspace\nblueprints: {}\n").is_none());
        assert!(Settings::of("a: b\n").is_none() && Settings::of("{").is_none() && Settings::of("").is_none());
    }
}
