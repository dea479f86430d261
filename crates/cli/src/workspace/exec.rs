//! `qd ws exec`: a program in the workspace with pipes: its outputs apart, its exit code ours.

use super::keyboard::Keyboard;
use super::outlet::Outlet;
use super::ready::{failed, finish, interruptible, ready};
use super::shell::{self, Lost, plain};
use super::{ask, which};
use crate::Desk;
use crate::error::Error;
use crate::grammar::workspace::ExecArgs;
use base::Code;
use link::{Event, Session};
use policy::Permit;
use policy::action::WorkspaceExec;
use proto::workspace::{ERR, Exec};
use tokio::signal::unix::{SignalKind, signal};

/// Runs it; the exit code of the program.
pub(super) async fn exec(desk: &Desk, args: &ExecArgs) -> Result<u8, Error> {
    let which = which(desk, &args.which).await?;
    if args.tty {
        return shell::exec(desk, args, &which).await;
    }
    let way = interruptible(Box::pin(ready(desk, &which, &args.reach))).await?;
    let program = args.command.first().cloned().unwrap_or_default();
    let permit = ask::permit(desk, WorkspaceExec { object: which.object.clone(), program, terminal: false })?;
    let result = async {
        let opened = async {
            let link = way.enter(&permit).await?;
            let session = link.exec(Exec { command: args.command.clone(), ..Exec::default() }).await;
            session.map_err(|error| failed(&which.object, error.into()))
        };
        let session = interruptible(opened).await?;
        follow(session, args.stdin, &permit).await
    }
    .await;
    finish(permit, &result, |code| format!("it ended with {code}"));
    result
}

/// Until the program has ended.
async fn follow(mut session: Session, stdin: bool, permit: &Permit<WorkspaceExec>) -> Result<u8, Error> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let (mut hangs, mut terms) = (signal(SignalKind::hangup())?, signal(SignalKind::terminate())?);
    let input = session.input();
    let output = async {
        loop {
            match session.next().await {
                Ok(Some(Event::Output { stream, bytes })) => {
                    permit.count_bytes(bytes.len() as u64);
                    let to = if stream == ERR { Outlet::Err } else { Outlet::Out };
                    to.write(bytes).await?;
                }
                Ok(Some(Event::Exit(exit))) => return Ok(u8::try_from(exit.code).unwrap_or(u8::MAX)),
                Ok(Some(Event::Eof(_) | Event::Writes(_))) => {}
                Ok(Some(Event::Closed(reason))) => return Err(lost(&reason)),
                Ok(None) => return Err(lost("")),
                Err(error) => return Err(lost(&error.to_string())),
            }
        }
    };
    let typing = async {
        let mut gone = false;
        if stdin {
            let mut keys = Keyboard::start();
            while let Some(bytes) = keys.next().await {
                gone = input.send(&bytes).await.is_err();
                if gone {
                    break;
                }
            }
        }
        if !gone {
            // That it is over is told by the output.
            let _ = input.end().await;
        }
        std::future::pending::<Result<u8, Error>>().await
    };
    let told = async {
        // The program is asked first; whoever insists does not wait for it.
        interrupts.recv().await;
        let _ = input.signal("INT").await;
        interrupts.recv().await;
        Err(Error::Interrupted)
    };
    tokio::select! {
        result = output => result,
        result = typing => result,
        result = told => result,
        _ = hangs.recv() => Err(Error::Interrupted),
        _ = terms.recv() => Err(Error::Interrupted),
        () = permit.ended() => Err(Error::of(Lost(Code::PolicyDenied, "the permit for this is over".to_owned()))),
    }
}

fn lost(why: &str) -> Error {
    let why = if why.is_empty() { String::new() } else { format!(" ({})", plain(why)) };
    Error::of(Lost(Code::ShellLost, format!("the connection was lost{why}: the program is ended by that")))
}
