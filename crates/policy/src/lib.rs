//! The closed list of actions, the gate, and the permits it gives.
