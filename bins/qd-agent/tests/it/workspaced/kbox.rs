//! The workspace's own command, from inside.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::caller::{Seat, exec, finish, shell, steps};
use super::pod::{INSIDE, Pod};

/// The program under its other name.
fn named(pod: &Pod) -> String {
    let link = pod.home("kbox");
    std::os::unix::fs::symlink(INSIDE, &link).unwrap();
    "~/kbox".to_owned()
}

#[test]
fn ac_77a_from_inside_the_workspace_tells_who_it_is_and_lets_go_of_a_shell() {
    let mut pod = Pod::start(&json!({ "splash": "Welcome" }));
    let kbox = named(&pod);
    steps(async {
        let link = pod.link().await;
        let say = async |words: &str| {
            let mut session = link.exec(exec(&["sh", "-c", &format!("{kbox} {words}")])).await.unwrap();
            let (out, err, exit) = finish(&mut session).await;
            (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap(), exit.unwrap().code)
        };
        assert_eq!(say("user email").await, ("anna@example.org\n".to_owned(), String::new(), 0));
        assert_eq!(say("splash").await.0, "Welcome\n");
        let told: Value = serde_json::from_str(&say("identity --json").await.0).unwrap();
        assert_eq!((&told["workspace"], &told["blueprint"]), (&json!("blue"), &json!("shell")));
        assert!(say("uptime").await.0.starts_with("up 0:00:"));
        assert!(say("logs").await.0.contains("blue is ready"));
        let other = say("--no-ansi --socket /run/quarterdeck/agent.sock splash").await;
        assert_eq!(other, ("Welcome\n".to_owned(), String::new(), 0));
        let (_, err, code) = say("--socket /run/none splash").await;
        assert!(code == 1 && err.contains("does not answer"), "{err}");
        let (_, err, code) = say("dance").await;
        assert!(code == 2 && err.contains("usage: kbox"), "{err}");
        let (_, err, code) = say("detach sh-none").await;
        assert!(code == 1 && err.contains("there is no such shell"), "{err}");

        let mut seat = Seat::at(link.shell(shell(&[])).await.unwrap());
        seat.session.send(b"~/kbox detach; echo went-on\n").await.unwrap();
        assert_eq!(seat.rest().await, [link::Event::Closed("detached".into())]);
        let streams = say("streams").await.0;
        assert!(streams.contains(&format!("{}  shell  DETACHED", seat.session.id())), "{streams}");
    });
    let asked = pod.run(&["setpriv", "--reuid=9", "--clear-groups", INSIDE, "workspaced", "check"]);
    assert!(asked.status.success(), "anybody may look");
    let script = "exec -a shutdown \"$0\"";
    let other = pod.run(&["setpriv", "--reuid=9", "--clear-groups", "bash", "-c", script, INSIDE]);
    let said = String::from_utf8(other.stderr).unwrap();
    assert!(said.contains("only the workspace's user"), "{said}");
    assert!(pod.run(&["bash", "-c", script, INSIDE]).status.success());
    let (_, code) = pod.ends_by(Signal::USR1);
    assert_eq!(code, Some(0));
}

#[test]
fn ac_77c_from_inside_apps_are_led_logs_followed_and_shells_looked_at() {
    let pod = Pod::start(&json!({
        "enableApps": true,
        "apps": { "tick": { "enabled": true, "start": ["sh", "-c", "echo up; sleep 600"] } },
    }));
    let kbox = named(&pod);
    steps(async {
        let link = pod.link().await;
        let say = async |words: &str| {
            let mut session = link.exec(exec(&["sh", "-c", &format!("{kbox} {words}")])).await.unwrap();
            let (out, err, exit) = finish(&mut session).await;
            (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap(), exit.unwrap().code)
        };
        assert!(say("apps").await.0.starts_with("tick  stopped"));
        assert!(say("apps start tick").await.0.starts_with("tick  "));
        let followed = say("apps logs tick -f > ~/followed & until grep -qw up ~/followed; do sleep 0.1; done; kill $!; cat ~/followed").await;
        assert!(followed.0.contains("out  app  up"), "{followed:?}");
        let told: Value = serde_json::from_str(&say("apps --json").await.0).unwrap();
        assert_eq!((&told["apps"][0]["state"], &told["apps"][0]["ready"]), (&json!("running"), &json!(true)));
        assert!(say("apps stop tick").await.2 == 0 && say("apps start none").await.1.contains("there is no such app"));
        let info = say("info").await.0;
        assert!(info.contains("workspace       blue") && info.contains("memory          "), "{info}");

        // one shell looks at another, and leaves it running
        let mut other = Seat::at(link.shell(shell(&[])).await.unwrap());
        other.session.send(b"cd /tmp; echo he''re\n").await.unwrap();
        other.until("here").await;
        assert_eq!(link.folder(other.session.id()).await.unwrap(), "/tmp");
        let id = other.session.id().to_owned();
        drop(other);
        let mut seat = Seat::at(link.shell(shell(&[])).await.unwrap());
        seat.session.send(format!("~/kbox attach {id}; echo ba''ck\n").as_bytes()).await.unwrap();
        seat.until("here").await;
        seat.session.send(b"echo in-$((40+2))\n").await.unwrap();
        seat.until("in-42").await;
        seat.session.send(b"exit\n").await.unwrap();
        seat.until("back").await;
        let own = format!("~/kbox attach {}; echo no''ne\n", seat.session.id());
        seat.session.send(own.as_bytes()).await.unwrap();
        seat.until("none").await;
        assert!(seat.text().contains("this is that shell"), "{}", seat.text());
        let streams = say("streams --sort -created").await.0;
        let ids: Vec<&str> = streams.lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(
            ids.iter().position(|one| *one == seat.session.id()) < ids.iter().position(|one| *one == id),
            "{streams}"
        );
    });
    let asked = pod.run(&[
        "setpriv",
        "--reuid=9",
        "--clear-groups",
        "bash",
        "-c",
        "exec -a kbox \"$0\" apps logs tick",
        INSIDE,
    ]);
    assert!(String::from_utf8_lossy(&asked.stderr).contains("only the workspace's user"), "{asked:?}");
}
