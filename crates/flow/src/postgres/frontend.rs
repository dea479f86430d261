//! Messages of the client.

use std::sync::Arc;

use crate::redact::Why;
use crate::sql::{Dialect, Statement};
use crate::{Chunk, Context, Side, Step};

use super::item::{Ask, Run};
use super::looks;
use super::messages::{CANCEL_REQUEST, Fields, GSSENC_REQUEST, HEAD, SSL_REQUEST, head};
use super::parser::{Portal, Postgres};

impl Postgres {
    pub(super) fn client(&mut self, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        let mut used = 0;
        if self.is_lost(Side::Client) {
            if !looks::is_request(chunk.bytes) {
                // The rest of a message, or the head of one whose end is still to come.
                let wait = chunk.bytes.len() < 4096 && matches!(chunk.bytes.first(), Some(b'Q' | b'P' | b'B' | b'E'));
                return Step::Consumed(if wait { 0 } else { chunk.bytes.len() });
            }
            self.found(Side::Client);
        }
        loop {
            let rest = chunk.bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Step::Consumed(used);
            }
            let at = chunk.offset + used as u64;
            if let Some(ask) = self.tail.take() {
                used += 1;
                self.ask(ask, chunk, cx);
                continue;
            }
            self.pairing.begins(at, chunk.first_ts_us);
            if !self.typed {
                match self.first(rest, at, chunk, cx) {
                    Ok(Some(len)) => used += len,
                    Ok(None) => return Step::Consumed(used),
                    Err(code) => return Step::Violation(code),
                }
                continue;
            }
            let Some((kind, length)) = head(rest) else { return Step::Consumed(used) };
            if !b"QPBDECSHXFpdcf".contains(&kind) || !(4..=LONGEST).contains(&length) {
                return Step::Violation("postgres_message");
            }
            let body_len = length - 4;
            let shown = usize::try_from(body_len).unwrap_or(usize::MAX).min(HEAD);
            if kind == b'd' || kind == b'p' {
                return match self.unread(kind, at, body_len, used, cx) {
                    Step::Skip { used: now, skip: 0 } => {
                        used = now;
                        continue;
                    }
                    step => step,
                };
            }
            let Some(body) = rest.get(5..5 + shown) else { return Step::Consumed(used) };
            let cut = body_len > shown as u64;
            if cut {
                // What is not looked at may hold literals: all of it is masked, its last byte shown for the time.
                self.mask_rest(at + 5 + shown as u64, body_len - shown as u64, kind, cx);
            }
            let ask = self.message(kind, body, cut, at + 5, cx);
            used += 5 + shown;
            match ask {
                Ok(Some(ask)) if cut => {
                    self.tail = Some(ask);
                    let left = body_len - shown as u64 - 1;
                    if left > 0 {
                        return self.skip(Side::Client, chunk.offset + used as u64, used, left);
                    }
                }
                Ok(None) if cut => {
                    return self.skip(Side::Client, chunk.offset + used as u64, used, body_len - shown as u64);
                }
                Ok(Some(ask)) => self.ask(ask, chunk, cx),
                Ok(None) => {}
                Err(code) => return Step::Violation(code),
            }
        }
    }

    /// The first message, which has no type. Its length, or None when it is not all there.
    fn first(
        &mut self,
        rest: &[u8],
        at: u64,
        chunk: &Chunk<'_>,
        cx: &mut Context<'_, '_>,
    ) -> Result<Option<usize>, &'static str> {
        let Some([a, b, c, d, e, f, g, h]) = rest.first_chunk::<8>() else { return Ok(None) };
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let version = u32::from_be_bytes([*e, *f, *g, *h]);
        if !(8..=10_000).contains(&length) {
            return Err("postgres_startup");
        }
        let Some(body) = rest.get(8..length) else { return Ok(None) };
        match version {
            SSL_REQUEST | GSSENC_REQUEST => self.ask(Ask::Encrypt, chunk, cx),
            CANCEL_REQUEST => {
                // The secret that lets anybody cancel is never shown.
                cx.mask(Side::Client, at + 12, (length as u32).saturating_sub(12));
                self.cancelled(chunk.ts_us, cx);
                self.passive = true;
            }
            _ if version >> 16 == 3 => {
                let mut fields = Fields::new(body);
                while let Some(name) = fields.text().filter(|name| !name.is_empty()) {
                    let Some(value) = fields.text() else { break };
                    match name {
                        b"user" => self.user = value.get(..128).unwrap_or(value).to_vec(),
                        b"database" => self.database = value.get(..128).unwrap_or(value).to_vec(),
                        _ => {}
                    }
                }
                if self.database.is_empty() {
                    self.database = self.user.clone();
                }
                self.typed = true;
                self.ask(Ask::Startup, chunk, cx);
            }
            _ => return Err("postgres_version"),
        }
        Ok(Some(length))
    }

    /// Rows of a COPY, and what proves who somebody is: never looked at.
    fn unread(&mut self, kind: u8, at: u64, len: u64, used: usize, cx: &mut Context<'_, '_>) -> Step {
        if kind == b'p' || cx.redaction.sql() {
            mask(cx, at + 5, len);
        }
        let used = used + 5;
        self.skip(Side::Client, at + 5, used, len)
    }

    fn mask_rest(&self, at: u64, len: u64, kind: u8, cx: &mut Context<'_, '_>) {
        if cx.redaction.sql() && matches!(kind, b'Q' | b'P' | b'B' | b'F') {
            mask(cx, at, len);
        }
    }

    /// One typed message, whole or its head.
    fn message(
        &mut self,
        kind: u8,
        body: &[u8],
        cut: bool,
        at: u64,
        cx: &mut Context<'_, '_>,
    ) -> Result<Option<Ask>, &'static str> {
        let mut fields = Fields::new(body);
        Ok(Some(match kind {
            b'Q' => {
                let text = body.strip_suffix(b"\0").unwrap_or(body);
                let statement = Arc::new(read(text, cut, at, cx));
                let why = statement.why;
                Ask::Query(Box::new(Run { statement: Some(statement), why, ..Run::default() }))
            }
            b'P' => {
                let name = fields.text().ok_or("postgres_parse")?.to_vec();
                let begin = at + fields.at as u64;
                let rest = fields.rest();
                let text = fields.text().unwrap_or(rest);
                let statement = Arc::new(read(text, cut, begin, cx));
                self.statements.put(&name, statement.clone());
                Ask::Parse(statement)
            }
            b'B' => {
                self.bind(body, cut, at, cx).ok_or("postgres_bind")?;
                Ask::Bind
            }
            b'D' => Ask::Describe,
            b'E' => {
                let name = fields.text().ok_or("postgres_execute")?;
                Ask::Execute(Box::new(self.run(name)))
            }
            b'C' => {
                match (fields.u8(), fields.text()) {
                    (Some(b'S'), Some(name)) => self.statements.remove(name),
                    (Some(b'P'), Some(name)) => self.portals.retain(|portal| portal.name != name),
                    _ => return Err("postgres_close"),
                }
                Ask::Close
            }
            b'S' => Ask::Sync,
            b'F' => {
                if cx.redaction.sql() {
                    mask(cx, at, body.len() as u64);
                }
                let statement = Statement { op: b"FUNCTION".to_vec(), ..Statement::default() };
                Ask::Query(Box::new(Run { statement: Some(Arc::new(statement)), ..Run::default() }))
            }
            _ => return Ok(None),
        }))
    }

    /// Binds parameters to a portal.
    fn bind(&mut self, body: &[u8], cut: bool, at: u64, cx: &mut Context<'_, '_>) -> Option<()> {
        let mut fields = Fields::new(body);
        let name = fields.text()?.to_vec();
        let prepared = fields.text()?.to_vec();
        let statement = self.statements.get(&prepared).cloned();
        let mut portal = Portal { name, prepared, statement, params: Vec::new(), param_ends: Vec::new(), cut, why: 0 };
        self.params(&mut fields, &mut portal, at, cx);
        self.portals.retain(|other| other.name != portal.name);
        if self.portals.len() >= MOST_PORTALS {
            self.portals.remove(0);
        }
        self.portals.push(portal);
        Some(())
    }

    /// Parameters as they may be shown; ends where the message does.
    fn params(
        &mut self,
        fields: &mut Fields<'_>,
        portal: &mut Portal,
        at: u64,
        cx: &mut Context<'_, '_>,
    ) -> Option<()> {
        let formats = fields.u16()?;
        let codes = fields.take(usize::from(formats) * 2)?;
        let count = fields.u16()?;
        for number in 0..usize::from(count) {
            let len = fields.i32()?;
            let begin = at + fields.at as u64;
            let whole = usize::try_from(len).ok();
            let value = whole.map(|len| fields.take(len).unwrap_or(fields.rest()));
            if let (Some(value), true) = (value, cx.redaction.sql()) {
                mask(cx, begin, value.len() as u64);
                portal.why |= Why::Sql.bit();
            }
            if number < MOST_PARAMS {
                let place = if formats == 1 { 0 } else { number };
                let binary = codes.get(place * 2..place * 2 + 2) == Some(&[0, 1]);
                self.param(value, binary, portal, cx);
                portal.param_ends.push(u32::try_from(portal.params.len()).unwrap_or(u32::MAX));
            } else {
                portal.cut = true;
            }
        }
        Some(())
    }

    fn param(&mut self, value: Option<&[u8]>, binary: bool, portal: &mut Portal, cx: &mut Context<'_, '_>) {
        let out = &mut portal.params;
        let Some(value) = value else { return out.extend_from_slice(b"NULL") };
        if cx.redaction.sql() {
            return cx.redaction.mark(value).write(out);
        }
        let shown = value.get(..MOST_PARAM).unwrap_or(value);
        portal.cut |= shown.len() < value.len();
        if binary {
            out.extend_from_slice(b"\\x");
            for byte in shown.iter().take(64) {
                out.extend(
                    [byte >> 4, byte & 15]
                        .map(|digit| char::from_digit(u32::from(digit), 16).map_or(b'0', |c| c as u8)),
                );
            }
            return;
        }
        self.spans.clear();
        cx.redaction.text(shown, &mut self.spans);
        portal.why |= self.spans.why();
        cx.redaction.write(shown, &self.spans, out);
    }

    /// A portal that runs.
    fn run(&self, name: &[u8]) -> Run {
        let Some(portal) = self.portals.iter().find(|portal| portal.name == name) else { return Run::default() };
        let why = portal.why | portal.statement.as_ref().map_or(0, |statement| statement.why);
        Run {
            statement: portal.statement.clone(),
            prepared: Some(portal.prepared.clone()),
            params: portal.params.clone(),
            param_ends: portal.param_ends.clone(),
            params_cut: portal.cut,
            why,
            ..Run::default()
        }
    }
}

fn read(text: &[u8], cut: bool, at: u64, cx: &mut Context<'_, '_>) -> Statement {
    let (redaction, most) = (cx.redaction, cx.limits.body);
    Statement::read(text, cut, Dialect::Postgres, redaction, most, |from, to| {
        mask(cx, at + from as u64, (to - from) as u64)
    })
}

fn mask(cx: &mut Context<'_, '_>, offset: u64, len: u64) {
    crate::redis::mask(cx, Side::Client, offset, len);
}

/// The server takes no longer message.
const LONGEST: u64 = 1 << 30;
const MOST_PORTALS: usize = 32;
const MOST_PARAMS: usize = 32;
const MOST_PARAM: usize = 256;
