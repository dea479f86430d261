//! Who has the names that workspaces ask for in hosts: one workspace each, for as long as it is to run, and five minutes longer.
//! Pure: the caller brings the time.
//!
//! The operator that leads is the only one that gives names away, and what it gave stands in `status.webProxy.alias`: whoever
//! leads next enters that first. A workspace whose name is another's starts without it.

use crate::key::Key;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// The names that are had, and who waits for one.
#[derive(Default)]
pub(crate) struct Aliases {
    held: HashMap<String, Held>,
    waiting: HashMap<String, BTreeSet<Key>>,
    /// What each workspace asked for last: it has that name, or waits for it.
    asked: HashMap<Key, String>,
    /// Whom a change concerns since they were asked for last.
    moved: BTreeSet<Key>,
}

struct Held {
    key: Key,
    owner: String,
    /// Since when its workspace is not to run, epoch milliseconds.
    idle_ms: Option<i64>,
}

/// A workspace that asks for a name.
pub(crate) struct Ask<'a> {
    pub(crate) key: &'a Key,
    pub(crate) owner: &'a str,
    /// The name; empty for none.
    pub(crate) alias: &'a str,
    /// It is to run.
    pub(crate) runs: bool,
    pub(crate) now_ms: i64,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It has the name, or asks for none.
    Own,
    /// Somebody else has it.
    Contested {
        /// What its owner is told.
        words: String,
        /// When it may be had, where that is known.
        free_ms: Option<i64>,
    },
}

impl Aliases {
    /// Takes who has a name by a status that an operator wrote. The first one that says so has it.
    pub(crate) fn enter(&mut self, key: &Key, object: &Value, now_ms: i64) {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let alias = text("/status/webProxy/alias");
        if alias.is_empty() {
            return;
        }
        let idle_ms = (text("/spec/state") == "Stopped").then_some(now_ms);
        if !self.held.contains_key(alias) {
            let held = Held { key: key.clone(), owner: text("/spec/owner").to_owned(), idle_ms };
            self.held.insert(alias.to_owned(), held);
            self.asked.insert(key.clone(), alias.to_owned());
        }
    }

    /// Gives a name to who asks, or says why not. A name that it had before and asks for no more is free.
    pub(crate) fn claim(&mut self, ask: &Ask<'_>) -> Claim {
        self.leave(ask.key, ask.alias);
        if ask.alias.is_empty() {
            return Claim::Own;
        }
        self.asked.insert(ask.key.clone(), ask.alias.to_owned());
        match self.held.get_mut(ask.alias) {
            None => {}
            Some(held) if held.key == *ask.key => {
                let idle_ms = if ask.runs { None } else { held.idle_ms.or(Some(ask.now_ms)) };
                if held.idle_ms != idle_ms {
                    held.idle_ms = idle_ms;
                    // They learn when it will be free, or that it will not.
                    self.moved.extend(self.waiting.get(ask.alias).into_iter().flatten().cloned());
                }
                return Claim::Own;
            }
            Some(held) => {
                let free_ms = held.idle_ms.map(|since| since.saturating_add(STALE_MS));
                if !ask.runs || free_ms.is_none_or(|free| ask.now_ms < free) {
                    let whose = if held.owner == ask.owner {
                        format!("your workspace {}", held.key)
                    } else {
                        "another workspace".to_owned()
                    };
                    let words = format!(
                        "the name {} is that of {whose}: this one is reached by its port, and has the name once that one has gone, or was stopped for five minutes",
                        ask.alias
                    );
                    self.waiting.entry(ask.alias.to_owned()).or_default().insert(ask.key.clone());
                    return Claim::Contested { words, free_ms };
                }
                // Its status says that it has the name: it is to be told.
                self.moved.insert(held.key.clone());
            }
        }
        let held =
            Held { key: ask.key.clone(), owner: ask.owner.to_owned(), idle_ms: (!ask.runs).then_some(ask.now_ms) };
        self.held.insert(ask.alias.to_owned(), held);
        self.stop_waiting(ask.alias, ask.key);
        Claim::Own
    }

    /// A workspace is gone.
    pub(crate) fn forget(&mut self, key: &Key) {
        self.leave(key, "");
    }

    /// Those for whom something has changed, once.
    pub(crate) fn moved(&mut self) -> BTreeSet<Key> {
        std::mem::take(&mut self.moved)
    }

    /// It asks for nothing but this name any more.
    fn leave(&mut self, key: &Key, alias: &str) {
        if self.asked.get(key).is_none_or(|asked| asked == alias) {
            return;
        }
        let Some(left) = self.asked.remove(key) else { return };
        if self.held.get(&left).is_some_and(|held| held.key == *key) {
            self.held.remove(&left);
            self.moved.extend(self.waiting.get(&left).into_iter().flatten().cloned());
        }
        self.stop_waiting(&left, key);
    }

