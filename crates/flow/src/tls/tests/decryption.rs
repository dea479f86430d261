use rustls::{crypto::aws_lc_rs::cipher_suite as suites, version};

use super::peers::{Pair, Talk, Wish, of_kind, pair, rig};
use crate::{
    Side,
    rig::{Act, same_at_every_cut},
};

fn talk(pair: &Pair, paths: &[&str]) -> Vec<Act> {
    let mut talk = Talk::new(pair, "server.example");
    talk.settle();
    paths.iter().for_each(|path| talk.exchange(path));
    talk.close()
}

/// The paths of the `http` records.
fn paths(records: &[serde_json::Value]) -> Vec<String> {
    of_kind(records, "http").iter().map(|record| record["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn cap_n_20e_all_suites_of_rustls_are_decrypted_and_cuts_change_nothing() {
    for suite in [
        suites::TLS13_AES_128_GCM_SHA256,
        suites::TLS13_AES_256_GCM_SHA384,
        suites::TLS13_CHACHA20_POLY1305_SHA256,
        suites::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        suites::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        suites::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ] {
        let is_13 = suite.version() == &version::TLS13;
        let pair = pair(&Wish { suite: Some(suite), alpn: &["http/1.1"], ..Wish::default() });
        let acts = talk(&pair, &["/one", "/two"]);
        let keys = pair.lines.all();
        // How bytes are cut does not depend on the cipher: one of each version shows it.
        let is_first =
            [suites::TLS13_AES_128_GCM_SHA256, suites::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256].contains(&suite);
        let records = if is_first {
            same_at_every_cut(&acts, || rig(&keys))
        } else {
            let mut rig = rig(&keys);
            rig.play(&acts, usize::MAX);
            rig.out.records
        };
        let tls = of_kind(&records, "tls");
        assert_eq!(tls.len(), 1, "{records:?}");
        let tls = tls[0];
        assert_eq!(tls["cipher"], format!("{:?}", suite.suite()).replace("TLS13_", "TLS_"));
        assert_eq!(tls["version"], if is_13 { "TLS 1.3" } else { "TLS 1.2" });
        assert_eq!(tls["sni"], "server.example");
        assert_eq!(tls["alpn"], "http/1.1");
        assert_eq!(tls["verdict"]["code"], "decrypted");
        assert_eq!(tls["certs"][0]["key"], "EC P-256", "{tls}");
        assert_eq!(tls["client_cert"], false);
        assert_eq!(tls["hs_us"], if is_13 { 2000 } else { 3000 });
        assert_eq!(paths(&records), ["/one", "/two"], "{records:?}");
    }
}

#[test]
fn cap_37c_a_hello_that_is_retried_and_a_client_certificate() {
    for version in [&version::TLS12, &version::TLS13] {
        let is_13 = version == &version::TLS13;
        let pair = pair(&Wish { version: Some(version), client_cert: true, retry: is_13, ..Wish::default() });
        let acts = talk(&pair, &["/"]);
        let keys = pair.lines.all();
        let records = same_at_every_cut(&acts, || rig(&keys));
        let tls = of_kind(&records, "tls")[0];
        assert_eq!(tls["hrr"], is_13);
        assert_eq!(tls["client_cert"], true, "{tls}");
        assert_eq!(tls["resumed"], false);
        if is_13 {
            assert_eq!(tls["group"], "secp384r1");
        }
        assert_eq!(paths(&records), ["/"]);
    }
}

#[test]
fn cap_n_20f_resumed_sessions_and_early_data_are_decrypted() {
    for version in [&version::TLS12, &version::TLS13] {
        let is_13 = version == &version::TLS13;
        let pair = pair(&Wish { version: Some(version), early_data: is_13, ..Wish::default() });
        talk(&pair, &["/first"]);
        let mut talk = Talk::new(&pair, "server.example");
        if is_13 {
            let client = talk.client();
            let mut early = client.early_data().expect("the ticket allows early data");
            std::io::Write::write_all(&mut early, b"GET /early HTTP/1.1\r\nHost: server.example\r\n\r\n").unwrap();
        }
        talk.settle();
        if is_13 {
            talk.say(Side::Server, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
        talk.exchange("/second");
        let acts = talk.close();
        let keys = pair.lines.all();
        let records = same_at_every_cut(&acts, || rig(&keys));
        let tls = of_kind(&records, "tls")[0];
        assert_eq!(tls["resumed"], true, "{tls}");
        assert_eq!(tls["early_data"], is_13);
        let expected: &[&str] = if is_13 { &["/early", "/second"] } else { &["/second"] };
        assert_eq!(paths(&records), expected, "{records:?}");
    }
}

#[test]
fn cap_n_20p_early_data_without_its_secret_costs_itself_alone() {
    let pair = pair(&Wish { version: Some(&version::TLS13), early_data: true, ..Wish::default() });
    talk(&pair, &["/first"]);
    let mut talk = Talk::new(&pair, "server.example");
    let mut early = talk.client().early_data().expect("the ticket allows early data");
    std::io::Write::write_all(&mut early, b"GET /early HTTP/1.1\r\nHost: server.example\r\n\r\n").unwrap();
    talk.settle();
    talk.say(Side::Server, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    talk.exchange("/second");
    let mut keys = pair.lines.all();
    keys.retain(|line| !line.text.starts_with("CLIENT_EARLY"));
    let records = same_at_every_cut(&talk.close(), || rig(&keys));
    let second = records.iter().find(|record| record["path"] == "/second").unwrap_or_else(|| panic!("{records:?}"));
    assert_eq!((&second["status"], &second["pair"]), (&200.into(), &"ok".into()), "{records:?}");
}

#[test]
fn cap_n_20g_early_data_that_is_refused_is_not_shown_twice() {
    let mut pair = pair(&Wish { version: Some(&version::TLS13), early_data: true, ..Wish::default() });
    talk(&pair, &["/first"]);
    pair.server.max_early_data_size = 0;
    let mut talk = Talk::new(&pair, "server.example");
    let mut early = talk.client().early_data().expect("the ticket allows early data");
    std::io::Write::write_all(&mut early, b"GET /early HTTP/1.1\r\nHost: server.example\r\n\r\n").unwrap();
    talk.settle();
    talk.exchange("/second");
    let keys = pair.lines.all();
    let records = same_at_every_cut(&talk.close(), || rig(&keys));
    assert_eq!(paths(&records), ["/second"], "{records:?}");
    assert_eq!(of_kind(&records, "tls")[0]["verdict"]["code"], "decrypted");
}

#[test]
fn cap_n_20h_keys_that_are_updated() {
    let pair = pair(&Wish { version: Some(&version::TLS13), ..Wish::default() });
    let mut talk = Talk::new(&pair, "server.example");
    talk.settle();
    for (number, side) in [(1, Side::Client), (2, Side::Server), (3, Side::Client)] {
        talk.update_keys(side);
        talk.exchange(&format!("/{number}"));
    }
    let keys = pair.lines.all();
    let records = same_at_every_cut(&talk.close(), || rig(&keys));
    assert_eq!(paths(&records), ["/1", "/2", "/3"], "{records:?}");
}

#[test]
fn cap_n_21_verdicts_without_the_right_keys() {
    let pair = pair(&Wish { version: Some(&version::TLS13), ..Wish::default() });
    let acts = talk(&pair, &["/"]);
    let other = super::peers::pair(&Wish::default());
    talk(&other, &["/"]);
    let second = talk(&pair, &["/"]);
    let none = same_at_every_cut(&acts, || rig(&[]));
    let tls = of_kind(&none, "tls")[0];
    assert_eq!(tls["verdict"]["code"], "no_keys");
    assert!(tls["verdict"]["why"].as_str().unwrap().contains("--keylog"));
    assert_eq!(tls["hs_us"], 2000);
    assert_eq!(none.len(), 1, "{none:?}");
    let others = other.lines.all();
    let records = same_at_every_cut(&acts, || rig(&others));
    assert_eq!(of_kind(&records, "tls")[0]["verdict"]["code"], "keys_for_other_connections");
    let records = same_at_every_cut(&second, || rig(&others));
    assert_eq!(of_kind(&records, "tls")[0]["verdict"]["code"], "resumed_without_keys");
    // The start is missing: there is no handshake to show, and the flow says why.
    let mut late = rig(&others);
    let Act::Send(side, at, bytes) = &acts[acts.len() - 4] else { panic!("data") };
    late.send(*side, *at, bytes);
    assert_eq!(late.facts.verdict.unwrap().code, "handshake_not_seen");
    assert!(late.records().is_empty());
}

#[test]
fn cap_n_20i_a_lost_piece_costs_its_records_alone() {
    for version in [&version::TLS12, &version::TLS13] {
        let pair = pair(&Wish { version: Some(version), ..Wish::default() });
        let acts = talk(&pair, &["/1", "/2", "/3", "/4"]);
        let keys = pair.lines.all();
        let requests: Vec<usize> = (0..acts.len())
            .filter(|at| matches!(&acts[*at], Act::Send(Side::Client, _, bytes) if bytes[0] == 23))
            .collect();
        let lost = requests[requests.len() - 4];
        for inside in [0, 3, 20] {
            let mut rig = rig(&keys);
            for (at, act) in acts.iter().enumerate() {
                match act {
                    Act::Send(side, ts_us, bytes) if at == lost => {
                        rig.send(*side, *ts_us, &bytes[..inside]);
                        rig.lose(*side, *ts_us, (bytes.len() - inside) as u64);
                    }
                    Act::Send(side, ts_us, bytes) => rig.send(*side, *ts_us, bytes),
                    Act::End(side, how) => rig.end(*side, *how),
                }
            }
            let found = paths_any(rig.records());
            assert!(found.contains(&"/3".to_owned()) && found.contains(&"/4".to_owned()), "{inside} {found:?}");
            assert_eq!(rig.facts.verdict.unwrap().code, "decrypted");
        }
    }
}

fn paths_any(records: &[serde_json::Value]) -> Vec<String> {
    of_kind(records, "http").iter().filter_map(|record| record["path"].as_str()).map(str::to_owned).collect()
}
