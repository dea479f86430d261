//! Callers that break the protocol, and what they must not reach.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use proto::workspace::{Body, Data, Exec, Hello, Kind, OUT, Open, PREFACE, Shell, WINDOW, encode};
use serde_json::json;

use super::caller::{exec, finish, shell, steps};
use super::pod::Pod;

fn hello() -> Vec<u8> {
    let mut bytes = PREFACE.to_vec();
    encode(&Body::Hello(Hello { version: 1, ..Hello::default() }).on(0), &mut bytes);
    bytes
}

/// Whether the daemon cuts off who writes this.
fn cut_off(pod: &Pod, bytes: &[u8]) -> bool {
    let mut stream = UnixStream::connect(pod.path("run/quarterdeck/link.sock")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let _ = stream.write_all(bytes); // it may be cut off meanwhile
    let mut sink = Vec::new();
    stream.read_to_end(&mut sink).is_ok() || stream.write_all(b"x").is_err()
}

#[test]
fn ac_71h_callers_that_break_the_protocol_are_cut_off_and_the_daemon_goes_on() {
    let pod = Pod::start(&json!({}));
    let open = |channel| Body::Open(Open { kind: Some(Kind::Exec(exec(&["sleep", "60"]))) }).on(channel);
    let with = |frames: &[proto::workspace::Frame]| {
        let mut bytes = hello();
        frames.iter().for_each(|frame| encode(frame, &mut bytes));
        bytes
    };
    let piece = || Body::Data(Data { stream: OUT, bytes: vec![0; 16 << 10].into() }).on(1);
    let flood: Vec<_> = std::iter::once(open(1)).chain((0..=WINDOW / (16 << 10)).map(|_| piece())).collect();
    // sleep reads nothing: pipe and window fill, and one piece more is too much
    let flood = [flood, (0..8).map(|_| piece()).collect()].concat();
    for (what, bytes) in [
        ("another protocol", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec()),
        ("noise", with(&[]).into_iter().chain(*b"\xff\xff\xff\xff\xff").collect()),
        ("data of a channel that never was", with(&[piece()])),
        ("more than was granted", with(&flood)),
        ("a grant that nobody gives", with(&[open(1), Body::Credit(u64::MAX).on(1)])),
        ("a frame of the other side", with(&[open(1), Body::Exit(proto::workspace::Exit::default()).on(1)])),
    ] {
        assert!(cut_off(&pod, &bytes), "{what} was taken");
    }
    steps(async {
        let link = pod.link().await;
        let many =
            Exec { env: vec![link::Variable { name: "A".into(), value: "x".repeat(40_000) }], ..exec(&["true"]) };
        assert!(link.exec(many).await.unwrap_err().to_string().contains("larger than allowed"));
        let huge = Shell { size: Some(link::Size { rows: u32::MAX, cols: u32::MAX }), ..shell(&["stty", "size"]) };
        let mut session = link.shell(huge).await.unwrap();
        let (out, _, _) = finish(&mut session).await;
        assert!(String::from_utf8_lossy(&out).contains("500 1000"), "{}", String::from_utf8_lossy(&out));
        let mut held = Vec::new();
        let refused = loop {
            match link.exec(exec(&["sleep", "60"])).await {
                Ok(session) => held.push(session),
                Err(error) => break error.to_string(),
            }
        };
        assert_eq!((held.len(), refused.as_str()), (128, "128 channels are open, which is the limit"));
    });
}
