//! Addresses and who has them, small enough for a large cluster.

#[cfg(test)]
use super::Named;
use super::words::{NONE, Word, Words};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;

/// Who has which address.
#[derive(Debug, Default)]
pub(super) struct Index {
    words: Words,
    pods: Vec<Pod>,
    free: Vec<u32>,
    of_pod: ByIp<u32>,
    of_service: ByIp<Service>,
    /// The service that a pod's address is behind.
    behind: ByIp<Word>,
    /// The addresses of each slice of endpoints, and of which list it is.
    slices: HashMap<Box<str>, Slice>,
    of_node: ByIp<Host>,
    /// The addresses of each service (`ns/name`) and node (`name`).
    owned: HashMap<Box<str>, Box<[IpAddr]>>,
    /// Counts lists.
    list: u32,
    /// What was seen whole once, or may not be seen: a bit each.
    whole: u8,
}

#[derive(Debug)]
struct Pod {
    name: Box<str>,
    uid: [u8; 16],
    ns: Word,
    node: Word,
    workload: Word,
    /// How many addresses it has.
    ips: u16,
    /// The list in which it was seen last.
    list: u32,
}

#[derive(Clone, Copy, Debug)]
struct Service {
    ns: Word,
    name: Word,
    list: u32,
}

#[derive(Clone, Copy, Debug)]
struct Host {
    name: Word,
    list: u32,
}

#[derive(Debug)]
struct Slice {
    ns: Word,
    service: Word,
    ips: Box<[IpAddr]>,
    list: u32,
}

/// A pod to keep.
#[derive(Clone, Copy, Debug)]
pub(super) struct PodIn<'a> {
    pub(super) ns: &'a str,
    pub(super) name: &'a str,
    pub(super) uid: &'a str,
    pub(super) node: &'a str,
    pub(super) workload: &'a str,
}

/// Who has an address, borrowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) ns: Option<&'a str>,
    pub(super) pod: Option<&'a str>,
    pub(super) uid: Option<[u8; 16]>,
    pub(super) workload: Option<&'a str>,
    pub(super) service: Option<&'a str>,
    pub(super) node: Option<&'a str>,
}

impl Index {
    /// A list begins: what it does not bring until its end is gone.
    pub(super) fn begin(&mut self) -> u32 {
        self.list += 1;
        self.list
    }

    pub(super) fn put_pod(&mut self, list: u32, ips: &[IpAddr], pod: PodIn<'_>) {
        let uid = uid(pod.uid);
        let known = ips.iter().find_map(|ip| self.of_pod.get(ip).copied());
        let same = known.and_then(|at| self.pods.get_mut(at as usize));
        if let (Some(at), Some(own)) = (known, same.filter(|own| own.uid == uid && own.name.as_ref() == pod.name)) {
            own.list = own.list.max(list);
            for ip in ips {
                if self.of_pod.get(ip) != Some(&at) {
                    own.ips += 1;
                    self.of_pod.put(*ip, at);
                }
            }
            return;
        }
        // Another had the address before: its end was not seen yet.
        self.drop_pod(ips, None);
        let words = &mut self.words;
        let (ns, node, workload) = (words.keep(pod.ns), words.keep(pod.node), words.keep(pod.workload));
        let count = u16::try_from(ips.len()).unwrap_or(u16::MAX);
        let kept = Pod { name: pod.name.into(), uid, ns, node, workload, ips: count, list };
        let at = match self.free.pop() {
            Some(at) => {
                if let Some(place) = self.pods.get_mut(at as usize) {
                    *place = kept;
                }
                at
            }
            None => {
                if self.pods.len() == self.pods.capacity() {
                    // Not twice as many: half of them would be room for nobody.
                    self.pods.reserve_exact(self.pods.len() / 8 + 64);
                }
                self.pods.push(kept);
                (self.pods.len() - 1) as u32
            }
        };
        for ip in ips {
            self.of_pod.put(*ip, at);
        }
    }

