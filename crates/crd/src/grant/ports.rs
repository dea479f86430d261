//! Ranges of ports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Ports from one number to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct PortRange {
    /// The first.
    #[schemars(range(min = 1, max = 65535))]
    pub from: u16,
    /// The last; the first alone when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub to: Option<u16>,
}

impl PortRange {
    /// Whether a port is one of them.
    #[must_use]
    pub fn holds(self, port: u16) -> bool {
        (self.from..=self.to.unwrap_or(self.from)).contains(&port)
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to {
            Some(to) if to != self.from => write!(f, "{}-{to}", self.from),
            _ => write!(f, "{}", self.from),
        }
    }
}
