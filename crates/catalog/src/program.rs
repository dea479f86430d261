//! A kind's columns, compiled: from the node of an object to the cells of its row in one pass over its bytes.

use crate::cells::{Cells, Labels, Out};
use crate::column::{Args, Col, Path, Read};
use crate::kind::{Kind, Source};
use crate::printer::PrinterCell;
use crate::served::ServedColumn;
use base::{Code, Coded};
use smallvec::SmallVec;
use std::sync::Arc;
use table::Schema;
use wire::{Extract, Message, Node, Slots};

/// Writes rows of one kind. Shared by all feeds of the kind; holds no state of a row.
pub struct Program {
    schema: Arc<Schema>,
    extract: Extract,
    reads: Vec<Reader>,
    fill: Option<FillFrom>,
}

/// The row could be written only in part: mark it and show the object as it is (EXF-08).
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", if *.named { "the object could be read only in part" } else { "an object without a name cannot be shown" })]
pub struct Partial {
    /// The row has its name, so that it can be shown with the cells that could be read.
    pub named: bool,
    /// What is wrong with the bytes, if that is the reason.
    #[source]
    pub error: Option<wire::Error>,
}

impl Partial {
    /// What is wrong, in words for the row's mark.
    #[must_use]
    pub fn reason(&self) -> String {
        self.error.as_ref().map_or_else(|| "the object has no name".to_owned(), ToString::to_string)
    }
}

impl Coded for Partial {
    fn code(&self) -> Code {
        Code::DecodePartial
    }
}

/// Writes several columns from values that it reads once.
pub(crate) trait Fill: Send + Sync {
    /// Writes every column of the kind that is [`Read::Filled`].
    ///
    /// # Errors
    /// When bytes on the way are damaged.
    fn run(&self, args: &Args<'_, '_>, cells: &mut dyn Cells) -> Result<(), wire::Error>;
}

