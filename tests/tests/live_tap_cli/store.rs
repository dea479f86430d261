//! Packets that go to an S3-compatible store: a real one, which looks at signatures.

use super::*;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;

/// A store with one bucket, whose objects are files of a folder.
struct Store {
    folder: tempfile::TempDir,
    endpoint: String,
    _runtime: tokio::runtime::Runtime,
}

impl Store {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("captures")).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        service.set_auth(SimpleAuth::from_single("writer", "canary-secret"));
        let service = service.build();
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
        Self { folder, endpoint, _runtime: runtime }
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
    // the secret is nowhere of this user's state
    let found = Command::new("grep").args(["-rl", "canary-secret"]).arg(home.path()).output().unwrap();
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
