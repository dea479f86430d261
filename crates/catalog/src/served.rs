//! Columns that a server itself prints: kinds of aggregated APIs have no definition that could be read, but their server
//! answers lists as tables (`as=Table`), which is what kubectl shows.

use crate::cells::Out;
use api::cell::ColumnType;
use api::socket::Column;
use wire::Node;

/// A column of such a table, at its place among the cells of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedColumn {
    /// Its place.
    pub at: usize,
    /// Its heading as the server says it: `cpu`.
    pub name: String,
    /// What a tooltip says.
    pub description: String,
    /// More than 0 is for `-o wide`.
    pub priority: i64,
    kind: CellKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CellKind {
    Text,
    Int,
    Bool,
    MilliCpu,
    Bytes,
    /// Rendered by the server as of then: read from the object instead.
    Created,
}

impl ServedColumn {
    /// The columns of a table, but for the name, which every row has; empty where the body is no table.
    #[must_use]
    pub fn of(table: Node<'_>) -> Vec<Self> {
        let definitions = table.get("columnDefinitions").map(Node::items).into_iter().flatten();
        let mut columns = Vec::new();
        for (at, definition) in definitions.enumerate() {
            let text = |member| definition.get(member).and_then(Node::as_str).unwrap_or_default();
            if text("format") == "name" || text("name").eq_ignore_ascii_case("name") {
                continue;
            }
            let kind = match (&*text("type"), &*text("format"), &*text("name")) {
                (_, "quantity", "cpu") => CellKind::MilliCpu,
                (_, "quantity", "memory" | "storage" | "ephemeral-storage") => CellKind::Bytes,
                ("integer", ..) => CellKind::Int,
                ("boolean", ..) => CellKind::Bool,
                (_, _, "Age") => CellKind::Created,
                _ => CellKind::Text,
            };
            let (name, description) = (text("name").into_owned(), text("description").into_owned());
            let priority = definition.get("priority").and_then(Node::as_i64).unwrap_or(0);
            columns.push(Self { at, name, description, priority, kind });
        }
        columns
    }

    /// For the wire.
    pub(crate) fn head(&self) -> Column {
        let (ty, title) = match self.kind {
            CellKind::MilliCpu => (ColumnType::MilliCpu, "CPU".to_owned()),
            CellKind::Bytes => (ColumnType::Bytes, capital(&self.name)),
            CellKind::Int => (ColumnType::Int, capital(&self.name)),
            CellKind::Bool => (ColumnType::Bool, capital(&self.name)),
            CellKind::Created => (ColumnType::Age, capital(&self.name)),
            CellKind::Text => (ColumnType::Text, capital(&self.name)),
        };
        Column {
            id: self.name.to_lowercase().replace(|letter: char| !letter.is_alphanumeric(), "_"),
            title,
            ty,
            wide: self.priority > 0,
            extra: false,
            absent: String::new(),
            width: if ty == ColumnType::Text { 16 } else { 8 },
            help: self.description.clone(),
        }
    }

    /// Writes the cell of a row; `cells` are those of the server, `created` is when the object was made.
    pub(crate) fn write(&self, cells: Option<Node<'_>>, created: Option<Node<'_>>, out: &mut Out<'_>) {
        if self.kind == CellKind::Created {
            return out.age(created.and_then(Node::as_time_ms));
        }
        let Some(cell) = cells.and_then(|cells| cells.items().nth(self.at)) else { return out.absent() };
        let number = match self.kind {
            CellKind::Int => cell.as_i64(),
            // Thousandths round up, as `kubectl top` has them.
            CellKind::MilliCpu => cell.as_quantity_milli().and_then(|milli| i64::try_from(milli).ok()),
            CellKind::Bytes => cell.as_quantity_milli().and_then(|milli| i64::try_from(milli / 1000).ok()),
            CellKind::Bool => match cell.as_bool() {
                Some(value) => return out.bool(value),
                None => None,
            },
            CellKind::Text | CellKind::Created => return out.text(&cell.as_text().unwrap_or_default()),
        };
        match number {
            Some(number) => out.int(number),
            None => out.absent(),
        }
    }
}

/// `window` → `Window`.
fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