    /// The addresses are no pod's any more; of another pod than this one they stay.
    pub(super) fn drop_pod(&mut self, ips: &[IpAddr], of: Option<&str>) {
        let of = of.map(uid);
        for ip in ips {
            let Some(at) = self.of_pod.get(ip).copied() else { continue };
            let Some(own) = self.pods.get(at as usize) else { continue };
            if of.is_some_and(|of| own.uid != of) {
                continue;
            }
            // All addresses of one pod go together.
            let (all, mut gone) = (own.ips, 0);
            for ip in ips {
                if self.of_pod.get(ip) == Some(&at) {
                    self.of_pod.remove(ip);
                    gone += 1;
                }
            }
            if gone < all {
                drop(self.of_pod.take(|_, own| *own == at));
            }
            self.free_pod(at);
        }
    }

    fn free_pod(&mut self, at: u32) {
        let Some(pod) = self.pods.get_mut(at as usize) else { return };
        let words = [pod.ns, pod.node, pod.workload];
        *pod = Pod { name: Box::default(), uid: [0; 16], ns: NONE, node: NONE, workload: NONE, ips: 0, list: 0 };
        self.free.push(at);
        for word in words {
            self.words.drop(word);
        }
    }

    pub(super) fn put_service(&mut self, list: u32, ips: &[IpAddr], ns: &str, name: &str) {
        self.drop_service(ns, name);
        for ip in ips {
            let service = Service { ns: self.words.keep(ns), name: self.words.keep(name), list };
            let before = self.of_service.put(*ip, service);
            self.drop_services(&before.map(|before| (*ip, before)).into_iter().collect::<Vec<_>>());
        }
        self.owned.insert(format!("{ns}/{name}").into(), ips.into());
    }

    /// The service is gone, or has other addresses now.
    pub(super) fn drop_service(&mut self, ns: &str, name: &str) {
        let Some(ips) = self.owned.remove(format!("{ns}/{name}").as_str()) else { return };
        for ip in &ips {
            let words = &self.words;
            let own = |own: &&Service| words.get(own.ns) == Some(ns) && words.get(own.name) == Some(name);
            if self.of_service.get(ip).filter(own).is_some()
                && let Some(gone) = self.of_service.remove(ip)
            {
                self.drop_services(&[(*ip, gone)]);
            }
        }
    }

    fn drop_services(&mut self, gone: &[(IpAddr, Service)]) {
        for (_, service) in gone {
            self.words.drop(service.ns);
            self.words.drop(service.name);
        }
    }

    pub(super) fn put_slice(&mut self, list: u32, ns: &str, slice: &str, service: &str, ips: Vec<IpAddr>) {
        self.drop_slice(ns, slice);
        let service = self.words.keep(service);
        for ip in &ips {
            let Self { words, behind, .. } = &mut *self;
            // Behind several services: the one with the shortest name, whichever comes last.
            let better = |than: &Word| {
                let by = |word: Word| words.get(word).map(|text| (text.len(), text));
                by(service) < by(*than)
            };
            if behind.get(ip).is_none_or(better) {
                behind.put(*ip, service);
            }
        }
        let ns_word = self.words.keep(ns);
        let kept = Slice { ns: ns_word, service, ips: ips.into(), list };
        self.slices.insert(format!("{ns}/{slice}").into(), kept);
    }

    pub(super) fn drop_slice(&mut self, ns: &str, slice: &str) {
        if let Some(gone) = self.slices.remove(format!("{ns}/{slice}").as_str()) {
            self.free_slice(&gone);
        }
    }

    fn free_slice(&mut self, gone: &Slice) {
        for ip in &gone.ips {
            if self.behind.get(ip) == Some(&gone.service) {
                self.behind.remove(ip);
            }
        }
        self.words.drop(gone.ns);
        self.words.drop(gone.service);
    }

    pub(super) fn put_node(&mut self, list: u32, ips: &[IpAddr], name: &str) {
        self.drop_node(name);
        for ip in ips {
            let host = Host { name: self.words.keep(name), list };
            if let Some(before) = self.of_node.put(*ip, host) {
                self.words.drop(before.name);
            }
        }
        self.owned.insert(name.into(), ips.into());
    }

    pub(super) fn drop_node(&mut self, name: &str) {
        let Some(ips) = self.owned.remove(name) else { return };
        for ip in &ips {
            let words = &self.words;
            if self.of_node.get(ip).filter(|own| words.get(own.name) == Some(name)).is_some()
                && let Some(gone) = self.of_node.remove(ip)
            {
                self.words.drop(gone.name);
            }
        }
    }

