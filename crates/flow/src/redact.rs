//! Redaction at the source: which bytes are secret, and what stands in their place.
//!
//! Owns the rules ([`Rules`]), their compiled form ([`Redaction`]) and the keyed hash. Parsers call the small functions
//! here with the bytes they hold and get [`Spans`]: ranges inside those bytes. A record writes [`Mark`]s where the spans
//! were (a length class and a hash with a key of this tap, so equal secrets compare equal and nothing else can be
//! learned); packets are masked in place over the same ranges.
//! Always holds: spans are sorted, do not overlap, and lie inside the bytes that were asked about. Every function is
//! linear in its input and safe on any bytes, also on bytes cut in the middle of a value.

mod json;
mod mark;
mod names;
mod rules;
mod sip;
mod spans;
mod text;
mod web;

#[cfg(test)]
mod tests;

pub use mark::{LengthClass, Mark};
pub use names::glob;
pub use rules::Rules;
pub use spans::{Span, Spans, Why};

use memchr::memmem::Finder;
use names::{HeaderNames, KeyNames};
use sip::SipHash;

/// The rules of one tap, ready for use, with the tap's hash key.
#[derive(Debug, Clone)]
pub struct Redaction {
    rules: Rules,
    headers: HeaderNames,
    keys: KeyNames,
    /// Finds the begin of tokens.
    token: Finder<'static>,
    hash: SipHash,
}

impl Redaction {
    /// `key` must be random and of this tap alone: with it low-entropy secrets could be guessed from their hashes.
    pub fn new(rules: Rules, key: [u8; 16]) -> Redaction {
        let headers = HeaderNames::new(&rules.headers);
        let keys = KeyNames::new(&rules.keys);
        Redaction { rules, headers, keys, token: text::token(), hash: SipHash::new(key) }
    }

    /// Nothing is hidden: what `--no-redact` decides.
    pub fn off() -> Redaction {
        Redaction::new(Rules::off(), [0; 16])
    }

    /// Whether any rule can apply. Parsers skip the search when not.
    pub fn is_on(&self) -> bool {
        self.rules.on
    }

    /// Whether SQL literals and bound parameters are hidden.
    pub fn sql(&self) -> bool {
        self.rules.on && self.rules.sql
    }

    /// What stands in a record in the place of `secret`.
    pub fn mark(&self, secret: &[u8]) -> Mark {
        Mark { class: LengthClass::of(secret.len()), hash: self.hash.hash(secret) }
    }

    /// Appends `bytes` to `out` with a mark in the place of every span.
    pub fn write(&self, bytes: &[u8], spans: &Spans, out: &mut Vec<u8>) {
        let mut from = 0;
        for span in spans.iter() {
            let (Some(before), Some(secret)) = (bytes.get(from..span.start), bytes.get(span.start..span.end)) else {
                continue;
            };
            out.extend_from_slice(before);
            self.mark(secret).write(out);
            from = span.end;
        }
        out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    }

    /// Whether the values of this Redis key are secret.
    pub fn redis_key(&self, key: &[u8]) -> bool {
        self.rules.on && self.rules.redis_keys.iter().any(|pattern| glob(pattern.as_bytes(), key))
    }

    /// Whether a member of this name (query parameter, JSON member, form field) holds a secret.
    pub fn secret_key(&self, name: &[u8]) -> bool {
        self.rules.on && self.keys.matches(name)
    }
}
