//! The order that every agent of a tap is given: filter, levels, obligations.

use super::Options;
use crate::Error;
use crate::line::Choice;
use crate::names::{Names, Objects};
use crate::owner::random;
use bpf::{Filter, Resolve};
use pcap::LinkType;
use policy::Permit;
use policy::action::{PacketLevel, TapStart, TapStartObligations};
use proto::capture::{self, Program, SetFilter, Start, Warrant};
use std::time::Duration;

/// What of packets and secrets a permit lets out.
pub(crate) struct Granted {
    /// The most that may leave.
    most: PacketLevel,
    /// What leaves: what was asked for, within that.
    pub(crate) packets: PacketLevel,
    /// Secrets are masked.
    pub(crate) redact: bool,
}

impl Granted {
    pub(crate) fn by(permit: &Permit<TapStart>) -> Self {
        let (asked, obliged) = (permit.target(), permit.obligations());
        let most = obliged.packets.unwrap_or(PacketLevel::Full);
        let most = if obliged.headers_only { most.min(PacketLevel::Headers) } else { most };
        Self { most, packets: asked.packets.min(most), redact: obliged.redact || !asked.unredacted }
    }
}

/// What the permit allows and obliges to, as an agent is told.
pub(super) fn start(permit: &Permit<TapStart>, options: &Options, names: Option<&Names>) -> Result<Start, Error> {
    let TapStartObligations { headers_only, max_seconds, max_bytes, .. } = *permit.obligations();
    let (target, granted) = (permit.target(), Granted::by(permit));
    let warrant = Warrant {
        decision: permit.decision_id().to_string(),
        packets: level(granted.most) as i32,
        headers_only,
        redact: granted.redact,
        max_seconds: [max_seconds, target.seconds].into_iter().flatten().min().unwrap_or(0),
        max_bytes: max_bytes.unwrap_or(0),
        hash_key: random::<16>()?.to_vec(),
    };
    Ok(Start {
        tap: random::<16>()?.to_vec(),
        filter: Some(filter(&target.filter, &options.within, &Objects::new(names))?),
        snaplen: bpf::SNAPLEN,
        packets: level(granted.packets) as i32,
        records: options.records,
        limits: Some(capture::Limits { body: options.body, memory: options.memory, ..capture::Limits::default() }),
        warrant: Some(warrant),
        interfaces: options.interfaces.clone(),
        recorder: options.recorder.as_ref().map(recorder).transpose()?,
        ..Start::default()
    })
}

/// A flight recorder as an agent is told of it.
fn recorder(asked: &super::Recorder) -> Result<capture::Recorder, Error> {
    for text in &asked.until {
        if text.trim().is_empty() {
            let message = "a trigger is an expression, like `status >= 500`".to_owned();
            return Err(query::Error { message, at: 0, len: 0 }.into());
        }
        Choice::parse(text)?;
    }
    let ms = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    Ok(capture::Recorder { pre_ms: ms(asked.pre), post_ms: ms(asked.post), until: asked.until.clone(), bytes: 0 })
}

fn level(level: PacketLevel) -> capture::PacketLevel {
    match level {
        PacketLevel::None => capture::PacketLevel::None,
        PacketLevel::Headers => capture::PacketLevel::Headers,
        PacketLevel::Masked => capture::PacketLevel::Masked,
        PacketLevel::Full => capture::PacketLevel::Full,
    }
}

/// Whether a capture filter is one, of a configuration: it names no objects, since it is of no cluster.
///
/// # Errors
/// [`Error::Filter`] when it is none.
pub fn check_filter(text: &str) -> Result<(), Error> {
    if !text.trim().is_empty() {
        Filter::compile(text, bpf::Options::new(LinkType::ETHERNET))?;
    }
    Ok(())
}

/// The filter as programs for the link types that pods have: what is asked for, within what all filters are within. Its text
/// is what was asked for.
pub(super) fn filter(text: &str, within: &str, objects: &dyn Resolve) -> Result<SetFilter, Error> {
    let joined = match (text.trim(), within.trim()) {
        (asked, "") => asked.to_owned(),
        ("", within) => within.to_owned(),
        (asked, within) => {
            // What is wrong is told by its place in what they wrote.
            Filter::compile_with(text, bpf::Options::new(LinkType::ETHERNET), objects)?;
            format!("({asked}) and ({within})")
        }
    };
    let mut programs = Vec::new();
    if !joined.is_empty() {
        for link in [LinkType::ETHERNET, LinkType::RAW] {
            let made = Filter::compile_with(&joined, bpf::Options::new(link), objects)?;
            let word = |one: &bpf::Instruction| {
                u64::from(one.code) << 48 | u64::from(one.yes) << 40 | u64::from(one.no) << 32 | u64::from(one.k)
            };
            let code = made.program().instructions().iter().map(word).collect();
            programs.push(Program { link: u32::from(link.0), code, interface: 0 });
        }
    }
    Ok(SetFilter { id: 1, programs, text: text.to_owned() })
}

#[cfg(test)]
mod tests;
