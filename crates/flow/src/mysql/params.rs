//! Bound parameters of prepared statements, in their binary form.

use crate::redact::Why;
use crate::{Context, Side};

use super::packets::Fields;
use super::parser::Mysql;
use super::pending::{Kind, Pending};

impl Mysql {
    /// An execution: the statement's number, flags, which parameters are NULL, types when they are new, values.
    pub(super) fn execute(&mut self, body: &[u8], cut: bool, at: u64, cx: &mut Context<'_, '_>) -> Option<Pending> {
        let mut fields = Fields::new(body);
        let number = fields.u32()?;
        fields.take(5)?;
        let statement = self.statements.get(&number.to_le_bytes()).cloned();
        let why = statement.as_ref().map_or(0, |statement| statement.why);
        let count = statement.as_ref().and_then(|statement| statement.params);
        let mut pending =
            Pending { statement, prepared: Some(number), why, params_cut: cut, ..Pending::new(Kind::Execute) };
        let values = fields.at;
        let read =
            count.is_some_and(|count| self.read(&mut fields, number, usize::from(count), &mut pending, cx).is_some());
        if !read && !fields.rest().is_empty() {
            pending.params_cut = true;
        }
        if cx.redaction.sql() && body.len() > values {
            pending.why |= Why::Sql.bit();
            crate::redis::mask(cx, Side::Client, at + values as u64, (body.len() - values) as u64);
        }
        Some(pending)
    }

    fn read(
        &mut self,
        fields: &mut Fields<'_>,
        number: u32,
        count: usize,
        pending: &mut Pending,
        cx: &mut Context<'_, '_>,
    ) -> Option<()> {
        if count == 0 {
            return Some(());
        }
        let nulls = fields.take(count.div_ceil(8))?;
        if fields.u8()? == 1 {
            let types = fields.take(count * 2)?;
            let types = types.chunks_exact(2).filter_map(|two| two.first_chunk()).map(|two| u16::from_le_bytes(*two));
            self.types.retain(|(own, _)| *own != number);
            if self.types.len() >= MOST_TYPES {
                self.types.remove(0);
            }
            self.types.push((number, types.take(MOST_PARAMS).collect()));
        }
        let types = self.types.iter().find(|(own, _)| *own == number).map(|(_, types)| types.clone())?;
        for at in 0..count {
            let Some(kind) = types.get(at) else {
                pending.params_cut = true;
                return Some(());
            };
            let null = nulls.get(at / 8).is_some_and(|bits| bits >> (at % 8) & 1 == 1);
            let value = if null { None } else { Some(value(fields, *kind)?) };
            self.show(value, *kind, pending, cx);
            pending.param_ends.push(u32::try_from(pending.params.len()).unwrap_or(u32::MAX));
        }
        Some(())
    }

    fn show(&mut self, value: Option<&[u8]>, kind: u16, pending: &mut Pending, cx: &mut Context<'_, '_>) {
        let out = &mut pending.params;
        let Some(value) = value else { return out.extend_from_slice(b"NULL") };
        if cx.redaction.sql() {
            return cx.redaction.mark(value).write(out);
        }
        let unsigned = kind & 0x8000 != 0;
        if matches!(kind & 0xff, 1 | 2 | 3 | 8 | 9 | 13) {
            let mut wide = [if !unsigned && value.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 }; 8];
            wide.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
            let text =
                if unsigned { u64::from_le_bytes(wide).to_string() } else { i64::from_le_bytes(wide).to_string() };
            return out.extend_from_slice(text.as_bytes());
        }
        if let (5, Some(bytes)) = (kind & 0xff, value.first_chunk::<8>()) {
            return out.extend_from_slice(f64::from_le_bytes(*bytes).to_string().as_bytes());
        }
        if let (4, Some(bytes)) = (kind & 0xff, value.first_chunk::<4>()) {
            return out.extend_from_slice(f32::from_le_bytes(*bytes).to_string().as_bytes());
        }
        let shown = value.get(..MOST_PARAM).unwrap_or(value);
        pending.params_cut |= shown.len() < value.len();
        self.spans.clear();
        cx.redaction.text(shown, &mut self.spans);
        pending.why |= self.spans.why();
        cx.redaction.write(shown, &self.spans, out);
    }
}

/// The bytes of one value.
fn value<'a>(fields: &mut Fields<'a>, kind: u16) -> Option<&'a [u8]> {
    match kind & 0xff {
        6 => Some(&[]),
        1 => fields.take(1),
        2 | 13 => fields.take(2),
        3 | 4 | 9 => fields.take(4),
        5 | 8 => fields.take(8),
        // Dates and times have their length in one byte.
        7 | 10 | 11 | 12 => {
            let len = fields.u8()?;
            fields.take(usize::from(len))
        }
        _ => {
            let len = usize::try_from(fields.number()?).ok()?;
            let rest = fields.rest();
            fields.take(len.min(rest.len()))
        }
    }
}

const MOST_PARAMS: usize = 32;
const MOST_PARAM: usize = 256;
const MOST_TYPES: usize = 64;
