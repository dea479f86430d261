//! The forms of a live file: pcapng, or classic pcap with one link type and nothing but packets.

use super::held::Held;
use crate::error::Error;
use crate::grammar::tap::FileForm;
use pcap::{ClassicWriter, Counters, Interface, LinkType, Outgoing, Section, Writer};
use std::net::IpAddr;

/// How packets are written.
pub(super) enum Form {
    Ng {
        writer: Writer,
        comment: String,
    },
    /// Begun with the first packet, whose link type all must have.
    Classic {
        nanos: bool,
        writer: Option<(ClassicWriter, LinkType)>,
    },
}

impl Form {
    pub(super) fn start(form: FileForm, comment: &str, out: &mut Vec<u8>) -> Self {
        match form {
            FileForm::Pcapng => {
                let writer = section(comment, out);
                Self::Ng { writer, comment: comment.to_owned() }
            }
            FileForm::Pcap => Self::Classic { nanos: false, writer: None },
            FileForm::PcapNs => Self::Classic { nanos: true, writer: None },
        }
    }

    /// Begins a new file.
    pub(super) fn again(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Ng { writer, comment } => *writer = section(comment, out),
            Self::Classic { writer, .. } => *writer = None,
        }
    }

    /// Describes an interface; its number, where the form has any.
    pub(super) fn interface(&mut self, about: &Interface, out: &mut Vec<u8>) -> Option<u32> {
        match self {
            Self::Ng { writer, .. } => Some(writer.interface(about, out)),
            Self::Classic { .. } => None,
        }
    }

    pub(super) fn names<'n>(&mut self, names: impl Iterator<Item = (IpAddr, &'n str)>, out: &mut Vec<u8>) {
        if let Self::Ng { writer, .. } = self {
            writer.names(names, out);
        }
    }

    pub(super) fn counters(&mut self, number: Option<u32>, ts_ns: u64, counters: &Counters, out: &mut Vec<u8>) {
        if let (Self::Ng { writer, .. }, Some(number)) = (self, number) {
            let lost = counters.dropped.unwrap_or(0) + counters.dropped_os.unwrap_or(0);
            let whole = Counters { received: counters.delivered.map(|count| count + lost), ..*counters };
            if writer.counters(number, ts_ns, &whole, out).is_err() {
                tracing::warn!(number, "counters of an interface that the file does not have");
            }
        }
    }

    pub(super) fn packet(
        &mut self,
        number: Option<u32>,
        held: &Held,
        comment: Option<&str>,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let result = match self {
            Self::Ng { writer, .. } => {
                let done = capture::files::comments(held.flags).iter().copied();
                let comments: Vec<&str> = comment.into_iter().chain(done).collect();
                let outgoing = Outgoing {
                    iface: number.unwrap_or(u32::MAX),
                    ts_ns: held.ts_ns,
                    orig_len: held.orig_len,
                    bytes: &held.bytes,
                    flags: Some(capture::files::direction(held.flags)),
                    lost_before: (held.lost > 0).then_some(held.lost),
                    id: None,
                    comments: &comments,
                };
                writer.packet(&outgoing, out)
            }
            Self::Classic { nanos, writer } => {
                let link = held.link;
                let (writer, own) =
                    writer.get_or_insert_with(|| (ClassicWriter::start(link, *nanos, bpf::SNAPLEN, out), link));
                if *own != link {
                    return Err(Error::Usage(format!(
                        "a classic pcap file holds one link type, and these pods have {} and {}: write pcapng",
                        own.0, link.0
                    )));
                }
                writer.packet(held.ts_ns, held.orig_len, &held.bytes, out)
            }
        };
        if let Err(error) = result {
            tracing::warn!(%error, len = held.bytes.len(), "a packet that no file can hold");
        }
        Ok(())
    }

    /// Nothing follows: a classic file without a packet gets its head.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        if let Self::Classic { nanos, writer: None } = self {
            ClassicWriter::start(LinkType::ETHERNET, *nanos, bpf::SNAPLEN, out);
        }
    }
}

fn section(comment: &str, out: &mut Vec<u8>) -> Writer {
    let section = Section {
        hardware: Some(std::env::consts::ARCH),
        os: Some(std::env::consts::OS),
        application: Some(concat!("qd ", env!("CARGO_PKG_VERSION"))),
        comment: Some(comment),
    };
    Writer::start(&section, out)
}
