//! The rings of a capture: one for each interface, and more where one is too small.
//!
//! ```text
//! interface ─┬─ ring, 8 MiB     the kernel fills the first that has room, and tells what none had room for
//!            └─ ring, 8 MiB     added after a second with losses, as large as all before it: up to 64 MiB, within the budget
//! ```

use crate::links::Link;
use crate::ring::{Ring, Socket};
use proto::capture::SetFilter;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// All rings.
pub(super) struct Rings {
    all: Vec<Ring>,
    /// Bytes of the first ring of an interface.
    size: usize,
    /// Bytes that all may have together; the first of an interface is made in any case.
    budget: usize,
}

impl Rings {
    pub(super) fn new(size: usize, budget: usize) -> Self {
        Self { all: Vec::new(), size, budget }
    }

    /// Captures on an interface.
    pub(super) fn open(&mut self, socket: Socket, link: &Link, filter: &SetFilter) -> io::Result<()> {
        let mut ring = Ring::over(socket, self.size)?;
        ring.filter(program(filter, link.interface.index, link.interface.link)?.as_ref())?;
        ring.bind(link.interface.index, link.link, link.loopback)?;
        // A socket stays in its group for ever: it joins one only where it may get company.
        let used = self.used() + ring.size();
        if more(ring.size(), used, self.budget) > 0 {
            let _ = ring.join(None);
        }
        self.all.push(ring);
        Ok(())
    }

    pub(super) fn has(&self, interface: u32) -> bool {
        self.all.iter().any(|ring| ring.interface() == interface)
    }

    /// Lets go of an interface; the sockets that can be used again.
    pub(super) fn close(&mut self, interface: u32) -> Vec<Socket> {
        self.all.extract_if(.., |ring| ring.interface() == interface).filter_map(Ring::release).collect()
    }

    /// Lets go of all.
    pub(super) fn close_all(self) -> impl Iterator<Item = Socket> {
        self.all.into_iter().filter_map(Ring::release)
    }

