//! The service profile: the pod's daemon stands beside the main container, and sessions come to life inside that.

use std::process::{Child, Stdio};

use link::Link;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::caller::{Seat, exec, finish, shell, steps};
use super::pod::{INSIDE, Pod, UID};

/// The main container; it ends with this.
struct Main {
    outside: Child,
    /// Its first process. One that has changed its user is not told that its parent went.
    first: Option<Pid>,
}

impl Drop for Main {
    fn drop(&mut self) {
        if let Some(first) = self.first {
            let _ = kill_process(first, Signal::KILL);
        }
        let _ = self.outside.kill();
        let _ = self.outside.wait();
    }
}

#[test]
fn wo_05e_a_relay_in_the_main_container_brings_a_daemon_there_that_stays() {
    let pod = Pod::start(&json!({ "profile": "service", "env": { "COLOR": "blue" } }));
    // as in a pod: the folder of sockets belongs to the group of both containers
    std::os::unix::fs::chown(pod.path("run/quarterdeck"), Some(UID), Some(UID)).unwrap();
    std::os::unix::fs::chown(pod.path("home"), Some(UID), Some(UID)).unwrap();
    std::fs::create_dir(pod.home("")).unwrap();
    std::os::unix::fs::chown(pod.home(""), Some(UID), Some(UID)).unwrap();
    // the main container is another process namespace, and runs as another than the daemon of this test
    let target = format!("--target={}", pod.first);
    let script = format!(
        "mount -t proc proc /proc; exec setpriv --reuid={UID} --regid={UID} --clear-groups --inh-caps=-all sleep 600"
    );
    let outside = std::process::Command::new("nsenter")
        .args([
            target.as_str(),
            "--mount",
            "--",
            "unshare",
            "--fork",
            "--pid",
            "--mount",
            "--kill-child",
            "sh",
            "-ec",
            &script,
        ])
        .spawn()
        .unwrap();
    let below = format!("/proc/{0}/task/{0}/children", outside.id());
    let mut main = Main { outside, first: None };
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let first = loop {
        let all = std::fs::read_to_string(&below).unwrap_or_default();
        // nsenter forks nothing by itself: unshare's child is the container's first process
        if let Some(pid) = all.split_whitespace().next()
            && std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "sleep")
        {
            break pid.to_owned();
        }
        assert!(std::time::Instant::now() < end, "the main container never began");
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    main.first = Pid::from_raw(first.parse().unwrap());
    steps(async {
        let enter = || {
            let target = format!("--target={first}");
            let ids = [format!("--setuid={UID}"), format!("--setgid={UID}")];
            let mut command = tokio::process::Command::new("nsenter");
            command.args([target.as_str(), "--pid", "--mount", ids[0].as_str(), ids[1].as_str(), "--", INSIDE]);
            command.args(["workspaced", "relay"]).env("PATH", "/usr/bin:/bin").env("OF_IMAGE", "yes");
            command.stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut relay = command.spawn().unwrap();
            let stream = tokio::io::join(relay.stdout.take().unwrap(), relay.stdin.take().unwrap());
            (relay, stream)
        };
        let (mut relay, stream) = enter();
        let link = Link::open(stream, "anna", "").await.unwrap();
        let mut session = link
            .exec(exec(&["sh", "-c", "id -u; echo $COLOR $OF_IMAGE $QD_SOCKET; pwd; cat /proc/1/comm"]))
            .await
            .unwrap();
        let (out, err, _) = finish(&mut session).await;
        let wanted = format!("{UID}\nblue yes /run/quarterdeck/main/agent.sock\n/home/anna\nsleep\n");
        assert_eq!(String::from_utf8(out).unwrap(), wanted, "{}", String::from_utf8_lossy(&err));
        let mut seat = Seat::at(link.shell(shell(&[])).await.unwrap());
        seat.session.send(b"echo st''ays\n").await.unwrap();
        seat.until("stays").await;
        let id = seat.session.id().to_owned();
        drop((seat, session, link));
        relay.kill().await.unwrap();

        // another relay comes to the same daemon, and the shell is there
        let (_relay, stream) = enter();
        let link = Link::open(stream, "anna", "").await.unwrap();
        let asked = proto::workspace::Attach { shell: id, ..Default::default() };
        let mut seat = Seat::at(link.attach(asked).await.unwrap());
        seat.until("stays").await;
        assert_eq!(link.system().await.unwrap().users, ["anna"]);
    });
    assert_eq!(pod.ask("GET", "/api/v1/sessions").1, json!({ "sessions": [] }), "beside it there are none");
}
