//! A session as a stream of bytes, for whoever speaks a protocol through a tunnel.

use crate::{Error, Event, Session, Writer};
use bytes::{Buf, Bytes};
use proto::workspace::{ERR, OUT};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A session's output and input. What was written waits for room at the other end before more is taken.
pub struct Stream {
    reading: Reading,
    /// What came and was not taken yet.
    came: Bytes,
    writer: Writer,
    writing: Option<Sending>,
    ended: bool,
}

type Told = (Session, Result<Option<Event>, Error>);
type Sending = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

enum Reading {
    Has(Session),
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
        Self::begun(session, Bytes::new())
    }

    /// One of which this has come already.
    pub(crate) fn begun(session: Session, came: Bytes) -> Self {
        let writer = session.input();
        Self { reading: Reading::Has(session), came, writer, writing: None, ended: false }
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

impl Stream {
    /// Takes in what is told; nothing is left to read when it is the end.
    fn take(&mut self, session: Session, told: Result<Option<Event>, Error>) -> io::Result<()> {
        self.reading = match told {
            Ok(Some(Event::Output { stream: OUT, bytes })) => {
                self.came = bytes;
                Reading::Has(session)
            }
            Ok(Some(Event::Output { .. } | Event::Writes(_) | Event::Exit(_) | Event::Eof(ERR))) => {
                Reading::Has(session)
            }
            Ok(Some(Event::Eof(_) | Event::Closed(_)) | None) => Reading::Over { _kept: Some(session) },
            Err(error) => {
                self.reading = Reading::Over { _kept: None };
                return Err(broken(error));
            }
        };
        Ok(())
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (this, before) = (&mut *self, buf.filled().len());
        loop {
            let len = this.came.len().min(buf.remaining());
            buf.put_slice(this.came.get(..len).unwrap_or_default());
            this.came.advance(len);
            if buf.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            match std::mem::replace(&mut this.reading, Reading::Over { _kept: None }) {
                Reading::Has(mut session) => match session.now() {
                    Some(event) => this.take(session, Ok(Some(event)))?,
                    None if buf.filled().len() > before => {
                        this.reading = Reading::Has(session);
                        return Poll::Ready(Ok(()));
                    }
                    None => this.reading = next(session),
                },
                Reading::Waits(mut waits) => match waits.as_mut().poll(cx) {
                    Poll::Ready((session, told)) => this.take(session, told)?,
                    Poll::Pending => {
                        this.reading = Reading::Waits(waits);
                        return Poll::Pending;
                    }
                },
                over @ Reading::Over { .. } => {
                    this.reading = over;
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_written(cx))?;
        let piece = Bytes::copy_from_slice(buf.get(..buf.len().min(PIECE)).unwrap_or(buf));
        let (len, writer) = (piece.len(), self.writer.clone());
        self.writing = Some(Box::pin(async move { writer.pass(piece).await }));
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
const PIECE: usize = 64 << 10;
