//! A shell's life: its output while it runs, its limit while nobody looks, and its end.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::Shell;
use crate::daemon::Daemon;
use crate::log::now_ms;
use crate::processes;

/// Until the shell has ended and is forgotten.
pub(super) async fn run(daemon: Arc<Daemon>, shell: Arc<Shell>) {
    let watch = tokio::spawn(limit(daemon.clone(), shell.clone()));
    let mut buffer = vec![0u8; PIECE];
    let mut end = shell.end.clone();
    // when the first process of a session has ended, the terminal no longer tells who was in front
    let (mut front, mut look_again) = (None, None);
    loop {
        let looks = look_again;
        tokio::select! {
            biased;
            read = shell.terminal.read(&mut buffer) => match read {
                Ok(len) if len > 0 => {
                    shell.pass_on(buffer.get(..len).unwrap_or_default()).await;
                    front = in_front(&shell).unwrap_or(front);
                    // what was typed shows before what it starts is there
                    look_again.get_or_insert_with(|| Instant::now() + SOON);
                }
                _ => break,
            },
            () = async { sleep_until(looks.unwrap_or_else(Instant::now)).await }, if looks.is_some() => {
                front = in_front(&shell).unwrap_or(front);
                look_again = None;
            }
            _ = end.wait() => {
                last_words(&shell, &mut buffer).await;
                break;
            }
        }
    }
    // who closes the terminal without ending is ended
    let exit = match timeout(PATIENCE, end.wait()).await {
        Ok(exit) => exit,
        Err(_) => {
            hang_up(&daemon, &shell).await;
            end.wait().await
        }
    };
    // its number may be another's by now
    let left = |group: &i32| processes::all().iter().any(|one| one.group == *group && one.session == shell.pid);
    if let Some(group) = in_front(&shell).unwrap_or(front).filter(left) {
        processes::signal(&daemon.children, &daemon.account, Signal::KILL, &[-group]).await;
    }
    watch.abort();
    shell.pass_on_rest();
    shell.ended.send_replace(Some(exit));
    daemon.log.info("shells", format!("{} ended: {exit}", shell.id));
    daemon.orphans.notify_one();
    sleep(REMEMBERED).await;
    daemon.shells.forget(&shell.id);
}

/// The group that is in front of the shell, where the terminal tells; `None` in it when that is the shell.
fn in_front(shell: &Shell) -> Option<Option<i32>> {
    let group = shell.terminal.foreground()?.as_raw_nonzero().get();
    Some((group != shell.pid).then_some(group))
}

/// What is in the terminal when the program has ended; what others of it write later is not waited for.
async fn last_words(shell: &Shell, buffer: &mut [u8]) {
    while let Ok(Ok(len)) = timeout(Duration::from_millis(20), shell.terminal.read(buffer)).await {
        if len == 0 {
            return;
        }
        shell.pass_on(buffer.get(..len).unwrap_or_default()).await;
    }
}

/// Ends the shell when nobody looks at it for too long, or at once where shells do not outlive their viewers.
async fn limit(daemon: Arc<Daemon>, shell: Arc<Shell>) {
    let mut before = shell.state.lock().turn;
    // a shell that was just opened waits for its first viewer
    let mut until = Some(Instant::now() + PATIENCE);
    loop {
        let moved = shell.moved.notified();
        tokio::pin!(moved);
        moved.as_mut().enable();
        let turn = shell.state.lock().turn;
        let watched = shell.watched();
        if watched {
            until = None;
            before = turn;
        } else if until.is_none() || turn != before {
            before = turn;
            until = after(&daemon, &shell);
            let mut state = shell.state.lock();
            // who comes this moment has taken both away already
            if state.viewers.is_empty() {
                state.detached_ms = Some(now_ms());
                state.ends_ms = until.map(|at| now_ms() + at.duration_since(Instant::now()).as_millis() as u64);
            }
        }
        let over = async {
            match until {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = &mut moved => {}
            () = over => {
                if !shell.watched() {
                    daemon.log.info("shells", format!("{} ends: nobody looks at it", shell.id));
                    hang_up(&daemon, &shell).await;
                    return;
                }
            }
        }
    }
}

/// When a shell that nobody looks at from now on ends.
fn after(daemon: &Daemon, shell: &Shell) -> Option<Instant> {
    let state = shell.state.lock();
    let wanted = if state.detaches { state.ttl } else { Some(Duration::ZERO) };
    let most = Duration::from_secs(daemon.config.detach.ttl_seconds.into());
    match wanted {
        None if state.detaches => Some(Instant::now() + most),
        Some(Duration::ZERO) if state.detaches && daemon.config.detach.unlimited => None,
        Some(Duration::ZERO) if state.detaches => Some(Instant::now() + most),
        Some(time) => Some(Instant::now() + time.min(most)),
        None => Some(Instant::now()),
    }
}

/// As a terminal that is pulled out; what does not end by that is ended.
pub(super) async fn hang_up(daemon: &Daemon, shell: &Shell) {
    for signal in [Signal::HUP, Signal::CONT, Signal::KILL] {
        let of = processes::of_session(shell.pid);
        if of.is_empty() {
            return;
        }
        processes::signal(&daemon.children, &daemon.account, signal, &of).await;
        if signal == Signal::CONT && timeout(PATIENCE, shell.end.clone().wait()).await.is_ok() {
            return;
        }
    }
}

const PIECE: usize = 16 << 10;
const PATIENCE: Duration = Duration::from_secs(5);
/// After output it is looked once more who is in front.
const SOON: Duration = Duration::from_millis(300);
/// How long a shell that has ended stays in lists.
const REMEMBERED: Duration = Duration::from_secs(60);
