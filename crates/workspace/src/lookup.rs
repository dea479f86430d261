//! Which workspaces of a list somebody wants: plain members, an expression over all that is told of them, an order, a page. Pure.

use crate::about::{phase, text, wanted};
use base::ClusterName;
use query::{Field, FieldType, Filter, Record, Schema};
use serde_json::Value;
use std::cmp::Ordering;
use std::sync::Arc;

/// What is wanted; what is empty is any.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Its name.
    pub workspace: String,
    /// Instead: the user string that it was made for.
    pub user_string: Option<String>,
    /// It is one of these people's.
    pub usernames: Vec<String>,
    /// Its organization.
    pub organization: String,
    /// Its blueprint.
    pub blueprint: String,
    /// The name of its repository.
    pub repo_name: String,
    /// Whose that repository is.
    pub repo_owner: String,
    /// The branch, tag or commit.
    pub repo_ref: String,
    /// An expression: `status = "Running" and cpu > 1`.
    pub query: String,
    /// Fields that put them in order, with commas between them; `-` before one for the other way round.
    pub sort: String,
    /// So many are left out first.
    pub offset: usize,
    /// So many at most.
    pub limit: Option<usize>,
}

/// What was asked for, checked.
pub(crate) struct Lookup {
    name: String,
    usernames: Vec<String>,
    /// Fields that are to be so.
    same: Vec<(u16, String)>,
    filter: Filter,
    order: Vec<(u16, bool)>,
    offset: usize,
    limit: usize,
}

impl Lookup {
    /// Reads what is wanted; `named` is the name that a user string comes to.
    ///
    /// # Errors
    /// When the expression is none, or the order names what no workspace has.
    pub(crate) fn of(wanted: &Wanted, named: Option<String>) -> Result<Self, mirror::Error> {
        let filter = Filter::where_expr(&wanted.query, &Fields)?;
        let mut order = Vec::new();
        for name in wanted.sort.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let (name, descending) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
            let none = || query::Error {
                message: format!(
                    "workspaces have no {name} to be put in order by: they have {}",
                    Fields.names().join(", ")
                ),
                at: 0,
                len: name.chars().count(),
            };
            order.push((Fields.field(name).ok_or_else(none)?.id, descending));
        }
        let asked = [
            (ORGANIZATION, &wanted.organization),
            (BLUEPRINT, &wanted.blueprint),
            (REPO_NAME, &wanted.repo_name),
            (REPO_OWNER, &wanted.repo_owner),
            (REPO_REF, &wanted.repo_ref),
        ];
        Ok(Self {
            name: named.unwrap_or_else(|| wanted.workspace.clone()),
            usernames: wanted.usernames.iter().map(|name| name.to_lowercase()).collect(),
            same: asked.into_iter().filter(|(_, text)| !text.is_empty()).map(|(id, text)| (id, text.clone())).collect(),
            filter,
            order,
            offset: wanted.offset,
            limit: wanted.limit.unwrap_or(usize::MAX),
        })
    }

    /// How many are wanted, and those of the page that was asked for, in order.
    #[must_use]
    pub(crate) fn choose(&self, all: Vec<(ClusterName, Value)>, now_ms: u64) -> (u64, Vec<(ClusterName, Value)>) {
        let now_ms = i64::try_from(now_ms).unwrap_or(i64::MAX);
        let looked = all.into_iter().map(|(cluster, object)| (Looked::new(&object), cluster, object));
        let mut found: Vec<_> = looked.filter(|(looked, ..)| self.wants(looked, now_ms)).collect();
        found.sort_by(|(a, in_a, _), (b, in_b, _)| {
            let by = |(id, descending): &(u16, bool)| match (a.value(*id), b.value(*id)) {
                // What has none comes last, whichever way round.
                (query::Value::Absent, query::Value::Absent) => Ordering::Equal,
                (query::Value::Absent, _) => Ordering::Greater,
                (_, query::Value::Absent) => Ordering::Less,
                (a, b) if *descending => compare(b, a),
                (a, b) => compare(a, b),
            };
            let usual = || {
                let place = |looked: &Looked| (looked.text(NAMESPACE).to_owned(), looked.text(NAME).to_owned());
                in_a.cmp(in_b).then_with(|| place(a).cmp(&place(b)))
            };
            self.order.iter().map(by).find(|order| order.is_ne()).unwrap_or_else(usual)
        });
        let total = u64::try_from(found.len()).unwrap_or(u64::MAX);
        let page = found.into_iter().skip(self.offset).take(self.limit);
        (total, page.map(|(_, cluster, object)| (cluster, object)).collect())
    }

    fn wants(&self, looked: &Looked, now_ms: i64) -> bool {
        (self.name.is_empty() || looked.text(NAME) == self.name)
            && (self.usernames.is_empty() || self.usernames.contains(&looked.text(USERNAME).to_lowercase()))
            && self.same.iter().all(|(id, text)| looked.text(*id) == text)
            && self.filter.matches(looked, now_ms)
    }
}

fn compare(a: query::Value<'_>, b: query::Value<'_>) -> Ordering {
    use query::Value::{Number, Text, Time};
    match (a, b) {
        (Text(a), Text(b)) => a.cmp(b),
        (Number(a), Number(b)) => a.total_cmp(&b),
        (Time(a), Time(b)) => a.cmp(&b),
        _ => Ordering::Equal,
    }
}

