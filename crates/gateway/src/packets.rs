//! The packets socket: packets and the stream of one connection of a tap, a window for each ask.
//!
//! A client asks in text and is answered in the order of its asks. Nothing is sent that was not asked for, so that a slow
//! client has no queue here but the asks that it made: few.

use crate::caller::Caller;
use crate::error::Refused;
use crate::server::Shared;
use api::ErrorBody;
use api::packets::{MOST_ASKS, PacketsAsk, PacketsError, PacketsSay};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Extension, Path, Query, State};
use axum::response::Response;
use base::{Code, Coded, RequestId};
use bytes::Bytes;
use capture::taps::{Packets, Shown};
use policy::Answers;
use policy::action::TapPayload;
use serde::Deserialize;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::time::timeout;

/// `GET /api/v1/taps/{id}/packets?flow=&bpf=&from=&to=`
#[derive(Deserialize)]
pub(crate) struct Asked {
    /// The connection.
    #[serde(default)]
    flow: String,
    /// A capture filter.
    #[serde(default)]
    bpf: String,
    /// Not before, in epoch microseconds.
    #[serde(default)]
    from: Option<i64>,
    /// Not after.
    #[serde(default)]
    to: Option<i64>,
}

pub(crate) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(tap): Path<String>,
    Query(asked): Query<Asked>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let sockets = shared.sockets.clone();
    let upgrade = upgrade.max_message_size(MAX_FRAME).max_frame_size(MAX_FRAME);
    upgrade.on_upgrade(move |mut socket| {
        sockets.track_future(async move {
            let over = Box::pin(serve(&shared, &caller, &tap, asked, &mut socket)).await;
            let Some(Over { error, close }) = over else { return };
            let say = |error| PacketsSay::Error(PacketsError { id: 0, error });
            if let Some(text) = error.and_then(|error| serde_json::to_string(&say(error)).ok()) {
                // Whoever asked may have gone.
                let _ = timeout(shared.patience.send, socket.send(Message::text(text))).await;
            }
            let _ = timeout(shared.patience.send, socket.send(Message::Close(Some(close)))).await;
            // What the client still says is read, so that it gets to know the reason.
            let time = crate::socket::LAST_WORDS;
            let _ = timeout(time, async { while let Some(Ok(_)) = socket.recv().await {} }).await;
        })
    })
}

/// Why a socket ends, where somebody is still there.
struct Over {
    error: Option<ErrorBody>,
    close: CloseFrame,
}

impl Over {
    fn because(error: ErrorBody) -> Self {
        let close = CloseFrame { code: close_code::POLICY, reason: error.code.to_string().into() };
        Self { error: Some(error), close }
    }

    fn said(code: Code, message: &str, request: RequestId) -> Self {
        Self::because(Refused::new(code, message).body(request))
    }
}

async fn serve(shared: &Shared, caller: &Caller, tap: &str, asked: Asked, socket: &mut WebSocket) -> Option<Over> {
    let (end, request) = (shared.end.clone(), caller.request);
    let opened = tokio::select! {
        opened = open(shared, caller, tap, asked) => opened,
        () = end.cancelled() => return Some(ending()),
    };
    let mut packets = match opened {
        Ok(packets) => packets,
        Err(error) => return Some(Over::because(error)),
    };
    let over = packets.over();
    let mut asks: VecDeque<PacketsAsk> = VecDeque::new();
    if let Err(over) = send(shared, request, socket, say(PacketsSay::About(packets.about(0)))).await {
        return over;
    }
    let mut ping = tokio::time::interval(shared.patience.ping);
    let mut heard = true;
    loop {
        if let Some(ask) = asks.pop_front() {
            let answer = {
                let mut work = std::pin::pin!(answer(&mut packets, request, ask));
                loop {
                    tokio::select! {
                        answer = &mut work => break answer,
                        message = socket.recv() => match take(message, &mut asks, request) {
                            Ok(()) => heard = true,
                            Err(over) => return over,
                        },
                        () = over.cancelled() => return Some(ended(request)),
                        () = caller.end.cancelled() => return Some(ended(request)),
                        () = end.cancelled() => return Some(ending()),
                    }
                }
            };
            if let Err(over) = send(shared, request, socket, answer).await {
                return over;
            }
            continue;
        }
        tokio::select! {
            message = socket.recv() => match take(message, &mut asks, request) {
                Ok(()) => heard = true,
                Err(over) => return over,
            },
            _ = ping.tick() => {
                if !std::mem::take(&mut heard) {
                    return None;
                }
                if let Err(over) = send(shared, request, socket, Message::Ping(Bytes::new())).await {
                    return over;
                }
            }
            () = over.cancelled() => return Some(ended(request)),
            () = caller.end.cancelled() => return Some(ended(request)),
            () = end.cancelled() => return Some(ending()),
        }
    }
}

