//! Programs with pipes, tunnels and requests.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Stdio;
use std::time::Duration;

use link::{Error, Event, Exit, Link, Variable};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::caller::{Seat, exec, finish, shell, steps};
use super::pod::{PROGRAM, Pod, UID};

#[test]
fn ac_71c_a_program_has_its_outputs_apart_and_tells_how_it_ended() {
    let pod = Pod::start(&json!({ "env": { "COLOR": "blue" } }));
    steps(async {
        let link = pod.link().await;
        assert_eq!(link.welcome().workspace_uid, "6f3c");
        let script = "id -u; id -G; pwd; echo $COLOR $MORE $WORKSPACE; echo wrong >&2; cat; exit 7";
        let mut asked = exec(&["sh", "-c", script]);
        asked.env = vec![
            Variable { name: "MORE".into(), value: "more".into() },
            Variable { name: "WORKSPACE".into(), value: "another".into() },
        ];
        let mut session = link.exec(asked).await.unwrap();
        assert!(session.id().starts_with("ex-"));
        session.send(b"typed").await.unwrap();
        session.end_input().await.unwrap();
        let (out, err, exit) = finish(&mut session).await;
        let wanted = format!("{UID}\n{UID}\n/home/anna\nblue more blue\ntyped");
        assert_eq!(String::from_utf8(out).unwrap(), wanted);
        assert_eq!(err, b"wrong\n");
        assert_eq!(exit, Some(Exit { code: 7, signal: String::new() }));

        let mut session = link.exec(exec(&["sleep", "60"])).await.unwrap();
        session.signal("TERM").await.unwrap();
        let (_, _, exit) = finish(&mut session).await;
        assert_eq!(exit, Some(Exit { code: 143, signal: "TERM".into() }));

        let mut session = link.exec(exec(&["/no/such"])).await.unwrap();
        let (_, err, exit) = finish(&mut session).await;
        assert_eq!(exit.unwrap().code, 127);
        assert!(String::from_utf8(err).unwrap().contains("cannot start /no/such"));
    });
}

#[test]
fn ac_71d_megabytes_go_through_both_ways_and_a_reader_that_waits_holds_the_program() {
    let pod = Pod::start(&json!({}));
    steps(async {
        let link = pod.link().await;
        let mut session = link.exec(exec(&["sh", "-c", "cat | sha256sum"])).await.unwrap();
        let (input, megabyte) = (session.input(), vec![7u8; 1 << 20]);
        tokio::spawn(async move {
            for _ in 0..20 {
                input.send(&megabyte).await.unwrap();
            }
            input.end().await.unwrap();
        });
        let (out, _, _) = finish(&mut session).await;
        let wanted = std::process::Command::new("sh")
            .args(["-c", "head -c 20971520 /dev/zero | tr '\\0' '\\7' | sha256sum"])
            .output()
            .unwrap();
        assert_eq!(out, wanted.stdout);

        let script = "head -c 8000000 /dev/zero; touch ~/done";
        let mut held = link.exec(exec(&["sh", "-c", script])).await.unwrap();
        // another channel of the same link is not held up by the one that nobody reads
        let mut other = link.exec(exec(&["sh", "-c", "head -c 3000000 /dev/zero"])).await.unwrap();
        assert_eq!(finish(&mut other).await.0.len(), 3_000_000);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!pod.home("done").exists(), "the program ran on though nobody took its output");
        assert_eq!(finish(&mut held).await.0.len(), 8_000_000);
        assert!(pod.home("done").exists());
    });
}

#[test]
fn ac_73c_a_program_whose_caller_goes_ends() {
    let mut pod = Pod::start(&json!({}));
    steps(async {
        let link = pod.link().await;
        let script = "trap '' HUP; echo $$; touch ~/up; while :; do sleep 0.1; done";
        let mut session = link.exec(exec(&["sh", "-c", script])).await.unwrap();
        assert!(matches!(session.next().await.unwrap(), Some(Event::Output { .. })));
        drop(session);
        drop(link);
    });
    pod.until("the program is gone", |pod| {
        let list = pod.run(&["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"]).stdout;
        !String::from_utf8_lossy(&list).contains("touch ~/up; while")
    });
}

