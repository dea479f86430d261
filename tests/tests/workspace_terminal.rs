//! A terminal of a workspace over the console's socket, and its files over the console's API, on a real cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "workspace_terminal/kills.rs"]
mod kills;
#[path = "workspace_terminal/sftp.rs"]
mod sftp;

use e2e::console::Console;
use e2e::curl::{Answer, curl};
use e2e::fresh::Fresh;
use e2e::socket::Socket;
use e2e::workspaces::{apply, home, operator, until, wait};
use e2e::{errors, kubeconfig, kubectl, out, signal};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// A workspace that runs, for all tests here one after the other.
struct Place {
    fresh: Fresh,
    console: Console,
    home: PathBuf,
    cluster: String,
}

/// Held by all tests that run or wait: it goes with the last.
fn place() -> Arc<Mutex<Place>> {
    static PLACE: Mutex<Weak<Mutex<Place>>> = Mutex::new(Weak::new());
    let mut known = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(place) = known.upgrade() {
        return place;
    }
    let (fresh, console) = (Fresh::new("ws-terminal"), operator());
    let small = json!({ "type": "memory", "path": "/small", "sizeLimit": "4Mi" });
    apply(fresh.name(), "w", &json!({ "overrides": { "storages": { "small": small } } }));
    wait(fresh.name(), "w", "condition=Ready");
    let home = home(fresh.name(), "w");
    let cluster = kubectl::stdout(&kubeconfig(), &["config", "current-context"]).trim().to_owned();
    let place = Arc::new(Mutex::new(Place { fresh, console, home, cluster }));
    *known = Arc::downgrade(&place);
    place
}

fn one(place: &Mutex<Place>) -> MutexGuard<'_, Place> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Place {
    fn path(&self, rest: &str, query: &str) -> String {
        format!("/api/v1/workspaces/{}/w/{rest}?cluster={}{query}", self.fresh.name(), self.cluster)
    }

    fn terminal(&self, more: &str) -> Socket {
        let path = self.path("interactive", &format!("&cols=80&rows=24{more}"));
        Socket::open(&self.console, &path, "qd.term.v1").expect("a socket")
    }

    fn ask(&self, rest: &str, query: &str, args: &[&str]) -> Answer {
        let token = format!("x-quarterdeck-token: {}", self.console.token());
        let url = format!("{}{}", self.console.base, self.path(rest, query));
        curl(&url, &[&["-H", &token, "-H", "expect:"], args].concat())
    }

    /// A body as it comes, into a file.
    fn fetch(&self, rest: &str, query: &str, args: &[&str], to: &Path) -> String {
        let token = format!("x-quarterdeck-token: {}", self.console.token());
        let url = format!("{}{}", self.console.base, self.path(rest, query));
        let mut command = Command::new("curl");
        command.args(["-sS", "--noproxy", "*", "-w", "%{http_code}", "-H", &token, "-o"]).arg(to).args(args).arg(url);
        out(&command.output().unwrap())
    }

    fn states(&self) -> Vec<(String, String)> {
        let told = self.ask("shells", "", &[]).json();
        let text = |one: &serde_json::Value, key: &str| one[key].as_str().unwrap().to_owned();
        told["shells"].as_array().unwrap().iter().map(|one| (text(one, "id"), text(one, "state"))).collect()
    }
}

fn says(terminal: &mut Socket, number: u32) {
    terminal.type_in(&format!("echo $(({number}+1))-is-there\r"));
    let answer = format!("{}-is-there", number + 1);
    terminal.until("its answer", |one| one.screen().contains(&answer));
}

fn opened(terminal: &mut Socket) -> String {
    terminal.until("the shell is named", |one| one.said.iter().any(|one| one["is"] == "open"));
    assert_eq!(terminal.said[0]["is"], "open", "first of all");
    terminal.said[0]["shell"].as_str().unwrap().to_owned()
}

