//! The local socket: what everybody of the pod may ask, and who may change something.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};

use super::caller::{Seat, shell, steps};
use super::pod::{INSIDE, Pod, UID};

/// A program that asks the socket as an account of the pod: its head on stdout.
fn asks(pod: &Pod, uid: u32, request: &str) -> Output {
    let ask = "use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => shift) or die $!; my $r = shift; $r =~ s/\\|/\\r\\n/g; \
               print $s $r; $s->flush; local $/ = qq(\\r\\n\\r\\n); print scalar <$s>;";
    let reuid = format!("--reuid={uid}");
    pod.run(&["setpriv", &reuid, "--clear-groups", "perl", "-e", ask, "/run/quarterdeck/agent.sock", request])
}

fn status(output: &Output) -> u16 {
    let text = String::from_utf8_lossy(&output.stdout);
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("{text:?} {}", String::from_utf8_lossy(&output.stderr)))
}

fn call(pod: &Pod, uid: u32, method: &str, path: &str, body: &str) -> u16 {
    let head =
        format!("{method} /api/v1/{path} HTTP/1.1|host: x|content-length: {}|connection: close||{body}", body.len());
    status(&asks(pod, uid, &head))
}

#[test]
fn ac_76_every_path_of_the_local_socket_answers_and_what_changes_something_is_for_the_user_and_root() {
    let pod = Pod::start(&json!({
        "splash": "Welcome", "enableApps": true,
        "apps": { "tick": { "enabled": true, "binary": "sh", "install": "echo there", "start": ["sh", "-c", "echo up; sleep 600"] } },
    }));
    let told = |path: &str| -> Value {
        let (status, body) = pod.ask("GET", &format!("/api/v1/{path}"));
        assert_eq!(status, 200, "{path}: {body}");
        body
    };
    assert_eq!(told("identity")["user"]["name"], "anna");
    assert_eq!(told("splash")["splash"], "Welcome");
    assert!(told("sysinfo")["memory_bytes"].as_u64().unwrap() > 0);
    assert!(told("sessions")["sessions"].is_array() && told("streams")["streams"].is_array());
    assert!(told("logs")["lines"].is_array() && told("ports")["ports"].is_array());
    assert_eq!(told("apps")["apps"][0]["id"], "tick");
    assert_eq!(pod.ask("GET", "/api/v1/nothing").0, 404);

    // Everybody of the pod looks; the user and root act.
    let stranger = 9;
    for path in ["identity", "sysinfo", "splash", "sessions", "streams", "apps", "logs"] {
        assert_eq!(call(&pod, stranger, "GET", path, ""), 200, "{path}");
    }
    for (method, path, body) in [
        ("POST", "apps/tick/install", "{}"),
        ("POST", "apps/tick/start", ""),
        ("POST", "apps/tick/stop", ""),
        ("GET", "apps/tick/logs", ""),
        ("POST", "creds", "{\"service\":\"git\",\"host\":\"example.org\"}"),
        ("POST", "validate", "{\"path\":\"x\",\"text\":\"\"}"),
        ("POST", "shutdown", "{}"),
        ("POST", "shells/sh-none/detach", "{}"),
        ("POST", "shells/sh-none/resize", "{\"rows\":1,\"cols\":1}"),
        ("GET", "shells/sh-none/cwd", ""),
    ] {
        assert_eq!(call(&pod, stranger, method, path, body), 403, "{method} {path}");
    }
    assert_eq!(call(&pod, UID, "POST", "apps/tick/install", "{\"force\":true}"), 200);
    assert_eq!(call(&pod, UID, "GET", "apps/tick/logs", ""), 200);
    // Of what the gateway alone can do it is said that there is none.
    for path in ["creds", "validate"] {
        let body = "{\"service\":\"git\",\"host\":\"example.org\",\"path\":\"x\",\"text\":\"\"}";
        assert_eq!(call(&pod, UID, "POST", path, body), 503, "{path}");
    }

    // A shell is attached to, sized and let go of over the same socket.
    let id = steps(async {
        let link = pod.link().await;
        let mut seat = Seat::at(link.shell(shell(&[])).await.unwrap());
        seat.session.send(b"echo he''re\n").await.unwrap();
        seat.until("here").await;
        let id = seat.session.id().to_owned();
        assert_eq!(call(&pod, 0, "POST", &format!("shells/{id}/resize"), "{\"rows\":30,\"cols\":90}"), 200);
        let attach = format!(
            "GET /api/v1/shells/{id}/attach?view HTTP/1.1|host: x|connection: upgrade|upgrade: qd.terminal|content-length: 0||"
        );
        assert_eq!(status(&asks(&pod, 9, &attach)), 403);
        let mut terminal = UnixStream::connect(pod.socket()).unwrap();
        terminal.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!(
            "GET /api/v1/shells/{id}/attach HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: qd.terminal\r\n\r\n"
        );
        terminal.write_all(head.as_bytes()).unwrap();
        let mut came = Vec::new();
        while !String::from_utf8_lossy(&came).contains("here") {
            let mut piece = [0u8; 4096];
            let len = terminal.read(&mut piece).unwrap();
            assert!(len > 0, "{}", String::from_utf8_lossy(&came));
            came.extend(&piece[..len]);
        }
        assert!(came.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&came));
        drop(terminal);
        assert_eq!(call(&pod, UID, "POST", &format!("shells/{id}/detach"), "{}"), 200);
        assert_eq!(seat.rest().await, [link::Event::Closed("detached".into())]);
        id
    });
    let sessions = told("sessions");
    let one = sessions["sessions"].as_array().unwrap().iter().find(|one| one["id"] == id.as_str()).unwrap();
    assert_eq!(one["state"], "DETACHED");
    assert!(
        pod.run(&["sh", "-c", &format!("test -S /var/run/k8shelld.sock && test -x {INSIDE}")]).status.success(),
        "the socket has another name too"
    );
    assert_eq!(call(&pod, UID, "POST", "shutdown", "{}"), 200);
}
