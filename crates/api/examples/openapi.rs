//! Writes the OpenAPI document to stdout: `docs/reference/openapi.json`.

#![allow(clippy::print_stdout)]

fn main() {
    println!("{:#}", api::openapi::document(env!("CARGO_PKG_VERSION")));
}
