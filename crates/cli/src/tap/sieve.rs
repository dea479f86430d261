//! `--filter`: which packets are looked at, by the filter compiled for the link type of each interface.

use bpf::{Filter, Options};
use pcap::{LinkType, Packet};

use super::error::TapError;
use crate::error::Error;

/// A capture filter for every link type of a capture.
pub(super) struct Sieve<'t> {
    text: Option<&'t str>,
    compiled: Vec<(LinkType, Filter)>,
}

impl<'t> Sieve<'t> {
    /// No text takes everything. A text that means nothing on any link is refused here, before the capture is read.
    pub(super) fn new(text: Option<&'t str>) -> Result<Self, Error> {
        let text = text.filter(|text| !text.trim().is_empty());
        if let Some(text) = text {
            // most say the same on every link: what is wrong with those is known without a capture
            if let Err(error @ (bpf::Error::HostUnknown { .. } | bpf::Error::TooLong { .. })) =
                compile(text, LinkType::ETHERNET)
            {
                return Err(Error::of(TapError::Filter(error)));
            }
        }
        Ok(Self { text, compiled: Vec::new() })
    }

    /// An interface of this link type comes.
    pub(super) fn describe(&mut self, link: LinkType) -> Result<(), Error> {
        if let Some(text) = self.text
            && !self.compiled.iter().any(|(have, _)| *have == link)
        {
            let filter = compile(text, link).map_err(|error| Error::of(TapError::Filter(error)))?;
            self.compiled.push((link, filter));
        }
        Ok(())
    }

    /// Whether a packet is looked at.
    #[inline]
    pub(super) fn takes(&self, packet: &Packet<'_>) -> bool {
        self.text.is_none()
            || self
                .compiled
                .iter()
                .find(|(link, _)| *link == packet.link)
                .is_some_and(|(_, filter)| filter.matches(packet.bytes, packet.orig_len))
    }
}

fn compile(text: &str, link: LinkType) -> Result<Filter, bpf::Error> {
    Filter::compile(text, Options::new(link))
}
