//! Keys of TLS connections that a user gives to a tap. They are in memory alone, wiped when the tap goes, and in no log,
//! journal or record.

mod again;

use super::one::Order;
use super::{Taps, TapsError};
use crate::tap::KeyLines;
use api::tap::TapKeys;
use flow::KeyLine;
use policy::action::{TapChange, TapControl};
use policy::{Outcome, Permit};
use std::sync::Arc;

/// All lines that a tap was given.
#[derive(Default)]
pub(super) struct KeyLog {
    logs: Vec<Arc<KeyLines>>,
    bytes: usize,
}

impl KeyLog {
    /// The lines, as an engine takes them.
    pub(super) fn lines(&self) -> Vec<KeyLine> {
        self.logs.iter().flat_map(|keys| keys.lines()).map(|line| KeyLine { text: line.clone() }).collect()
    }
}

impl Taps {
    /// Gives a tap the lines of a key log: its agents read connections that begin from now on, and what is kept of packets
    /// is read again for those before.
    ///
    /// # Errors
    /// When the decision cannot be written down, or there are more than may be.
    pub async fn keys(&self, permit: Permit<TapControl>, log: String) -> Result<TapKeys, TapsError> {
        let log = zeroize::Zeroizing::new(log);
        permit.settled().await?;
        let TapControl { tap, change: TapChange::Keys } = permit.target() else { return Err(TapsError::NotCovered) };
        let one = self.0.find(&tap.tap)?;
        let (keys, invalid) = KeyLines::read(log.lines());
        let (count, keys) = (keys.count(), Arc::new(keys));
        if count > 0 {
            let mut kept = one.keys.lock();
            if kept.bytes + log.len() > MOST {
                return Err(TapsError::Limit("key_log", MOST as u64));
            }
            kept.bytes += log.len();
            kept.logs.push(keys.clone());
        }
        let agents = one.pods().0;
        // An ended tap has no agents that could be told.
        let told = count > 0 && one.orders.send(Order::Keys(keys)).await.is_ok();
        let records = if count > 0 { again::read(&one).await? } else { 0 };
        let agents = if told { u64::from(agents) } else { 0 };
        one.say("keys", &format!("{count} keys were given"));
        self.0.show(&one);
        permit.finish(Outcome::Done { message: format!("{count} keys, {invalid} lines that are none") });
        Ok(TapKeys { keys: count, invalid, agents, records })
    }
}

/// Bytes of key logs that a tap takes.
const MOST: usize = 64 << 20;
