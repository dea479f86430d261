//! Commands of the client.

use std::sync::Arc;

use crate::sql::{Dialect, Statement};
use crate::{Chunk, Context, Side, Step};

use super::looks;
use super::packets::{FULL, Fields, HEAD, head};
use super::parser::{Mysql, Phase};
use super::pending::{Kind, Pending, Stage};

impl Mysql {
    pub(super) fn client(&mut self, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        let mut used = 0;
        if self.is_lost(Side::Client) {
            if chunk.bytes.len() < 16 {
                let possible = head(chunk.bytes).is_none_or(|(length, number)| number == 0 && length < FULL);
                if possible && !looks::is_command(chunk.bytes) {
                    return Step::Consumed(0);
                }
            }
            if !looks::is_command(chunk.bytes) {
                return Step::Consumed(chunk.bytes.len());
            }
            self.found(Side::Client);
        }
        loop {
            let rest = chunk.bytes.get(used..).unwrap_or_default();
            if rest.is_empty() || self.phase == Phase::Passive {
                return Step::Consumed(used);
            }
            let at = chunk.offset + used as u64;
            if let Some(pending) = self.tail.take() {
                used += 1;
                self.ask(pending, chunk, cx);
                continue;
            }
            self.pairing.begins(at, chunk.first_ts_us);
            let Some((length, number)) = head(rest) else { return Step::Consumed(used) };
            let continued = self.more.first().copied().unwrap_or(false);
            let file = matches!(self.queue.front(), Some(Pending { stage: Stage::File, .. }));
            if number != 0 || continued || file {
                // The rest of a long command, a file, or proofs: never looked at.
                self.goes_on(Side::Client, continued && length == FULL);
                crate::redis::mask(cx, Side::Client, at + 4, length as u64);
                used += 4;
                if file && length == 0 {
                    if let Some(first) = self.queue.front_mut() {
                        first.stage = Stage::First;
                    }
                } else if length > 0 {
                    return self.skip(Side::Client, at + 4, used, length as u64);
                }
                continue;
            }
            let shown = length.min(HEAD);
            let Some(body) = rest.get(4..4 + shown) else { return Step::Consumed(used) };
            if length == 0 {
                return Step::Violation("mysql_command");
            }
            self.goes_on(Side::Client, length == FULL);
            let cut = length > shown;
            if cut && cx.redaction.sql() {
                crate::redis::mask(cx, Side::Client, at + 4 + shown as u64, (length - shown) as u64);
            }
            let pending = match self.command(body, cut, at + 4, cx) {
                Ok(pending) => pending,
                Err(code) => return Step::Violation(code),
            };
            used += 4 + shown;
            if cut {
                let left = (length - shown) as u64;
                let left = if pending.is_some() { left - 1 } else { left };
                self.tail = pending;
                if left > 0 {
                    return self.skip(Side::Client, chunk.offset + used as u64, used, left);
                }
            } else if let Some(pending) = pending {
                self.ask(pending, chunk, cx);
            }
        }
    }

    /// One command, whole or its head. None when the server does not answer it.
    fn command(
        &mut self,
        body: &[u8],
        cut: bool,
        at: u64,
        cx: &mut Context<'_, '_>,
    ) -> Result<Option<Pending>, &'static str> {
        let Some((kind, rest)) = body.split_first() else { return Err("mysql_command") };
        Ok(Some(match kind {
            0x01 | 0x18 => {
                // The end; a long parameter, which is hidden.
                if *kind == 0x18 && cx.redaction.sql() {
                    crate::redis::mask(cx, Side::Client, at + 7, (rest.len() as u64).saturating_sub(6));
                }
                return Ok(None);
            }
            0x02 => Pending { name: rest.get(..128).unwrap_or(rest).to_vec(), ..Pending::new(Kind::InitDb) },
            0x03 => self.query(Kind::Query, rest, cut, at + 1, cx),
            0x16 => self.query(Kind::Prepare, rest, cut, at + 1, cx),
            0x17 => self.execute(rest, cut, at + 1, cx).ok_or("mysql_execute")?,
            0xfa => {
                let mut fields = Fields::new(rest);
                let number = fields.u32().ok_or("mysql_execute")?;
                if cx.redaction.sql() {
                    crate::redis::mask(cx, Side::Client, at + 5, (rest.len() as u64).saturating_sub(4));
                }
                let statement = self.statements.get(&number.to_le_bytes()).cloned();
                let why = statement.as_ref().map_or(0, |statement| statement.why);
                Pending { statement, prepared: Some(number), why, params_cut: true, ..Pending::new(Kind::Execute) }
            }
            0x19 => {
                if let Some(number) = rest.first_chunk::<4>() {
                    self.statements.remove(number);
                    let number = u32::from_le_bytes(*number);
                    self.types.retain(|(own, _)| *own != number);
                }
                return Ok(None);
            }
            0x1c => {
                let number = Fields::new(rest).u32();
                let statement = number.and_then(|number| self.statements.get(&number.to_le_bytes()).cloned());
                let why = statement.as_ref().map_or(0, |statement| statement.why);
                Pending { statement, prepared: number, why, stage: Stage::Rows, ..Pending::new(Kind::Fetch) }
            }
            0x04 => Pending { stage: Stage::First, ..Pending::new(Kind::FieldList) },
            0x09 => Pending::new(Kind::Statistics),
            0x11 => {
                let mut fields = Fields::new(rest);
                let user = fields.text().unwrap_or_default();
                crate::redis::mask(cx, Side::Client, at + 1 + fields.at as u64, fields.rest().len() as u64);
                Pending { name: user.get(..128).unwrap_or(user).to_vec(), ..Pending::new(Kind::ChangeUser) }
            }
            0x12 | 0x1e => {
                self.phase = Phase::Passive;
                return Ok(None);
            }
            0x0a => Pending { kind: Kind::Named("PROCESSLIST"), ..Pending::default() },
            0x0c => Pending::new(Kind::Named("KILL")),
            0x0e => Pending::new(Kind::Named("PING")),
            0x1a => Pending::new(Kind::Quiet("RESET STATEMENT")),
            0x1b => Pending::new(Kind::Quiet("SET OPTION")),
            0x1f => {
                self.statements.clear();
                self.types.clear();
                Pending::new(Kind::Quiet("RESET CONNECTION"))
            }
            0x00 | 0x05..=0x0f | 0x15 | 0x1d => Pending::new(Kind::Quiet("OTHER")),
            _ => return Err("mysql_command"),
        }))
    }

    fn query(&mut self, kind: Kind, text: &[u8], cut: bool, at: u64, cx: &mut Context<'_, '_>) -> Pending {
        // With attributes of queries their number comes first; a statement never begins with a zero.
        let mut begin = 0;
        if kind == Kind::Query && text.first().is_some_and(|byte| *byte < 9) {
            if text.starts_with(&[0, 1]) {
                begin = 2;
            } else {
                if cx.redaction.sql() {
                    crate::redis::mask(cx, Side::Client, at, text.len() as u64);
                }
                return Pending { params_cut: true, ..Pending::new(kind) };
            }
        }
        let text = text.get(begin..).unwrap_or_default();
        let at = at + begin as u64;
        let (redaction, most) = (cx.redaction, cx.limits.body);
        let secret = |from: usize, to: usize| {
            crate::redis::mask(cx, Side::Client, at + from as u64, (to - from) as u64);
        };
        let statement = Arc::new(Statement::read(text, cut, Dialect::Mysql, redaction, most, secret));
        Pending { why: statement.why, statement: Some(statement), ..Pending::new(kind) }
    }
}
