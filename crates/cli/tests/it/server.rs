//! A small HTTP/1 server whose answers are made by the path asked for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Serves until it is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        // both families on one port
        let listener = TcpListener::bind("[::]:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = Arc::new(AtomicBool::new(false));
        let seen = stop.clone();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if seen.load(Ordering::Relaxed) {
                    break;
                }
                std::thread::spawn(move || serve(&stream));
            }
        });
        Self { port, stop, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // wakes the one that accepts
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn serve(stream: &TcpStream) {
    stream.set_nodelay(true).unwrap();
    let mut lines = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if lines.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        let (mut len, mut line) = (0, String::new());
        while lines.read_line(&mut line).is_ok_and(|got| got > 2) {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                len = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; len];
        if lines.read_exact(&mut body).is_err() {
            return;
        }
        let words: Vec<&str> = first.split_whitespace().collect();
        let (answer, close) = answer(words[0], words[1], &body);
        let mut out = stream;
        if out.write_all(&answer).is_err() || close {
            return;
        }
    }
}

fn answer(method: &str, target: &str, body: &[u8]) -> (Vec<u8>, bool) {
    let whole = |status: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", body.len());
        let body = if method == "HEAD" { &[] } else { body };
        ([head.as_bytes(), body].concat(), false)
    };
    match target.split('?').next().unwrap() {
        "/echo" => whole("201 Created", body),
        "/none" => (b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), false),
        "/same" => (b"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n".to_vec(), false),
        "/chunks" => {
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            let mut out = head.as_bytes().to_vec();
            for at in 1..40_usize {
                out.extend(format!("{:x}\r\n{}\r\n", at * 7, "c".repeat(at * 7)).bytes());
            }
            out.extend(b"0\r\n\r\n");
            (out, false)
        }
        "/until-close" => (b"HTTP/1.0 200 OK\r\n\r\nno length at all".to_vec(), true),
        "/big" => whole("200 OK", &vec![b'b'; 300_000]),
        "/fail" => whole("503 Service Unavailable", b"later"),
        "/missing" => whole("404 Not Found", b"no"),
        _ => whole("200 OK", b"hello"),
    }
}
