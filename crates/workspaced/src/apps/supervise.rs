//! One app's life: installed where its program is missing, started, watched, started again.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use proto::workspace::Restart;
use proto::workspace::told::AppState;
use rustix::process::Signal;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Act, App, Ask, install};
use crate::children::{End, Exit, Running};
use crate::daemon::Daemon;
use crate::log::now_ms;
use crate::start::{self, Terminal};
use crate::{output, ports, processes};

/// Until the workspace ends.
pub(super) async fn run(daemon: Arc<Daemon>, app: Arc<App>, asks: mpsc::Receiver<Ask>) {
    let mut keeper = Keeper { daemon: daemon.clone(), app, asks, pause: FIRST_PAUSE };
    tokio::select! {
        () = keeper.run() => {}
        () = daemon.stopped() => {} // what runs is ended with all else
    }
}

struct Keeper {
    daemon: Arc<Daemon>,
    app: Arc<App>,
    asks: mpsc::Receiver<Ask>,
    /// Before the next start by itself.
    pause: Duration,
}

/// What comes next.
enum Next {
    Idle,
    Install { start: bool },
    Start,
    Wait,
}

impl Keeper {
    async fn run(&mut self) {
        install::look(&self.daemon, &self.app).await;
        let mut next = if self.app.wanted.auto_start { self.started() } else { Next::Idle };
        loop {
            next = match next {
                Next::Idle => match self.asks.recv().await {
                    Some(ask) => self.idle(ask),
                    None => return,
                },
                Next::Install { start } => self.install(start).await,
                Next::Start => self.start().await,
                Next::Wait => self.wait().await,
            };
        }
    }

    /// An app that does nothing is asked something.
    fn idle(&mut self, ask: Ask) -> Next {
        self.pause = FIRST_PAUSE;
        match ask.act {
            Act::Start | Act::Restart => {
                let next = self.started();
                // who asks sees that it begins
                match next {
                    Next::Install { .. } => self.app.state(AppState::Installing),
                    Next::Start => self.app.state(AppState::Starting),
                    Next::Idle | Next::Wait => {}
                }
                answer(ask, Ok(()));
                next
            }
            Act::Stop => {
                self.app.state(AppState::Stopped);
                answer(ask, Ok(()));
                Next::Idle
            }
            Act::Install { force } if force || !self.app.told().installed => self.installed(ask, false, Next::Idle),
            Act::Install { .. } => {
                answer(ask, Ok(()));
                Next::Idle
            }
        }
    }

    fn started(&self) -> Next {
        let told = self.app.told();
        if told.installed {
            Next::Start
        } else if told.installable {
            Next::Install { start: true }
        } else {
            self.failed(format!("{} is not there, and nothing says how to install it", self.app.wanted.binary));
            Next::Idle
        }
    }

    /// Begins an installation that was asked for, or goes on as before.
    fn installed(&self, ask: Ask, start: bool, or: Next) -> Next {
        if self.app.wanted.install.is_empty() {
            answer(ask, Err("nothing says how to install this app".to_owned()));
            return or;
        }
        self.app.state(AppState::Installing);
        answer(ask, Ok(()));
        Next::Install { start }
    }

