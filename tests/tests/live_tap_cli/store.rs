//! Packets that go to an S3-compatible store: a real one, which looks at signatures.

use super::*;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use std::sync::{Arc, Mutex};

/// Addresses, and tokens.
type Asked = Vec<(String, Option<String>)>;

/// A store with one bucket, whose objects are files of a folder.
struct Store {
    folder: tempfile::TempDir,
    endpoint: String,
    /// The address and the token of each request.
    asked: Arc<Mutex<Asked>>,
    _runtime: tokio::runtime::Runtime,
}

impl Store {
    fn new() -> Self {
        Self::of(tempfile::tempdir().unwrap())
    }

    fn of(folder: tempfile::TempDir) -> Self {
        std::fs::create_dir(folder.path().join("captures")).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        service.set_auth(SimpleAuth::from_single("writer", "canary-secret"));
        let service = service.build();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let service = service_fn(move |request: Request<Incoming>| {
            let token = request.headers().get("x-amz-security-token").map(|token| token.to_str().unwrap().to_owned());
            seen.lock().unwrap().push((request.uri().to_string(), token));
            hyper::service::Service::call(&service, request)
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let service = service.clone();
                tokio::spawn(async move {
                    let builder = Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { folder, endpoint, asked, _runtime: runtime }
    }

    fn object(&self, name: &str) -> PathBuf {
        self.folder.path().join("captures").join(name)
    }

    /// Files of the whole store that are no objects of its bucket: parts of uploads.
    fn parts(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let names = entries.map(|name| name.to_str().unwrap().to_owned());
        names.filter(|name| name.contains("upload")).collect()
    }

    fn tap(&self, home: &Path, words: &[&str], secret: Option<&str>) -> Command {
        let mut command = console::command(home, Some(&kubeconfig()));
        command.arg("tap").args(words).env("QD__CAPTURE__S3__ENDPOINT", &self.endpoint);
        command.env("QD__CAPTURE__S3__PATH_STYLE", "true").env_remove("AWS_ACCESS_KEY_ID");
        if let Some(secret) = secret {
            command.env("AWS_ACCESS_KEY_ID", "writer").env("AWS_SECRET_ACCESS_KEY", secret);
            command.env("AWS_SESSION_TOKEN", "canary-token");
        }
        command
    }
}

const SECRET: Option<&str> = Some("canary-secret");

#[test]
fn cap_n_18k_packets_go_to_a_store_as_they_go_to_a_file() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let store = Store::new();
    let file = home.path().join("all.pcapng");
    let words = ["-n", "shop", "-l", FRONT, "--packets", "full", "--duration", "12", "--rotate", "64K,2"];
    let live = [&words[..], &["--write", "s3://captures/live/x.pcapng"]].concat();
    let output = store.tap(home.path(), &live, SECRET).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    // each file went as it was closed, and of more than two the oldest with its manifest
    let mut names: Vec<String> = std::fs::read_dir(store.object("live"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert!(names.len() == 4 && names[0].as_str() > "x-0001.pcapng", "{names:?}");
    for name in names.iter().filter(|name| name.ends_with(".pcapng")) {
        let object = store.object("live").join(name);
        let verified = qd(home.path(), &kubeconfig(), &["tap", "verify", object.to_str().unwrap()]);
        assert!(verified.status.success(), "{}", errors(&verified));
    }
    // the same bytes as the export to a file, in more than one part
    let small = store.object("live").join(&names[0]);
    let large = home.path().join("large.pcapng");
    let mut many = vec!["-w".to_owned(), large.to_str().unwrap().to_owned(), "-a".to_owned()];
    many.extend(std::iter::repeat_n(small.to_str().unwrap().to_owned(), 400));
    let made = Command::new("mergecap").args(&many).output().unwrap();
    assert!(made.status.success() && std::fs::metadata(&large).unwrap().len() > 20 << 20, "{}", errors(&made));
    let read = ["--read", large.to_str().unwrap(), "--records", "off", "--write"];
    for to in [file.to_str().unwrap(), "s3://captures/read/all.pcapng"] {
        let output = store.tap(home.path(), &[&read[..], &[to]].concat(), SECRET).output().unwrap();
        assert!(output.status.success(), "{}", errors(&output));
    }
    for end in ["", ".manifest"] {
        let [one, other] =
            [home.path().join(format!("all.pcapng{end}")), store.object(&format!("read/all.pcapng{end}"))]
                .map(|path| std::fs::read(path).unwrap());
        assert!(one == other, "{} and {} bytes", one.len(), other.len());
    }
    assert_eq!(store.parts(), [""; 0]);
    // what is secret stands in no address, and nowhere of this user's state
    let asked = store.asked.lock().unwrap().clone();
    assert!(asked.iter().all(|(_, token)| token.as_deref() == Some("canary-token")), "{asked:?}");
    assert!(
        asked.len() > 12 && !asked.iter().any(|(url, _)| url.contains("canary") || url.contains("X-Amz")),
        "{asked:?}"
    );
    let found = Command::new("grep").args(["-rl", "canary-"]).arg(home.path()).output().unwrap();
    assert_eq!(out(&found), "");

    // interrupted: nothing of it stays
    let mut command =
        store.tap(home.path(), &["--read", "-", "--records", "off", "--write", "s3://captures/cut.pcapng"], SECRET);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, &std::fs::read(&large).unwrap()).unwrap();
    assert!(!store.parts().is_empty(), "parts are on their way");
    signal(child.id(), "INT");
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert_eq!(output.status.code(), Some(130), "{}", errors(&output));
    assert!(!store.object("cut.pcapng").exists());
    assert_eq!(store.parts(), [""; 0]);
}

#[test]
fn cap_n_18l_what_keeps_a_store_from_taking_packets_is_said() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let store = Store::new();
    let words = ["-n", "shop", "-l", FRONT, "--duration", "2", "-o", "json", "--write"];
    let far = Store { endpoint: "http://127.0.0.1:9".to_owned(), ..Store::new() };
    for (store, to, secret, reason, next) in [
        (&store, "s3://captures/x.pcapng", None, "credentials_missing", "AWS_ACCESS_KEY_ID"),
        (&store, "s3://captures/x.pcapng", Some("wrong"), "denied", "credentials"),
        (&store, "s3://nowhere/x.pcapng", SECRET, "no_bucket", "make it first"),
        (&far, "s3://captures/x.pcapng", SECRET, "unreachable", "[capture.s3]"),
    ] {
        let output = store.tap(home.path(), &[&words[..], &[to]].concat(), secret).output().unwrap();
        let said = errors(&output) + &out(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for word in ["write_failed", reason, next] {
            assert!(said.contains(word), "{word}: {said}");
        }
        assert!(!said.contains("X-Amz") && !said.contains("canary-secret"), "{said}");
    }
    let output = store.tap(home.path(), &[&words[..], &["s3://captures"]].concat(), SECRET).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
}

/// A store whose disk is full in the middle of an object.
#[test]
fn cap_n_18m_what_fails_midway_leaves_nothing_and_is_said() {
    let small = Small::of("12m");
    let store = Store::of(tempfile::tempdir_in(small.0.path()).unwrap());
    let said = fails(&store, capture(32 << 20));
    assert!(said.contains("all.pcapng"), "{said}");
    assert!(!store.object("all.pcapng.manifest").exists());
    // as the end of it: its manifest is refused, where something else stands
    let store = Store::new();
    std::fs::create_dir(store.object("all.pcapng.manifest")).unwrap();
    fails(&store, capture(1 << 20));
}

/// An object that cannot be written whole: nothing of it stays.
fn fails(store: &Store, capture: Vec<u8>) -> String {
    let home = tempfile::tempdir().unwrap();
    let read = ["--read", "-", "--records", "off", "--write", "s3://captures/all.pcapng", "-o", "json"];
    let mut child = store.tap(home.path(), &read, SECRET);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // all of it, unless nobody takes it any longer
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, &capture).is_ok());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let said = errors(&output) + &out(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("write_failed"), "{said}");
    assert!(!store.object("all.pcapng").exists());
    assert_eq!(store.parts(), [""; 0]);
    said
}

/// A pcap of so many bytes: packets of Ethernet without content.
fn capture(bytes: usize) -> Vec<u8> {
    const LEN: usize = 60_000;
    let mut file = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1].map(u32::to_le_bytes).concat();
    while file.len() < bytes {
        file.extend([1, 0, LEN as u32, LEN as u32].map(u32::to_le_bytes).concat());
        file.resize(file.len() + LEN, 0);
    }
    file
}
