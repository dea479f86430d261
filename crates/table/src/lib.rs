//! Columnar rows, runs, views and the subscriber that turns them into frames.
