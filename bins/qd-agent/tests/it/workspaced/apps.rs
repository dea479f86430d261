//! Apps that the daemon keeps, and the ports that somebody listens on.

use std::time::Duration;

use link::told::{App, AppState, Lines, Port};
use link::{AppAct, Error, Link, Watch};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::caller::{exec, finish, steps};
use super::pod::{Pod, UID};

/// A port that nobody has.
fn port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program that listens there.
fn server(port: u16) -> String {
    let server = "IO::Socket::INET->new(Listen => 5, LocalAddr => \"127.0.0.1\", ReuseAddr => 1, LocalPort => shift)";
    format!("perl -MIO::Socket::INET -e '$s = {server} or die; $| = 1; print \"serving\\n\"; sleep 600' {port}")
}

fn with(apps: &Value) -> Value {
    json!({ "enableApps": true, "apps": apps })
}

/// Waits until the app is so.
async fn until(watch: &mut Watch<Vec<App>>, id: &str, what: &str, holds: impl Fn(&App) -> bool) -> App {
    let mut last = None;
    let seen = timeout(Duration::from_secs(20), async {
        while let Some(all) = watch.next().await.unwrap() {
            let app = all.into_iter().find(|app| app.id == id).unwrap();
            if holds(&app) {
                return Some(app);
            }
            last = Some(app);
        }
        None
    });
    seen.await.ok().flatten().unwrap_or_else(|| panic!("never: {what}; last it was {last:?}"))
}

async fn one(link: &Link, id: &str) -> App {
    link.apps().await.unwrap().into_iter().find(|app| app.id == id).unwrap()
}

#[test]
fn ac_71m_an_app_is_installed_where_it_is_missing_started_and_ready_when_it_listens() {
    let port = port();
    let program = format!(
        "#!/bin/sh\necho \"$WORKSPACE $COLOR\"\n[ \"$1\" = -v ] && echo 'server v1.2 of us' && exit\n{}\n",
        server(port)
    );
    let install = format!("echo fetching; mkdir -p ~/bin; cat > ~/bin/web <<'END'\n{program}END\nchmod +x ~/bin/web");
    let pod = Pod::start(&json!({
        "enableApps": true, "env": { "COLOR": "blue" },
        "apps": {
            "web": {
                "enabled": true, "autoStart": true, "name": "Web", "binary": "~/bin/web", "install": install, "listen": port.to_string(),
                "start": ["sh", "-c", "~/bin/web"], "versionCmd": ["sh", "-c", "~/bin/web -v"], "versionRegex": "v([0-9.]+)",
            },
            "off": { "start": ["true"] },
        },
    }));
    steps(async {
        let link = pod.link().await;
        let mut watch = link.watch_apps().await.unwrap();
        let app = until(&mut watch, "web", "it listens", |app| app.ready).await;
        assert_eq!((app.state, app.installed, app.version.as_str()), (AppState::Running, true, "1.2"));
        assert_eq!((app.name.as_str(), app.port, app.restarts), ("Web", Some(port), 0));
        assert_eq!(link.apps().await.unwrap().len(), 1, "what is not enabled is not there");

        let ports = link.ports().await.unwrap();
        let told = ports.iter().find(|one| one.port == port).unwrap();
        assert_eq!((told.process.as_str(), told.app.as_deref(), told.uid), ("perl", Some("web"), UID));
        assert!(told.loopback && told.addresses == ["127.0.0.1"] && told.pid.is_some());

        let texts = async |component: &str| {
            let which = Lines { component: Some(component.to_owned()), ..Lines::default() };
            let lines = link.app_logs("web", &which).await.unwrap();
            lines.into_iter().map(|line| line.text).collect::<Vec<String>>()
        };
        assert_eq!(texts("install").await, ["begins", "fetching", "done"]);
        assert_eq!(texts("app").await, ["starts", "blue blue", "serving"]);

        let stopped = link.app("web", AppAct::Stop).await.unwrap();
        assert!(matches!(stopped.state, AppState::Stopping | AppState::Stopped), "{stopped:?}");
        let app = until(&mut watch, "web", "it is stopped", |app| app.state == AppState::Stopped).await;
        assert!(!app.ready && app.ended == "signal 15", "{app:?}");
        assert!(link.ports().await.unwrap().iter().all(|one| one.port != port), "nothing of it is left");
        link.app("web", AppAct::Start).await.unwrap();
        until(&mut watch, "web", "it listens again", |app| app.ready).await;
        let again = link.app("web", AppAct::Install { force: true }).await;
        assert!(matches!(&again, Err(Error::Refused { code, .. }) if code == "conflict"), "{again:?}");
        let wrong = link.app("none", AppAct::Start).await;
        assert!(matches!(&wrong, Err(Error::Refused { code, .. }) if code == "not_found"), "{wrong:?}");
    });
}

