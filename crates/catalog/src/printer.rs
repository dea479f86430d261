//! Columns of custom resources: `additionalPrinterColumns` as the API server prints them.

use crate::cells::Out;
use crate::crd::PrinterColumn;
use crate::jsonpath::JsonPath;
use api::cell::{ColumnType, Level};
use api::socket::Column;
use std::borrow::Cow;
use wire::Node;

/// A compiled printer column.
pub(crate) struct PrinterCell {
    /// `None` when the path cannot be read: the cells are absent.
    path: Option<JsonPath>,
    kind: CellKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CellKind {
    Text,
    Phase,
    Int,
    Number,
    Bool,
    Date,
}

impl CellKind {
    fn of(column: &PrinterColumn) -> Self {
        match column.ty.as_str() {
            "string" if column.json_path == PHASE => Self::Phase,
            "integer" => Self::Int,
            "number" => Self::Number,
            "boolean" => Self::Bool,
            "date" => Self::Date,
            _ => Self::Text,
        }
    }

    const fn column_type(self) -> ColumnType {
        match self {
            Self::Text | Self::Number => ColumnType::Text,
            Self::Phase => ColumnType::Status,
            Self::Int => ColumnType::Int,
            Self::Bool => ColumnType::Bool,
            Self::Date => ColumnType::Age,
        }
    }
}

/// The column of a custom resource without columns.
pub(crate) fn age() -> PrinterColumn {
    PrinterColumn {
        name: "Age".to_owned(),
        ty: "date".to_owned(),
        json_path: ".metadata.creationTimestamp".to_owned(),
        priority: 0,
        description: String::new(),
    }
}

/// Headings of the printer columns.
pub(crate) fn heads(columns: &[PrinterColumn]) -> Vec<Column> {
    let mut heads: Vec<Column> = Vec::with_capacity(columns.len());
    for column in columns {
        let ty = CellKind::of(column).column_type();
        let mut id = snake(&column.name);
        // `name` says where the name stands, which no printer column does.
        while id == "name" || heads.iter().any(|head| head.id == id) {
            id.push('_');
        }
        let unread = JsonPath::parse(&column.json_path).err().map(|bad| format!("{}: {bad}", column.json_path));
        heads.push(Column {
            id,
            title: column.name.clone(),
            ty,
            wide: column.priority > 0,
            extra: false,
            absent: String::new(),
            width: if matches!(ty, ColumnType::Text | ColumnType::Status) { 16 } else { 8 },
            help: unread.unwrap_or_else(|| column.description.clone()),
        });
    }
    heads
}

/// `Last Backup` → `last_backup`.
fn snake(title: &str) -> String {
    let letters = title.trim().chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' });
    letters.flat_map(char::to_lowercase).collect()
}

impl PrinterCell {
    pub(crate) fn new(column: &PrinterColumn) -> Self {
        Self { path: JsonPath::parse(&column.json_path).ok(), kind: CellKind::of(column) }
    }

    pub(crate) fn write(&self, object: Node<'_>, out: &mut Out<'_>) {
        let Some(node) = self.path.as_ref().and_then(|path| path.first(object)) else { return out.absent() };
        match self.kind {
            CellKind::Text => out.text(&text(node)),
            CellKind::Phase => {
                let phase = text(node);
                out.status(&phase, level(&phase));
            }
            CellKind::Int => match node.as_f64() {
                #[expect(clippy::cast_possible_truncation, reason = "what the API server does with a fraction")]
                Some(number) => out.int(node.as_i64().unwrap_or(number as i64)),
                None => out.absent(),
            },
            CellKind::Number => match node.as_f64() {
                Some(number) => out.text(&number.to_string()),
                None => out.absent(),
            },
            CellKind::Bool => match node.as_bool() {
                Some(value) => out.bool(value),
                None => out.absent(),
            },
            CellKind::Date => out.age(node.as_time_ms()),
        }
    }
}

/// How good the words are that resources agree on for their phase; any other word is neither good nor bad.
fn level(phase: &str) -> Level {
    match phase {
        "Running" | "Ready" | "Active" | "Available" | "Bound" | "Healthy" => Level::Ok,
        "Pending" | "Provisioning" | "Creating" | "Updating" | "Progressing" => Level::Info,
        "Stopping" | "Terminating" | "Deleting" | "Unknown" | "Degraded" => Level::Warn,
        "Failed" | "Error" | "Lost" => Level::Bad,
        _ => Level::Plain,
    }
}

/// The field that holds a phase, wherever there is one.
const PHASE: &str = ".status.phase";

/// Text as it is, lists and objects as JSON.
fn text(node: Node<'_>) -> Cow<'_, str> {
    node.as_text().unwrap_or_else(|| Cow::Owned(wire::to_json(node).to_string()))
}

#[cfg(test)]
mod tests;
