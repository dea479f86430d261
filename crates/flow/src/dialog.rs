//! Both directions of one conversation above the transport: finds the protocol, keeps what its parser did not consume,
//! counts what it skips.
//!
//! TCP streams and datagrams are driven through it, and so is what TLS decrypts. It calls parsers with bytes in order;
//! a parser sees every stream byte once, unless it said that it need not.

mod lane;

use lane::Lane;

use crate::detect::{Look, Sought, detect};
use crate::{
    AfterGap, AnyParser, App, Chunk, Context, End, Gap, GapCause, Guess, Parser, Side, Step, Transport, Vouch,
};

/// A parser with the bytes it has not used yet.
#[derive(Default)]
pub struct Dialog {
    parser: Option<AnyParser>,
    app: App,
    hint: App,
    lanes: [Lane; 2],
    phase: Phase,
    strikes: u8,
    retried: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// The protocol is not known yet.
    #[default]
    Finding,
    Parsing,
    /// Given up: the rest is counted by the transport alone.
    Done,
}

impl Dialog {
    /// A dialog whose protocol is known.
    #[must_use]
    pub fn of(app: App) -> Self {
        let mut dialog = Self::default();
        dialog.start(app);
        dialog
    }

    /// A dialog on a port where this protocol is usual.
    #[must_use]
    pub fn hinted(hint: App) -> Self {
        Self { hint, ..Self::default() }
    }

    /// What it speaks, as far as known.
    #[must_use]
    pub fn app(&self) -> App {
        self.app
    }

    /// Takes in-order bytes of one direction, or a datagram.
    pub fn data(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) {
        if self.phase == Phase::Done {
            return;
        }
        if cx.facts.transport == Transport::Datagram {
            return self.datagram(from, chunk, cx);
        }
        let mut chunk = *chunk;
        let lane = self.lane(from);
        if lane.skip > 0 {
            let skipped = lane.skip.min(chunk.bytes.len() as u64);
            lane.skip -= skipped;
            let is_over = lane.skip == 0;
            if self.parser.as_ref().is_some_and(|parser| parser.vouch(from) == Vouch::All) {
                cx.clear(from, chunk.offset, skipped);
            }
            if !is_over {
                return;
            }
            chunk = lane::advance(&chunk, skipped as usize);
        }
        self.offer(from, &chunk, cx, 0);
    }

    /// Bytes of one direction are missing. Whether parsing goes on right behind them.
    pub fn gap(&mut self, from: Side, gap: &Gap, cx: &mut Context<'_, '_>) -> bool {
        self.lane(from).clear();
        match self.phase {
            Phase::Done if self.app == App::Unknown && !self.retried => {
                self.retried = true;
                self.phase = Phase::Finding;
                self.lanes.iter_mut().for_each(Lane::restart);
            }
            Phase::Done => {}
            Phase::Finding => {
                let lane = self.lane(from);
                lane.restart();
                lane.holed = true;
            }
            Phase::Parsing => return self.parser_gap(from, gap, cx),
        }
        false
    }

    /// One direction ended.
    pub fn end(&mut self, from: Side, how: End, cx: &mut Context<'_, '_>) {
        if std::mem::replace(&mut self.lane(from).ended, true) {
            return;
        }
        if let Some(parser) = &mut self.parser {
            parser.end(from, how, cx);
        }
        self.lane(from).clear();
    }

    /// The time that the parser asked for has come.
    pub fn wake(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        if let Some(parser) = &mut self.parser {
            parser.wake(now_us, cx);
        }
    }

