//! Extension mechanisms: the OPT record of a message (RFC 6891) and its everyday options.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    cursor::Cursor,
    kinds,
    message::{Message, Resource, Section},
    name, rdata,
};

/// What the OPT record of a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edns<'a> {
    /// Largest datagram its sender takes.
    pub payload: u16,
    /// The upper eight bits of the response code.
    pub extended: u8,
    /// Version; 0 is the only one.
    pub version: u8,
    /// The sender wants DNSSEC records.
    pub dnssec_ok: bool,
    options: &'a [u8],
}

impl<'a> Edns<'a> {
    /// The first OPT record of a message.
    pub fn of(message: &Message<'a>) -> Option<Edns<'a>> {
        let opt = message.resources().find(|one| one.section == Section::Additional && one.kind == kinds::OPT)?;
        Edns::read(message, &opt)
    }

    fn read(message: &Message<'a>, opt: &Resource) -> Option<Edns<'a>> {
        let [extended, version, flags, _] = opt.ttl.to_be_bytes();
        let options = message.bytes.get(opt.data..opt.end)?;
        Some(Edns { payload: opt.class, extended, version, dnssec_ok: flags & 0x80 != 0, options })
    }

    /// The options in order, each as text: `ecs 192.0.2.0/24`, `cookie 0011…`.
    pub fn options(&self, mut each: impl FnMut(&str)) {
        let mut text = String::new();
        let mut options = Cursor::new(self.options, 0, self.options.len());
        for _ in 0..MOST_OPTIONS {
            let Some((code, data)) = option(&mut options) else { return };
            text.clear();
            write_option(code, data, &mut text);
            each(&text);
        }
    }
}

fn option<'a>(options: &mut Cursor<'a>) -> Option<(u16, &'a [u8])> {
    let code = options.u16()?;
    let len = options.u16()?;
    Some((code, options.take(usize::from(len))?))
}

fn write_option(code: u16, data: &[u8], out: &mut String) {
    match NAMES.iter().find(|(number, _)| *number == code) {
        Some((_, name)) => out.push_str(name),
        None => {
            let _ = write!(out, "option{code}");
        }
    }
    if data.is_empty() || code == PADDING {
        return;
    }
    out.push(' ');
    let start = out.len();
    if known(code, data, out).is_none() {
        out.truncate(start);
        rdata::hex(data.get(..64).unwrap_or(data), out);
    }
}

fn known(code: u16, data: &[u8], out: &mut String) -> Option<()> {
    let mut data = Cursor::new(data, 0, data.len());
    match code {
        8 => subnet(&mut data, out),
        11 => {
            let _ = write!(out, "{}", f64::from(data.u16()?) / 10.0);
            Some(())
        }
        15 => {
            let _ = write!(out, "{}", data.u16()?);
            let text = data.rest();
            if !text.is_empty() {
                out.push(' ');
                name::text(text.get(..256).unwrap_or(text), b"", out);
            }
            Some(())
        }
        _ => None,
    }
}

/// The client's subnet (RFC 7871): family, bits told, bits used, and as many bytes of address as needed.
fn subnet(data: &mut Cursor<'_>, out: &mut String) -> Option<()> {
    let (family, source, scope) = (data.u16()?, data.u8()?, data.u8()?);
    let bytes = data.rest();
    match family {
        1 => {
            let mut address = [0; 4];
            address.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            let _ = write!(out, "{}/{source}/{scope}", Ipv4Addr::from(address));
        }
        2 => {
            let mut address = [0; 16];
            address.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            let _ = write!(out, "{}/{source}/{scope}", Ipv6Addr::from(address));
        }
        _ => return None,
    }
    Some(())
}

const MOST_OPTIONS: usize = 32;
const PADDING: u16 = 12;

const NAMES: &[(u16, &str)] = &[
    (1, "llq"),
    (2, "ul"),
    (3, "nsid"),
    (5, "dau"),
    (6, "dhu"),
    (7, "n3u"),
    (8, "ecs"),
    (9, "expire"),
    (10, "cookie"),
    (11, "keepalive"),
    (12, "padding"),
    (13, "chain"),
    (14, "key-tag"),
    (15, "ede"),
    (16, "client-tag"),
    (17, "server-tag"),
    (18, "report-channel"),
    (19, "zoneversion"),
];
