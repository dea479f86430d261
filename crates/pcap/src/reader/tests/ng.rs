use super::*;
use crate::{LinkType, Refused};

/// Builds sections by hand, in both byte orders, apart from the writer.
pub(super) struct Build {
    pub(super) out: Vec<u8>,
    big: bool,
}

impl Build {
    pub(super) fn new() -> Self {
        Self { out: Vec::new(), big: false }
    }

    fn u16(&self, value: u16) -> [u8; 2] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u32(&self, value: u32) -> [u8; 4] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    pub(super) fn words(&self, words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| self.u32(*word)).collect()
    }

    fn option(&self, code: u16, value: &[u8]) -> Vec<u8> {
        let mut out = [self.u16(code), self.u16(value.len() as u16)].concat();
        out.extend(value);
        out.resize(out.len().next_multiple_of(4), 0);
        out
    }

    pub(super) fn block(&mut self, kind: u32, body: &[u8]) -> &mut Self {
        let padded = body.len().next_multiple_of(4);
        let ends = self.words(&[kind, padded as u32 + 12]);
        self.out.extend(&ends);
        self.out.extend(body);
        self.out.extend(vec![0; padded - body.len()]);
        self.out.extend(&ends[4..]);
        self
    }

    pub(super) fn section(&mut self, big: bool) -> &mut Self {
        self.big = big;
        let mut body = self.words(&[0x1a2b_3c4d]);
        body.extend([self.u16(1), self.u16(0)].concat());
        body.extend([0xff; 8]);
        body.extend(self.option(4, b"by hand"));
        self.block(0x0a0d_0d0a, &body)
    }

    pub(super) fn interface(&mut self, link: u16, snaplen: u32, options: &[(u16, &[u8])]) -> &mut Self {
        let mut body = [self.u16(link), [0; 2]].concat();
        body.extend(self.words(&[snaplen]));
        for (code, value) in options {
            body.extend(self.option(*code, value));
        }
        self.block(1, &body)
    }

    pub(super) fn enhanced(&mut self, iface: u32, ticks: u64, bytes: &[u8], options: &[(u16, &[u8])]) -> &mut Self {
        let mut body = self.words(&[iface, (ticks >> 32) as u32, ticks as u32, bytes.len() as u32, 1500]);
        body.extend(bytes);
        body.resize(body.len().next_multiple_of(4), 0);
        for (code, value) in options {
            body.extend(self.option(*code, value));
        }
        self.block(6, &body)
    }
}

fn packet(iface: u32, ts_ns: u64, link: u16, bytes: &[u8]) -> Seen {
    Seen::Packet { iface, ts_ns, link, orig: 1500, bytes: bytes.to_vec(), flags: None, lost: None }
}

