//! Agents that are none: images that do not run, and a stream that somebody writes into.

use super::Proxy;
use e2e::fresh::Fresh;
use e2e::running::Running;
use e2e::tapped::qd;
use e2e::tapping::{alone, tap};
use e2e::{console, errors, kubeconfig, kubectl};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

/// Makes an archive of an image whose program is for another processor.
const WRONG: &str = r#"
import hashlib, io, json, struct, sys, tarfile
name, path = sys.argv[1:]
# the head of a program for a machine of the number 243, which this is not
head = b'\x7fELF\x02\x01\x01' + bytes(9) + struct.pack('<HHIQQQIHHHHHH', 2, 243, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
program = head + struct.pack('<IIQQQQQQ', 1, 5, 0, 0x400000, 0x400000, 120, 120, 4096)
def add(tar, name, data, mode=0o644):
    info = tarfile.TarInfo(name); info.size = len(data); info.mode = mode
    tar.addfile(info, io.BytesIO(data))
layer = io.BytesIO()
with tarfile.open(fileobj=layer, mode='w') as tar: add(tar, 'qd-agent', program, 0o755)
layer = layer.getvalue()
config = json.dumps({'architecture': 'amd64', 'os': 'linux', 'config': {'Entrypoint': ['/qd-agent']},
    'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + hashlib.sha256(layer).hexdigest()]}}).encode()
own = hashlib.sha256(config).hexdigest() + '.json'
with tarfile.open(path, 'w') as tar:
    add(tar, own, config); add(tar, 'layer.tar', layer)
    add(tar, 'manifest.json', json.dumps([{'Config': own, 'RepoTags': [name], 'Layers': ['layer.tar']}]).encode())
"#;

/// Copies an archive of an image and gives the image another name.
const NAMED: &str = r#"
import io, json, sys, tarfile
name, source, path = sys.argv[1:]
with tarfile.open(source) as old, tarfile.open(path, 'w') as new:
    before = json.load(old.extractfile('manifest.json'))[0]['RepoTags'][0].encode()
    for member in old.getmembers():
        data = old.extractfile(member).read() if member.isfile() else b''
        if member.name in ('manifest.json', 'index.json', 'repositories'): data = data.replace(before, name.encode())
        member.size = len(data)
        new.addfile(member, io.BytesIO(data))
"#;

/// Makes an archive by a script and loads it on the node.
fn load(script: &str, words: &[&str], archive: &Path) {
    let made = Command::new("python3").args(["-c", script]).args(words).arg(archive).output().unwrap();
    assert!(made.status.success(), "{}", errors(&made));
    let cluster = kubeconfig().parent().and_then(Path::file_name).unwrap().to_str().unwrap().to_owned();
    let words = ["cluster", "load-image", archive.to_str().unwrap(), "--name", &cluster];
    let loaded = Command::new(e2e::env("QD_XTASK")).current_dir("..").args(words).output().unwrap();
    assert!(loaded.status.success(), "{}", errors(&loaded));
}

#[test]
fn cap_f_05_an_image_that_does_not_run_is_told_with_the_kubelets_reason_and_other_pods_go_on() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let space = Fresh::new("tap-images");
    ["one", "two"].iter().for_each(|name| space.pod(name, &json!({})));
    ["one", "two"].iter().for_each(|name| space.running(name));
    let image = format!("images.invalid/agent-{}:1", std::process::id());
    let own = home.path().join("own.tar");
    let output = qd(home.path(), &kubeconfig(), &["tap", "image", "--output", own.to_str().unwrap()]);
    assert!(output.status.success(), "this qd was built without the agent: {}", errors(&output));
    // In one pod an agent waits; then its image is another one, for another processor.
    load(NAMED, &[&image, own.to_str().unwrap()], &home.path().join("named.tar"));
    let words = ["tap", "-n", space.name(), "--image", &image, "-o", "jsonl"];
    let run = |more: &[&str]| qd(home.path(), &kubeconfig(), &[&words[..], more].concat());
    let output = run(&["--pod", "two", "--duration", "2", "--keep-agent=600"]);
    assert!(output.status.success(), "{}", errors(&output));
    load(WRONG, &[&image], &home.path().join("wrong.tar"));
    let running = Running::start(tap(home.path(), &words[1..]).args(["-l", "app in (one,two)"]).stdout(Stdio::null()));
    running.wait("one is refused, the other captured", |running| {
        running.said().contains("failed: ") && running.said().contains("tap-images/two  capturing")
    });
    let said = running.said();
    let line = said.lines().find(|line| line.contains("failed: ")).unwrap();
    assert!(
        line.contains("tap-images/one") && line.contains("it ended: Error") && line.contains("exit code"),
        "{said}"
    );
    assert!(line.contains("qd tap image"), "the next step: {said}");
    assert!(running.end().0.success());
    // Alone, that is the end; so is a program that is no agent.
    let words = ["get", "pod", "one", "-n", space.name(), "-o", "jsonpath={.spec.containers[0].image}"];
    let other = kubectl::stdout(&kubeconfig(), &words);
    for (image, reason) in [(image.as_str(), "exit code"), (&other, "exit code")] {
        let words = ["tap", "-n", space.name(), "--pod", "one", "--image", image, "-o", "jsonl"];
        let output = qd(home.path(), &kubeconfig(), &words);
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(1), "{image}: {said}");
        assert!(
            said.contains("agent_image") && said.contains("qd tap image") && said.contains(reason),
            "{image}: {said}"
        );
    }
}

/// Between `qd` and the API server, in the clear: words of the one are others for the other.
fn between(server: String, find: &'static [u8], put: &'static [u8]) -> u16 {
    assert_eq!(find.len(), put.len());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let Ok(far) = TcpStream::connect(&server) else { continue };
            for (mut from, mut to, changes) in
                [(near.try_clone().unwrap(), far.try_clone().unwrap(), false), (far, near, true)]
            {
                std::thread::spawn(move || {
                    let mut buffer = vec![0; 64 << 10];
                    while let Ok(count @ 1..) = from.read(&mut buffer) {
                        let bytes = &mut buffer[..count];
                        let found = bytes.windows(find.len()).position(|part| changes && part == find);
                        if let Some(at) = found {
                            bytes[at..at + put.len()].copy_from_slice(put);
                        }
                        if to.write_all(bytes).is_err() {
                            break;
                        }
                    }
                    let _ = to.shutdown(Shutdown::Both);
                });
            }
        }
    });
    port
}

