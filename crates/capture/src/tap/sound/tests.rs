#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::sound;
use base::{Code, Coded};

#[test]
fn cap_f_18c_records_that_speak_for_another_pod_are_refused() {
    let line = r#"{"v":1,"kind":"http","src":{"ip":"10.0.0.1","port":4},"dst":{"ip":"10.0.0.2","name":"shop","name_by":"host"},"path":"{\"pod\":\"x\"}"}"#;
    for good in ["", "\n", "{}", line, &format!("{line}\n{line}\n")] {
        assert!(sound(good.as_bytes()).is_ok(), "{good}");
    }
    for bad in [
        r#"{"v":1,"pod":"shop/other","kind":"http"}"#,
        r#"{"kind":"http","tap":"00"}"#,
        r#"{"n":"0000000001"}"#,
        r#"{"src":{"ip":"10.0.0.1","name":"bank/vault","name_by":"api"}}"#,
        r#"{"dst":{"ip":"10.0.0.1","uid":"2f9c"}}"#,
        r#"{"kind":"http"} {"pod":"shop/other"}"#,
        r#"{"kind":"http"}}"#,
        r#"{"kind":"ht"#,
        "[1]",
        "words",
    ] {
        let error = sound(format!("{line}\n{bad}\n").as_bytes()).unwrap_err();
        assert_eq!(error.code(), Code::AgentProtocol, "{bad}");
    }
}
