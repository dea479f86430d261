#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::entry;

#[test]
fn cap_n_18a_a_transaction_becomes_an_entry() {
    let line = br#"{"kind":"http","ts":1700000000123456,"flow":"ab","dst":{"ip":"10.0.0.2","port":80},"version":"1.1","method":"POST","url":"http://shop/a?b=c&d","query":"b=c&d","status":302,"reason":"Found","request":{"headers":[["Host","shop"]],"type":"text/plain","body":"in","len":2,"wire_len":2,"head_len":40},"response":{"headers":[["location","/x"]],"type":"image/png","body_b64":"AAA=","len":2,"wire_len":2,"head_len":50},"req_us":10,"wait_us":2000,"resp_us":30,"total_us":2040}"#;
    let entry = entry(line).unwrap();
    assert_eq!(entry["startedDateTime"], "2023-11-14T22:13:20.123456Z");
    assert_eq!(entry["time"], 2.04);
    assert_eq!(entry["request"]["httpVersion"], "HTTP/1.1");
    assert_eq!(entry["request"]["headers"][0]["name"], "Host");
    assert_eq!(entry["request"]["queryString"][0]["value"], "c");
    assert_eq!(entry["request"]["queryString"][1]["name"], "d");
    assert_eq!(entry["request"]["postData"]["text"], "in");
    assert_eq!(entry["response"]["redirectURL"], "/x");
    assert_eq!(entry["response"]["content"]["encoding"], "base64");
    assert_eq!(entry["timings"]["wait"], 2.0);
    assert_eq!(entry["serverIPAddress"], "10.0.0.2");
}

#[test]
fn what_was_not_seen_is_left_open() {
    let entry = entry(br#"{"kind":"http","ts":1,"version":"1.0","method":"GET","url":"http://a/"}"#).unwrap();
    assert_eq!(entry["response"]["status"], 0);
    assert_eq!(entry["response"]["bodySize"], -1);
    assert_eq!(entry["response"]["content"]["size"], 0);
    assert!(entry["request"].get("postData").is_none());
}