#[test]
fn ar_06d_a_terminal_shows_what_is_typed_and_comes_back_to_its_shell_with_its_screen() {
    let shared = place();
    let place = one(&shared);
    let mut first = place.terminal("");
    let shell = opened(&mut first);
    assert_eq!(first.said[0]["attached"], false);
    says(&mut first, 41);
    first.send(2, &[0, 90, 0, 31]);
    first.type_in("while [ \"$(stty size)\" != '31 90' ]; do sleep 0.1; done; echo size-$((1+1))\r");
    first.until("the new size", |one| one.screen().contains("size-2"));
    first.type_in("mkdir -p deep/er; cd deep/er; echo went-$((1+1))\r");
    first.until("it went", |one| one.screen().contains("went-2"));
    first.send(3, b"");
    first.until("its folder", |one| one.cwd.as_deref().is_some_and(|path| path.ends_with("/deep/er")));
    first.send(5, b"abc");
    first.until("a pong", |one| one.said.iter().any(|one| one["pong"] == json!(b"abc")));
    assert!(first.granted > 0, "input is granted again");
    // A reload.
    drop(first);
    until("the shell is left", 30, || place.states().contains(&(shell.clone(), "DETACHED".to_owned())));
    let mut again = place.terminal(&format!("&shell={shell}&take=true"));
    assert_eq!(opened(&mut again), shell);
    assert_eq!(again.said[0]["attached"], true);
    again.until("the screen of before", |one| one.screen().contains("42-is-there") && one.screen().contains("size-2"));
    says(&mut again, 51);
    // One looks on, another takes it.
    let mut third = place.terminal(&format!("&shell={shell}&view_only=true"));
    third.until("what the other sees", |one| one.screen().contains("52-is-there"));
    assert_eq!(third.said[0]["writes"], false);
    let mut fourth = place.terminal(&format!("&shell={shell}&take=true"));
    opened(&mut fourth);
    again.until("told that it looks on", |one| {
        one.said.iter().any(|one| one == &json!({ "is": "writes", "writes": false }))
    });
    says(&mut fourth, 61);
    fourth.type_in("exit 7\r");
    fourth.until("its end", |one| one.said.iter().any(|one| one == &json!({ "is": "exit", "code": 7, "signal": "" })));
    fourth.rest(Duration::from_secs(5));
    assert!(fourth.over, "the socket ends with its shell");
    // What is not there, and what is no terminal.
    let mut none = place.terminal("&shell=sh-none");
    none.rest(Duration::from_secs(15));
    assert_eq!(none.error.as_ref().unwrap()["code"], "not_found", "{:?}", none.error);
    let path = place.path("interactive", "&cols=80&rows=24");
    assert_eq!(Socket::open(&place.console, &path, "").err(), Some(400), "without the subprotocol");
    assert_eq!(
        Socket::open(&place.console, &place.path("interactive", "&cols=0&rows=24"), "qd.term.v1").err(),
        Some(400)
    );
    let mut wrong = place.terminal("");
    opened(&mut wrong);
    wrong.send(1, b"output is the server's");
    wrong.rest(Duration::from_secs(5));
    assert_eq!(wrong.error.unwrap()["code"], "bad_request");
}

#[test]
fn ar_06e_a_slow_reader_holds_the_program_up_and_loses_nothing() {
    let shared = place();
    let place = one(&shared);
    let mut slow = place.terminal("");
    opened(&mut slow);
    slow.until("a prompt", |one| one.bytes > 0);
    slow.rest(Duration::from_secs(1));
    slow.generous = false;
    let granted = slow.bytes + (256 << 10);
    slow.type_in("seq -w 1 400000; echo all-$((1+1))\r");
    slow.until("a full window", |one| one.bytes >= granted);
    slow.rest(Duration::from_secs(2));
    assert_eq!(slow.bytes, granted, "not a byte more than was granted");
    slow.generous = true;
    slow.send(6, &(256u32 << 10).to_be_bytes());
    slow.until("the end", |one| one.screen().contains("all-2"));
    // 400,000 lines of six digits, and the line ends that the terminal adds.
    assert!(slow.bytes >= 400_000 * 8, "{}", slow.bytes);
    slow.type_in("exit\r");
    slow.rest(Duration::from_secs(5));
}

