//! EX-05, EXF-02: credentials that a plugin gives, as kubectl takes them.

use crate::fault::kubectl;
use crate::kubeconfigs::{Form, both_refuse, both_take, ours};
use base::Coded;
use cluster::{Cluster, ConnectOptions, Kubeconfig};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn ex_05a_exec_plugins() {
    let token = kubectl(&["create", "token", "default", "-n", "default"], "").trim().to_owned();
    let mut form = Form::new();
    let own = form.user.clone();
    let v1 = "client.authentication.k8s.io/v1";
    let plugin =
        |command: &str| json!({ "exec": { "apiVersion": v1, "command": command, "interactiveMode": "Never" } });
    let answer = |status: Value| json!({ "apiVersion": v1, "kind": "ExecCredential", "status": status }).to_string();

    form.script("give", &format!("cat <<'END'\n{}\nEND", answer(json!({ "token": token }))));
    form.user = plugin("./give");
    assert_eq!(both_take("a token", &form).await, "system:serviceaccount:default:default");
    form.user["exec"]["provideClusterInfo"] = true.into();
    form.script("give", &format!(
        "case \"$KUBERNETES_EXEC_INFO\" in *certificate-authority-data*) ;; *) echo no info >&2; exit 3;; esac\ncat <<'END'\n{}\nEND",
        answer(json!({ "token": token }))
    ));
    both_take("cluster info", &form).await;
    let pems =
        ["client-certificate-data", "client-key-data"].map(|key| String::from_utf8(Form::decoded(&own[key])).unwrap());
    let pair = answer(json!({ "clientCertificateData": pems[0], "clientKeyData": pems[1] }));
    form.script("pair", &format!("cat <<'END'\n{pair}\nEND"));
    form.user = plugin("./pair");
    both_take("a certificate", &form).await;

    // Arguments and environment.
    form.script(
        "echo",
        "printf '{\"apiVersion\":\"%s\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"%s\"}}' \"$1\" \"$TOKEN\"",
    );
    form.user = plugin("./echo");
    form.user["exec"]["args"] = json!([v1]);
    form.user["exec"]["env"] = json!([{ "name": "TOKEN", "value": token }]);
    both_take("arguments and environment", &form).await;
    form.user["exec"]["args"] = json!(["client.authentication.k8s.io/v1beta1"]);
    both_refuse("another version than asked for", &form, "cluster_auth_expired", "v1beta1").await;

    form.script("fail", "echo 'please log in again' >&2; exit 7");
    form.user = plugin("./fail");
    both_refuse("a plugin that fails", &form, "cluster_auth_expired", "please log in again").await;
    form.user = plugin("no-such-plugin");
    form.user["exec"]["installHint"] = "install it with care".into();
    both_refuse("a plugin that is not there", &form, "cluster_auth_expired", "install it with care").await;
    form.script("noise", "echo canary-token");
    form.user = plugin("./noise");
    both_refuse("a plugin that prints something else", &form, "cluster_auth_expired", "did not print").await;
    let error = ours(&form.write()).await.unwrap_err();
    assert!(!error.to_string().contains("canary"), "what may be a token is not quoted: {error}");
    form.user = plugin("./give");
    form.user["exec"]["interactiveMode"] = "Always".into();
    let error = ours(&form.write()).await.unwrap_err();
    assert!(error.to_string().contains("wants a terminal"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_02_a_plugin_that_hangs_is_stopped_with_all_it_started() {
    let mut form = Form::new();
    let mark = form.folder.path().join("child");
    form.script("hang", &format!("sh -c 'echo $$ > {}; sleep 300' &\nwait", mark.display()));
    form.user = json!({ "exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "./hang", "interactiveMode": "Never",
    } });
    let began = Instant::now();
    let path = form.write();
    let kubeconfig = Kubeconfig::load(Some(&path)).unwrap();
    let cluster = Cluster::connect(&kubeconfig, "it", ConnectOptions::default()).unwrap();
    let reader = cluster.reader();
    let (first, second) = tokio::join!(reader.version(), reader.whoami());
    let took = began.elapsed();
    assert!(took > Duration::from_secs(14) && took < Duration::from_secs(25), "once, and 15 s: {took:?}");
    for error in [first.unwrap_err(), second.unwrap_err()] {
        assert_eq!(error.code().as_str(), "cluster_auth_expired");
        assert!(error.to_string().contains("did not end within 15 s"), "{error}");
    }
    let child = std::fs::read_to_string(&mark).unwrap();
    crate::fault::until("its child is gone", async || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_05a_a_plugin_is_asked_again_when_its_token_ends() {
    let token = kubectl(&["create", "token", "default", "-n", "default"], "").trim().to_owned();
    let mut form = Form::new();
    let count = form.folder.path().join("count");
    form.script("give", &format!(
        "echo x >> {}\nprintf '{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"{token}\",\"expirationTimestamp\":\"%s\"}}}}' \"$(date -u -d '+32 seconds' +%Y-%m-%dT%H:%M:%SZ)\"",
        count.display()
    ));
    form.user = json!({ "exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "./give", "interactiveMode": "IfAvailable",
    } });
    let kubeconfig = Kubeconfig::load(Some(&form.write())).unwrap();
    let cluster = Cluster::connect(&kubeconfig, "it", ConnectOptions::default()).unwrap();
    let runs = || std::fs::read_to_string(&count).unwrap().lines().count();
    for _ in 0..3 {
        cluster.reader().version().await.unwrap();
    }
    assert_eq!(runs(), 1, "one run for many requests");
    tokio::time::sleep(Duration::from_secs(6)).await;
    cluster.reader().version().await.unwrap();
    assert_eq!(runs(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_05b_older_plugins_and_what_a_context_does_not_say() {
    let token = kubectl(&["create", "token", "default", "-n", "default"], "").trim().to_owned();
    let mut form = Form::new();
    let me = "system:serviceaccount:default:default";
    let v1beta1 = "client.authentication.k8s.io/v1beta1";
    let answer = json!({ "apiVersion": v1beta1, "kind": "ExecCredential", "status": { "token": token } });
    form.script("give", &format!("cat <<'END'\n{answer}\nEND"));
    // The older version need not say how interactive it is.
    form.user = json!({ "exec": { "apiVersion": v1beta1, "command": "./give" } });
    assert_eq!(both_take("v1beta1", &form).await, me);

    form.user = json!({ "token": token, "extensions": [{ "name": "x", "extension": { "any": "thing" } }] });
    form.cluster["disable-compression"] = true.into();
    form.cluster["extensions"] = json!([{ "name": "x", "extension": { "any": ["thing"] } }]);
    assert_eq!(both_take("extensions", &form).await, me);

    let nowhere = Form { cluster: json!({}), ..Form::new() };
    let error = ours(&nowhere.write()).await.unwrap_err();
    assert!(error.to_string().contains("no server address"), "{error}");
}
