//! Files, by a real client and over a channel.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::{Command, Stdio};

use link::Event;
use link::files::{Files, Open, Writing};
use serde_json::json;

use super::caller::steps;
use super::pod::{PROGRAM, Pod, UID};

#[test]
fn ac_23c_the_real_client_lists_sends_fetches_and_renames() {
    let folder = tempfile::tempdir().unwrap();
    let server = folder.path().join("sftp-server");
    symlink(PROGRAM, &server).unwrap();
    let there = folder.path().join("there");
    std::fs::create_dir(&there).unwrap();
    let sent: Vec<u8> = (0..700_001u32).map(|at| (at % 251) as u8).collect();
    std::fs::write(folder.path().join("sent"), &sent).unwrap();
    for at in 0..300 {
        std::fs::write(there.join(format!("many-{at}")), "").unwrap();
    }
    let script = format!(
        "cd {0}/there\nput {0}/sent\nmkdir sub\nrename sent sub/kept\nget sub/kept {0}/back\nchmod 640 sub/kept\n\
         ln -s sub/kept link\nls -1\nrm many-7\nput -p {0}/sent sub/again\nrmdir nothing\n",
        folder.path().display()
    );
    let mut client = Command::new("sftp")
        .args(["-D"])
        .arg(&server)
        .args(["-b", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("needs the client of SFTP: apt-get install openssh-client");
    client.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let done = client.wait_with_output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert_eq!(std::fs::read(folder.path().join("back")).unwrap(), sent, "{out}\n{err}");
    assert_eq!(std::fs::metadata(there.join("sub/kept")).unwrap().mode() & 0o777, 0o640);
    assert_eq!(std::fs::read(there.join("link")).unwrap(), sent);
    assert!(!there.join("many-7").exists() && there.join("sub/again").exists());
    let listed = out.lines().filter(|line| line.contains("many-") && !line.contains("rm ")).count();
    assert_eq!(listed, 300, "{out}");
    assert!(!done.status.success() && err.contains("nothing"), "the last command fails: {err}");
}

#[test]
fn ac_23d_over_a_channel_files_are_the_users() {
    let pod = Pod::start(&json!({}));
    steps(async {
        let link = pod.link().await;
        let mut session = link.files().await.unwrap();
        assert!(session.id().starts_with("sf-"));
        let packet = |kind: u8, fields: &[u8]| {
            let mut bytes = ((fields.len() + 1) as u32).to_be_bytes().to_vec();
            bytes.push(kind);
            bytes.extend(fields);
            bytes
        };
        let text = |text: &[u8]| [&(text.len() as u32).to_be_bytes()[..], text].concat();
        let open = |id: u32, path: &[u8]| {
            let fields = [&id.to_be_bytes()[..], &text(path), &0x1au32.to_be_bytes(), &0u32.to_be_bytes()].concat();
            packet(3, &fields)
        };
        let asked = [packet(1, &3u32.to_be_bytes()), open(1, b"mine"), open(2, b"/etc/not-mine")].concat();
        session.send(&asked).await.unwrap();
        let mut came = Vec::new();
        // version, handle, status: kinds of the packets that came
        let kinds = loop {
            if let Some(Event::Output { bytes, .. }) = session.next().await.unwrap() {
                came.extend(bytes);
            }
            let (mut rest, mut kinds) = (came.as_slice(), Vec::new());
            while let Some(head) = rest.first_chunk::<4>() {
                let len = u32::from_be_bytes(*head) as usize;
                let Some(body) = rest.get(4..4 + len) else { break };
                kinds.push(body[0]);
                rest = &rest[4 + len..];
            }
            if kinds.len() == 3 {
                break kinds;
            }
        };
        assert_eq!(kinds, [2, 102, 101]);
        assert_eq!(std::fs::metadata(pod.home("mine")).unwrap().uid(), UID);
        assert!(!pod.path("etc/not-mine").exists());
    });
}

#[test]
fn wb_05o_a_file_on_its_way_is_a_use_and_a_question_about_one_is_none() {
    let pod = Pod::start(&json!({}));
    steps(async {
        let link = pod.link().await;
        let used = async || {
            let (status, told) = link.request("GET", "/api/v1/activity", None).await.unwrap();
            assert_eq!(status, 200, "{told}");
            told["uses"].as_array().unwrap().iter().any(|one| one["door"] == "files")
        };
        let mut files = Files::open(link.files().await.unwrap()).await.unwrap();
        files.real(b".").await.unwrap();
        files.list(b".", 100).await.unwrap();
        assert!(!used().await, "whoever only looks holds up nothing");
        let handle = files.open_file(b"sent", Open::Anew, 0o600).await.unwrap();
        let mut writing = Writing::new(handle, 0);
        files.write(&mut writing, &[7; 100_000]).await.unwrap();
        files.written(&mut writing).await.unwrap();
        assert!(used().await);
        assert_eq!(std::fs::metadata(pod.home("sent")).unwrap().len(), 100_000);
    });
}

#[test]
fn wb_05p_apps_of_the_workspace_are_asked_when_they_were_used_and_nobody_else_is() {
    let pod = Pod::start(&json!({}));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = std::thread::spawn(move || {
        let (mut all, bodies) = (Vec::new(), [r#"{"last_activity":"2026-01-01T00:00:00Z","kernels":1}"#, "no JSON"]);
        for body in bodies {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 1024];
            let len = std::io::Read::read(&mut stream, &mut head).unwrap();
            all.push(String::from_utf8_lossy(&head[..len]).lines().next().unwrap_or_default().to_owned());
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            std::io::Write::write_all(&mut stream, answer.as_bytes()).unwrap();
        }
        all
    });
    steps(async {
        let link = pod.link().await;
        let ask = async |url: &str| {
            let body = json!({ "urls": [url] });
            let (status, told) = link.request("POST", "/api/v1/used", Some(&body)).await.unwrap();
            assert_eq!(status, 200, "{told}");
            told
        };
        let told = ask(&format!("http://localhost:{port}/api/status?a=1")).await;
        let used = &told["uses"][0];
        assert_eq!((&used["door"], &used["at_ms"]), (&json!("http"), &json!(1_767_225_600_000_u64)), "{told}");
        assert_eq!(told["failed"], json!([]));
        let told = ask(&format!("http://127.0.0.1:{port}/")).await;
        assert_eq!(
            (told["uses"].as_array().unwrap().len(), told["failed"].as_array().unwrap().len()),
            (0, 1),
            "{told}"
        );
        for (url, why) in [
            ("http://127.0.0.1:1/", "refused"),
            ("http://192.0.2.1/", "not of this workspace"),
            ("https://localhost/", "not of this workspace"),
            ("no url", "no URL"),
        ] {
            let told = ask(url).await;
            assert!(told["failed"][0].as_str().is_some_and(|said| said.contains(why)), "{url}: {told}");
        }
    });
    assert_eq!(asked.join().unwrap(), ["GET /api/status?a=1 HTTP/1.1", "GET / HTTP/1.1"]);
}