    fn stop_waiting(&mut self, alias: &str, key: &Key) {
        if let Some(keys) = self.waiting.get_mut(alias) {
            keys.remove(key);
            if keys.is_empty() {
                self.waiting.remove(alias);
            }
        }
    }
}

/// For how long a name is kept for a workspace that is not to run.
const STALE_MS: i64 = 300_000;

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]

    use super::{Aliases, Ask, Claim, STALE_MS};
    use crate::key::Key;
    use serde_json::json;

    fn key(name: &str) -> Key {
        Key { namespace: "team".to_owned(), name: name.to_owned() }
    }

    fn claim(aliases: &mut Aliases, name: &str, alias: &str, runs: bool, now_ms: i64) -> Claim {
        let owner = if name.starts_with('a') { "ada" } else { "bob" };
        aliases.claim(&Ask { key: &key(name), owner, alias, runs, now_ms })
    }

    fn free_ms(claim: &Claim) -> Option<i64> {
        match claim {
            Claim::Own => panic!("it has the name"),
            Claim::Contested { free_ms, .. } => *free_ms,
        }
    }

    #[test]
    fn bp_16b_a_name_is_of_one_workspace_and_another_has_it_five_minutes_after_that_one_was_stopped() {
        let mut aliases = Aliases::default();
        assert_eq!(claim(&mut aliases, "a", "wiki", true, 0), Claim::Own);
        assert_eq!(claim(&mut aliases, "a", "wiki", true, 1), Claim::Own, "asked again");
        let taken = claim(&mut aliases, "b", "wiki", true, 1);
        assert_eq!(free_ms(&taken), None);
        assert!(
            matches!(&taken, Claim::Contested { words, .. } if words.contains("another workspace") && !words.contains("team/"))
        );
        let own = claim(&mut aliases, "a2", "wiki", true, 1);
        assert!(matches!(&own, Claim::Contested { words, .. } if words.contains("your workspace team/a:")), "{own:?}");
        assert!(aliases.moved().is_empty());
        // It stops: those who wait are told, and one of them has it in the end.
        assert_eq!(claim(&mut aliases, "a", "wiki", false, 1_000), Claim::Own);
        assert_eq!(aliases.moved(), [key("a2"), key("b")].into());
        assert_eq!(free_ms(&claim(&mut aliases, "b", "wiki", true, 2_000)), Some(1_000 + STALE_MS));
        assert_eq!(claim(&mut aliases, "b", "wiki", true, 1_000 + STALE_MS), Claim::Own);
        assert_eq!(aliases.moved(), [key("a")].into(), "its status still says that it has it");
        assert_eq!(free_ms(&claim(&mut aliases, "a", "wiki", true, 400_000)), None, "it comes back too late");
    }

    #[test]
    fn bp_16b_a_name_is_free_at_once_where_its_workspace_has_gone_or_asks_for_another() {
        let mut aliases = Aliases::default();
        assert_eq!(claim(&mut aliases, "a", "wiki", true, 0), Claim::Own);
        let _ = free_ms(&claim(&mut aliases, "b", "wiki", true, 0));
        assert_eq!(claim(&mut aliases, "a", "docs", true, 1), Claim::Own);
        assert_eq!(aliases.moved(), [key("b")].into());
        assert_eq!(claim(&mut aliases, "b", "wiki", true, 2), Claim::Own);
        let _ = free_ms(&claim(&mut aliases, "c", "docs", true, 2));
        aliases.forget(&key("a"));
        assert_eq!(aliases.moved(), [key("c")].into());
        assert_eq!(claim(&mut aliases, "c", "docs", true, 3), Claim::Own);
        // One that is started again within the time keeps it.
        assert_eq!(claim(&mut aliases, "c", "docs", false, 10), Claim::Own);
        assert_eq!(claim(&mut aliases, "c", "docs", true, 20), Claim::Own);
        assert_eq!(free_ms(&claim(&mut aliases, "b", "docs", true, 20 + STALE_MS)), None);
        assert_eq!(claim(&mut aliases, "d", "wiki", true, 30), Claim::Own, "who asks for another name left this one");
    }

    #[test]
    fn bp_16b_whoever_leads_next_goes_by_what_is_written() {
        let mut aliases = Aliases::default();
        let object = |state: &str| json!({ "spec": { "owner": "ada", "state": state }, "status": { "webProxy": { "alias": "wiki", "port": 80 } } });
        aliases.enter(&key("a"), &object("Stopped"), 1_000);
        aliases.enter(&key("b"), &object("Running"), 1_000);
        aliases.enter(&key("c"), &json!({ "status": {} }), 1_000);
        assert_eq!(free_ms(&claim(&mut aliases, "b", "wiki", true, 1_000)), Some(1_000 + STALE_MS));
        assert_eq!(claim(&mut aliases, "a", "wiki", true, 2_000), Claim::Own);
    }
}
