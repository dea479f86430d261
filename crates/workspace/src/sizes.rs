//! How much the main container of a workspace may use, as it is to be and as it is: where only that differs, the pod that runs gets
//! other sizes and goes on.

use serde_json::{Value, json};
use wire::Node;

/// Thousandths of processors and of bytes; nothing where none is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    cpu_limit: Option<i128>,
    memory_limit: Option<i128>,
    cpu_request: Option<i128>,
    memory_request: Option<i128>,
}

impl Sizes {
    /// Those of a container, or of its status.
    #[must_use]
    pub fn of_node(container: Node<'_>) -> Self {
        Self::of(|kind, name| container.path(&["resources", kind, name]).and_then(Node::as_quantity_milli))
    }

    /// Those of the main container of a pod that is to be.
    #[must_use]
    pub fn of_pod(pod: &Value) -> Self {
        let Some(main) = main(pod) else { return Self::default() };
        Self::of(|kind, name| main.get("resources")?.get(kind)?.get(name)?.as_str().and_then(base::quantity::milli))
    }

    fn of(get: impl Fn(&str, &str) -> Option<i128>) -> Self {
        Self {
            cpu_limit: get("limits", "cpu"),
            memory_limit: get("limits", "memory"),
            cpu_request: get("requests", "cpu"),
            memory_request: get("requests", "memory"),
        }
    }

    /// As the status of a workspace has them: what it may use, what is set aside for it where no limit is said.
    #[must_use]
    pub fn applied(&self) -> Value {
        let text = |milli: i128| {
            if milli % 1000 == 0 { (milli / 1000).to_string() } else { format!("{milli}m") }
        };
        let mut all = serde_json::Map::new();
        if let Some(cpu) = self.cpu_limit.or(self.cpu_request) {
            all.insert("cpu".to_owned(), text(cpu).into());
        }
        if let Some(memory) = self.memory_limit.or(self.memory_request) {
            all.insert("memory".to_owned(), text(memory).into());
        }
        if all.is_empty() { Value::Null } else { Value::Object(all) }
    }

    /// None of these may be taken away from a pod that runs: a kind of size that it has stays of that kind.
    #[must_use]
    pub fn can_become(&self, other: &Self) -> bool {
        let kept = |has: Option<i128>, wants: Option<i128>| has.is_none() || wants.is_some();
        kept(self.cpu_limit, other.cpu_limit)
            && kept(self.memory_limit, other.memory_limit)
            && kept(self.cpu_request, other.cpu_request)
            && kept(self.memory_request, other.memory_request)
    }
}

/// The patch (strategic merge) that gives a pod the sizes of the one that is to be, if it is still that pod.
pub(crate) fn patch(pod: &Value, uid: &str) -> Option<Value> {
    let container = main(pod)?;
    let name = container.get("name")?.as_str()?;
    let of = |kind: &str| {
        let all = container.get("resources").and_then(|resources| resources.get(kind));
        let sizes = all.and_then(Value::as_object).into_iter().flatten();
        let sizes = sizes.filter(|(name, _)| matches!(name.as_str(), "cpu" | "memory"));
        sizes.map(|(name, amount)| (name.clone(), amount.clone())).collect::<serde_json::Map<_, _>>()
    };
    let resources = json!({ "limits": of("limits"), "requests": of("requests") });
    let containers = json!([{ "name": name, "resources": resources }]);
    Some(json!({ "metadata": { "uid": uid }, "spec": { "containers": containers } }))
}

fn main(pod: &Value) -> Option<&Value> {
    let all = pod.pointer("/spec/containers")?.as_array()?;
    all.iter().find(|one| one.get("name").is_some_and(|name| name == MAIN))
}

/// The container that people work in.
pub(crate) const MAIN: &str = "main";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use super::{Sizes, patch};
    use serde_json::{Value, json};

    fn pod(limits: &Value, requests: &Value) -> Value {
        json!({ "spec": { "containers": [
            { "name": "engine", "resources": { "limits": { "cpu": "9" } } },
            { "name": "main", "image": "x", "resources": { "limits": limits, "requests": requests } },
        ] } })
    }

    #[test]
    fn wo_11e_sizes_are_compared_by_what_they_mean() {
        let of = |limits: &Value, requests: &Value| Sizes::of_pod(&pod(limits, requests));
        let wanted = of(&json!({ "cpu": "1", "memory": "1Gi" }), &json!({ "cpu": "250m", "memory": "256Mi" }));
        let same = of(&json!({ "cpu": "1000m", "memory": "1024Mi" }), &json!({ "cpu": "0.25", "memory": "268435456" }));
        assert_eq!(wanted, same);
        assert_eq!(wanted.applied(), json!({ "cpu": "1", "memory": "1073741824" }));
        let none = of(&json!({}), &json!({}));
        assert_eq!(none.applied(), Value::Null);
        assert!(none.can_become(&wanted) && !wanted.can_become(&none));
    }

    #[test]
    fn wo_11b_a_resize_says_nothing_but_sizes_of_the_main_container() {
        let body = pod(&json!({ "cpu": "2", "nvidia.com/gpu": "1" }), &json!({ "cpu": "500m" }));
        assert_eq!(
            patch(&body, "u1").unwrap(),
            json!({ "metadata": { "uid": "u1" }, "spec": { "containers": [
                { "name": "main", "resources": { "limits": { "cpu": "2" }, "requests": { "cpu": "500m" } } },
            ] } }),
        );
    }
}
