//! How programs of the workspace ask the daemon over its local socket.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::Error;

/// Where the daemon is asked that keeps this session, unless somebody says another place.
pub(crate) fn socket() -> PathBuf {
    std::env::var_os(VARIABLE).map_or_else(|| PathBuf::from(crate::SOCKET), PathBuf::from)
}

/// One request; its answer when the daemon says yes.
///
/// # Errors
/// When the daemon does not answer, or says no: then its words.
pub(crate) fn ask(socket: &Path, method: &str, path: &str, body: &str) -> Result<Value, Error> {
    let (status, told) = exchange(socket, method, path, body).map_err(no_answer())?;
    if status == 200 {
        return Ok(told);
    }
    let word = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Err(Error::Said { code: word("code"), message: word("message") })
}

/// One request: the status and the body.
fn exchange(socket: &Path, method: &str, path: &str, body: &str) -> io::Result<(u16, Value)> {
    let stream = send(socket, method, path, body, "")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = String::new();
    stream.take(MAX_ANSWER).read_to_string(&mut text)?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    Ok((status(head), serde_json::from_str(body).unwrap_or_default()))
}

/// Begins a request whose answer is read as it comes: the stream behind the head of the answer, and what came of it.
///
/// # Errors
/// As [`ask`].
pub(crate) fn open(
    socket: &Path,
    method: &str,
    path: &str,
    headers: &str,
    wanted: u16,
) -> Result<(UnixStream, Vec<u8>), Error> {
    let began = || -> io::Result<(UnixStream, u16, Vec<u8>)> {
        let mut stream = send(socket, method, path, "", headers)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (mut came, mut buffer) = (Vec::new(), [0u8; 4096]);
        loop {
            if let Some(end) = came.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = came.split_off(end + 4);
                stream.set_read_timeout(None)?;
                return Ok((stream, status(&String::from_utf8_lossy(&came)), rest));
            }
            match stream.read(&mut buffer)? {
                len @ 1.. if came.len() < MAX_HEAD => came.extend_from_slice(buffer.get(..len).unwrap_or_default()),
                _ => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    };
    let (mut stream, got, mut rest) = began().map_err(no_answer())?;
    if got == wanted {
        return Ok((stream, rest));
    }
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = (&mut stream).take(MAX_HEAD as u64).read_to_end(&mut rest); // what did not come is not shown
    let told: Value = serde_json::from_slice(&rest).unwrap_or_default();
    let word = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Err(Error::Said { code: word("code"), message: word("message") })
}

/// Answers of unknown length end with the connection: version 1.0 has no other way.
fn send(socket: &Path, method: &str, path: &str, body: &str, headers: &str) -> io::Result<UnixStream> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let (len, version) = (body.len(), if headers.is_empty() { "1.0" } else { "1.1" });
    let head = format!(
        "{method} /api/v1/{path} HTTP/{version}\r\nhost: agent\r\n{headers}content-length: {len}\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes())?;
    Ok(stream)
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
}

fn no_answer() -> impl FnOnce(io::Error) -> Error {
    Error::system("the daemon of this workspace does not answer".to_owned())
}

/// Names the socket of the daemon that keeps a session, in its environment.
pub(crate) const VARIABLE: &str = "QD_SOCKET";
/// Longer than the daemon waits for the gateway.
const PATIENCE: Duration = Duration::from_secs(35);
const MAX_ANSWER: u64 = 4 << 20;
const MAX_HEAD: usize = 64 << 10;