    /// The list of pods has ended: those that did not come are gone.
    pub(super) fn end_pods(&mut self, list: u32, within: Option<&str>) {
        let Self { words, pods, of_pod, .. } = self;
        let gone = of_pod
            .take(|_, at| pods.get(*at as usize).is_some_and(|pod| pod.list < list && is_in(words, pod.ns, within)));
        let mut gone: Vec<u32> = gone.into_iter().map(|(_, at)| at).collect();
        gone.sort_unstable();
        gone.dedup();
        for at in gone {
            self.free_pod(at);
        }
    }

    pub(super) fn end_services(&mut self, list: u32, within: Option<&str>) {
        let Self { words, of_service, .. } = self;
        let gone = of_service.take(|_, own| own.list < list && is_in(words, own.ns, within));
        self.drop_services(&gone);
    }

    pub(super) fn end_slices(&mut self, list: u32, within: Option<&str>) {
        let Self { words, slices, .. } = self;
        let gone: Vec<Slice> =
            slices.extract_if(|_, own| own.list < list && is_in(words, own.ns, within)).map(|(_, own)| own).collect();
        for gone in gone {
            self.free_slice(&gone);
        }
    }

    pub(super) fn end_nodes(&mut self, list: u32) {
        for (_, gone) in self.of_node.take(|_, own| own.list < list) {
            self.words.drop(gone.name);
        }
    }

    /// Who has this address.
    pub(super) fn find(&self, ip: IpAddr) -> Option<Found<'_>> {
        let ip = &ip.to_canonical();
        let none = Found { ns: None, pod: None, uid: None, workload: None, service: None, node: None };
        if let Some(pod) = self.of_pod.get(ip).and_then(|at| self.pods.get(*at as usize)) {
            return Some(Found {
                ns: self.words.get(pod.ns),
                pod: Some(&pod.name),
                uid: (pod.uid != [0; 16]).then_some(pod.uid),
                workload: self.words.get(pod.workload),
                service: self.behind.get(ip).and_then(|word| self.words.get(*word)),
                node: self.words.get(pod.node),
            });
        }
        if let Some(service) = self.of_service.get(ip) {
            return Some(Found { ns: self.words.get(service.ns), service: self.words.get(service.name), ..none });
        }
        let host = self.of_node.get(ip)?;
        Some(Found { node: self.words.get(host.name), ..none })
    }

    /// One of [`ALL_WHOLE`] kinds of object is known now, as far as it may be seen.
    pub(super) fn is_known(&mut self, which: u8) {
        self.whole |= 1 << which;
    }

    /// Everything is known that may be seen.
    pub(super) fn is_whole(&self) -> bool {
        self.whole.count_ones() >= ALL_WHOLE
    }

    /// The addresses of pods that are so, by name and workload; `None` where no pod is.
    pub(super) fn addresses_of_pods(
        &self,
        within: &dyn Fn(&str) -> bool,
        so: impl Fn(&str, &str) -> bool,
    ) -> Option<Vec<IpAddr>> {
        let of = |at: &u32| {
            let pod = self.pods.get(*at as usize)?;
            let (ns, workload) = (self.words.get(pod.ns)?, self.words.get(pod.workload).unwrap_or_default());
            (within(ns) && so(&pod.name, workload)).then_some(())
        };
        let found: Vec<IpAddr> = self.of_pod.iter().filter_map(|(ip, at)| of(at).map(|()| ip)).collect();
        (!found.is_empty()).then_some(found)
    }

    /// The addresses of services of this name and of what is behind them; `None` where there is none.
    pub(super) fn addresses_of_service(&self, within: &dyn Fn(&str) -> bool, name: &str) -> Option<Vec<IpAddr>> {
        let services =
            self.owned.iter().filter(|(key, _)| key.split_once('/').is_some_and(|(ns, own)| own == name && within(ns)));
        let slices = self.slices.values().filter(|slice| {
            self.words.get(slice.service) == Some(name) && self.words.get(slice.ns).is_some_and(within)
        });
        let mut there = false;
        let mut found = Vec::new();
        for ips in services.map(|(_, ips)| ips).chain(slices.map(|slice| &slice.ips)) {
            there = true;
            found.extend_from_slice(ips);
        }
        there.then_some(found)
    }

    /// Nobody has any address.
    pub(super) fn is_empty(&self) -> bool {
        self.of_pod.is_empty() && self.of_service.is_empty() && self.of_node.is_empty()
    }
}

