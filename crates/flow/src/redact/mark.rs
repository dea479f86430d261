//! What a record shows where a secret was.

/// How long a secret was, roughly: enough to tell an empty one or a truncated one, too little to guess by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LengthClass(u8);

impl LengthClass {
    /// The class of a secret of `len` bytes.
    pub fn of(len: usize) -> LengthClass {
        let class = CLASSES.iter().position(|(up_to, _)| len <= *up_to).unwrap_or(CLASSES.len());
        LengthClass(u8::try_from(class).unwrap_or(u8::MAX))
    }

    /// `0`, `1-8`, … `1025+`.
    pub fn text(self) -> &'static str {
        CLASSES.get(usize::from(self.0)).map_or("1025+", |(_, text)| text)
    }
}

/// Length class and keyed hash of one secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Roughly how long it was.
    pub class: LengthClass,
    /// SipHash-2-4 with the key of the tap: equal secrets of one tap have equal hashes.
    pub hash: u64,
}

impl Mark {
    /// Appends `«redacted 17-32 #0011223344556677»`, which needs no escaping in JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice("«redacted ".as_bytes());
        out.extend_from_slice(self.class.text().as_bytes());
        out.extend_from_slice(b" #");
        for nibble in (0..16).rev() {
            let digit = ((self.hash >> (nibble * 4)) & 0xf) as u8;
            out.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
        }
        out.extend_from_slice("»".as_bytes());
    }
}

const CLASSES: &[(usize, &str)] = &[
    (0, "0"),
    (8, "1-8"),
    (16, "9-16"),
    (32, "17-32"),
    (64, "33-64"),
    (128, "65-128"),
    (256, "129-256"),
    (1024, "257-1024"),
];