/// What is told of one workspace, by the numbers of its fields.
struct Looked(Vec<Told>);

enum Told {
    Absent,
    Text(String),
    Number(f64),
    Time(i64),
}

impl Looked {
    fn new(object: &Value) -> Self {
        let mut all: Vec<Told> = FIELDS.iter().map(|(_, ty, places)| told(object, *ty, places)).collect();
        for (id, word) in [(STATUS, phase(object)), (STATE, wanted(object))] {
            if let Some(told) = all.get_mut(usize::from(id)) {
                *told = Told::Text(word);
            }
        }
        Self(all)
    }

    fn text(&self, id: u16) -> &str {
        match self.0.get(usize::from(id)) {
            Some(Told::Text(text)) => text,
            _ => "",
        }
    }
}

fn told(object: &Value, ty: FieldType, places: &[&str]) -> Told {
    let Some(said) = places.iter().map(|at| text(object, at)).find(|said| !said.is_empty()) else {
        // A pull request is a number.
        let number = places.iter().find_map(|at| object.pointer(at)?.as_i64());
        return number.map_or(Told::Absent, |number| Told::Text(number.to_string()));
    };
    match ty {
        FieldType::Number => base::quantity::milli(&said).map_or(Told::Absent, |milli| {
            #[expect(clippy::cast_precision_loss, reason = "amounts are compared, and never written")]
            Told::Number(milli as f64 / 1000.0)
        }),
        FieldType::Time => crate::status::read(&said).map_or(Told::Absent, Told::Time),
        _ => Told::Text(said),
    }
}

impl Record for Looked {
    fn value(&self, id: u16) -> query::Value<'_> {
        match self.0.get(usize::from(id)) {
            Some(Told::Text(text)) => query::Value::Text(text),
            Some(Told::Number(number)) => query::Value::Number(*number),
            Some(Told::Time(at)) => query::Value::Time(*at),
            Some(Told::Absent) | None => query::Value::Absent,
        }
    }

    fn map(&self, _: u16, _: &str) -> query::Value<'_> {
        query::Value::Absent
    }

    fn words(&self, _: u16, test: &mut dyn FnMut(&str) -> bool) -> bool {
        let words = self.0.iter().filter_map(|told| if let Told::Text(text) = told { Some(text) } else { None });
        test(self.text(NAME)) || words.into_iter().any(|text| test(text))
    }

    fn name(&self) -> &str {
        self.text(NAME)
    }
}

/// The fields that an expression and an order may name.
struct Fields;

impl Schema for Fields {
    fn field(&self, name: &str) -> Option<Field> {
        let at = FIELDS.iter().position(|(known, ..)| *known == name)?;
        let (name, ty, _) = FIELDS.get(at)?;
        Some(Field { name: Arc::from(*name), ty: *ty, id: u16::try_from(at).ok()? })
    }

    fn names(&self) -> Vec<String> {
        FIELDS.iter().map(|(name, ..)| (*name).to_owned()).collect()
    }
}

const NAME: u16 = 0;
const NAMESPACE: u16 = 1;
const USERNAME: u16 = 2;
const ORGANIZATION: u16 = 3;
const BLUEPRINT: u16 = 4;
const REPO_OWNER: u16 = 5;
const REPO_NAME: u16 = 6;
const REPO_REF: u16 = 7;
const STATUS: u16 = 8;
const STATE: u16 = 9;
/// Each field: its name, how it compares, and where it stands; the first place that says something holds.
const FIELDS: &[(&str, FieldType, &[&str])] = &[
    ("name", FieldType::Text, &["/metadata/name"]),
    ("namespace", FieldType::Text, &["/metadata/namespace"]),
    ("username", FieldType::Text, &["/spec/owner"]),
    ("organization", FieldType::Text, &["/spec/org"]),
    ("blueprint", FieldType::Text, &["/status/blueprint/name", "/spec/blueprintRef/name"]),
    ("repo_owner", FieldType::Text, &["/spec/source/repo/owner"]),
    ("repo_name", FieldType::Text, &["/spec/source/repo/name"]),
    ("repo_ref", FieldType::Text, &["/spec/source/repo/ref"]),
    ("status", FieldType::Text, &["/status/phase"]),
    ("state", FieldType::Text, &["/spec/state"]),
    ("repo_host", FieldType::Text, &["/spec/source/repo/host"]),
    ("repo_pull", FieldType::Text, &["/spec/source/repo/pullRequest"]),
    ("origin", FieldType::Text, &["/spec/source/repo/name", "/spec/target/name"]),
    ("image", FieldType::Text, &["/status/image", "/spec/image"]),
    ("stage", FieldType::Text, &["/status/stage"]),
    ("node", FieldType::Text, &["/status/pod/node"]),
    ("workspace_type", FieldType::Text, &["/spec/mode"]),
    ("workload_kind", FieldType::Text, &["/spec/target/kind"]),
    ("workload_name", FieldType::Text, &["/spec/target/name"]),
    ("workload_namespace", FieldType::Text, &["/spec/target/namespace"]),
    ("cpu", FieldType::Number, &["/status/appliedResources/cpu", "/spec/resources/cpu"]),
    ("memory", FieldType::Number, &["/status/appliedResources/memory", "/spec/resources/memory"]),
    ("created", FieldType::Time, &["/metadata/creationTimestamp"]),
    ("idle", FieldType::Time, &["/status/idleSince"]),
];

#[cfg(test)]
mod tests;
