//! What runs for callers beside shells, for lists.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use serde::Serialize;

use crate::log::now_ms;

/// Streams that are open.
#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<BTreeMap<String, Told>>);

/// What lists say of one.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) state: &'static str,
    pub(crate) command: String,
    pub(crate) created_ms: u64,
}

/// A stream is in the lists while this is there.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    all: &'a Streams,
    id: String,
}

impl Streams {
    pub(crate) fn enter(&self, id: &str, kind: &str, command: &str) -> Place<'_> {
        let told = Told {
            id: id.to_owned(),
            kind: kind.to_owned(),
            state: "ACTIVE",
            command: command.chars().take(MAX_SHOWN).collect(),
            created_ms: now_ms(),
        };
        self.0.lock().insert(id.to_owned(), told);
        Place { all: self, id: id.to_owned() }
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.0.lock().values().cloned().collect()
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.all.0.lock().remove(&self.id);
    }
}

const MAX_SHOWN: usize = 200;
