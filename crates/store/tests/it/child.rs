//! What other processes do in these tests: the test binary starts itself with one of these and `QD_TEST_STORE`.

use crate::support::{draft, open, open_with};
use policy::Journal as _;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use store::JournalConfig;

/// Starts this binary as a child that runs one of the functions below.
pub(crate) fn start(function: &str, path: &std::path::Path) -> Child {
    command(function, path).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap()
}

pub(crate) fn command(function: &str, path: &std::path::Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("child::{function}"), "--ignored", "--nocapture"]);
    command.env("QD_TEST_STORE", path);
    command
}

fn path() -> PathBuf {
    std::env::var_os("QD_TEST_STORE").map(PathBuf::from).expect("these are started by other tests")
}

/// Says on stdout what is on disk, one decision a line.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

#[tokio::test]
#[ignore = "a child process of the tests"]
async fn appends_until_killed() {
    let (_store, journal) = open(&path()).await;
    for n in 0..1_000_000 {
        let draft = draft(n, "desk:ada", "dev/pods/shop/a");
        let decision = draft.anchors[0].value.clone();
        // Some are waited for, some wait in the queue when the end comes.
        let receipt = journal.append(draft).unwrap();
        if n % 3 == 0 {
            receipt.settled().await.unwrap();
            say(&format!("settled {decision}"));
        }
    }
}

#[tokio::test]
#[ignore = "a child process of the tests"]
async fn appends_five_hundred() {
    let (_store, journal) = open(&path()).await;
    for n in 0..500 {
        let receipt = journal.append(draft(n, "desk:ada", "dev/pods/shop/a")).unwrap();
        if n % 10 == 0 {
            receipt.settled().await.unwrap();
        }
    }
    journal.close().await;
}

/// Started under a limit on file sizes, which stands for a full disk; lifts it after a while.
#[cfg(unix)]
#[tokio::test]
#[ignore = "a child process of the tests"]
async fn fills_the_disk_and_recovers() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let config = JournalConfig { lost_after: Duration::from_millis(600), ..JournalConfig::default() };
    let (store, journal) = open_with(&path(), config).await;
    let mut written = 0_u64;
    loop {
        let receipt = journal.append(draft(written, "desk:ada", "dev/pods/shop/a")).expect("not lost for long yet");
        if receipt.settled().await.is_err() {
            break;
        }
        written += 1;
        assert!(written < 100_000, "the limit is reached");
    }
    // Views may still open for a while: the entry waits.
    let waiting = journal.append(draft(written, "desk:ada", "view")).expect("soon entries wait");
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert!(journal.append(draft(0, "desk:ada", "late")).is_err(), "nothing new once it is lost for long");
    journal.append_ending(draft(written, "desk:ada", "ending"));
    let hard = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: hard, maximum: hard }).unwrap();
    crate::support::until("the store is back", async || waiting.settled().await.is_ok()).await;
    journal.append(draft(0, "desk:ada", "after")).unwrap().settled().await.unwrap();
    journal.close().await;
    let report = store.verify().await.unwrap();
    // The opening, what was written, the one that failed to settle in time, the view, the ending, the one after.
    assert_eq!(report.entries, 1 + written + 4);
    say(&format!("recovered after {written}"));
}
