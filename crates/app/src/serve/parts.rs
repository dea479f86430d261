//! What a cluster and a configuration do without, and what each part would give: none of them is needed.

use crate::config::Config;
use catalog::Kind;
use cluster::{Cluster, Error};
use serde_json::Value;
use std::sync::Arc;
use workspace::pages;

/// What there is of what is not needed.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Storage classes; absent where this account may not list them, as below.
    classes: Option<usize>,
    /// One of them is the default.
    default_class: bool,
    ingress_classes: Option<usize>,
    /// The Gateway API is served.
    gateways: bool,
    cert_manager: bool,
    metrics: bool,
}

impl Facts {
    /// Looks what a cluster has.
    pub(super) async fn look(cluster: &Cluster) -> Result<Self, Error> {
        let served = cluster.reader().discover().await?;
        let has = |group: &str| served.iter().any(|one| one.group == group);
        let classes = all(cluster, "storageclasses.storage.k8s.io").await?;
        let ingress_classes = all(cluster, "ingressclasses.networking.k8s.io").await?;
        let is_default = |class: &Value| {
            let annotations = class.pointer("/metadata/annotations");
            annotations.and_then(|all| all.get(DEFAULT)).and_then(Value::as_str) == Some("true")
        };
        Ok(Self {
            classes: classes.as_ref().map(Vec::len),
            default_class: classes.iter().flatten().any(is_default),
            ingress_classes: ingress_classes.map(|all| all.len()),
            gateways: has("gateway.networking.k8s.io"),
            cert_manager: has("cert-manager.io"),
            metrics: has("metrics.k8s.io"),
        })
    }

    /// The Gateway API is there.
    pub(super) const fn has_routes(&self) -> bool {
        self.gateways
    }

    /// What a cluster lacks, and what that costs.
    pub(super) fn without(&self, config: &Config) -> Vec<(&'static str, &'static str)> {
        let mut all = Vec::new();
        match (self.classes, self.default_class, config.operator.volumes) {
            (_, _, false) => all.push(("volumes", "operator.volumes is false: homes last as long as their pods")),
            (Some(0), ..) => all.push((
                "storage classes",
                "no volume is made for a home: bind each claim by hand, or set operator.volumes = false, and homes last as long as their pods",
            )),
            (Some(_), false, true) => {
                all.push(("default storage class", "a blueprint has to name the class of a home, or bind its claim by hand"));
            }
            _ => {}
        }
        if self.ingress_classes == Some(0) && !self.gateways {
            all.push(("ingress", "workspaces have no hosts of their own: their apps are reached by this gateway"));
        }
        if !self.cert_manager {
            all.push((
                "cert-manager",
                "hosts of workspaces have the operator's certificates, which browsers do not know",
            ));
        }
        if !self.metrics {
            all.push(("metrics", "what pods and nodes use is not shown; workspaces tell it themselves"));
        }
        all
    }
}

/// What the configuration does without, and what that costs.
pub(super) fn without(config: &Config) -> Vec<(&'static str, &'static str)> {
    let mut all = Vec::new();
    match (&config.serve.apps_domain, config.proxy.in_place()) {
        (Some(_), _) => {}
        (None, true) => all.push((
            "serve.apps_domain",
            "apps are served below paths of the console, kept apart by the browser's sandbox alone",
        )),
        (None, false) => all.push((
            "serve.apps_domain",
            "apps of workspaces open in no browser: name a domain with a wildcard, or set proxy.path_mode",
        )),
    }
    if config.operator.registry.is_none() {
        all.push(("operator.registry", "images without a host are looked for where the nodes look for them"));
    }
    all.push(("overlay", "workspaces have no addresses outside of the cluster: they are reached by this gateway"));
    all
}

/// All objects of a kind; nothing where this account may not list them.
async fn all(cluster: &Cluster, id: &str) -> Result<Option<Vec<Value>>, Error> {
    let kind: Arc<Kind> = Kind::builtin(id).ok_or_else(|| Error::NotServed { kind: id.to_owned() })?;
    match pages::all(cluster, &kind, "", "").await {
        Ok(all) => Ok(Some(all)),
        Err(Error::Denied { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

#[cfg(test)]
mod tests {
    use super::{Facts, without};
    use crate::config::Config;

    #[test]
    fn wb_26b_what_there_is_not_is_named_with_what_it_costs_and_what_there_is_not_at_all() {
        let mut config = Config::default();
        let names = |facts: &Facts, config: &Config| {
            facts.without(config).into_iter().map(|(part, _)| part).collect::<Vec<_>>().join(" ")
        };
        let hidden = Facts::default();
        assert_eq!(names(&hidden, &config), "cert-manager metrics", "what may not be looked at is not told");
        let none = Facts { classes: Some(0), ingress_classes: Some(0), ..hidden };
        assert_eq!(names(&none, &config), "storage classes ingress cert-manager metrics");
        let some = Facts { classes: Some(1), ingress_classes: Some(1), ..none.clone() };
        assert_eq!(names(&some, &config), "default storage class cert-manager metrics");
        let whole =
            Facts { classes: Some(2), default_class: true, gateways: true, cert_manager: true, metrics: true, ..none };
        assert_eq!(names(&whole, &config), "");
        let own: Vec<&str> = without(&config).into_iter().map(|(part, _)| part).collect();
        assert_eq!(own, ["serve.apps_domain", "operator.registry", "overlay"]);
        config.operator.volumes = false;
        assert_eq!(names(&whole, &config), "volumes");
        config.serve.apps_domain = Some("apps.test".to_owned());
        config.operator.registry = Some("registry.test".to_owned());
        assert_eq!(without(&config).len(), 1);
    }
}
