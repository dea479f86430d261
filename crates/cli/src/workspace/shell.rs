//! `qd ws shell`, and `qd ws exec -it`: a terminal in the workspace, on the terminal of whoever runs this.
//!
//! ```text
//! keys ───────▶ Session ─▶ daemon ─▶ program
//! screen ◀─ Modes ◀─┘       └─ keeps it, with its screen, when nobody looks
//! ```
//!
//! A connection that is lost is opened again, for a while, and leads to the same shell. What is typed goes to the program
//! and nowhere else: the journal has the act, its bytes and its end.

mod again;
mod modes;

use super::keyboard::Keyboard;
use super::outlet::Outlet;
use super::ready::{Way, failed, finish, interruptible, ready};
use super::{Which, ask, which};
use crate::Desk;
use crate::error::Error;
use crate::grammar::workspace::{ExecArgs, ShellArgs};
use crate::terminal::{self, Taken};
use base::{Code, Coded};
use link::{Event, Link, Session, Size};
use modes::Modes;
use policy::Permit;
use policy::action::{ShellPurpose, WorkspaceConnect, WorkspaceExec};
use proto::workspace::{Attach, Shell};
use std::io::Write;
use tokio::signal::unix::{Signal, SignalKind, signal};
use workspace::again::{PATIENCE, silence};
use workspace::reach::Reaches;

/// Runs `qd ws shell`; the exit code of the program.
pub(super) async fn shell(desk: &Desk, args: &ShellArgs) -> Result<u8, Error> {
    let needed = "`qd ws shell` needs a terminal: `qd ws exec NAME -- CMD` runs a program without one";
    terminal(needed)?;
    let which = which(desk, &args.which).await?;
    let way = interruptible(Box::pin(ready(desk, &which, &args.reach))).await?;
    let purpose = match &args.attach {
        Some(shell) => ShellPurpose::Attach { shell: shell.clone() },
        None => ShellPurpose::Shell { program: args.command.first().cloned().unwrap_or_default() },
    };
    let permit = ask::permit(desk, WorkspaceConnect { object: which.object.clone(), purpose })?;
    let ask = match &args.attach {
        Some(shell) => {
            Ask::Attach(Attach { shell: shell.clone(), view_only: args.view_only, take: args.take, size: Some(size()) })
        }
        None => Ask::new(&args.command),
    };
    run(&which, &way, permit, ask).await
}

/// Runs `qd ws exec -it`.
pub(super) async fn exec(desk: &Desk, args: &ExecArgs, which: &Which<'_>) -> Result<u8, Error> {
    terminal("`-t` needs a terminal: without it the program has pipes")?;
    let way = interruptible(Box::pin(ready(desk, which, &args.reach))).await?;
    let program = args.command.first().cloned().unwrap_or_default();
    let permit = ask::permit(desk, WorkspaceExec { object: which.object.clone(), program, terminal: true })?;
    run(which, &way, permit, Ask::new(&args.command)).await
}

fn terminal(without: &str) -> Result<(), Error> {
    if terminal::is_there() { Ok(()) } else { Err(Error::Usage(without.to_owned())) }
}

/// What the daemon is asked for.
enum Ask {
    New(Shell),
    Attach(Attach),
}

impl Ask {
    fn new(command: &[String]) -> Self {
        let term = std::env::var("TERM").unwrap_or_default();
        let command = command.to_vec();
        Self::New(Shell { command, size: Some(size()), term, detach_on_close: true, ..Shell::default() })
    }

    async fn open(self, link: &Link) -> Result<Session, link::Error> {
        match self {
            Self::New(asked) => link.shell(asked).await,
            Self::Attach(asked) => link.attach(asked).await,
        }
    }
}

/// How it came to an end here.
enum End {
    /// The program ended.
    Exit(i32),
    /// The shell runs on: somebody wanted that.
    Detached,
    /// It runs on: this process was told to end, by the signal of this number.
    Left(u8),
    /// The permit is over.
    Revoked,
    /// The connection broke.
    Lost(String),
    /// It cannot be had again.
    Failed(Error),
}

/// What lasts longer than a connection.
struct Seat {
    keys: Keyboard,
    modes: Modes,
    taken: Taken,
    sizes: Signal,
    ends: [(u8, Signal); 3],
    typed: u64,
    /// Input is not wanted to be taken.
    view_only: bool,
    /// Input is taken.
    writes: bool,
}

async fn run<A: Reaches>(which: &Which<'_>, way: &Way<'_>, permit: Permit<A>, ask: Ask) -> Result<u8, Error> {
    let result = held(which, way, &permit, ask).await;
    finish(permit, &result, |(_, done)| done.clone());
    result.map(|(code, _)| code)
}

