//! Configuration, start order and shutdown; the only builder of a gate.
