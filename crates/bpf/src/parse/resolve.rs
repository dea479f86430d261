//! Qualifiers and a value to a test: what a number, an address or a name means behind the words in front of it.

use std::net::Ipv6Addr;

use super::term::named;
use super::{About, Inherited, Parsed, Parser, Qualifiers};
use crate::error::{Error, Position};
use crate::lex::Kind;
use crate::tree::{Carrier, Direction, Expr, IpVersion, Primitive, Protocol, Scope4, Transport};
use crate::words::Word;
use crate::{address, names};

/// A value as it stands in the text.
pub(super) enum Value {
    Number(u32),
    Name(String),
    Dotted { text: String, mask: Mask },
    Ip6(Ipv6Addr, u32),
    Mac([u8; 6]),
}

/// How long a network is.
pub(super) enum Mask {
    Unsaid,
    Length(u32),
    Dotted(String),
}

impl Parser<'_> {
    /// A value that is no number.
    pub(super) fn single(&mut self, inherited: Inherited) -> Parsed<Expr> {
        let at = self.here();
        if self.is_object() {
            // no value: a term of its own
            return self.fail(&["a name", "a number", "an address"]);
        }
        let value = match self.peek().clone() {
            Kind::Name(name) => {
                self.take();
                Value::Name(name)
            }
            Kind::Mac(address) => {
                self.take();
                Value::Mac(address)
            }
            Kind::Ip6(address) => {
                self.take();
                let length = if self.eat("/") { self.length()? } else { 128 };
                Value::Ip6(address, length)
            }
            Kind::Dotted => {
                let text = self.token(0).map(|token| token.text.clone()).unwrap_or_default();
                self.take();
                let mask = if self.eat("/") {
                    Mask::Length(self.length()?)
                } else if self.is_word(Word::Mask) {
                    self.take();
                    let mask = self.token(0).map(|token| token.text.clone()).unwrap_or_default();
                    if self.peek() != &Kind::Dotted {
                        return self.fail(&["a mask like 255.255.255.0"]);
                    }
                    self.take();
                    Mask::Dotted(mask)
                } else {
                    Mask::Unsaid
                };
                Value::Dotted { text, mask }
            }
            _ => return self.fail(&["a name", "a number", "an address"]),
        };
        self.resolve(inherited, at, value)
    }

    fn length(&mut self) -> Parsed<u32> {
        let &Kind::Number(length) = self.peek() else { return self.fail(&["the length of the network"]) };
        self.take();
        Ok(length)
    }

    pub(super) fn resolve(&self, inherited: Inherited, at: Position, value: Value) -> Parsed<Expr> {
        let Some(qualifiers) = inherited else {
            return Err(Error::Syntax {
                at,
                problem: "a value without a word that says what it is".to_owned(),
                expected: vec!["`host`", "`net`", "`port` or another qualifier in front of it"],
            }
            .into());
        };
        let primitive = match value {
            Value::Number(number) => number_of(qualifiers, at, number),
            Value::Name(name) => name_of(qualifiers, at, name),
            Value::Dotted { text, mask } => dotted(qualifiers, at, &text, &mask),
            Value::Ip6(address, length) => ip6(qualifiers, at, address, length),
            Value::Mac(address) => mac(qualifiers, at, address),
        }?;
        Ok(Expr::Test(at, primitive))
    }
}

fn number_of(qualifiers: Qualifiers, at: Position, number: u32) -> Result<Primitive, Error> {
    match qualifiers.about {
        About::Unsaid | About::Host => host4(qualifiers, at, number, u32::MAX),
        About::Net => {
            let (mut address, mut mask) = (number, u32::MAX);
            while address != 0 && address & 0xff00_0000 == 0 {
                address <<= 8;
                mask <<= 8;
            }
            host4(qualifiers, at, address, mask)
        }
        About::Port => {
            let transport = transport(qualifiers, at, "port")?;
            Ok(Primitive::Port { transport, direction: either(qualifiers), port: port(at, number)? })
        }
        About::PortRange => {
            let transport = transport(qualifiers, at, "portrange")?;
            let port = port(at, number)?;
            Ok(Primitive::PortRange { transport, direction: either(qualifiers), low: port, high: port })
        }
        About::Proto => carries(qualifiers, at, number),
        About::ProtoChain => protochain(qualifiers, at, number),
        About::Gateway => Err(Error::meaning(at, GATEWAY)),
    }
}

