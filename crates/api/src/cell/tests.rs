//! The shared vectors: the console's own formatter is checked against the same file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Cell, ColumnType, Level};
use serde_json::Value;

#[derive(serde::Deserialize)]
struct Vectors {
    now_ms: i64,
    cells: Vec<Vector>,
}

#[derive(serde::Deserialize)]
struct Vector {
    #[serde(rename = "type")]
    ty: ColumnType,
    cell: Value,
    text: String,
}

#[test]
fn ex_30a_cells_read_as_the_shared_vectors_say() {
    let vectors: Vectors = serde_json::from_str(include_str!("../../tests/cell_vectors.json")).expect("vectors parse");
    assert!(vectors.cells.len() > 60, "the file lost its vectors");
    for Vector { ty, cell, text } in &vectors.cells {
        let read = read(*ty, cell);
        assert_eq!(read.display(*ty, vectors.now_ms), *text, "{ty:?} {cell}");
        assert_eq!(serde_json::to_value(read).expect("cells serialize"), *cell, "{ty:?} travels as it came");
    }
}

/// The cell that a wire value is, by the type of its column.
fn read(ty: ColumnType, value: &Value) -> Cell<'_> {
    let number = |value: &Value| value.as_i64().expect("a whole number");
    let count = |value: &Value| u32::try_from(number(value)).expect("a count");
    match (ty, value) {
        (_, Value::Null) => Cell::Absent,
        (ColumnType::Text, text) => Cell::Text(text.as_str().expect("a string")),
        (
            ColumnType::Int
            | ColumnType::Bytes
            | ColumnType::Micros
            | ColumnType::Clock
            | ColumnType::MilliCpu
            | ColumnType::Percent,
            it,
        ) => Cell::Int(number(it)),
        (ColumnType::Age, then) => Cell::Age(number(then)),
        (ColumnType::Ratio, pair) => Cell::Ratio(count(&pair[0]), count(&pair[1])),
        (ColumnType::Status, pair) => Cell::Status(
            pair[0].as_str().expect("a string"),
            Level::from_u8(u8::try_from(number(&pair[1])).expect("a level")),
        ),
        (ColumnType::Restarts, pair) => Cell::Restarts(count(&pair[0]), pair[1].as_i64()),
        (ColumnType::Span, pair) => Cell::Span(number(&pair[0]), pair[1].as_i64()),
        (ColumnType::Bool, it) => Cell::Bool(it.as_bool().expect("true or false")),
    }
}
