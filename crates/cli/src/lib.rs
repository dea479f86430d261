//! The grammar and output of qd.
