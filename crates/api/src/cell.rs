//! One cell of a row. Its JSON form depends on the type of its column; `null` is "not known" and is drawn as `–`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How the cells of a column are read, drawn and sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum ColumnType {
    /// A string. Sorts by its characters.
    Text,
    /// A whole number.
    Int,
    /// A moment in epoch milliseconds, drawn as its age. Sorts by age: ascending is youngest first.
    Age,
    /// `[have, want]`, drawn `1/2`. Sorts by the quotient, then by `want`.
    Ratio,
    /// `[text, level]`, drawn with the level's shape and colour. Sorts by text.
    Status,
    /// `[count, last_ms | null]`, drawn `7 (40s ago)`. Sorts by count.
    Restarts,
    /// `[start_ms, end_ms | null]`, drawn as a length; still running when the end is null.
    Span,
    /// Bytes, drawn in binary units.
    Bytes,
    /// Microseconds, drawn `340µs`, `12.3ms`, `4.56s`.
    Micros,
    /// A moment in epoch microseconds, drawn as the time of day: `14:03:07.123`.
    Clock,
    /// Thousandths of a core, drawn `12m`.
    MilliCpu,
    /// Thousandths, drawn in per cent.
    Percent,
    /// `true` or `false`, drawn as Kubernetes prints it.
    Bool,
}

/// How good or bad a status is. The number is what travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum Level {
    /// Neither good nor bad: completed, unknown.
    #[default]
    Plain = 0,
    /// ●
    Ok = 1,
    /// ◆
    Info = 2,
    /// ▲
    Warn = 3,
    /// ■
    Bad = 4,
}

impl Level {
    /// The level with this number.
    #[must_use]
    pub const fn from_u8(number: u8) -> Self {
        match number {
            1 => Self::Ok,
            2 => Self::Info,
            3 => Self::Warn,
            4 => Self::Bad,
            _ => Self::Plain,
        }
    }
}

/// A cell, borrowed from its table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Not known, not there, or not for this reader.
    Absent,
    /// [`ColumnType::Text`].
    Text(&'a str),
    /// [`ColumnType::Int`], `Bytes`, `Micros`, `Clock`, `MilliCpu`, `Percent`.
    Int(i64),
    /// [`ColumnType::Age`]: epoch milliseconds.
    Age(i64),
    /// [`ColumnType::Ratio`].
    Ratio(u32, u32),
    /// [`ColumnType::Status`].
    Status(&'a str, Level),
    /// [`ColumnType::Restarts`]: count, and the last one in epoch milliseconds.
    Restarts(u32, Option<i64>),
    /// [`ColumnType::Span`]: start and end in epoch milliseconds.
    Span(i64, Option<i64>),
    /// [`ColumnType::Bool`].
    Bool(bool),
}

impl Serialize for Cell<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Cell::Absent => serializer.serialize_none(),
            Cell::Text(text) => serializer.serialize_str(text),
            Cell::Int(number) | Cell::Age(number) => serializer.serialize_i64(number),
            Cell::Ratio(have, want) => (have, want).serialize(serializer),
            Cell::Status(text, level) => (text, level as u8).serialize(serializer),
            Cell::Restarts(count, last) => (count, last).serialize(serializer),
            Cell::Span(start, end) => (start, end).serialize(serializer),
            Cell::Bool(value) => serializer.serialize_bool(value),
        }
    }
}

impl Cell<'_> {
    /// The text that kubectl prints for this cell at `now_ms`; an absent cell is empty here (the caller prints what
    /// its column prints for nothing: `<none>`, `<unknown>`, `–`).
    #[must_use]
    pub fn display(&self, ty: ColumnType, now_ms: i64) -> String {
        match *self {
            Cell::Absent => String::new(),
            Cell::Text(text) | Cell::Status(text, _) => text.to_owned(),
            Cell::Int(number) => match ty {
                ColumnType::MilliCpu => format!("{number}m"),
                ColumnType::Bytes => bytes(number),
                ColumnType::Micros => micros(number),
                ColumnType::Clock => clock(number),
                ColumnType::Percent => format!("{}%", (number + 5) / 10),
                _ => number.to_string(),
            },
            Cell::Age(then) => base::age::age(now_ms, then),
            Cell::Ratio(have, want) => format!("{have}/{want}"),
            Cell::Restarts(count, None) => count.to_string(),
            Cell::Restarts(count, Some(last)) => format!("{count} ({} ago)", base::age::age(now_ms, last)),
            Cell::Span(start, end) => base::age::age(end.unwrap_or(now_ms), start),
            Cell::Bool(value) => value.to_string(),
        }
    }
}

/// Microseconds with three digits: `340µs`, `12.3ms`, `4.56s`, `123s`.
fn micros(number: i64) -> String {
    let us = number.unsigned_abs();
    let sign = if number < 0 { "-" } else { "" };
    if us < 1_000 {
        return format!("{sign}{us}µs");
    }
    // Digits after the point, and the unit in microseconds; rounded before the unit is chosen.
    for (unit, name) in [(1_000_u64, "ms"), (1_000_000, "s")] {
        for (digits, ten) in [(2, 100_u64), (1, 10), (0, 1)] {
            let parts = us.saturating_mul(ten).saturating_add(unit / 2) / unit;
            if parts < 1_000 {
                return match digits {
                    0 => format!("{sign}{parts}{name}"),
                    digits => format!("{sign}{}.{:0digits$}{name}", parts / ten, parts % ten),
                };
            }
        }
    }
    format!("{sign}{}s", us.saturating_add(500_000) / 1_000_000)
}

/// The time of day in UTC; a reader in another zone draws its own.
fn clock(us: i64) -> String {
    let ms = us.div_euclid(1_000).rem_euclid(86_400_000);
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000)
}

/// Bytes in whole binary units, as `kubectl top` prints them: `84Mi`.
fn bytes(number: i64) -> String {
    const UNITS: [(&str, u32); 4] = [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];
    for (unit, shift) in UNITS {
        if number >= 10 << shift || (number >= 1 << shift && shift <= 20) {
            return format!("{}{unit}", number >> shift);
        }
    }
    number.to_string()
}

#[cfg(test)]
mod tests;
