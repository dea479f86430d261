//! The stream: one task reads frames and gives them to their channels, one writes.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Buf;
use parking_lot::Mutex;
use proto::workspace::{
    Body, Decoder, Error as Broken, Frame, Hello, Inbox, Outgoing, PREFACE, WINDOW, Welcome, granted,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::Error;

/// What all sessions of a link share.
#[derive(Debug)]
pub(crate) struct Connection {
    out: mpsc::Sender<Frame>,
    table: Arc<Mutex<Table>>,
    /// Ended with the last handle.
    reader: AbortHandle,
}

#[derive(Debug, Default)]
struct Table {
    open: HashMap<u32, Arc<Shared>>,
    last: u32,
    welcome: Option<oneshot::Sender<Welcome>>,
    broken: Option<Broken>,
    over: bool,
}

/// What the connection and a session share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) inbox: Mutex<Inbox>,
    /// What the daemon says of the channel itself, in its order.
    pub(crate) said: Mutex<std::collections::VecDeque<Body>>,
    pub(crate) came: Notify,
    /// Bytes that may be sent.
    pub(crate) window: Semaphore,
}

impl Connection {
    pub(crate) fn open(
        stream: impl AsyncRead + AsyncWrite + Send + 'static,
        hello: Hello,
    ) -> (Arc<Self>, oneshot::Receiver<Welcome>) {
        let (from, to) = tokio::io::split(stream);
        let (out, frames) = mpsc::channel(FRAMES);
        let (tell, welcome) = oneshot::channel();
        let table = Arc::new(Mutex::new(Table { welcome: Some(tell), ..Table::default() }));
        // the queue is new and has room
        let _ = out.try_send(Body::Hello(hello).on(0));
        tokio::spawn(write(to, frames));
        let reader = tokio::spawn(read(from, table.clone())).abort_handle();
        (Arc::new(Self { out, table, reader }), welcome)
    }

    /// A new channel.
    ///
    /// # Errors
    /// When the connection is over.
    pub(crate) fn channel(&self) -> Result<(u32, Arc<Shared>), Error> {
        let mut table = self.table.lock();
        if table.over {
            return Err(table.broken.map_or(Error::Closed, Error::Protocol));
        }
        table.last += 1;
        let id = table.last;
        let shared = Arc::new(Shared {
            inbox: Mutex::default(),
            said: Mutex::default(),
            came: Notify::new(),
            window: Semaphore::new(WINDOW),
        });
        table.open.insert(id, shared.clone());
        Ok((id, shared))
    }

    pub(crate) fn forget(&self, id: u32) {
        self.table.lock().open.remove(&id);
    }

    pub(crate) async fn say(&self, frame: Frame) -> Result<(), Error> {
        self.out.send(frame).await.map_err(|_| self.why())
    }

    /// Without waiting: for whoever goes.
    pub(crate) fn try_say(&self, frame: Frame) -> Result<(), Frame> {
        self.out.try_send(frame).map_err(mpsc::error::TrySendError::into_inner)
    }

    pub(crate) fn out(&self) -> mpsc::Sender<Frame> {
        self.out.clone()
    }

    /// Why it is over.
    pub(crate) fn why(&self) -> Error {
        self.table.lock().broken.map_or(Error::Closed, Error::Protocol)
    }

    pub(crate) fn over(&self) -> bool {
        self.table.lock().over
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn read(mut from: impl AsyncRead + Unpin, table: Arc<Mutex<Table>>) {
    let (mut decoder, mut came) = (Decoder::default(), 0);
    let broken = loop {
        match from.read_buf(decoder.room(came)).await {
            Ok(len) if len > 0 => came = len,
            _ => break None,
        }
        if let Err(broken) = take(&mut decoder, &table) {
            break Some(broken);
        }
    };
    let mut table = table.lock();
    table.over = true;
    table.broken = broken;
    table.welcome = None;
    for shared in table.open.values() {
        shared.window.close();
        shared.came.notify_one();
    }
}

fn take(decoder: &mut Decoder, table: &Mutex<Table>) -> Result<(), Broken> {
    while let Some(Frame { channel, body }) = decoder.next_frame()? {
        let Some(body) = body else { continue };
        let mut table = table.lock();
        if let Body::Welcome(welcome) = body {
            if let Some(tell) = table.welcome.take() {
                let _ = tell.send(welcome); // nobody waits any more
            }
            continue;
        }
        let Some(shared) = table.open.get(&channel).cloned() else { continue };
        drop(table);
        match body {
            Body::Data(data) => shared.inbox.lock().data(data)?,
            Body::Eof(stream) => shared.inbox.lock().eof(stream),
            Body::Close(close) => shared.inbox.lock().close(close.reason),
            Body::Credit(more) => {
                let more = granted(shared.window.available_permits(), more)?;
                shared.window.add_permits(more);
            }
            body @ (Body::Opened(_) | Body::Refused(_) | Body::Exit(_)) => {
                let mut said = shared.said.lock();
                if said.len() >= MAX_SAID {
                    return Err(Broken::Overrun);
                }
                said.push_back(body);
            }
            _ => return Err(Broken::Malformed),
        }
        shared.came.notify_one();
    }
    Ok(())
}

async fn write(mut to: impl AsyncWrite + Unpin, mut frames: mpsc::Receiver<Frame>) -> std::io::Result<()> {
    let mut out = Outgoing::new(to.is_write_vectored());
    out.raw(PREFACE);
    while let Some(frame) = frames.recv().await {
        out.push(frame);
        while out.remaining() < PIECE
            && let Ok(frame) = frames.try_recv()
        {
            out.push(frame);
        }
        to.write_all_buf(&mut out).await?;
        to.flush().await?;
    }
    to.shutdown().await
}

const FRAMES: usize = 64;
/// Bytes that are written at once, or a frame more.
const PIECE: usize = 64 << 10;
const MAX_SAID: usize = 256;