#[test]
fn ac_71n_an_app_that_ends_is_started_again_as_its_policy_says_later_each_time() {
    let mut pod = Pod::start(&with(&json!({
        "always": { "enabled": true, "autoStart": true, "start": ["sh", "-c", "echo run >> ~/always; exit 0"] },
        "failing": { "enabled": true, "autoStart": true, "start": ["sh", "-c", "echo bad >&2; exit 3"], "restartPolicy": "on-failure" },
        "once": { "enabled": true, "autoStart": true, "start": ["true"], "restartPolicy": "on-failure" },
        "never": { "enabled": true, "autoStart": true, "start": ["false"], "restartPolicy": "never" },
        "missing": { "enabled": true, "autoStart": true, "start": ["/no/such/program"], "binary": "/no/such/program" },
        "broken": { "enabled": true, "binary": "nothing-like-it", "install": "exit 4", "start": ["nothing-like-it"] },
    })));
    pod.until("three starts", |pod| {
        std::fs::read_to_string(pod.home("always")).is_ok_and(|text| text.lines().count() >= 3)
    });
    steps(async {
        let link = pod.link().await;
        let app = one(&link, "always").await;
        assert!(app.restarts >= 2 && app.ended == "exit code 0", "{app:?}");
        let failing = one(&link, "failing").await;
        assert!(failing.restarts >= 1 && failing.ended == "exit code 3", "{failing:?}");
        let mut watch = link.watch_apps().await.unwrap();
        let waits = until(&mut watch, "failing", "it waits", |app| app.state == AppState::Waiting).await;
        assert!(waits.next_start_ms.is_some());
        for (id, state, ended) in [
            ("once", AppState::Stopped, "exit code 0"),
            ("never", AppState::Failed, "exit code 1"),
            ("missing", AppState::Failed, "/no/such/program is not there, and nothing says how to install it"),
        ] {
            let app = one(&link, id).await;
            assert_eq!((app.state, app.ended.as_str()), (state, ended), "{id}");
        }
        link.app("broken", AppAct::Start).await.unwrap();
        let app = until(&mut watch, "broken", "it failed", |app| app.state == AppState::Failed).await;
        assert_eq!(app.ended, "the installation ended with exit code 4");
        let stopped = link.app("always", AppAct::Stop).await.unwrap();
        assert_eq!(stopped.next_start_ms, None);
        let mut follow =
            link.follow_app_logs("failing", &Lines { level: Some("err".into()), ..Lines::default() }).await.unwrap();
        assert_eq!(follow.next().await.unwrap().unwrap().text, "bad");
    });
}

#[test]
fn ac_71o_without_enable_apps_nothing_is_started_and_what_ends_leaves_nobody() {
    let mut pod =
        Pod::start(&json!({ "apps": { "web": { "enabled": true, "autoStart": true, "start": ["sleep", "7009"] } } }));
    steps(async {
        let link = pod.link().await;
        let refused = link.app("web", AppAct::Start).await;
        assert!(
            matches!(&refused, Err(Error::Refused { message, .. }) if message.contains("enableApps")),
            "{refused:?}"
        );
        assert_eq!(one(&link, "web").await.state, AppState::Stopped);
    });
    assert!(pod.ends_by(rustix::process::Signal::TERM).1 == Some(0));
    let stubborn = "trap '' TERM; echo > ~/deaf; (setsid sleep 7010 &); while :; do sleep 1; done";
    let mut pod =
        Pod::start(&with(&json!({ "web": { "enabled": true, "autoStart": true, "start": ["sh", "-c", stubborn] } })));
    steps(async {
        let link = pod.link().await;
        let mut watch = link.watch_apps().await.unwrap();
        until(&mut watch, "web", "it runs", |app| app.state == AppState::Running).await;
        // a shell that has just begun would still hear it
        pod.until("it hears no signal", |pod| pod.home("deaf").exists());
        link.app("web", AppAct::Restart).await.unwrap();
        let app = until(&mut watch, "web", "it runs again", |app| app.state == AppState::Running).await;
        assert_eq!((app.restarts, app.ended.as_str()), (0, "signal 9"), "who does not end in the grace is ended");
    });
    let (took, code) = pod.ends_by(rustix::process::Signal::TERM);
    assert!(code == Some(0) && took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn ac_71p_ports_come_and_go_with_those_who_listen() {
    let port = port();
    let pod = Pod::start(&json!({}));
    steps(async {
        let link = pod.link().await;
        let mut watch = link.watch_ports().await.unwrap();
        let mut until = async |what: &str, holds: &dyn Fn(Option<&Port>) -> bool| {
            let seen = timeout(Duration::from_secs(15), async {
                loop {
                    let all = watch.next().await.unwrap().unwrap();
                    let one = all.iter().find(|one| one.port == port);
                    if holds(one) {
                        return one.cloned();
                    }
                }
            });
            seen.await.unwrap_or_else(|_| panic!("never: {what}"))
        };
        until("nobody listens", &|one| one.is_none()).await;
        let mut session = link.exec(exec(&["sh", "-c", &format!("exec {}", server(port))])).await.unwrap();
        let told = until("somebody listens", &|one| one.is_some()).await.unwrap();
        assert_eq!((told.process.as_str(), told.uid, told.loopback, told.app), ("perl", UID, true, None));
        session.signal("TERM").await.unwrap();
        finish(&mut session).await;
        until("nobody listens any more", &|one| one.is_none()).await;
    });
}
