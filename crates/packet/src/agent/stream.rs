//! The agent's socket, and the one stream of its owner.
//!
//! An owner comes by the socket, where a relay leads to it, or by the agent's own standard streams, where he may only
//! attach. What is written there is kept in the container's log: it is sealed.

use crate::Error;
use crate::outbox::Outbox;
use crate::relay::address;
use proto::capture::seal::{Fresh, Session};
use proto::capture::{Body, Decoder, Frame, encode};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, accept_with, bind, listen, socket_with};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

/// Where relays come in.
pub(crate) struct Listener(OwnedFd);

impl Listener {
    /// Takes the agent's name.
    pub(crate) fn open(name: &str) -> Result<Self, Error> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let open = || -> Result<OwnedFd, Errno> {
            let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
            bind(&socket, &address(name).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::INVAL))?)?;
            listen(&socket, 8)?;
            Ok(socket)
        };
        match open() {
            Ok(socket) => Ok(Self(socket)),
            Err(Errno::ADDRINUSE) => Err(Error::Busy(name.to_owned())),
            Err(error) => Err(Error::system("open the agent's socket")(error.into())),
        }
    }

    /// Somebody who came, if any.
    pub(crate) fn accept(&self) -> Option<Stream> {
        let socket = accept_with(&self.0, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK).ok()?;
        let socket = Rc::new(socket);
        Some(Stream::over(socket.clone(), socket, false))
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The stream of an owner.
pub(crate) struct Stream {
    input: Rc<OwnedFd>,
    output: Rc<OwnedFd>,
    pub(crate) decoder: Decoder,
    /// The preface and the hello, until they are written.
    pub(crate) greeting: Vec<u8>,
    /// The key of this stream, until the owner has proved itself with it.
    pub(crate) fresh: Option<Fresh>,
    /// What is written is kept somewhere: it is sealed.
    is_kept: bool,
    /// A sealed frame, until it is written; and how many there were.
    sealed: Vec<u8>,
    count: u64,
    /// Only knocks have come so far.
    pub(crate) knocks: Option<Vec<u8>>,
}

impl Stream {
    pub(crate) fn over(input: Rc<OwnedFd>, output: Rc<OwnedFd>, is_kept: bool) -> Self {
        Self {
            input,
            output,
            decoder: Decoder::of_owner(),
            greeting: Vec::new(),
            fresh: None,
            is_kept,
            sealed: Vec::new(),
            count: 1,
            knocks: is_kept.then(Vec::new),
        }
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.input.as_fd()
    }

    /// Where it writes, as long as something waits to be written besides what `outbox` has.
    pub(crate) fn out_fd(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Whether something of its own waits to be written.
    pub(crate) fn has_waiting(&self) -> bool {
        !self.greeting.is_empty() || !self.sealed.is_empty()
    }

    /// Reads what has come; false when the stream is over.
    pub(crate) fn read(&mut self) -> bool {
        let mut buffer = [0; 16 << 10];
        // An owner has little to say: what is more than this waits.
        for _ in 0..16 {
            match rustix::io::read(&self.input, &mut buffer) {
                Ok(0) => return false,
                Ok(count) => self.feed(buffer.get(..count).unwrap_or_default()),
                Err(Errno::AGAIN | Errno::INTR) => return true,
                Err(_) => return false,
            }
        }
        true
    }

    fn feed(&mut self, bytes: &[u8]) {
        match self.knocks.take() {
            None => self.decoder.feed(bytes),
            Some(mut come) => {
                come.extend_from_slice(bytes);
                match super::door::after_knocks(&come) {
                    Some(rest) => self.decoder.feed(rest),
                    None => self.knocks = Some(come),
                }
            }
        }
    }

    /// Writes what is left of the greeting; false when the stream is over.
    pub(crate) fn greet(&mut self) -> bool {
        write(&self.output, &mut self.greeting)
    }

    /// Writes frames while there is room; false when the stream is over.
    pub(crate) fn write(&mut self, outbox: &mut Outbox, session: &mut Session) -> bool {
        if self.is_kept {
            return self.write_sealed(outbox, session);
        }
        while self.greeting.is_empty() && !outbox.waiting().is_empty() {
            match rustix::io::write(&self.output, outbox.waiting()) {
                Ok(count) => outbox.wrote(count),
                Err(Errno::AGAIN | Errno::INTR) => return true,
                Err(_) => return false,
            }
        }
        true
    }

    fn write_sealed(&mut self, outbox: &mut Outbox, session: &mut Session) -> bool {
        while self.greeting.is_empty() {
            if !write(&self.output, &mut self.sealed) {
                return false;
            }
            let mut bytes = outbox.waiting().to_vec();
            if !self.sealed.is_empty() || bytes.is_empty() {
                return true;
            }
            outbox.wrote(bytes.len());
            if session.lock(&mut bytes).is_err() {
                return false;
            }
            self.count += 1;
            encode(&Frame { seq: self.count, ..Body::Sealed(bytes).into() }, &mut self.sealed);
        }
        true
    }

    /// Writes a few bytes to somebody who is sent away; what has no room is not said.
    pub(crate) fn say_once(&mut self, bytes: &[u8]) {
        let _ = rustix::io::write(&self.output, bytes);
    }
}

/// Writes while there is room; false when nobody will read it.
fn write(to: &OwnedFd, bytes: &mut Vec<u8>) -> bool {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(count) => drop(bytes.drain(..count)),
            Err(Errno::AGAIN | Errno::INTR) => return true,
            Err(_) => return false,
        }
    }
    true
}
