//! Files of packets and the programs that read them: Wireshark's own, pipes, rotation, full disks, kills; and what ends a tap.

use super::Small;
use e2e::running::Running;
use e2e::tapped::qd;
use e2e::tapping::{FRONT, alone, pods, tap};
use e2e::{errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A program of Wireshark, without a word on stderr but the one about root.
fn quiet(name: &str, words: &[&str]) -> String {
    let output = Command::new(name).args(words).output();
    let output =
        output.unwrap_or_else(|_| panic!("{name} is missing: install the Debian packages tshark, wireshark-common"));
    let said: Vec<String> = errors(&output)
        .lines()
        .filter(|line| !line.is_empty() && !line.contains("as user \"root\""))
        .map(str::to_owned)
        .collect();
    assert!(output.status.success() && said.is_empty(), "{name} {words:?}: {said:?}");
    out(&output)
}

#[test]
fn cap_n_19d_packets_go_through_a_pipe_until_the_reader_has_enough() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let words = ["-n", "shop", "-l", FRONT, "--packets", "full", "--no-redact", "--write", "-"];
    let mut child = tap(home.path(), &words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    let words = ["-r", "-", "-c", "20", "-T", "fields", "-e", "frame.interface_name"];
    let seen = Command::new("tshark").args(words).stdin(stdout).output();
    let seen = seen.expect("tshark is missing: install the Debian package tshark");
    let lines = out(&seen);
    assert!(
        lines.lines().count() == 20 && lines.lines().all(|line| line.starts_with("shop/front-")),
        "{}",
        errors(&seen)
    );
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && errors(&output).contains("ended: "), "{}", errors(&output));
}

/// Transactions by client and begin, without what depends on who captures: ids, interfaces, names that the cluster tells.
fn transactions(text: &str) -> HashMap<String, Value> {
    let mut all = HashMap::new();
    for line in text.lines() {
        let mut record: Value = serde_json::from_str(line).unwrap();
        if record["kind"] != "http" || record["pair"] != "ok" {
            continue;
        }
        let of_capture = ["id", "seq", "flow", "if", "pod", "vantage"];
        record.as_object_mut().unwrap().retain(|name, _| !of_capture.contains(&name.as_str()));
        for end in ["src", "dst"] {
            let end = record[end].as_object_mut().unwrap();
            end.retain(|name, _| matches!(name.as_str(), "ip" | "port"));
        }
        all.insert(format!("{} {} {}", record["src"], record["dst"], record["ts"]), record);
    }
    all
}

#[test]
fn cap_n_23m_the_file_of_a_tap_gives_exactly_the_records_that_the_tap_gave() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("front.pcapng");
    let file = file.to_str().unwrap();
    let words = ["tap", "-n", "shop", "-l", FRONT, "--packets", "full", "--no-redact", "--duration", "10"];
    let live = qd(home.path(), &kubeconfig(), &[&words[..], &["-o", "jsonl", "--write", file]].concat());
    assert!(live.status.success(), "{}", errors(&live));
    let read = qd(home.path(), &kubeconfig(), &["tap", "--read", file, "--no-redact", "-o", "jsonl"]);
    assert!(read.status.success(), "{}", errors(&read));
    let (live, read) = (transactions(&out(&live)), transactions(&out(&read)));
    // What the tap could not send in time is missing in one of them; what is in both is the same.
    let both: Vec<_> = live.iter().filter_map(|(key, one)| Some((one, read.get(key)?))).collect();
    assert!(
        both.len() >= 20 && both.len() * 10 >= live.len() * 9,
        "{} of {} and {}",
        both.len(),
        live.len(),
        read.len()
    );
    both.iter().for_each(|(live, read)| assert_eq!(live, read));
}

