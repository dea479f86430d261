//! TCP: headers, reassembly, round-trip times. What the engine does with a segment stands in `engine::tcp`.

mod conn;
mod recent;
mod reorder;
mod rtt;
mod segment;

pub(crate) use conn::Conn;
pub(crate) use recent::{Recent, digest};
pub(crate) use reorder::{Held, Reorder};
pub(crate) use rtt::Rtt;
pub(crate) use segment::Segment;
