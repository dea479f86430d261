//! A session as a stream of bytes, for whoever speaks a protocol through a tunnel.

use crate::{Error, Event, Session, Writer};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A session's output and input. What was written waits for room at the other end before more is taken.
pub struct Stream {
    reading: Reading,
    /// What came and was not taken yet, from `at` on.
    came: Vec<u8>,
    at: usize,
    writer: Writer,
    writing: Option<Sending>,
    ended: bool,
}

type Told = (Session, Result<Option<Event>, Error>);
type Sending = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

enum Reading {
    Waits(Pin<Box<dyn Future<Output = Told> + Send>>),
    /// Nothing more comes; the session is kept for the other direction.
    Over {
        _kept: Option<Session>,
    },
}

impl Stream {
    /// Takes a session over.
    #[must_use]
    pub fn new(session: Session) -> Self {
        let writer = session.input();
        Self { reading: next(session), came: Vec::new(), at: 0, writer, writing: None, ended: false }
    }

    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(writing) = &mut self.writing else { return Poll::Ready(Ok(())) };
        let written = ready!(writing.as_mut().poll(cx));
        self.writing = None;
        Poll::Ready(written.map_err(broken))
    }
}

fn next(mut session: Session) -> Reading {
    Reading::Waits(Box::pin(async move {
        let told = session.next().await;
        (session, told)
    }))
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let this = &mut *self;
            let left = this.came.get(this.at..).unwrap_or_default();
            if !left.is_empty() {
                let len = left.len().min(buf.remaining());
                buf.put_slice(left.get(..len).unwrap_or_default());
                this.at += len;
                return Poll::Ready(Ok(()));
            }
            let Reading::Waits(waits) = &mut this.reading else { return Poll::Ready(Ok(())) };
            let (session, told) = ready!(waits.as_mut().poll(cx));
            match told {
                Ok(Some(Event::Output { bytes, .. })) => {
                    (this.came, this.at) = (bytes, 0);
                    this.reading = next(session);
                }
                Ok(Some(Event::Eof(_) | Event::Closed(_)) | None) => {
                    this.reading = Reading::Over { _kept: Some(session) };
                    return Poll::Ready(Ok(()));
                }
                Ok(Some(Event::Writes(_) | Event::Exit(_))) => this.reading = next(session),
                Err(error) => {
                    this.reading = Reading::Over { _kept: None };
                    return Poll::Ready(Err(broken(error)));
                }
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_written(cx))?;
        let piece = buf.get(..buf.len().min(PIECE)).unwrap_or(buf).to_vec();
        let (len, writer) = (piece.len(), self.writer.clone());
        self.writing = Some(Box::pin(async move { writer.send(&piece).await }));
        match self.poll_written(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // what waits for room was taken all the same
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(len)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_written(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_written(cx))?;
        if !self.ended {
            self.ended = true;
            let writer = self.writer.clone();
            self.writing = Some(Box::pin(async move { writer.end().await }));
        }
        self.poll_written(cx)
    }
}

fn broken(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, error)
}

/// Bytes that are sent at once.
const PIECE: usize = 32 << 10;