#[test]
fn cap_n_23c_all_blocks_and_sections_of_both_byte_orders() {
    let mut build = Build::new();
    for big in [false, true] {
        build.section(big).interface(101, 4, &[(2, b"eth0"), (9, &[9]), (11, b"\0tcp port 80"), (99, b"new")]);
        let offset = if big { 100_u64.to_be_bytes() } else { 100_u64.to_le_bytes() };
        build.interface(276, 0, &[(14, &offset), (4, &[10, 0, 0, 1, 255, 255, 255, 0]), (6, &[2, 0, 0, 0, 0, 1])]);
        let flags = build.words(&[2]);
        let drops = if big { 7_u64.to_be_bytes() } else { 7_u64.to_le_bytes() };
        build.enhanced(0, 5_000_000_001, b"abcde", &[(2, &flags), (4, &drops), (1, b"note")]);
        build.enhanced(1, 5, b"xyz", &[]);
        // a simple packet is cut by the snap length of the first interface
        let mut simple = build.words(&[9]);
        simple.extend(b"wxyz");
        build.block(3, &simple);
        let mut old = [build.u16(1), build.u16(3)].concat();
        old.extend(build.words(&[0, 6, 2, 1500]));
        old.extend(b"ok\0\0");
        build.block(2, &old);
        let mut names = [build.u16(1), build.u16(4 + 8)].concat();
        names.extend([10, 0, 0, 1]);
        names.extend(b"a.b\0c.d\0");
        names.extend([build.u16(2), build.u16(16 + 2)].concat());
        names.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        names.extend(b"v\0\0\0");
        names.extend([0; 4]);
        build.block(4, &names);
        let mut secrets = build.words(&[crate::TLS_KEY_LOG, 5]);
        secrets.extend(b"KEYS\n");
        build.block(10, &secrets);
        let mut stats = build.words(&[0, 1, 1]);
        let count = if big { 12_u64.to_be_bytes() } else { 12_u64.to_le_bytes() };
        stats.extend(build.option(4, &count));
        build.block(5, &stats).block(0xbad, &[1; 8]).block(0x1234_5678, b"unknown");
    }
    let names = || {
        Seen::Names(vec![
            ("10.0.0.1".into(), "a.b".into()),
            ("10.0.0.1".into(), "c.d".into()),
            ("fd00::1".into(), "v".into()),
        ])
    };
    let of = |base: u32| {
        vec![
            Seen::Section(Some("by hand".into())),
            Seen::Interface(base),
            Seen::Interface(base + 1),
            Seen::Packet {
                iface: base,
                ts_ns: 5_000_000_001,
                link: 101,
                orig: 1500,
                bytes: b"abcde".to_vec(),
                flags: Some(2),
                lost: Some(7),
            },
            packet(base + 1, 100_000_005_000, 276, b"xyz"),
            Seen::Packet {
                iface: base,
                ts_ns: 100_000_005_000,
                link: 101,
                orig: 9,
                bytes: b"wxyz".to_vec(),
                flags: None,
                lost: None,
            },
            Seen::Packet {
                iface: base + 1,
                ts_ns: 100_000_006_000,
                link: 276,
                orig: 1500,
                bytes: b"ok".to_vec(),
                flags: None,
                lost: Some(3),
            },
            names(),
            Seen::Secrets(crate::TLS_KEY_LOG, b"KEYS\n".to_vec()),
            Seen::Stats(base, (1 << 32) + 1, Some(12)),
            Seen::Other(0xbad),
            Seen::Other(0x1234_5678),
        ]
    };
    let expected = [of(0), of(2)].concat();
    for piece in [1, 7, 64, build.out.len()] {
        let (all, reader) = read(&build.out, piece).unwrap();
        assert_eq!(all, expected, "in pieces of {piece}");
        let interface = reader.interface(2).unwrap();
        assert_eq!(interface.name.as_deref(), Some("eth0"));
        assert_eq!(interface.filter.as_deref(), Some("tcp port 80"));
        assert_eq!(reader.interface(3).unwrap().ipv4.len(), 1);
        assert_eq!(reader.interface(3).unwrap().mac, Some([2, 0, 0, 0, 0, 1]));
        assert_eq!(reader.interface(1).unwrap().link, LinkType::SLL2);
    }
}

#[test]
fn versions_that_nobody_defined_are_refused() {
    let mut build = Build::new();
    build.section(true);
    build.out[13] = 9;
    assert_eq!(read(&build.out, 5).map(|all| all.0), Err(Refused::Version(9, 0)));
}

#[test]
fn a_section_alone_is_an_empty_capture() {
    let mut build = Build::new();
    build.section(false);
    assert_eq!(read_all(&build.out), [Seen::Section(Some("by hand".into()))]);
}

#[test]
fn texts_of_interfaces_have_a_budget() {
    let mut build = Build::new();
    build.section(false);
    let long = vec![b'x'; 60_000];
    for _ in 0..40 {
        build.interface(1, 0, &[(2, &long), (3, b"short")]);
    }
    let (_, reader) = read(&build.out, 1 << 16).unwrap();
    let kept: usize = reader.interfaces().iter().filter_map(|interface| interface.name.as_deref()).map(str::len).sum();
    assert!(kept <= 1 << 20 && kept > 900_000, "{kept}");
    assert_eq!(reader.interfaces().len(), 40);
}
