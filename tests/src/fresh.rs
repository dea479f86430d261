//! A namespace of one test, with pods like those of the demo's front.

use crate::{errors, kubeconfig, kubectl, tapping};
use serde_json::{Value, json};

/// A namespace that goes when it is dropped.
pub struct Fresh(&'static str);

impl Fresh {
    /// Makes it.
    ///
    /// # Panics
    /// When the API server does not take it.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self::labelled(name, &json!({}))
    }

    /// Makes it with these labels.
    ///
    /// # Panics
    /// When the API server does not take it.
    #[must_use]
    pub fn labelled(name: &'static str, labels: &Value) -> Self {
        // One of a run before may be on its way out.
        let _ = kubectl::kubectl(&kubeconfig(), &["delete", "namespace", name, "--ignore-not-found", "--wait=true"]);
        let meta = json!({ "name": name, "labels": labels });
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": meta });
        kubectl::apply(&kubeconfig(), &namespace.to_string());
        Self(name)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0
    }

    /// Adds a pod of the demo's image that serves and needs nothing, with this beside its containers in the `spec`.
    ///
    /// # Panics
    /// When the API server does not take it.
    pub fn pod(&self, name: &str, more: &Value) {
        let mut spec = json!({ "containers": [container()] });
        if let (Some(spec), Some(more)) = (spec.as_object_mut(), more.as_object()) {
            spec.extend(more.clone());
        }
        self.apply(name, &spec);
    }

    /// Adds a pod of this `spec`.
    pub(crate) fn apply(&self, name: &str, spec: &Value) {
        let meta = json!({ "name": name, "namespace": self.0, "labels": { "app": name } });
        let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec });
        kubectl::apply(&kubeconfig(), &pod.to_string());
    }

    /// Waits until a pod runs.
    ///
    /// # Panics
    /// When it does not within 90 s.
    pub fn running(&self, name: &str) {
        let pod = format!("pod/{name}");
        let words = ["wait", "-n", self.0, &pod, "--for=jsonpath={.status.phase}=Running", "--timeout=180s"];
        let output = kubectl::kubectl(&kubeconfig(), &words);
        assert!(output.status.success(), "{}", errors(&output));
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // What cannot be deleted now is seen by whoever makes it again.
        let _ = kubectl::kubectl(&kubeconfig(), &["delete", "namespace", self.0, "--wait=false"]);
    }
}

/// A container of the demo's image that serves and needs nothing.
pub(crate) fn container() -> Value {
    let words = ["get", "pods", "-n", "shop", "-l", tapping::FRONT, "-o", "jsonpath={.items[0].spec.containers[0]}"];
    let front: Value = serde_json::from_str(&kubectl::stdout(&kubeconfig(), &words)).expect("a container");
    json!({ "name": "main", "image": front["image"], "args": ["cart"], "command": front["command"] })
}
