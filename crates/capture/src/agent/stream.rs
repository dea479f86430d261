//! A stream on which the owner has proved itself: a relay's, or the agent's own standard streams, on which its frames are
//! sealed, since what it writes there is kept in a log.

use crate::Error;
use crate::owner::Owner;
use cluster::{ExecInput, ExecOutput, Said};
use proto::capture::seal::{self, Session};
use proto::capture::{Body, Bye, Decoder, Frame, Hello, KNOCK, Start, encode};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What leads to an agent.
pub(crate) struct Streams {
    pub(crate) input: ExecInput,
    pub(crate) output: ExecOutput,
    /// They are the agent's own.
    pub(crate) attached: bool,
}

/// A stream to an agent.
pub(super) struct Stream {
    /// Frames to write. A task writes them: none is ever written in part.
    input: mpsc::Sender<Vec<u8>>,
    pub(super) output: ExecOutput,
    decoder: Decoder,
    /// What the frames are sealed in, where they are.
    outer: Option<Decoder>,
    session: Session,
    seq: u64,
    pub(super) ping: Instant,
    /// When something came last.
    pub(super) came: Instant,
}

impl Stream {
    /// Takes the agent's hello, and proves who we are.
    pub(super) async fn open(owner: &Owner, streams: Streams, mut start: Start) -> Result<(Self, Hello), Error> {
        let Streams { input, mut output, attached } = streams;
        let input = writer(input);
        let mut decoder = if attached { Decoder::of_attached() } else { Decoder::of_agent() };
        let hello = async {
            if attached {
                tokio::select! {
                    hello = hello(&mut output, &mut decoder) => hello,
                    () = knock(&input) => Err(Error::Agent { message: "closed the stream".to_owned() }),
                }
            } else {
                hello(&mut output, &mut decoder).await
            }
        };
        let hello = tokio::time::timeout(HELLO, hello).await;
        let hello = hello.map_err(|_| Error::Agent { message: "does not say who it is".to_owned() })??;
        start.version = super::common(&hello)?;
        let session = seal::sign(owner.key(), &hello.key, &mut start)
            .map_err(|refused| Error::Agent { message: format!("sent no usable key: {refused}") })?;
        let mut bytes = Vec::new();
        encode(&Frame { seq: 1, ..Body::Start(Box::new(start)).into() }, &mut bytes);
        let now = Instant::now();
        let (decoder, outer) = match attached {
            false => (decoder, None),
            true => {
                let mut inner = Decoder::of_owner();
                inner.resume_after(1);
                (inner, Some(decoder))
            }
        };
        let stream = Self { input, output, decoder, outer, session, seq: 1, ping: now, came: now };
        stream.write(bytes);
        Ok((stream, hello))
    }

    /// The next frame may have any number.
    pub(super) fn any_number_next(&mut self) {
        self.decoder.any_number_next();
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.outer.as_mut().unwrap_or(&mut self.decoder).feed(bytes);
    }

    /// The next whole frame.
    ///
    /// # Errors
    /// When what has come is not the protocol.
    pub(super) fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        loop {
            if let Some(frame) = self.decoder.next_frame().map_err(|error| no_frame(&error))? {
                return Ok(Some(frame));
            }
            let Some(outer) = &mut self.outer else { return Ok(None) };
            match outer.next_frame().map_err(|error| no_frame(&error))? {
                None => return Ok(None),
                Some(Frame { body: Some(Body::Sealed(mut bytes)), .. }) => {
                    self.decoder.feed(self.session.unlock(&mut bytes).map_err(|error| no_frame(&error))?);
                }
                // What is said aside is about the stream, and nothing of a pod.
                Some(frame @ Frame { body: Some(Body::Bye(_)), .. }) => return Ok(Some(frame)),
                Some(_) => return Err(Error::Agent { message: "says in the clear what it should seal".to_owned() }),
            }
        }
    }

    pub(super) fn send(&mut self, body: Body) {
        self.seq += 1;
        let mut frame = Frame { seq: self.seq, ..body.into() };
        self.session.seal(&mut frame);
        let mut bytes = Vec::new();
        encode(&frame, &mut bytes);
        self.write(bytes);
    }

    /// What cannot be written is not said: a stream that is broken, or stands still for so long, says so on its other side.
    fn write(&self, bytes: Vec<u8>) {
        if self.input.try_send(bytes).is_err() {
            tracing::debug!("a frame to an agent has no room");
        }
    }
}

fn no_frame(error: &dyn std::fmt::Display) -> Error {
    Error::Agent { message: format!("sent what is no frame: {error}") }
}

/// Knocks until nobody takes it any more. Returns then.
async fn knock(input: &mpsc::Sender<Vec<u8>>) {
    while input.send(KNOCK.to_vec()).await.is_ok() {
        tokio::time::sleep(AGAIN).await;
    }
}

/// Writes frames until there will be no more.
fn writer(mut input: ExecInput) -> mpsc::Sender<Vec<u8>> {
    let (send, mut frames) = mpsc::channel::<Vec<u8>>(FRAMES);
    tokio::spawn(async move {
        while let Some(bytes) = frames.recv().await {
            if let Err(error) = input.write(&bytes).await {
                tracing::debug!(%error, "writing to an agent");
                return;
            }
        }
        let _ = input.close().await;
    });
    send
}

/// What the agent says first. What else the container's program writes is its error.
async fn hello(output: &mut ExecOutput, decoder: &mut Decoder) -> Result<Hello, Error> {
    let mut complaint = Vec::new();
    loop {
        match decoder.next_frame() {
            Ok(Some(Frame { body: Some(Body::Hello(hello)), .. })) => return Ok(*hello),
            Ok(Some(Frame { body: Some(Body::Bye(bye)), .. })) if bye.reason == "busy" => return Err(Error::Busy),
            Ok(Some(Frame { body: Some(Body::Bye(Bye { reason, text, .. })), .. })) => {
                return Err(Error::Agent { message: format!("serves nobody else now: {reason} {text}") });
            }
            Ok(Some(_)) => return Err(Error::Agent { message: "does not begin with who it is".to_owned() }),
            Ok(None) => {}
            Err(error) => return Err(no_frame(&error)),
        }
        match output.next().await? {
            Some(Said::Output(bytes)) => decoder.feed(&bytes),
            Some(Said::Complaint(bytes)) if complaint.len() < 4096 => complaint.extend_from_slice(&bytes),
            Some(Said::Complaint(_)) => {}
            Some(Said::Ended(reason)) => {
                let words = String::from_utf8_lossy(&complaint).trim().to_owned();
                let reason = reason.unwrap_or_default();
                return Err(Error::Agent { message: format!("is not there: {words} {reason}") });
            }
            None => return Err(Error::Agent { message: "closed the stream".to_owned() }),
        }
    }
}

const HELLO: Duration = Duration::from_secs(20);
/// An agent that is there answers at once.
const AGAIN: Duration = Duration::from_secs(5);
/// Frames that wait to be written.
const FRAMES: usize = 64;
