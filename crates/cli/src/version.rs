//! `qd version`: the product, the protocol of its capture agents, and the agent's image that it carries.

use std::io::Write;

use serde_json::{Value, json};

use crate::error::Error;
use crate::grammar::Output;
use crate::tap;

/// Runs `qd version`.
///
/// # Errors
/// When stdout fails, or what is embedded cannot be read.
pub fn version(output: Output, out: &mut impl Write) -> Result<(), Error> {
    let images = tap::embedded()?;
    let (low, high) = (proto::capture::VERSIONS.start(), proto::capture::VERSIONS.end());
    let protocols = (*low..=*high).map(|version| format!("qd.capture/{version}")).collect::<Vec<_>>();
    match output {
        Output::Json | Output::Jsonl => {
            let told: Vec<Value> = images.iter().map(tap::Image::told).collect();
            let version = env!("CARGO_PKG_VERSION");
            writeln!(out, "{}", json!({ "qd": version, "agent_protocols": protocols, "agent_images": told }))?;
        }
        _ => {
            writeln!(out, "qd {}", env!("CARGO_PKG_VERSION"))?;
            writeln!(out, "agent protocol {}", protocols.join(", "))?;
            if images.is_empty() {
                writeln!(out, "agent image {}, which this build does not carry", capture::IMAGE)?;
            }
            for image in &images {
                writeln!(out, "agent image {} {} {}", image.name, image.arch, image.id)?;
            }
        }
    }
    Ok(())
}
