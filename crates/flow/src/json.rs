//! JSON written straight into a byte buffer: no tree, no allocation beyond the buffer's own growth.
//!
//! An [`Object`] or [`Array`] writes its closing bracket when dropped. Names are fixed words that need no escaping.

mod buffer;
mod escape;
mod number;

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use buffer::{BLOCK, Buffer};
use escape::write_text;
use number::{write_hex, write_hex128, write_ip, write_uint};

/// Writes one object behind what `out` holds.
pub fn write_object(out: &mut Vec<u8>, members: impl FnOnce(Object<'_>)) {
    let mut buffer = Buffer::new(std::mem::take(out));
    members(Object::new(&mut buffer));
    *out = buffer.finish();
}

/// Writes one array behind what `out` holds.
pub(crate) fn write_array(out: &mut Vec<u8>, values: impl FnOnce(Array<'_>)) {
    let mut buffer = Buffer::new(std::mem::take(out));
    values(Array::new(&mut buffer));
    *out = buffer.finish();
}

/// What stands between the brackets of an object.
pub(crate) fn members(object: &[u8]) -> &[u8] {
    object.get(1..object.len().saturating_sub(1)).unwrap_or_default()
}

/// An open JSON object.
pub struct Object<'a> {
    out: &'a mut Buffer,
    /// What the next member begins with: the bracket, then commas.
    before: u8,
}

/// An open JSON array.
pub struct Array<'a> {
    out: &'a mut Buffer,
    /// What the next value begins with.
    before: u8,
}

/// Where one value is to be written: of a member, or of a list.
#[must_use]
pub(crate) struct Place<'a> {
    out: &'a mut Buffer,
}

impl<'a> Object<'a> {
    #[inline]
    fn new(out: &'a mut Buffer) -> Self {
        Self { out, before: b'{' }
    }

    /// A number without sign.
    #[inline(always)]
    pub fn uint(&mut self, name: &'static str, value: u64) {
        // Most numbers of a record are counts of next to nothing: they are written with the name.
        if value < 10 && name.len() + 5 <= BLOCK {
            return self.lead(name, &[b'"', b':', b'0' + value as u8]);
        }
        self.name(name);
        write_uint(self.out, value);
    }

    /// A number without sign, where known.
    #[inline(always)]
    pub fn maybe(&mut self, name: &'static str, value: Option<u64>) {
        if let Some(value) = value {
            self.uint(name, value);
        }
    }

    /// A number.
    #[inline(always)]
    pub fn int(&mut self, name: &'static str, value: i64) {
        self.name(name);
        if value < 0 {
            self.out.push(b'-');
        }
        write_uint(self.out, value.unsigned_abs());
    }

    /// True or false.
    #[inline(always)]
    pub fn bool(&mut self, name: &'static str, value: bool) {
        self.name(name);
        if value { self.out.fixed(b"true") } else { self.out.fixed(b"false") }
    }

    /// Text.
    #[inline(always)]
    pub fn text(&mut self, name: &'static str, value: &str) {
        self.bytes(name, value.as_bytes());
    }

    /// Text from outside: what is not UTF-8 is shown as `\xNN`.
    #[inline(always)]
    pub fn bytes(&mut self, name: &'static str, value: &[u8]) {
        self.quoted(name);
        write_text(self.out, value);
        self.out.push(b'"');
    }

    /// As [`Self::bytes`]; what is not UTF-8 also in base64, under the second name.
    pub fn exact(&mut self, name: &'static str, name_b64: &'static str, value: &[u8]) {
        self.bytes(name, value);
        if std::str::from_utf8(value).is_err() {
            self.base64(name_b64, value);
        }
    }

    /// As [`Self::bytes`], of parts that follow each other.
    #[inline(always)]
    pub fn joined(&mut self, name: &'static str, parts: &[&[u8]]) {
        self.quoted(name);
        for part in parts {
            write_text(self.out, part);
        }
        self.out.push(b'"');
    }

    /// As [`Self::bytes`], where known.
    #[inline(always)]
    pub fn maybe_bytes(&mut self, name: &'static str, value: Option<&[u8]>) {
        if let Some(value) = value {
            self.bytes(name, value);
        }
    }

    /// A word of ours, in which nothing is to be escaped.
    #[inline(always)]
    pub(crate) fn word(&mut self, name: &'static str, value: &str) {
        self.quoted(name);
        self.out.append(value.as_bytes());
        self.out.push(b'"');
    }

    /// Members of another object of ours, as [`members`] gives them.
    #[inline]
    pub(crate) fn members(&mut self, json: &[u8]) {
        self.out.push(std::mem::replace(&mut self.before, b','));
        self.out.append(json);
    }

    /// JSON as it is.
    #[inline(always)]
    pub(crate) fn raw(&mut self, name: &'static str, json: &[u8]) {
        self.name(name);
        self.out.append(json);
    }

    /// A body: text when it is UTF-8 (a character cut at the end is left out), else base64 under the second name.
    pub fn body(&mut self, name: &'static str, name_b64: &'static str, value: &[u8]) {
        let (begin, before) = (self.out.at(), self.before);
        self.quoted(name);
        if !escape::write_body(self.out, value) {
            self.out.back_to(begin);
            self.before = before;
            return self.base64(name_b64, value);
        }
        self.out.push(b'"');
    }

    /// Base64.
    #[inline(always)]
    pub fn base64(&mut self, name: &'static str, value: &[u8]) {
        self.quoted(name);
        escape::write_base64(self.out, value);
        self.out.push(b'"');
    }

    /// 128 bits as 32 hexadecimal digits.
    #[inline(always)]
    pub fn hex128(&mut self, name: &'static str, value: u128) {
        self.quoted(name);
        write_hex128(self.out, value);
        self.out.push(b'"');
    }

