#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::super::columns::record as column;
use super::{Seen, has_row, name, write};
use crate::line::Members;
use table::{RowBuf, Table};

/// The row of a line: each cell as a person reads it.
fn row(line: &str) -> Vec<String> {
    let schema = column::schema();
    let mut buf = RowBuf::new(&schema);
    let seen = Seen { namespace: "shop".to_owned(), pod: "front-1".to_owned(), node: "n1".to_owned() };
    write(&mut buf, 7, &seen, &Members::of(line.as_bytes()), &mut String::new());
    let mut table = Table::new(schema.clone());
    table.apply(&buf);
    let id = table.row("shop", &name(7)).unwrap();
    let cells = schema.columns().iter().enumerate();
    cells.map(|(at, about)| table.cell(id, at).display(about.ty, 0)).collect()
}

#[test]
fn cap_51a_a_request_is_a_row_with_both_ends_times_sizes_and_flags() {
    let row = row(
        r#"{"v":1,"kind":"http","id":"0a","seq":1,"ts":1763735045123456,"flow":"0b","src":{"ip":"10.0.0.1","port":40000},"dst":{"ip":"10.0.0.2","port":8080},"vantage":"client","if":2,"partial":["response"],"redacted":["cookie"],"version":"1.1","method":"GET","host":"items","path":"/items","query":"page=2","status":503,"pair":"ok","request":{"headers":[],"len":3},"response":{"len":2048,"body":"x"},"wait_us":12345,"total_us":4567890,"trace":{"id":"4bf9"}}"#,
    );
    let at = |col: usize| row[col].as_str();
    assert_eq!(at(column::TIME), "14:24:05.123");
    assert_eq!((at(column::SOURCE), at(column::DESTINATION)), ("front-1", "10.0.0.2:8080"));
    assert_eq!((at(column::PROTOCOL), at(column::REQUEST)), ("http", "GET /items?page=2"));
    assert_eq!((at(column::STATUS), at(column::WAIT), at(column::TOTAL)), ("503", "12.3ms", "4.57s"));
    assert_eq!((at(column::UP), at(column::DOWN)), ("3", "2Ki"));
    assert_eq!(at(column::FLAGS), "partial redacted");
    assert_eq!((at(column::POD), at(column::NAMESPACE), at(column::NODE)), ("front-1", "shop", "n1"));
    assert_eq!((at(column::TRACE), at(column::VANTAGE), at(column::NAME)), ("4bf9", "client", "0000000007"));
    assert_eq!((at(column::ERROR), at(column::PARTIAL), at(column::OWN)), ("true", "true", "false"));
}

