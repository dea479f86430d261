//! The terminal socket: a shell of a workspace in a browser.
//!
//! ```text
//! browser ── in, resize, credit ─▶ serve ─▶ link::Session ─▶ the daemon's shell
//!         ◀─ about, out, credit ──┘            └ lost: workspace::again, for 15 s, to the same shell
//! ```
//!
//! One task for each socket. The permit is held as long as the socket lasts. Both ways have credit, so that a slow end slows the
//! other down and nothing is kept beyond a window. Bytes are counted, and never kept or written anywhere.

mod frame;
mod typing;

use crate::caller::Caller;
use crate::error::Refused;
use crate::place;
use crate::routes::{Answer, Answered, Params, fail};
use crate::server::Shared;
use api::ErrorBody;
use api::terminal::{IN_WINDOW, PROTOCOL, TerminalSay, WorkspaceShells};
use axum::Json;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base::{ClusterName, Code, Coded};
use bytes::Bytes;
use cluster::Cluster;
use frame::{Room, Said};
use futures::future::BoxFuture;
use link::{Event, Link, Session};
use policy::action::{ObjectTarget, ShellPurpose, WorkspaceConnect};
use policy::{Answers, Outcome, Permit};
use proto::workspace::{Attach, Shell};
use serde::Deserialize;
use std::sync::Arc;
use tokio::time::{Interval, timeout};
use typing::Typing;
use workspace::again::{Gone, again, silence};
use workspace::reach::{ReachError, reach};

/// `GET …/interactive?cluster=&shell=&cols=&rows=&take=&view_only=`, and answers to the policy
#[derive(Deserialize)]
pub(crate) struct Asked {
    cluster: ClusterName,
    /// Comes back to this shell; a new one when empty.
    #[serde(default)]
    shell: String,
    cols: u32,
    rows: u32,
    /// Becomes the one who types, though somebody else does.
    #[serde(default)]
    take: bool,
    /// Looks on.
    #[serde(default)]
    view_only: bool,
}

pub(crate) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path((namespace, name)): Path<(String, String)>,
    Params(asked): Params<Asked>,
    Answered(given): Answered,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    if !offered.flat_map(|value| value.split(',')).any(|one| one.trim() == PROTOCOL) {
        let words = format!("a terminal speaks the subprotocol {PROTOCOL}");
        return Refused::new(Code::BadRequest, words).with(&caller).into_response();
    }
    let size = match frame::size(asked.cols, asked.rows) {
        Ok(size) => size,
        Err(broken) => return Refused::new(Code::BadRequest, broken.to_string()).with(&caller).into_response(),
    };
    let sockets = shared.sockets.clone();
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(MAX_FRAME).max_frame_size(MAX_FRAME);
    upgrade.on_upgrade(move |socket| {
        sockets.track_future(async move {
            let Asked { cluster, shell, cols: _, rows: _, take, view_only } = asked;
            let object = place::object(cluster, namespace, name);
            let terminal = Terminal { shared, caller, socket, room: Room::new(), heard: true, pending: Vec::new() };
            terminal.run(object, Attach { shell, view_only, take, size: Some(size) }, &given).await;
        })
    })
}

/// `GET …/shells?cluster=`
#[derive(Deserialize)]
pub(crate) struct Where {
    cluster: ClusterName,
}

pub(crate) async fn shells(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path((namespace, name)): Path<(String, String)>,
    Params(Where { cluster }): Params<Where>,
    Answered(given): Answered,
) -> Answer<WorkspaceShells> {
    let object = place::object(cluster, namespace, name);
    let cluster = place::cluster(&shared, &caller, &object).map_err(|error| fail(&error, &caller))?;
    let action = WorkspaceConnect { object, purpose: ShellPurpose::List };
    let permit = shared.services.gate.permit(&caller.principal, action, &given);
    let permit = permit.map_err(|refusal| fail(&refusal, &caller))?;
    let told = workspace::shells::shells(&cluster, permit).await.map_err(|error| fail(&error, &caller))?;
    let shells = told.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect();
    Ok(Json(WorkspaceShells { shells }))
}

/// The browser's end.
struct Terminal {
    shared: Arc<Shared>,
    caller: Caller,
    socket: WebSocket,
    room: Room,
    /// The client has said something since the last ping.
    heard: bool,
    /// Output for which there was no room.
    pending: Vec<u8>,
}

