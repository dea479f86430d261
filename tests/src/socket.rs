//! A browser's end of the console's terminal socket, with the screen that a person would see.

use crate::console::Console;
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// One connection.
pub struct Socket {
    runtime: Runtime,
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    parser: vt100::Parser,
    /// What the server said of the terminal, in its order.
    pub said: Vec<Value>,
    /// The last folder that was told.
    pub cwd: Option<String>,
    /// The error that ended it.
    pub error: Option<Value>,
    /// Bytes of output that came.
    pub bytes: usize,
    /// Bytes of input that were granted.
    pub granted: usize,
    /// Output is granted again as it comes.
    pub generous: bool,
    /// Nothing more comes.
    pub over: bool,
}

impl Socket {
    /// Opens it, with these words in the query; the HTTP status where it is refused.
    ///
    /// # Errors
    /// The HTTP status of a refusal.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn open(console: &Console, path: &str, protocol: &str) -> Result<Self, u16> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let url = format!("{}{path}", console.base.replacen("http", "ws", 1));
        let mut request = url.into_client_request().expect("a request");
        let headers = request.headers_mut();
        headers.insert("x-quarterdeck-token", console.token().parse().expect("a header"));
        if !protocol.is_empty() {
            headers.insert("sec-websocket-protocol", protocol.parse().expect("a header"));
        }
        let stream = match runtime.block_on(connect_async(request)) {
            Ok((stream, _)) => stream,
            Err(Error::Http(answer)) => return Err(answer.status().as_u16()),
            Err(error) => panic!("the socket does not open: {error}"),
        };
        let parser = screen();
        let (said, cwd, error) = (Vec::new(), None, None);
        Ok(Self { runtime, stream, parser, said, cwd, error, bytes: 0, granted: 0, generous: true, over: false })
    }

    /// Sends a frame on a channel.
    pub fn send(&mut self, channel: u8, bytes: &[u8]) {
        let frame = Message::binary([&[channel], bytes].concat());
        self.runtime.block_on(self.stream.send(frame)).expect("it is sent");
    }

    /// Types.
    pub fn type_in(&mut self, text: &str) {
        self.send(0, text.as_bytes());
    }

    /// What stands on the screen.
    #[must_use]
    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// Takes what comes until this is so.
    ///
    /// # Panics
    /// When it is not so in time, or the socket ends before.
    pub fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        while !so(self) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !self.over,
                "not so: {what}; said {:?}, {:?}, screen:\n{}",
                self.said,
                self.error,
                self.screen()
            );
            self.step(left);
        }
    }

    /// Takes what comes for so long.
    pub fn rest(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end && !self.over {
            self.step(end.saturating_duration_since(Instant::now()));
        }
    }

    fn step(&mut self, left: Duration) {
        let next = self.runtime.block_on(async { timeout(left, self.stream.next()).await });
        match next {
            Err(_) => {}
            Ok(Some(Ok(Message::Binary(frame)))) => self.take(&frame),
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
            Ok(_) => self.over = true,
        }
    }

    fn take(&mut self, frame: &[u8]) {
        let (channel, rest) = frame.split_first().expect("frames have a channel");
        let json = || serde_json::from_slice::<Value>(rest).expect("JSON");
        match channel {
            1 => {
                self.bytes += rest.len();
                self.parser.process(rest);
                if self.generous {
                    self.send(6, &u32::try_from(rest.len()).expect("a frame").to_be_bytes());
                }
            }
            3 => self.cwd = Some(String::from_utf8_lossy(rest).into_owned()),
            4 => self.error = Some(json()),
            5 => self.said.push(serde_json::json!({ "pong": rest })),
            6 => self.granted += u32::from_be_bytes(rest.try_into().expect("four bytes")) as usize,
            7 => {
                let said = json();
                if said["is"] == "open" {
                    // What comes next begins on an empty screen.
                    self.parser = screen();
                }
                self.said.push(said);
            }
            other => panic!("a frame on channel {other}"),
        }
    }
}

fn screen() -> vt100::Parser {
    let [rows, columns] = [24, 80].map(|number| std::num::NonZeroU16::new(number).expect("not 0"));
    vt100::Parser::new(rows, columns, 1000)
}
