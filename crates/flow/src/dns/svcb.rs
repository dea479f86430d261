//! Service bindings: the data of SVCB and HTTPS records (RFC 9460).

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{cursor::Cursor, name, rdata};

/// `1 . alpn=h2,h3 ipv4hint=192.0.2.1`.
pub(super) fn write(data: &mut Cursor<'_>, out: &mut String) -> Option<()> {
    let _ = write!(out, "{} ", data.u16()?);
    data.name(out)?;
    while !data.is_empty() {
        let key = data.u16()?;
        let len = data.u16()?;
        let value = data.take(usize::from(len))?;
        out.push(' ');
        parameter(key, value, out)?;
    }
    Some(())
}

fn parameter(key: u16, value: &[u8], out: &mut String) -> Option<()> {
    match KEYS.get(usize::from(key)) {
        Some(name) => out.push_str(name),
        None => {
            let _ = write!(out, "key{key}");
        }
    }
    if value.is_empty() {
        return Some(());
    }
    out.push('=');
    let mut inner = Cursor::new(value, 0, value.len());
    match key {
        0 => list(&mut inner, out, |inner, out| {
            let key = inner.u16()?;
            match KEYS.get(usize::from(key)) {
                Some(name) => out.push_str(name),
                None => {
                    let _ = write!(out, "key{key}");
                }
            }
            Some(())
        })?,
        1 => list(&mut inner, out, |inner, out| {
            name::text(inner.string()?, b",\"", out);
            Some(())
        })?,
        3 => {
            let _ = write!(out, "{}", inner.u16()?);
        }
        4 => list(&mut inner, out, |inner, out| {
            let _ = write!(out, "{}", Ipv4Addr::from(inner.array::<4>()?));
            Some(())
        })?,
        5 => rdata::base64(value, out),
        6 => list(&mut inner, out, |inner, out| {
            let _ = write!(out, "{}", Ipv6Addr::from(inner.array::<16>()?));
            Some(())
        })?,
        _ => rdata::quoted(value, out),
    }
    Some(())
}

fn list(
    inner: &mut Cursor<'_>,
    out: &mut String,
    mut one: impl FnMut(&mut Cursor<'_>, &mut String) -> Option<()>,
) -> Option<()> {
    let mut first = true;
    while !inner.is_empty() {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        one(inner, out)?;
    }
    Some(())
}

const KEYS: &[&str] =
    &["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp"];
