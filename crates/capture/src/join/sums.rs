//! Connections that are known by what is said on them: where a translation changes addresses, ports and sequence numbers,
//! or the handshake was before the capture, the bytes of the messages are the same at both ends.
//!
//! A checksum tells something only where it was heard on one connection of a client and on one of a server, and once on
//! each: what everybody asks for tells nothing. [`ENOUGH`] of them at about the same time make two connections one. Records
//! of one tap hide secrets with one key, so that what is hidden is alike too.

use crate::line::Members;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::APART_US;

/// What was heard of late.
#[derive(Debug, Default)]
pub(super) struct Sums {
    heard: HashMap<u64, [Who; 2]>,
    order: VecDeque<u64>,
    /// How many messages say that a client's and a server's connection are one.
    alike: HashMap<(u128, u128), u8>,
    /// The other end of a connection, of both, and the clients' in the order in which they were found.
    ends: HashMap<u128, u128>,
    found: VecDeque<u128>,
}

/// Who said it.
#[derive(Clone, Copy, Debug, Default)]
enum Who {
    #[default]
    Nobody,
    One {
        pod: usize,
        flow: u128,
        ts_us: i64,
    },
    Several,
}

impl Sums {
    /// A message of a connection, seen in a pod that is its client or its server.
    pub(super) fn hear(&mut self, pod: usize, flow: u128, is_client: bool, ts_us: i64, members: &Members<'_>) {
        if flow == 0 || self.ends.contains_key(&flow) {
            return;
        }
        let Some(sum) = sum(members) else { return };
        if self.order.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.heard.remove(&oldest);
        }
        let both = match self.heard.entry(sum) {
            Entry::Occupied(both) => both.into_mut(),
            Entry::Vacant(both) => {
                self.order.push_back(sum);
                both.insert([Who::Nobody; 2])
            }
        };
        let [client, server] = both;
        let side = if is_client { &mut *client } else { &mut *server };
        *side = match side {
            Who::Nobody => Who::One { pod, flow, ts_us },
            Who::One { .. } | Who::Several => Who::Several,
        };
        if let (
            Who::One { pod: one, flow: client, ts_us: sent_us },
            Who::One { pod: two, flow: server, ts_us: came_us },
        ) = (*client, *server)
            && one != two
            && sent_us.abs_diff(came_us) <= APART_US
        {
            self.meet(client, server);
        }
    }

    /// The other end of a connection.
    pub(super) fn end_of(&self, flow: u128) -> Option<u128> {
        self.ends.get(&flow).copied()
    }

    fn meet(&mut self, client: u128, server: u128) {
        if self.alike.len() >= MOST {
            self.alike.clear();
        }
        let times = self.alike.entry((client, server)).or_default();
        *times += 1;
        if *times < ENOUGH || self.ends.contains_key(&client) || self.ends.contains_key(&server) {
            return;
        }
        self.alike.remove(&(client, server));
        if self.found.len() >= MOST
            && let Some(oldest) = self.found.pop_front()
            && let Some(end) = self.ends.remove(&oldest)
        {
            self.ends.remove(&end);
        }
        self.found.push_back(client);
        self.ends.extend([(client, server), (server, client)]);
    }
}

/// The checksum of what was asked, whole as it stands in the record; none where a part of it is not known.
fn sum(members: &Members<'_>) -> Option<u64> {
    let mut hash = DefaultHasher::new();
    let (mut any, mut whole) = (false, true);
    for raw in SAID.iter().filter_map(|path| members.raw(path)) {
        whole &= memchr::memmem::find(raw, UNKNOWN.as_bytes()).is_none();
        any = true;
        raw.hash(&mut hash);
    }
    members.raw("kind").hash(&mut hash);
    (any && whole && members.raw("partial").is_none_or(|marks| marks == NO_SYN)).then(|| hash.finish())
}

/// What is said, of each kind of record: requests with head and body, commands, statements with their parameters.
const SAID: [&str; 7] = ["method", "path", "query", "request", "commands", "args", "params"];
/// In place of what the begin of the connection would have told.
const UNKNOWN: &str = "«unknown»";
/// The one part that may be missing.
const NO_SYN: &[u8] = br#"["no_syn"]"#;
/// So many messages are no chance.
const ENOUGH: u8 = 2;
/// Checksums that are remembered, and connections.
const MOST: usize = 50_000;
