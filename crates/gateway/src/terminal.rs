//! The terminal socket: a shell of a workspace in a browser.
//!
//! ```text
//! browser ── in, resize, credit ─▶ serve ─▶ link::Session ─▶ the daemon's shell
//!         ◀─ about, out, credit ──┘            └ lost: workspace::again, for 15 s, to the same shell
//! ```
//!
//! One task for each socket. The permit is held as long as the socket lasts. Both ways have credit, so that a slow end slows the
//! other down and nothing is kept beyond a window. Bytes are counted, and never kept or written anywhere.

mod client;
mod frame;
mod sit;
mod typing;

use crate::caller::Caller;
use crate::error::Refused;
use crate::place;
use crate::routes::{Answer, Answered, Params, fail};
use crate::server::Shared;
use api::ErrorBody;
use api::terminal::{IN_WINDOW, PROTOCOL, TerminalSay, WorkspaceShells};
use axum::Json;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base::{ClusterName, Code, Coded};
use cluster::Cluster;
use frame::Room;
use link::{Link, Session};
use policy::action::{ObjectTarget, ShellPurpose, WorkspaceConnect};
use policy::{Answers, Outcome, Permit};
use proto::workspace::{Attach, Shell};
use serde::Deserialize;
use std::sync::Arc;
use workspace::reach::ReachError;

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
    let permit = shared.workspaces().permit(&caller.principal, action, &given);
    let permit = permit.map_err(|refusal| fail(&refusal, &caller))?;
    let told = workspace::shells::shells(&shared.services.calling, &cluster, permit)
        .await
        .map_err(|error| fail(&error, &caller))?;
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
        let permit = self.shared.workspaces().permit(&self.caller.principal, action, answers);
        let permit = permit.map_err(|refusal| self.fail(&refusal))?;
        let (end, gone) = (self.shared.end.clone(), self.caller.end.clone());
        let opening = async {
            let link = services.calling.reach(&cluster, &permit).await?;
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