    async fn install(&mut self, mut start: bool) -> Next {
        self.app.state(AppState::Installing);
        self.app.log.info("install", "begins");
        let (running, script) = match install::begin(&self.daemon, &self.app) {
            Ok(begun) => begun,
            Err(error) => {
                self.failed(format!("the installation cannot begin: {error}"));
                return Next::Idle;
            }
        };
        let mut end = running.end();
        let exit = loop {
            tokio::select! {
                exit = end.wait() => break exit,
                Some(ask) = self.asks.recv() => {
                    if ask.act == Act::Stop {
                        answer(ask, Ok(()));
                        self.end(&running).await;
                        let _ = std::fs::remove_file(&script);
                        self.ended("the installation was stopped", AppState::Stopped);
                        return Next::Idle;
                    }
                    start |= matches!(ask.act, Act::Start | Act::Restart);
                    answer(ask, Ok(()));
                }
            }
        };
        let _ = std::fs::remove_file(&script);
        if !exit.well() {
            self.failed(format!("the installation ended with {exit}"));
            return Next::Idle;
        }
        self.app.log.info("install", "done");
        if !install::look(&self.daemon, &self.app).await {
            self.failed(format!("it was installed, and {} is not there", self.app.wanted.binary));
            return Next::Idle;
        }
        self.daemon.log.info("apps", format!("{} is installed", self.app.id));
        self.ended("", AppState::Stopped);
        if start { Next::Start } else { Next::Idle }
    }

    async fn start(&mut self) -> Next {
        let running = match self.spawn() {
            Ok(running) => running,
            Err(error) => {
                let text = format!("it cannot be started: {error}");
                return self.again(false, text);
            }
        };
        let pid = running.pid.as_raw_nonzero().get();
        let begun = Instant::now();
        self.app.change(|told| {
            told.state = if self.app.port.is_some() { AppState::Starting } else { AppState::Running };
            told.ready = self.app.port.is_none();
            told.pid = Some(pid);
            told.started_ms = Some(now_ms());
            told.next_start_ms = None;
        });
        self.app.log.info("app", "starts");
        let mut end = running.end();
        let (daemon, app) = (self.daemon.clone(), self.app.clone());
        let mut ready = std::pin::pin!(async move { listens(&daemon, &app, pid).await });
        let mut seen = self.app.port.is_none();
        loop {
            tokio::select! {
                exit = end.wait() => {
                    self.clear(pid).await;
                    if begun.elapsed() > STEADY { self.pause = FIRST_PAUSE; }
                    self.daemon.log.info("apps", format!("{} ended: {exit}", self.app.id));
                    return self.again(exit.well(), exit.to_string());
                }
                ready = &mut ready, if !seen => {
                    seen = true;
                    let said = if ready { "listens" } else { "runs, and does not listen: it is looked at no longer" };
                    self.daemon.log.info("apps", format!("{} {said}", self.app.id));
                    self.app.change(|told| (told.state, told.ready) = (AppState::Running, ready));
                }
                Some(ask) = self.asks.recv() => match ask.act {
                    Act::Start | Act::Install { force: false } => answer(ask, Ok(())),
                    Act::Install { force: true } => answer(ask, Err("the app runs: stop it first".to_owned())),
                    Act::Stop | Act::Restart => {
                        let restart = ask.act == Act::Restart;
                        self.app.state(AppState::Stopping);
                        answer(ask, Ok(()));
                        let exit = self.end(&running).await;
                        self.ended(&exit.to_string(), AppState::Stopped);
                        return if restart { Next::Start } else { Next::Idle };
                    }
                }
            }
        }
    }