#[test]
fn ac_75k_a_killed_console_is_followed_by_one_that_comes_back_to_the_shell_and_nothing_typed_is_written_down() {
    let shared = place();
    let mut place = one(&shared);
    let mut first = place.terminal("");
    let shell = opened(&mut first);
    says(&mut first, 71);
    first.type_in("secret=canary-of-the-keys\r");
    says(&mut first, 81);
    signal(place.console.pid(), "KILL");
    place.console = operator();
    let mut again = None;
    until("the new console knows the cluster", 30, || {
        let mut socket = place.terminal(&format!("&shell={shell}&take=true"));
        socket.rest(Duration::from_secs(3));
        let there = socket.said.first().is_some_and(|one| one["is"] == "open");
        again = there.then_some(socket);
        there
    });
    let mut again = again.unwrap();
    again.until("the screen of before", |one| {
        one.screen().contains("72-is-there") && one.screen().contains("82-is-there")
    });
    again.type_in("echo $secret-$((1+1))\r");
    again.until("the same shell", |one| one.screen().contains("canary-of-the-keys-2"));
    again.type_in("exit 0\r");
    again.until("its end", |one| one.said.iter().any(|one| one["is"] == "exit"));
    until("the journal has its end", 20, || place.console.journal().contains("ended with 0; "));
    let journal = place.console.journal();
    assert!(journal.contains("workspace:connect") && journal.contains(&shell), "{journal}");
    assert!(!journal.contains("canary-of-the-keys"), "what was typed stands nowhere");
    assert!(!place.console.said().contains("canary-of-the-keys"));
}

#[test]
fn ar_07k_files_come_and_go_whole_in_ranges_and_in_parts() {
    let shared = place();
    let place = one(&shared);
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..3_000_000u32).flat_map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let (local, back) = (folder.path().join("a"), folder.path().join("b"));
    std::fs::write(&local, &bytes).unwrap();
    let data = format!("@{}", local.display());
    // Whole: into its place, with its mode and time.
    let put = ["-X", "PUT", "--data-binary", &data, "-H", "content-type: application/octet-stream"];
    let answer = place.ask("files", "&path=big%20one&mode=750&mtime_ms=1600000000000", &put);
    assert_eq!((answer.status, answer.json()), (200, json!({ "have": bytes.len(), "whole": true })));
    let there = place.home.join("big one");
    assert_eq!(std::fs::read(&there).unwrap(), bytes);
    let meta = std::fs::metadata(&there).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o7777, 0o750);
    assert_eq!(meta.modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), 1_600_000_000);
    let keep = place.ask("files", "&path=big%20one&keep=true", &put);
    assert_eq!((keep.status, keep.code()), (409, "file_conflict".to_owned()));
    // Back: whole, and ranges.
    assert_eq!(place.fetch("files", "&path=big%20one", &[], &back), "200");
    assert_eq!(std::fs::read(&back).unwrap(), bytes);
    for (range, from, to) in
        [("0-9", 0, 10), ("11999990-", 11_999_990, bytes.len()), ("-7", bytes.len() - 7, bytes.len())]
    {
        assert_eq!(place.fetch("files", "&path=~/big%20one", &["-r", range], &back), "206");
        assert_eq!(std::fs::read(&back).unwrap(), bytes[from..to], "{range}");
    }
    assert_eq!(place.fetch("files", "&path=big%20one", &["-r", "12000000-"], &back), "416");
    let head = place.ask("files", "&path=big%20one", &["-I"]);
    assert_eq!(head.header("content-length"), Some("12000000"));
    assert_eq!(head.header("content-type"), Some("application/octet-stream"));
    assert!(head.header("content-disposition").unwrap().starts_with("attachment;"));
    // In parts, and gone on with where it broke.
    let upload = "&path=ship%2Fparts&upload=upload-0001";
    assert_eq!(place.ask("files", upload, &put).status, 404, "no such folder");
    assert_eq!(mkdir(&place, json!({ "path": "ship/a/b", "parents": true })).status, 200);
    let first = folder.path().join("first");
    std::fs::write(&first, &bytes[..5_000_000]).unwrap();
    let part = |path: &Path, range: &str| {
        let (data, range) = (format!("@{}", path.display()), format!("content-range: bytes {range}/12000000"));
        place.ask("files", upload, &["-X", "PUT", "--data-binary", &data, "-H", &range, "-H", "content-type: x/y"])
    };
    assert_eq!(part(&first, "0-4999999").json(), json!({ "have": 5_000_000, "whole": false }));
    assert!(!place.home.join("ship/parts").exists(), "not before it is whole");
    let wrong = part(&first, "6000000-10999999");
    assert_eq!((wrong.status, wrong.json()["details"]["have"].clone()), (409, json!(5_000_000)));
    // A connection that breaks in the middle of a part.
    std::fs::write(&first, &bytes[5_000_000..]).unwrap();
    let token = format!("x-quarterdeck-token: {}", place.console.token());
    let url = format!("{}{}", place.console.base, place.path("files", upload));
    let mut cut = Command::new("curl")
        .args([
            "-sS",
            "--noproxy",
            "*",
            "-X",
            "PUT",
            "--limit-rate",
            "1M",
            "--data-binary",
            &format!("@{}", first.display()),
        ])
        .args(["-H", &token, "-H", "content-range: bytes 5000000-11999999/12000000", &url])
        .spawn()
        .unwrap();
    let have = || place.ask("files", upload, &[]).json()["have"].as_u64().unwrap();
    until("some of it came", 30, || have() > 5_000_000);
    cut.kill().unwrap();
    cut.wait().unwrap();
    let mut before = 0;
    until("what came is counted", 30, || std::mem::replace(&mut before, have()) == before && before > 5_000_000);
    assert!(before < 12_000_000, "it was cut: {before}");
    let at = usize::try_from(before).unwrap();
    std::fs::write(&first, &bytes[at..]).unwrap();
    assert_eq!(part(&first, &format!("{at}-11999999")).json(), json!({ "have": 12_000_000, "whole": true }));
    assert_eq!(std::fs::read(place.home.join("ship/parts")).unwrap(), bytes);
    let left: Vec<_> =
        std::fs::read_dir(place.home.join("ship")).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".qd-")), "{left:?}");
}

