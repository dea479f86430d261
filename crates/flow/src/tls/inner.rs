//! The conversation inside: clear bytes go through a dialog of their own, which finds its protocol like any other.

use super::{held::Meta, parser::Tls};
use crate::{App, Chunk, Context, Dialog, Gap, GapCause, Limits, Side};

impl Tls {
    /// Shows clear bytes of one direction.
    pub(super) fn deliver(&mut self, side: Side, clear: &[u8], meta: &Meta, cx: &mut Context<'_, '_>) {
        let acked = self.half(side.other()).clear_at(meta.acked);
        let half = self.half(side);
        let offset = half.clear;
        half.clear += clear.len() as u64;
        half.mark(meta.end);
        let chunk = Chunk { bytes: clear, offset, ts_us: meta.ts_us, first_ts_us: meta.first_us, acked, cut: 0 };
        self.begin_inner(cx);
        self.with_inner(cx, |dialog, cx| dialog.data(side, &chunk, cx));
    }

    /// Tells of `len` clear bytes that are missing.
    pub(super) fn inner_gap(&mut self, side: Side, len: u64, gap: &Gap, cx: &mut Context<'_, '_>) {
        if self.inner.is_none() {
            return;
        }
        let half = self.half(side);
        let inner = Gap { offset: half.clear, len, ..*gap };
        half.clear += len;
        self.with_inner(cx, |dialog, cx| {
            dialog.gap(side, &inner, cx);
        });
    }

    fn begin_inner(&mut self, cx: &Context<'_, '_>) {
        if self.inner.is_none() {
            self.inner = Some(Box::new(self.found(cx)));
        }
    }

    /// A record could not be opened.
    pub(super) fn inner_lost(&mut self, side: Side, len: u64, ts_us: i64, cx: &mut Context<'_, '_>) {
        self.begin_inner(cx);
        let gap = Gap { offset: 0, len, cause: GapCause::Limit, ts_us };
        self.inner_gap(side, len, &gap, cx);
    }

    /// Passes on how directions ended, once nothing waits before that.
    pub(super) fn tell_ends(&mut self, cx: &mut Context<'_, '_>) {
        for side in [Side::Client, Side::Server] {
            let half = self.half(side);
            if let Some(how) = half.ended.filter(|_| !half.end_told) {
                half.end_told = true;
                self.with_inner(cx, |dialog, cx| dialog.end(side, how, cx));
            }
        }
    }

    pub(super) fn wake_inner(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        match self.inner_wake {
            Some(at) if at <= now_us => {
                self.inner_wake = None;
                self.with_inner(cx, |dialog, cx| dialog.wake(now_us, cx));
            }
            Some(at) => cx.wake_at(at),
            None => {}
        }
    }

    fn found(&self, cx: &Context<'_, '_>) -> Dialog {
        // Databases go on inside with the login that they began outside.
        if let App::Mysql | App::Postgres = cx.facts.before {
            return Dialog::of(cx.facts.before);
        }
        match self.session.alpn.as_deref() {
            Some(b"h2") => Dialog::hinted(App::Http2),
            Some(b"http/1.1" | b"http/1.0") => Dialog::hinted(App::Http1),
            _ => Dialog::default(),
        }
    }

    /// Runs something on the dialog inside. Its offsets are not those of packets, so it masks nothing in them.
    fn with_inner(&mut self, cx: &mut Context<'_, '_>, run: impl FnOnce(&mut Dialog, &mut Context<'_, '_>)) {
        let Some(dialog) = &mut self.inner else { return };
        let limits = Limits { mask: false, ..cx.limits.clone() };
        // Whoever saw the hello saw the begin of what is inside.
        let no_syn = cx.facts.no_syn;
        cx.facts.no_syn = no_syn && self.session.random.is_none();
        cx.facts.layers += 1;
        let mut inner = Context {
            facts: &mut *cx.facts,
            limits: &limits,
            redaction: cx.redaction,
            dns: &mut *cx.dns,
            hints: cx.hints,
            keys: &mut *cx.keys,
            protos: &mut *cx.protos,
            drafts: &mut *cx.drafts,
            mesh: &mut *cx.mesh,
            seq: &mut *cx.seq,
            sink: &mut *cx.sink,
            wake: &mut self.inner_wake,
        };
        run(dialog, &mut inner);
        cx.facts.layers -= 1;
        cx.facts.no_syn = no_syn;
        if let Some(at) = self.inner_wake {
            cx.wake_at(at);
        }
    }
}
