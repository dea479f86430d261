//! The shapes of records on stdout: JSON lines, one JSON array, CSV, or a line for people.

use capture::line::{Flat, Members, har, json};
use flow::{Record, record::FlowState};

use super::{lines, table};
use crate::error::Error;
use crate::grammar::Output;
use crate::print::Grid;

/// How records are printed.
pub(super) enum Shape {
    /// One JSON object a line, as the engine writes it.
    Jsonl,
    /// The same with these members only.
    Fields(Vec<String>),
    /// One JSON array; the members if not all, and whether one was printed.
    Json(Vec<String>, bool),
    /// Comma separated, these columns.
    Csv(Vec<String>),
    /// An HTTP archive; whether an entry was printed.
    Har(bool),
    /// One JSON object a line, under flat names.
    Flat(Box<Flat>),
    /// Aligned columns for people.
    Table,
    /// The same with these columns.
    Columns(Vec<String>),
}

impl Shape {
    /// From the flags.
    pub(super) fn of(output: Output, fields: &[String]) -> Result<Self, Error> {
        if let Some(bad) = fields.iter().find(|field| !is_name(field)) {
            return Err(Error::Usage(format!("`{bad}` is no member of a record: write names like `src.ip`")));
        }
        let fields = fields.to_vec();
        Ok(match (output, fields.is_empty()) {
            (Output::Jsonl, true) => Self::Jsonl,
            (Output::Jsonl, false) => Self::Fields(fields),
            (Output::FlatJson, true) => Self::Flat(Box::default()),
            (Output::FlatJson, false) => {
                return Err(Error::Usage("flat-json has names of its own: --fields is for the other forms".to_owned()));
            }
            (Output::Json, _) => Self::Json(fields, false),
            (Output::Csv, true) => Self::Csv(table::CSV.iter().map(|name| (*name).to_owned()).collect()),
            (Output::Csv, false) => Self::Csv(fields),
            (Output::Table | Output::Wide, true) => Self::Table,
            (Output::Table | Output::Wide, false) => Self::Columns(fields),
            (Output::Yaml | Output::Name, _) => {
                return Err(Error::Usage("records are printed as table, json, jsonl, flat-json or csv".to_owned()));
            }
        })
    }

    /// Whether lines stay as they are.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Jsonl)
    }

    /// Whether lines are for people, who see the begin of long ones.
    pub(super) fn is_for_people(&self) -> bool {
        matches!(self, Self::Table | Self::Columns(_))
    }

    /// Whether a record has a line at all: tables show a flow once, and only when nothing in it was shown.
    pub(super) fn shows(&self, record: &Record<'_>) -> bool {
        match (self, record) {
            (Self::Table, Record::Flow(flow)) => flow.state == FlowState::Close && flow.transactions == 0,
            (Self::Table, Record::Stats(_)) => false,
            (Self::Har(_), other) => matches!(other, Record::Http(_)),
            _ => true,
        }
    }

    /// The same of a record that came as its line.
    pub(super) fn shows_line(&self, members: &Members<'_>) -> bool {
        match (self, members.plain("kind")) {
            (Self::Table, "flow") => members.is("state", "close") && members.int("transactions") == Some(0),
            (Self::Table, "stats" | "agent") => false,
            _ => true,
        }
    }

    /// What comes before the first record.
    pub(super) fn begin(&self, out: &mut Vec<u8>) {
        match self {
            Self::Json(..) => out.push(b'['),
            Self::Csv(fields) => csv(fields.iter().map(String::as_str), out),
            Self::Har(_) => har::begin(out),
            Self::Table => table::heading(out),
            Self::Columns(fields) => table::columns(fields.iter().map(|field| field.to_uppercase()), out),
            Self::Jsonl | Self::Fields(_) | Self::Flat(_) => {}
        }
    }

    /// One record.
    pub(super) fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Jsonl => {
                out.extend_from_slice(line);
                out.push(b'\n');
            }
            Self::Fields(fields) => {
                lines::part(line, fields, out);
                out.push(b'\n');
            }
            Self::Json(fields, some) => {
                out.extend_from_slice(if std::mem::replace(some, true) { b",\n" } else { b"\n" });
                match fields.is_empty() {
                    true => out.extend_from_slice(line),
                    false => lines::part(line, fields, out),
                }
            }
            Self::Csv(fields) => {
                let cells: Vec<String> = fields.iter().map(|field| cell(line, field)).collect();
                csv(cells.iter().map(String::as_str), out);
            }
            Self::Har(some) => {
                if let Some(entry) = har::entry(line) {
                    let lead = if std::mem::replace(some, true) { ",\n" } else { "\n" };
                    out.extend_from_slice(format!("{lead}{entry}").as_bytes());
                }
            }
            Self::Flat(flat) => {
                if let Some(entry) = flat.entry(line) {
                    out.extend_from_slice(format!("{entry}\n").as_bytes());
                }
            }
            Self::Table => table::line(line, out),
            Self::Columns(fields) => table::columns(fields.iter().map(|field| cell(line, field)), out),
        }
    }

    /// What comes after the last record.
    pub(super) fn end(&self, out: &mut Vec<u8>) {
        match self {
            Self::Json(_, some) => out.extend_from_slice(if *some { b"\n]\n" } else { b"]\n" }),
            Self::Har(_) => har::end(out),
            _ => {}
        }
    }
}

fn cell(line: &[u8], field: &str) -> String {
    let mut text = String::new();
    if let Some(raw) = json::get(line, field) {
        json::text(raw, &mut text);
    }
    text
}

fn csv<'c>(cells: impl ExactSizeIterator<Item = &'c str>, out: &mut Vec<u8>) {
    let mut grid = Grid::new(cells.len());
    cells.for_each(|cell| grid.push(cell));
    // a buffer takes everything
    if grid.csv(out).is_err() {
        out.extend_from_slice(b"\r\n");
    }
}

fn is_name(field: &str) -> bool {
    !field.is_empty() && field.chars().all(|char| char.is_ascii_alphanumeric() || char == '_' || char == '.')
}
