//! What one workspace and one person may have of this door: connections, requests in a second, bytes of a body.

use crate::answer::Answer;
use crate::host::Service;
use crate::way::Room;
use base::{ClusterName, Code};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use tokio::time::Instant;
use workspace::Key;

/// How many requests one person may make, over all apps that are open to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In the long run.
    pub per_second: u32,
    /// At once, after a while without any.
    pub burst: u32,
}

/// How long bodies of requests may be, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Of workspaces in this namespace; in all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Of workspaces of this name; of all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// A port, or the name of an app or a port; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The most bytes of a body as it comes, with its framing.
    pub body_bytes: u64,
}

/// What is bounded beside connections.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// `None`: as many requests as come.
    pub rate: Option<Rate>,
    /// The first that fits counts; without one a body may be of any length.
    pub routes: Arc<[Route]>,
}

impl Limits {
    /// The most bytes of a body to this service; `None` when there is no bound.
    pub(crate) fn body(&self, key: &Key, service: &Service) -> Option<u64> {
        let is = |said: &Option<String>, own: &str| said.as_deref().is_none_or(|said| said == own);
        let serves = |said: &Option<String>| match (said, service) {
            (None, _) => true,
            (Some(said), Service::App(name)) => said == name,
            (Some(said), Service::Port(port)) => said.parse() == Ok(*port),
        };
        let mut fits = self.routes.iter().filter(|route| {
            is(&route.namespace, &key.namespace) && is(&route.workspace, &key.name) && serves(&route.service)
        });
        fits.next().map(|route| route.body_bytes)
    }
}

/// Who has made how many requests, and who has connections to what.
#[derive(Default)]
pub(crate) struct Taken {
    people: Mutex<HashMap<String, Bucket>>,
    rooms: Mutex<HashMap<(ClusterName, Key), Weak<Room>>>,
}

/// What is left to somebody.
#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn filled(self, rate: Rate, now: Instant) -> Self {
        let more = now.duration_since(self.at).as_secs_f64() * f64::from(rate.per_second);
        Self { left: (self.left + more).min(f64::from(rate.burst)), at: now }
    }
}

impl Taken {
    /// Counts a request of somebody; what is answered where it is one too many.
    pub(crate) fn request(&self, who: &str, limits: &Limits) -> Result<(), Answer> {
        let Some(rate) = limits.rate else { return Ok(()) };
        let now = Instant::now();
        let mut people = self.people.lock();
        if let Some(bucket) = people.get_mut(who) {
            *bucket = bucket.filled(rate, now);
            if bucket.left >= 1.0 {
                bucket.left -= 1.0;
                return Ok(());
            }
        } else {
            if people.len() >= MOST_PEOPLE {
                // whoever has all that is left to them is as somebody who never came
                people.retain(|_, bucket| bucket.filled(rate, now).left < f64::from(rate.burst));
            }
            people.insert(who.to_owned(), Bucket { left: f64::from(rate.burst) - 1.0, at: now });
            return Ok(());
        }
        drop(people);
        let message = format!("more than {} requests a second are not passed on for one person", rate.per_second);
        Err(Answer { again: Some(1), ..Answer::new(Code::LimitReached, message) })
    }

    /// The room that all connections to one workspace share.
    pub(crate) fn room(&self, cluster: &ClusterName, key: &Key) -> Arc<Room> {
        let mut rooms = self.rooms.lock();
        let name = (cluster.clone(), key.clone());
        if let Some(room) = rooms.get(&name).and_then(Weak::upgrade) {
            return room;
        }
        rooms.retain(|_, room| room.strong_count() > 0);
        let room = Arc::new(Room::default());
        rooms.insert(name, Arc::downgrade(&room));
        room
    }
}

/// People of whom something is remembered.
const MOST_PEOPLE: usize = 4096;

#[cfg(test)]
mod tests;
