//! One DNS message (RFC 1035 section 4), read in place.

use super::name;

/// A message whose header is whole. The rest is read on demand and may be cut or malformed.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// All of it, as compression needs.
    pub bytes: &'a [u8],
    /// The transaction id.
    pub id: u16,
    /// The two bytes of flags, opcode and response code.
    pub bits: u16,
    questions: u16,
    counts: [u16; 3],
}

/// The first question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Where the name starts.
    pub name: usize,
    /// Record type asked for.
    pub kind: u16,
    /// Class, with the unicast bit of multicast DNS.
    pub class: u16,
    /// Offset behind the question.
    pub end: usize,
}

/// One resource record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// Which list it stands in.
    pub section: Section,
    /// Where the owner's name starts.
    pub name: usize,
    /// Record type.
    pub kind: u16,
    /// Class; the payload size in an OPT record.
    pub class: u16,
    /// Seconds; extended code and flags in an OPT record.
    pub ttl: u32,
    /// Where the data starts.
    pub data: usize,
    /// Behind the data.
    pub end: usize,
}

/// Which list of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What was asked for.
    Answer,
    /// Who knows.
    Authority,
    /// What may help, and EDNS.
    Additional,
}

impl<'a> Message<'a> {
    /// None when there are less than twelve bytes.
    pub fn new(bytes: &'a [u8]) -> Option<Message<'a>> {
        let head = bytes.first_chunk::<12>()?;
        let [a, b, c, d, e, f, g, h, i, j, k, l] = *head;
        let pair = |high, low| u16::from_be_bytes([high, low]);
        Some(Message {
            bytes,
            id: pair(a, b),
            bits: pair(c, d),
            questions: pair(e, f),
            counts: [pair(g, h), pair(i, j), pair(k, l)],
        })
    }

    /// Whether this answers.
    pub fn is_response(&self) -> bool {
        self.bits & 0x8000 != 0
    }

    /// Query, notify, update, …
    pub fn opcode(&self) -> u8 {
        ((self.bits >> 11) & 0xf) as u8
    }

    /// The four bits of the header; EDNS may add eight more.
    pub fn rcode(&self) -> u16 {
        self.bits & 0xf
    }

    /// The first question, None when there is none or it is cut.
    pub fn question(&self) -> Option<Question> {
        if self.questions == 0 { None } else { self.question_at(12) }
    }

    fn question_at(&self, at: usize) -> Option<Question> {
        let after = name::skip(self.bytes, at)?;
        let [a, b, c, d] = *self.bytes.get(after..)?.first_chunk::<4>()?;
        Some(Question { name: at, kind: u16::from_be_bytes([a, b]), class: u16::from_be_bytes([c, d]), end: after + 4 })
    }

    /// All resource records until the end or the first that is malformed.
    pub fn resources(&self) -> Resources<'a> {
        let mut at = Some(12);
        for _ in 0..self.questions {
            at = at.and_then(|at| self.question_at(at)).map(|question| question.end);
        }
        Resources { bytes: self.bytes, at, left: self.counts }
    }

    /// Whether every count of the header is met by well-formed contents and nothing is left over: a DNS message and no
    /// other datagram that happens to have such a head.
    pub fn is_sound(&self) -> bool {
        let total = self.counts.iter().map(|count| usize::from(*count)).sum::<usize>();
        let mut resources = self.resources();
        let count = resources.by_ref().count();
        let z_clear = self.bits & 0x0040 == 0;
        z_clear && count == total && resources.at == Some(self.bytes.len())
    }

    /// Whether the first question and as many records as are there are well formed: for messages cut by the capture.
    pub fn is_plausible(&self) -> bool {
        self.has_plausible_head() && self.question().is_some()
    }

    /// Whether the first twelve bytes may be those of a message.
    pub(super) fn has_plausible_head(&self) -> bool {
        let opcode = matches!(self.opcode(), 0 | 1 | 2 | 4 | 5 | 6);
        let counts = self.questions <= 32 && self.counts.iter().all(|count| *count <= 512);
        opcode && counts && self.bits & 0x0040 == 0
    }
}

/// Walks the records of a message.
#[derive(Debug, Clone)]
pub struct Resources<'a> {
    bytes: &'a [u8],
    at: Option<usize>,
    left: [u16; 3],
}

impl Iterator for Resources<'_> {
    type Item = Resource;

    fn next(&mut self) -> Option<Resource> {
        let [answers, authority, additional] = &mut self.left;
        let (section, left) = match (*answers, *authority, *additional) {
            (0, 0, 0) => return None,
            (0, 0, _) => (Section::Additional, additional),
            (0, ..) => (Section::Authority, authority),
            _ => (Section::Answer, answers),
        };
        *left -= 1;
        let at = self.at.take()?;
        let after = name::skip(self.bytes, at)?;
        let [a, b, c, d, e, f, g, h, i, j] = *self.bytes.get(after..)?.first_chunk::<10>()?;
        let data = after + 10;
        let end = data + usize::from(u16::from_be_bytes([i, j]));
        self.bytes.get(data..end)?;
        self.at = Some(end);
        Some(Resource {
            section,
            name: at,
            kind: u16::from_be_bytes([a, b]),
            class: u16::from_be_bytes([c, d]),
            ttl: u32::from_be_bytes([e, f, g, h]),
            data,
            end,
        })
    }
}