/// The shell's end, under one permit.
struct Seat {
    permit: Permit<WorkspaceConnect>,
    cluster: Cluster,
    link: Link,
    session: Session,
    asked: Attach,
    typed: u64,
    meter: workspace::activity::Meter,
}

/// How a socket ends.
enum End {
    /// The program ended, or the shell was left: the client knows.
    Done(String),
    /// The client went.
    Gone,
    /// The connection to the workspace broke.
    Lost(String),
    /// The console is ending.
    Away,
    /// Something is wrong, and the client is told.
    Failed(ErrorBody),
}

impl Terminal {
    async fn run(mut self, object: ObjectTarget, asked: Attach, answers: &Answers) {
        let attached = !asked.shell.is_empty();
        let end = match self.open(object, asked, answers).await {
            Ok(mut seat) => {
                let mut end = self.announce(&seat, attached).await.err();
                while end.is_none() {
                    end = match self.sit(&mut seat).await {
                        End::Lost(why) => self.back(&mut seat, why).await.err(),
                        other => Some(other),
                    };
                }
                let end = end.unwrap_or(End::Gone);
                seat.finish(&end);
                end
            }
            Err(end) => end,
        };
        self.close(end).await;
    }

    /// Decides, then opens the way to the shell. A client that goes meanwhile ends it.
    async fn open(&mut self, object: ObjectTarget, mut asked: Attach, answers: &Answers) -> Result<Seat, End> {
        let purpose = if asked.shell.is_empty() {
            ShellPurpose::Shell { program: String::new() }
        } else {
            ShellPurpose::Attach { shell: asked.shell.clone() }
        };
        let services = &self.shared.services;
        let cluster = place::cluster(&self.shared, &self.caller, &object).map_err(|error| self.fail(&error))?;
        let meter = place::meter(&self.shared, &object);
        let action = WorkspaceConnect { object, purpose };
        let permit = services.gate.permit(&self.caller.principal, action, answers);
        let permit = permit.map_err(|refusal| self.fail(&refusal))?;
        let (end, gone) = (self.shared.end.clone(), self.caller.end.clone());
        let opening = async {
            let link = reach(&cluster, &permit).await?;
            let session = if asked.shell.is_empty() {
                let size = asked.size;
                link.shell(Shell { size, detach_on_close: true, ..Shell::default() }).await?
            } else {
                link.attach(asked.clone()).await?
            };
            Ok::<_, ReachError>((link, session))
        };
        let opened = tokio::select! {
            opened = Box::pin(opening) => opened,
            () = end.cancelled() => return Err(End::Away),
            () = gone.cancelled() => return Err(self.revoked()),
        };
        match opened {
            Ok((link, session)) => {
                session.id().clone_into(&mut asked.shell);
                Ok(Seat { permit, cluster, link, session, asked, typed: 0, meter })
            }
            Err(error) => {
                let (code, message) = (error.code().as_str().to_owned(), error.to_string());
                permit.finish(Outcome::Failed { code, message });
                Err(self.fail(&error))
            }
        }
    }

    async fn announce(&mut self, seat: &Seat, attached: bool) -> Result<(), End> {
        let (shell, writes) = (seat.session.id().to_owned(), seat.session.writes());
        self.say(&TerminalSay::Open { shell, writes, attached }).await
    }

