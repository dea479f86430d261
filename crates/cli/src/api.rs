//! `qd api`: what other programs speak with.

use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::api::ApiCommand;
use std::io::Write;

/// Runs `qd api …`. JSON unless YAML was asked for.
///
/// # Errors
/// When stdout cannot be written.
pub fn api(command: ApiCommand, output: Output, out: &mut impl Write) -> Result<(), Error> {
    match command {
        ApiCommand::Openapi => {
            let document = ::api::openapi::document(env!("CARGO_PKG_VERSION"));
            if output == Output::Yaml {
                let text = serde_saphyr::to_string(&document);
                let text = text.map_err(|error| Error::Output(std::io::Error::other(error)))?;
                return Ok(write!(out, "{text}")?);
            }
            Ok(writeln!(out, "{document:#}")?)
        }
    }
}