    fn spawn(&self) -> std::io::Result<Running> {
        let daemon = &self.daemon;
        let Some(env) = daemon.environment(&[]) else { return Err(std::io::ErrorKind::InvalidInput.into()) };
        if self.app.wanted.start.is_empty() {
            return Err(std::io::Error::other("the blueprint names no program"));
        }
        let (who, home) = (&daemon.account, &daemon.account.home);
        let mut command = start::command(who, Terminal::None, home, None, &self.app.wanted.start, &env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = daemon.children.spawn(&mut command)?;
        output::into_log(&self.app.log, &mut running, "app", ["out", "err"]);
        Ok(running)
    }

    /// It ended by itself.
    fn again(&mut self, well: bool, how: String) -> Next {
        let again = match self.app.wanted.restart_policy {
            Restart::Always => true,
            Restart::OnFailure => !well,
            Restart::Never => false,
        };
        if !again {
            self.ended(&how, if well { AppState::Stopped } else { AppState::Failed });
            return Next::Idle;
        }
        self.ended(&how, AppState::Waiting);
        Next::Wait
    }

    async fn wait(&mut self) -> Next {
        let until = Instant::now() + self.pause;
        let next_start_ms = now_ms() + u64::try_from(self.pause.as_millis()).unwrap_or(u64::MAX);
        self.app.change(|told| told.next_start_ms = Some(next_start_ms));
        let most = match self.app.wanted.max_restart_backoff {
            0 => MOST_PAUSE,
            seconds => Duration::from_secs(seconds.into()),
        };
        self.pause = (self.pause * 2).min(most.max(FIRST_PAUSE));
        tokio::select! {
            () = sleep_until(until) => {
                self.app.change(|told| told.restarts = told.restarts.saturating_add(1));
                Next::Start
            }
            Some(ask) = self.asks.recv() => match ask.act {
                Act::Install { force: true } => self.installed(ask, true, Next::Wait),
                Act::Install { force: false } => {
                    answer(ask, Ok(()));
                    Next::Wait
                }
                Act::Start | Act::Stop | Act::Restart => self.idle(ask),
            },
        }
    }

    /// Asks a program and all that it started to end, and ends what does not.
    async fn end(&self, running: &Running) -> Exit {
        let pid = running.pid.as_raw_nonzero().get();
        let mut end: End = running.end();
        self.signal(pid, Signal::TERM).await;
        let grace = Duration::from_secs(self.daemon.config.grace_seconds.into()).min(MOST_GRACE);
        if timeout(grace, end.wait()).await.is_err() {
            self.daemon.log.warn("apps", format!("{} did not end within {} s", self.app.id, grace.as_secs()));
            self.signal(pid, Signal::KILL).await;
        }
        let exit = end.wait().await;
        self.clear(pid).await;
        exit
    }

    /// What it left behind goes too: its port shall be free.
    async fn clear(&self, pid: i32) {
        self.signal(pid, Signal::KILL).await;
    }

    async fn signal(&self, session: i32, signal: Signal) {
        let of: Vec<i32> = processes::of_session(session);
        if !of.is_empty() {
            processes::signal(&self.daemon.children, &self.daemon.account, signal, &of).await;
        }
    }

    fn failed(&self, how: String) {
        self.daemon.log.warn("apps", format!("{}: {how}", self.app.id));
        self.app.log.error("app", how.clone());
        self.ended(&how, AppState::Failed);
    }

    fn ended(&self, how: &str, state: AppState) {
        self.app.change(|told| {
            told.state = state;
            told.ready = false;
            told.pid = None;
            told.next_start_ms = None;
            how.clone_into(&mut told.ended);
        });
    }
}

fn answer(ask: Ask, how: Result<(), String>) {
    let _ = ask.begun.send(how); // who asked does not wait any more
}

/// Until a process of the app listens on its port: looked for often at first, then every two seconds, and not for ever.
async fn listens(daemon: &Daemon, app: &App, pid: i32) -> bool {
    let Some(port) = app.port else { return false };
    let mut pause = Duration::from_millis(200);
    let end = Instant::now() + MOST_STARTING;
    while Instant::now() < end {
        let all = ports::now(daemon).await;
        let found = all.iter().find(|one| one.port == port);
        // whom nobody can see is believed
        if found.is_some_and(|one| one.pid.is_none_or(|owner| processes::comes_from(owner, pid))) {
            return true;
        }
        sleep(pause).await;
        pause = (pause * 2).min(ports::EVERY);
    }
    false
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MOST_PAUSE: Duration = Duration::from_secs(60);
/// One that ran so long is started at once again when it ends, as at first.
const STEADY: Duration = Duration::from_secs(60);
/// How long an app may take until it listens.
const MOST_STARTING: Duration = Duration::from_secs(600);
const MOST_GRACE: Duration = Duration::from_secs(10);
