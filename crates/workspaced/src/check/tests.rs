#![allow(clippy::unwrap_used)]

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use super::run;
use crate::Error;

fn words(text: &str) -> Vec<OsString> {
    text.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect()
}

#[test]
fn wp_01a_a_check_that_waits_succeeds_as_soon_as_the_daemon_answers() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    let at = socket.display().to_string();
    assert!(run(&words(&format!("--socket {at}"))).is_err());
    let began = Instant::now();
    assert!(run(&words(&format!("--wait 200 --socket {at}"))).is_err());
    assert!(began.elapsed() >= Duration::from_millis(150));
    let daemon = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        let (mut caller, _) = UnixListener::bind(socket).unwrap().accept().unwrap();
        let _ = caller.read(&mut [0; 512]).unwrap();
        caller.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
    });
    run(&words(&format!("--socket {at} --wait 10000"))).unwrap();
    daemon.join().unwrap();
    for wrong in ["--wait", "--wait ever", "--wait 60001", "--sock x", "x"] {
        assert!(matches!(run(&words(wrong)), Err(Error::Words)), "{wrong}");
    }
}
