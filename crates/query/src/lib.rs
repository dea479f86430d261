//! The filter expression language: parse, check against a schema, match rows.