    /// Bytes of heap it holds.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.parser.as_ref().map_or(0, Parser::heap) + self.lanes.iter().map(Lane::heap).sum::<usize>()
    }

    /// The first offset of a direction whose secrets are still to be told.
    #[must_use]
    pub fn pending(&self, side: Side) -> Option<u64> {
        let [client, server] = &self.lanes;
        let lane = if side == Side::Client { client } else { server };
        let kept = (!lane.kept.is_empty()).then_some(lane.at);
        let parser = self.parser.as_ref().and_then(|parser| parser.pending(side));
        kept.into_iter().chain(parser).min()
    }

    /// Bytes of both directions in which no message start was found.
    #[must_use]
    pub fn unparsed(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.unparsed).sum()
    }

    fn lane(&mut self, side: Side) -> &mut Lane {
        let [client, server] = &mut self.lanes;
        match side {
            Side::Client => client,
            Side::Server => server,
        }
    }

    fn start(&mut self, app: App) {
        self.app = app;
        self.parser = AnyParser::new(app);
        self.phase = if self.parser.is_some() { Phase::Parsing } else { Phase::Done };
        self.strikes = 0;
    }

    fn datagram(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) {
        if self.phase == Phase::Finding {
            match detect(&self.look(from, chunk, cx)) {
                Guess::Is(app) => {
                    self.start(app);
                    cx.facts.app = app;
                }
                Guess::More | Guess::No => return self.strike(),
            }
        }
        let Some(parser) = &mut self.parser else { return };
        let step = parser.data(from, chunk, cx);
        if parser.vouch(from) > Vouch::Nothing && !matches!(step, Step::Violation(_)) {
            cx.clear(from, chunk.offset, chunk.bytes.len() as u64);
        }
        match step {
            Step::Violation(_) => self.strike(),
            Step::Become { app, .. } => {
                self.start(app);
                cx.facts.app = app;
            }
            Step::Consumed(_) | Step::Skip { .. } => {}
        }
    }

    fn strike(&mut self) {
        self.strikes += 1;
        if self.strikes >= STRIKES {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        self.parser = None;
        self.phase = Phase::Done;
        if self.app != App::Unknown && self.strikes >= STRIKES {
            self.app = App::Unknown;
        }
        self.lanes.iter_mut().for_each(Lane::clear);
    }

    fn look<'a>(&self, from: Side, chunk: &Chunk<'a>, cx: &Context<'_, '_>) -> Look<'a> {
        let transport = cx.facts.transport;
        let most = if transport == Transport::Stream { SIGNATURE } else { usize::MAX };
        let bytes = chunk.bytes.get(..most).unwrap_or(chunk.bytes);
        Look { from, bytes, cut: chunk.cut > 0, transport, hint: self.hint }
    }

    /// Joins kept bytes with new ones, shows them, and keeps what is left.
    fn offer(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>, depth: u8) {
        let lane = self.lane(from);
        if lane.kept.is_empty() {
            let used = self.feed(from, chunk, cx, depth);
            let left = lane::advance(chunk, used);
            if self.phase != Phase::Done && !left.bytes.is_empty() {
                if left.bytes.len() > cx.limits.head {
                    return self.overflow(from, &left, cx);
                }
                self.lane(from).keep(&left, used > 0);
            }
            return;
        }
        let mut kept = std::mem::take(&mut lane.kept);
        let (old, at, first_us, acked) = (kept.len(), lane.at, lane.first_us, lane.acked);
        kept.extend_from_slice(chunk.bytes);
        let joined = Chunk { bytes: &kept, offset: at, first_ts_us: first_us, acked, ..*chunk };
        let used = self.feed(from, &joined, cx, depth);
        if self.phase == Phase::Done {
            return;
        }
        if kept.len() - used.min(kept.len()) > cx.limits.head {
            let left = lane::advance(&joined, used);
            return self.overflow(from, &left, cx);
        }
        kept.drain(..used.min(kept.len()));
        let lane = self.lane(from);
        lane.at = at + used as u64;
        if used >= old {
            (lane.first_us, lane.acked) = (chunk.ts_us, chunk.acked);
        }
        if kept.is_empty() {
            kept.shrink_to(KEEP);
        }
        lane.kept = kept;
    }

    /// A message head longer than is kept.
    fn overflow(&mut self, from: Side, left: &Chunk<'_>, cx: &mut Context<'_, '_>) {
        self.strike();
        if self.phase == Phase::Parsing {
            let gap =
                Gap { offset: left.offset, len: left.bytes.len() as u64, cause: GapCause::Limit, ts_us: left.ts_us };
            self.parser_gap(from, &gap, cx);
        }
    }

    /// Shows bytes to the parser until it has used what it can; says how many were used.
    fn feed(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>, depth: u8) -> usize {
        let len = chunk.bytes.len();
        let mut used = 0;
        loop {
            let rest = lane::advance(chunk, used);
            if self.phase == Phase::Finding {
                match self.find(from, &rest, cx, depth) {
                    Sought::Found => continue,
                    Sought::Keep => return used,
                    Sought::Drop => return len,
                }
            }
            let Some(parser) = &mut self.parser else { return len };
            let vouch = parser.vouch(from);
            let step = parser.data(from, &rest, cx);
            // Who looked for a begin at first, or gave up since, has not read all of it.
            answer_for(vouch.min(parser.vouch(from)), from, &rest, step, cx);
            match step {
                Step::Consumed(more) => return (used + more).min(len),
                Step::Skip { used: more, skip } => {
                    let from_here = (len - used - more.min(len - used)) as u64;
                    used = (used + more).min(len);
                    if skip > from_here {
                        self.lane(from).skip = skip - from_here;
                        return len;
                    }
                    used += skip as usize;
                    if more == 0 && skip == 0 {
                        return used;
                    }
                }
                Step::Violation(_) => {
                    self.strike();
                    if used >= len || self.phase == Phase::Done {
                        return len;
                    }
                    let gap = Gap { offset: rest.offset, len: 1, cause: GapCause::Limit, ts_us: rest.ts_us };
                    self.parser_gap(from, &gap, cx);
                    used += 1;
                }
                Step::Become { used: more, app } => {
                    used = (used + more).min(len);
                    self.become_app(app, cx);
                    if depth < DEPTH {
                        self.replay(from.other(), cx, depth + 1);
                    }
                    if used >= len {
                        return len;
                    }
                }
            }
        }
    }

    fn become_app(&mut self, app: App, cx: &mut Context<'_, '_>) {
        cx.facts.before = self.app;
        if app == App::Unknown {
            self.parser = None;
            self.phase = Phase::Finding;
            self.lanes.iter_mut().for_each(Lane::restart);
        } else {
            self.start(app);
            cx.facts.app = app;
        }
    }

    /// Looks for a signature. When it is found, what the other direction kept from before is shown first.
    fn find(&mut self, from: Side, rest: &Chunk<'_>, cx: &mut Context<'_, '_>, depth: u8) -> Sought {
        if rest.bytes.is_empty() {
            return Sought::Keep;
        }
        match detect(&self.look(from, rest, cx)) {
            Guess::Is(app) => {
                self.start(app);
                cx.facts.app = app;
                let offset = rest.offset;
                for side in [from, from.other()] {
                    if std::mem::take(&mut self.lane(side).holed) {
                        let gap = Gap { offset, len: 0, cause: GapCause::NotCaptured, ts_us: rest.ts_us };
                        self.parser_gap(side, &gap, cx);
                    }
                }
                if depth < DEPTH {
                    self.replay(from.other(), cx, depth + 1);
                }
                Sought::Found
            }
            Guess::More if rest.bytes.len() < SIGNATURE => Sought::Keep,
            Guess::More | Guess::No => {
                let tries = if cx.facts.no_syn || self.retried { TRIES } else { 1 };
                let lane = self.lane(from);
                if lane.tries == 0 && !cx.facts.no_syn && !lane.holed && rest.bytes.len() < SIGNATURE {
                    // Perhaps the other direction says what it is; these bytes are wanted then.
                    lane.refused = true;
                } else {
                    lane.unparsed += rest.bytes.len() as u64;
                    lane.tries = lane.tries.saturating_add(1);
                    lane.holed = true;
                    lane.refused = lane.tries >= tries;
                }
                let keep = !lane.holed;
                if self.lanes.iter().all(|lane| lane.refused) {
                    self.give_up();
                    return Sought::Drop;
                }
                if keep { Sought::Keep } else { Sought::Drop }
            }
        }
    }

    /// Shows what was kept of a direction to a parser that was found since.
    fn replay(&mut self, side: Side, cx: &mut Context<'_, '_>, depth: u8) {
        let lane = self.lane(side);
        if lane.kept.is_empty() {
            return;
        }
        let kept = std::mem::take(&mut lane.kept);
        let (offset, first_ts_us, ts_us, acked) = (lane.at, lane.first_us, lane.last_us, lane.acked);
        let chunk = Chunk { bytes: &kept, offset, ts_us, first_ts_us, acked, cut: 0 };
        self.offer(side, &chunk, cx, depth);
    }

    /// As [`Self::gap`], of a connection whose protocol is known.
    fn parser_gap(&mut self, from: Side, gap: &Gap, cx: &mut Context<'_, '_>) -> bool {
        let Some(parser) = &mut self.parser else { return false };
        let after = parser.gap(from, gap, cx);
        match after {
            AfterGap::Continue => {
                let lane = self.lane(from);
                lane.skip = lane.skip.saturating_sub(gap.len);
                if lane.skip == 0 {
                    let (offset, ts_us) = (gap.offset + gap.len, gap.ts_us);
                    let chunk = Chunk { bytes: &[], offset, ts_us, first_ts_us: ts_us, acked: 0, cut: 0 };
                    self.feed(from, &chunk, cx, DEPTH);
                }
            }
            AfterGap::Resync => self.lane(from).skip = 0,
            AfterGap::GiveUp => self.give_up(),
        }
        after == AfterGap::Continue
    }
}

/// Says which bytes of a chunk a parser answers for.
fn answer_for(vouch: Vouch, from: Side, chunk: &Chunk<'_>, step: Step, cx: &mut Context<'_, '_>) {
    let (used, skip) = match step {
        _ if vouch == Vouch::Nothing => return,
        Step::Consumed(used) | Step::Become { used, .. } => (used as u64, 0),
        Step::Skip { used, skip } => (used as u64, if vouch == Vouch::All { skip } else { 0 }),
        Step::Violation(_) => return,
    };
    cx.clear(from, chunk.offset, used.saturating_add(skip).min(chunk.bytes.len() as u64));
}

/// Bytes of one direction that a signature is looked for in.
const SIGNATURE: usize = 2048;
/// Violations after which a parser is the wrong one.
const STRIKES: u8 = 3;
/// Packets of a direction whose start is looked at, when the begin of the connection was not seen.
const TRIES: u8 = 16;
/// Protocols inside each other.
const DEPTH: u8 = 4;
/// Room that an empty buffer keeps.
const KEEP: usize = 2048;
