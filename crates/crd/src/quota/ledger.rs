//! The one book of what is reserved. Whoever makes pods owns it and asks it first, in one place and one after another, so
//! that no two workspaces get the same room.

use super::hours::Hours;
use super::load::{Broken, Load, bytes, plain};
use super::{Overflow, Quota, QuotaSpec, QuotaStatus, QuotaSubject, Shown, Top};
use crate::scalar::{Quantity, Time};
use std::collections::BTreeMap;
use std::fmt;

/// A workspace by namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// Whose workspace it is, as far as quotas look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// The owner.
    pub user: String,
    /// The owner's roles.
    pub roles: Vec<String>,
    /// The organization.
    pub org: String,
}

/// What is reserved for a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Whose it is.
    pub who: Who,
    /// How much.
    pub load: Load,
    /// Since when nobody uses it, while it runs.
    pub idle_since: Option<Time>,
}

/// Who shares an amount: a quota for `*` makes one for each.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pot {
    /// One user.
    User(String),
    /// All with a role.
    Role(String),
    /// All of an organization.
    Org(String),
    /// All in a namespace.
    Namespace(String),
    /// Everybody.
    All,
}

impl fmt::Display for Pot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "user {name}"),
            Self::Role(name) => write!(f, "role {name}"),
            Self::Org(name) => write!(f, "org {name}"),
            Self::Namespace(name) => write!(f, "namespace {name}"),
            Self::All => f.write_str("all"),
        }
    }
}

/// Why there is no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The quota that refuses, by name.
    pub quota: String,
    /// Whose amount it is.
    pub pot: Pot,
    /// The bounds that break.
    pub broken: Vec<Broken>,
    /// What is to be done about it. Denied, too, where waiting or stopping others would never make room.
    pub overflow: Overflow,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "quota {} of {}: ", self.quota, self.pot)?;
        for (at, broken) in self.broken.iter().enumerate() {
            write!(f, "{}{broken}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

/// The book.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    entries: BTreeMap<Key, Reservation>,
    /// What was used of processors.
    pub hours: Hours,
}

impl Ledger {
    /// Enters what is there already, without asking: used when a process starts.
    pub fn enter(&mut self, key: Key, reservation: Reservation) {
        self.entries.insert(key, reservation);
    }

    /// Reserves room for a workspace, in place of what it had. All quotas have to have room; when one does not, nothing is
    /// reserved and what was stays.
    ///
    /// # Errors
    /// When there is no room: of the quotas without room, one that denies before one that queues before one that stops others.
    pub fn reserve<'q>(
        &mut self,
        key: &Key,
        reservation: Reservation,
        quotas: impl IntoIterator<Item = &'q Quota>,
    ) -> Result<(), Refused> {
        let refused = quotas.into_iter().filter_map(|quota| self.refuses(quota, key, &reservation));
        // the order of Overflow is that of its words: Deny first
        if let Some(refused) = refused.min_by_key(|refused| refused.overflow) {
            return Err(refused);
        }
        self.entries.insert(key.clone(), reservation);
        Ok(())
    }

    /// Gives back all that a workspace had.
    pub fn release(&mut self, key: &Key) {
        self.entries.remove(key);
    }

    /// What is reserved for a workspace.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Reservation> {
        self.entries.get(key)
    }

    /// Says since when nobody uses a workspace.
    pub fn idle(&mut self, key: &Key, since: Option<Time>) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.idle_since = since;
        }
    }

    /// What a pot has taken.
    #[must_use]
    pub fn used(&self, pot: &Pot) -> Load {
        let of = self.entries.iter().filter(|(key, entry)| pot.has(key, &entry.who));
        of.fold(Load::default(), |sum, (_, entry)| sum.plus(&entry.load))
    }

    /// The workspace of a pot that has been idle longest: the one to stop where a quota says StopOldestIdle. `None` when
    /// none is idle, or when stopping would not ease any of the bounds.
    #[must_use]
    pub fn oldest_idle(&self, refused: &Refused, not: &Key) -> Option<&Key> {
        if !refused.broken.iter().all(|broken| broken.bound.eased_by_stopping()) {
            return None;
        }
        let of = self
            .entries
            .iter()
            .filter(|(key, entry)| *key != not && entry.load.running > 0 && refused.pot.has(key, &entry.who));
        of.filter_map(|(key, entry)| Some((entry.idle_since?, key))).min().map(|(_, key)| key)
    }

    /// The workspaces of a user that nobody uses, and whose end would make room in this pot; the one idle longest first. Empty
    /// where stopping would not ease the bounds.
    #[must_use]
    pub fn idle_of(&self, refused: &Refused, user: &str, not: &Key) -> Vec<(&Key, Time)> {
        if !refused.broken.iter().all(|broken| broken.bound.eased_by_stopping()) {
            return Vec::new();
        }
        let of = self.entries.iter().filter(|(key, entry)| {
            *key != not && entry.who.user == user && entry.load.running > 0 && refused.pot.has(key, &entry.who)
        });
        let mut idle: Vec<_> = of.filter_map(|(key, entry)| Some((key, entry.idle_since?))).collect();
        idle.sort_by(|one, other| (&one.1, one.0).cmp(&(&other.1, other.0)));
        idle
    }

    fn refuses(&self, quota: &Quota, key: &Key, wanted: &Reservation) -> Option<Refused> {
        let spec = &quota.spec;
        let pot = spec.subject.pot(key, &wanted.who)?;
        let had = self.entries.get(key).map_or_else(Load::default, |entry| entry.load);
        let more = wanted.load.minus(&had);
        let per = spec.per_workspace.as_ref();
        // what grew is judged; a workspace that was too large before the quota came may be stopped and started
        let grew = more.cpu > 0 || more.memory > 0 || more.storage > 0;
        let mut broken = per.filter(|_| grew).map(|per| wanted.load.too_large(per)).unwrap_or_default();
        let never = !broken.is_empty();
        let hard = spec.hard.as_ref();
        let name = quota.metadata.name.as_deref().unwrap_or_default();
        let mut used = self.used(&pot);
        (used.cpu_hours_day, used.cpu_hours_week) = self.hours.used(name, &pot);
        broken.extend(hard.map(|hard| used.broken(&more, hard)).unwrap_or_default());
        if broken.is_empty() {
            return None;
        }
        let never = never || broken.iter().any(Broken::for_ever);
        let overflow = if never { Overflow::Deny } else { spec.overflow };
        Some(Refused { quota: name.to_owned(), pot, broken, overflow })
    }

    /// How a quota stands: what it shows of the pot that has most running, and who has most. `promised` is what is reserved
    /// for workspaces and not there yet.
    #[must_use]
    pub fn status(&self, spec: &QuotaSpec, promised: &BTreeMap<Key, Load>) -> QuotaStatus {
        let mut reserved = Load::default();
        let mut pots: BTreeMap<Pot, Load> = BTreeMap::new();
        let mut users: BTreeMap<&str, Load> = BTreeMap::new();
        for (key, entry) in &self.entries {
            if let Some(pot) = spec.subject.pot(key, &entry.who) {
                let sum = pots.entry(pot).or_default();
                *sum = sum.plus(&entry.load);
                reserved = promised.get(key).map_or(reserved, |more| reserved.plus(more));
                let sum = users.entry(&entry.who.user).or_default();
                *sum = sum.plus(&entry.load);
            }
        }
        let used = pots.values().fold(Load::default(), |sum, one| sum.plus(one));
        let fullest = pots.values().max_by_key(|load| (load.running, load.cpu, load.workspaces)).copied();
        let mut top: Vec<(&str, Load)> = users.into_iter().collect();
        top.sort_by_key(|(user, load)| (std::cmp::Reverse((load.running, load.cpu)), *user));
        let top = top.into_iter().take(TOP).map(|(user, load)| {
            let amount = load.amount();
            Top { user: user.to_owned(), running: load.running, cpu: amount.cpu, memory: amount.memory }
        });
        QuotaStatus {
            subject: Some(spec.subject.to_string()),
            used: Some(used.minus(&reserved).amount()),
            reserved: (reserved != Load::default()).then(|| reserved.amount()),
            shown: Some(shown(spec, &fullest.unwrap_or_default())),
            top: top.collect(),
            ..QuotaStatus::default()
        }
    }
}