fn name_of(qualifiers: Qualifiers, at: Position, name: String) -> Result<Primitive, Error> {
    match qualifiers.about {
        About::Unsaid | About::Host | About::Net => Err(Error::HostUnknown { at, name }),
        About::Gateway => Err(Error::meaning(at, GATEWAY)),
        About::Port => {
            let asked = transport(qualifiers, at, "port")?;
            let (port, known) = service(at, &name)?;
            Ok(Primitive::Port { transport: meet(at, &name, asked, known)?, direction: either(qualifiers), port })
        }
        About::PortRange => {
            let asked = transport(qualifiers, at, "portrange")?;
            let Some((low, high)) = name.split_once('-') else {
                return Err(Error::meaning(at, format!("`{name}` is no range of ports like `80-90`")));
            };
            let ((low, first), (high, second)) = (service(at, low)?, service(at, high)?);
            let known = if first == second { first } else { Transport::Any };
            let transport = meet(at, &name, asked, known)?;
            let (low, high) = (low.min(high), low.max(high));
            Ok(Primitive::PortRange { transport, direction: either(qualifiers), low, high })
        }
        About::Proto => carries(qualifiers, at, protocol_number(qualifiers, at, &name)?),
        About::ProtoChain => protochain(qualifiers, at, protocol_number(qualifiers, at, &name)?),
    }
}

/// A port by its number or its name.
fn service(at: Position, name: &str) -> Result<(u16, Transport), Error> {
    if let Ok(number) = name.parse::<u32>() {
        return Ok((port(at, number)?, Transport::Any));
    }
    names::port(name)
        .ok_or_else(|| Error::meaning(at, format!("service `{name}` is not in the built-in table: write its port")))
}

/// The transport of a port that is known by name on some transports only.
fn meet(at: Position, name: &str, asked: Transport, known: Transport) -> Result<Transport, Error> {
    match (asked, known) {
        (Transport::Any, known) => Ok(known),
        (asked, Transport::Any) => Ok(asked),
        (asked, known) if asked == known => Ok(asked),
        (asked, known) => {
            Err(Error::meaning(at, format!("`{name}` is a service of {}, not of {}", known.name(), asked.name())))
        }
    }
}

fn protocol_number(qualifiers: Qualifiers, at: Position, name: &str) -> Result<u32, Error> {
    let found = match qualifiers.protocol {
        None | Some(Protocol::Ip | Protocol::Ip6) => names::ip_protocol(name),
        Some(Protocol::Link) => names::link_protocol(name),
        Some(Protocol::Iso) => names::iso_protocol(name),
        Some(_) => None,
    };
    found.ok_or_else(|| {
        let under = named(qualifiers.protocol);
        Error::meaning(at, format!("protocol `{name}` under `{under}` is not in the built-in table: write its number"))
    })
}

fn dotted(qualifiers: Qualifiers, at: Position, text: &str, mask: &Mask) -> Result<Primitive, Error> {
    let bad = || Error::meaning(at, format!("`{text}` is no IPv4 address: a part is over 255"));
    if matches!(mask, Mask::Unsaid) {
        match qualifiers.about {
            About::Port | About::PortRange | About::Proto | About::ProtoChain => {
                return Err(Error::meaning(at, "an address stands where a number or a name belongs"));
            }
            About::Gateway => return Err(Error::meaning(at, GATEWAY)),
            About::Unsaid | About::Host | About::Net => {}
        }
        if qualifiers.protocol == Some(Protocol::Decnet) {
            let address = address::decnet(text)
                .ok_or_else(|| Error::meaning(at, format!("`{text}` is no DECnet address like `1.2`")))?;
            return Ok(Primitive::Decnet { direction: either(qualifiers), address });
        }
        let (value, bits) = address::ip4(text).ok_or_else(bad)?;
        let left = 32 - bits;
        return host4(qualifiers, at, value.checked_shl(left).unwrap_or(0), u32::MAX.checked_shl(left).unwrap_or(0));
    }
    let (value, bits) = address::ip4(text).ok_or_else(bad)?;
    let value = value.checked_shl(32 - bits).unwrap_or(0);
    let mask = match mask {
        Mask::Length(length @ 0..=32) => u32::MAX.checked_shl(32 - length).unwrap_or(0),
        Mask::Length(_) => return Err(Error::meaning(at, "the length of an IPv4 network is at most 32")),
        Mask::Dotted(mask) => {
            let (mask, bits) = address::ip4(mask)
                .ok_or_else(|| Error::meaning(at, format!("`{mask}` is no mask: a part is over 255")))?;
            mask.checked_shl(32 - bits).unwrap_or(0)
        }
        Mask::Unsaid => u32::MAX,
    };
    if value & !mask != 0 {
        return Err(Error::meaning(at, format!("bits of `{text}` behind the mask are set")));
    }
    if qualifiers.about != About::Net {
        return Err(Error::meaning(at, "a mask belongs to `net`"));
    }
    host4(qualifiers, at, value, mask)
}