fn mkdir(place: &Place, body: serde_json::Value) -> Answer {
    place.ask("files/mkdir", "", &["-d", &body.to_string(), "-H", "content-type: application/json"])
}

#[test]
fn ar_07l_a_folder_is_listed_changed_and_fetched_as_an_archive() {
    let shared = place();
    let place = one(&shared);
    assert_eq!(mkdir(&place, json!({ "path": "box" })).status, 200);
    assert_eq!(mkdir(&place, json!({ "path": "box" })).code(), "file_conflict");
    let put = |path: &str, text: &str| {
        let answer = place.ask("files", &format!("&path={path}"), &["-X", "PUT", "--data-binary", text]);
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    put("box%2F.hidden", "h");
    put("box%2Fa%20%C3%A4%22", "text");
    put("box%2Fempty", "");
    let mut shell = place.terminal("");
    opened(&mut shell);
    shell.type_in("cd box; ln -s empty link; ln -s /nowhere lost; chmod 700 empty; mkfifo pipe; echo made-$((1+1))\r");
    shell.until("it is made", |one| one.screen().contains("made-2"));
    let list = place.ask("files/list", "&path=box", &[]).json();
    assert_eq!((&list["hidden"], list["path"].as_str().unwrap().ends_with("/box")), (&json!(1), true), "{list}");
    let names = |list: &serde_json::Value| -> Vec<String> {
        list["entries"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&list), ["a ä\"", "empty", "link", "lost", "pipe"]);
    assert_eq!(list["entries"][1]["mode"], 0o700);
    assert_eq!((&list["entries"][2]["link"], &list["entries"][2]["odd"]), (&json!(true), &json!(false)));
    assert_eq!((&list["entries"][3]["odd"], &list["entries"][4]["odd"]), (&json!(true), &json!(true)));
    assert_eq!(names(&place.ask("files/list", "&path=box&hidden=true", &[]).json()).len(), 6);
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("box.zip");
    assert_eq!(place.fetch("files/zip", "&path=box", &[], &archive), "200");
    let unzipped =
        Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&archive).arg(folder.path()).output().unwrap();
    assert!(unzipped.status.success(), "{}", errors(&unzipped));
    assert_eq!(std::fs::read_to_string(folder.path().join("box/a ä\"")).unwrap(), "text");
    assert!(folder.path().join("box/.hidden").exists() && !folder.path().join("box/pipe").exists());
    // Another name, and what is in the way.
    let rename = |body: serde_json::Value| {
        place.ask("files/rename", "", &["-d", &body.to_string(), "-H", "content-type: application/json"])
    };
    assert_eq!(rename(json!({ "from": "box/empty", "to": "box/.hidden" })).code(), "file_conflict");
    assert_eq!(rename(json!({ "from": "box/empty", "to": "box/.hidden", "replace": true })).status, 200);
    assert!(!place.home.join("box/empty").exists());
    // What the user may not, and what nobody can.
    assert_eq!(place.ask("files", "&path=/proc/1/environ", &[]).code(), "file_denied");
    assert_eq!(place.ask("files", "&path=/etc/none", &[]).code(), "not_found");
    assert_eq!(place.ask("files", "&path=a%00b", &[]).code(), "bad_request");
    assert_eq!(place.ask("files", "&path=box", &[]).code(), "file_conflict");
    assert_eq!(place.ask("files", "&path=box%2Fpipe", &[]).code(), "file_conflict");
    assert_eq!(mkdir(&place, json!({ "path": "/etc/mine" })).code(), "file_denied");
    assert_eq!(place.ask("files", "&path=~&recursive=true", &["-X", "DELETE"]).code(), "file_conflict");
    assert_eq!(place.ask("files", "&path=box", &["-X", "DELETE"]).code(), "file_conflict");
    assert_eq!(place.ask("files", "&path=box&recursive=true", &["-X", "DELETE"]).json()["count"], 6);
    assert!(!place.home.join("box").exists());
    let journal = place.console.journal();
    assert!(journal.contains("workspace:files") && journal.contains("delete"), "{journal}");
}