    /// Until this connection, or what it leads to, is over.
    async fn sit(&mut self, seat: &mut Seat) -> End {
        let Seat { permit, link, session, asked, typed, meter, .. } = seat;
        let (input, shell) = (session.input(), asked.shell.clone());
        let mut typing = Typing::default();
        let mut wanted: Option<BoxFuture<'static, Result<Option<Vec<u8>>, link::Error>>> = None;
        let mut quiet = std::pin::pin!(silence(link));
        let mut ping = self.ticks();
        let (end, gone) = (self.shared.end.clone(), self.caller.end.clone());
        loop {
            while self.room.is_there() && !self.pending.is_empty() {
                let (now, rest) = self.room.take(std::mem::take(&mut self.pending));
                self.pending = rest;
                permit.count_bytes(now.len() as u64);
                if let Err(end) = self.send(frame::out(&now)).await {
                    return end;
                }
            }
            let sent = tokio::select! {
                message = self.socket.recv() => match self.read(message) {
                    Ok(None) => Ok(()),
                    Ok(Some(Said::In(bytes))) => {
                        *typed += bytes.len() as u64;
                        meter.touch(workspace::activity::Door::Terminal, "typed");
                        if typing.add(bytes, &input) { Ok(()) } else { Err(self.broken("more was typed than was granted")) }
                    }
                    Ok(Some(Said::Resize(size))) => {
                        asked.size = Some(size);
                        match input.resize(size).await {
                            Ok(()) => Ok(()),
                            Err(error) => return End::Lost(error.to_string()),
                        }
                    }
                    Ok(Some(Said::Where)) => {
                        // One at a time: whoever asks again meanwhile gets the same answer.
                        let (link, shell) = (link.clone(), shell.clone());
                        wanted.get_or_insert_with(|| Box::pin(async move { workspace::shells::folder(&link, &shell).await }));
                        Ok(())
                    }
                    Ok(Some(Said::Ping(bytes))) => self.send(frame::pong(&bytes)).await,
                    Ok(Some(Said::Credit(more))) if self.room.more(more) => Ok(()),
                    Ok(Some(Said::Credit(_))) => Err(self.broken("more was granted than can be sent")),
                    Err(end) => Err(end),
                },
                event = session.next(), if self.pending.is_empty() => match event {
                    Ok(Some(Event::Output { bytes, .. })) => {
                        self.pending = bytes;
                        Ok(())
                    }
                    Ok(Some(Event::Exit(exit))) => {
                        let words = format!("{shell} ended with {}", exit.code);
                        let told = self.say(&TerminalSay::Exit { code: exit.code, signal: exit.signal }).await;
                        return told.err().unwrap_or(End::Done(words));
                    }
                    Ok(Some(Event::Closed(reason))) if reason == "detached" => {
                        let told = self.say(&TerminalSay::Detached).await;
                        return told.err().unwrap_or(End::Done(format!("detached from {shell}")));
                    }
                    Ok(Some(Event::Writes(writes))) => {
                        asked.take = writes;
                        self.say(&TerminalSay::Writes { writes }).await
                    }
                    Ok(Some(Event::Eof(_))) => Ok(()),
                    Ok(Some(Event::Closed(reason))) => return End::Lost(format!("the daemon closed it: {reason}")),
                    Ok(None) => return End::Lost("it was closed".to_owned()),
                    Err(error) => return End::Lost(error.to_string()),
                },
                sent = typing.next() => match sent {
                    Ok(bytes) => {
                        typing.start(&input);
                        self.send(frame::credit(bytes)).await
                    }
                    Err(error) => return End::Lost(error.to_string()),
                },
                path = async { Some(wanted.as_mut()?.await) }, if wanted.is_some() => {
                    wanted = None;
                    match path {
                        Some(Ok(path)) => self.send(frame::cwd(&path.unwrap_or_default())).await,
                        Some(Err(error)) => return End::Lost(error.to_string()),
                        None => Ok(()),
                    }
                },
                why = &mut quiet => return End::Lost(why),
                _ = ping.tick() => self.beat().await,
                () = permit.ended() => Err(self.revoked()),
                () = gone.cancelled() => Err(self.revoked()),
                () = end.cancelled() => Err(End::Away),
            };
            if let Err(end) = sent {
                return end;
            }
        }
    }

    /// Comes back to the shell, on an empty screen.
    async fn back(&mut self, seat: &mut Seat, why: String) -> Result<(), End> {
        self.pending.clear();
        self.say(&TerminalSay::Lost { message: why }).await?;
        let mut asked = seat.asked.clone();
        // Whoever was lost may hold the writer's place still.
        asked.take = asked.take || (!asked.view_only && seat.session.writes());
        let (end, gone) = (self.shared.end.clone(), self.caller.end.clone());
        let mut ping = self.ticks();
        let mut back = Box::pin(again(&seat.cluster, &seat.permit, &asked));
        let (mut size, mut lost) = (asked.size, 0);
        let open = loop {
            tokio::select! {
                open = &mut back => break open,
                message = self.socket.recv() => match self.read(message)? {
                    Some(Said::Resize(now)) => size = Some(now),
                    Some(Said::Credit(more)) if self.room.more(more) => {}
                    Some(Said::Credit(_)) => return Err(self.broken("more was granted than can be sent")),
                    // What is typed meanwhile goes nowhere, and may be typed again.
                    Some(Said::In(bytes)) => lost += u32::try_from(bytes.len()).unwrap_or(u32::MAX),
                    Some(Said::Ping(bytes)) => self.send(frame::pong(&bytes)).await?,
                    Some(Said::Where) | None => {}
                },
                _ = ping.tick() => self.beat().await?,
                () = seat.permit.ended() => return Err(self.revoked()),
                () = gone.cancelled() => return Err(self.revoked()),
                () = end.cancelled() => return Err(End::Away),
            }
        };
        drop(back);
        match open {
            Ok((link, session)) => (seat.link, seat.session) = (link, session),
            Err(Gone::Failed(error)) => return Err(self.fail(&error)),
            Err(Gone::Lost(why)) => {
                let words = format!("the connection to {} was lost and did not come back: {why}", asked.shell);
                return Err(End::Failed(Refused::new(Code::ShellLost, words).body((&self.caller).into())));
            }
        }
        self.announce(seat, true).await?;
        if lost > 0 {
            self.send(frame::credit(lost)).await?;
        }
        if let Some(size) = size.filter(|size| Some(*size) != asked.size) {
            seat.asked.size = Some(size);
            // That it broke again is told by what comes.
            let _ = seat.session.resize(size).await;
        }
        Ok(())
    }

