//! `pod NAME`, `svc NAME`, `workload KIND/NAME`: a host of several addresses.

use super::resolve::{host4, ip6};
use super::{About, Inherited, Parsed, Parser, Qualifiers, chain};
use crate::error::Error;
use crate::lex::Kind;
use crate::objects::{Object, ObjectKind};
use crate::tree::{Direction, Expr, Joiner, Protocol};
use crate::words::Word;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

impl Parser<'_> {
    /// The word of an object stands here.
    pub(super) fn object_word(&self) -> Option<ObjectKind> {
        self.token(0).and_then(|token| ObjectKind::of(&token.text))
    }

    /// The word of an object stands here, with something behind it that may be a name.
    pub(super) fn is_object(&self) -> bool {
        let ends = |kind: &Kind| {
            matches!(kind, Kind::End | Kind::Sign(_) | Kind::Word(Word::And | Word::Or)) || kind == &Kind::Number(0)
        };
        self.object_word().is_some() && !ends(self.ahead(1))
    }

    /// An object, and nothing that a value behind it would inherit.
    pub(super) fn object(
        &mut self,
        kind: ObjectKind,
        protocol: Option<Protocol>,
        direction: Option<Direction>,
    ) -> Parsed<(Expr, Inherited)> {
        let at = self.here();
        self.take();
        let from = self.here();
        let mut text = String::new();
        // a name may look like several tokens: `shop/front-1`
        while let Some(token) = self.token(0)
            && token.at.offset == from.offset + text.len()
            && !matches!(token.kind, Kind::End | Kind::Sign("(" | ")") | Kind::Word(Word::And | Word::Or | Word::Not))
        {
            text.push_str(&token.text);
            self.take();
        }
        let Some(object) = Object::parse(kind, &text) else {
            let problem = if text.is_empty() { "a name is missing".to_owned() } else { format!("`{text}` is no name") };
            return Err(Error::Syntax { at: from, problem, expected: vec![kind.expected()] }.into());
        };
        let addresses = self.objects.addresses(&object);
        let mut addresses = addresses.map_err(|why| Error::ObjectUnknown { at: from, object, why })?;
        addresses.retain(|address| match protocol {
            Some(Protocol::Ip | Protocol::Arp | Protocol::Rarp) => address.is_ipv4(),
            Some(Protocol::Ip6) => address.is_ipv6(),
            _ => true,
        });
        addresses.sort_unstable();
        addresses.dedup();
        if addresses.is_empty() {
            addresses.push(if protocol == Some(Protocol::Ip) { NOBODY4.into() } else { NOBODY6.into() });
        }
        let qualifiers = Qualifiers { protocol, direction, about: About::Host };
        let one = |address: &IpAddr| match address {
            IpAddr::V4(address) => host4(qualifiers, at, u32::from(*address), u32::MAX),
            IpAddr::V6(address) => ip6(qualifiers, at, *address, 128),
        };
        let mut tests = Vec::with_capacity(addresses.len());
        for address in &addresses {
            tests.push((Joiner::Or, Expr::Test(at, one(address)?)));
        }
        let (_, first) = tests.remove(0);
        Ok((chain(first, tests), None))
    }
}

/// Addresses that nobody has: one is reserved, of the other every packet is discarded (RFC 6666).
const NOBODY4: Ipv4Addr = Ipv4Addr::new(240, 0, 0, 0);
const NOBODY6: Ipv6Addr = Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0);
