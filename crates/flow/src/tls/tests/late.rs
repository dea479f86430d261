use super::peers::{Talk, Wish, of_kind, pair, rig};
use crate::{Side, rig::Act};

fn acts(pair: &super::peers::Pair) -> Vec<Act> {
    let mut talk = Talk::new(pair, "server.example");
    talk.settle();
    talk.exchange("/one");
    talk.exchange("/two");
    talk.close()
}

#[test]
fn cap_n_20j_keys_that_come_a_moment_later_lose_nothing() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let pair = pair(&Wish { version: Some(version), alpn: &["http/1.1"], ..Wish::default() });
        let acts = acts(&pair);
        for late in 0..acts.len() - 1 {
            let mut rig = rig(&[]);
            rig.keys.add(&[]);
            for (at, act) in acts.iter().enumerate() {
                if at == late {
                    rig.keys.add(&pair.lines.all());
                }
                rig.play(std::slice::from_ref(act), usize::MAX);
            }
            let records = rig.records();
            assert_eq!(of_kind(records, "http").len(), 2, "after {late}: {records:?}");
            let tls = of_kind(records, "tls")[0];
            assert_eq!(tls["verdict"]["code"], "decrypted");
            assert_eq!(tls["certs"].as_array().unwrap().len(), 1);
        }
    }
}

#[test]
fn cap_n_20k_keys_after_the_wait_open_what_follows() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let pair = pair(&Wish { version: Some(version), ..Wish::default() });
        let acts = acts(&pair);
        let two = acts.len() - 5;
        let mut rig = rig(&[]);
        rig.keys.add(&[]);
        for (at, act) in acts.iter().enumerate() {
            let Act::Send(side, ts_us, bytes) = act else { continue };
            // Everything up to the second request is three seconds old when the keys come.
            let later = if at >= two { 3_000_000 } else { 0 };
            if at == two {
                rig.send(Side::Client, ts_us + later, &[]);
                rig.wake(ts_us + later);
                assert!(rig.heap() < 70_000, "{}", rig.heap());
                rig.keys.add(&pair.lines.all());
            }
            rig.send(*side, ts_us + later, bytes);
        }
        let records = rig.records();
        let http = of_kind(records, "http");
        assert_eq!(http.len(), 1, "{records:?}");
        assert_eq!(http[0]["path"], "/two");
        assert_eq!(of_kind(records, "tls")[0]["verdict"]["code"], "no_keys");
    }
}

#[test]
fn cap_n_20l_waiting_is_bounded() {
    let pair = pair(&Wish::default());
    let mut talk = Talk::new(&pair, "server.example");
    talk.settle();
    for _ in 0..40 {
        talk.say(Side::Client, &[b'x'; 16_000]);
    }
    let mut rig = rig(&[]);
    rig.keys.add(&[]);
    for act in &talk.close() {
        rig.play(std::slice::from_ref(act), usize::MAX);
        assert!(rig.heap() < 200_000, "{}", rig.heap());
    }
    assert_eq!(rig.facts.verdict.unwrap().code, "no_keys");
}
