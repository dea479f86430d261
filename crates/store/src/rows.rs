//! Entries to rows and back.

use evidence::{Entry, Envelope, Hash, Stamp, WriterId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

/// The columns that [`entry`] reads.
macro_rules! columns {
    () => {
        "position, writer, seq, stamp_ns, error_ns, kind, anchors, summary, body, body_digest, hash"
    };
}
pub(crate) use columns;

/// Writes one entry and what finds it.
pub(crate) async fn insert(connection: &mut SqliteConnection, entry: &Entry) -> Result<(), sqlx::Error> {
    let envelope = &entry.envelope;
    let anchors = serde_json::to_string(&envelope.anchors).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let inserted = sqlx::query(
        "INSERT INTO entry (writer, seq, stamp_ns, error_ns, kind, anchors, summary, body, body_digest, hash)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(envelope.writer.bytes().to_vec())
    .bind(number(envelope.seq))
    .bind(envelope.stamp.ns)
    .bind(number(envelope.stamp.error_ns))
    .bind(envelope.kind.as_str())
    .bind(anchors)
    .bind(envelope.summary.as_str())
    .bind(entry.body.as_deref())
    .bind(entry.body_digest.0.to_vec())
    .bind(entry.hash.0.to_vec())
    .execute(&mut *connection)
    .await?;
    let position = inserted.last_insert_rowid();
    for anchor in &envelope.anchors {
        sqlx::query("INSERT OR IGNORE INTO entry_anchor (tag, value, position) VALUES (?, ?, ?)")
            .bind(anchor.tag.as_str())
            .bind(anchor.value.as_str())
            .bind(position)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Reads one entry with its position. A value that no entry can have is a decoding error.
pub(crate) fn entry(row: &SqliteRow) -> Result<(u64, Entry), sqlx::Error> {
    let anchors: String = row.try_get("anchors")?;
    let envelope = Envelope {
        writer: writer(row, "writer")?,
        seq: unsigned(row, "seq")?,
        stamp: Stamp { ns: row.try_get("stamp_ns")?, error_ns: unsigned(row, "error_ns")? },
        kind: row.try_get("kind")?,
        anchors: serde_json::from_str(&anchors).map_err(|error| sqlx::Error::Decode(error.into()))?,
        summary: row.try_get("summary")?,
    };
    let entry = Entry {
        envelope,
        body: row.try_get("body")?,
        body_digest: hash(row, "body_digest")?,
        hash: hash(row, "hash")?,
    };
    Ok((unsigned(row, "position")?, entry))
}

/// A hash in a column.
pub(crate) fn hash(row: &SqliteRow, column: &str) -> Result<Hash, sqlx::Error> {
    let bytes: Vec<u8> = row.try_get(column)?;
    Hash::from_slice(&bytes).ok_or_else(|| sqlx::Error::Decode(format!("{column} is not a hash").into()))
}

/// A writer's id in a column.
pub(crate) fn writer(row: &SqliteRow, column: &str) -> Result<WriterId, sqlx::Error> {
    let bytes: Vec<u8> = row.try_get(column)?;
    WriterId::from_slice(&bytes).ok_or_else(|| sqlx::Error::Decode(format!("{column} is not a writer").into()))
}

/// A count in a column.
pub(crate) fn unsigned(row: &SqliteRow, column: &str) -> Result<u64, sqlx::Error> {
    let value: i64 = row.try_get(column)?;
    u64::try_from(value).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// A count as SQLite holds it; counts here never reach 2^63.
pub(crate) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