#[test]
fn ac_71e_a_tunnel_leads_to_the_loopback_alone() {
    let pod = Pod::start(&json!({}));
    steps(async {
        let link = pod.link().await;
        // the container shares this machine's network
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut session = link.tunnel(port).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        session.send(b"hello").await.unwrap();
        session.end_input().await.unwrap();
        let mut came = String::new();
        stream.read_to_string(&mut came).await.unwrap();
        assert_eq!(came, "hello", "and the end of the caller's side was passed on");
        stream.write_all(b"good day").await.unwrap();
        drop(stream);
        assert_eq!(finish(&mut session).await.0, b"good day");
        drop(listener);
        let refused = link.tunnel(port).await.unwrap_err();
        assert!(matches!(&refused, Error::Refused { code, .. } if code == "unavailable"), "{refused:?}");
    });
}

#[test]
fn ac_71x_unix_sockets_of_the_user_are_dialed_and_made() {
    let pod = Pod::start(&json!({}));
    let names =
        |pod: &Pod| std::fs::read_dir(pod.home("")).unwrap().flatten().map(|one| one.file_name()).collect::<Vec<_>>();
    steps(async {
        let link = pod.link().await;
        let inside = |name: &str| format!("/home/anna/{name}");
        // one that somebody of the workspace listens on
        let mut listening = link.listen(&inside("up.sock")).await.unwrap();
        let mode = std::fs::metadata(pod.home("up.sock")).unwrap();
        assert_eq!((mode.permissions().mode() & 0o777, mode.uid()), (0o600, UID));
        let mut callers = Vec::new();
        for at in 0..3_u8 {
            let mut near = link.socket(&inside("up.sock")).await.unwrap();
            let mut far = timeout(Duration::from_secs(20), listening.accept()).await.unwrap().unwrap().unwrap();
            near.write_all(&vec![at; 300_000]).await.unwrap();
            near.flush().await.unwrap();
            let mut came = vec![0; 300_000];
            far.read_exact(&mut came).await.unwrap();
            assert!(came.iter().all(|byte| *byte == at));
            far.write_all(b"and back").await.unwrap();
            far.shutdown().await.unwrap();
            let mut back = String::new();
            near.read_to_string(&mut back).await.unwrap();
            assert_eq!(back, "and back");
            callers.push((near, far));
        }
        let taken = link.listen(&inside("up.sock")).await.err().unwrap().to_string();
        assert!(taken.contains("cannot be made"), "{taken}");
        drop((callers, listening));
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        while names(&pod).iter().any(|name| name == "up.sock") {
            assert!(tokio::time::Instant::now() < end, "{:?}", names(&pod));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for (path, why) in
            [(inside("up.sock"), "does not answer"), ("/run/quarterdeck/link.sock".to_owned(), "Permission denied")]
        {
            let refused = link.socket(&path).await.err().unwrap();
            assert!(matches!(&refused, Error::Refused { message, .. } if message.contains(why)), "{refused:?}");
        }
        let wrong = link.listen("/run/quarterdeck/mine.sock").await.err().unwrap().to_string();
        assert!(wrong.contains("cannot be made"), "{wrong}");
    });
}

#[test]
fn ac_71f_the_relay_carries_the_same_over_standard_streams() {
    let pod = Pod::start(&json!({}));
    steps(async {
        let mut relay = tokio::process::Command::new(PROGRAM)
            .args(["workspaced", "relay", "--socket"])
            .arg(pod.path("run/quarterdeck/link.sock"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stream = tokio::io::join(relay.stdout.take().unwrap(), relay.stdin.take().unwrap());
        let link = Link::open(stream, "anna", "").await.unwrap();
        let mut session = link.exec(exec(&["echo", "through"])).await.unwrap();
        assert_eq!(finish(&mut session).await.0, b"through\n");
        let (status, answer) = link.request("GET", "/api/v1/identity", None).await.unwrap();
        assert_eq!((status, &answer["workspace"], &answer["user"]["uid"]), (200, &json!("blue"), &json!(UID)));
        drop((session, link));
        assert!(relay.wait().await.unwrap().success());
    });
}

#[test]
fn ac_73_who_is_in_front_of_a_session_that_ended_is_killed_and_a_session_that_is_left_goes_on() {
    let mut pod = Pod::start(&json!({}));
    let list = |pod: &Pod| {
        let list = pod.run(&["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"]).stdout;
        String::from_utf8_lossy(&list).into_owned()
    };
    let link = steps(async {
        let link = pod.link().await;
        let mut left = Seat::at(link.shell(shell(&[])).await.unwrap());
        left.session.send(b"sleep 7302 & sleep 7303 & echo aw''ay\n").await.unwrap();
        left.until("away").await;
        left.session.send(b"\x01D").await.unwrap();
        assert_eq!(left.rest().await, [Event::Closed("detached".into())]);

        // who is in front does not hear that the terminal is gone
        let mut seat = Seat::at(link.shell(shell(&[])).await.unwrap());
        seat.session.send(b"echo $$ >~/leader; sh -c 'trap \"\" HUP; echo fro''nt; exec sleep 7301'\n").await.unwrap();
        seat.until("front").await;
        let runs =
            "until pgrep -f '^sleep 7301' && pgrep -f '^sleep 7302' && pgrep -f '^sleep 7303'; do sleep 0.1; done";
        finish(&mut link.exec(exec(&["sh", "-c", runs])).await.unwrap()).await;
        finish(&mut link.exec(exec(&["sh", "-c", "kill -KILL $(cat ~/leader)"])).await.unwrap()).await;
        assert!(seat.rest().await.contains(&Event::Exit(Exit { code: 137, signal: "KILL".into() })));
        link
    });
    pod.until("who was in front is gone", |pod| !list(pod).contains("sleep 7301"));
    let all = list(&pod);
    assert!(all.contains("sleep 7302") && all.contains("sleep 7303"), "{all}");
    drop(link);
}

#[test]
fn ac_73e_who_is_left_of_a_session_hangs_up_unless_it_was_asked_to_stay() {
    let mut pod = Pod::start(&json!({ "ignoreOrphans": ["^sleep 7003$"] }));
    steps(async {
        let link = pod.link().await;
        let script =
            "sleep 7001 >/dev/null 2>&1 & nohup sleep 7002 >/dev/null 2>&1 & sleep 7003 >/dev/null 2>&1 & echo up";
        let mut session = link.exec(exec(&["sh", "-c", script])).await.unwrap();
        assert_eq!(finish(&mut session).await.0, b"up\n");
    });
    let list = |pod: &Pod| {
        let list = pod.run(&["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"]).stdout;
        String::from_utf8_lossy(&list).into_owned()
    };
    pod.until("the orphan is gone", |pod| !list(pod).contains("sleep 7001"));
    let left = list(&pod);
    assert!(left.contains("sleep 7002") && left.contains("sleep 7003"), "{left}");
}

#[test]
fn ac_71s_a_program_that_is_not_there_ends_as_shells_say_it() {
    let pod = Pod::start(&json!({}));
    std::fs::write(pod.home("plain"), "text").unwrap();
    steps(async {
        let link = pod.link().await;
        for (program, code) in [("no-such-program", 127), ("/no/such/program", 127), ("/home/anna/plain", 126)] {
            let mut session = link.exec(exec(&[program])).await.unwrap();
            let (_, err, exit) = finish(&mut session).await;
            assert_eq!(exit.unwrap().code, code, "{program}: {}", String::from_utf8_lossy(&err));
            assert!(String::from_utf8_lossy(&err).contains(&format!("cannot start {program}")));
        }
    });
}

#[test]
fn ac_71t_the_machine_is_told_as_the_workspace_has_it() {
    let pod = Pod::start(&json!({}));
    steps(async {
        let link = pod.link().await;
        let mut session = link.exec(exec(&["sh", "-c", "while :; do :; done"])).await.unwrap();
        let system = link.system().await.unwrap();
        assert!(system.cpu_millicores > 0 && system.memory_bytes > 0 && system.processes >= 2, "{system:?}");
        let root = system.mounts.iter().find(|mount| mount.path == "/").unwrap();
        assert!(root.bytes > root.bytes_free && root.inodes > 0, "{root:?}");
        session.signal("KILL").await.unwrap();
        finish(&mut session).await;
    });
}