/// Decides, then opens.
async fn open(shared: &Shared, caller: &Caller, tap: &str, asked: Asked) -> Result<Packets, ErrorBody> {
    let fail = |error: &dyn Coded| Refused::of(error).body(caller.request);
    let taps = &shared.services.taps;
    let Asked { flow, bpf, from, to } = asked;
    let target = taps.target(tap).map_err(|error| fail(&error))?;
    let action = TapPayload { flow, ..TapPayload::of(target) };
    let permit = shared.services.gate.permit(&caller.principal, action, &Answers::default());
    let permit = permit.map_err(|refusal| fail(&refusal))?;
    let shown = Shown { filter: bpf, from_us: from, to_us: to };
    taps.look(permit, shown).await.map_err(|error| fail(&error))
}

/// Takes what a client says; an error ends the socket.
fn take(
    message: Option<Result<Message, axum::Error>>,
    asks: &mut VecDeque<PacketsAsk>,
    request: RequestId,
) -> Result<(), Option<Over>> {
    match message {
        Some(Ok(Message::Text(text))) => {
            let ask = serde_json::from_str(&text)
                .map_err(|error| Some(Over::said(Code::BadRequest, &error.to_string(), request)))?;
            if asks.len() >= MOST_ASKS {
                let words = "more asks wait than may (limit `packets_asks`, 4): wait for answers";
                return Err(Some(Over::said(Code::LimitReached, words, request)));
            }
            asks.push_back(ask);
            Ok(())
        }
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
        Some(Ok(Message::Binary(_))) => {
            Err(Some(Over::said(Code::BadRequest, "asks are text: binary frames come from the server alone", request)))
        }
        Some(Ok(Message::Close(_)) | Err(_)) | None => Err(None),
    }
}

async fn answer(packets: &mut Packets, request: RequestId, ask: PacketsAsk) -> Message {
    let (id, made) = match ask {
        PacketsAsk::Packets(window) => (window.id, packets.packets(window).await.map(Message::binary)),
        PacketsAsk::Stream(window) => (window.id, packets.stream(window).await.map(Message::binary)),
        PacketsAsk::Again(again) => {
            let chosen = packets.choose().await;
            (again.id, chosen.map(|()| say(PacketsSay::About(packets.about(again.id)))))
        }
    };
    made.unwrap_or_else(|error| say(PacketsSay::Error(PacketsError { id, error: Refused::of(&error).body(request) })))
}

fn say(say: PacketsSay) -> Message {
    Message::text(serde_json::to_string(&say).unwrap_or_default())
}

async fn send(
    shared: &Shared,
    request: RequestId,
    socket: &mut WebSocket,
    message: Message,
) -> Result<(), Option<Over>> {
    match timeout(shared.patience.send, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(None),
        Err(_) => Err(Some(Over::said(Code::SlowClient, "this client does not read", request))),
    }
}

fn ended(request: RequestId) -> Over {
    Over::said(Code::PolicyDenied, "what allowed this view has ended: open it again", request)
}

fn ending() -> Over {
    Over { error: None, close: CloseFrame { code: close_code::AWAY, reason: "the console is ending".into() } }
}

const MAX_FRAME: usize = 4 * 1024;
