//! The control stream: settings, and where a server stops to take requests.

use super::Http3;
use super::frame::{GOAWAY, SETTINGS, head, varint};
use super::lane::{self, Lane};
use crate::{Context, Side};

impl Http3 {
    /// Takes whole frames; says how many bytes they had.
    pub(super) fn control(&mut self, lane: &mut Lane, bytes: &[u8], cx: &mut Context<'_, '_>) -> usize {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            if let Some((kind, left)) = lane.open {
                let len = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                lane.open = Some((kind, left - len as u64)).filter(|(_, left)| *left > 0);
                used += len;
                continue;
            }
            let Some((kind, len, head)) = head(rest) else { break };
            if matches!(kind, SETTINGS | GOAWAY) && len <= MOST {
                let Some(payload) = rest.get(head..head + len as usize) else { break };
                if kind == SETTINGS {
                    self.settings(lane.side, payload);
                } else if let Some((last, _)) = varint(payload).filter(|_| lane.side == Side::Server) {
                    // Requests from this one on were not and will not be looked at.
                    let first = lane::request(last).unwrap_or(u32::MAX);
                    self.connection.refuse(|id| id >= first, cx);
                }
                used += head + payload.len();
                continue;
            }
            lane.open = Some((kind, len)).filter(|(_, left)| *left > 0);
            used += head;
        }
        used
    }

    /// What this side is willing to take bounds the table of the other's fields.
    fn settings(&mut self, side: Side, payload: &[u8]) {
        let mut rest = payload;
        let mut table = 0;
        while let Some((name, first)) = varint(rest) {
            let Some((value, second)) = rest.get(first..).and_then(varint) else { return };
            if name == MAX_TABLE {
                table = value;
            }
            rest = rest.get(first + second..).unwrap_or_default();
        }
        self.decoder(side.other()).allow(table);
    }
}

/// The setting that tells the largest table of fields.
const MAX_TABLE: u64 = 1;
/// Longer frames of settings are passed over.
const MOST: u64 = 4 << 10;
