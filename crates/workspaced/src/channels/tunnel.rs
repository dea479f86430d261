//! A channel that is a connection to a port of the loopback.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::BytesMut;
use proto::workspace::{Body, Input, OUT, Opened, Tunnel, WINDOW};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;
use tokio::time::{Duration, timeout};

use crate::connection::{Channel, Gone};
use crate::daemon::Daemon;

pub(super) async fn run(daemon: &Daemon, channel: &Channel, asked: Tunnel) -> Result<(), Gone> {
    let Some(port) = u16::try_from(asked.port).ok().filter(|port| *port > 0) else {
        return channel.refuse("bad_request", "there is no such port").await;
    };
    let stream = match connect(port).await {
        Ok(stream) => stream,
        Err(error) => return channel.refuse("unavailable", format!("nothing answers on port {port}: {error}")).await,
    };
    carry(daemon, channel, stream, "pf", &format!("port {port}")).await
}

/// Until either side ends the connection.
pub(super) async fn carry(
    daemon: &Daemon,
    channel: &Channel,
    stream: TcpStream,
    kind: &str,
    what: &str,
) -> Result<(), Gone> {
    let _ = stream.set_nodelay(true);
    let id = crate::shells::id(kind);
    let _stream = daemon.streams.enter(&id, kind, what);
    channel.say(Body::Opened(Opened { id, writes: true })).await?;
    let (from, to) = stream.into_split();
    // either way may end first; the connection is over when both have, or when the caller closes
    let half = Notify::new();
    let both = async {
        output(channel, from).await?;
        half.notified().await;
        Ok(())
    };
    tokio::select! {
        done = both => done?,
        done = input(channel, to, &half) => done?,
    }
    channel.close("").await
}

async fn connect(port: u16) -> std::io::Result<TcpStream> {
    let four = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
    match timeout(PATIENCE, TcpStream::connect(four)).await.map_err(late)? {
        Ok(stream) => Ok(stream),
        Err(error) => timeout(PATIENCE, TcpStream::connect(six)).await.map_err(late)?.map_err(|_| error),
    }
}

async fn output(channel: &Channel, from: OwnedReadHalf) -> Result<(), Gone> {
    let (mut buffers, mut room) = (Buffers::default(), LEAST);
    loop {
        // a connection that says little has no buffer, and one that rests gives back what it had
        let ready = match timeout(REST, from.readable()).await {
            Ok(ready) => ready,
            Err(_) => {
                (buffers, room) = (Buffers::default(), LEAST);
                from.readable().await
            }
        };
        if ready.is_err() {
            return channel.say(Body::Eof(OUT)).await;
        }
        let mut buffer = buffers.take(room);
        match from.try_read_buf(&mut buffer) {
            Ok(len) if len > 0 => {
                let bytes = buffer.split().freeze();
                if len > LEAST {
                    buffers.keep(buffer);
                } else {
                    buffers = Buffers::default();
                }
                room = if len >= room { PIECE.min(4 * room) } else { LEAST.max(room / 2) };
                channel.pass(OUT, bytes).await?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            _ => return channel.say(Body::Eof(OUT)).await,
        }
    }
}

/// What was read into, to be read into again once it is sent: the system's pages are dear where they are given back each time.
#[derive(Default)]
struct Buffers(VecDeque<BytesMut>);

impl Buffers {
    fn take(&mut self, room: usize) -> BytesMut {
        // who was sent first is free first
        let free = self.0.front_mut().is_some_and(|first| first.try_reclaim(room));
        let first = if free { self.0.pop_front() } else { None };
        first.unwrap_or_else(|| BytesMut::with_capacity(room))
    }

    fn keep(&mut self, buffer: BytesMut) {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(buffer);
    }
}

/// Until the caller closes; tells when nothing more comes from it.
async fn input(channel: &Channel, to: OwnedWriteHalf, half: &Notify) -> Result<(), Gone> {
    let mut to = Some(to);
    loop {
        match channel.next().await {
            Input::Data(data) => {
                if let Some(stream) = &mut to
                    && stream.write_all(&data.bytes).await.is_err()
                {
                    return Ok(()); // the other end is gone
                }
                channel.used(data.bytes.len()).await?;
            }
            Input::Eof(_) => {
                if let Some(mut stream) = to.take() {
                    let _ = stream.shutdown().await; // one that is gone has noticed
                }
                half.notify_one();
            }
            Input::Closed(_) => return Ok(()),
            Input::Resize(_) | Input::Signal(_) => {}
        }
    }
}

/// Bytes that are read at once, at least and at most.
const LEAST: usize = 4 << 10;
const PIECE: usize = 64 << 10;
/// As many as a window holds, and two on their way.
const MOST: usize = WINDOW / PIECE + 2;
const PATIENCE: Duration = Duration::from_secs(5);
/// What was read into is kept so long.
const REST: Duration = Duration::from_secs(2);
