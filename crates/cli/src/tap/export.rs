//! `--write`: packets of a capture into a file of their own, as pcapng or classic pcap.

use std::path::Path;

use flow::{Envelope, Record, Sink};
use pcap::{
    ClassicWriter, Counters, Interface, Item, LinkType, Outgoing, Packet, Reader, Section, Step, TLS_KEY_LOG, Writer,
};

use super::drain::{Drain, Place};
use super::drive::Target;
use super::error::{TapError, called};
use super::input::Input;
use super::picked::Picked;
use super::s3::S3;
use super::sieve::Sieve;
use crate::error::Error;
use crate::grammar::tap::FileForm;

/// A file of packets that is being written. What is in it is whole blocks, always.
pub(super) struct Export {
    to: Drain,
    buffer: Vec<u8>,
    form: Form,
    /// Number here of each interface there, and what was written of it.
    interfaces: Vec<(u32, Counters)>,
    last_ns: u64,
    /// Only these, with comments; else everything.
    picked: Option<Picked>,
    /// Whether packets outside of the picked flows are left out.
    only_picked: bool,
}

enum Form {
    Ng(Writer),
    /// Begun with the first packet, whose link type all must have.
    Classic {
        nanos: bool,
        writer: Option<(ClassicWriter, LinkType)>,
    },
}

impl Export {
    /// Opens the file; `-` is stdout.
    pub(super) fn create(path: &Path, form: FileForm, comment: &str, s3: &S3) -> Result<Self, Error> {
        let to = Drain::create(path, None, Place { s3, alone: true })?;
        let mut buffer = Vec::new();
        let application = concat!("qd ", env!("CARGO_PKG_VERSION"));
        let section = Section { application: Some(application), comment: Some(comment), ..Section::default() };
        let form = match form {
            FileForm::Pcapng => Form::Ng(Writer::start(&section, &mut buffer)),
            FileForm::Pcap => Form::Classic { nanos: false, writer: None },
            FileForm::PcapNs => Form::Classic { nanos: true, writer: None },
        };
        let interfaces = Vec::new();
        Ok(Self { to, buffer, form, interfaces, last_ns: 0, picked: None, only_picked: false })
    }

    /// Writes lines of a TLS key log, without which what they opened could not be read. They stand before the packets
    /// that need them; a classic file has no place for them.
    pub(super) fn keys(&mut self, lines: &[u8]) {
        if let Form::Ng(writer) = &self.form {
            writer.tls_keys(lines, &mut self.buffer);
        }
    }

    /// Reads the capture once more and writes what was picked.
    pub(super) fn copy(
        mut self,
        from: &Path,
        filter: Option<&str>,
        mut picked: Picked,
        only_picked: bool,
    ) -> Result<(), Error> {
        let mut sieve = Sieve::new(filter)?;
        picked.ready();
        self.picked = Some(picked);
        self.only_picked = only_picked;
        let file = called(from);
        let failed = |error| Error::of(TapError::read(&file, error));
        let mut input = Input::open(from).map_err(failed)?;
        let mut reader = Reader::new();
        loop {
            let step = reader.next(input.bytes(), input.ended());
            match step.map_err(|refused| Error::of(TapError::refused(&file, refused)))? {
                Step::Item { used, item } => {
                    match &item {
                        Item::Interface(number, _) => sieve.describe(reader.link(*number))?,
                        Item::Packet(packet) if !sieve.takes(packet) => {
                            input.consume(used);
                            continue;
                        }
                        _ => {}
                    }
                    self.item(&item, &reader)?;
                    input.consume(used);
                }
                Step::More { used, want } => {
                    input.consume(used);
                    input.fill(want).map_err(failed)?;
                }
                Step::End => return self.end(),
            }
        }
    }

    /// Writes one thing of a capture.
    pub(super) fn item(&mut self, item: &Item<'_>, reader: &Reader) -> Result<(), Error> {
        match (item, &mut self.form) {
            (Item::Packet(packet), _) => self.packet(packet)?,
            (Item::Interface(number, _), Form::Ng(writer)) => {
                let plain = Interface::new(LinkType(0));
                let about = reader.interface(*number).unwrap_or(&plain);
                let here = writer.interface(about, &mut self.buffer);
                self.interfaces.push((here, Counters::default()));
            }
            (Item::Names(names), Form::Ng(writer)) => {
                writer.names(names.iter().map(|name| (name.ip, name.name)), &mut self.buffer);
            }
            (Item::Secrets { kind: TLS_KEY_LOG, data }, Form::Ng(writer)) => writer.tls_keys(data, &mut self.buffer),
            (Item::Stats { iface, options, .. }, _) => {
                if let Some((_, counters)) = self.interfaces.get_mut(*iface as usize) {
                    counters.received = options.u64(4);
                    counters.dropped = options.u64(5);
                    counters.dropped_os = options.u64(7);
                }
            }
            _ => {}
        }
        if self.buffer.len() >= BATCH {
            self.flush()?;
        }
        Ok(())
    }

