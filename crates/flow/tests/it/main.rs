//! The engine on real traffic, against the programs that made it and against tshark.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod capture;
mod dns;
mod http2;
mod http3;
mod http3_ends;
mod loss;
mod mariadb;
mod mesh;
#[path = "../../src/engine/tests/net.rs"]
mod net;
mod postgres;
mod quic;
mod redis;
mod relay;
#[path = "../../src/schema.rs"]
mod schema;
mod servers;
mod tcp;
mod timing;
mod tls;
mod tls_rustls;
mod web;
mod websocket;