#[test]
fn cap_n_20q_a_key_log_that_grows_decrypts_what_pods_say_from_then_on() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("keys.log");
    let selector = "app.kubernetes.io/name=pay";
    let words = ["-n", "shop", "-l", selector, "--keylog", log.to_str().unwrap(), "--duration", "100"];
    let words = [&words[..], &["--where", "path = \"/live-keys-6\"", "-o", "jsonl"]].concat();
    let mut running = Running::start(tap(home.path(), &words).stdout(Stdio::piped()));
    let mut records = BufReader::new(running.stdout().unwrap());
    let many = pods(selector).len();
    running.wait("captured", |running| running.agents() == many);
    let address = "jsonpath={.subsets[0].addresses[0].ip}:{.subsets[0].ports[0].port}";
    let server = kubectl::stdout(&kubeconfig(), &["get", "endpoints", "-n", "shop", "pay", "-o", address]);
    // One connection that lives for some seconds: its keys are there long before its last request.
    let url = format!("https://{server}/live-keys-[1-6]");
    let words = ["-sk", "--rate", "1/s", "--max-time", "20", "--noproxy", "*", "--http1.1", "-o", "/dev/null", &url];
    assert!(Command::new("curl").env("SSLKEYLOGFILE", &log).args(words).status().unwrap().success());
    let mut line = String::new();
    records.read_line(&mut line).unwrap();
    let record: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}{}", running.said()));
    assert_eq!((&record["path"], &record["pair"]), (&json!("/live-keys-6"), &json!("ok")), "{record}");
    let (status, said) = running.end();
    assert!(status.success() && said.contains(" keys of ") && said.contains(" were given"), "{said}");
    let keys = std::fs::read_to_string(&log).unwrap();
    let secret = keys.lines().last().unwrap().rsplit(' ').next().unwrap();
    assert!(!said.contains(secret) && !line.contains(secret), "a key is told");
}

#[test]
fn cap_f_14c_records_whose_reader_went_away_end_the_tap_and_leave_a_whole_file() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("front.pcapng");
    let words = ["-n", "shop", "-l", FRONT, "--packets", "full", "-o", "jsonl", "--write", file.to_str().unwrap()];
    let mut child = tap(home.path(), &words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    assert!(line.starts_with("{\"pod\":\"shop/front-"), "{line}");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    assert!(errors(&output).contains("ended: ") && !errors(&output).contains("ERROR"), "{}", errors(&output));
    assert!(qd(home.path(), &kubeconfig(), &["tap", "verify", file.to_str().unwrap()]).status.success());
}

#[test]
fn cap_f_16a_a_file_is_whole_after_a_kill_and_says_that_it_was_cut() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("front.pcapng");
    let words = ["-n", "shop", "-l", FRONT, "--packets", "full", "--write", file.to_str().unwrap()];
    let mut child = tap(home.path(), &words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while std::fs::metadata(&file).map_or(0, |about| about.len()) < 40_000 {
        assert!(Instant::now() < until && child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(100));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let file = file.to_str().unwrap();
    assert!(quiet("tshark", &["-r", file, "-T", "fields", "-e", "frame.number"]).lines().count() > 20);
    quiet("capinfos", &[file]);
    let output = qd(home.path(), &kubeconfig(), &["tap", "verify", file, "-o", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
    let told: Value = serde_json::from_str(&out(&output)).unwrap();
    assert!(told["ended"] == false && told["changed"] == json!([]), "{told}");
}

#[test]
fn cap_n_18e_rotated_files_are_read_and_merged_by_wireshark() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("front.pcapng");
    let words = ["tap", "-n", "shop", "-l", FRONT, "--packets", "full", "--duration", "12", "--rotate", "64K,20"];
    let words = [&words[..], &["--write", file.to_str().unwrap()]].concat();
    let output = qd(home.path(), &kubeconfig(), &words);
    assert!(output.status.success(), "{}", errors(&output));
    let mut parts: Vec<String> = std::fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .filter(|path| path.ends_with(".pcapng"))
        .collect();
    parts.sort();
    assert!(parts.len() >= 2, "{parts:?}");
    let merged = home.path().join("merged");
    let mut words = vec!["-w", merged.to_str().unwrap()];
    words.extend(parts.iter().map(String::as_str));
    quiet("mergecap", &words);
    let count = |path: &str| quiet("tshark", &["-r", path, "-T", "fields", "-e", "frame.number"]).lines().count();
    assert_eq!(count(merged.to_str().unwrap()), parts.iter().map(|part| count(part)).sum::<usize>());
    for part in &parts {
        let about = quiet("capinfos", &[part]);
        assert!(about.contains("Strict time order:   True") && about.contains("Capture application: qd "), "{about}");
        assert!(qd(home.path(), &kubeconfig(), &["tap", "verify", part]).status.success(), "{part}");
    }
    // transactions are told at their packets, losses and names stand in the file
    let comments = quiet("tshark", &["-r", &parts[0], "-Y", "frame.comment", "-T", "fields", "-e", "frame.comment"]);
    assert!(comments.lines().filter(|line| line.starts_with("qd http ")).count() > 3, "{comments}");
    let names = quiet("tshark", &["-r", &parts[0], "-N", "n", "-T", "fields", "-e", "ip.src_host"]);
    assert!(names.lines().any(|name| name.starts_with("front-") && name.ends_with(".shop")), "{names}");
}

#[test]
fn cap_n_19_wireshark_captures_on_a_pod_as_on_an_interface() {
    let _alone = alone();
    // Wireshark takes programs of its user's folder from others than root alone
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    open(folder.path());
    let (home, programs) = (folder.path().join("home"), folder.path().join("extcap"));
    [&home, &programs].iter().for_each(|path| std::fs::create_dir(path).unwrap());
    let (config, program) = (folder.path().join("kubeconfig"), folder.path().join("qd"));
    std::fs::copy(kubeconfig(), &config).unwrap();
    std::fs::copy(e2e::qd(), &program).unwrap();
    open(&program);
    let script = format!(
        "#!/bin/sh\nexport KUBECONFIG={} HOME={}\nexec {} \"$@\"\n",
        config.display(),
        home.display(),
        program.display()
    );
    std::fs::write(programs.join("qd"), script).unwrap();
    open(&programs.join("qd"));
    for path in [&home, &config] {
        std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
    }
    let tshark = |words: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "tshark"]).args(words);
        command.env("WIRESHARK_EXTCAP_DIR", &programs).env("HOME", &home);
        command.output().expect("setpriv is missing: install the Debian package util-linux")
    };
    let listed = out(&tshark(&["-D"]));
    let named = |line: &str| line.split_whitespace().find(|word| word.starts_with("qd:shop/front-")).map(str::to_owned);
    let Some(interface) = listed.lines().find_map(named) else { panic!("{listed}") };
    let words = [
        "-i",
        &interface,
        "-f",
        "tcp port 8080",
        "-c",
        "15",
        "-T",
        "fields",
        "-e",
        "frame.interface_name",
        "-e",
        "tcp.port",
    ];
    let seen = tshark(&words);
    let lines = out(&seen);
    assert_eq!(lines.lines().count(), 15, "{lines} {}", errors(&seen));
    for line in lines.lines() {
        assert!(line.starts_with("shop/front-") && line.contains("8080"), "{line}");
    }
}

