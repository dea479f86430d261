//! What a certificate says of itself: enough of X.509 (RFC 5280) to explain a refusal. It decides nothing.

use base64::Engine;
use serde::Serialize;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// `CN=kube-apiserver, O=…`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Subject alternative names: DNS names and addresses.
    pub names: Vec<String>,
    /// Epoch milliseconds.
    pub not_before_ms: i64,
    /// Epoch milliseconds.
    pub not_after_ms: i64,
}

impl Certificate {
    /// Reads a certificate in DER. `None` when it is not one.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let (whole, _) = expect(der, SEQUENCE)?;
        let (mut body, _) = expect(whole, SEQUENCE)?;
        if body.first() == Some(&VERSION) {
            body = next(body)?.2;
        }
        let body = next(body)?.2; // serial number
        let body = next(body)?.2; // signature algorithm
        let (issuer, body) = expect(body, SEQUENCE)?;
        let (validity, body) = expect(body, SEQUENCE)?;
        let (subject, body) = expect(body, SEQUENCE)?;
        let mut rest = next(body)?.2; // public key
        let mut names = Vec::new();
        while let Some((tag, content, after)) = next(rest) {
            if tag == EXTENSIONS {
                names = alternative_names(content).unwrap_or_default();
            }
            rest = after;
        }
        let (from_tag, from, validity) = next(validity)?;
        let (to_tag, to, _) = next(validity)?;
        Some(Self {
            subject: name(subject),
            issuer: name(issuer),
            names,
            not_before_ms: time(from_tag, from)?,
            not_after_ms: time(to_tag, to)?,
        })
    }

    /// `subject CN=x, names a b, valid from … to …`.
    #[must_use]
    pub fn words(&self) -> String {
        let names = if self.names.is_empty() { "none".to_owned() } else { self.names.join(", ") };
        format!(
            "subject {}; names {names}; signed by {}; valid from {} to {}",
            self.subject,
            self.issuer,
            day(self.not_before_ms),
            day(self.not_after_ms)
        )
    }
}

/// Every certificate of a PEM text, in DER.
pub(crate) fn from_pem(pem: &[u8]) -> Vec<Vec<u8>> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let text = String::from_utf8_lossy(pem);
    let blocks = text.split(BEGIN).skip(1).filter_map(|block| block.split(END).next());
    let decode = |block: &str| {
        let block: String = block.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        base64::engine::general_purpose::STANDARD.decode(block).ok()
    };
    blocks.filter_map(decode).collect()
}

/// A day as people write it, `2026-11-21`.
pub(crate) fn day(ms: i64) -> String {
    // Civil from days: Howard Hinnant, "chrono-compatible low-level date algorithms".
    let days = ms.div_euclid(86_400_000) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// One tag, its content, and what follows.
fn next(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let bytes = usize::from(first & 0x7f);
        if bytes == 0 || bytes > 4 {
            return None;
        }
        let (digits, rest) = rest.split_at_checked(bytes)?;
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn expect(input: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = next(input)?;
    (tag == wanted).then_some((content, rest))
}

/// A distinguished name.
fn name(mut sets: &[u8]) -> String {
    let mut parts = Vec::new();
    while let Some((_, set, after)) = next(sets) {
        sets = after;
        let Some((pair, _)) = expect(set, SEQUENCE) else { continue };
        let Some((OID, kind, value)) = next(pair) else { continue };
        let Some((_, text, _)) = next(value) else { continue };
        let label = match kind {
            [0x55, 0x04, 0x03] => "CN",
            [0x55, 0x04, 0x06] => "C",
            [0x55, 0x04, 0x0a] => "O",
            [0x55, 0x04, 0x0b] => "OU",
            _ => continue,
        };
        parts.push(format!("{label}={}", String::from_utf8_lossy(text)));
    }
    if parts.is_empty() { "(empty)".to_owned() } else { parts.join(", ") }
}

fn alternative_names(explicit: &[u8]) -> Option<Vec<String>> {
    let (mut extensions, _) = expect(explicit, SEQUENCE)?;
    while let Some((_, extension, after)) = next(extensions) {
        extensions = after;
        let (kind, mut rest) = expect(extension, OID)?;
        if kind != [0x55, 0x1d, 0x11] {
            continue;
        }
        if let Some((BOOLEAN, _, value)) = next(rest) {
            rest = value;
        }
        let (octets, _) = expect(rest, OCTETS)?;
        let (mut list, _) = expect(octets, SEQUENCE)?;
        let mut names = Vec::new();
        while let Some((tag, content, after)) = next(list) {
            list = after;
            match (tag, content.len()) {
                (DNS, _) => names.push(String::from_utf8_lossy(content).into_owned()),
                (ADDRESS, 4) => names.extend(<[u8; 4]>::try_from(content).map(|b| Ipv4Addr::from(b).to_string())),
                (ADDRESS, 16) => names.extend(<[u8; 16]>::try_from(content).map(|b| Ipv6Addr::from(b).to_string())),
                _ => {}
            }
        }
        return Some(names);
    }
    None
}

/// An RFC 3339 time in epoch milliseconds, without its fraction.
pub(crate) fn rfc3339_ms(text: &str) -> Option<i64> {
    let digits: String = text.get(..19)?.chars().filter(char::is_ascii_digit).collect();
    let utc = time(GENERALIZED_TIME, digits.as_bytes()).filter(|_| digits.len() == 14)?;
    let zone = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone.as_bytes().first()? {
        b'Z' | b'z' => 0,
        sign @ (b'+' | b'-') => {
            let minutes = zone.get(1..3)?.parse::<i64>().ok()? * 60 + zone.get(4..6)?.parse::<i64>().ok()?;
            if *sign == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };
    Some(utc - offset * 60_000)
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` in epoch milliseconds.
fn time(tag: u8, text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let year: i64 = text.get(..2)?.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, text.get(2..)?)
        }
        GENERALIZED_TIME => (text.get(..4)?.parse().ok()?, text.get(4..)?),
        _ => return None,
    };
    let two = |at: usize| rest.get(at..at + 2)?.parse::<i64>().ok();
    let (month, day) = (two(0)?, two(2)?);
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468;
    Some((days * 86_400 + two(4)? * 3600 + two(6)? * 60 + two(8)?) * 1000)
}

const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
const BOOLEAN: u8 = 0x01;
const OCTETS: u8 = 0x04;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const DNS: u8 = 0x82;
const ADDRESS: u8 = 0x87;

#[cfg(test)]
mod tests;
