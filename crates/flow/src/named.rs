//! What the ends of a flow are called: as the caller says, as they were resolved in the capture, as the client asked for.
//!
//! No name is ever looked up. Later sources stand where earlier ones say nothing.

use std::net::Ipv4Addr;

/// A name, and where it is from: `api`, `dns`, `sni` or `host`.
pub type Named<'a> = (&'a str, &'static str);

/// The server of a connection, as its client called it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    name: Box<str>,
    by: &'static str,
    /// Other requests called it otherwise.
    several: bool,
}

impl Called {
    /// The name that holds for all of the connection.
    pub(crate) fn name(&self) -> Option<Named<'_>> {
        (!self.several).then_some((&self.name, self.by))
    }

    pub(crate) fn heap(&self) -> usize {
        size_of::<Self>() + self.name.len() + ADDED
    }

    /// Takes another name. That of a handshake holds for everything inside.
    pub(crate) fn also(have: &mut Option<Box<Self>>, (name, by): Named<'_>) {
        match have {
            None => *have = Some(Box::new(Self { name: name.into(), by, several: false })),
            Some(known) if known.by == by => known.several |= *known.name != *name,
            Some(known) if by == SNI => **known = Self { name: name.into(), by, several: false },
            Some(_) => {}
        }
    }
}

/// The name in the hello of a handshake.
pub(crate) fn of_sni(sni: &[u8]) -> Option<Named<'_>> {
    Some((plain(sni)?, SNI))
}

/// The name in a request, where it is that of who is on the port: a proxy is asked for others.
pub(crate) fn of_host<'a>(host: &'a [u8], scheme: &str, port: Option<u16>) -> Option<Named<'a>> {
    let (name, said) = match memchr::memrchr(b':', host) {
        Some(at) => (host.get(..at)?, number(host.get(at + 1..)?)?),
        None => (host, if scheme == "https" { 443 } else { 80 }),
    };
    if port != Some(said) {
        return None;
    }
    Some((plain(name)?, "host"))
}

/// A port.
fn number(text: &[u8]) -> Option<u16> {
    match text {
        [b'1'..=b'9', rest @ ..] if rest.len() < 4 && rest.iter().all(u8::is_ascii_digit) => {
            Some(text.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
        }
        _ => std::str::from_utf8(text).ok()?.parse().ok(),
    }
}

/// A name of DNS, and no address.
fn plain(name: &[u8]) -> Option<&str> {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > LONGEST || !name.iter().all(letter) {
        return None;
    }
    let text = std::str::from_utf8(name).ok()?;
    // An address of these letters alone is one of IPv4.
    let is_address = name.last().is_some_and(u8::is_ascii_digit) && text.parse::<Ipv4Addr>().is_ok();
    (!is_address).then_some(text)
}

const SNI: &str = "sni";
/// RFC 1035, section 2.3.4.
const LONGEST: usize = 253;
/// What the allocator adds to two pieces.
const ADDED: usize = 32;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use super::*;

    #[test]
    fn cap_41o_a_host_names_who_is_on_its_port_and_addresses_are_no_names() {
        assert_eq!(of_host(b"shop.example", "http", Some(80)), Some(("shop.example", "host")));
        assert_eq!(of_host(b"shop.example:8080", "http", Some(8080)), Some(("shop.example", "host")));
        assert_eq!(of_host(b"shop.example", "https", Some(443)), Some(("shop.example", "host")));
        for proxied in [of_host(b"shop.example", "http", Some(3128)), of_host(b"shop.example:443", "", Some(3128))] {
            assert_eq!(proxied, None, "a proxy is not who it is asked for");
        }
        for none in [&b"10.0.0.1"[..], b"[::1]", b"", b"a b", b"\xff", b"x\"y"] {
            assert_eq!(of_host(none, "http", Some(80)), None, "{none:?}");
        }
        assert_eq!((of_sni(b"shop.example"), of_sni(b"10.0.0.1")), (Some(("shop.example", "sni")), None));
    }

    #[test]
    fn cap_41p_a_handshake_names_more_than_a_request_and_several_hosts_name_nobody() {
        let mut called = None;
        let name =
            |called: &Option<Box<Called>>| called.as_ref().and_then(|one| one.name().map(|(name, _)| name.to_owned()));
        Called::also(&mut called, ("a.example", "host"));
        Called::also(&mut called, ("a.example", "host"));
        assert_eq!(name(&called).as_deref(), Some("a.example"));
        Called::also(&mut called, ("b.example", "host"));
        assert_eq!(name(&called), None);
        Called::also(&mut called, ("c.example", "sni"));
        Called::also(&mut called, ("d.example", "host"));
        assert_eq!(name(&called).as_deref(), Some("c.example"));
    }
}
