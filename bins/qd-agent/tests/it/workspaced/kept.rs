//! What stands when a workspace is stopped is told after its next start.

use link::told::AppState;
use link::{AppAct, Event, Link};
use proto::workspace::Attach;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::caller::{Seat, exec, finish, shell, steps};
use super::pod::Pod;

/// The shell of this id as lists tell it.
async fn told(link: &Link, id: &str) -> Value {
    let (_, told) = link.request("GET", "/api/v1/streams", None).await.unwrap();
    told["streams"].as_array().unwrap().iter().find(|one| one["id"] == id).cloned().unwrap_or_default()
}

#[test]
fn wb_08b_shells_are_shown_as_ended_with_their_last_screen_and_their_command_and_apps_are_up_again() {
    let mut pod = Pod::start(&json!({
        "enableApps": true,
        "apps": {
            "tick": { "enabled": true, "start": ["sleep", "7011"] },
            "tock": { "enabled": true, "start": ["sleep", "7012"] },
        },
    }));
    let (busy, idle) = steps(async {
        let link = pod.link().await;
        let mut busy = Seat::at(link.shell(shell(&[])).await.unwrap());
        busy.session.send(b"cd /tmp; echo he''re; sleep 7013\n").await.unwrap();
        busy.until("here").await;
        let mut idle = Seat::at(link.shell(shell(&[])).await.unwrap());
        idle.session.send(b"echo wai''ting\n").await.unwrap();
        idle.until("waiting").await;
        link.app("tick", AppAct::Start).await.unwrap();
        let runs = "until pgrep -f '^sleep 7013' && pgrep -f '^sleep 7011'; do sleep 0.1; done";
        let mut looked = link.exec(exec(&["sh", "-c", runs])).await.unwrap();
        finish(&mut looked).await;
        (busy.session.id().to_owned(), idle.session.id().to_owned())
    });
    assert_eq!(pod.ends_by(Signal::TERM).1, Some(0));
    let file = pod.home(".quarterdeck/stopped.json");
    assert!(file.is_file(), "{}", pod.said());

    let pod = pod.again();
    steps(async {
        let link = pod.link().await;
        let mut apps = link.watch_apps().await.unwrap();
        loop {
            let all = apps.next().await.unwrap().unwrap();
            let state = |id: &str| all.iter().find(|app| app.id == id).unwrap().state;
            if state("tick") == AppState::Running {
                assert_eq!(state("tock"), AppState::Stopped, "what was not up is not started");
                break;
            }
        }
        let ended = told(&link, &busy).await;
        assert_eq!((&ended["state"], &ended["kind"]), (&json!("STOPPED"), &json!("shell")));
        assert_eq!((&ended["resume"], &ended["folder"]), (&json!("sleep 7013"), &json!("/tmp")));
        let quiet = told(&link, &idle).await;
        assert_eq!((&quiet["state"], &quiet["resume"]), (&json!("STOPPED"), &json!("")));

        let attach = Attach { shell: busy.clone(), view_only: false, take: false, size: None };
        let mut seat = Seat::at(link.attach(attach).await.unwrap());
        let rest = seat.rest().await;
        assert!(matches!(rest.first(), Some(Event::Exit(exit)) if exit.code == 0), "{rest:?}");
        let text = seat.text();
        assert!(text.contains("here") && text.contains("to go on: cd /tmp && sleep 7013"), "{text}");
        assert!(!file.exists(), "it is told once");
    });
}
