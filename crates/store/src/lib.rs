//! Records, logs, blobs and keys in SQLite.