/// The code to end with, and what was done, in words.
async fn held<A: Reaches>(
    which: &Which<'_>,
    way: &Way<'_>,
    permit: &Permit<A>,
    ask: Ask,
) -> Result<(u8, String), Error> {
    let view_only = matches!(&ask, Ask::Attach(asked) if asked.view_only);
    let opened = async {
        let link = way.enter(permit).await?;
        let session = ask.open(&link).await.map_err(|error| failed(&which.object, error.into()))?;
        Ok((link, session))
    };
    let (mut link, mut session) = interruptible(opened).await?;
    let id = plain(session.id());
    let mut seat = Seat::take(view_only, session.writes())?;
    if !session.writes() && !view_only {
        seat.say("somebody else writes there, you look on: --take writes");
    }
    let end = loop {
        let why = match seat.sit(&link, session, permit).await {
            End::Lost(why) => why,
            end => break end,
        };
        seat.say(&format!("the connection was lost ({why}): trying for {} s to come back", PATIENCE.as_secs()));
        match seat.again(which, permit, &id).await {
            Ok(open) => (link, session) = open,
            Err(end) => break end,
        }
        // The screen comes whole, onto a terminal as at the beginning.
        let undo = seat.modes.undo();
        seat.modes = Modes::default();
        seat.taken.undo(Vec::new());
        Outlet::Out.write(undo).await?;
        seat.say("connected again");
    };
    let typed = seat.typed;
    drop(seat); // the terminal is what it was, and words stand below
    let back =
        format!("`qd ws shell {} -n {} --attach {id}` comes back to it", which.object.name, which.object.namespace);
    match end {
        End::Exit(code) => {
            Ok((u8::try_from(code).unwrap_or(u8::MAX), format!("{id} ended with {code}; {typed} bytes in")))
        }
        End::Detached => {
            tell(&format!("{id} runs on: {back}"));
            Ok((0, format!("detached from {id}; {typed} bytes in")))
        }
        End::Left(number) => {
            tell(&format!("{id} runs on: {back}"));
            Ok((128 + number, format!("detached from {id} by a signal; {typed} bytes in")))
        }
        End::Revoked => Err(Error::of(Lost(Code::PolicyDenied, format!("the permit for {id} is over; it runs on")))),
        End::Lost(why) => {
            let words =
                format!("the connection to {id} was lost and did not come back ({why}); if it runs still, {back}");
            Err(Error::of(Lost(Code::ShellLost, words)))
        }
        End::Failed(error) => Err(error),
    }
}

/// Says it where somebody may be gone.
fn tell(words: &str) {
    let _ = writeln!(std::io::stderr(), "qd: {words}");
}

impl Seat {
    fn take(view_only: bool, writes: bool) -> Result<Self, Error> {
        let on = |number: u8, kind| Ok::<_, std::io::Error>((number, signal(kind)?));
        let ends = [on(1, SignalKind::hangup())?, on(2, SignalKind::interrupt())?, on(15, SignalKind::terminate())?];
        let sizes = signal(SignalKind::window_change())?;
        let taken = Taken::take()?;
        Ok(Self { keys: Keyboard::start(), modes: Modes::default(), taken, sizes, ends, typed: 0, view_only, writes })
    }

    /// Says something amid what the program writes.
    fn say(&self, words: &str) {
        // Nobody could be told that this failed.
        let _ = write!(std::io::stderr(), "\r\nqd: {words}\r\n");
    }

    /// Until this connection, or what it leads to, is over.
    async fn sit<A: Reaches>(&mut self, link: &Link, mut session: Session, permit: &Permit<A>) -> End {
        let Self { keys, modes, taken, sizes, ends, typed, writes, view_only: _ } = self;
        let input = session.input();
        let output = async {
            loop {
                match session.next().await {
                    Ok(Some(Event::Output { bytes, .. })) => {
                        permit.count_bytes(bytes.len() as u64);
                        if modes.see(&bytes) {
                            taken.undo(modes.undo());
                        }
                        if let Err(error) = Outlet::Out.write(bytes).await {
                            return End::Failed(error.into());
                        }
                    }
                    Ok(Some(Event::Exit(exit))) => return End::Exit(exit.code),
                    Ok(Some(Event::Closed(reason))) if reason == "detached" => return End::Detached,
                    Ok(Some(Event::Writes(now))) => {
                        *writes = now;
                        let words = if now { "you write now" } else { "somebody else writes now, you look on" };
                        let _ = write!(std::io::stderr(), "\r\nqd: {words}\r\n"); // as `say`
                    }
                    Ok(Some(Event::Eof(_))) => {}
                    Ok(Some(Event::Closed(reason))) => {
                        return End::Lost(format!("the daemon closed it: {}", plain(&reason)));
                    }
                    Ok(None) => return End::Lost("it was closed".to_owned()),
                    Err(error) => return End::Lost(plain(&error.to_string())),
                }
            }
        };
        let typing = async {
            // Told once whatever it is: another window may have been the last.
            let mut gone = input.resize(size()).await.is_err();
            while !gone {
                let Some(bytes) = keys.next().await else { return End::Left(1) };
                *typed += bytes.len() as u64;
                gone = input.send(&bytes).await.is_err();
            }
            std::future::pending().await // the output tells why
        };
        let sizing = async {
            while sizes.recv().await.is_some() {
                if input.resize(size()).await.is_err() {
                    break;
                }
            }
            std::future::pending::<End>().await
        };
        tokio::select! {
            end = output => end,
            end = typing => end,
            end = sizing => end,
            why = silence(link) => End::Lost(plain(&why)),
            number = told(ends) => End::Left(number),
            () = permit.ended() => End::Revoked,
        }
    }
}

/// The number of the signal that tells this process to end.
async fn told(ends: &mut [(u8, Signal); 3]) -> u8 {
    let [(one, first), (two, second), (three, third)] = ends;
    tokio::select! {
        Some(()) = first.recv() => *one,
        Some(()) = second.recv() => *two,
        Some(()) = third.recv() => *three,
        else => std::future::pending().await,
    }
}

/// The size of the terminal.
fn size() -> Size {
    let found = rustix::termios::tcgetwinsize(std::io::stdout());
    let (rows, cols) = found.map_or((0, 0), |size| (size.ws_row, size.ws_col));
    Size { rows: if rows == 0 { 24 } else { rows.into() }, cols: if cols == 0 { 80 } else { cols.into() } }
}

/// What a daemon says, without what would move a cursor.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|one| !one.is_control()).take(MOST).collect()
}

#[derive(Debug, thiserror::Error)]
#[error("{1}")]
pub(super) struct Lost(pub(super) Code, pub(super) String);

impl Coded for Lost {
    fn code(&self) -> Code {
        self.0
    }
}

const MOST: usize = 400;