/// The shortest idle timeout that quotas leave, in seconds; 0 is never, and longer than any.
#[must_use]
pub fn idle_timeout<'q>(wanted: u64, quotas: impl IntoIterator<Item = &'q QuotaSpec>) -> u64 {
    let bounds = quotas.into_iter().filter_map(|spec| spec.per_workspace.as_ref()?.idle_timeout.as_ref()?.seconds());
    let longest = bounds.filter(|seconds| *seconds > 0).min();
    match longest {
        Some(longest) if wanted == 0 || wanted > longest => longest,
        _ => wanted,
    }
}

impl Pot {
    fn has(&self, key: &Key, who: &Who) -> bool {
        match self {
            Self::User(name) => *name == who.user,
            Self::Role(name) => who.roles.contains(name),
            Self::Org(name) => *name == who.org,
            Self::Namespace(name) => *name == key.namespace,
            Self::All => true,
        }
    }
}

impl QuotaSubject {
    /// Whose amount a workspace is taken from, if this quota binds it.
    #[must_use]
    pub fn pot(&self, key: &Key, who: &Who) -> Option<Pot> {
        let is = |name: &str, of: &str| name == "*" || name == of;
        if let Some(name) = &self.user {
            return is(name, &who.user).then(|| Pot::User(who.user.clone()));
        }
        if let Some(name) = &self.role {
            return who.roles.contains(name).then(|| Pot::Role(name.clone()));
        }
        if let Some(name) = &self.org {
            return is(name, &who.org).then(|| Pot::Org(who.org.clone()));
        }
        if let Some(name) = &self.namespace {
            return is(name, &key.namespace).then(|| Pot::Namespace(key.namespace.clone()));
        }
        self.all.unwrap_or(false).then_some(Pot::All)
    }
}

impl fmt::Display for QuotaSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = [("user", &self.user), ("role", &self.role), ("org", &self.org), ("namespace", &self.namespace)];
        match table.into_iter().find_map(|(kind, name)| Some((kind, name.as_ref()?))) {
            Some((kind, name)) if name == "*" => write!(f, "each {kind}"),
            Some((kind, name)) => write!(f, "{kind} {name}"),
            None => f.write_str("all"),
        }
    }
}

fn shown(spec: &QuotaSpec, used: &Load) -> Shown {
    let hard = spec.hard.clone().unwrap_or_default();
    let count =
        |used: i64, hard: Option<i64>| Some(hard.map_or_else(|| used.to_string(), |hard| format!("{used}/{hard}")));
    let amount =
        |used: String, hard: Option<Quantity>| Some(hard.map_or_else(|| used.clone(), |hard| format!("{used}/{hard}")));
    Shown {
        workspaces: count(used.workspaces, hard.workspaces),
        running: count(used.running, hard.running),
        cpu: amount(plain(used.cpu), hard.cpu),
        memory: amount(bytes(used.memory), hard.memory),
        storage: amount(bytes(used.storage), hard.storage),
    }
}

/// How many users a status names.
const TOP: usize = 10;