pub(super) fn host4(qualifiers: Qualifiers, at: Position, address: u32, mask: u32) -> Result<Primitive, Error> {
    let scope = match qualifiers.protocol {
        None => Scope4::Any,
        Some(Protocol::Ip) => Scope4::Ip,
        Some(Protocol::Arp) => Scope4::Arp,
        Some(Protocol::Rarp) => Scope4::Rarp,
        Some(Protocol::Decnet) => {
            // a bare number is area and node in one
            let address = u16::try_from(address & 0xffff).unwrap_or(0);
            return Ok(Primitive::Decnet { direction: either(qualifiers), address });
        }
        Some(protocol) => return Err(not_of(at, protocol, "an IPv4 address")),
    };
    Ok(Primitive::Host4 { scope, direction: either(qualifiers), address, mask })
}

pub(super) fn ip6(qualifiers: Qualifiers, at: Position, address: Ipv6Addr, length: u32) -> Result<Primitive, Error> {
    if length > 128 {
        return Err(Error::meaning(at, "the length of an IPv6 network is at most 128"));
    }
    let bits = u128::from(address);
    let mask = if length == 0 { 0 } else { u128::MAX << (128 - length) };
    if bits & !mask != 0 {
        return Err(Error::meaning(at, format!("bits of `{address}` behind the mask are set")));
    }
    match qualifiers.about {
        About::Unsaid | About::Host if length != 128 => return Err(Error::meaning(at, "a mask belongs to `net`")),
        About::Unsaid | About::Host | About::Net => {}
        _ => return Err(Error::meaning(at, "an IPv6 address stands where a number or a name belongs")),
    }
    match qualifiers.protocol {
        None | Some(Protocol::Ip6) => {}
        Some(protocol) => return Err(not_of(at, protocol, "an IPv6 address")),
    }
    let direction = either(qualifiers);
    Ok(Primitive::Host6 { direction, address: words(bits), mask: words(mask) })
}

fn words(value: u128) -> [u32; 4] {
    [96, 64, 32, 0].map(|shift| u32::try_from((value >> shift) & 0xffff_ffff).unwrap_or(0))
}

fn mac(qualifiers: Qualifiers, at: Position, address: [u8; 6]) -> Result<Primitive, Error> {
    if qualifiers.protocol == Some(Protocol::Link) && matches!(qualifiers.about, About::Unsaid | About::Host) {
        return Ok(Primitive::Mac { direction: either(qualifiers), address });
    }
    Err(Error::meaning(at, "a MAC address belongs behind `ether host`, `ether src` or `ether dst`"))
}

fn carries(qualifiers: Qualifiers, at: Position, number: u32) -> Result<Primitive, Error> {
    let carrier = match qualifiers.protocol {
        None => Carrier::Ip,
        Some(Protocol::Ip) => Carrier::Ip4,
        Some(Protocol::Ip6) => Carrier::Ip6,
        Some(Protocol::Link) => Carrier::Link,
        Some(Protocol::Iso) => Carrier::Iso,
        Some(Protocol::IsIs) => Carrier::Isis,
        Some(protocol) => return Err(not_of(at, protocol, "another protocol")),
    };
    Ok(Primitive::Carries(carrier, number))
}

fn protochain(qualifiers: Qualifiers, at: Position, number: u32) -> Result<Primitive, Error> {
    let version = match qualifiers.protocol {
        None => None,
        Some(Protocol::Ip) => Some(IpVersion::V4),
        Some(Protocol::Ip6) => Some(IpVersion::V6),
        Some(protocol) => return Err(not_of(at, protocol, "a chain of headers")),
    };
    Ok(Primitive::Chain(version, number))
}

fn transport(qualifiers: Qualifiers, at: Position, word: &str) -> Result<Transport, Error> {
    match qualifiers.protocol {
        None => Ok(Transport::Any),
        Some(Protocol::Tcp) => Ok(Transport::Tcp),
        Some(Protocol::Udp) => Ok(Transport::Udp),
        Some(Protocol::Sctp) => Ok(Transport::Sctp),
        Some(protocol) => Err(not_of(at, protocol, &format!("a `{word}`: only `tcp`, `udp` and `sctp` have"))),
    }
}

fn port(at: Position, number: u32) -> Result<u16, Error> {
    u16::try_from(number).map_err(|_| Error::meaning(at, format!("port {number} is over 65535")))
}

fn either(qualifiers: Qualifiers) -> Direction {
    qualifiers.direction.unwrap_or(Direction::Either)
}

fn not_of(at: Position, protocol: Protocol, what: &str) -> Error {
    Error::meaning(at, format!("`{}` has not {what}", crate::words::name(protocol)))
}

const GATEWAY: &str = "`gateway` needs a host whose MAC and IP addresses are looked up by name, and names are not looked \
                       up: write `ether host MAC and not host ADDRESS`";