    fn packet(&mut self, packet: &Packet<'_>) -> Result<(), Error> {
        let mut comment = None;
        if let Some(picked) = &mut self.picked {
            let ts_us = (packet.ts_ns / 1000) as i64;
            let ends = flow::ends(packet.link, packet.bytes, packet.orig_len);
            if self.only_picked && !ends.is_some_and(|ends| picked.has(&ends, ts_us)) {
                return Ok(());
            }
            comment = ends.and_then(|ends| picked.comment(&ends, ts_us));
        }
        self.last_ns = self.last_ns.max(packet.ts_ns);
        match &mut self.form {
            Form::Ng(writer) => {
                let Some((iface, counters)) = self.interfaces.get_mut(packet.iface as usize) else { return Ok(()) };
                counters.start_ns = Some(counters.start_ns.map_or(packet.ts_ns, |start| start.min(packet.ts_ns)));
                counters.end_ns = counters.end_ns.max(Some(packet.ts_ns));
                counters.delivered = Some(counters.delivered.unwrap_or(0) + 1);
                let mut comments: Vec<&str> = packet.options.comments().collect();
                comments.extend(comment.as_deref());
                let out = Outgoing {
                    iface: *iface,
                    ts_ns: packet.ts_ns,
                    orig_len: packet.orig_len,
                    bytes: packet.bytes,
                    flags: packet.flags(),
                    lost_before: packet.lost_before(),
                    id: packet.id(),
                    comments: &comments,
                };
                writer.packet(&out, &mut self.buffer).map_err(|error| Error::Usage(error.to_string()))
            }
            Form::Classic { nanos, writer } => {
                let (writer, link) = writer.get_or_insert_with(|| {
                    (ClassicWriter::start(packet.link, *nanos, 0, &mut self.buffer), packet.link)
                });
                if *link != packet.link {
                    return Err(Error::Usage(format!(
                        "a classic pcap file holds one link type, and this capture has {} and {}: write pcapng",
                        link.0, packet.link.0
                    )));
                }
                writer
                    .packet(packet.ts_ns, packet.orig_len, packet.bytes, &mut self.buffer)
                    .map_err(|error| Error::Usage(error.to_string()))
            }
        }
    }

    /// Writes counters of each interface, and everything out.
    pub(super) fn end(mut self) -> Result<(), Error> {
        match &self.form {
            Form::Ng(writer) => {
                for (iface, counters) in &self.interfaces {
                    // each was written above
                    let _ = writer.counters(*iface, self.last_ns, counters, &mut self.buffer);
                }
            }
            Form::Classic { nanos, writer: None } => {
                ClassicWriter::start(LinkType::ETHERNET, *nanos, 0, &mut self.buffer);
            }
            Form::Classic { .. } => {}
        }
        self.flush()?;
        self.to.end().map(drop)
    }

    /// Writes whole blocks.
    fn flush(&mut self) -> Result<(), Error> {
        self.to.write(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// Everything goes to a file of packets on its way to another target. The file is made when the input has proved to be a
/// capture.
pub(super) struct Tee<'t, T> {
    pub(super) target: T,
    path: &'t Path,
    form: FileForm,
    comment: &'t str,
    s3: &'t S3,
    /// There are records too.
    told: bool,
    export: Option<Export>,
}

impl<'t, T: Target> Tee<'t, T> {
    pub(super) fn new(target: T, path: &'t Path, form: FileForm, comment: &'t str, s3: &'t S3, told: bool) -> Self {
        Self { target, path, form, comment, s3, told, export: None }
    }

    /// Ends the file; what it was on its way to is left.
    pub(super) fn end(self) -> Result<T, Error> {
        self.export.map_or(Ok(()), Export::end)?;
        Ok(self.target)
    }
}

impl<T: Target> Sink for Tee<'_, T> {
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        self.target.record(envelope, record);
    }
}

impl<T: Target> Target for Tee<'_, T> {
    fn begin(&mut self) {
        self.target.begin();
    }

    fn flush(&mut self, now: bool) -> Result<(), Error> {
        if let Some(export) = self.export.as_mut().filter(|_| now) {
            export.flush()?;
        }
        self.target.flush(now)
    }

    fn looks(&self) -> bool {
        self.told
    }

    fn item(&mut self, item: &Item<'_>, reader: &Reader) -> Result<(), Error> {
        let export = match &mut self.export {
            Some(export) => export,
            none => none.insert(Export::create(self.path, self.form, self.comment, self.s3)?),
        };
        export.item(item, reader)
    }
}

/// Bytes that are written at once.
const BATCH: usize = 256 << 10;