    /// Takes a message of the client; nothing when it says nothing.
    fn read(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<Option<Said>, End> {
        self.heard = true;
        match message {
            Some(Ok(Message::Binary(bytes))) => {
                Said::read(&bytes).map(Some).map_err(|broken| self.broken(&broken.to_string()))
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
            Some(Ok(Message::Text(_))) => Err(self.broken(&frame::Broken::Form.to_string())),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
        }
    }

    async fn beat(&mut self) -> Result<(), End> {
        if !std::mem::take(&mut self.heard) {
            return Err(End::Gone);
        }
        self.send(Message::Ping(Bytes::new())).await
    }

    fn ticks(&self) -> Interval {
        let every = self.shared.patience.ping;
        tokio::time::interval_at(tokio::time::Instant::now() + every, every)
    }

    async fn say(&mut self, say: &TerminalSay) -> Result<(), End> {
        self.send(frame::about(say)).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.shared.patience.send, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => {
                let refused = Refused::new(Code::SlowClient, "this client does not read");
                Err(End::Failed(refused.body((&self.caller).into())))
            }
        }
    }

    async fn close(mut self, end: End) {
        let (said, code, reason) = match end {
            End::Gone => return,
            End::Done(_) => (None, close_code::NORMAL, "ended".to_owned()),
            End::Away | End::Lost(_) => (None, close_code::AWAY, "the console is ending".to_owned()),
            End::Failed(error) => (Some(frame::error(&error)), close_code::POLICY, error.code.to_string()),
        };
        // Whoever asked may have gone.
        if let Some(said) = said {
            let _ = timeout(self.shared.patience.send, self.socket.send(said)).await;
        }
        let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        let _ = timeout(self.shared.patience.send, self.socket.send(close)).await;
        // What the client still says is read, so that it gets to know the reason.
        let _ = timeout(crate::socket::LAST_WORDS, async { while let Some(Ok(_)) = self.socket.recv().await {} }).await;
    }

    fn fail(&self, error: &dyn Coded) -> End {
        End::Failed(Refused::of(error).body((&self.caller).into()))
    }

    fn broken(&self, words: &str) -> End {
        End::Failed(Refused::new(Code::BadRequest, words).body((&self.caller).into()))
    }

    fn revoked(&self) -> End {
        let words = "what allowed this terminal has ended; the shell runs on";
        End::Failed(Refused::new(Code::PolicyDenied, words).body((&self.caller).into()))
    }
}

impl Seat {
    /// The end stands in the journal: what became of it, never what was typed.
    fn finish(self, end: &End) {
        let (id, typed) = (&self.asked.shell, self.typed);
        self.permit.finish(match end {
            End::Done(words) => Outcome::Done { message: format!("{words}; {typed} bytes in") },
            End::Gone | End::Away => Outcome::Done { message: format!("left {id}, which runs on; {typed} bytes in") },
            End::Lost(message) => {
                Outcome::Failed { code: Code::ShellLost.as_str().to_owned(), message: message.clone() }
            }
            End::Failed(error) if error.code == Code::PolicyDenied => Outcome::Revoked,
            End::Failed(error) => {
                Outcome::Failed { code: error.code.as_str().to_owned(), message: error.message.clone() }
            }
        });
    }
}

/// One frame of input.
const MAX_FRAME: usize = IN_WINDOW as usize + 1;

#[cfg(test)]
mod tests;
