//! Records as lines: each is written as JSON into one reused buffer, chosen, and left as it is or given another shape.

use std::io::Write;

use capture::line::{Choice, Members, json};
use flow::{Envelope, Record, Sink, Writer};

use super::drive::Target;
use super::error::TapError;
use super::picked::Picked;
use super::shape::Shape;
use crate::error::Error;
use crate::grammar::tap::{Order, ReadArgs};

/// Which records are wanted.
pub(super) struct Chosen {
    proto: Vec<String>,
    choice: Option<Choice>,
}

impl Chosen {
    pub(super) fn of(args: &ReadArgs) -> Result<Self, Error> {
        Self::new(&args.proto, args.where_expr.as_deref())
    }

    pub(super) fn new(proto: &[String], where_expr: Option<&str>) -> Result<Self, Error> {
        let text = where_expr.unwrap_or_default();
        let choice = Choice::of(text).map_err(|error| Error::of(TapError::Select { text: text.to_owned(), error }))?;
        Ok(Self { proto: proto.to_vec(), choice })
    }

    /// By its kind alone; flows also by the protocol in them.
    pub(super) fn kind(&self, record: &Record<'_>) -> bool {
        self.proto.is_empty()
            || self.proto.iter().any(|want| match record {
                Record::Flow(flow) => want == "flow" || want == flow.app.name() || want == flow.proto,
                other => want == other.kind(),
            })
    }

    /// The same of a record that came as its line.
    pub(super) fn members(&self, members: &Members<'_>) -> bool {
        let kind = members.plain("kind");
        let of_flow = |want: &String| kind == "flow" && (members.is("app", want) || members.is("proto", want));
        self.proto.is_empty() || self.proto.iter().any(|want| want == kind || of_flow(want))
    }

    /// By the expression. What it costs is told on stderr, where that is much.
    pub(super) fn line(&mut self, line: &[u8]) -> bool {
        let holds = self.holds(line);
        if let Some(words) = self.warning() {
            eprintln!("{words}");
        }
        holds
    }

    /// By the expression, and nothing is told.
    pub(super) fn holds(&mut self, line: &[u8]) -> bool {
        self.choice.as_mut().is_none_or(|choice| choice.holds(line))
    }

    /// What the expression costs, once, where that is much. It chooses on.
    pub(super) fn warning(&mut self) -> Option<String> {
        self.choice.as_mut()?.warning()
    }

    /// Every record is wanted.
    pub(super) fn is_all(&self) -> bool {
        self.proto.is_empty() && self.choice.is_none()
    }
}

/// Writes records out.
pub(super) struct Lines<'o, W: Write> {
    out: &'o mut W,
    buffer: Vec<u8>,
    writer: Writer,
    line: Vec<u8>,
    chosen: Chosen,
    shape: Shape,
    /// With `--order start`: where each line stands in `buffer`, with its time.
    held: Option<Vec<(i64, std::ops::Range<usize>)>>,
    begun: bool,
    /// What was written between two packets and failed.
    failed: Option<Error>,
    /// For `--write`: what belongs to the chosen records.
    picked: Option<Picked>,
}

impl<'o, W: Write> Lines<'o, W> {
    pub(super) fn new(out: &'o mut W, chosen: Chosen, shape: Shape, order: Order) -> Self {
        let held = (order == Order::Start).then(Vec::new);
        Self {
            out,
            buffer: Vec::with_capacity(BATCH + BATCH / 2),
            writer: Writer::default(),
            line: Vec::new(),
            chosen,
            shape,
            held,
            begun: false,
            failed: None,
            picked: None,
        }
    }

    /// Remembers what belongs to the chosen records.
    pub(super) fn pick(&mut self) {
        self.picked = Some(Picked::default());
    }

    /// What was remembered.
    pub(super) fn picked(&mut self) -> Option<Picked> {
        self.picked.take()
    }

    /// Whether every record is wanted.
    pub(super) fn wants_all(&self) -> bool {
        self.chosen.is_all()
    }

    /// Whether the input was a capture.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Prints what was held and the end of the output.
    pub(super) fn end(mut self) -> Result<(), Error> {
        if !self.begun {
            return Ok(());
        }
        if let Some(mut held) = self.held.take() {
            // equal times keep the order in which they were done
            held.sort_by_key(|(ts, _)| *ts);
            let lines = std::mem::take(&mut self.buffer);
            self.shape.begin(&mut self.buffer);
            for (_, range) in held {
                self.shape.line(lines.get(range).unwrap_or_default(), &mut self.buffer);
                self.flush(false)?;
            }
        }
        self.shape.end(&mut self.buffer);
        self.flush(true)
    }
}

impl<W: Write> Sink for Lines<'_, W> {
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        let shown = self.shape.shows(record);
        if self.chosen.kind(record) && (shown || self.picked.is_some()) {
            self.choose(envelope, record, shown);
        }
        if let Some(picked) = &mut self.picked {
            picked.flow(envelope, record);
        }
        // Many records may come of one packet, and of the end of a capture: they do not pile up.
        if self.failed.is_none()
            && let Err(error) = self.flush(false)
        {
            self.buffer.clear();
            self.failed = Some(error);
        }
    }
}

impl<W: Write> Lines<'_, W> {
    fn choose(&mut self, envelope: &Envelope<'_>, record: &Record<'_>, shown: bool) {
        let start = self.buffer.len();
        self.writer.write(record, envelope, &mut self.buffer);
        let line = self.buffer.get(start..).unwrap_or_default();
        let chosen = self.chosen.line(line);
        if let (Some(picked), true) = (&mut self.picked, chosen) {
            picked.take(envelope, record, line);
        }
        if !chosen || !shown {
            self.buffer.truncate(start);
            return;
        }
        if let Some(held) = &mut self.held {
            held.push((envelope.ts_us, start..self.buffer.len()));
            return;
        }
        if self.shape.is_plain() {
            self.buffer.push(b'\n');
            return;
        }
        self.line.clear();
        self.line.extend_from_slice(line);
        self.buffer.truncate(start);
        self.shape.line(&self.line, &mut self.buffer);
    }
}

impl<W: Write> Target for Lines<'_, W> {
    fn begin(&mut self) {
        self.begun = true;
        if self.held.is_none() {
            self.shape.begin(&mut self.buffer);
        }
    }

    fn flush(&mut self, now: bool) -> Result<(), Error> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if self.held.is_some() || self.buffer.is_empty() || (!now && self.buffer.len() < BATCH) {
            return Ok(());
        }
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        if now {
            self.out.flush()?;
        }
        Ok(())
    }
}

/// The raw members of a record that are asked for, as a smaller record.
pub(super) fn part(line: &[u8], fields: &[String], out: &mut Vec<u8>) {
    out.push(b'{');
    let mut first = true;
    for field in fields {
        if let Some(raw) = json::get(line, field) {
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            out.push(b'"');
            out.extend_from_slice(field.as_bytes());
            out.extend_from_slice(b"\":");
            out.extend_from_slice(raw);
        }
    }
    out.push(b'}');
}

/// Bytes that are written at once.
const BATCH: usize = 64 << 10;

#[cfg(test)]
mod tests;
