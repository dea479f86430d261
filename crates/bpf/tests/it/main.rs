//! The compiler against tcpdump: the same texts are taken and refused, and both programs have the same verdict.
//!
//! The run of every day takes the written list and a seeded sample. `QD_FILTER_CORPUS=long` takes all expressions on all
//! link types: over 2,000 expressions, some 15,000 programs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod exact;
mod expressions;
mod oracle;
mod packets;
mod random;
mod written;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bpf::{Error, Filter, Instruction, Options, Program};
use oracle::{Oracle, Said};
use packets::Link;
use random::Random;

/// Expressions that are made, besides the written ones, in the long run.
const MADE: usize = 2400;

fn is_long() -> bool {
    std::env::var("QD_FILTER_CORPUS").is_ok_and(|value| value == "long")
}

/// What a run found.
#[derive(Default)]
struct Tally {
    programs: AtomicUsize,
    refused: AtomicUsize,
    identical: AtomicUsize,
    ours: AtomicUsize,
    theirs: AtomicUsize,
    matched: AtomicUsize,
    wrong: Mutex<Vec<String>>,
}

impl Tally {
    fn wrong(&self, text: String) {
        self.wrong.lock().unwrap().push(text);
    }
}

#[test]
fn cap_p_07_same_verdicts_as_tcpdump() {
    let oracle = Oracle::new();
    let mut work: Vec<(String, Link)> = Vec::new();
    let mut random = Random::new(0x5eed);
    let links = if is_long() { Link::ALL } else { &[Link::Ethernet, Link::Raw, Link::Sll, Link::Sll2] };
    for text in written::FILTERS {
        for link in links {
            work.push(((*text).to_owned(), *link));
        }
    }
    for number in 0..MADE {
        let text = expressions::expression(&mut random);
        if is_long() {
            work.extend(Link::ALL.iter().map(|link| (text.clone(), *link)));
        } else if number % 4 == 0 {
            work.push((text, Link::ALL[number / 4 % Link::ALL.len()]));
        }
    }
    let tally = Tally::default();
    let samples: Vec<(Link, Vec<Vec<u8>>)> = Link::ALL.iter().map(|link| (*link, packets::samples(*link))).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some((text, link)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let packets = &samples.iter().find(|(known, _)| known == link).unwrap().1;
                    compare(&oracle, text, *link, packets, &tally);
                }
            });
        }
    });
    let wrong = tally.wrong.into_inner().unwrap();
    let programs = tally.programs.into_inner();
    let (identical, ours, theirs) = (tally.identical.into_inner(), tally.ours.into_inner(), tally.theirs.into_inner());
    println!(
        "{} texts: {programs} programs, {} refused by both; {identical} programs identical; {ours} instructions against \
         {theirs}; {} verdicts were a match",
        work.len(),
        tally.refused.into_inner(),
        tally.matched.into_inner()
    );
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), work.len(), wrong[..wrong.len().min(40)].join("\n"));
    assert!(programs > work.len() / 2, "most texts must compile, or the test says little");
    assert!(identical * 100 >= programs * 90, "only {identical} of {programs} programs are identical to tcpdump's");
}

/// Whether two programs differ in nothing but which words of scratch memory they use.
fn is_same_but_slots(one: &Program, two: &Program) -> bool {
    let plain = |program: &Program| -> Vec<_> {
        let uses_slot = |code: u16| matches!(code & 7, 2 | 3) || matches!(code & 7, 0 | 1) && code & 0xe0 == 0x60;
        let blank = |at: &Instruction| (at.code, at.yes, at.no, if uses_slot(at.code) { 0 } else { at.k });
        program.instructions().iter().map(blank).collect()
    };
    plain(one) == plain(two)
}

/// One text on one link type.
fn compare(oracle: &Oracle, text: &str, link: Link, packets: &[Vec<u8>], tally: &Tally) {
    let ours = Filter::compile(text, Options::new(link.link_type()));
    let theirs = oracle.ask(text, link);
    let (ours, theirs) = match (ours, theirs) {
        (Ok(ours), Said::Program(theirs)) => (ours, theirs),
        (Err(_), Said::Refused(_)) => {
            tally.refused.fetch_add(1, Ordering::Relaxed);
            return;
        }
        (Ok(_), Said::Refused(why)) => return tally.wrong(format!("{link:?} `{text}`: tcpdump refuses: {why}")),
        (Err(error), Said::Program(_)) => return tally.wrong(format!("{link:?} `{text}`: only we refuse: {error}")),
    };
    tally.programs.fetch_add(1, Ordering::Relaxed);
    tally.ours.fetch_add(ours.program().instructions().len(), Ordering::Relaxed);
    tally.theirs.fetch_add(theirs.instructions().len(), Ordering::Relaxed);
    if meaning(ours.program()) == meaning(&theirs) {
        tally.identical.fetch_add(1, Ordering::Relaxed);
    } else if text.contains("geneve") && is_same_but_slots(ours.program(), &theirs) {
        // Theirs reads what a calculation has left, for packets with nothing inside: what it says of them is by chance.
        return;
    } else if ours.program().instructions().len() >= theirs.instructions().len() {
        return tally
            .wrong(format!("{link:?} `{text}`: another program, and no shorter\n{}\n{theirs}", ours.program()));
    }
    for packet in packets {
        let length = u32::try_from(packet.len()).unwrap();
        let (we, they) = (ours.program().run(packet, length), theirs.run(packet, length));
        if we != they {
            return tally.wrong(format!(
                "{link:?} `{text}`: {we} against {they} on {packet:02x?}\n{}\n{theirs}",
                ours.program()
            ));
        }
        if we != 0 {
            tally.matched.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The instructions, without constants that mean nothing: tcpdump leaves some behind where an instruction was another one.
fn meaning(program: &Program) -> Vec<Instruction> {
    let has_none = |code: u16| matches!(code & 7, 7) || (matches!(code & 7, 4 | 5) && code & 8 != 0) || code == 0x80;
    program
        .instructions()
        .iter()
        .map(|one| Instruction { k: if has_none(one.code) { 0 } else { one.k }, ..*one })
        .collect()
}

/// The text of `-d` and of `-ddd`, byte for byte.
#[test]
fn cap_n_11a_prints_programs_as_tcpdump_does() {
    let oracle = Oracle::new();
    for text in exact::PRINTED {
        let ours = Filter::compile(text, Options::new(Link::Ethernet.link_type())).unwrap();
        let assembler = oracle.text(text, Link::Ethernet, "-d").unwrap();
        assert_eq!(ours.program().to_string(), assembler, "{text}");
        let decimal = oracle.text(text, Link::Ethernet, "-ddd").unwrap();
        let theirs = Program::from_decimal(&decimal).unwrap();
        assert_eq!(theirs.decimal().to_string(), decimal, "{text}");
        assert_eq!(meaning(&theirs), meaning(ours.program()), "{text}");
    }
}

/// What tcpdump refuses we refuse, with a place in the text.
#[test]
fn cap_f_08a_refuses_what_tcpdump_refuses() {
    let oracle = Oracle::new();
    for text in exact::REFUSED {
        let Said::Refused(why) = oracle.ask(text, Link::Ethernet) else { panic!("tcpdump takes `{text}`") };
        let error = match Filter::compile(text, Options::new(Link::Ethernet.link_type())) {
            Ok(ours) => panic!("`{text}` is taken; tcpdump: {why}\n{}", ours.program()),
            Err(error) => error,
        };
        assert!(error.position().is_some() || matches!(error, Error::TooLong { .. }), "{text}: {error}");
    }
}
