//! OpenSSH's `sftp` with the server of files in the pod, beside the files of the API: both show and refuse the same.

use super::{Place, mkdir, one, place};
use e2e::{errors, kubeconfig, out};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// OpenSSH's client, spoken through `qd ws exec` to the server in the pod. What fails in a line that begins with `-` is said and passed over.
fn sftp(place: &Place, lines: &[String]) -> Output {
    let through = place.console.qd(Some(&kubeconfig()));
    let qd = through.get_program().to_str().unwrap();
    let server = format!("{qd} ws exec -n {} w -i -- sftp-server", place.fresh.name());
    let mut command = Command::new("sftp");
    command.args(["-q", "-b", "-", "-D", &server]).env_clear();
    command.envs(through.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("sftp runs");
    child.stdin.take().unwrap().write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// `rwxr-x---` of permission bits.
fn bits(mode: u64) -> String {
    (0..9).map(|at| if (mode >> (8 - at)) & 1 == 1 { ['r', 'w', 'x'][at % 3] } else { '-' }).collect()
}

#[test]
fn ar_07q_the_sftp_of_the_pod_and_the_files_of_the_api_show_and_refuse_the_same() {
    let shared = place();
    let place = one(&shared);
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..500_000u32).flat_map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let (local, back) = (folder.path().join("local"), folder.path().join("back"));
    std::fs::write(&local, &bytes).unwrap();
    assert_eq!(mkdir(&place, json!({ "path": "both/deep", "parents": true })).status, 200);
    let data = format!("@{}", local.display());
    let put = ["-X", "PUT", "--data-binary", &data, "-H", "content-type: application/octet-stream"];
    assert_eq!(place.ask("files", "&path=both%2Fby%20the%20api&mode=640", &put).status, 200);
    assert_eq!(place.ask("files", "&path=both%2F.hidden&mode=600", &put).status, 200);
    // What one writes the other fetches, and both list alike.
    let lines = [
        "pwd".to_owned(),
        "cd both".to_owned(),
        format!("put {} by-sftp", local.display()),
        "chmod 750 by-sftp".to_owned(),
        "ln -s by-sftp link".to_owned(),
        format!("get \"by the api\" {}", back.display()),
        "ls -lan".to_owned(),
    ];
    let said = sftp(&place, &lines);
    assert!(said.status.success(), "{}{}", out(&said), errors(&said));
    assert!(std::fs::read(&back).unwrap() == bytes, "what the api took comes by sftp");
    assert_eq!(place.fetch("files", "&path=both%2Fby-sftp", &[], &back), "200");
    assert!(std::fs::read(&back).unwrap() == bytes, "what sftp took comes by the api");
    let told = out(&said);
    let list = place.ask("files/list", "&path=both&hidden=true", &[]).json();
    let home = list["home"].as_str().unwrap();
    assert!(told.contains(&format!("Remote working directory: {home}\n")), "{home}: {told}");
    let all = list["entries"].as_array().unwrap();
    let names: Vec<_> = all.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, [".hidden", "by the api", "by-sftp", "deep", "link"]);
    let rows: Vec<Vec<&str>> = told.lines().map(|line| line.split_whitespace().collect()).collect();
    let rows: Vec<_> = rows.iter().filter(|row| row.len() > 8 && row[8] != "." && row[8] != "..").collect();
    assert_eq!(rows.len(), all.len(), "{told}");
    let number = |one: &Value, key: &str| one[key].as_u64().unwrap();
    for one in all {
        let name = one["name"].as_str().unwrap();
        let row = rows.iter().find(|row| row[8..].join(" ") == name).unwrap_or_else(|| panic!("{name}: {told}"));
        let kind = match (one["link"] == true, one["dir"] == true) {
            (true, _) => "l",
            (_, true) => "d",
            _ => "-",
        };
        assert_eq!(&row[0][..1], kind, "{name}: {told}");
        assert_eq!(row[2], rows[0][2], "all of it is the user's: {told}");
        // of a link the api tells of what it leads to
        if kind != "l" {
            assert_eq!(&row[0][1..10], bits(number(one, "mode")), "{name}: {told}");
        }
        if kind == "-" {
            assert_eq!(row[4].parse(), Ok(number(one, "size")), "{name}: {told}");
        }
    }
    // What neither does for the user.
    let post = |rest: &str, body: Value| {
        place.ask(rest, "", &["-d", &body.to_string(), "-H", "content-type: application/json"]).code()
    };
    let made = |path: &str| post("files/mkdir", json!({ "path": path }));
    let asked = |rest: &str, path: &str, args: &[&str]| place.ask(rest, &format!("&path={path}"), args).code();
    let deleted = |path: &str| asked("files", path, &["-X", "DELETE"]);
    let renamed = post("files/rename", json!({ "from": "both/by-sftp", "to": "both/link" }));
    let (denied, conflict, none) = ("file_denied", "file_conflict", "not_found");
    let (may_not, failure) = ("Permission denied", "Failure");
    let line = format!("put {} /etc/put", local.display());
    let cases = [
        ("get /proc/1/environ", "/proc/1/environ", may_not, asked("files", "/proc/1/environ", &[]), denied),
        ("get /etc/none", "/etc/none", "not found", asked("files", "/etc/none", &[]), none),
        ("ls /proc/1/fd", "/proc/1/fd", may_not, asked("files/list", "/proc/1/fd", &[]), denied),
        (&*line, "/etc/put", may_not, asked("files", "/etc/put", &put), denied),
        ("mkdir /etc/made", "/etc/made", may_not, made("/etc/made"), denied),
        ("rm /etc/passwd", "/etc/passwd", may_not, deleted("/etc/passwd"), denied),
        ("rm both/none", "both/none", "No such file or directory", deleted("both/none"), none),
        ("mkdir both/deep", "both/deep", failure, made("both/deep"), conflict),
        ("rmdir both", "rmdir", failure, deleted("both"), conflict),
        ("rename -l both/by-sftp both/link", "both/by-sftp", failure, renamed, conflict),
    ];
    let lines: Vec<_> = cases.iter().map(|(line, ..)| format!("-{line}")).collect();
    let said = sftp(&place, &lines);
    let told = format!("{}{}", out(&said), errors(&said));
    for (line, path, words, code, wanted) in &cases {
        assert_eq!(code, wanted, "{line}");
        let refused = |one: &str| !one.starts_with("sftp> ") && one.contains(path) && one.contains(words);
        assert!(told.lines().any(refused), "{line}: {words}\n{told}");
    }
    let after = place.ask("files/list", "&path=both&hidden=true", &[]).json();
    assert_eq!(after["entries"], list["entries"], "nothing is changed by what was refused");
    assert_eq!(place.ask("files", "&path=both&recursive=true", &["-X", "DELETE"]).json()["count"], 6);
}

