//! Rules on taps: what may leave pods, and for how long.
//!
//! They oblige what is allowed and never allow anything themselves. All rules that hold are kept, of each bound the tightest. The
//! agents keep them at the source: what was not let out there is nowhere to be looked at.

use crate::action::{PacketLevel, TapScope, TapStart, TapStartObligations};
use crate::principal::Who;
use serde::{Deserialize, Serialize};

/// A rule on taps. A list that is empty narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapRule {
    /// By which decisions name it.
    pub name: String,
    /// Roles: whoever has one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// People by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// Clusters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<String>,
    /// Namespaces of pods: it holds for all of a tap that reaches one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// Most of packets that may leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packets: Option<PacketLevel>,
    /// No bodies and no payload leave.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub headers_only: bool,
    /// Secrets are redacted whatever is asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redact: bool,
    /// Seconds after which a tap ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_seconds: Option<u64>,
    /// Captured bytes of a pod after which it is not captured any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
}

/// What all rules that hold oblige a tap to, and their names; `None` where none holds.
pub(crate) fn obliged(rules: &[TapRule], who: &Who, asked: &TapStart) -> Option<(String, TapStartObligations)> {
    let (mut names, mut kept) = (Vec::new(), TapStartObligations::default());
    for rule in rules.iter().filter(|rule| rule.holds(who, asked)) {
        names.push(rule.name.as_str());
        kept.packets = tighter(kept.packets, rule.packets);
        kept.headers_only |= rule.headers_only;
        kept.redact |= rule.redact;
        kept.max_seconds = tighter(kept.max_seconds, rule.max_seconds);
        kept.max_bytes = tighter(kept.max_bytes, rule.max_bytes);
    }
    (!names.is_empty()).then(|| (names.join("+"), kept))
}

/// The lesser of two bounds, where there is one.
fn tighter<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.into_iter().chain(other).min()
}

impl TapRule {
    fn holds(&self, who: &Who, asked: &TapStart) -> bool {
        let whom = (self.roles.is_empty() && self.people.is_empty())
            || self.roles.iter().any(|role| who.roles.contains(role))
            || self.people.contains(&who.name);
        let place = |cluster: &str| self.clusters.is_empty() || self.clusters.iter().any(|own| own == cluster);
        let pod = asked.pods.iter().any(|pod| {
            place(pod.cluster.as_str()) && (self.namespaces.is_empty() || self.namespaces.contains(&pod.namespace))
        });
        let followed = asked.scope.iter().any(|scope| {
            let reached = self.namespaces.is_empty() || self.namespaces.iter().any(|name| reaches(scope, name));
            place(scope.cluster.as_str()) && reached
        });
        whom && (pod || followed)
    }

    /// What is wrong with it.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        if self.name.is_empty() {
            return Some("a rule without a name".to_owned());
        }
        let Self { packets, headers_only, redact, max_seconds, max_bytes, .. } = self;
        if packets.is_none() && !headers_only && !redact && max_seconds.is_none() && max_bytes.is_none() {
            return Some(format!("{} obliges to nothing", self.name));
        }
        let none = |bound: &Option<u64>| *bound == Some(0);
        (none(max_seconds) || none(max_bytes))
            .then(|| format!("{} has a bound of 0: deny tap:start instead", self.name))
    }
}

/// Whether pods of this namespace may be among those that are followed.
fn reaches(scope: &TapScope, namespace: &str) -> bool {
    let fits = |pattern: &str| base::glob(pattern.as_bytes(), namespace.as_bytes());
    let (mut wanted, mut any) = (false, false);
    for pattern in &scope.namespaces {
        match pattern.strip_prefix('!') {
            Some(pattern) if fits(pattern) => return false,
            Some(_) => {}
            None => {
                any = true;
                wanted |= fits(pattern);
            }
        }
    }
    wanted || !any
}

impl TapStartObligations {
    /// In words, one for each; empty where there are none.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let Self { packets, headers_only, redact, max_seconds, max_bytes } = self;
        let mut words = Vec::new();
        if let Some(most) = packets {
            words.push(match most {
                PacketLevel::None => "no packets".to_owned(),
                PacketLevel::Headers => "of packets no more than headers".to_owned(),
                PacketLevel::Masked => "packets with secrets masked".to_owned(),
                PacketLevel::Full => "packets as captured".to_owned(),
            });
        }
        words.extend(headers_only.then(|| "no bodies and no payload".to_owned()));
        words.extend(redact.then(|| "secrets are redacted".to_owned()));
        words.extend(max_seconds.map(|seconds| format!("it ends after {seconds} s")));
        words.extend(max_bytes.map(|bytes| format!("each pod ends after {bytes} bytes")));
        words
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{TapRule, obliged, reaches};
    use crate::action::{ObjectTarget, PacketLevel, TapScope, TapStart};
    use crate::principal::Who;
    use base::ClusterName;
    use serde_json::{Value, json};

