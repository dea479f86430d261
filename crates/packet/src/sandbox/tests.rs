//! The sandbox, tried in processes of its own: whoever enters it does not come out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

/// Which attempt the child makes.
const TRY: &str = "QD_TEST_SANDBOX";
/// Exit codes of the child.
const REFUSED: i32 = 10;
const DONE: i32 = 11;

/// Not a test: what the others start.
#[test]
fn child() {
    let Ok(attempt) = std::env::var(TRY) else { return };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let file = std::fs::File::open("/proc/self/statm").unwrap();
    prepare();
    enter().unwrap();
    let done = match attempt.as_str() {
        "exec" => Command::new("/bin/true").status().is_ok(),
        "connect" => std::net::TcpStream::connect(address).is_ok(),
        "write" => std::fs::write("/tmp/qd-sandbox", "x").is_ok(),
        "open" => std::fs::File::open("/etc/hostname").is_ok(),
        "socket" => std::net::UdpSocket::bind("127.0.0.1:0").is_ok(),
        "reach" => rustix::net::connect(&listener, &address).is_ok(),
        "run" => {
            use std::os::unix::process::CommandExt;
            let _ = Command::new("/bin/true").exec();
            false
        }
        "work" => {
            use std::os::unix::fs::FileExt;
            let mut text = [0; 64];
            let memory: Vec<u8> = vec![1; 8 << 20];
            file.read_at(&mut text, 0).is_ok() && memory.iter().all(|byte| *byte == 1)
        }
        _ => false,
    };
    std::process::exit(if done { DONE } else { REFUSED });
}

fn attempt(what: &str) -> ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sandbox::tests::child", "--nocapture", "--test-threads=1"])
        .env(TRY, what)
        .output()
        .unwrap()
        .status
}

#[test]
fn cap_n_13b_what_an_agent_never_does_is_refused_or_ends_it() {
    for what in ["write", "open", "socket", "connect", "exec"] {
        assert_eq!(attempt(what).code(), Some(REFUSED), "{what}");
    }
    for what in ["reach", "run"] {
        assert_eq!(attempt(what).signal(), Some(libc::SIGSYS), "{what}");
    }
    assert_eq!(attempt("work").code(), Some(DONE), "what it needs it may do");
}
