//! Which name an address was last resolved from.

use std::net::IpAddr;

use hashbrown::HashTable;

/// Addresses with the name that a client asked for. The oldest makes room.
#[derive(Debug, Default)]
pub(super) struct Names {
    slots: Vec<Slot>,
    index: HashTable<u32>,
    next: usize,
    most: usize,
    most_bytes: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Slot {
    ip: IpAddr,
    name: String,
    until_us: i64,
}

impl Names {
    /// Room for about `bytes`: half of it for names, half for addresses.
    pub(super) fn new(bytes: usize) -> Names {
        Names { most: (bytes / 160).max(1), most_bytes: bytes / 2, ..Names::default() }
    }

    /// The name of an address, unless its answer is too old.
    pub(super) fn get(&self, ip: IpAddr, now_us: i64) -> Option<&str> {
        if self.slots.is_empty() {
            return None;
        }
        let at = *self.index.find(hash(ip), |at| self.is(*at, ip))?;
        let slot = self.slots.get(at as usize)?;
        (now_us <= slot.until_us).then_some(slot.name.as_str())
    }

    /// Learns from an answer. Short times to live are stretched: a connection outlives the answer that led to it.
    pub(super) fn learn(&mut self, ip: IpAddr, name: &str, ttl: u32, now_us: i64) {
        let until_us = now_us.saturating_add(i64::from(ttl.clamp(SHORTEST, LONGEST)) * 1_000_000);
        let found = self.index.find(hash(ip), |at| self.is(*at, ip)).copied();
        if let Some(slot) = found.and_then(|at| self.slots.get_mut(at as usize)) {
            slot.until_us = until_us;
            if slot.name != name {
                rename(slot, name, &mut self.bytes);
            }
            return;
        }
        let at = if self.slots.len() < self.most {
            self.slots.push(Slot { ip, name: String::new(), until_us });
            self.slots.len() - 1
        } else {
            let at = self.next % self.slots.len();
            self.next = at + 1;
            self.forget(at);
            at
        };
        if let Some(slot) = self.slots.get_mut(at) {
            (slot.ip, slot.until_us) = (ip, until_us);
            rename(slot, name, &mut self.bytes);
        }
        let slots = &self.slots;
        let again = |at: &u32| slots.get(*at as usize).map_or(0, |slot| hash(slot.ip));
        self.index.insert_unique(hash(ip), at as u32, again);
        for _ in 0..self.slots.len() {
            if self.bytes <= self.most_bytes {
                break;
            }
            self.drop_oldest(at);
        }
    }

    /// Long names need more room than there is: the oldest goes, unless it is the one just learnt.
    fn drop_oldest(&mut self, newest: usize) {
        let at = self.next % self.slots.len().max(1);
        self.next = at + 1;
        if at == newest {
            return;
        }
        self.forget(at);
        if let Some(slot) = self.slots.get_mut(at) {
            self.bytes -= slot.name.capacity();
            (slot.name, slot.until_us) = (String::new(), i64::MIN);
        }
    }

    pub(super) fn heap(&self) -> usize {
        self.bytes + self.slots.capacity() * size_of::<Slot>() + self.index.allocation_size()
    }

    fn forget(&mut self, at: usize) {
        let Some(slot) = self.slots.get(at) else { return };
        if let Ok(found) = self.index.find_entry(hash(slot.ip), |other| *other as usize == at) {
            found.remove();
        }
    }

    fn is(&self, at: u32, ip: IpAddr) -> bool {
        self.slots.get(at as usize).is_some_and(|slot| slot.ip == ip)
    }
}

fn rename(slot: &mut Slot, name: &str, bytes: &mut usize) {
    *bytes -= slot.name.capacity();
    slot.name.clear();
    slot.name.push_str(name);
    *bytes += slot.name.capacity();
}

fn hash(ip: IpAddr) -> u64 {
    let bits = match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    };
    super::entry::mix(super::entry::mix(0, bits as u64), (bits >> 64) as u64)
}

/// Seconds.
const SHORTEST: u32 = 3600;
const LONGEST: u32 = 24 * 3600;