    fn rule(name: &str, text: Value) -> TapRule {
        let mut fields = text.as_object().unwrap().clone();
        fields.insert("name".to_owned(), name.into());
        serde_json::from_value(fields.into()).unwrap()
    }

    fn who(name: &str, role: &str) -> Who {
        Who { roles: vec![role.to_owned()], ..Who::new(format!("user:{name}"), name) }
    }

    fn pod(cluster: &str, namespace: &str) -> ObjectTarget {
        let (kind, name) = ("pods".to_owned(), "one".to_owned());
        ObjectTarget { cluster: ClusterName::new(cluster), kind, namespace: namespace.to_owned(), name }
    }

    fn scope(namespaces: &[&str]) -> TapScope {
        TapScope {
            cluster: ClusterName::new("dev"),
            namespaces: namespaces.iter().map(|&name| name.to_owned()).collect(),
            selector: String::new(),
            names: Vec::new(),
            node: String::new(),
            object: String::new(),
        }
    }

    #[test]
    fn cap_f_04c_of_all_rules_that_hold_the_tightest_bounds_are_kept() {
        let rules = [
            rule("bodies", json!({ "namespaces": ["shop"], "headers_only": true, "max_seconds": 600 })),
            rule("short", json!({ "roles": ["viewer"], "people": ["ada"], "max_seconds": 60, "packets": "masked" })),
            rule("other", json!({ "clusters": ["prod"], "redact": true, "max_bytes": 5 })),
        ];
        let tap = |pods: Vec<ObjectTarget>| TapStart { pods, ..TapStart::default() };
        let (names, kept) = obliged(&rules, &who("ada", "x"), &tap(vec![pod("dev", "shop")])).unwrap();
        assert_eq!(names, "bodies+short");
        assert_eq!((kept.headers_only, kept.redact), (true, false));
        assert_eq!((kept.max_seconds, kept.packets), (Some(60), Some(PacketLevel::Masked)));
        assert_eq!(kept.words(), ["packets with secrets masked", "no bodies and no payload", "it ends after 60 s"]);
        // One pod of several in such a place is enough.
        let (names, kept) =
            obliged(&rules, &who("bob", "x"), &tap(vec![pod("dev", "a"), pod("prod", "shop")])).unwrap();
        assert_eq!((names.as_str(), kept.max_bytes, kept.redact), ("bodies+other", Some(5), true));
        assert!(obliged(&rules, &who("bob", "x"), &tap(vec![pod("dev", "a")])).is_none());
        assert_eq!(obliged(&rules, &who("eve", "viewer"), &tap(vec![pod("dev", "a")])).unwrap().0, "short");
        let follows = |names: &[&str]| TapStart { scope: vec![scope(names)], ..TapStart::default() };
        assert!(obliged(&rules, &who("bob", "x"), &follows(&["sh*", "!shop-old"])).is_some());
        assert!(obliged(&rules, &who("bob", "x"), &follows(&["*", "!sh*"])).is_none());
    }

    #[test]
    fn cap_f_04d_namespaces_that_are_followed_are_those_that_may_come() {
        for (patterns, is_reached) in [
            (&[][..], true),
            (&["shop"], true),
            (&["sh*p"], true),
            (&["!shop"], false),
            (&["!a"], true),
            (&["a"], false),
        ] {
            assert_eq!(reaches(&scope(patterns), "shop"), is_reached, "{patterns:?}");
        }
    }

    #[test]
    fn cap_f_04e_a_rule_that_obliges_to_nothing_or_to_no_time_is_a_problem() {
        assert_eq!(rule("a", json!({ "redact": true })).problem(), None);
        assert!(rule("", json!({ "redact": true })).problem().is_some());
        assert!(rule("a", json!({ "people": ["x"] })).problem().unwrap().contains("obliges to nothing"));
        assert!(rule("a", json!({ "max_seconds": 0 })).problem().unwrap().contains("deny tap:start"));
    }
}
