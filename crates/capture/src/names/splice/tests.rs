#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::name;
use crate::names::index::{Index, PodIn};
use serde_json::{Value, json};

fn index() -> Index {
    let mut index = Index::default();
    let uid = "2f9c1b6e-0d3a-4c55-9d5b-0b4f4f1f0a01";
    let pod = PodIn { ns: "shop", name: "front-1", uid, node: "n1", workload: "deployment/front" };
    index.put_pod(1, &["10.1.0.8".parse().unwrap()], pod);
    index.put_service(1, &["10.96.0.1".parse().unwrap()], "shop", "cart");
    index
}

fn named(lines: &str) -> Option<Vec<Value>> {
    let out = String::from_utf8(name(lines.as_bytes(), &index())?).unwrap();
    assert_eq!(out.ends_with('\n'), lines.ends_with('\n'));
    Some(out.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn cap_41f_the_ends_of_a_record_are_named_and_the_rest_stays() {
    let lines = concat!(
        r#"{"v":1,"src":{"ip":"10.1.0.8","port":46148},"dst":{"ip":"10.96.0.1","port":8080,"name":"cart.shop","name_by":"host"},"status":200}"#,
        "\n",
        r#"{"v":1,"src":{"ip":"8.8.8.8","name":"dns.google","name_by":"dns"},"dst":{"ip":"10.1.0.8","port":53}}"#,
        "\n",
        r#"{"v":1,"kind":"agent"}"#,
        "\n",
    );
    let all = named(lines).unwrap();
    assert_eq!(all.len(), 3);
    let pod = |port: u16| {
        json!({"ip": "10.1.0.8", "port": port, "name": "shop/front-1", "name_by": "api", "ns": "shop", "pod": "front-1",
            "uid": "2f9c1b6e-0d3a-4c55-9d5b-0b4f4f1f0a01", "workload": "deployment/front", "node": "n1"})
    };
    assert_eq!(all[0]["src"], pod(46148));
    let service = json!({"ip": "10.96.0.1", "port": 8080, "name": "shop/cart", "name_by": "api", "ns": "shop", "service": "cart"});
    assert_eq!(all[0]["dst"], service);
    assert_eq!(all[0]["status"], 200);
    // What the cluster does not know keeps the name that was heard.
    assert_eq!(all[1]["src"], json!({"ip": "8.8.8.8", "name": "dns.google", "name_by": "dns"}));
    assert_eq!(all[1]["dst"], pod(53));
    assert_eq!(all[2], json!({"v": 1, "kind": "agent"}));
}

#[test]
fn cap_n_08k_who_asked_a_sidecar_by_tls_is_named() {
    let line = concat!(
        r#"{"src":{"ip":"127.0.0.1","port":40000},"dst":{"ip":"127.0.0.1","port":8080},"kind":"http","request":{"body":"\"peer\":{"},"#,
        r#""outer":{"peer":{"ip":"10.1.0.8","port":46148},"flow":"0a","way":"in","proxy_us":300,"agreed":"request"}}"#,
        "\n",
    );
    let all = named(line).unwrap();
    assert_eq!(all[0]["src"], json!({"ip": "127.0.0.1", "port": 40_000}));
    let peer = &all[0]["outer"]["peer"];
    assert_eq!((&peer["port"], &peer["pod"], &peer["ns"]), (&json!(46_148), &json!("front-1"), &json!("shop")));
    assert_eq!(all[0]["outer"]["way"], "in");
}

#[test]
fn cap_29a_what_is_said_to_the_daemon_of_a_workspace_is_our_own() {
    let mut index = index();
    let uid = "2f9c1b6e-0d3a-4c55-9d5b-0b4f4f1f0a02";
    let pod = PodIn { ns: "lab", name: "ws-ada", uid, node: "n1", workload: "workspace/ada" };
    index.put_pod(1, &["10.1.0.9".parse().unwrap()], pod);
    let record = |dst: &str, port: u16| {
        let ends = format!(r#""src":{{"ip":"10.2.0.1","port":2822}},"dst":{{"ip":"{dst}","port":{port}}}"#);
        let line = format!(r#"{{"kind":"flow",{ends},"if":0}}"#);
        serde_json::from_slice::<Value>(&name(line.as_bytes(), &index).unwrap()).unwrap()
    };
    let own = record("10.1.0.9", 2822);
    assert_eq!((&own["own"], &own["dst"]["pod"], &own["if"]), (&json!(true), &json!("ws-ada"), &json!(0)));
    for other in [record("10.1.0.9", 8080), record("10.1.0.8", 2822)] {
        assert!(other.get("own").is_none() && other["dst"]["pod"].is_string(), "{other}");
    }
}

#[test]
fn cap_41g_where_nobody_is_known_nothing_is_copied() {
    assert_eq!(named("{\"src\":{\"ip\":\"10.2.0.8\",\"port\":1},\"dst\":{\"ip\":\"::1\"}}\n"), None);
    assert_eq!(named(""), None);
    let line = b"{\"src\":{\"ip\":\"10.1.0.8\"}}\n";
    assert_eq!(name(line, &Index::default()), None);
}

#[test]
fn cap_41h_words_of_others_in_a_record_are_no_ends() {
    // Text of a request that looks like one; an end whose name has odd letters; members that are not known here.
    let line = json!({"src": {"ip": "10.1.0.8", "extra": "},\"x\":{", "port": 1}, "path": "\"src\":{\"ip\":\"10.1.0.8\"}",
        "dst": {"ip": "9.9.9.9", "name": "a}\",\"b"}});
    let all = named(&line.to_string()).unwrap();
    assert_eq!(all[0]["path"], line["path"]);
    assert_eq!(all[0]["dst"], line["dst"]);
    assert_eq!(all[0]["src"]["extra"], line["src"]["extra"]);
    assert_eq!(all[0]["src"]["pod"], "front-1");
}

#[test]
fn cap_41i_lines_that_are_cut_anywhere_break_nothing() {
    let line = r#"{"src":{"ip":"10.1.0.8","port":46148,"name":"x","name_by":"dns"},"dst":{"ip":"10.96.0.1"}}"#;
    for end in 0..line.len() {
        let _ = name(&line.as_bytes()[..end], &index());
    }
    for odd in
        [r#"{"src":{}}"#, r#"{"src":{"ip":7}}"#, r#"{"src":{"ip":"x"}}"#, r#"{"src":{"ip":{"a":1}}}"#, r#"{"src":{,}}"#]
    {
        assert_eq!(name(odd.as_bytes(), &index()), None, "{odd}");
    }
}
