//! How many records a tap keeps.

use serde::{Deserialize, Serialize};

/// Records of one tap: from a thousand to two million. Each takes about half a KiB of memory, its row in the list included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct TapRecords(u32);

impl TapRecords {
    /// Their number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

impl Default for TapRecords {
    fn default() -> Self {
        Self(200_000)
    }
}

impl From<TapRecords> for u32 {
    fn from(of: TapRecords) -> Self {
        of.0
    }
}

impl TryFrom<u32> for TapRecords {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        if (LEAST..=MOST).contains(&number) {
            Ok(Self(number))
        } else {
            Err(format!("a tap keeps {LEAST} to {MOST} records, not {number}"))
        }
    }
}

const LEAST: u32 = 1_000;
const MOST: u32 = 2_000_000;
