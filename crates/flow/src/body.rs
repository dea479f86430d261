//! Previews of bodies: the first bytes, with the content coding removed, while the body passes in pieces.
//!
//! Both HTTP parsers own one [`Preview`] for each message and push what remains after the transfer coding. Output is
//! bounded by the limit that is given, work by the bytes pushed plus that limit, memory by [`Preview::heap`]. A body that
//! cannot be decoded says so; nothing is guessed.

mod brotli;
mod coding;
mod gzip;
mod inflate;
mod out;
mod preview;
mod zstd;

#[cfg(test)]
mod tests;

pub use coding::Coding;
pub use preview::Preview;
