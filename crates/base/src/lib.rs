//! Ids, secrets, clocks, error codes, and the display of bytes and durations.
