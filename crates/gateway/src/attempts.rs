//! How often an address may show what is no key. Whoever guesses waits; whoever comes with a session is not asked.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;

/// Failed attempts by address.
#[derive(Default)]
pub(crate) struct Attempts(Mutex<HashMap<IpAddr, Failed>>);

struct Failed {
    count: u32,
    since_ms: u64,
}

impl Attempts {
    /// Milliseconds until this address may try again, if it may not now.
    pub(crate) fn waits(&self, from: IpAddr, now_ms: u64) -> Option<u64> {
        let failed = self.0.lock();
        let one = failed.get(&key(from)).filter(|one| one.count >= MOST)?;
        let over = one.since_ms.saturating_add(WINDOW_MS);
        (over > now_ms).then(|| over - now_ms)
    }

    /// It has failed once more.
    pub(crate) fn failed(&self, from: IpAddr, now_ms: u64) {
        let mut failed = self.0.lock();
        if failed.len() >= ADDRESSES {
            failed.retain(|_, one| one.since_ms.saturating_add(WINDOW_MS) > now_ms);
        }
        // As many addresses that fail at a time are no persons: the oldest are forgotten.
        if failed.len() >= ADDRESSES
            && let Some(oldest) = failed.iter().min_by_key(|(_, one)| one.since_ms).map(|(from, _)| *from)
        {
            failed.remove(&oldest);
        }
        let one = failed.entry(key(from)).or_insert(Failed { count: 0, since_ms: now_ms });
        if one.since_ms.saturating_add(WINDOW_MS) <= now_ms {
            *one = Failed { count: 0, since_ms: now_ms };
        }
        one.count = one.count.saturating_add(1);
    }
}

/// IPv6 addresses by their network of 64 bits: one host has all of them.
fn key(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

/// So many in a window.
const MOST: u32 = 10;
const WINDOW_MS: u64 = 5 * 60 * 1000;
const ADDRESSES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::{ADDRESSES, Attempts, WINDOW_MS};
    use std::net::{IpAddr, Ipv4Addr};

    #[test]
    fn whoever_guesses_waits_and_others_do_not() {
        let attempts = Attempts::default();
        let (one, other): (IpAddr, IpAddr) = (Ipv4Addr::new(10, 0, 0, 1).into(), Ipv4Addr::new(10, 0, 0, 2).into());
        for _ in 0..10 {
            assert_eq!(attempts.waits(one, 5), None);
            attempts.failed(one, 5);
        }
        assert_eq!(attempts.waits(one, 5), Some(WINDOW_MS));
        assert_eq!(attempts.waits(other, 5), None);
        assert_eq!(attempts.waits(one, 5 + WINDOW_MS), None);
        attempts.failed(one, 5 + WINDOW_MS);
        assert_eq!(attempts.waits(one, 5 + WINDOW_MS), None, "a window begins anew");
    }

    #[test]
    fn addresses_are_bounded() {
        let attempts = Attempts::default();
        for at in 0..2 * ADDRESSES as u32 {
            attempts.failed(Ipv4Addr::from(at).into(), u64::from(at));
        }
        assert!(attempts.0.lock().len() <= ADDRESSES);
    }
}
