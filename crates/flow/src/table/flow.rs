//! One flow as the table keeps it: who, since when, how far. What only flows with payload need is in [`Conn`].

use super::{Half, Key};
use crate::{End, FlowId, Side, tcp::Conn};

/// A flow. At most 256 bytes, so that a flood of half-open connections costs little.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) id: FlowId,
    pub(crate) key: Key,
    /// By the order of the key's ends.
    pub(crate) halves: [Half; 2],
    pub(crate) conn: Option<Box<Conn>>,
    pub(crate) first_us: i64,
    pub(crate) last_us: i64,
    /// When the timers look at it next.
    pub(crate) timer_us: i64,
    /// When an update is due; [`NEVER`] when nothing changed since the last.
    pub(crate) update_us: i64,
    /// First packet to the other side's answer (SYN to SYN-ACK), and to the ACK of that. 0: not seen, else one more.
    pub(crate) syn_us: u32,
    pub(crate) hs_us: u32,
    pub(crate) prev: u32,
    pub(crate) next: u32,
    pub(crate) list: List,
    pub(crate) phase: Phase,
    /// Which end is the client, once decided.
    pub(crate) client: Option<u8>,
    pub(crate) dir_by: DirBy,
    pub(crate) end: Option<End>,
    /// The `open` record went out.
    pub(crate) shown: bool,
    pub(crate) records: u32,
}

/// Where in its life a flow is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The TCP handshake is under way.
    #[default]
    HalfOpen,
    /// Open, also when one side has closed.
    Open,
    /// Both sides closed; waits for late packets.
    Closed,
    /// Reset; waits for late packets.
    Reset,
    /// Not TCP.
    Datagrams,
}

/// How the direction was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DirBy {
    /// The first packet's sender, until something better is seen.
    #[default]
    First,
    Syn,
    SynAck,
    Hint,
    Payload,
    Port,
    LowerPort,
}

impl DirBy {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Syn => "syn",
            Self::SynAck => "syn_ack",
            Self::Hint => "listen",
            Self::Payload => "payload",
            Self::Port => "port",
            Self::LowerPort => "lower_port",
        }
    }
}

/// The queue a flow waits in, oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum List {
    #[default]
    Free,
    /// Closed or reset: the first to go.
    Closing,
    HalfOpen,
    /// Open without payload.
    Quiet,
    /// Everything with parser state, and datagrams.
    Active,
}

impl List {
    pub(crate) const COUNT: usize = 5;
}

impl Flow {
    pub(crate) fn new(id: FlowId, key: Key, ts_us: i64) -> Self {
        Self {
            id,
            key,
            halves: [Half::default(); 2],
            conn: None,
            first_us: ts_us,
            last_us: ts_us,
            timer_us: NEVER,
            update_us: NEVER,
            syn_us: 0,
            hs_us: 0,
            prev: NONE,
            next: NONE,
            list: List::Free,
            phase: Phase::HalfOpen,
            client: None,
            dir_by: DirBy::First,
            end: None,
            shown: false,
            records: 0,
        }
    }

    /// One direction and the other.
    #[inline]
    pub(crate) fn pair(&mut self, lane: usize) -> (&mut Half, &mut Half) {
        let [first, second] = &mut self.halves;
        if lane == 0 { (first, second) } else { (second, first) }
    }

    #[inline]
    pub(crate) fn half(&self, lane: usize) -> &Half {
        let [first, second] = &self.halves;
        if lane == 0 { first } else { second }
    }

    #[inline]
    pub(crate) fn half_mut(&mut self, lane: usize) -> &mut Half {
        self.pair(lane).0
    }

    /// The end that is the client, as far as decided.
    #[inline]
    pub(crate) fn client_lane(&self) -> usize {
        usize::from(self.client.unwrap_or(0) & 1)
    }

    #[inline]
    pub(crate) fn side(&self, lane: usize) -> Side {
        if lane == self.client_lane() { Side::Client } else { Side::Server }
    }

    /// How long it may be silent.
    pub(crate) fn idle_us(&self) -> i64 {
        match self.phase {
            Phase::HalfOpen => 10 * SECOND,
            Phase::Open => 7200 * SECOND,
            Phase::Closed => 2 * SECOND,
            Phase::Reset => SECOND,
            Phase::Datagrams => {
                let dns = self.conn.as_ref().is_some_and(|conn| conn.facts.app == crate::App::Dns);
                if dns { 5 * SECOND } else { 30 * SECOND }
            }
        }
    }

    /// When something happens to it next.
    pub(crate) fn due_us(&self) -> i64 {
        let idle = self.last_us.saturating_add(self.idle_us());
        let conn = self.conn.as_ref().map_or(NEVER, |conn| conn.due_us());
        idle.min(self.update_us).min(conn)
    }

    /// The queue it belongs into.
    pub(crate) fn place(&self) -> List {
        match self.phase {
            Phase::Closed | Phase::Reset => List::Closing,
            Phase::HalfOpen => List::HalfOpen,
            Phase::Open if self.conn.is_none() => List::Quiet,
            _ => List::Active,
        }
    }
}

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const NEVER: i64 = i64::MAX;
pub(crate) const NONE: u32 = u32::MAX;