#[test]
fn ar_07o_cp_takes_folders_both_ways_with_modes_times_and_links() {
    let shared = place();
    let place = one(&shared);
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    std::fs::create_dir_all(tree.join("a b/deep")).unwrap();
    std::fs::write(tree.join("a b/deep/large"), vec![7; 3 << 20]).unwrap();
    std::fs::write(tree.join("run"), "#!/bin/sh\n").unwrap();
    std::fs::write(tree.join("empty"), "").unwrap();
    std::os::unix::fs::symlink("a b/deep", tree.join("link")).unwrap();
    let script = "chmod 750 run && chmod 500 'a b/deep' && touch -d @1500000000 run 'a b/deep' .";
    assert!(Command::new("sh").args(["-ec", script]).current_dir(&tree).status().unwrap().success());
    let cp = |from: &str, to: &str| {
        let mut command = place.console.qd(Some(&kubeconfig()));
        let copied = command.args(["ws", "cp", "-n", place.fresh.name(), from, to]).output().unwrap();
        assert!(copied.status.success(), "{from} {to}: {}", errors(&copied));
        errors(&copied)
    };
    let said = cp(tree.to_str().unwrap(), "w:");
    assert!(said.contains("4 files, 3145738 bytes in "), "{said}");
    // Into a folder that is there; as one that is not.
    let (into, fresh) = (folder.path().join("into"), folder.path().join("fresh"));
    std::fs::create_dir(&into).unwrap();
    cp("w:tree", into.to_str().unwrap());
    cp("w:tree", fresh.to_str().unwrap());
    let about = |root: &Path| {
        let script = "find . -printf '%P %y %m %Ts %s %l\n' | grep -v '^ d' | sed -E '/ d /s/ [0-9]+ $//; / l /s/ l [0-9]+ [0-9]+/ l/' | sort; \
                      find . -type f -exec sha256sum {} + | sort";
        out(&Command::new("sh").args(["-ec", script]).current_dir(root).output().unwrap())
    };
    let was = about(&tree);
    assert!(was.contains("run f 750 1500000000 10"), "{was}");
    for root in [&into.join("tree"), &fresh, &place.home.join("tree")] {
        assert_eq!(about(root), was, "{}", root.display());
    }
    // One file, over one that is there; and what is not there.
    cp(tree.join("run").to_str().unwrap(), "w:tree/empty");
    assert_eq!(std::fs::read_to_string(place.home.join("tree/empty")).unwrap(), "#!/bin/sh\n");
    let mut none = place.console.qd(Some(&kubeconfig()));
    let none = none.args(["ws", "cp", "-n", place.fresh.name(), "w:none", "."]).output().unwrap();
    assert_eq!(none.status.code(), Some(4), "{}", errors(&none));
    assert!(Command::new("chmod").args(["-R", "u+w"]).arg(folder.path()).status().unwrap().success());
}

