//! From nothing to a workspace that is ready, and to its end.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use super::pod::{PROGRAM, Pod, UID};

#[test]
fn wo_05a_install_copies_the_program_and_its_other_names() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let done = Command::new(PROGRAM).arg("install").arg(folder.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let copy = folder.path().join("qd-agent");
    assert_eq!(std::fs::metadata(&copy).unwrap().mode() & 0o7777, 0o755);
    assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(PROGRAM).unwrap());
    let helpers = ["git", "docker", "kubectl"].map(|what| format!("{what}-credential-quarterdeck"));
    let plain = ["kbox", "sftp-server", "uptime", "last", "shutdown"].map(str::to_owned);
    for name in plain.iter().chain(&helpers) {
        let link = folder.path().join("bin").join(name);
        assert_eq!(std::fs::canonicalize(&link).unwrap(), copy.canonicalize().unwrap(), "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing half written is left");
}

#[test]
fn ac_70_three_capabilities_make_the_account_and_run_scripts_once_as_the_user() {
    let script = "#!/bin/sh\nid -u >> ~/ran; pwd >> ~/ran; echo \"$COLOR\" >> ~/ran; echo seen\n";
    let mut pod = Pod::start(&json!({
        "env": { "COLOR": "blue" },
        "initScripts": [
            { "name": "one", "script": script },
            { "name": "bad", "script": "echo oops >&2; exit 3" },
            { "name": "two", "script": "echo two >> ~/ran" },
        ],
    }));
    let finished = |pod: &Pod| {
        let states = pod.ask("GET", "/api/v1/health").1["init_scripts"].clone();
        let states: Vec<String> =
            states.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect();
        states
    };
    pod.until("all scripts have ended", |pod| finished(pod) == ["done", "failed", "done"]);
    let status = std::fs::read_to_string(format!("/proc/{}/status", pod.first)).unwrap();
    let effective = status.lines().find(|line| line.starts_with("CapEff")).unwrap();
    assert!(effective.ends_with("00000000000000c1"), "{effective}: CHOWN, SETGID and SETUID alone");
    let home = std::fs::metadata(pod.home("")).unwrap();
    assert_eq!((home.uid(), home.gid(), home.mode() & 0o777), (UID, UID, 0o750));
    let ran = std::fs::read_to_string(pod.home("ran")).unwrap();
    assert_eq!(ran, format!("{UID}\n/home/anna\nblue\ntwo\n"), "in order, in the home, with the environment");
    let said = pod.said();
    assert!(said.contains(r#""component":"init:bad","text":"failed: exit code 3""#), "{said}");
    assert!(said.contains(r#""component":"init:bad","text":"oops""#) && said.contains(r#""text":"seen""#), "{said}");
    assert!(pod.home(".quarterdeck/flags/one").exists() && !pod.home(".quarterdeck/flags/bad").exists());

    let mut pod = pod.again();
    pod.until("only the failed one runs again", |pod| finished(pod) == ["done_before", "failed", "done_before"]);
    assert_eq!(std::fs::read_to_string(pod.home("ran")).unwrap(), ran);
}

#[test]
fn ac_70c_flags_of_an_older_home_count() {
    let mut pod = Pod::start(&json!({}));
    let flags = pod.home(".k8shell/flags");
    std::fs::create_dir_all(&flags).unwrap();
    std::fs::write(flags.join("old"), "").unwrap();
    let config = super::pod::config(&json!({ "initScripts": [{ "name": "old", "script": "touch ~/wrong" }] }));
    std::fs::write(pod.path("etc/quarterdeck/config.yaml"), config.to_string()).unwrap();
    pod = pod.again();
    pod.until("the script counts as done", |pod| {
        pod.ask("GET", "/api/v1/health").1["init_scripts"][0]["state"] == "done_before"
    });
    assert!(!pod.home("wrong").exists());
}

#[test]
fn ac_73b_whoever_ends_is_reaped_and_nothing_outlives_the_end() {
    let scripts = json!({ "initScripts": [{
        "name": "spawn",
        // orphans that end at once, and one that lets no polite word end it
        "script": "for n in 1 2 3 4 5; do (setsid sleep 0.1 &) ; done; setsid sh -c 'trap \"\" TERM HUP; touch ~/up; while :; do sleep 1; done' >/dev/null 2>&1 &",
    }] });
    let mut pod = Pod::start(&scripts);
    pod.until("the stubborn one runs", |pod| pod.home("up").exists());
    pod.until("nothing is left dead on the list", |pod| {
        let out = String::from_utf8(pod.run(&["sh", "-c", "cat /proc/[0-9]*/stat; true"]).stdout).unwrap();
        !out.contains(") Z ") && !out.contains("sleep) S 1 ")
    });
    let (took, code) = pod.ends_by(Signal::TERM);
    assert_eq!(code, Some(0), "a stop is no failure");
    assert!(took >= Duration::from_secs(2), "the grace was not given: {took:?}");
    assert!(took < Duration::from_secs(5), "the grace was not kept: {took:?}");
    assert!(pod.said().contains("did not end within 2 s"), "{}", pod.said());
}

#[test]
fn ac_70d_a_configuration_that_cannot_be_carried_out_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    for (text, words) in [
        ("user: [", "config.yaml"),
        ("workspace: {uid: a, name: b}\nuser: {name: anna, uid: 0, gid: 5}", "user.uid and user.gid may not be 0"),
        ("workspace: {uid: a, name: b}\nuser: {name: 'a:b', uid: 7, gid: 5}", "user.name"),
    ] {
        std::fs::write(&file, text).unwrap();
        let done = Command::new(PROGRAM).args(["workspaced", "--config"]).arg(&file).output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1));
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn ac_70e_the_engines_socket_and_folders_of_volumes_become_the_users_and_no_link_leads_elsewhere() {
    let mut pod = Pod::start(&json!({
        "engineSocket": "/run/engine/engine.sock",
        "volumes": [{ "path": "/run/data", "uid": UID, "gid": UID }, { "path": "/run/link", "uid": UID, "gid": null }],
    }));
    // the folders are there before the daemon begins; the socket comes later, and again
    std::fs::create_dir(pod.path("run/engine")).unwrap();
    std::fs::create_dir(pod.path("run/data")).unwrap();
    std::os::unix::fs::symlink("/etc", pod.path("run/link")).unwrap();
    pod = pod.again();
    let socket = pod.path("run/engine/engine.sock");
    let owner = |path: &std::path::Path| std::fs::symlink_metadata(path).map(|meta| meta.uid()).ok();
    pod.until("the folder is the user's", |pod| owner(&pod.path("run/data")) == Some(UID));
    assert_eq!(owner(&pod.path("etc")), Some(0), "no link is followed");
    for _ in 0..2 {
        let new = pod.path("run/engine/new");
        let listener = std::os::unix::net::UnixListener::bind(&new).unwrap();
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o777)).unwrap();
        std::fs::rename(&new, &socket).unwrap();
        pod.until("the socket is the user's", |_| owner(&socket) == Some(UID));
        pod.until("it is open to nobody else", |_| {
            std::fs::symlink_metadata(&socket).is_ok_and(|meta| meta.mode() & 0o777 == 0o660)
        });
        drop(listener);
        std::fs::remove_file(&socket).unwrap();
    }
    std::os::unix::fs::symlink("/etc/passwd", &socket).unwrap();
    pod.until("a link is no socket", |pod| pod.said().contains("engine.sock cannot be given: it is something else"));
    assert_eq!(owner(&pod.path("etc/passwd")), Some(0));
    let link = std::fs::read_link(pod.path("run/docker.sock"));
    assert!(link.is_ok_and(|to| to.ends_with("engine.sock")), "where engines are looked for");
}

#[test]
fn ac_70f_below_the_images_first_process_orphans_are_taken_in_and_apps_begin_after_the_scripts() {
    let mut pod = Pod::below_an_init(&json!({
        "initScripts": [{ "name": "make", "script": "sleep 0.5; (setsid sleep 0.1 &); echo made > ~/made" }],
        "enableApps": true,
        "apps": { "tick": { "enabled": true, "autoStart": true, "start": ["sh", "-c", "cat ~/made > ~/seen; sleep 7401"] } },
    }));
    // a shell makes the file before `cat` writes it
    pod.until("the app has begun", |pod| std::fs::metadata(pod.home("seen")).is_ok_and(|seen| seen.len() > 0));
    assert_eq!(std::fs::read_to_string(pod.home("seen")).unwrap(), "made\n", "not before the script had ended");
    let list = pod.run(&["sh", "-c", "ps -eo pid,ppid,args | grep '[w]orkspaced$'"]).stdout;
    let list = String::from_utf8_lossy(&list).into_owned();
    let daemon = list.lines().find(|line| !line.contains("setpriv")).unwrap_or_else(|| panic!("{list}"));
    let words: Vec<&str> = daemon.split_whitespace().collect();
    assert!(words[0] != "1" && words[1] == "1", "{daemon}");
    pod.until("who has no parent is taken in and reaped", |pod| {
        let out = pod.run(&["sh", "-c", "ps -eo stat,args | grep -e '^Z' -e '[s]leep 0.1'; true"]).stdout;
        out.is_empty()
    });
}
