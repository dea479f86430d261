use serde_json::json;

use super::peers::{Talk, Wish, of_kind, pair, rig};
use crate::{App, Side, rig::same_at_every_cut};

fn message(kind: &[u8], body: &[u8]) -> Vec<u8> {
    [kind, &(body.len() as u32 + 4).to_be_bytes(), body].concat()
}

/// PostgreSQL after its SSLRequest.
#[test]
fn cap_n_03a_a_database_goes_on_inside() {
    let pair = pair(&Wish::default());
    let mut talk = Talk::new(&pair, "server.example");
    talk.settle();
    talk.say(Side::Client, &message(b"", b"\0\x03\0\0user\0ann\0database\0shop\0\0"));
    talk.say(Side::Server, &[message(b"R", &[0; 4]), message(b"Z", b"I")].concat());
    talk.say(Side::Client, &message(b"Q", b"select 1\0"));
    talk.say(Side::Server, &[message(b"C", b"SELECT 1\0"), message(b"Z", b"I")].concat());
    let acts = talk.close();
    let keys = pair.lines.all();
    let records = same_at_every_cut(&acts, || {
        let mut rig = rig(&keys);
        rig.facts.before = App::Postgres;
        rig
    });
    let sql = of_kind(&records, "sql");
    let query = sql.iter().find(|record| record["tag"] == "SELECT 1").unwrap_or_else(|| panic!("{records:?}"));
    assert_eq!(query["query"], "select 1");
    assert_eq!(query["user"], "ann");
}

/// Offsets inside are not those of packets.
#[test]
fn cap_n_15a_secrets_inside_mask_nothing_in_packets() {
    let pair = pair(&Wish::default());
    let mut talk = Talk::new(&pair, "server.example");
    talk.settle();
    talk.say(Side::Client, b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer hunter2hunter2\r\n\r\n");
    talk.say(Side::Server, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let acts = talk.close();
    let mut rig = crate::rig::Rig::new(App::Tls);
    rig.keys.add(&pair.lines.all());
    rig.play(&acts, usize::MAX);
    let http = of_kind(rig.records(), "http")[0].to_string();
    assert!(http.contains("redacted") && !http.contains("hunter2"), "{http}");
    assert!(rig.out.masks.is_empty());
}

/// TLS through a proxy that is spoken to by TLS.
#[test]
fn cap_n_20n_layers_inside_each_other() {
    let (outer, inner) = (pair(&Wish::default()), pair(&Wish::default()));
    let mut through = Talk::new(&inner, "server.example");
    through.settle();
    through.exchange("/deep");
    let mut talk = Talk::new(&outer, "server.example");
    talk.settle();
    talk.say(Side::Client, b"CONNECT server.example:443 HTTP/1.1\r\nHost: server.example:443\r\n\r\n");
    talk.say(Side::Server, b"HTTP/1.1 200 OK\r\n\r\n");
    for act in &through.acts {
        if let crate::rig::Act::Send(side, _, bytes) = act {
            talk.say(*side, bytes);
        }
    }
    let keys = [outer.lines.all(), inner.lines.all()].concat();
    let records = same_at_every_cut(&talk.close(), || rig(&keys));
    assert_eq!(of_kind(&records, "tls").len(), 2);
    let paths: Vec<_> = of_kind(&records, "http").iter().map(|record| record["path"].clone()).collect();
    assert!(paths.contains(&json!("/deep")), "{records:?}");
}