#[test]
fn cap_f_13_a_full_disk_ends_the_packets_and_the_records_go_on() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let small = Small::of("128k");
    let file = small.0.path().join("front.pcapng");
    let to = ["--packets", "full", "-o", "jsonl", "--write", file.to_str().unwrap(), "--duration", "12"];
    let run =
        |more: &[&str]| tap(home.path(), &[&["-n", "shop", "-l", FRONT], &to[..], more].concat()).output().unwrap();
    let output = run(&["--on-full", "stop"]);
    assert!(output.status.success() && errors(&output).contains("spool_full"), "{}", errors(&output));
    let lines = out(&output);
    let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let times: Vec<i64> = records.filter(|one| one["kind"] == "http").filter_map(|one| one["ts"].as_i64()).collect();
    let last: i64 = quiet("capinfos", &["-r", "-T", "-m", "-e", "-S", file.to_str().unwrap()])
        .trim()
        .rsplit(',')
        .next()
        .and_then(|text| text.trim_matches('"').parse::<f64>().ok())
        .map(|seconds| (seconds * 1e6) as i64)
        .unwrap();
    let after = times.iter().filter(|ts| **ts > last + 1_000_000).count();
    assert!(after > 0, "the file ends at {last}, records at {:?}", times.last());
    // Unless that is asked for, the tap fails.
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
    assert!(
        errors(&output).contains("write_failed") || errors(&output).contains("cannot write"),
        "{}",
        errors(&output)
    );
}

#[test]
fn cap_f_30_every_limit_is_a_normal_end_with_counters_and_nothing_that_matched_is_one_of_its_own() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("front.pcapng");
    let file = file.to_str().unwrap();
    for words in [
        &["--duration", "3"][..],
        &["--count", "5"],
        &["--limit-size", "64K", "--write", file],
        &["--duration", "4", "--wait-for", "60s"],
        // What came before that is no reason to end.
        &["--count", "200", "--wait-for", "45s"],
    ] {
        let all = [&["-n", "shop", "-l", FRONT, "-o", "jsonl"], words].concat();
        let output = tap(home.path(), &all).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", errors(&output));
        let said = errors(&output);
        assert!(said.contains("  ended: ") && said.contains(" packets, "), "{words:?}: {said}");
        if let ["--count", count, ..] = words {
            assert_eq!(out(&output).lines().count().to_string(), **count);
        }
    }
    let words = ["-n", "shop", "-l", FRONT, "--where", "path = \"/nobody-asks\"", "--wait-for", "4s", "-o", "jsonl"];
    let output = tap(home.path(), &words).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", errors(&output));
    assert!(errors(&output).contains("timed_out") && errors(&output).contains("  ended: "), "{}", errors(&output));
    assert_eq!(out(&output), "");
}
