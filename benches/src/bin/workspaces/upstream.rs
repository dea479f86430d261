//! What stands behind every proxy here: a process of its own that answers requests of HTTP/1.1 as fast as it can.

use super::served::until_left;
use anyhow::Result;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// `/k` is 1 KiB, `/m` 1 MiB, `/big` 256 MiB, `/ws` gives bytes back, `/events` tells the time every 4 ms.
pub(crate) async fn main(port: u16) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("{}", listener.local_addr()?.port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Whoever goes away ends its own connection alone.
            tokio::spawn(async move { serve(stream).await.unwrap_or_default() });
        }
    });
    until_left().await;
    Ok(())
}

async fn serve(mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let answer = |len: usize| {
        let mut all =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len}\r\n\r\n").into_bytes();
        all.resize(all.len() + len, b'x');
        all
    };
    let (small, mut large) = (answer(1 << 10), Vec::new());
    let mut buffer = Vec::with_capacity(16 << 10);
    loop {
        let end = loop {
            if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let path = buffer.split(|byte| *byte == b' ').nth(1).unwrap_or_default().to_vec();
        buffer.drain(..end);
        match path.as_slice() {
            b"/m" => {
                if large.is_empty() {
                    large = answer(1 << 20);
                }
                stream.write_all(&large).await?;
            }
            b"/big" => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {BIG}\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
                let piece = vec![b'x'; 256 << 10];
                for _ in 0..BIG / piece.len() {
                    stream.write_all(&piece).await?;
                }
            }
            b"/ws" => {
                stream.write_all(BECOMES).await?;
                stream.write_all(&buffer).await?;
                drop((buffer, small, large));
                let mut piece = vec![0; 2048];
                loop {
                    let len = stream.read(&mut piece).await?;
                    if len == 0 {
                        return Ok(());
                    }
                    stream.write_all(piece.get(..len).unwrap_or_default()).await?;
                }
            }
            b"/events" => {
                let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n";
                stream.write_all(head).await?;
                let mut ticks = tokio::time::interval(Duration::from_millis(4));
                loop {
                    ticks.tick().await;
                    stream.write_all(format!("data: {}\n\n", now_ns()?).as_bytes()).await?;
                }
            }
            _ => stream.write_all(&small).await?,
        }
    }
}

/// The clock that all processes of this machine share.
pub(crate) fn now_ns() -> Result<i128> {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(i128::try_from(time.as_nanos())?)
}

/// Bytes of `/big`.
pub(crate) const BIG: usize = 256 << 20;
/// To the key that the clients here give, which is that of RFC 6455's example.
const BECOMES: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
