//! A channel that looks at a shell, its own or another.

use std::sync::Arc;

use proto::workspace::{Attach, Body, Input, OUT, Opened, Shell as Asked};

use super::signal_by_name;
use crate::children::Exit;
use crate::connection::{Channel, Gone};
use crate::daemon::Daemon;
use crate::processes;
use crate::shells::{Event, Shell, View};

pub(super) async fn open(daemon: &Arc<Daemon>, channel: &Channel, asked: Asked) -> Result<(), Gone> {
    match daemon.shells.open(daemon, &asked, channel.principal()) {
        Ok(shell) => look(daemon, channel, shell.view(true, false)).await,
        Err(refusal) => channel.refuse(refusal.code(), refusal).await,
    }
}

pub(super) async fn attach(daemon: &Arc<Daemon>, channel: &Channel, asked: Attach) -> Result<(), Gone> {
    if let Some(kept) = daemon.kept.find(&asked.shell) {
        channel.say(Body::Opened(Opened { id: kept.id.clone(), writes: false })).await?;
        channel.data(OUT, &kept.shown()).await?;
        return channel.exit(Exit { code: Some(0), signal: None }).await;
    }
    let shell = match daemon.shells.find(&asked.shell) {
        Ok(shell) => shell,
        Err(refusal) => return channel.refuse(refusal.code(), refusal).await,
    };
    if let Some(size) = asked.size.filter(|_| !asked.view_only && (asked.take || !shell.written())) {
        shell.resize(size);
    }
    look(daemon, channel, shell.view(!asked.view_only, asked.take)).await
}

/// Until the shell ends, or the caller goes.
async fn look(daemon: &Arc<Daemon>, channel: &Channel, mut view: View) -> Result<(), Gone> {
    let (shell, id) = (view.shell.clone(), view.id());
    channel.say(opened(&shell, view.writes())).await?;
    let output = async {
        loop {
            match view.next().await {
                Some(Event::Output(bytes)) => channel.data(OUT, &bytes).await?,
                Some(Event::Taken) => channel.say(opened(&shell, false)).await?,
                Some(Event::Detached) => return channel.close("detached").await,
                None => match shell.exit() {
                    Some(exit) => return channel.exit(exit).await,
                    None => return channel.close("detached").await,
                },
            }
        }
    };
    tokio::select! {
        done = output => done,
        done = input(daemon, channel, &shell, id) => done,
    }
}

/// What the caller says, until it goes.
async fn input(daemon: &Daemon, channel: &Channel, shell: &Shell, id: u64) -> Result<(), Gone> {
    let mut keys = Keys::default();
    loop {
        match channel.next().await {
            Input::Data(data) => {
                if shell.writes(id) {
                    daemon.activity.typed();
                    let (typed, detach) = keys.take(&data.bytes);
                    // that nothing takes it any more is told by the output
                    let _ = shell.type_in(typed).await;
                    if detach && daemon.config.detach.enabled {
                        shell.let_go();
                        return channel.close("detached").await;
                    }
                }
                channel.used(data.bytes.len()).await?;
            }
            Input::Resize(size) if shell.writes(id) => shell.resize(size),
            Input::Signal(name) => {
                if let (Some(signal), Some(group)) = (signal_by_name(&name), shell.terminal.foreground()) {
                    let group = -group.as_raw_nonzero().get();
                    processes::signal(&daemon.children, &daemon.account, signal, &[group]).await;
                }
            }
            Input::Closed(_) => return Ok(()),
            Input::Resize(_) | Input::Eof(_) => {}
        }
    }
}

fn opened(shell: &Shell, writes: bool) -> Body {
    Body::Opened(Opened { id: shell.id.clone(), writes })
}

/// Looks for the keys that leave a shell running: control-A, then D.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    armed: bool,
}

impl Keys {
    /// What goes to the program, and whether the keys came.
    pub(crate) fn take<'a>(&mut self, bytes: &'a [u8]) -> (&'a [u8], bool) {
        for (at, byte) in bytes.iter().enumerate() {
            if self.armed && *byte == b'D' {
                self.armed = false;
                return (bytes.get(..at).unwrap_or_default(), true);
            }
            self.armed = *byte == 0x01;
        }
        (bytes, false)
    }
}
