//! The capture engine: packets in, records out.
//!
//! ```text
//! Packet ─ link ─ ip ─┬─ tcp: table, reassembly ─ Chunk ─ Dialog (detect, Parser) ─┐
//!                     ├─ udp: table ───────────── Chunk ─ Dialog ───────────────────┼─ Record ─▶ Sink ─▶ JSON
//!                     └─ icmp, other ────────────────────────────────────────────────┘
//! ```
//!
//! Pure: no IO, no clock, no randomness, no async. Time is packet time; memory is one budget; the same calls give
//! byte-identical records. What a parser is stands in [`parser`]; what comes out in [`record`].

pub mod body;
mod bytes;
pub mod config;
pub mod context;
pub mod detect;
pub mod dialog;
pub mod dns;
pub mod engine;
pub mod graphql;
pub mod grpc;
mod hints;
pub mod hpack;
pub mod http1;
pub mod http2;
mod http3;
pub mod id;
mod ip;
pub mod json;
pub mod keylog;
mod link;
pub mod malformed;
pub mod marks;
mod mesh;
pub mod mysql;
mod named;
mod near;
pub mod packet;
pub mod parser;
mod peek;
pub mod postgres;
pub mod qpack;
pub mod quic;
pub mod record;
pub mod redact;
pub mod redis;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod schema;
mod sql;
pub mod sse;
mod table;
mod tcp;
pub mod tls;
pub mod websocket;

pub use config::{Config, Hint, KeyLine, Limits, Loss};
pub use context::{Asked, Context, Facts, Transport, Upgrade, Verdict};
pub use detect::{Guess, Look, detect};
pub use dialog::Dialog;
pub use engine::{Engine, Usage};
pub use id::{FlowId, RecordId};
pub use marks::{Marks, Words};
pub use named::{Called, Named};
pub use packet::{Direction, Packet};
pub use parser::{AfterGap, AnyParser, App, Chunk, End, Gap, GapCause, Parser, Side, Step, Vouch};
pub use peek::{Ends, ends, payload_at};
pub use record::{Endpoint, Envelope, MaskSpan, Place, Record, Sink, Vantage, Writer};
