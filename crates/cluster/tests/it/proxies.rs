//! Proxies as small as can be.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// `CONNECT`; keeps the heads of the requests, in lower case.
pub(crate) async fn http() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heads = seen.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let heads = heads.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await?);
                }
                let head = String::from_utf8_lossy(&head).to_lowercase();
                let target = head.strip_prefix("connect ").and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
                heads.lock().unwrap().push(head);
                let mut server = TcpStream::connect(target).await?;
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    (port, seen)
}

/// SOCKS 5 (RFC 1928) without a password; counts connections.
pub(crate) async fn socks() -> (u16, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(Mutex::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            *counted.lock().unwrap() += 1;
            tokio::spawn(async move {
                let mut hello = [0; 2];
                client.read_exact(&mut hello).await?;
                let mut methods = vec![0; usize::from(hello[1])];
                client.read_exact(&mut methods).await?;
                client.write_all(&[5, 0]).await?;
                let mut request = [0; 4];
                client.read_exact(&mut request).await?;
                let host = match request[3] {
                    1 => {
                        let mut address = [0; 4];
                        client.read_exact(&mut address).await?;
                        std::net::Ipv4Addr::from(address).to_string()
                    }
                    _ => {
                        let mut name = vec![0; usize::from(client.read_u8().await?)];
                        client.read_exact(&mut name).await?;
                        String::from_utf8_lossy(&name).into_owned()
                    }
                };
                let port = client.read_u16().await?;
                let mut server = TcpStream::connect((host, port)).await?;
                client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    (port, count)
}