    /// For `poll`: those that are not to be left at this time.
    pub(super) fn fds(&self, now_ns: u64) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.all.iter().filter(move |ring| self.waits(ring, now_ns).is_none()).map(Ring::fd)
    }

    /// How long nothing is to be read of those that are left.
    pub(super) fn due(&self, now_ns: u64) -> Duration {
        let waits = self.all.iter().filter_map(|ring| self.waits(ring, now_ns));
        waits.min().map_or(Duration::MAX, Duration::from_nanos)
    }

    /// How long a ring is left, so that others are read first; none where there are no others.
    fn waits(&self, ring: &Ring, now_ns: u64) -> Option<u64> {
        ring.waits_ns(now_ns).filter(|_| self.all.iter().any(|other| !other.is_loopback()))
    }

    /// Takes note of what happened to the sockets.
    pub(super) fn take_errors(&self) {
        self.all.iter().for_each(Ring::take_error);
    }

    /// The ring whose next block is full and has its turn first, of those that are not to be left at this time; without one, of
    /// all.
    pub(super) fn next(&mut self, now_ns: Option<u64>) -> Option<&mut Ring> {
        let is_left = |ring: &&Ring| now_ns.is_some_and(|now_ns| self.waits(ring, now_ns).is_some());
        let ready = self.all.iter().enumerate().filter(|(_, ring)| !is_left(ring));
        let at = ready.filter_map(|(at, ring)| Some((ring.turn_ns()?, at))).min()?.1;
        self.all.get_mut(at)
    }

    /// How many rings there are.
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// What the kernel dropped since the last call, by interface.
    pub(super) fn drops(&self) -> Vec<(u32, u64)> {
        let mut all: Vec<(u32, u64)> = Vec::new();
        for ring in &self.all {
            let drops = ring.counters().map_or(0, |counters| counters.drops);
            match all.iter_mut().find(|(interface, _)| *interface == ring.interface()) {
                Some((_, sum)) => *sum += drops,
                None => all.push((ring.interface(), drops)),
            }
        }
        all.retain(|(_, drops)| *drops > 0);
        all
    }

    /// Gives an interface one ring more; its bytes altogether then, or nothing where the budget has no more. It takes a
    /// socket of `spare`.
    pub(super) fn grow(
        &mut self,
        interface: u32,
        spare: &mut Vec<Socket>,
        filter: &SetFilter,
    ) -> io::Result<Option<usize>> {
        let own = || self.all.iter().filter(|ring| ring.interface() == interface);
        let total: usize = own().map(Ring::size).sum();
        let bytes = more(total, self.used(), self.budget);
        let Some((first, group)) = own().find_map(|ring| Some((ring, ring.group()?))) else { return Ok(None) };
        let (link, loopback) = (first.link(), first.is_loopback());
        let Some(socket) = spare.pop_if(|_| bytes > 0) else { return Ok(None) };
        let mut ring = Ring::over(socket, bytes)?;
        // Until it is in the group it would get what the others get.
        ring.shut()?;
        ring.bind(interface, link, loopback)?;
        ring.join(Some(group))?;
        ring.filter(program(filter, interface, u32::from(link.0))?.as_ref())?;
        self.all.push(ring);
        Ok(Some(total + bytes))
    }

    fn used(&self) -> usize {
        self.all.iter().map(Ring::size).sum()
    }

    /// Whether a filter is one for every ring.
    pub(super) fn check(&self, filter: &SetFilter) -> io::Result<()> {
        self.all.iter().try_for_each(|ring| program(filter, ring.interface(), u32::from(ring.link().0)).map(drop))
    }

    /// Nothing passes any more.
    pub(super) fn shut(&self) -> io::Result<()> {
        self.all.iter().try_for_each(Ring::shut)
    }

    /// What this filter lets through passes from now on. Every ring is tried; the last error is told.
    pub(super) fn filter(&mut self, filter: &SetFilter) -> io::Result<()> {
        let mut result = Ok(());
        for ring in &mut self.all {
            let program = program(filter, ring.interface(), u32::from(ring.link().0));
            result = program.and_then(|program| ring.filter(program.as_ref())).and(result);
        }
        result
    }
}

/// The interface is not there any more.
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENODEV | libc::ENXIO))
}

/// How many bytes more an interface may have: as many as it has, up to the largest, within the budget of all.
fn more(total: usize, used: usize, budget: usize) -> usize {
    let bytes = total.min(LARGEST.saturating_sub(total)).min(budget.saturating_sub(used));
    if bytes < SMALLEST { 0 } else { bytes / SMALLEST * SMALLEST }
}

/// The program for an interface; none when everything passes.
///
/// # Errors
/// When it is none that a kernel takes: it jumps backwards, or not to its end.
fn program(filter: &SetFilter, interface: u32, link: u32) -> io::Result<Option<bpf::Program>> {
    let own = filter.programs.iter().find(|program| program.interface == interface);
    let of_link = || filter.programs.iter().find(|program| program.interface == 0 && program.link == link);
    let code: &[u64] = own.or_else(of_link).map_or(&[], |program| &program.code);
    if code.is_empty() {
        return Ok(None);
    }
    let instruction = |word: &u64| bpf::Instruction {
        code: (word >> 48) as u16,
        yes: (word >> 40) as u8,
        no: (word >> 32) as u8,
        k: *word as u32,
    };
    let program = bpf::Program::new(code.iter().map(instruction).collect()).map_err(io::Error::other)?;
    if program.has_loops() {
        return Err(io::Error::other("a filter with loops is for files: the kernel takes none"));
    }
    Ok(Some(program))
}

/// Bytes of the rings of one interface.
pub(super) const LARGEST: usize = 64 << 20;
/// Less is of no use.
pub(super) const SMALLEST: usize = 1 << 20;
