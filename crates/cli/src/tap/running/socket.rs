//! The socket of a running tap: one line of JSON is asked, one is answered; or records, until one of both ends.

use super::{Board, Folder};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

/// What is asked of a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Asked {
    /// What it is.
    Show,
    /// To end. It is answered when that is done.
    Stop,
    /// For its records, from now on.
    Join,
}

/// What the socket answers from.
#[derive(Clone)]
pub(super) struct About {
    pub(super) board: Arc<Mutex<Board>>,
    pub(super) ask: mpsc::Sender<()>,
    pub(super) records: broadcast::Sender<Arc<[u8]>>,
    pub(super) over: watch::Receiver<bool>,
}

/// A tap that answers.
pub(crate) struct Found {
    pub(crate) board: Board,
    path: PathBuf,
}

/// The side of the tap's process.
pub(super) struct Server {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Server {
    pub(super) fn open(folder: &Folder, id: &str, about: About) -> io::Result<Self> {
        let path = folder.socket(id);
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600))?;
        let task = tokio::spawn(serve(listener, about));
        Ok(Self { path, task })
    }

    /// Whoever waits for the end is answered first.
    pub(super) async fn close(self) {
        if tokio::time::timeout(LAST, self.task).await.is_err() {
            tracing::debug!("somebody does not take the end of this tap");
        }
        remove(&self.path);
    }
}

async fn serve(listener: UnixListener, about: About) {
    let mut over = about.over.clone();
    let mut clients = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept(), if clients.len() < MOST => accepted,
            Some(_) = clients.join_next() => continue,
            _ = over.wait_for(|over| *over) => break,
        };
        match stream {
            Ok((stream, _)) => drop(clients.spawn(answer(stream, about.clone()))),
            Err(error) => {
                tracing::debug!(%error, "a connection was not taken");
                // Out of files, for one: others end meanwhile.
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    while clients.join_next().await.is_some() {}
}

async fn answer(mut stream: UnixStream, about: About) -> io::Result<()> {
    let About { board, ask, records, mut over } = about;
    let (read, mut write) = stream.split();
    let mut line = String::new();
    let mut read = BufReader::new(read.take(LONGEST_ASK));
    tokio::time::timeout(PATIENCE, read.read_line(&mut line)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    match serde_json::from_str::<Asked>(&line)? {
        Asked::Show => {}
        Asked::Stop => {
            // One that waits already is enough.
            let _ = ask.try_send(());
            let _ = over.wait_for(|over| *over).await;
        }
        Asked::Join => {
            let mut gone = [0];
            return tokio::select! {
                told = tell(records.subscribe(), &mut write) => told,
                _ = over.wait_for(|over| *over) => Ok(()),
                _ = read.read(&mut gone) => Ok(()),
            };
        }
    }
    let mut told = serde_json::to_vec(&*board.lock())?;
    told.push(b'\n');
    write.write_all(&told).await?;
    write.shutdown().await
}

/// Writes records as they come. Whoever is too slow is told how many he has missed.
async fn tell(mut records: broadcast::Receiver<Arc<[u8]>>, write: &mut (impl AsyncWriteExt + Unpin)) -> io::Result<()> {
    loop {
        match records.recv().await {
            Ok(line) => {
                write.write_all(&line).await?;
                write.write_all(b"\n").await?;
            }
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                let now_us = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as u64;
                let line = json!({ "v": 1, "kind": "loss", "ts": now_us, "records": missed, "cause": "credit" });
                write.write_all(format!("{line}\n").as_bytes()).await?;
            }
            Err(broadcast::error::RecvError::Closed) => return Ok(()),
        }
    }
}

/// The records of a running tap, a line each, from now on.
pub(crate) async fn follow(tap: &Found) -> io::Result<impl AsyncBufRead + Unpin + use<>> {
    let mut stream = UnixStream::connect(&tap.path).await?;
    let mut line = serde_json::to_vec(&Asked::Join)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    Ok(BufReader::new(stream))
}

/// The taps of this user that run, whose ids begin so.
pub(crate) async fn named(folder: &Folder, id: Option<&str>) -> Vec<Found> {
    let mut taps = found(folder).await;
    taps.retain(|tap| id.is_none_or(|id| tap.board.id.starts_with(id)));
    taps
}

/// The taps of this user that run, oldest first. A socket that nobody answers is removed.
pub(crate) async fn found(folder: &Folder) -> Vec<Found> {
    let mut all = Vec::new();
    for path in folder.sockets() {
        match talk(&path, Asked::Show, PATIENCE).await {
            Ok(board) => all.push(Found { board, path }),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => remove(&path),
            Err(error) => tracing::debug!(%error, path = %path.display(), "a tap does not answer"),
        }
    }
    all.sort_by_key(|tap| tap.board.since_ms);
    all
}

/// Asks a tap to end, and waits until its agents have said their last word.
pub(crate) async fn ask(tap: &Found, patience: Duration) -> io::Result<Board> {
    talk(&tap.path, Asked::Stop, patience).await
}

async fn talk(path: &Path, asked: Asked, patience: Duration) -> io::Result<Board> {
    let talk = async {
        let mut stream = UnixStream::connect(path).await?;
        let mut line = serde_json::to_vec(&asked)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        let mut told = Vec::new();
        stream.take(LONGEST).read_to_end(&mut told).await?;
        Ok(serde_json::from_slice(&told)?)
    };
    tokio::time::timeout(patience, talk).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::debug!(%error, "the socket of a tap was gone already");
    }
}

/// Who asks does so at once, and a tap answers at once.
const PATIENCE: Duration = Duration::from_secs(2);
/// The answer of the end is taken at once.
const LAST: Duration = Duration::from_secs(2);
/// Commands that ask at the same time.
const MOST: usize = 16;
/// Between two connections that cannot be taken.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_ASK: u64 = 1024;
/// An answer is as long as its pods are many.
const LONGEST: u64 = 8 << 20;
