//! While a shell is on the screen: what is typed and what comes, until one of both ends is over; and coming back to it.

use super::frame::{self, Said};
use super::typing::Typing;
use super::{End, Seat, Terminal};
use crate::error::Refused;
use api::terminal::TerminalSay;
use base::Code;
use futures::future::BoxFuture;
use link::Event;
use workspace::again::{Gone, again, silence};

impl Terminal {
    /// Until this connection, or what it leads to, is over.
    pub(super) async fn sit(&mut self, seat: &mut Seat) -> End {
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
                        self.pending = bytes.into();
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
    pub(super) async fn back(&mut self, seat: &mut Seat, why: String) -> Result<(), End> {
        self.pending.clear();
        self.say(&TerminalSay::Lost { message: why }).await?;
        let mut asked = seat.asked.clone();
        // Whoever was lost may hold the writer's place still.
        asked.take = asked.take || (!asked.view_only && seat.session.writes());
        let (end, gone) = (self.shared.end.clone(), self.caller.end.clone());
        let mut ping = self.ticks();
        let calling = self.shared.services.calling.clone();
        let mut back = Box::pin(again(&calling, &seat.cluster, &seat.permit, &asked));
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
}
