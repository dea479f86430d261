#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::{IpAddr, Ipv4Addr};

use super::{LONGEST, Writer};
use crate::{
    Endpoint, Envelope, FlowId, Marks, Named, Record,
    record::{HttpRecord, http::Message},
};

/// Connections, names, questions and bodies that are the same, that change, and that are too long to be kept.
#[test]
fn a_writer_writes_what_a_record_writes_alone() {
    let long = vec![b'x'; LONGEST + 1];
    let bodies: [&[u8]; 6] = [b"", b"a \"page\"\n", b"a \"page\"\r", b"\xff\xfe", "caf\u{e9} \u{85}".as_bytes(), &long];
    let names: [Option<Named<'_>>; 3] = [None, Some(("web", "api")), Some(("web", "dns"))];
    let mut writer = Writer::default();
    let mut lines = 0;
    // Each neighbour differs in one or two of these, and some come again.
    for turn in 0..1200_u64 {
        let pick = |every: u64, of: usize| (turn / every) as usize % of;
        let end = |last: u8, port: u16| Endpoint { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), port: Some(port) };
        let flow = FlowId(u128::from(turn / 3 % 5) << 6);
        let message = |body| Message { body, len: 1, ..Message::default() };
        let record = HttpRecord {
            version: "1.1",
            method: [&b"GET"[..], b"POST"][pick(2, 2)],
            scheme: ["http", "https", ""][pick(50, 3)],
            host: [&b"shop"[..], b"shop:80", b""][pick(7, 3)],
            path: [&b"/a"[..], b"/b", &long][pick(5, 3)],
            query: [None, Some(&b""[..]), Some(b"q=1")][pick(11, 3)],
            request: (pick(4, 3) > 0).then(|| message(bodies[pick(1, 6)])),
            response: Some(message(bodies[pick(3, 6)])),
            ..HttpRecord::default()
        };
        let envelope = Envelope {
            seq: turn,
            id: flow.record(turn),
            ts_us: 1,
            flow: (turn % 17 > 0).then_some(flow),
            src: (turn % 19 > 0).then_some(end(1, [1, 2][pick(9, 2)])),
            dst: Some(end(2, 80)),
            vantage: None,
            iface: 0,
            marks: Marks::default(),
            names: [names[pick(6, 3)], names[pick(1, 3)]],
        };
        let (mut written, mut alone) = (b"before".to_vec(), b"before".to_vec());
        writer.write(&Record::Http(&record), &envelope, &mut written);
        Record::Http(&record).write_json(&envelope, &mut alone);
        assert_eq!(String::from_utf8(written).unwrap(), String::from_utf8(alone).unwrap());
        lines += 1;
    }
    assert_eq!(lines, 1200);
}