/// What a process has had in memory at most since this was asked last, above what it has now, in bytes.
fn grown(pid: u32, work: impl FnOnce()) -> u64 {
    let status = |key: &str| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
    };
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    let before = status("VmRSS");
    work();
    status("VmHWM").saturating_sub(before)
}

#[test]
fn ar_07r_bytes_are_passed_on_as_they_come_both_ways_and_in_an_archive() {
    let shared = place();
    let place = one(&shared);
    let folder = tempfile::tempdir().unwrap();
    let (local, back) = (folder.path().join("local"), folder.path().join("back"));
    // Holes take no room of the disk.
    File::create(&local).unwrap().set_len(LARGE).unwrap();
    let data = local.display().to_string();
    let put = ["-X", "PUT", "-T", &data, "-H", "content-type: application/octet-stream", "--max-time", "120"];
    let pid = place.console.pid();
    let taken = grown(pid, || {
        assert_eq!(mkdir(&place, json!({ "path": "large" })).status, 200);
        assert_eq!(place.fetch("files", "&path=large%2Fone", &put, &back), "200");
    });
    assert_eq!(std::fs::metadata(place.home.join("large/one")).unwrap().len(), LARGE);
    let given =
        grown(pid, || assert_eq!(place.fetch("files", "&path=large%2Fone", &[], Path::new("/dev/null")), "200"));
    let packed = grown(pid, || assert_eq!(place.fetch("files/zip", "&path=large", &[], &back), "200"));
    for (what, grown) in [("taken", taken), ("given", given), ("packed", packed)] {
        assert!(grown < LARGE / 3, "{what}: {} MiB more in memory", grown >> 20);
    }
    let test = Command::new("python3").args(["-m", "zipfile", "-t"]).arg(&back).output().unwrap();
    assert!(test.status.success(), "{}", errors(&test));
    assert_eq!(place.ask("files", "&path=large&recursive=true", &["-X", "DELETE"]).json()["count"], 2);
}

const LARGE: u64 = 96 << 20;