#[test]
fn cap_f_18_a_stream_that_somebody_wrote_into_is_closed_and_the_other_agents_go_on() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let space = Fresh::new("tap-hostile");
    ["one", "two"].iter().for_each(|name| space.pod(name, &json!({})));
    ["one", "two"].iter().for_each(|name| space.running(name));
    let proxy = Proxy::start();
    let port = between(proxy.1.clone(), b"hostile.example", b"hostage.example");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "between",
        "clusters": [{ "name": "between", "cluster": { "server": format!("http://127.0.0.1:{port}") } }],
        "users": [{ "name": "between", "user": {} }],
        "contexts": [{ "name": "between", "context": { "cluster": "between", "user": "between" } }],
    });
    let path = home.path().join("kubeconfig");
    std::fs::write(&path, config.to_string()).unwrap();
    let ask = |pod: &str, host: &str, path: &str| {
        let words = ["get", "pod", pod, "-n", space.name(), "-o", "jsonpath={.status.podIP}"];
        let address = kubectl::stdout(&kubeconfig(), &words);
        let mut stream = TcpStream::connect((address.as_str(), 8080)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    };
    let records = home.path().join("records");
    let mut command = console::command(home.path(), Some(&path));
    command.args(["tap", "-n", space.name(), "-l", "app in (one,two)", "-o", "jsonl"]);
    let running = Running::start(command.stdout(std::fs::File::create(&records).unwrap()));
    running.wait("both", |running| running.agents() == 2);
    // What one of them sends is changed on its way: its sums say so.
    running.wait("refused", |running| {
        ask("one", "hostile.example", "/one");
        running.said().contains("failed: ")
    });
    let said = running.said();
    let line = said.lines().find(|line| line.contains("failed: ")).unwrap();
    assert!(line.contains("tap-hostile/one") && line.contains("sent what is no frame"), "{line}");
    assert!(!said.contains("tap-hostile/one  stream resumed"), "nothing more is taken of it: {said}");
    running.wait("the other goes on", |_| {
        ask("two", "shop.example", "/two");
        let text = std::fs::read_to_string(&records).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).any(|one| one["path"] == "/two")
    });
    assert_eq!(running.said().matches("failed: ").count(), 1);
    let (status, said) = running.end();
    assert!(status.success(), "{said}");
    let text = std::fs::read_to_string(&records).unwrap();
    assert!(!text.contains("hostage"), "what was changed is nowhere");
}

