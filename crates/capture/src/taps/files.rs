//! Packets of a tap as a capture file.

use super::one::One;
use super::read::{flow_id, tell_dear};
use super::{Taps, TapsError};
use crate::export::{Asked, Export, Form, Keys, Refused, Wanted};
use crate::line::{Choice, Members};
use api::tap::TapPackets;
use policy::Permit;
use policy::action::{TapExport, TapExportObligations};
use tokio::sync::mpsc;

/// A file on its way out, a piece at a time. It is written as fast as it is read.
pub struct Pieces {
    pieces: mpsc::Receiver<Vec<u8>>,
}

impl Pieces {
    /// The next piece; `None` after the last.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        self.pieces.recv().await
    }
}

impl Taps {
    /// The packets that the permit names, as a capture file in the order of time; between two moments in epoch
    /// microseconds, where they are given.
    ///
    /// # Errors
    /// When the decision cannot be written down, the tap keeps no packets, or a filter is none.
    pub async fn packets(
        &self,
        permit: Permit<TapExport>,
        from_us: Option<i64>,
        to_us: Option<i64>,
    ) -> Result<Pieces, TapsError> {
        permit.settled().await?;
        let TapExportObligations { max_bytes } = *permit.obligations();
        let TapExport { tap, format, select, flow, filter } = permit.target();
        let one = self.0.find(&tap.tap)?;
        let form = match format.as_str() {
            "pcapng" => Form::Pcapng,
            "pcap" => Form::Pcap { nanos: false },
            "pcap-ns" => Form::Pcap { nanos: true },
            other => {
                return Err(TapsError::Request(format!("{other:?} is no form of packets: pcapng, pcap or pcap-ns")));
            }
        };
        let spool = one.spool.as_ref().ok_or(TapsError::NoPackets)?;
        let wanted = wanted(&one, select, flow)?;
        let lost = one.totals().lost;
        let words = [("filter", filter.as_str()), ("select", select.as_str()), ("flow", flow.as_str())];
        let words = words.into_iter().filter(|(_, text)| !text.trim().is_empty());
        let words: String = words.map(|(name, text)| format!(", {name} {text}")).collect();
        // Where secrets are masked, keys would take the mask away.
        let with_keys = one.packets == TapPackets::Full && !one.headers_only;
        let keys = if with_keys { Keys::of(one.keys.lock().lines()) } else { Keys::default() };
        let asked = Asked {
            form,
            filter: filter.clone(),
            wanted,
            from_us,
            to_us,
            max_bytes: max_bytes.unwrap_or(u64::MAX),
            most: usize::MAX,
            comment: format!(
                "tap {} of {} ({}), packets {}, {lost} lost{words}",
                one.id,
                one.title,
                one.cluster,
                one.packets.name()
            ),
            names: one.names.lock().iter().map(|(ip, name)| (*ip, name.clone())).collect(),
            keys,
        };
        let snapshot = spool.snapshot().await.ok_or(TapsError::NoPackets)?;
        let export = tokio::task::spawn_blocking(|| Export::choose(snapshot, asked)).await;
        let export = export.map_err(|error| TapsError::Unreadable(std::io::Error::other(error)))?;
        let export = export.map_err(refused)?;
        let (send, pieces) = mpsc::channel(PIECES);
        tokio::task::spawn_blocking(move || {
            let written = export.write(|piece| {
                permit.count_bytes(piece.len() as u64);
                send.blocking_send(piece).is_ok()
            });
            if let Err(error) = written {
                tracing::warn!(%error, "an export is cut: the packets of a tap cannot be read");
            }
        });
        Ok(Pieces { pieces })
    }
}

/// Why an export is not begun.
pub(super) fn refused(refused: Refused) -> TapsError {
    match refused {
        Refused::Filter(error) => TapsError::Bpf(error),
        Refused::Links(..) => TapsError::Request(refused.to_string()),
        Refused::Read(error) => TapsError::Unreadable(error),
    }
}

/// The flows of the records that an expression chooses, or of one flow; `None` for all packets.
fn wanted(one: &One, select: &str, flow: &str) -> Result<Option<Wanted>, TapsError> {
    let (mut choice, only) = (Choice::of(select)?, flow_id(flow)?);
    if choice.is_none() && only.is_none() {
        return Ok(None);
    }
    let mut wanted = Wanted::default();
    one.each(|line| {
        if line.flow == 0 || only.is_some_and(|only| only != line.flow) {
            return;
        }
        let members = Members::of(line.line);
        if line.is_flow {
            wanted.flow(line.flow, &members);
        }
        if choice.as_mut().is_none_or(|choice| choice.holds(line.line)) {
            wanted.take(line.flow, usize::from(line.pod), &members);
        }
    });
    tell_dear(one, choice.as_mut());
    Ok(Some(wanted.ready()))
}

/// Pieces that wait for their reader.
const PIECES: usize = 4;
