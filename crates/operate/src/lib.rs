//! Acts on objects: plans, scale, delete, restart.
