//! CAP-P-13: a list of a million records under any filter and any sort. What is measured is the server's part: from what
//! somebody asks for to the rows of the window, on one processor; the console paints forty rows whatever the list has.

use anyhow::{Result, ensure};
use api::socket::{Column, Sort, SourceState};
use api::{Cell, ColumnType, Level};
use base::ClusterName;
use bench::table::{Figures, median, percentile};
use parking_lot::RwLock;
use query::Filter;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;
use table::{RowBuf, Run, Schema, Scope, SharedTable, Source, Table, View};

/// Opens the list in each order and under each filter, and once more with all that changed since.
pub(crate) fn run(quick: bool, figures: &mut Figures) -> Result<Value> {
    let rows: u64 = if quick { 50_000 } else { 1_000_000 };
    let schema = schema();
    let table = Table::shared(schema.clone());
    let began = Instant::now();
    let mut texts = String::new();
    let mut row = RowBuf::new(&schema);
    for number in 0..rows {
        record(&mut row, number, &mut texts);
        table.write().apply(&row);
    }
    let filled = began.elapsed().as_secs_f64();
    let bytes = table.read().heap_bytes();
    // what is by name is shared by all that look, and kept up to date
    let first = open(&table, &schema, "", &[], rows)?;
    let mut times = Vec::new();
    let mut told = serde_json::Map::new();
    let mut one = |name: String, filter: &str, sort: &[(&str, bool)]| -> Result<()> {
        let mut of = Vec::new();
        for _ in 0..ROUNDS {
            of.push(open(&table, &schema, filter, sort, rows)?);
        }
        told.insert(name, json!((median(&of) * 10.0).round() / 10.0));
        times.extend(of);
        Ok(())
    };
    for (id, ..) in COLUMNS {
        one(format!("sort {id}"), "", &[(id, false)])?;
        one(format!("sort {id} down"), "", &[(id, true)])?;
    }
    one("sort status, total".to_owned(), "", &[("status", false), ("total", true)])?;
    for filter in FILTERS {
        one((*filter).to_owned(), filter, &[("time", true)])?;
    }
    let (middle, worst) = (median(&times), percentile(&times, 0.99));
    figures.add("CAP-P-13 server's part p50", format!("{middle:.0} ms"), "none", true);
    figures.add("CAP-P-13 server's part p99", format!("{worst:.0} ms"), "<= 50 ms, painted", worst <= 50.0);
    figures.add("CAP-P-13 bytes of a row", format!("{}", bytes as u64 / rows), "none", true);
    Ok(json!({ "rows": rows, "fill_s": filled, "bytes": bytes, "first_ms": first, "ms": told }))
}

/// Milliseconds from what is asked to the window.
fn open(table: &SharedTable, schema: &Arc<Schema>, filter: &str, sort: &[(&str, bool)], rows: u64) -> Result<f64> {
    let began = Instant::now();
    let words = filter;
    let filter = match filter.strip_prefix("where ") {
        Some(expression) => Filter::where_expr(expression, &**schema)?,
        None => Filter::parse(filter, &**schema)?,
    };
    let narrow = !filter.is_empty();
    let sort: Vec<Sort> =
        sort.iter().map(|(column, down)| Sort { column: (*column).to_owned(), descending: *down }).collect();
    let run = Run::shared(Scope::all(), Some(Arc::new(filter)), schema.sort_keys(&sort)?);
    let state = Arc::new(RwLock::new(SourceState::Live));
    let cluster = ClusterName::new("bench");
    let view = View::new(vec![Source { cluster, table: table.clone(), run, state }], true);
    let (total, seen) = view.read(0, |list| {
        let window = list.window(0, WINDOW);
        let cells = window.iter().flat_map(|place| (0..COLUMNS.len()).map(|column| list.cell(*place, column)));
        (list.total() as u64, cells.filter(|cell| !matches!(cell, Cell::Absent)).count())
    })?;
    let took = began.elapsed().as_secs_f64() * 1_000.0;
    ensure!(seen > 0, "{words}: the window is empty");
    ensure!(if narrow { total < rows } else { total == rows }, "{words}: {total} of {rows} rows");
    Ok(took)
}

fn schema() -> Arc<Schema> {
    let column = |&(id, ty): &(&str, ColumnType)| Column {
        id: id.to_owned(),
        title: id.to_owned(),
        ty,
        wide: false,
        extra: false,
        absent: String::new(),
        width: 8,
        help: String::new(),
    };
    Schema::new(COLUMNS.iter().map(column).collect(), true)
}

/// A record as the list of a tap has it: requests of a shop, with a few slow and a few failed ones.
fn record(row: &mut RowBuf, number: u64, text: &mut String) {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^= mixed >> 29;
    let mut pick = |of: u64| {
        mixed = mixed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (mixed >> 33) % of
    };
    let mut put = |row: &mut RowBuf, column, args: std::fmt::Arguments<'_>| {
        text.clear();
        // writing into a text cannot fail
        let _ = text.write_fmt(args);
        row.text(column, text);
    };
    row.clear();
    let name = format!("{number:010}");
    row.set_identity("shop", &name, &name, "");
    row.int(0, 1_700_000_000_000_000 + (number * 40) as i64 + pick(200) as i64);
    put(row, 1, format_args!("front-6d8c{:02}", pick(40)));
    put(row, 2, format_args!("cart-58fb{:02}:8080", pick(40)));
    put(row, 3, format_args!("{}", one_of(&["http", "grpc", "redis", "dns"], pick(4))));
    put(row, 4, format_args!("GET /cart/{}/items/{}", pick(5_000), pick(40)));
    let status = one_of(&["200", "200", "200", "200", "201", "304", "404", "500"], pick(8));
    row.status(5, status, if status >= "400" { Level::Bad } else { Level::Ok });
    row.int(6, 200 + pick(4_000) as i64);
    row.int(7, 400 + pick(90_000) as i64);
    row.int(8, pick(3_000) as i64);
    row.int(9, pick(60_000) as i64);
    put(row, 10, format_args!("front-6d8c{:02}", pick(40)));
    put(row, 11, format_args!("node-{}", pick(12)));
    put(row, 12, format_args!("{:016x}{:016x}", number / 4, (number / 4) ^ 0x5555));
    put(row, 13, format_args!("{:032x}", number / 20));
    row.bool(14, status >= "400");
}

fn one_of<'a>(all: &[&'a str], at: u64) -> &'a str {
    all.iter().cycle().nth(at as usize).copied().unwrap_or_default()
}

const COLUMNS: &[(&str, ColumnType)] = &[
    ("time", ColumnType::Clock),
    ("source", ColumnType::Text),
    ("destination", ColumnType::Text),
    ("protocol", ColumnType::Text),
    ("request", ColumnType::Text),
    ("status", ColumnType::Status),
    ("wait", ColumnType::Micros),
    ("total", ColumnType::Micros),
    ("up", ColumnType::Bytes),
    ("down", ColumnType::Bytes),
    ("pod", ColumnType::Text),
    ("node", ColumnType::Text),
    ("trace", ColumnType::Text),
    ("flow", ColumnType::Text),
    ("error", ColumnType::Bool),
];

const FILTERS: &[&str] = &[
    "cart/4711",
    "items/7 471",
    "/cart.1[23][0-9].items/",
    "where status = 500",
    "where source ~ \"07$\"",
    "where total > 80ms",
    "where error and total > 50ms",
    "where status != 200",
    "where down > 50000 or trace = 0",
];

const WINDOW: usize = 60;
const ROUNDS: usize = 3;
