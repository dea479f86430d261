//! DNS by dig and unbound, field by field against tshark.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::capture::{Capture, Running, free_port, ours, program, run, wait_for};
use crate::servers::{folder, open, path_of, unprivileged};

const ZONE: &str = r#"
local-zone: "shop.test." static
local-data: "shop.test. 300 IN SOA ns.shop.test. root.shop.test. 7 3600 600 86400 60"
local-data: "shop.test. 300 IN MX 10 mail.shop.test."
local-data: "shop.test. 300 IN NS ns.shop.test."
local-data: "web.shop.test. 60 IN A 192.0.2.1"
local-data: "web.shop.test. 60 IN A 192.0.2.2"
local-data: "web.shop.test. 60 IN AAAA 2001:db8::1"
local-data: "txt.shop.test. 60 IN TXT one"
local-data: "_db._tcp.shop.test. 60 IN SRV 1 2 5432 db.shop.test."
local-data: "caa.shop.test. 60 IN CAA 0 issue ca.test"
local-data-ptr: "192.0.2.1 60 web.shop.test"
"#;

fn talk(port: u16) {
    let dig = |more: &[&str]| {
        run(program("dig", "bind9-dnsutils")
            .args(["@127.0.0.1", "-p", &port.to_string(), "+tries=1", "+time=2"])
            .args(more));
    };
    for kind in ["A", "AAAA", "TXT", "MX", "ANY"] {
        dig(&["web.shop.test", kind]);
        dig(&["+tcp", "web.shop.test", kind]);
    }
    dig(&["shop.test", "SOA", "+noedns"]);
    dig(&["shop.test", "MX", "+dnssec", "+nsid"]);
    dig(&["shop.test", "NS", "+bufsize=1400"]);
    dig(&["_db._tcp.shop.test", "SRV", "+cdflag"]);
    dig(&["caa.shop.test", "CAA", "+norecurse"]);
    dig(&["txt.shop.test", "TXT", "+subnet=192.0.2.0/24"]);
    dig(&["-x", "192.0.2.1"]);
    dig(&["gone.shop.test", "HTTPS"]);
    dig(&["+tcp", "+keepopen", "web.shop.test", "A", "gone.shop.test", "A", "txt.shop.test", "TXT"]);
    dig(&["version.bind", "CH", "TXT"]);
}

type Key = (String, String, String);
type Answer = (String, usize, String, u64);

/// By id, name and type: count of answers, whether it is authoritative, and how long it took.
fn theirs(file: &Path, port: u16) -> BTreeMap<Key, Answer> {
    let mut command = program("tshark", "tshark");
    command.arg("-r").arg(file);
    for decode in ["udp", "tcp"] {
        command.args(["-d", &format!("{decode}.port=={port},dns")]);
    }
    command.args(["-Y", "dns.flags.response == 1", "-T", "fields", "-E", "separator=|"]);
    for field in [
        "dns.id",
        "dns.qry.name",
        "dns.qry.type",
        "dns.flags.rcode",
        "dns.count.answers",
        "dns.flags.authoritative",
        "dns.time",
    ] {
        command.args(["-e", field]);
    }
    let said = run(&mut command);
    let mut all = BTreeMap::new();
    for line in said.lines() {
        let fields: Vec<&str> = line.split('|').collect();
        let id = u16::from_str_radix(fields[0].trim_start_matches("0x"), 16).unwrap().to_string();
        let name = fields[1].to_owned();
        let micros = (fields[6].parse::<f64>().unwrap() * 1e6).round() as u64;
        all.insert(
            (id, name, fields[2].to_owned()),
            (fields[3].to_owned(), fields[4].parse().unwrap(), fields[5].to_owned(), micros),
        );
    }
    all
}

fn number(kind: &str) -> String {
    let kinds = [
        ("A", 1),
        ("NS", 2),
        ("SOA", 6),
        ("PTR", 12),
        ("MX", 15),
        ("TXT", 16),
        ("AAAA", 28),
        ("SRV", 33),
        ("HTTPS", 65),
        ("ANY", 255),
        ("CAA", 257),
    ];
    kinds
        .iter()
        .find(|(name, _)| *name == kind)
        .map(|(_, number)| number.to_string())
        .expect("a type that was asked for")
}

#[test]
fn cap_n_02j_dns_is_what_tshark_tells() {
    let folder = folder();
    let port = free_port();
    let config = folder.path().join("unbound.conf");
    let text = format!(
        "server:\ninterface: 127.0.0.1\nport: {port}\nuse-syslog: no\nusername: \"\"\nchroot: \"\"\npidfile: \"\"\ndo-ip6: no\n\
         identity: here\ndirectory: \"{}\"\nmodule-config: \"iterator\"\ndo-not-query-localhost: no\naccess-control: 127.0.0.0/8 allow\n{ZONE}\nremote-control:\ncontrol-enable: no\n",
        folder.path().display()
    );
    std::fs::write(&config, text).unwrap();
    let unbound = path_of("unbound", "unbound");
    let _server = Running::start(unprivileged(&unbound).arg("-d").arg("-c").arg(&config));
    wait_for(port);
    let file = folder.path().join("dns.pcap");
    let capture = Capture::start(&file, &format!("port {port}"));
    talk(port);
    let file = capture.stop();
    let records: Vec<Value> = ours(&file, open()).into_iter().filter(|one| one["kind"] == "dns").collect();
    let theirs = theirs(&file, port);
    assert!(theirs.len() > 20 && records.len() == theirs.len(), "{} and {}", records.len(), theirs.len());
    let mut tcp = 0;
    for one in &records {
        let key =
            (one["xid"].to_string(), one["qname"].as_str().unwrap().to_owned(), number(one["qtype"].as_str().unwrap()));
        let (rcode, answers, authoritative, micros) = theirs.get(&key).unwrap_or_else(|| panic!("{one}"));
        let code = match one["rcode"].as_str().unwrap() {
            "NOERROR" => "0",
            "NXDOMAIN" => "3",
            "REFUSED" => "5",
            other => panic!("{other}"),
        };
        assert_eq!((code, one["answers"].as_array().unwrap().len()), (rcode.as_str(), *answers), "{one}");
        let flags = one["flags"].as_array().unwrap();
        assert_eq!(flags.contains(&Value::from("aa")), matches!(authoritative.as_str(), "1" | "True"), "{one}");
        let latency = one["latency_us"].as_u64().unwrap();
        assert!(latency.abs_diff(*micros) <= 1, "{latency} and {micros}: {one}");
        tcp += usize::from(one["transport"] == "tcp");
    }
    // dig asks for ANY over TCP by itself.
    assert_eq!(tcp, 9);
    let found = |name: &str, kind: &str| {
        let one = records.iter().find(|one| one["qname"] == name && one["qtype"] == kind).expect("it was asked for");
        one["answers"][0]["data"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(found("shop.test", "SOA"), "ns.shop.test root.shop.test 7 3600 600 86400 60");
    assert_eq!(found("_db._tcp.shop.test", "SRV"), "1 2 5432 db.shop.test");
    assert_eq!(found("caa.shop.test", "CAA"), "0 issue \"ca.test\"");
    assert_eq!(found("1.2.0.192.in-addr.arpa", "PTR"), "web.shop.test");
    assert_eq!(found("web.shop.test", "AAAA"), "2001:db8::1");
}