/// A program that gives up every right and becomes the agent, as a runtime does that grants none.
const WITHOUT: &str = r#"
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char **words) {
    struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct none[2] = { 0 };
    if (syscall(SYS_capset, &head, none)) return 111;
    words[0] = "/qd-agent";
    execv(words[0], words);
    return 112;
}
"#;

/// Copies an archive of an image, puts a program into it and begins with that.
const BEGUN_BY: &str = r#"
import hashlib, io, json, sys, tarfile
name, source, program, path = sys.argv[1:]
def add(tar, name, data, mode=0o644):
    info = tarfile.TarInfo(name); info.size = len(data); info.mode = mode
    tar.addfile(info, io.BytesIO(data))
more = io.BytesIO()
with tarfile.open(fileobj=more, mode='w') as tar: add(tar, 'without', open(program, 'rb').read(), 0o755)
more = more.getvalue()
with tarfile.open(source) as old, tarfile.open(path, 'w') as new:
    about = json.load(old.extractfile('manifest.json'))[0]
    config = json.load(old.extractfile(about['Config']))
    config['config']['Entrypoint'] = ['/without']
    config['rootfs']['diff_ids'].append('sha256:' + hashlib.sha256(more).hexdigest())
    config.pop('history', None)
    config = json.dumps(config).encode()
    own = hashlib.sha256(config).hexdigest() + '.json'
    layers = []
    for at, layer in enumerate(about['Layers']):
        layers.append('layer%d.tar' % at)
        add(new, layers[-1], old.extractfile(layer).read())
    add(new, 'more.tar', more); add(new, own, config)
    add(new, 'manifest.json', json.dumps([{'Config': own, 'RepoTags': [name], 'Layers': layers + ['more.tar']}]).encode())
"#;

#[test]
fn cap_f_06_an_agent_that_is_not_given_the_right_to_packets_tells_sockets_or_ends_where_packets_were_asked_for() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let space = Fresh::new("tap-no-raw");
    space.pod("one", &json!({}));
    space.running("one");
    let (own, source, program) =
        (home.path().join("own.tar"), home.path().join("without.c"), home.path().join("without"));
    let output = qd(home.path(), &kubeconfig(), &["tap", "image", "--output", own.to_str().unwrap()]);
    assert!(output.status.success(), "this qd was built without the agent: {}", errors(&output));
    std::fs::write(&source, WITHOUT).unwrap();
    let made = Command::new("cc").args(["-static", "-O1", "-o"]).args([&program, &source]).output().unwrap();
    assert!(made.status.success(), "a C compiler is missing: {}", errors(&made));
    let image = format!("images.invalid/without-{}:1", std::process::id());
    let words = [image.as_str(), own.to_str().unwrap(), program.to_str().unwrap()];
    load(BEGUN_BY, &words, &home.path().join("without.tar"));
    let words = ["tap", "-n", space.name(), "--pod", "one", "--image", &image, "--duration", "3", "-o", "jsonl"];
    let output = qd(home.path(), &kubeconfig(), &words);
    let said = errors(&output);
    assert!(output.status.success(), "{said}");
    // Admission had let the right through: it is the agent that says what it got.
    assert!(said.contains(" added (netraw)") && said.contains("no packets here: "), "{said}");
    let lines = e2e::out(&output);
    let kinds = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].clone());
    let kinds: Vec<Value> = kinds.collect();
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| kind == "socket"), "{kinds:?}");
    let asked = [&words[..], &["--packets", "headers"]].concat();
    let output = qd(home.path(), &kubeconfig(), &asked);
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("tap_admission") && said.contains("packet sockets are refused"), "{said}");
}
