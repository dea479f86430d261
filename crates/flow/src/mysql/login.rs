//! The begin of a connection: greeting, TLS, user and database, proofs, verdict.

use crate::{App, Chunk, Context, Side, Step};

use super::packets::{
    CONNECT_WITH_DB, Fields, LONG_FLAG_COMPRESS, PLUGIN_AUTH_LENENC, PROTOCOL_41, SECURE_CONNECTION, SSL, ZSTD, head,
};
use super::parser::{Mysql, Phase};

impl Mysql {
    pub(super) fn login(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        let mut used = 0;
        loop {
            let rest = chunk.bytes.get(used..).unwrap_or_default();
            let Some((length, number)) = head(rest) else { return Step::Consumed(used) };
            if length == 0 || length > LONGEST {
                return Step::Violation("mysql_packet");
            }
            let Some(body) = rest.get(4..4 + length) else { return Step::Consumed(used) };
            let at = chunk.offset + used as u64 + 4;
            used += 4 + length;
            match (from, self.phase) {
                (Side::Server, Phase::Greeting) => match self.greeting(body, chunk.ts_us, cx) {
                    Some(()) => {}
                    None => return Step::Violation("mysql_greeting"),
                },
                (Side::Client, Phase::Greeting) if number == 0 => return Step::Violation("mysql_login"),
                (Side::Client, Phase::Greeting) => match self.response(body, at, cx) {
                    Some(true) => return Step::Become { used, app: App::Tls },
                    Some(false) => {
                        self.phase = Phase::Login;
                        self.login_us.get_or_insert(chunk.first_ts_us);
                    }
                    None => return Step::Violation("mysql_login"),
                },
                // Proofs: never looked at.
                (Side::Client, _) => crate::redis::mask(cx, Side::Client, at, length as u64),
                (Side::Server, _) => {
                    self.verdict(body, at, chunk.ts_us, cx);
                    match self.phase {
                        Phase::Commands => {
                            let step = self.server(&after(chunk, used), cx);
                            return shifted(step, used);
                        }
                        Phase::Passive => return Step::Consumed(used),
                        _ => {}
                    }
                }
            }
        }
    }

    fn greeting(&mut self, body: &[u8], ts_us: i64, cx: &mut Context<'_, '_>) -> Option<()> {
        self.login_us = Some(ts_us);
        let mut fields = Fields::new(body);
        match fields.u8()? {
            10 => {
                fields.text()?;
                fields.take(4 + 8 + 1)?;
                let low = fields.u16()?;
                let high = fields.take(3).and_then(|_| fields.u16()).unwrap_or(0);
                self.offered = Some(u32::from(high) << 16 | u32::from(low));
                Some(())
            }
            0xff => {
                let failed = self.error(body, 0, cx)?;
                self.connected(Some(&failed), ts_us, cx);
                self.phase = Phase::Passive;
                Some(())
            }
            _ => None,
        }
    }

    /// What the client says of itself. True when it asks for TLS.
    fn response(&mut self, body: &[u8], at: u64, cx: &mut Context<'_, '_>) -> Option<bool> {
        let mut fields = Fields::new(body);
        let flags = fields.u32()? & self.offered.unwrap_or(u32::MAX);
        if flags & PROTOCOL_41 == 0 {
            return None;
        }
        fields.take(4 + 1 + 23)?;
        if flags & SSL != 0 && fields.rest().is_empty() {
            return Some(true);
        }
        self.compressed = flags & (LONG_FLAG_COMPRESS | ZSTD) != 0;
        let user = fields.text()?;
        self.user = user.get(..128).unwrap_or(user).to_vec();
        let begin = fields.at;
        if flags & PLUGIN_AUTH_LENENC != 0 {
            let len = usize::try_from(fields.number()?).ok()?;
            fields.take(len)?;
        } else if flags & SECURE_CONNECTION != 0 {
            let len = fields.u8()?;
            fields.take(usize::from(len))?;
        } else {
            fields.text()?;
        }
        crate::redis::mask(cx, Side::Client, at + begin as u64, (fields.at - begin) as u64);
        if flags & CONNECT_WITH_DB != 0 {
            let database = fields.text().unwrap_or_default();
            self.database = database.get(..128).unwrap_or(database).to_vec();
        }
        Some(false)
    }

    /// The server lets the client in, refuses, or wants more proof.
    fn verdict(&mut self, body: &[u8], at: u64, ts_us: i64, cx: &mut Context<'_, '_>) {
        match body.first() {
            Some(0) => {
                self.connected(None, ts_us, cx);
                self.phase = if self.compressed { Phase::Passive } else { Phase::Commands };
            }
            Some(0xff) => {
                let failed = self.error(body, at, cx);
                self.connected(failed.as_ref(), ts_us, cx);
                self.phase = Phase::Passive;
            }
            _ => {}
        }
    }
}

fn after<'a>(chunk: &Chunk<'a>, used: usize) -> Chunk<'a> {
    let bytes = chunk.bytes.get(used..).unwrap_or_default();
    Chunk { bytes, offset: chunk.offset + used as u64, ..*chunk }
}

/// A step of the rest of a chunk, as one of the whole.
fn shifted(step: Step, by: usize) -> Step {
    match step {
        Step::Consumed(used) => Step::Consumed(used + by),
        Step::Skip { used, skip } => Step::Skip { used: used + by, skip },
        Step::Become { used, app } => Step::Become { used: used + by, app },
        Step::Violation(code) => Step::Violation(code),
    }
}

/// No packet of a log-in is longer.
const LONGEST: usize = 32 << 10;
