//! `kbox attach`: another viewer of a shell, on the terminal that this runs in.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::thread;

use rustix::termios::{self, OptionalActions, Termios};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use super::{Asked, own};
use crate::local::PROTOCOL;
use crate::{Error, ask};

/// Until the shell ends, or the keys are pressed that leave it running.
pub(super) fn run(asked: &Asked, id: &str) -> Result<(), Error> {
    let id = if id.is_empty() { detached(asked)? } else { id.to_owned() };
    if id == own() {
        return Err(Error::NotReady("this is that shell".to_owned()));
    }
    let path = format!("shells/{id}/attach{}", if asked.take { "?take" } else { "" });
    let headers = format!("connection: upgrade\r\nupgrade: {PROTOCOL}\r\n");
    let (stream, rest) = ask::open(&asked.socket, "GET", &path, &headers, 101)?;
    let broken = || Error::system("the terminal cannot be used".to_owned());
    let raw = Raw::take().map_err(broken())?;
    resize(asked, &id);
    let (from, to) = (stream.try_clone().map_err(broken())?, stream.try_clone().map_err(broken())?);
    thread::spawn(move || {
        let _ = copy(io::stdin().lock(), to); // ends with the process
    });
    let (tell, told) = tokio::sync::oneshot::channel();
    thread::spawn(move || {
        let shown = io::stdout().write_all(&rest).and_then(|()| copy(from, io::stdout()));
        let _ = tell.send(shown);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(broken())?;
    let done = runtime.block_on(async {
        let mut sizes = signal(SignalKind::window_change())?;
        let mut told = told;
        loop {
            tokio::select! {
                done = &mut told => return done.unwrap_or(Ok(())),
                _ = sizes.recv() => resize(asked, &id),
            }
        }
    });
    let _ = stream.shutdown(Shutdown::Both); // it may be over
    drop(raw);
    println!();
    done.map_err(broken())
}

/// The shell that was detached last.
fn detached(asked: &Asked) -> Result<String, Error> {
    let told = ask::ask(&asked.socket, "GET", "sessions", "")?;
    let all = told.get("sessions").and_then(Value::as_array).into_iter().flatten();
    let text = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let last = all
        .filter(|row| text(row, "state") == "DETACHED")
        .max_by_key(|row| row.get("detached_ms").and_then(Value::as_u64).unwrap_or(0));
    last.map(|row| text(row, "id")).ok_or_else(|| Error::NotReady("no shell is detached".to_owned()))
}

fn resize(asked: &Asked, id: &str) {
    if let Ok(size) = termios::tcgetwinsize(io::stdout()) {
        let body = json!({ "rows": size.ws_row, "cols": size.ws_col }).to_string();
        let _ = ask::ask(&asked.socket, "POST", &format!("shells/{id}/resize"), &body); // it may have ended
    }
}

fn copy(mut from: impl Read, mut to: impl Write) -> io::Result<()> {
    let mut buffer = [0u8; 4096];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(len) => {
                to.write_all(buffer.get(..len).unwrap_or_default())?;
                to.flush()?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The terminal passes every key on; given back when this is dropped.
struct Raw(Option<Termios>);

impl Raw {
    fn take() -> io::Result<Self> {
        let input = io::stdin();
        if !termios::isatty(input.as_fd()) {
            return Ok(Self(None));
        }
        let before = termios::tcgetattr(&input)?;
        let mut raw = before.clone();
        raw.make_raw();
        termios::tcsetattr(&input, OptionalActions::Now, &raw)?;
        Ok(Self(Some(before)))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}