/// What a kind's [`Fill`] reads, and how to make it for a message type.
pub(crate) struct FillSpec {
    pub(crate) paths: &'static [Path],
    pub(crate) make: fn(Option<&'static Message>) -> Box<dyn Fill>,
}

/// A kind's fill, with the slots of the values that it reads.
struct FillFrom {
    at: SmallVec<[u16; 24]>,
    fill: Box<dyn Fill>,
}

struct Reader {
    column: usize,
    read: CellFrom,
}

enum CellFrom {
    Builtin(&'static Col, SmallVec<[u16; 4]>),
    Printer(PrinterCell),
    Served(ServedColumn),
}

/// Compiles the columns of a kind.
#[must_use]
pub fn compile(kind: &Kind) -> Program {
    let message = Message::of(&kind.api_version(), &kind.kind);
    let served = kind.is_served_as_table();
    let mut paths: Vec<Path> = if served { IN_ROW.to_vec() } else { IDENTITY.to_vec() };
    let mut slot = |path: Path| -> u16 {
        let at = paths.iter().position(|own| *own == path).unwrap_or_else(|| {
            paths.push(path);
            paths.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    };
    let mut reads = Vec::new();
    let mut fill = None;
    match &kind.source {
        Source::Builtin(spec) => {
            for (column, col) in spec.columns.iter().enumerate() {
                let at = match col.read {
                    Read::Filled => continue,
                    Read::Name => std::iter::once(slot(NAME)).collect(),
                    Read::Text(path) | Read::Int(path) | Read::Count(path) | Read::Time(path) | Read::Bool(path, _) => {
                        std::iter::once(slot(path)).collect()
                    }
                    Read::Ratio(have, want) => [slot(have), slot(want)].into_iter().collect(),
                    Read::With(paths, _) => paths.iter().map(|path| slot(path)).collect(),
                };
                reads.push(Reader { column, read: CellFrom::Builtin(col, at) });
            }
            fill = spec.fill.as_ref().map(|fill| FillFrom {
                at: fill.paths.iter().map(|path| slot(path)).collect(),
                fill: (fill.make)(message),
            });
        }
        Source::Printer(columns) => {
            let cells = columns.iter().map(PrinterCell::new).enumerate();
            reads.extend(cells.map(|(column, cell)| Reader { column, read: CellFrom::Printer(cell) }));
        }
        Source::Served(columns) => {
            let cells = columns.iter().cloned().enumerate();
            reads.extend(cells.map(|(column, cell)| Reader { column, read: CellFrom::Served(cell) }));
        }
        Source::Plain => {
            let at = std::iter::once(slot(crate::column::CREATED)).collect();
            reads.push(Reader { column: 0, read: CellFrom::Builtin(&AGE_COLUMN, at) });
        }
    }
    Program {
        schema: Schema::new(kind.columns.clone(), kind.namespaced),
        extract: Extract::new(message, &paths),
        reads,
        fill,
    }
}

impl Program {
    /// The columns that it writes, as the schema of a table.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Writes the row of an object: identity, labels, cells. Columns that the object has nothing for are absent.
    ///
    /// # Errors
    /// [`Partial`]: what could be read is written.
    pub fn run(&self, node: Node<'_>, cells: &mut dyn Cells) -> Result<(), Partial> {
        let mut slots = Slots::default();
        let mut damage = self.extract.run(node, &mut slots).err();
        let identity = |at| slots.get(at).and_then(Node::as_str).unwrap_or_default();
        let name = identity(0);
        cells.identity(&identity(1), &name, &identity(2), &identity(3));
        let labels: Labels<'_> = slots
            .get(4)
            .map(Node::entries)
            .into_iter()
            .flatten()
            .map(|(key, value)| (key, value.as_str().unwrap_or_default()))
            .collect();
        cells.labels(&labels);
        for reader in &self.reads {
            let mut out = Out { cells, column: reader.column };
            match &reader.read {
                CellFrom::Builtin(col, at) => write(col.read, &Args { slots: &slots, at }, &mut out),
                CellFrom::Printer(cell) => cell.write(node, &mut out),
                CellFrom::Served(cell) => cell.write(slots.get(CELLS), slots.get(CREATED), &mut out),
            }
        }
        if let Some(FillFrom { at, fill }) = &self.fill
            && let Err(error) = fill.run(&Args { slots: &slots, at }, cells)
        {
            damage.get_or_insert(error);
        }
        let named = !name.is_empty();
        if named && damage.is_none() { Ok(()) } else { Err(Partial { named, error: damage }) }
    }
}

fn write(read: Read, args: &Args<'_, '_>, out: &mut Out<'_>) {
    match read {
        Read::Name | Read::Text(_) => out.text(&args.get(0).and_then(Node::as_text).unwrap_or_default()),
        Read::Int(_) => out.int(args.int(0)),
        Read::Count(_) => out.int(i64::try_from(args.get(0).map_or(0, Node::count)).unwrap_or(i64::MAX)),
        Read::Time(_) => out.age(args.get(0).and_then(Node::as_time_ms)),
        Read::Bool(_, default) => out.bool(args.get(0).and_then(Node::as_bool).unwrap_or(default)),
        Read::Ratio(..) => out.ratio(args.int(0), args.int(1)),
        Read::With(_, read) => read(args, out),
        Read::Filled => {}
    }
}

const NAME: Path = &["metadata", "name"];
/// The first slots of every program.
const IDENTITY: [Path; 5] =
    [NAME, &["metadata", "namespace"], &["metadata", "uid"], &["metadata", "resourceVersion"], &["metadata", "labels"]];
/// The same of a row of a table, and what else it has.
const IN_ROW: [Path; 7] = [
    &["object", "metadata", "name"],
    &["object", "metadata", "namespace"],
    &["object", "metadata", "uid"],
    &["object", "metadata", "resourceVersion"],
    &["object", "metadata", "labels"],
    &["cells"],
    &["object", "metadata", "creationTimestamp"],
];
const CELLS: usize = 5;
const CREATED: usize = 6;
static AGE_COLUMN: Col = crate::column::age();

#[cfg(test)]
mod tests;
