//! Which lookup of a name led to a connection: the last answers of DNS in a pod, by the addresses that they told.

use crate::line::{Members, json};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

/// Answers that are remembered, the oldest go first.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    /// Of each pod and address the last lookups.
    told: HashMap<(u16, IpAddr), VecDeque<Lookup>>,
    order: VecDeque<(u16, IpAddr)>,
}

#[derive(Clone, Copy, Debug)]
struct Lookup {
    /// When its answer was there, epoch microseconds.
    answered_us: i64,
    /// The number of its record.
    number: u64,
}

impl Lookups {
    /// Remembers what a record of DNS tells.
    pub(super) fn hear(&mut self, pod: u16, number: u64, members: &Members<'_>) {
        let (Some(ts), Some(latency), Some(answers)) =
            (members.int("ts"), members.int("latency_us"), members.raw("answers"))
        else {
            return;
        };
        for answer in json::elements(answers).take(MOST_ANSWERS) {
            let Ok(ip) = Members::of(answer).plain("data").parse::<IpAddr>() else { continue };
            if self.order.len() >= MOST
                && let Some(oldest) = self.order.pop_front()
            {
                self.told.remove(&oldest);
            }
            let key = (pod, ip);
            let all = self.told.entry(key).or_insert_with(|| {
                self.order.push_back(key);
                VecDeque::new()
            });
            if all.len() >= MOST_EACH {
                all.pop_front();
            }
            all.push_back(Lookup { answered_us: ts.saturating_add(latency), number });
        }
    }

    /// The lookup of a pod that a connection to this address began with, which began then.
    pub(super) fn before(&self, pod: u16, ip: IpAddr, began_us: i64) -> Option<u64> {
        let all = self.told.get(&(pod, ip))?;
        let led = |lookup: &&Lookup| (0..=SOON_US).contains(&(began_us - lookup.answered_us));
        all.iter().filter(led).max_by_key(|lookup| lookup.answered_us).map(|lookup| lookup.number)
    }
}

/// Pods' addresses that are remembered.
const MOST: usize = 20_000;
/// Lookups of one address.
const MOST_EACH: usize = 16;
/// Addresses of one answer.
const MOST_ANSWERS: usize = 32;
/// A connection that begins within this time after an answer was waiting for it.
const SOON_US: i64 = 1_000_000;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use super::{Lookups, MOST, MOST_EACH, SOON_US};
    use crate::line::Members;
    use std::net::{IpAddr, Ipv4Addr};

    fn dns(ts: i64, ip: IpAddr) -> String {
        format!(
            r#"{{"kind":"dns","ts":{ts},"latency_us":50,"answers":[{{"type":"CNAME","data":"x.y"}},{{"type":"A","data":"{ip}"}}]}}"#
        )
    }

    #[test]
    fn cap_58e_the_lookup_before_a_connection_is_the_last_one_that_told_its_address() {
        let mut lookups = Lookups::default();
        let ip = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 7));
        lookups.hear(0, 5, &Members::of(dns(1_000, ip).as_bytes()));
        lookups.hear(0, 9, &Members::of(dns(3_000, ip).as_bytes()));
        assert_eq!(lookups.before(0, ip, 3_060), Some(9));
        assert_eq!(lookups.before(0, ip, 3_000), Some(5), "what was answered later led to nothing");
        assert_eq!(lookups.before(0, ip, 1_000), None);
        assert_eq!(lookups.before(0, ip, 3_051 + SOON_US), None, "nobody waited for it");
        assert_eq!(lookups.before(1, ip, 3_060), None, "another pod asked");
        // unanswered ones, and answers without addresses
        lookups.hear(0, 10, &Members::of(br#"{"kind":"dns","ts":4000,"qname":"x"}"#));
        assert_eq!(lookups.before(0, ip, 3_060), Some(9));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut lookups = Lookups::default();
        for n in 0..u32::try_from(MOST).unwrap() * 2 {
            lookups.hear(0, u64::from(n), &Members::of(dns(i64::from(n), Ipv4Addr::from(n).into()).as_bytes()));
        }
        for n in 0..100 {
            lookups.hear(0, n, &Members::of(dns(n.cast_signed(), Ipv4Addr::from(1).into()).as_bytes()));
        }
        assert!(lookups.told.len() <= MOST && lookups.order.len() == lookups.told.len());
        assert!(lookups.told.values().all(|all| all.len() <= MOST_EACH));
    }
}
