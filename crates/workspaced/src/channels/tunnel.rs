//! A channel that is a connection to a port of the loopback.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::BytesMut;
use proto::workspace::{Body, Input, OUT, Opened, Tunnel};
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
    let _ = stream.set_nodelay(true);
    let id = crate::shells::id("pf");
    let _stream = daemon.streams.enter(&id, "pf", &format!("port {port}"));
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
    let (mut buffer, mut room) = (BytesMut::new(), LEAST);
    loop {
        // a connection that says nothing has no buffer
        if from.readable().await.is_err() {
            return channel.say(Body::Eof(OUT)).await;
        }
        buffer.reserve(room);
        match from.try_read_buf(&mut buffer) {
            Ok(len) if len > 0 => {
                room = if len >= room { PIECE.min(4 * room) } else { LEAST.max(2 * len) };
                channel.pass(OUT, std::mem::take(&mut buffer).freeze()).await?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => buffer = BytesMut::new(),
            _ => return channel.say(Body::Eof(OUT)).await,
        }
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
const PATIENCE: Duration = Duration::from_secs(5);