#[test]
fn ar_07p_a_gateway_that_is_killed_within_an_upload_leaves_what_came_and_the_next_goes_on_with_it() {
    let shared = place();
    let mut place = one(&shared);
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..2_000_000u32).flat_map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let local = folder.path().join("local");
    std::fs::write(&local, &bytes).unwrap();
    let query = "&path=killed&upload=upload-0002";
    let before = place.ask("files", "&path=killed", &["-X", "PUT", "--data-binary", "as it was"]);
    assert_eq!(before.status, 200, "{}", before.body);
    let token = format!("x-quarterdeck-token: {}", place.console.token());
    let url = format!("{}{}", place.console.base, place.path("files", query));
    let mut sends = Command::new("curl");
    sends.args(["-sS", "--noproxy", "*", "-X", "PUT", "--limit-rate", "500k", "--data-binary"]);
    sends.arg(format!("@{}", local.display())).args(["-H", &token, &url]);
    let mut sends = sends.args(["-H", "content-range: bytes 0-7999999/8000000"]).spawn().unwrap();
    let part = place.home.join(".qd-upload-0002.part");
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
    until("some of it came", 60, || size(&part) > 100_000);
    signal(place.console.pid(), "KILL");
    assert!(!sends.wait().unwrap().success(), "nobody answers");
    assert_eq!(std::fs::read_to_string(place.home.join("killed")).unwrap(), "as it was");
    place.console = operator();
    let have = || place.ask("files", query, &[]);
    until("the next one knows the workspace", 60, || have().status == 200);
    // the last of what the one before had sent may still be on its way
    let mut known = 0;
    until("what came is counted", 60, || {
        let now = have().json()["have"].as_u64().unwrap();
        std::mem::replace(&mut known, now) == now && now > 0
    });
    assert!(known < 8_000_000, "{known}");
    let at = usize::try_from(known).unwrap();
    std::fs::write(&local, &bytes[at..]).unwrap();
    let (data, range) = (format!("@{}", local.display()), format!("content-range: bytes {at}-7999999/8000000"));
    let whole =
        place.ask("files", query, &["-X", "PUT", "--data-binary", &data, "-H", &range, "-H", "content-type: x/y"]);
    assert_eq!(whole.json(), json!({ "have": 8_000_000, "whole": true }), "{whole:?}");
    assert_eq!(std::fs::read(place.home.join("killed")).unwrap(), bytes);
    assert!(!part.exists());
}

#[test]
fn wf_21a_a_volume_that_is_full_refuses_a_file_with_a_code_and_keeps_what_was_there() {
    let shared = place();
    let place = one(&shared);
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, len: usize| {
        let local = folder.path().join("local");
        std::fs::write(&local, vec![7; len]).unwrap();
        let data = format!("@{}", local.display());
        let words = ["-X", "PUT", "--data-binary", &data, "-H", "content-type: application/octet-stream"];
        place.ask("files", &format!("&path={path}"), &words)
    };
    assert_eq!(put("/small/kept", 1 << 20).status, 200);
    let full = put("/small/more", 20 << 20);
    assert_eq!((full.status, full.code().as_str()), (507, "file_full"), "{full:?}");
    // so is a file that is to take the place of one that is there
    let full = put("/small/kept", 20 << 20);
    assert_eq!((full.status, full.code().as_str()), (507, "file_full"), "{full:?}");
    let list = place.ask("files/list", "&path=/small&hidden=true", &[]).json();
    let names: Vec<_> = list["entries"].as_array().unwrap().iter().map(|one| (&one["name"], &one["size"])).collect();
    assert_eq!(names, [(&json!("kept"), &json!(1 << 20))], "nothing is left of what did not fit");
    assert_eq!(put("/small/more", 1 << 20).status, 200, "what fits comes");
    let journal = place.console.journal();
    assert!(journal.contains("file_full"), "{journal}");
}
