//! Connections that programs make for hosts by name: to a port of the loopback, from where the operator fetches them.
//!
//! The port is there before the first program is. What connects before the operator is here waits for it, for half a minute.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, sleep_until};

use crate::daemon::Daemon;

/// All that came and were not fetched.
#[derive(Debug)]
pub(crate) struct Egress {
    /// By their numbers, which go up.
    waiting: Mutex<BTreeMap<u64, (Instant, TcpStream)>>,
    /// The number of the next one.
    next: watch::Sender<u64>,
}

impl Default for Egress {
    fn default() -> Self {
        Self { waiting: Mutex::default(), next: watch::Sender::new(0) }
    }
}

impl Egress {
    /// Tells when another one has come.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.next.subscribe()
    }

    /// The numbers of those that wait, from this one on.
    pub(crate) fn waiting(&self, from: u64) -> Vec<u64> {
        self.waiting.lock().range(from..).map(|(number, _)| *number).collect()
    }

    /// The connection of this number.
    pub(crate) fn take(&self, number: u64) -> Option<TcpStream> {
        self.waiting.lock().remove(&number).map(|(_, stream)| stream)
    }

    /// Keeps a connection. Where too many wait, the oldest is closed.
    fn came(&self, stream: TcpStream) {
        self.next.send_modify(|next| {
            let mut waiting = self.waiting.lock();
            waiting.insert(*next, (Instant::now(), stream));
            if waiting.len() > MOST {
                waiting.pop_first();
            }
            *next += 1;
        });
    }

    /// Closes those that nobody fetched in time; when the next one is due.
    fn sweep(&self) -> Option<Instant> {
        let mut waiting = self.waiting.lock();
        waiting.retain(|_, (at, _)| at.elapsed() < KEPT);
        waiting.first_key_value().map(|(_, (at, _))| *at + KEPT)
    }
}

/// Listens, where the workspace reaches hosts by name, as long as the daemon is there. Programs that cannot be served are told
/// so by their connection being refused.
pub(crate) async fn serve(daemon: Arc<Daemon>) {
    let Some(port) = daemon.config.egress_port else { return };
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => listener,
        Err(error) => {
            let message = format!("hosts by name are not reached: port {port} cannot be listened on: {error}");
            return daemon.log.warn("egress", message);
        }
    };
    loop {
        let next = daemon.egress.sweep();
        let due = async {
            match next {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => daemon.egress.came(stream),
                // there are no files left, most often: those that are open end some time
                Err(error) => {
                    daemon.log.warn("egress", format!("a connection is not taken: {error}"));
                    sleep(STEP).await;
                }
            },
            () = due => {}
        }
    }
}

/// Connections that wait at one time.
const MOST: usize = 64;
/// How long one waits.
const KEPT: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(50);
