//! An app in a workspace: it listens on the loopback of the pod, as the test tells it, and remembers what it was asked.

use crate::node;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

/// An app. It serves until the test ends.
pub struct App {
    heads: Arc<Mutex<Vec<String>>>,
    /// Its port.
    pub port: u16,
}

impl App {
    /// Starts one on a port of a pod's loopback, with this as its name.
    ///
    /// # Panics
    /// When the pod has no process, or something listens there.
    #[must_use]
    pub fn start(namespace: &str, pod: &str, port: u16, name: &'static str) -> Self {
        Self::start_at(namespace, pod, ("127.0.0.1", port), name)
    }

    /// The same at an address of the pod.
    ///
    /// # Panics
    /// When the pod has no process, or something listens there.
    #[must_use]
    pub fn start_at(namespace: &str, pod: &str, at: (&'static str, u16), name: &'static str) -> Self {
        let port = at.1;
        let all = node::processes(&node::uid(namespace, pod));
        let pid = all.first().expect("the pod has processes").0;
        let listener = std::thread::spawn(move || {
            let space = std::fs::File::open(format!("/proc/{pid}/ns/net")).expect("its network");
            move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network)).expect("this is root's");
            TcpListener::bind(at).expect("the port is free")
        });
        let listener = listener.join().expect("a listener");
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let told = heads.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let told = told.clone();
                // Whoever goes away ends its own connection alone.
                std::thread::spawn(move || serve(stream, name, &told).unwrap_or_default());
            }
        });
        Self { heads, port }
    }

    /// What it was asked, head by head.
    #[must_use]
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// `/ws` gives bytes back, `/events` tells one event each 100 ms, `/big` is 8 MiB, `/cookies` sets some, `/away` leads away;
/// all else says who answers.
fn serve(mut stream: TcpStream, name: &str, told: &Mutex<Vec<String>>) -> std::io::Result<()> {
    while let Some(head) = head(&mut stream)? {
        told.lock().unwrap_or_else(PoisonError::into_inner).push(head.clone());
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or_default()];
        stream.read_exact(&mut body)?;
        match path.as_str() {
            "/ws" => {
                stream.write_all(
                    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                )?;
                return std::io::copy(&mut stream.try_clone()?, &mut stream).map(|_| ());
            }
            "/events" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")?;
                for number in 0..600 {
                    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                    stream.write_all(format!("id: {number}\ndata: {}\n\n", now.as_micros()).as_bytes())?;
                    std::thread::sleep(std::time::Duration::from_millis(100));
                }
                return Ok(());
            }
            "/big" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n")?;
                stream.write_all(&vec![b'x'; 8 << 20])?;
            }
            "/cookies" => stream.write_all(
                b"HTTP/1.1 200 OK\r\nSet-Cookie: wide=1; Domain=localhost; Path=/\r\nSet-Cookie: own=1; HttpOnly\r\n\
                  Set-Cookie: qd_session_1=stolen\r\nContent-Length: 0\r\n\r\n",
            )?,
            "/away" => stream.write_all(
                b"HTTP/1.1 302 Found\r\nLocation: https://id.example.com/a?b#c\r\nContent-Length: 0\r\n\r\n",
            )?,
            _ => {
                let text = format!("{name} {} {}", path, body.len());
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len())?;
            }
        }
    }
    Ok(())
}

fn head(stream: &mut TcpStream) -> std::io::Result<Option<String>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}
