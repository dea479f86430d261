//! An app of a workspace in a browser's place: opened from a console, and asked over plain connections.

use crate::console::Console;
use crate::curl::{Answer, curl};
use crate::{kubeconfig, kubectl, out};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// An app that is open: its host and the cookie for it.
#[derive(Debug)]
pub struct Opened {
    /// Of the console.
    pub port: u16,
    /// Of the app.
    pub host: String,
    /// What lets in there.
    pub cookie: String,
}

/// Asks a console for the URL of an app.
#[must_use]
pub fn asked(console: &Console, namespace: &str, workspace: &str, query: &str) -> Answer {
    let context = out(&kubectl::kubectl(&kubeconfig(), &["config", "current-context"]));
    let context = context.trim();
    let url = format!("{}/api/v1/workspaces/{namespace}/{workspace}/open?cluster={context}&{query}", console.base);
    curl(&url, &["-X", "POST", "-H", &format!("X-Quarterdeck-Token: {}", console.token())])
}

/// Opens an app.
///
/// # Panics
/// When it is not opened.
#[must_use]
pub fn open(console: &Console, namespace: &str, workspace: &str, query: &str) -> Opened {
    let answer = asked(console, namespace, workspace, query);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let url = answer.json()["url"].as_str().unwrap().to_owned();
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let opened = Opened { port: console.port, host: host.to_owned(), cookie: String::new() };
    let entered = opened.get(&format!("/{path}"), "");
    assert!(entered.starts_with("HTTP/1.1 303 "), "{entered}");
    let cookie = entered.lines().find_map(|line| line.strip_prefix("Set-Cookie: ")).unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Lax") && !cookie.contains("Domain"), "{cookie}");
    Opened { cookie: cookie.split(';').next().unwrap().to_owned(), ..opened }
}

impl Opened {
    /// A connection to the console.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// A head with the cookie.
    #[must_use]
    pub fn head(&self, line: &str, fields: &str) -> String {
        format!("{line} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n{fields}\r\n", self.host, self.cookie)
    }

    /// One request, and all that comes.
    #[must_use]
    pub fn get(&self, path: &str, fields: &str) -> String {
        self.raw(self.head(&format!("GET {path}"), &format!("Connection: close\r\n{fields}")).as_bytes())
    }

    /// Bytes, and all that comes.
    ///
    /// # Panics
    /// When the connection breaks.
    #[must_use]
    pub fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        let mut out = Vec::new();
        stream.read_to_end(&mut out).unwrap();
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// Reads until this has come.
///
/// # Panics
/// When the connection ends before.
pub fn comes(stream: &mut TcpStream, what: &str) -> String {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(what.as_bytes()) {
        assert!(stream.read(&mut byte).unwrap() > 0, "{what:?} after {:?}", String::from_utf8_lossy(&text));
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}
