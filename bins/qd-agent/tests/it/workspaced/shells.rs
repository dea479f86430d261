//! Shells: terminals that outlive whoever looks at them.

use std::time::Duration;

use link::{Event, Exit, Size};
use proto::workspace::Attach;
use serde_json::json;

use super::caller::{SIZE, Seat, shell, steps};
use super::pod::Pod;

fn attach(id: &str) -> Attach {
    Attach { shell: id.to_owned(), size: Some(SIZE), ..Attach::default() }
}

#[test]
fn ac_75_a_shell_goes_on_without_a_viewer_and_its_screen_comes_back() {
    let pod = Pod::start(&json!({ "splash": "Welcome aboard" }));
    steps(async {
        let link = pod.link().await;
        let mut seat = Seat::at(link.shell(shell(&[])).await.unwrap());
        seat.until("Welcome aboard").await;
        seat.session.send(b"tty; id -un; for n in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line-$n; done\n").await.unwrap();
        seat.until("line-12").await;
        let text = seat.text();
        assert!(text.contains("anna") && text.contains("/dev/pts/"), "{text}");
        seat.session.send(b"sleep 0.3; echo la''ter\n").await.unwrap();
        seat.until("sleep 0.3").await;
        let id = seat.session.id().to_owned();
        drop(seat);
        drop(link);
        let link = pod.link().await;
        let told = loop {
            let (_, told) = link.request("GET", "/api/v1/sessions", None).await.unwrap();
            if told["sessions"][0]["state"] == "DETACHED" {
                break told["sessions"][0].clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let limit = told["ends_ms"].as_u64().unwrap() - told["detached_ms"].as_u64().unwrap();
        assert!((1_790_000..=1_800_000).contains(&limit), "half an hour: {limit}");
        let mut seat = Seat::at(link.attach(attach("")).await.unwrap());
        assert_eq!(seat.session.id(), id, "the one that was detached last");
        seat.until("later").await;
        let text = seat.text();
        for words in ["Welcome aboard", "line-1\n", "line-12"] {
            assert!(text.contains(words), "{words:?} is gone:\n{text}");
        }
        seat.session.send(b"exit 5\n").await.unwrap();
        let others = seat.rest().await;
        assert!(others.contains(&Event::Exit(Exit { code: 5, signal: String::new() })), "{others:?}");
        let (_, told) = link.request("GET", "/api/v1/streams", None).await.unwrap();
        assert_eq!((&told["streams"][0]["state"], &told["streams"][0]["exit_code"]), (&json!("STOPPED"), &json!(5)));
    });
}

#[test]
fn ac_75d_many_look_and_one_writes() {
    let pod = Pod::start(&json!({}));
    steps(async {
        let link = pod.link().await;
        let mut first = Seat::at(link.shell(shell(&["cat"])).await.unwrap());
        assert!(first.session.writes());
        let other_link = pod.link().await;
        let mut second = Seat::at(other_link.attach(attach(first.session.id())).await.unwrap());
        assert!(!second.session.writes());
        second.session.send(b"from-second\n").await.unwrap();
        first.session.send(b"from-first\n").await.unwrap();
        first.until("from-first\nfrom-first").await;
        second.until("from-first\nfrom-first").await;
        assert!(!first.text().contains("from-second") && !second.text().contains("from-second"));

        let take = Attach { take: true, ..attach(first.session.id()) };
        let mut third = Seat::at(other_link.attach(take).await.unwrap());
        assert!(third.session.writes());
        third.session.send(b"from-third\n").await.unwrap();
        third.until("from-third\nfrom-third").await;
        first.until("from-third\nfrom-third").await;
        assert!(!first.session.writes(), "it was told");
        third.session.send(b"\x04").await.unwrap();
        for seat in [&mut first, &mut second, &mut third] {
            assert!(seat.rest().await.contains(&Event::Exit(Exit::default())));
        }
    });
}

#[test]
fn ac_75e_a_viewer_that_does_not_read_holds_up_nobody_and_sees_the_last_screen() {
    let pod = Pod::start(&json!({}));
    steps(async {
        let link = pod.link().await;
        let script = "read go; n=0; while [ $n -lt 60000 ]; do n=$((n+1)); echo row-$n; done; echo fin''ished; read go";
        let mut writer = Seat::at(link.shell(shell(&["sh", "-c", script])).await.unwrap());
        let slow_link = pod.link().await;
        let mut slow = Seat::at(slow_link.attach(attach(writer.session.id())).await.unwrap());
        writer.session.send(b"\n").await.unwrap();
        let mut raw = Vec::new();
        while !raw.ends_with(b"finished\r\n") {
            if let Some(Event::Output { bytes, .. }) = writer.session.next().await.unwrap() {
                raw.extend(bytes);
            }
        }
        let text = String::from_utf8(raw).unwrap();
        assert_eq!(text.matches("row-").count(), 60_000, "who writes gets every line");
        slow.until("finished").await;
        assert!(slow.raw.len() < text.len(), "what it could not take was left out");
        let screen = slow.text();
        assert!(screen.contains("row-60000\nfinished"), "{screen}");
    });
}

#[test]
fn ac_71g_sizes_go_to_the_shell_and_full_screen_programs_come_back() {
    let pod = Pod::start(&json!({}));
    steps(async {
        let link = pod.link().await;
        let script =
            "trap 'stty size' WINCH; printf '\\033[?1049h\\033[2J\\033[3;5Hediting'; while :; do sleep 0.05; done";
        let mut seat = Seat::at(link.shell(shell(&["sh", "-c", script])).await.unwrap());
        seat.until("editing").await;
        let size = Size { rows: 9, cols: 55 };
        seat.session.resize(size).await.unwrap();
        seat.until("9 55").await;
        let (status, _) = link
            .request(
                "POST",
                &format!("/api/v1/shells/{}/resize", seat.session.id()),
                Some(&json!({"rows": 8, "cols": 44})),
            )
            .await
            .unwrap();
        assert_eq!(status, 200);
        seat.until("8 44").await;
        let mut other = Seat::at(link.attach(Attach { view_only: true, ..attach(seat.session.id()) }).await.unwrap());
        other.until("editing").await;
        assert!(String::from_utf8_lossy(&other.raw).contains("\x1b[?1049h"));
        seat.session.signal("KILL").await.unwrap();
        assert!(seat.rest().await.contains(&Event::Exit(Exit { code: 137, signal: "KILL".into() })));
    });
}

#[test]
fn ac_75f_keys_and_limits_of_detached_shells() {
    let mut pod = Pod::start(&json!({ "detach": { "enabled": true, "ttlSeconds": 2, "unlimited": false } }));
    let id = steps(async {
        let link = pod.link().await;
        let mut seat = Seat::at(link.shell(shell(&["sh", "-c", "echo st''arted; trap '' HUP; cat"])).await.unwrap());
        seat.until("started").await;
        seat.session.send(b"ab\x01cd\x01D lost").await.unwrap();
        let others = seat.rest().await;
        assert_eq!(others, [Event::Closed("detached".into())]);
        let id = seat.session.id().to_owned();
        let mut again = Seat::at(link.attach(attach(&id)).await.unwrap());
        again.until("ab^Acd^A").await;
        assert!(!again.text().contains("lost"));
        let path = format!("/api/v1/shells/{id}/detach");
        for (ttl, wanted) in [(0, 422), (3, 422), (1, 200)] {
            let (status, answer) = link.request("POST", &path, Some(&json!({ "ttl": ttl }))).await.unwrap();
            assert_eq!(status, wanted, "{ttl}: {answer}");
        }
        assert_eq!(again.rest().await, [Event::Closed("detached".into())]);
        id
    });
    pod.until("the limit has ended it, though it does not listen", |pod| {
        let (_, told) = pod.ask("GET", "/api/v1/sessions");
        told["sessions"][0]["id"] == json!(id) && told["sessions"][0]["state"] == "STOPPED"
    });
}

#[test]
fn ac_75l_a_shell_is_left_for_as_long_as_kbox_says_and_at_most_half_an_hour_or_without_a_limit() {
    let pod = Pod::start(&json!({}));
    std::os::unix::fs::symlink(super::pod::INSIDE, pod.home("kbox")).unwrap();
    steps(async {
        let link = pod.link().await;
        let told = async |id: &str| {
            let (_, told) = link.request("GET", "/api/v1/sessions", None).await.unwrap();
            told["sessions"].as_array().unwrap().iter().find(|one| one["id"] == id).cloned().unwrap()
        };
        let mut seat = Seat::at(link.shell(shell(&[])).await.unwrap());
        let id = seat.session.id().to_owned();
        seat.session.send(b"~/kbox detach --ttl 1801; echo st''ayed\n").await.unwrap();
        seat.until("stayed").await;
        assert!(seat.text().contains("without a viewer for 1800 s"), "{}", seat.text());
        for (ttl, limit) in [("600", Some(600_000)), ("0", None)] {
            seat.session.send(format!("~/kbox detach --ttl {ttl}\n").as_bytes()).await.unwrap();
            assert_eq!(seat.rest().await, [Event::Closed("detached".into())]);
            let left = loop {
                let left = told(&id).await;
                if left["state"] == "DETACHED" && left["detached_ms"].is_u64() {
                    break left;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            };
            let lives = left["ends_ms"].as_u64().map(|end| end - left["detached_ms"].as_u64().unwrap());
            match limit {
                Some(limit) => assert!(lives.is_some_and(|lives| (limit - 1000..=limit).contains(&lives)), "{left}"),
                None => assert_eq!(lives, None, "{left}"),
            }
            seat = Seat::at(link.attach(attach(&id)).await.unwrap());
            seat.until("kbox detach").await;
        }
        seat.session.send(b"exit\n").await.unwrap();
        seat.rest().await;
    });
}