#[test]
fn cap_51f_a_connection_older_than_the_tap_makes_no_request_partial() {
    for (partial, flagged) in [(r#"["no_syn"]"#, false), (r#"["no_syn","gap"]"#, true), (r#"["request_head"]"#, true)] {
        let row = row(&format!(r#"{{"kind":"http","method":"GET","path":"/","status":200,"partial":{partial}}}"#));
        assert_eq!(row[column::PARTIAL], flagged.to_string(), "{partial}");
        assert_eq!(row[column::FLAGS].contains("partial"), flagged, "{partial}");
    }
}

#[test]
fn cap_51b_each_kind_says_what_was_asked_and_what_came_of_it() {
    for (line, protocol, request, status, error) in [
        (
            r#"{"kind":"dns","qname":"items.shop","qtype":"A","rcode":"NOERROR"}"#,
            "dns",
            "A items.shop",
            "NOERROR",
            "false",
        ),
        (r#"{"kind":"dns","qname":"x","qtype":"A"}"#, "dns", "A x", "no answer", "true"),
        (r#"{"kind":"redis","commands":["GET"],"keys":["a"]}"#, "redis", "GET a", "ok", "false"),
        (r#"{"kind":"redis","commands":["GET"],"error":"WRONGTYPE"}"#, "redis", "GET", "error", "true"),
        (
            r#"{"kind":"sql","engine":"postgres","query":"SELECT ?","tag":"SELECT 1"}"#,
            "postgres",
            "SELECT ?",
            "SELECT 1",
            "false",
        ),
        (
            r#"{"kind":"sql","engine":"mysql","query":"SELEC","error":{"code":"1064"}}"#,
            "mysql",
            "SELEC",
            "1064",
            "true",
        ),
        (
            r#"{"kind":"http","method":"POST","host":"a","path":"/s/M","status":200,"grpc":{"status":5}}"#,
            "grpc",
            "POST /s/M",
            "200/5",
            "true",
        ),
        (
            r#"{"kind":"http","method":"GET","host":"a","path":"/","pair":"request_only"}"#,
            "http",
            "GET /",
            "no answer",
            "true",
        ),
        (r#"{"kind":"tls","version":"1.3","sni":"shop","verdict":{"code":"no_keys"}}"#, "tls", "shop", "1.3", "false"),
        (
            r#"{"kind":"flow","proto":"tcp","app":"unknown","state":"close","status":"reset","end_by":"rst"}"#,
            "tcp",
            "",
            "reset",
            "true",
        ),
        (r#"{"kind":"loss","packets":12,"cause":"ring"}"#, "loss", "12 ring", "loss", "false"),
        (r#"{"kind":"gap","side":"client","len":9,"cause":"ring"}"#, "gap", "client 9 ring", "gap", "false"),
    ] {
        let row = row(line);
        let have = [column::PROTOCOL, column::REQUEST, column::STATUS, column::ERROR].map(|col| row[col].as_str());
        assert_eq!(have, [protocol, request, status, error], "{line}");
    }
}

#[test]
fn cap_n_12a_losses_and_gaps_are_rows_and_counters_are_none() {
    for kind in ["http", "dns", "tls", "gap", "loss", "anomaly", "tap", "icmp"] {
        assert!(has_row(kind), "{kind}");
    }
    for kind in ["stats", "agent", "flow", ""] {
        assert!(!has_row(kind), "{kind}");
    }
}

#[test]
fn addresses_of_the_sixth_version_keep_their_port_apart() {
    let row = row(r#"{"kind":"http","dst":{"ip":"fd00::2","port":80},"src":{"ip":"fd00::1","port":4}}"#);
    assert_eq!((row[column::SOURCE].as_str(), row[column::DESTINATION].as_str()), ("fd00::1", "[fd00::2]:80"));
}

#[test]
fn cap_40_every_flow_is_a_row_with_bytes_packets_handshake_and_throughput() {
    let line = |proto: &str, port: &str, hs: &str| {
        format!(
            r#"{{"kind":"flow","ts":1,"state":"close","proto":"{proto}","app":"unknown","status":"closed","src":{{"ip":"10.0.0.1"{port}}},"dst":{{"ip":"fd00::7"{port}}},"start":1000000,"end":3000000{hs},"c":{{"packets":3,"bytes":1000}},"s":{{"packets":4,"bytes":5000}}}}"#
        )
    };
    for (proto, port, hs, wait) in [
        ("tcp", r#","port":9000"#, r#","hs_us":250"#, "250µs"),
        ("udp", r#","port":9000"#, "", ""),
        ("sctp", r#","port":9000"#, "", ""),
        ("icmp", "", "", ""),
        ("icmpv6", "", "", ""),
        ("arp", "", "", ""),
    ] {
        let row = row(&line(proto, port, hs));
        let at = |col: usize| row[col].as_str();
        assert_eq!((at(column::PROTOCOL), at(column::WAIT), at(column::TOTAL)), (proto, wait, "2.00s"), "{row:?}");
        assert_eq!((at(column::UP), at(column::DOWN), at(column::PACKETS)), ("1000", "4Ki", "7"), "{row:?}");
        assert_eq!((at(column::SRC), at(column::DST), at(column::RATE)), ("10.0.0.1", "fd00::7", "2Ki"), "{row:?}");
    }
}
