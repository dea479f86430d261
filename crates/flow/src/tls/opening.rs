//! What is done with one record: which keys it is under, whether they are there, and what they open.

use super::{
    crypto::{Opener, Sealed, Suite},
    half::Epoch,
    held::Meta,
    parser::{LAYERS, Taken, Tls},
    wire::{ALERT, CHANGE, DATA, HANDSHAKE, Head},
};
use crate::{Context, Gap, Side, keylog::Label};

/// What opening a record gave.
enum Opened {
    /// Its content type, and where its content stands in the scratch buffer.
    Content(u8, std::ops::Range<usize>),
    /// No keys yet.
    Wait,
    /// It stays closed.
    Closed,
}

impl Tls {
    /// Takes a record whose turn it is.
    pub(super) fn take(&mut self, side: Side, record: &Sealed<'_>, meta: &Meta, cx: &mut Context<'_, '_>) -> Taken {
        let epoch = self.half(side).epoch;
        let is_sealed = match epoch {
            Epoch::Clear => false,
            Epoch::Sealed => true,
            _ => record.kind == DATA,
        };
        if !is_sealed {
            self.clear_record(side, record, meta, cx);
            return Taken::Done;
        }
        if epoch == Epoch::EarlyOffered {
            if !self.early.is_full() {
                self.early.push(side, record, meta);
            }
            return Taken::Done;
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let opened = self.open(side, record, &mut scratch, cx);
        if !matches!(opened, Opened::Wait) {
            self.note_sealed(side, record.kind, record.body.len(), meta);
        }
        let taken = match opened {
            Opened::Wait => Taken::Wait,
            Opened::Closed => {
                if record.kind == DATA && (self.inner.is_some() || epoch == Epoch::Early) {
                    let len = record.body.len();
                    let lost = self.half(side).opener.as_ref().map_or(len.saturating_sub(17), |key| key.clear_len(len));
                    self.inner_lost(side, lost as u64, meta.ts_us, cx);
                }
                Taken::Done
            }
            Opened::Content(kind, range) => {
                let content = scratch.get(range).unwrap_or_default();
                self.opened_record(side, kind, content, meta, cx);
                Taken::Done
            }
        };
        if scratch.capacity() > KEEP {
            scratch = Vec::new();
        }
        self.scratch = scratch;
        if taken == Taken::Done {
            self.settle(cx);
        }
        taken
    }

    /// A record that is not encrypted.
    fn clear_record(&mut self, side: Side, record: &Sealed<'_>, meta: &Meta, cx: &mut Context<'_, '_>) {
        match record.kind {
            HANDSHAKE => self.handshake(side, record.body, meta, cx),
            ALERT => self.alert(side, record.body, cx),
            CHANGE => self.change_cipher(side),
            _ => {}
        }
    }

    /// What was in an encrypted record.
    fn opened_record(&mut self, side: Side, kind: u8, content: &[u8], meta: &Meta, cx: &mut Context<'_, '_>) {
        if !self.session.opened {
            self.session.opened = true;
            if let Some(random) = &self.session.random {
                cx.keys.mark_used(random);
            }
            cx.facts.verdict = Some(self.session.verdict(cx.keys));
        }
        match kind {
            HANDSHAKE => self.handshake(side, content, meta, cx),
            ALERT => self.alert(side, content, cx),
            CHANGE if self.half(side).epoch == Epoch::Sealed => self.change_cipher(side),
            DATA if !content.is_empty() => {
                // Nothing of the handshake is missing any more when data comes.
                if self.half(side).epoch != Epoch::Early && self.session.done_us.is_none() {
                    self.fail(cx);
                }
                self.deliver(side, content, meta, cx);
            }
            _ => {}
        }
    }

    fn change_cipher(&mut self, side: Side) {
        let session = &mut self.session;
        let is_13 = match session.version {
            Some(version) => version >= 0x0304,
            None => session.client.as_ref().is_some_and(|hello| hello.version() >= 0x0304),
        };
        if is_13 {
            return;
        }
        if side == Side::Server && !session.hello_done && session.server_random.is_some() {
            session.resumed = true;
        }
        self.half(side).enter(Epoch::Sealed);
    }

    fn alert(&mut self, side: Side, content: &[u8], cx: &mut Context<'_, '_>) {
        let [level, code] = content else { return };
        if self.session.emitted || *code == 0 {
            return;
        }
        // All alerts of TLS 1.3 but two are fatal whatever their level says.
        let is_fatal = *level == 2 || (self.session.is_13() && *code != 90);
        if is_fatal {
            self.session.alert(side, Some(*level), Some(*code));
            self.session.done_us = None;
            self.fail(cx);
        }
    }

    /// Times and states that the header of an encrypted record tells, whether it is opened or not.
    pub(super) fn note_sealed(&mut self, side: Side, kind: u8, len: usize, meta: &Meta) {
        let epoch = self.half(side).epoch;
        let session = &mut self.session;
        if session.emitted || session.done_us.is_some() {
            return;
        }
        match (epoch, side) {
            (Epoch::Sealed, _) if kind == HANDSHAKE => {
                let [client, server] = &mut session.finished_us;
                let mine = if side == Side::Client { &mut *client } else { &mut *server };
                mine.get_or_insert(meta.ts_us);
                session.done_us = (*client).zip(*server).map(|(client, server)| client.max(server));
            }
            (Epoch::Sealed, _) if kind == DATA => session.done_us = Some(meta.ts_us),
            (Epoch::Sealed | Epoch::Clear, _) => {}
            (_, Side::Server) => session.flight = true,
            // An alert is this short, Finished is not.
            (_, Side::Client) if session.flight && len <= SHORT => session.alert(side, None, None),
            // Early data may still be on its way: its sender has not seen the answer.
            (_, Side::Client) if session.flight && (!session.early_data || meta.acked >= session.hello_end) => {
                session.done_us = Some(meta.ts_us);
            }
            _ => {}
        }
    }

    fn open(&mut self, side: Side, record: &Sealed<'_>, scratch: &mut Vec<u8>, cx: &mut Context<'_, '_>) -> Opened {
        if self.half(side).dead || cx.facts.layers >= LAYERS {
            return Opened::Closed;
        }
        if self.half(side).opener.is_none() && !self.install(side, cx) {
            if self.half(side).epoch == Epoch::Early {
                return self.after_early(record, scratch, cx).unwrap_or(Opened::Closed);
            }
            if self.may_wait(cx) && !self.half(side).dead {
                return Opened::Wait;
            }
            self.half(side).seq += 1;
            self.session.passed = true;
            return Opened::Closed;
        }
        if let Some(opened) = self.try_numbers(side, record, scratch) {
            return opened;
        }
        if side == Side::Client && self.session.early_data && self.half(side).epoch == Epoch::Handshake {
            // Early data that the server did not take: other keys, and no number of these.
            return Opened::Closed;
        }
        // What ended the handshake may have been lost: the next keys, from their first number on.
        let half = self.half(side);
        if half.epoch == Epoch::Handshake && (half.slack > 0 || half.failures > 0) {
            let slack = half.seq + half.slack;
            half.enter(Epoch::Application);
            half.slack = slack;
            if self.install(side, cx)
                && let Some(opened) = self.try_numbers(side, record, scratch)
            {
                return opened;
            }
        }
        let half = self.half(side);
        half.failures += 1;
        half.seq += 1;
        if half.failures >= FAILURES {
            half.dead = true;
            half.opener = None;
        }
        if record.kind == DATA || half.dead {
            self.session.damaged = true;
            cx.facts.verdict = Some(self.session.verdict(cx.keys));
        }
        Opened::Closed
    }

    fn try_numbers(&mut self, side: Side, record: &Sealed<'_>, scratch: &mut Vec<u8>) -> Option<Opened> {
        let half = self.half(side);
        let opener = half.opener.as_ref()?;
        for seq in half.seq..=half.seq.saturating_add(half.slack) {
            if let Some((kind, range)) = opener.open(seq, record, scratch) {
                (half.seq, half.slack, half.failures) = (seq + 1, 0, 0);
                return Some(Opened::Content(kind, range));
            }
        }
        None
    }

    /// Looks for the key of a direction's epoch.
    fn install(&mut self, side: Side, cx: &mut Context<'_, '_>) -> bool {
        let generation = cx.keys.generation();
        let half = self.half(side);
        if half.checked == Some(generation) {
            return false;
        }
        half.checked = Some(generation);
        let (epoch, passed) = (half.epoch, half.seq);
        // Too late for the handshake: how many of the records that passed belonged to it is not known.
        let is_late = epoch == Epoch::Handshake && passed > 0;
        let opener = self.key(side, if is_late { Epoch::Application } else { epoch }, cx);
        let half = self.half(side);
        if is_late && opener.is_some() {
            half.enter(Epoch::Application);
            half.seq = passed.saturating_sub(FLIGHT);
            half.slack = passed - half.seq;
        }
        half.opener = opener;
        half.opener.is_some()
    }

    /// The key of a direction in an epoch, where its secret is there.
    fn key(&self, side: Side, epoch: Epoch, cx: &Context<'_, '_>) -> Option<Opener> {
        let session = &self.session;
        let (random, suite) = (session.random?, session.cipher.and_then(Suite::of)?);
        session.version.filter(|version| *version >= 0x0303)?;
        if epoch == Epoch::Sealed && suite.is_null() {
            return Opener::of_null(suite);
        }
        let entry = cx.keys.find(&random)?;
        let label = match (epoch, side) {
            (Epoch::Clear | Epoch::EarlyOffered, _) => return None,
            (Epoch::Early, _) => Label::ClientEarly,
            (Epoch::Handshake, Side::Client) => Label::ClientHandshake,
            (Epoch::Handshake, Side::Server) => Label::ServerHandshake,
            (Epoch::Application, Side::Client) => Label::ClientTraffic,
            (Epoch::Application, Side::Server) => Label::ServerTraffic,
            (Epoch::Sealed, _) => {
                let (master, server) = (entry.get(Label::Master)?, session.server_random?);
                return Opener::of_master(suite, master, (&random, &server), side, session.encrypt_then_mac);
            }
        };
        Opener::of_traffic(suite, entry.get(label)?)
    }

    /// Early data without its key, or behind its end: perhaps the client's handshake has begun.
    fn after_early(&mut self, record: &Sealed<'_>, scratch: &mut Vec<u8>, cx: &Context<'_, '_>) -> Option<Opened> {
        let opener = self.key(Side::Client, Epoch::Handshake, cx)?;
        let (kind, range) = opener.open(0, record, scratch)?;
        let half = self.half(Side::Client);
        half.enter(Epoch::Handshake);
        (half.opener, half.seq) = (Some(opener), 1);
        Some(Opened::Content(kind, range))
    }

    /// Part of a record is missing: it cannot be opened, but its number counts.
    pub(super) fn lost(&mut self, side: Side, head: &Head, gap: &Gap, cx: &mut Context<'_, '_>) {
        let half = self.half(side);
        if matches!(half.epoch, Epoch::Clear | Epoch::EarlyOffered) {
            return;
        }
        half.seq += 1;
        if head.kind == DATA {
            let clear = half.opener.as_ref().map(|opener| opener.clear_len(head.len) as u64);
            if half.epoch == Epoch::Handshake {
                half.slack += 1;
            }
            if let Some(clear) = clear.filter(|_| self.inner.is_some()) {
                self.inner_gap(side, clear, gap, cx);
            }
        }
    }
}

/// An encrypted record of TLS 1.3 with two bytes: an alert.
const SHORT: usize = 2 + 1 + 16;
/// Records in a row that cannot be opened until a direction is given up.
const FAILURES: u8 = 4;
/// Records that a side's handshake flight of TLS 1.3 has at most, as far as late keys are tried.
const FLIGHT: u64 = 8;
/// Room that the scratch buffer keeps: a whole record.
const KEEP: usize = 20 << 10;
