//! The reader: one state machine for classic pcap and pcapng, driven with slices of the file.

mod classic;
mod ng;
mod scan;

#[cfg(test)]
mod tests;

use crate::{Damage, Interface, Item, LinkType, Refused, Step, Why};
use classic::Classic;
use ng::Ng;
use scan::{Found, Scan};

/// Reads a capture file from slices of it.
///
/// The caller keeps a buffer. Each call gets what of the file is not done with, and whether the file ends there; the
/// answer says how much is done with now. Damage never ends a file: the reader looks for the next believable block.
#[derive(Debug)]
pub struct Reader {
    format: Format,
    interfaces: Vec<Interface>,
    /// Bytes left for texts of interfaces.
    room: usize,
    /// Offset of the first byte of the next input.
    at: u64,
    scan: Option<Scan>,
    last_ns: u64,
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Unknown,
    Classic(Classic),
    Ng(Ng),
}

/// What one try to read a block came to.
enum Try<'a> {
    /// A block and its length.
    Got(usize, Item<'a>),
    /// So many bytes are needed.
    Want(usize),
    /// No block can be here.
    Bad(Why),
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// At the begin of a file.
    #[must_use]
    pub fn new() -> Self {
        Self { format: Format::Unknown, interfaces: Vec::new(), room: TEXTS, at: 0, scan: None, last_ns: 0 }
    }

    /// Reads the next thing. `last`: the file ends with this input.
    ///
    /// # Errors
    /// When the file does not begin like a capture. After the first item there is no error any more.
    #[inline]
    pub fn next<'a>(&mut self, input: &'a [u8], last: bool) -> Result<Step<'a>, Refused> {
        let step = self.step(input, last)?;
        if let Step::Item { used, .. } | Step::More { used, .. } = step {
            self.at += used as u64;
        }
        Ok(step)
    }

    /// An interface by its number; numbers go through all sections.
    #[must_use]
    pub fn interface(&self, number: u32) -> Option<&Interface> {
        self.interfaces.get(number as usize)
    }

    /// The link type of an interface; that of number 0, BSD loopback, when there is no such interface.
    #[must_use]
    pub fn link(&self, number: u32) -> LinkType {
        self.interface(number).map_or(LinkType::NULL, |interface| interface.link)
    }

    /// Every interface so far.
    #[must_use]
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// How many bytes of the file are done with.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.at
    }

    fn step<'a>(&mut self, input: &'a [u8], last: bool) -> Result<Step<'a>, Refused> {
        if self.scan.is_some() {
            return Ok(self.search(input, last));
        }
        let tried = match self.format {
            Format::Unknown => return self.open(input, last),
            Format::Classic(classic) => self.record(classic, input),
            Format::Ng(ng) => self.block(ng, input),
        };
        Ok(match tried {
            Try::Got(used, item) => Step::Item { used, item },
            Try::Want(want) if !last => Step::More { used: 0, want },
            Try::Want(_) if input.is_empty() => Step::End,
            Try::Want(_) => self.lose(Scan::cut(self.at), input, last),
            Try::Bad(why) => self.lose(Scan::after(self.at, why), input, last),
        })
    }

    /// The first bytes of the file.
    fn open<'a>(&mut self, input: &'a [u8], last: bool) -> Result<Step<'a>, Refused> {
        let short = |refused| if last { Err(refused) } else { Ok(Step::More { used: 0, want: classic::HEADER }) };
        let Some(magic) = input.first_chunk::<4>() else {
            return short(if input.is_empty() { Refused::Empty } else { Refused::Magic });
        };
        if *magic == ng::SECTION_BYTES {
            return match ng::section(input) {
                ng::SectionTry::Got(used, ng, options) => {
                    self.format = Format::Ng(ng);
                    Ok(Step::Item { used, item: Item::Section(options) })
                }
                ng::SectionTry::Want(want) if !last => Ok(Step::More { used: 0, want }),
                ng::SectionTry::Want(_) => Err(Refused::Header),
                ng::SectionTry::Version(major, minor) => Err(Refused::Version(major, minor)),
                ng::SectionTry::Bad(_) => Err(Refused::Magic),
            };
        }
        let Some(classic) = Classic::of(*magic) else { return Err(Refused::Magic) };
        let Some(header) = input.first_chunk::<{ classic::HEADER }>() else { return short(Refused::Header) };
        let (classic, interface) = classic.header(header)?;
        self.format = Format::Classic(classic);
        self.interfaces.push(interface);
        Ok(Step::Item { used: classic::HEADER, item: Item::Interface(0, crate::Options::NONE) })
    }

    fn lose<'a>(&mut self, scan: Scan, input: &'a [u8], last: bool) -> Step<'a> {
        self.scan = Some(scan);
        self.search(input, last)
    }

    /// Looks for the next believable block.
    fn search<'a>(&mut self, input: &'a [u8], last: bool) -> Step<'a> {
        let Some(scan) = &mut self.scan else { return Step::End };
        let found = match self.format {
            Format::Classic(classic) => scan.search(input, last, |rest| classic.believable(rest, last, self.last_ns)),
            Format::Ng(ng) => scan.search(input, last, |rest| ng.believable(rest)),
            Format::Unknown => Found::Nothing,
        };
        let (from, why, end) = (scan.from, scan.why, scan.end);
        let damage = |used: usize, why| {
            let damage = Damage { at: from, len: (self.at - from) + used as u64, why };
            Step::Item { used, item: Item::Damage(damage) }
        };
        match found {
            Found::More { used, want } => Step::More { used, want },
            Found::Here(used) => {
                self.scan = None;
                damage(used, why)
            }
            Found::Nothing => {
                self.scan = None;
                damage(input.len(), end)
            }
        }
    }

    /// Remembers an interface.
    fn describe(&mut self, interface: Interface) -> Option<u32> {
        if self.interfaces.len() >= INTERFACES {
            return None;
        }
        self.interfaces.push(interface);
        u32::try_from(self.interfaces.len() - 1).ok()
    }
}

/// Interfaces that a reader keeps.
const INTERFACES: usize = 16_384;
/// Bytes of texts of interfaces that a reader keeps.
const TEXTS: usize = 1 << 20;
/// The longest block that is read.
const LONGEST: usize = 16 << 20;
