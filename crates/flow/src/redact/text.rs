//! Secrets that are known by their shape, wherever they stand: JSON Web Tokens and payment card numbers.

use memchr::memmem::Finder;

use super::{Redaction, Spans, Why};
use crate::near;

impl Redaction {
    /// JSON Web Tokens and card numbers in any text.
    pub fn text(&self, bytes: &[u8], spans: &mut Spans) {
        if !self.rules.on {
            return;
        }
        if self.rules.jwt && bytes.len() >= SHORTEST_JWT {
            tokens(&self.token, bytes, spans);
        }
        if self.rules.cards && bytes.len() >= SHORTEST_CARD {
            cards(bytes, spans);
        }
    }
}

impl Redaction {
    /// Whether any part of this text may hold what [`Self::text`] finds. A part of a text without such holds none.
    pub(crate) fn may_hold(&self, bytes: &[u8]) -> bool {
        (self.rules.jwt && self.token.find(bytes).is_some()) || (self.rules.cards && has_long_run(bytes))
    }
}

/// Whether there is a run of digits, blanks and hyphens that a card number would fit in.
fn has_long_run(bytes: &[u8]) -> bool {
    let mut at = SHORTEST_CARD - 1;
    // A run holds each of as many positions in a row: all but the last of them are passed where one is something else.
    while let Some(window) = bytes.get(at + 1 - SHORTEST_CARD..=at) {
        let run = window.iter().rev().take_while(|byte| is_card(**byte)).count();
        if run >= SHORTEST_CARD {
            return true;
        }
        at += SHORTEST_CARD - run;
    }
    false
}

/// What every token begins with: `{"` in base64url.
pub(super) fn token() -> Finder<'static> {
    Finder::new(b"eyJ")
}

/// A token is `eyJ…`, a dot, a payload, and mostly a dot and a signature. Cut ones count too.
fn tokens(token: &Finder<'_>, bytes: &[u8], spans: &mut Spans) {
    let mut from = 0;
    while let Some(found) = bytes.get(from..).and_then(|rest| token.find(rest)) {
        let start = from + found;
        let inside = start.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(|byte| is_base64url(*byte));
        let len = bytes
            .get(start..)
            .unwrap_or_default()
            .iter()
            .take_while(|byte| is_base64url(**byte) || **byte == b'.')
            .count();
        let dots = bytes.get(start..start + len).unwrap_or_default().iter().filter(|byte| **byte == b'.').count();
        let cut = start + len == bytes.len();
        if !inside && len >= SHORTEST_JWT && (dots >= 1 || cut) && dots <= 4 {
            spans.add(start, start + len, Why::Jwt);
        }
        from = start + len.max(3);
    }
}

/// Runs of 13 to 19 digits, also in groups with a blank or a hyphen between, that pass the Luhn check.
fn cards(bytes: &[u8], spans: &mut Spans) {
    // A number begins with a digit.
    let mut from = near::before_digits(bytes);
    while let Some(rest) = bytes.get(from..) {
        // A number holds one of the pairs looked at, and of two neighbours in it one is a digit: most text is passed in
        // strides.
        let (strides, _) = rest.as_chunks::<STRIDE>();
        let Some(nth) = strides.iter().position(|[.., one, two]| one.is_ascii_digit() | two.is_ascii_digit()) else {
            return;
        };
        let at = from + nth * STRIDE + STRIDE - 2;
        let after = bytes.get(at..).unwrap_or_default().iter().take_while(|byte| is_card(**byte)).count();
        if after < 2 {
            from = at + 2;
            continue;
        }
        let before = bytes.get(..at).unwrap_or_default().iter().rev().take_while(|byte| is_card(**byte)).count();
        if before + after >= SHORTEST_CARD {
            run(bytes, at - before, at + after, spans);
        }
        from = at + after;
    }
}

/// One run of digits and separators.
fn run(bytes: &[u8], start: usize, end: usize, spans: &mut Spans) {
    let run = bytes.get(start..end).unwrap_or_default();
    let lead = run.iter().take_while(|byte| !byte.is_ascii_digit()).count();
    let trail = run.iter().rev().take_while(|byte| !byte.is_ascii_digit()).count();
    let Some(run) = run.get(lead..run.len().saturating_sub(trail)) else { return };
    if run.windows(2).any(|pair| pair.iter().all(|byte| !byte.is_ascii_digit())) {
        // Two separators in a row end a number: each part is looked at alone.
        let mut at = start + lead;
        for part in run.split(|byte| !byte.is_ascii_digit()) {
            whole(part, at, at + part.len(), spans);
            at += part.len() + 1;
        }
        return;
    }
    whole(run, start + lead, start + lead + run.len(), spans);
}

fn whole(run: &[u8], start: usize, end: usize, spans: &mut Spans) {
    let digits = run.iter().filter(|byte| byte.is_ascii_digit());
    let count = digits.clone().count();
    let network = run.first().is_some_and(|first| matches!(first, b'2'..=b'6'));
    if !(SHORTEST_CARD..=19).contains(&count) || !network {
        return;
    }
    let sum: u32 = digits
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let value = u32::from(digit - b'0') * if at % 2 == 1 { 2 } else { 1 };
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    if sum.is_multiple_of(10) {
        spans.add(start, end, Why::Card);
    }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn is_card(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b' ' || byte == b'-'
}

/// `{"alg":"none"}` in base64url is 19 characters; with a dot and anything behind it.
const SHORTEST_JWT: usize = 21;
const SHORTEST_CARD: usize = 13;
/// So far apart are the pairs of bytes of which the shortest number holds one.
const STRIDE: usize = SHORTEST_CARD - 1;
