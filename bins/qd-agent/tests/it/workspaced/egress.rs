//! Connections of programs to hosts by name: they wait for whoever makes them.

use std::net::TcpListener;

use link::{Error, Link};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::caller::{exec, finish, steps};
use super::pod::Pod;

/// What a program says to the port, and what it was answered.
async fn ask(link: &Link, port: u16, words: &str) -> (String, i32) {
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port} && echo {words} >&3 && cat <&3");
    let mut session = link.exec(exec(&["bash", "-c", &script])).await.unwrap();
    let (out, _, exit) = finish(&mut session).await;
    (String::from_utf8(out).unwrap(), exit.unwrap().code)
}

#[test]
fn bp_07d_what_connects_waits_for_whoever_makes_connections_and_is_carried_both_ways() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let (pod, plain) = (Pod::start(&json!({ "egressPort": port })), Pod::start(&json!({})));
    steps(async {
        let link = pod.link().await;
        // it is asked before anybody is there who could answer
        let program = tokio::spawn({
            let link = link.clone();
            async move { ask(&link, port, "first").await }
        });
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert!(!program.is_finished(), "it waits");
        let mut egress = link.egress().await.unwrap();
        let answer = async |egress: &mut link::Egress| {
            let mut stream = egress.next().await.unwrap().unwrap().take().await.unwrap();
            let mut line = String::new();
            while !line.ends_with('\n') {
                line.push(stream.read_u8().await.unwrap().into());
            }
            stream.write_all(format!("{} heard", line.trim()).as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        };
        answer(&mut egress).await;
        assert_eq!(program.await.unwrap(), ("first heard".to_owned(), 0));
        let (said, ()) = tokio::join!(ask(&link, port, "second"), answer(&mut egress));
        assert_eq!(said, ("second heard".to_owned(), 0));

        // what was fetched once is nobody's any more, and who comes next has what comes then
        drop(egress);
        let mut next = link.egress().await.unwrap();
        let (said, ()) = tokio::join!(ask(&link, port, "third"), answer(&mut next));
        assert_eq!(said.0, "third heard");
        let ports = link.ports().await.unwrap();
        assert!(ports.iter().all(|one| one.port != port), "it is no port of the user's: {ports:?}");

        let refused = plain.link().await.egress().await.unwrap_err();
        assert!(matches!(&refused, Error::Refused { code, .. } if code == "not_found"), "{refused}");
    });
}
