//! One term: a protocol, qualifiers with a value, a comparison, or a word with a test of its own.

use super::{About, Inherited, Parsed, Parser, Qualifiers};
use crate::lex::Kind;
use crate::names;
use crate::tree::{ByteTest, Direction, Expr, Llc, Primitive, Protocol};
use crate::words::{self, Word};

const TERM: &[&str] = &[
    "a protocol",
    "`host`",
    "`net`",
    "`port`",
    "`pod`",
    "`svc`",
    "`workload`",
    "`src`",
    "`dst`",
    "`not`",
    "`(`",
    "a field like `tcp[13]`",
];

impl Parser<'_> {
    /// A term, and the qualifiers that a value behind it inherits.
    pub(super) fn term(&mut self, before: Inherited) -> Parsed<(Expr, Inherited)> {
        if self.is_word(Word::Not) {
            self.take();
            let (inner, inherited) = self.nested(|parser| parser.term(before))?;
            return Ok((Expr::Not(Box::new(inner)), inherited));
        }
        let at = self.here();
        match *self.peek() {
            Kind::Sign("(") => self.bracket(before),
            Kind::Number(_) | Kind::Sign("-") | Kind::Word(Word::Length) => self.comparison(),
            Kind::Word(Word::Protocol(protocol)) => {
                if self.ahead(1) == &Kind::Sign("[") {
                    return self.comparison();
                }
                self.take();
                if let Some(found) = self.qualified(Some(protocol))? {
                    return Ok(found);
                }
                if protocol == Protocol::Link {
                    return self.fail(&["`host`", "`proto`", "`src`", "`dst`", "`broadcast`", "`multicast`", "`[`"]);
                }
                Ok((Expr::Test(at, Primitive::Protocol(protocol)), None))
            }
            Kind::Word(Word::Foreign(about)) => {
                self.wrong(format!("this word is about {about}, which is not captured here"))
            }
            Kind::Word(_) => {
                if let Some(found) = self.qualified(None)? {
                    return Ok(found);
                }
                match self.other()? {
                    Some(primitive) => Ok((Expr::Test(at, primitive), None)),
                    None => self.fail(TERM),
                }
            }
            Kind::Name(_) => match self.object_word() {
                Some(kind) => self.object(kind, None, None),
                None => self.fail(TERM),
            },
            _ => self.fail(TERM),
        }
    }

    /// A comparison that begins with a bracket, or an expression in brackets.
    fn bracket(&mut self, before: Inherited) -> Parsed<(Expr, Inherited)> {
        let start = self.at;
        match self.comparison() {
            Err(super::Stop::Syntax) => self.at = start,
            other => return other,
        }
        self.take();
        let (inner, _) = self.nested(|parser| parser.expression(before))?;
        self.want(")", "`)`")?;
        Ok((inner, before))
    }

    fn comparison(&mut self) -> Parsed<(Expr, Inherited)> {
        let (at, primitive) = self.relation()?;
        Ok((Expr::Test(at, primitive), None))
    }

    /// What may follow a protocol, or stand without one: qualifiers and a value, `broadcast`, `multicast`.
    fn qualified(&mut self, protocol: Option<Protocol>) -> Parsed<Option<(Expr, Inherited)>> {
        let at = self.here();
        let about = |about| Qualifiers { protocol, direction: None, about };
        let qualifiers = match *self.peek() {
            Kind::Word(Word::Broadcast) => {
                let primitive = match protocol {
                    None | Some(Protocol::Link) => Primitive::Broadcast,
                    Some(Protocol::Ip) => Primitive::Broadcast4,
                    Some(_) => return self.wrong("only `ether broadcast` and `ip broadcast` exist"),
                };
                self.take();
                return Ok(Some((Expr::Test(at, primitive), None)));
            }
            Kind::Word(Word::Multicast) => {
                let primitive = match protocol {
                    None | Some(Protocol::Link) => Primitive::Multicast,
                    Some(Protocol::Ip) => Primitive::Multicast4,
                    Some(Protocol::Ip6) => Primitive::Multicast6,
                    Some(_) => return self.wrong("only `ether`, `ip` and `ip6 multicast` exist"),
                };
                self.take();
                return Ok(Some((Expr::Test(at, primitive), None)));
            }
            Kind::Word(Word::Proto) => about(About::Proto),
            Kind::Word(Word::ProtoChain) => about(About::ProtoChain),
            Kind::Word(Word::Gateway) => about(About::Gateway),
            Kind::Word(word) if about_of(word).is_some() => about(about_of(word).unwrap_or(About::Host)),
            Kind::Word(Word::Source | Word::Destination) => {
                let direction = self.direction()?;
                if let Some(kind) = self.object_word().filter(|_| self.is_object()) {
                    return self.object(kind, protocol, Some(direction)).map(Some);
                }
                let about = match *self.peek() {
                    Kind::Word(word) => about_of(word),
                    _ => None,
                };
                if about.is_some() {
                    self.take();
                }
                let about = about.unwrap_or(About::Unsaid);
                return self.value(Qualifiers { protocol, direction: Some(direction), about }).map(Some);
            }
            Kind::Word(Word::Foreign(about)) if protocol.is_some() => {
                return self.wrong(format!("this word is about {about}, which is not captured here"));
            }
            _ => {
                return match self.object_word() {
                    Some(kind) => self.object(kind, protocol, None).map(Some),
                    None => Ok(None),
                };
            }
        };
        self.take();
        self.value(qualifiers).map(Some)
    }

    fn value(&mut self, qualifiers: Qualifiers) -> Parsed<(Expr, Inherited)> {
        let inherited = Some(qualifiers);
        let tree = self.identifier(inherited)?;
        Ok((tree, inherited))
    }

    /// `src`, `dst`, `src or dst`, `src and dst`, the last two also the other way round.
    fn direction(&mut self) -> Parsed<Direction> {
        let source = self.is_word(Word::Source);
        self.take();
        let joined = match self.peek() {
            Kind::Word(Word::Or) => Direction::Either,
            Kind::Word(Word::And) => Direction::Both,
            _ => return Ok(if source { Direction::Source } else { Direction::Destination }),
        };
        self.take();
        let (other, shown) = if source { (Word::Destination, "`dst`") } else { (Word::Source, "`src`") };
        if !self.is_word(other) {
            return self.fail(&[shown]);
        }
        self.take();
        Ok(joined)
    }

    /// Words with a test of their own.
    fn other(&mut self) -> Parsed<Option<Primitive>> {
        let Kind::Word(word) = *self.peek() else { return Ok(None) };
        let start = self.at;
        self.take();
        Ok(Some(match word {
            Word::Less => Primitive::AtMost(self.plain_number()?),
            Word::Greater => Primitive::AtLeast(self.plain_number()?),
            Word::Interface => Primitive::Interface(self.plain_number()?),
            Word::Inbound => Primitive::Inbound,
            Word::Outbound => Primitive::Outbound,
            Word::PppoeDiscovery => Primitive::PppoeDiscovery,
            Word::Vlan => Primitive::Vlan(self.tag(0xfff)?),
            Word::Mpls => Primitive::Mpls(self.tag(0xf_ffff)?),
            Word::PppoeSession => Primitive::PppoeSession(self.tag(0xffff)?),
            Word::Geneve => Primitive::Geneve(self.tag(0xff_ffff)?),
            Word::Byte => self.byte()?,
            Word::Llc => Primitive::Llc(self.llc()?),
            _ => {
                self.at = start;
                return Ok(None);
            }
        }))
    }

    fn plain_number(&mut self) -> Parsed<u32> {
        let &Kind::Number(number) = self.peek() else { return self.fail(&["a number"]) };
        self.take();
        Ok(number)
    }

    /// The number of a tag, if one follows.
    fn tag(&mut self, most: u32) -> Parsed<Option<u32>> {
        if !matches!(self.peek(), Kind::Number(_) | Kind::Sign("(")) {
            self.miss(&["a number"]);
            return Ok(None);
        }
        let at = self.here();
        let number = self.number()?;
        if number > most {
            return Err(crate::Error::meaning(at, format!("{number} is over {most}, the most there can be")).into());
        }
        Ok(Some(number))
    }

    fn byte(&mut self) -> Parsed<Primitive> {
        let index = self.plain_number()?;
        let test = match self.peek() {
            Kind::Sign("=") => ByteTest::Equal,
            Kind::Sign("<") => ByteTest::Less,
            Kind::Sign(">") => ByteTest::Greater,
            Kind::Sign("&") => ByteTest::And,
            Kind::Sign("|") => ByteTest::Or,
            _ => return self.fail(&["`=`", "`<`", "`>`", "`&`", "`|`"]),
        };
        self.take();
        Ok(Primitive::Byte(index, test, self.plain_number()?))
    }

    fn llc(&mut self) -> Parsed<Llc> {
        let name = match self.peek() {
            Kind::Name(name) => name.to_ascii_lowercase(),
            Kind::Word(Word::Foreign(_))
                if self.token(0).is_some_and(|token| matches!(token.text.as_str(), "rnr" | "rulenum")) =>
            {
                "rnr".to_owned()
            }
            _ => return Ok(Llc::Any),
        };
        let kind = match name.as_str() {
            "i" => Llc::Information,
            "s" => Llc::Supervisory,
            "u" => Llc::Unnumbered,
            other => match names::llc(other) {
                Some((true, control)) => Llc::Function(control),
                Some((false, control)) => Llc::Command(control),
                None => return self.wrong(format!("`{other}` is no kind of LLC frame")),
            },
        };
        self.take();
        Ok(kind)
    }
}

fn about_of(word: Word) -> Option<About> {
    Some(match word {
        Word::Host => About::Host,
        Word::Net => About::Net,
        Word::Port => About::Port,
        Word::PortRange => About::PortRange,
        _ => return None,
    })
}

/// The word of a protocol in front of a value, for messages.
pub(super) fn named(protocol: Option<Protocol>) -> &'static str {
    protocol.map_or("ip", words::name)
}
