//! The `dns` record: one query with its answer, or with the news that none came.

use crate::dns::{A, Edns, Message, Section, data_text, flags, name, opcode_name, rcode_name, type_name};
use crate::json::Object;

/// One transaction. A search over several names is one row: the last name, and the ones before it in `searched`.
#[derive(Clone, Copy, Debug, Default)]
pub struct DnsRecord<'a> {
    /// The transaction id.
    pub xid: u16,
    /// The name asked for, as text without the last dot.
    pub qname: Option<&'a str>,
    /// The type asked for.
    pub qtype: Option<u16>,
    /// The class asked for; 1 is the Internet.
    pub qclass: u16,
    /// Flags of the answer, else of the query.
    pub bits: u16,
    /// The answer, when one came.
    pub response: Option<Message<'a>>,
    /// EDNS of the answer, else of the query.
    pub edns: Option<Edns<'a>>,
    /// `udp` or `tcp`.
    pub transport: &'a str,
    /// From the first time the query was sent to its answer.
    pub latency_us: Option<u64>,
    /// How often the query was sent again.
    pub retries: u32,
    /// The name that the search list was applied to.
    pub search_of: Option<&'a str>,
    /// Names that were tried before and do not exist, one a line.
    pub searched: &'a str,
    /// From the first query of the search to the last answer.
    pub search_us: Option<u64>,
    /// The response spells the name that was asked for as `qname` does.
    pub is_same_name: bool,
}

impl DnsRecord<'_> {
    /// The response code with its EDNS part, of an answer that was seen.
    #[must_use]
    pub fn rcode(&self) -> Option<u16> {
        let response = self.response?;
        let upper = self.edns.map_or(0, |edns| u16::from(edns.extended));
        Some(upper << 4 | response.rcode())
    }

    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.uint("xid", u64::from(self.xid));
        if let Some(qname) = self.qname {
            object.text("qname", qname);
        }
        if let Some(qtype) = self.qtype {
            object.word("qtype", &type_name(qtype));
        }
        if !matches!(self.qclass, 0 | 1) {
            object.uint("qclass", u64::from(self.qclass));
        }
        object.word("opcode", opcode_name(((self.bits >> 11) & 0xf) as u8));
        if let Some(rcode) = self.rcode() {
            object.word("rcode", &rcode_name(rcode));
        }
        let mut list = object.array("flags");
        flags(self.bits).for_each(|flag| list.word(flag));
        drop(list);
        if let Some(response) = &self.response {
            answers(response, self.qname.filter(|_| self.is_same_name), object);
        }
        if let Some(edns) = &self.edns {
            let mut inner = object.object("edns");
            inner.uint("version", u64::from(edns.version));
            inner.uint("payload", u64::from(edns.payload));
            inner.bool("do", edns.dnssec_ok);
            let mut options = inner.array("options");
            edns.options(|option| options.text(option));
        }
        object.word("transport", self.transport);
        object.maybe("latency_us", self.latency_us);
        object.uint("retries", u64::from(self.retries));
        if let Some(name) = self.search_of {
            object.text("search_of", name);
            let mut list = object.array("searched");
            self.searched.split('\n').for_each(|name| list.text(name));
            drop(list);
            object.maybe("search_us", self.search_us);
        }
    }
}

fn answers(response: &Message<'_>, asked: Option<&str>, object: &mut Object<'_>) {
    let mut list = object.array("answers");
    let mut text = String::new();
    for one in response.resources().take_while(|one| one.section == Section::Answer).take(MOST_ANSWERS) {
        let mut answer = list.object();
        // Most answers are of the name in the question, and point there.
        let points = response.bytes.get(one.name..one.name + 2) == Some(&QUESTION);
        if let Some(asked) = asked.filter(|_| points) {
            answer.text("name", asked);
        } else {
            text.clear();
            text.reserve(NAME);
            if name(response.bytes, one.name, &mut text).is_some() {
                answer.text("name", &text);
            }
        }
        answer.word("type", &type_name(one.kind));
        answer.uint("ttl", u64::from(one.ttl));
        match response.bytes.get(one.data..one.end) {
            Some(&[a, b, c, d]) if one.kind == A => answer.ip("data", [a, b, c, d].into()),
            _ => {
                text.clear();
                data_text(response.bytes, &one, &mut text);
                answer.text("data", &text);
            }
        }
    }
}

/// A pointer to the name in the question, which stands behind the header.
const QUESTION: [u8; 2] = [0xc0, 12];
/// Room for most names.
const NAME: usize = 128;
/// Answers written; a zone transfer has thousands.
const MOST_ANSWERS: usize = 64;
