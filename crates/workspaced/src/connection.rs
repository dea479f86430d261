//! One caller: frames in, frames out, and a task for each channel between.
//!
//! Nothing that a caller sends makes the daemon keep more than the windows of its channels. A caller that breaks the
//! protocol is cut off; what ran for it without a terminal ends, its shells go on.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use parking_lot::Mutex;
use proto::workspace::{
    Body, Close, Data, Decoder, Error as Broken, Exit as Ended, Frame, Hello, Inbox, Input, MAX_CHANNELS, MAX_DATA,
    Outgoing, PREFACE, Profile, Refused, VERSIONS, WINDOW, Welcome, granted,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::channels;
use crate::daemon::Daemon;
use crate::secure;

/// Serves one caller until either ends.
///
/// # Errors
/// Why the caller was cut off.
pub(crate) async fn serve(
    daemon: Arc<Daemon>,
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
) -> Result<(), Broken> {
    let (mut from, to) = tokio::io::split(stream);
    let (out, frames) = mpsc::channel(FRAMES);
    let writer = tokio::spawn(write(to, frames));
    let mut caller =
        Caller { daemon, out, open: HashMap::new(), highest: 0, tasks: JoinSet::new(), principal: "".into() };
    let (mut decoder, mut came) = (Decoder::default(), 0);
    let served = loop {
        tokio::select! {
            read = timeout(if caller.highest == 0 { PATIENCE } else { FOREVER }, from.read_buf(decoder.room(came))) => match read {
                Ok(Ok(len)) if len > 0 => {
                    came = len;
                    if let Err(broken) = caller.take(&mut decoder).await {
                        break Err(broken);
                    }
                }
                _ => break Ok(()),
            },
            Some(done) = caller.tasks.join_next(), if !caller.tasks.is_empty() => {
                if let Ok(channel) = done {
                    caller.open.remove(&channel);
                }
            }
            () = caller.out.closed() => break Ok(()),
        }
    };
    // channels end here: what they hold is dropped with them
    caller.tasks.shutdown().await;
    drop(caller);
    let _ = timeout(PATIENCE, writer).await;
    served
}

struct Caller {
    daemon: Arc<Daemon>,
    out: mpsc::Sender<Frame>,
    open: HashMap<u32, Arc<Shared>>,
    /// Of the numbers that were used.
    highest: u32,
    tasks: JoinSet<u32>,
    /// On whose behalf it came.
    principal: Arc<str>,
}

/// What the connection and a channel's task share.
#[derive(Debug)]
struct Shared {
    inbox: Mutex<Inbox>,
    came: Notify,
    /// Bytes that may be sent.
    window: Semaphore,
}

impl Caller {
    async fn take(&mut self, decoder: &mut Decoder) -> Result<(), Broken> {
        while let Some(Frame { channel, body }) = decoder.next_frame()? {
            match body {
                Some(Body::Hello(hello)) if channel == 0 => self.welcome(&hello).await?,
                Some(Body::Open(open)) if channel > self.highest => {
                    self.highest = channel;
                    self.open(channel, open).await;
                }
                Some(body) => {
                    // a channel that ended is not asked about: its caller may not know yet
                    let Some(shared) = self.open.get(&channel) else {
                        if channel > self.highest {
                            return Err(Broken::Malformed);
                        }
                        continue;
                    };
                    shared.take(body)?;
                }
                None => {} // of a later version
            }
        }
        Ok(())
    }

    async fn welcome(&mut self, hello: &Hello) -> Result<(), Broken> {
        // Whoever is too old is told by what it can read which side is the newer one.
        let version = hello.version.clamp(*VERSIONS.start(), *VERSIONS.end());
        let principal: String = hello.principal.chars().filter(|one| !one.is_control()).take(MAX_NAME).collect();
        self.daemon.log.info("callers", format!("{} is here {}", shown(&principal), hello.decision));
        self.principal = principal.into();
        let welcome = Welcome {
            version,
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            workspace_uid: self.daemon.config.workspace.uid.clone(),
            certified_until_ms: secure::until_ms(&self.daemon),
            programs: self.daemon.config.profile == Profile::Shell,
        };
        let _ = self.out.send(Body::Welcome(welcome).on(0)).await; // the reader notices a closed stream itself
        if hello.version < *VERSIONS.start() { Err(Broken::NotOurs) } else { Ok(()) }
    }

    async fn open(&mut self, id: u32, open: proto::workspace::Open) {
        if self.open.len() >= MAX_CHANNELS {
            let message = format!("{MAX_CHANNELS} channels are open, which is the limit");
            let refused = Refused { code: "too_many".to_owned(), message };
            let _ = self.out.send(Body::Refused(refused).on(id)).await;
            return;
        }
        let shared = Arc::new(Shared { inbox: Mutex::default(), came: Notify::new(), window: Semaphore::new(WINDOW) });
        self.open.insert(id, shared.clone());
        let channel = Channel { id, shared, out: self.out.clone(), principal: self.principal.clone() };
        let daemon = self.daemon.clone();
        self.tasks.spawn(async move {
            channels::run(&daemon, &channel, open).await;
            id
        });
    }
}

impl Shared {
    fn take(&self, body: Body) -> Result<(), Broken> {
        let mut inbox = self.inbox.lock();
        match body {
            Body::Data(data) => inbox.data(data)?,
            Body::Eof(stream) => inbox.eof(stream),
            Body::Resize(resize) => {
                if let Some(size) = resize.size {
                    inbox.resize(size);
                }
            }
            Body::Signal(name) => inbox.signal(name),
            Body::Close(close) => inbox.close(close.reason),
            Body::Credit(more) => {
                let more = granted(self.window.available_permits(), more)?;
                self.window.add_permits(more);
            }
            _ => return Err(Broken::Malformed),
        }
        drop(inbox);
        self.came.notify_one();
        Ok(())
    }
}

/// A channel, from the side of what runs for it.
#[derive(Debug)]
pub(crate) struct Channel {
    id: u32,
    shared: Arc<Shared>,
    out: mpsc::Sender<Frame>,
    principal: Arc<str>,
}

/// The caller is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

impl Channel {
    /// On whose behalf the caller came.
    pub(crate) fn principal(&self) -> &str {
        &self.principal
    }

    /// What the caller says next.
    pub(crate) async fn next(&self) -> Input {
        loop {
            let came = self.shared.came.notified();
            if let Some(input) = self.shared.inbox.lock().take() {
                return input;
            }
            came.await;
        }
    }

    /// So much of the data was used up.
    pub(crate) async fn used(&self, bytes: usize) -> Result<(), Gone> {
        let grant = self.shared.inbox.lock().used(bytes);
        match grant {
            Some(grant) => self.say(Body::Credit(grant)).await,
            None => Ok(()),
        }
    }

    /// Sends bytes, as the caller takes them.
    pub(crate) async fn data(&self, stream: u32, bytes: &[u8]) -> Result<(), Gone> {
        self.pass(stream, Bytes::copy_from_slice(bytes)).await
    }

    /// The same with bytes that need no copy.
    pub(crate) async fn pass(&self, stream: u32, mut bytes: Bytes) -> Result<(), Gone> {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(MAX_DATA));
            let many = u32::try_from(piece.len()).map_err(|_| Gone)?;
            self.shared.window.acquire_many(many).await.map_err(|_| Gone)?.forget();
            self.say(Body::Data(Data { stream, bytes: piece })).await?;
        }
        Ok(())
    }

    pub(crate) async fn say(&self, body: Body) -> Result<(), Gone> {
        self.out.send(body.on(self.id)).await.map_err(|_| Gone)
    }

    pub(crate) async fn refuse(&self, code: &str, message: impl ToString) -> Result<(), Gone> {
        self.say(Body::Refused(Refused { code: code.to_owned(), message: message.to_string() })).await
    }

    /// The last words: how it ended.
    pub(crate) async fn exit(&self, exit: crate::children::Exit) -> Result<(), Gone> {
        let signal = exit.signal.map(channels::signal_name).unwrap_or_default();
        self.say(Body::Exit(Ended { code: exit.number(), signal })).await?;
        self.close("").await
    }

    pub(crate) async fn close(&self, reason: &str) -> Result<(), Gone> {
        self.say(Body::Close(Close { reason: reason.to_owned() })).await
    }
}

async fn write(mut to: impl AsyncWrite + Unpin, mut frames: mpsc::Receiver<Frame>) -> std::io::Result<()> {
    let mut out = Outgoing::new(to.is_write_vectored());
    out.raw(PREFACE);
    loop {
        to.write_all_buf(&mut out).await?;
        to.flush().await?;
        let Some(frame) = frames.recv().await else { break };
        out.push(frame);
        while out.remaining() < PIECE
            && let Ok(frame) = frames.try_recv()
        {
            out.push(frame);
        }
    }
    to.shutdown().await
}

fn shown(principal: &str) -> &str {
    if principal.is_empty() { "a caller" } else { principal }
}

const FRAMES: usize = 64;
/// Bytes that are written at once, or a frame more.
const PIECE: usize = 64 << 10;
const MAX_NAME: usize = 200;
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
const FOREVER: std::time::Duration = std::time::Duration::from_secs(u32::MAX as u64);