fn is_in(words: &Words, ns: Word, within: Option<&str>) -> bool {
    within.is_none_or(|within| words.get(ns) == Some(within))
}

/// The bytes of a uid; zeros for what is none.
fn uid(text: &str) -> [u8; 16] {
    let (mut bytes, mut at) = ([0; 16], 0);
    for digit in text.bytes().filter(|byte| *byte != b'-') {
        let Some(value) = char::from(digit).to_digit(16) else { return [0; 16] };
        let Some(byte) = bytes.get_mut(at / 2) else { return [0; 16] };
        *byte = *byte << 4 | value as u8;
        at += 1;
    }
    if at == 32 { bytes } else { [0; 16] }
}

impl Found<'_> {
    /// The name for people, in parts: `shop/front-1`, or the node's name.
    pub(super) fn name(&self) -> [&str; 3] {
        match (self.ns, self.pod.or(self.service)) {
            (Some(ns), Some(name)) => [ns, "/", name],
            (_, name) => [name.or(self.node).unwrap_or_default(), "", ""],
        }
    }

    /// It is the pod of a workspace.
    pub(super) fn is_workspace(&self) -> bool {
        self.workload.is_some_and(|workload| workload.starts_with("workspace/"))
    }

    /// The uid as Kubernetes writes it.
    pub(super) fn uid(&self) -> Option<String> {
        let hex = hex::encode(self.uid?);
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        Some(format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)))
    }
}

#[cfg(test)]
impl From<Found<'_>> for Named {
    fn from(found: Found<'_>) -> Self {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Self {
            name: found.name().concat(),
            ns: own(found.ns),
            pod: own(found.pod),
            uid: found.uid(),
            workload: own(found.workload),
            service: own(found.service),
            node: own(found.node),
        }
    }
}

/// Values by address: most are IPv4, and take no more room for the others.
#[derive(Debug)]
struct ByIp<V> {
    v4: HashMap<[u8; 4], V>,
    v6: HashMap<[u8; 16], V>,
}

impl<V> Default for ByIp<V> {
    fn default() -> Self {
        Self { v4: HashMap::new(), v6: HashMap::new() }
    }
}

impl<V> ByIp<V> {
    fn get(&self, ip: &IpAddr) -> Option<&V> {
        match ip {
            IpAddr::V4(ip) => self.v4.get(&ip.octets()),
            IpAddr::V6(ip) => self.v6.get(&ip.octets()),
        }
    }

    fn put(&mut self, ip: IpAddr, value: V) -> Option<V> {
        match ip {
            IpAddr::V4(ip) => self.v4.insert(ip.octets(), value),
            IpAddr::V6(ip) => self.v6.insert(ip.octets(), value),
        }
    }

    fn remove(&mut self, ip: &IpAddr) -> Option<V> {
        match ip {
            IpAddr::V4(ip) => self.v4.remove(&ip.octets()),
            IpAddr::V6(ip) => self.v6.remove(&ip.octets()),
        }
    }

    /// Removes what is so, and gives it.
    fn take(&mut self, so: impl Fn(&IpAddr, &V) -> bool) -> Vec<(IpAddr, V)> {
        let v4 = extract(&mut self.v4, |key, value| so(&IpAddr::from(*key), value));
        let v6 = extract(&mut self.v6, |key, value| so(&IpAddr::from(*key), value));
        let v4 = v4.into_iter().map(|(key, value)| (IpAddr::from(key), value));
        v4.chain(v6.into_iter().map(|(key, value)| (IpAddr::from(key), value))).collect()
    }

    fn iter(&self) -> impl Iterator<Item = (IpAddr, &V)> {
        let v4 = self.v4.iter().map(|(ip, value)| (IpAddr::from(*ip), value));
        v4.chain(self.v6.iter().map(|(ip, value)| (IpAddr::from(*ip), value)))
    }

    fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }
}

/// So many kinds of object are watched.
const ALL_WHOLE: u32 = 4;

fn extract<K: Eq + Hash, V>(map: &mut HashMap<K, V>, so: impl Fn(&K, &V) -> bool) -> Vec<(K, V)> {
    map.extract_if(|key, value| so(key, value)).collect()
}

#[cfg(test)]
mod tests;