    /// Bytes as hexadecimal digits.
    #[inline(always)]
    pub fn hex(&mut self, name: &'static str, value: &[u8]) {
        self.quoted(name);
        write_hex(self.out, value);
        self.out.push(b'"');
    }

    /// An IP address.
    #[inline(always)]
    pub fn ip(&mut self, name: &'static str, value: IpAddr) {
        self.quoted(name);
        write_ip(self.out, value);
        self.out.push(b'"');
    }

    /// An object inside.
    #[inline(always)]
    pub fn object(&mut self, name: &'static str) -> Object<'_> {
        self.name(name);
        Object::new(self.out)
    }

    /// An array inside.
    #[inline(always)]
    pub fn array(&mut self, name: &'static str) -> Array<'_> {
        self.name(name);
        Array::new(self.out)
    }

    /// The place of the value of a member whose name is from outside.
    pub(crate) fn member(&mut self, name: &[u8]) -> Place<'_> {
        self.out.push(std::mem::replace(&mut self.before, b','));
        self.out.push(b'"');
        write_text(self.out, name);
        self.out.fixed(b"\":");
        Place { out: self.out }
    }

    /// The comma, the name and the colon. Names are known when this is compiled, so all but the comma is made then.
    #[inline(always)]
    fn name(&mut self, name: &'static str) {
        self.lead(name, b"\":");
    }

    /// As [`Self::name`], with the quote that opens a text.
    #[inline(always)]
    fn quoted(&mut self, name: &'static str) {
        self.lead(name, b"\":\"");
    }

    #[inline(always)]
    fn lead<const N: usize>(&mut self, name: &'static str, end: &[u8; N]) {
        let len = 2 + name.len() + N;
        debug_assert!(len <= BLOCK, "{name} is too long");
        let mut text = [0_u8; BLOCK];
        let [_, quote, rest @ ..] = &mut text;
        *quote = b'"';
        if let Some((place, rest)) = rest.split_at_mut_checked(name.len()) {
            place.copy_from_slice(name.as_bytes());
            if let Some(place) = rest.first_chunk_mut() {
                *place = *end;
            }
        }
        let before = std::mem::replace(&mut self.before, b',');
        self.out.place(len, |place| {
            *place = text;
            let [comma, ..] = place;
            *comma = before;
        });
    }
}

impl Drop for Object<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.before == b'{' {
            self.out.push(b'{');
        }
        self.out.push(b'}');
    }
}

impl<'a> Array<'a> {
    #[inline]
    fn new(out: &'a mut Buffer) -> Self {
        Self { out, before: b'[' }
    }

    /// A number.
    pub fn uint(&mut self, value: u64) {
        self.comma();
        write_uint(self.out, value);
    }

    /// Text.
    pub fn text(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    /// Text from outside: what is not UTF-8 is shown as `\xNN`.
    pub fn bytes(&mut self, value: &[u8]) {
        self.quote();
        write_text(self.out, value);
        self.out.push(b'"');
    }

    /// A word of ours, in which nothing is to be escaped.
    #[inline]
    pub(crate) fn word(&mut self, value: &str) {
        self.quote();
        self.out.append(value.as_bytes());
        self.out.push(b'"');
    }

    /// Base64.
    pub fn base64(&mut self, value: &[u8]) {
        self.quote();
        escape::write_base64(self.out, value);
        self.out.push(b'"');
    }

    /// Two texts from outside, as an array of their own.
    #[inline]
    pub fn pair(&mut self, first: &[u8], second: &[u8]) {
        self.comma();
        self.out.fixed(b"[\"");
        write_text(self.out, first);
        self.out.fixed(b"\",\"");
        write_text(self.out, second);
        self.out.fixed(b"\"]");
    }

    /// Two strings of bytes in base64, as an array of their own.
    pub fn pair_base64(&mut self, first: &[u8], second: &[u8]) {
        self.comma();
        self.out.fixed(b"[\"");
        escape::write_base64(self.out, first);
        self.out.fixed(b"\",\"");
        escape::write_base64(self.out, second);
        self.out.fixed(b"\"]");
    }

    /// An object inside.
    pub fn object(&mut self) -> Object<'_> {
        self.comma();
        Object::new(self.out)
    }

    /// An array inside.
    pub fn array(&mut self) -> Array<'_> {
        self.comma();
        Array::new(self.out)
    }

    /// The place of the next value.
    pub(crate) fn element(&mut self) -> Place<'_> {
        self.comma();
        Place { out: self.out }
    }

    #[inline]
    fn comma(&mut self) {
        self.out.push(std::mem::replace(&mut self.before, b','));
    }

    #[inline]
    fn quote(&mut self) {
        self.comma();
        self.out.push(b'"');
    }
}

impl Drop for Array<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.before == b'[' {
            self.out.push(b'[');
        }
        self.out.push(b']');
    }
}

impl<'a> Place<'a> {
    /// Text from outside: what is not UTF-8 is shown as `\xNN`.
    pub(crate) fn bytes(self, value: &[u8]) {
        self.out.push(b'"');
        write_text(self.out, value);
        self.out.push(b'"');
    }

    /// Base64.
    pub(crate) fn base64(self, value: &[u8]) {
        self.out.push(b'"');
        escape::write_base64(self.out, value);
        self.out.push(b'"');
    }

    /// JSON as it is.
    pub(crate) fn raw(self, json: &[u8]) {
        self.out.append(json);
    }

    /// An object.
    pub(crate) fn object(self) -> Object<'a> {
        Object::new(self.out)
    }

    /// An array.
    pub(crate) fn array(self) -> Array<'a> {
        Array::new(self.out)
    }
}
