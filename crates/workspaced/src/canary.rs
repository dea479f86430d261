//! A connection that the network policies of a workspace close: whether it can be made says whether the network keeps them.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// Tries to reach the API server, whose address every container is told. Nothing is said to it.
pub(crate) async fn fly() -> Option<Value> {
    let (host, port) = (std::env::var("KUBERNETES_SERVICE_HOST").ok()?, std::env::var("KUBERNETES_SERVICE_PORT").ok()?);
    let target: SocketAddr = lookup_host((host.as_str(), port.parse().ok()?)).await.ok()?.next()?;
    let (connected, detail) = match timeout(PATIENCE, TcpStream::connect(target)).await {
        Ok(Ok(_)) => (true, String::new()),
        Ok(Err(error)) => (false, error.to_string()),
        Err(_) => (false, format!("no answer within {} s", PATIENCE.as_secs())),
    };
    Some(json!({ "target": target.to_string(), "connected": connected, "detail": detail }))
}

const PATIENCE: Duration = Duration::from_secs(3);
