use proptest::prelude::*;

use super::peers::{Talk, Wish, pair, rig};
use crate::{
    End, Side,
    rig::Act,
    tls::{Certificate, ClientHello, ServerHello, looks},
};

/// A whole conversation, made once.
fn conversation() -> &'static (Vec<Act>, Vec<String>) {
    static ONCE: std::sync::OnceLock<(Vec<Act>, Vec<String>)> = std::sync::OnceLock::new();
    ONCE.get_or_init(|| {
        let pair = pair(&Wish { client_cert: true, ..Wish::default() });
        let mut talk = Talk::new(&pair, "server.example");
        talk.settle();
        talk.exchange("/");
        (talk.close(), pair.lines.all().iter().map(|line| line.text.clone()).collect())
    })
}

proptest! {
    #[test]
    fn tls_never_panics_on_any_bytes(
        parts in prop::collection::vec((any::<bool>(), 20_u8..25, prop::collection::vec(any::<u8>(), 0..200)), 0..20),
    ) {
        let mut rig = rig(&[]);
        rig.keys.add(&[]);
        for (client, kind, body) in parts {
            let side = if client { Side::Client } else { Side::Server };
            let head = [kind, 3, 3, 0, body.len() as u8];
            rig.send(side, 1, &head);
            rig.send(side, 2, &body);
        }
        rig.end(Side::Client, End::Fin);
        rig.end(Side::Server, End::Fin);
    }

    #[test]
    fn tls_never_panics_on_damaged_conversations(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        flip in 1_u8..,
        lose in 0_usize..40,
    ) {
        let (acts, keys) = conversation();
        let keys: Vec<_> = keys.iter().map(|text| crate::KeyLine { text: text.clone() }).collect();
        let which = which.index(acts.len());
        let mut rig = rig(&keys);
        for (number, act) in acts.iter().enumerate() {
            match act {
                Act::Send(side, ts_us, bytes) if number == which => {
                    let mut bytes = bytes.clone();
                    let at = at.index(bytes.len());
                    bytes[at] ^= flip;
                    rig.send(*side, *ts_us, &bytes[..at]);
                    let lost = lose.min(bytes.len() - at);
                    if lost > 0 {
                        rig.lose(*side, *ts_us, lost as u64);
                    }
                    rig.send(*side, *ts_us, &bytes[at + lost..]);
                }
                Act::Send(side, ts_us, bytes) => rig.send(*side, *ts_us, bytes),
                Act::End(side, how) => rig.end(*side, *how),
            }
        }
        prop_assert!(rig.heap() < 300_000);
    }

    #[test]
    fn parts_of_tls_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = ClientHello::parse(&bytes);
        let _ = ServerHello::parse(&bytes);
        let _ = Certificate::parse(&bytes);
        let _ = looks(&bytes);
    }
}
