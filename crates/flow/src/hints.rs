//! What the caller knows and packets do not say: who listens where, what is spoken on a port, names.

use std::net::IpAddr;

use hashbrown::HashMap;

use crate::{App, Hint, detect::usual};

/// All hints so far. The oldest of a kind makes room.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    listen: Vec<(IpAddr, u16)>,
    own: Vec<IpAddr>,
    ports: Vec<(u16, App)>,
    names: HashMap<IpAddr, String>,
    heap: usize,
}

impl Hints {
    pub(crate) fn add(&mut self, hint: Hint) {
        match hint {
            Hint::Listen { ip, port } => {
                if !self.listen.contains(&(ip, port)) && self.listen.len() < MOST {
                    self.listen.push((ip, port));
                }
            }
            Hint::Own { ip } => {
                if !self.own.contains(&ip) && self.own.len() < MOST {
                    self.own.push(ip);
                }
            }
            Hint::ServerPort { port, app } => {
                self.ports.retain(|have| have.0 != port);
                if self.ports.len() < MOST {
                    self.ports.push((port, app));
                }
            }
            Hint::Name { ip, name } => {
                if self.names.len() < MOST || self.names.contains_key(&ip) {
                    self.heap += name.capacity() + 64;
                    if let Some(old) = self.names.insert(ip, name) {
                        self.heap -= old.capacity() + 64;
                    }
                }
            }
        }
    }

    /// Whether somebody listens there.
    pub(crate) fn listens(&self, ip: IpAddr, port: u16) -> bool {
        self.listen.iter().any(|(at, on)| *on == port && (*at == ip || at.is_unspecified()))
    }

    /// Whether it is an address of the place that is captured on, whose listening sockets are known.
    pub(crate) fn is_own(&self, ip: IpAddr) -> bool {
        self.own.contains(&ip)
    }

    /// What is spoken on a port, told or usual.
    pub(crate) fn app(&self, port: u16) -> App {
        self.ports.iter().find(|have| have.0 == port).map_or_else(|| usual(port), |have| have.1)
    }

    /// The name of an address.
    pub(crate) fn name(&self, ip: IpAddr) -> Option<&str> {
        self.names.get(&ip).map(String::as_str)
    }

    pub(crate) fn heap(&self) -> usize {
        let addresses = self.own.capacity() * size_of::<IpAddr>();
        self.heap + addresses + self.listen.capacity() * size_of::<(IpAddr, u16)>() + self.ports.capacity() * 4
    }
}

/// Hints of one kind that are kept.
const MOST: usize = 4096;
